"""Renewing an agreement: another one with the same content for another term."""

import datetime
import uuid
from dataclasses import dataclass
from functools import partial

from sqlalchemy import select

from schema.agreement_actions import AgreementAction
from schema.agreements.content import Content, ContentCommitment, day, day_text
from schema.agreements.copies import Change, Copy, Told, change
from schema.agreements.outcome import Concluded
from schema.agreements.parties import acting
from schema.agreements.propose import proposal, still_there
from schema.agreements.reasons import Reasons
from schema.agreements.terms import demand_term
from schema.events import EventKind
from schema.loaders.agreement import AGREEMENT
from schema.refusals import RefusalCode, Refused, refuse
from schema.tables.agreement import AgreementState
from schema.work import Work
from tenants.registry import Registry

_FALLEN = (AgreementState.DECLINED.value, AgreementState.TERMINATED.value)
A_DAY = datetime.timedelta(days=1)


@dataclass(frozen=True)
class Renew:
    """Propose an agreement that goes on with another one (its UUID) after its term.

    `starts_on` None is the day after the old one's last day, where it has one.
    """

    registry: Registry
    agreement: uuid.UUID
    starts_on: datetime.date | None = None
    ends_on: datetime.date | None = None

    async def __call__(self, work: Work) -> Concluded | Refused:
        """Carry it out; the new agreement, or why not.

        Errors: `CopiesDifferError`.
        """
        return await change(work, self.agreement, partial(self._decide, work))

    async def _decide(self, work: Work, copy: Copy) -> Change[Concluded] | Refused:
        by = acting(work, copy, AgreementAction.RENEW)
        if isinstance(by, Refused):
            return by
        old = copy.agreed
        if old is None:
            return _never_agreed()
        if await _is_renewed(work, copy):
            return _renewed_already()
        last = day(old["endsOn"])
        begins = self.starts_on or (last and last + A_DAY)
        reasons = Reasons()
        demand_term(reasons, begins, self.ends_on, work.today)
        _demand_after(reasons, copy, last, begins)
        if reasons:
            return Refused(tuple(reasons))
        members = await still_there(work, self.registry, old["parties"])
        if isinstance(members, Refused):
            return members
        content = _renewed(old, begins, self.ends_on)
        content["parties"] = [
            member.content(party["number"])
            for member, party in zip(members, old["parties"], strict=True)
        ]
        new = proposal(work, content, members, renews=copy.id, by=by.number)
        told = Told(EventKind.AGREEMENT_RENEWED, {"by": str(new.id), "party": by.number}, by)
        return Change(Concluded(work.tenant_id, new.id), (), (told,), new=new)


def _demand_after(
    reasons: Reasons, copy: Copy, last: datetime.date | None, begins: datetime.date | None
) -> None:
    """A reason where both would be in force at once."""
    if copy.state is not AgreementState.ACTIVE:
        return
    if last is None:
        reasons.add(
            RefusalCode.DATE_OUT_OF_RANGE,
            "原协议没有截止日,一直有效,无须续签;如需变更请修改协议。",
            "The agreement has no last day and stays in force: revise it instead.",
            "agreement",
        )
    elif begins is not None and begins <= last:
        reasons.add(
            RefusalCode.DATE_OUT_OF_RANGE,
            f"起始日 {begins} 不可用:应在原协议最后一日 {last} 之后。",
            f"The first day {begins} cannot be: expected one after the last day {last} of the "
            "agreement that it renews.",
            "startsOn",
        )


async def _is_renewed(work: Work, copy: Copy) -> bool:
    """Whether another agreement goes on with it, or is to."""
    statement = (
        select(AGREEMENT.c.id)
        .where(AGREEMENT.c.tenant_id == work.tenant_id, AGREEMENT.c.renews == copy.id)
        .where(AGREEMENT.c.state.not_in(_FALLEN))
        .limit(1)
    )
    return await work.connection.scalar(statement) is not None


def _renewed(old: Content, begins: datetime.date | None, ends: datetime.date | None) -> Content:
    """The old content for the new term; a due date that is not in it is left open."""
    commitments = [_due_within(one, begins, ends) for one in old["commitments"]]
    return {
        **old,
        "commitments": commitments,
        "startsOn": day_text(begins),
        "endsOn": day_text(ends),
    }


def _due_within(
    one: ContentCommitment, begins: datetime.date | None, ends: datetime.date | None
) -> ContentCommitment:
    due = day(one["dueOn"])
    if due is None or (begins or due) <= due <= (ends or due):
        return one
    return {**one, "dueOn": None}


def _never_agreed() -> Refused:
    return refuse(
        RefusalCode.AGREEMENT_STATE_NOT_ALLOWED,
        "该协议从未经各方签署,不能续签;请另提协议。",
        "It was never signed by all, so there is nothing to renew: propose another one.",
        "agreement",
    )


def _renewed_already() -> Refused:
    return refuse(
        RefusalCode.AGREEMENT_STATE_NOT_ALLOWED,
        "该协议已有续签的协议;请签署、修改或拒签那一份。",
        "It has been renewed already: sign, revise or decline that agreement.",
        "agreement",
    )
