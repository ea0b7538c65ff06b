"""The end of an agreement before its last day: completed, or terminated by a party."""

import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

from sqlalchemy import Integer, extract, func, select

from schema.agreement_actions import AgreementAction
from schema.agreement_measures import ProgressStatus
from schema.agreements.content import ContentCommitment, day
from schema.agreements.copies import DELIVERY, Change, Copy, Party, Told, Update, change
from schema.agreements.decline import back_to_the_agreed
from schema.agreements.outcome import Concluded, demanded_text
from schema.agreements.parties import acting
from schema.agreements.progress import Progress, Term, YearSum, progress
from schema.events import EventKind
from schema.loaders.agreement import AGREEMENT
from schema.refusals import RefusalCode, Refused, refuse
from schema.scalars import CHINA
from schema.tables.agreement import AgreementState, Completion, DeliveryState, EndReason, Every
from schema.work import Work


@dataclass(frozen=True)
class Complete:
    """Complete an agreement (its UUID): everything is fulfilled, or the parties agree to end it."""

    agreement: uuid.UUID
    reason: Completion

    async def __call__(self, work: Work) -> Concluded | Refused:
        """Carry it out; the agreement, or why not.

        Errors: `CopiesDifferError`.
        """
        return await change(work, self.agreement, partial(self._decide, work))

    async def _decide(self, work: Work, copy: Copy) -> Change[Concluded] | Refused:
        by = acting(work, copy, AgreementAction.COMPLETE)
        if isinstance(by, Refused):
            return by
        if self.reason is Completion.FULFILLED:
            still_open = await open_commitments(work, copy)
            if still_open:
                return _open(still_open)
        return ended(work, copy, EventKind.AGREEMENT_COMPLETED, EndReason(self.reason), by)


@dataclass(frozen=True)
class Terminate:
    """End an agreement (its UUID) on behalf of a party that withdraws, with the reason why."""

    agreement: uuid.UUID
    reason: str

    async def __call__(self, work: Work) -> Concluded | Refused:
        """Carry it out; the agreement, or why not.

        Errors: `CopiesDifferError`.
        """
        why = demanded_text(self.reason, "reason")
        if isinstance(why, Refused):
            return why
        return await change(work, self.agreement, partial(self._decide, work, why))

    async def _decide(self, work: Work, why: str, copy: Copy) -> Change[Concluded] | Refused:
        by = acting(work, copy, AgreementAction.TERMINATE)
        if isinstance(by, Refused):
            return by
        kind, reason = EventKind.AGREEMENT_TERMINATED, EndReason.WITHDRAWN
        return ended(work, copy, kind, reason, by, why)


def ended(
    work: Work,
    copy: Copy,
    kind: EventKind,
    reason: EndReason,
    by: Party | None = None,
    why: str | None = None,
) -> Change[Concluded]:
    """The end of an agreement as it was agreed: a version that waits for signatures falls."""
    is_withdrawn = reason is EndReason.WITHDRAWN
    state = AgreementState.TERMINATED if is_withdrawn else AgreementState.COMPLETED
    sets: dict[str, Any] = {
        **back_to_the_agreed(work, copy),
        "state": state.value,
        "ended_at": work.now,
        "end_reason": reason.value,
        "end_text": why,
        "revision": copy.row["revision"] + 1,
    }
    about: dict[str, Any] = {"reason": reason.value}
    if by is not None:
        about["party"] = by.number
    return Change(
        Concluded(work.tenant_id, copy.id),
        (Update(AGREEMENT, {"id": copy.id}, sets),),
        (Told(kind, about, by),),
    )


async def open_commitments(work: Work, copy: Copy) -> list[ContentCommitment]:
    """The commitments with a target that is not reached, of what was agreed."""
    content = copy.agreed or copy.content
    sums = await _sums(work, copy)
    signed = copy.row["signed_at"]
    begins = day(content["startsOn"]) or (signed and signed.astimezone(CHINA).date())
    term = Term(copy.state, begins, day(content["endsOn"]))
    return [
        one
        for one in content["commitments"]
        if one["quantity"] is not None
        and _is_open(one, progress(one, term, sums.get(one["key"], ()), work.today), term)
    ]


def _is_open(one: ContentCommitment, found: Progress, term: Term) -> bool:
    """Whether a target is not reached; one for every year in each year of the term."""
    if found.status is not ProgressStatus.FULFILLED:
        return True
    if one["every"] != Every.YEAR:
        return False
    last = min((at for at in (term.ends, day(one["dueOn"])) if at is not None), default=None)
    reached = {year.year for year in found.years if year.rate is not None and year.rate >= 1}
    due = {year.year for year in found.years} | ({last.year} if last is not None else set())
    return not due <= reached


async def _sums(work: Work, copy: Copy) -> dict[str, list[YearSum]]:
    """What was delivered, by commitment and calendar year."""
    year = extract("year", DELIVERY.c.delivered_on).cast(Integer)

    def count(state: DeliveryState) -> Any:
        return func.count().filter(DELIVERY.c.state == state.value)

    done = func.sum(DELIVERY.c.quantity).filter(DELIVERY.c.state == DeliveryState.CONFIRMED.value)
    statement = (
        select(
            DELIVERY.c.commitment,
            year,
            func.coalesce(done, Decimal(0)),
            *(
                count(state)
                for state in (
                    DeliveryState.CONFIRMED,
                    DeliveryState.RECORDED,
                    DeliveryState.DISPUTED,
                )
            ),
        )
        .where(DELIVERY.c.tenant_id == work.tenant_id, DELIVERY.c.agreement_id == copy.id)
        .group_by(DELIVERY.c.commitment, year)
    )
    found: dict[str, list[YearSum]] = {}
    for commitment, *rest in (await work.connection.execute(statement)).all():
        found.setdefault(commitment, []).append(YearSum(*rest))
    return found


def _open(commitments: Sequence[ContentCommitment]) -> Refused:
    names = "、".join(_named(commitments[:9]))
    return refuse(
        RefusalCode.COMMITMENTS_OPEN,
        f"{len(commitments)} 项承诺尚未兑现:{names};如各方商定提前结束,reason 请用 AGREED。",
        f"{len(commitments)} commitments are not fulfilled yet: {names}. Where the parties agree "
        "to end it all the same, give the reason AGREED.",
        "reason",
    )


def _named(commitments: Iterable[ContentCommitment]) -> Iterator[str]:
    for one in commitments:
        text = one["text"] if len(one["text"]) <= 20 else one["text"][:20] + "…"
        yield f"{one['key']} {text}"
