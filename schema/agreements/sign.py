"""Signing the content that a party has seen, by its hash."""

import datetime
import uuid
from dataclasses import dataclass
from functools import partial
from typing import Any

from schema.agreement_actions import AgreementAction
from schema.agreements.copies import Change, Copy, Party, Told, Update, change
from schema.agreements.outcome import Concluded, shown
from schema.agreements.parties import acting
from schema.agreements.propose import over_already
from schema.events import EventKind
from schema.loaders.agreement import AGREEMENT, PARTY
from schema.refusals import RefusalCode, Refused, refuse
from schema.tables.agreement import AgreementState
from schema.work import Work


@dataclass(frozen=True)
class Sign:
    """Sign an agreement (its UUID) for a party; `content_hash` is that of the content seen.

    `party` is a code, None where the actor may act for one party alone. When all parties have
    signed a version, it is agreed, and in force from its first day.
    """

    agreement: uuid.UUID
    content_hash: str
    party: str | None = None

    async def __call__(self, work: Work) -> Concluded | Refused:
        """Carry it out; the agreement, or why not.

        Errors: `CopiesDifferError`.
        """
        return await change(work, self.agreement, partial(self._decide, work))

    async def _decide(self, work: Work, copy: Copy) -> Change[Concluded] | Refused:
        by = acting(work, copy, AgreementAction.SIGN, self.party)
        if isinstance(by, Refused):
            return by
        if self.content_hash != copy.row["content_hash"]:
            return _stale(copy, self.content_hash)
        if (over := over_already(work, copy)) is not None:
            return over
        version = copy.row["version"]
        signed = {
            "signed_version": version,
            "signed_hash": self.content_hash,
            "signed_at": work.now,
        }
        sets: dict[str, Any] = {"revision": copy.row["revision"] + 1}
        told = [
            Told(EventKind.AGREEMENT_PARTY_SIGNED, {"version": version, "party": by.number}, by)
        ]
        if _is_last(copy, by):
            state = beginning(copy.row["starts_on"], work.today)
            sets |= {"agreed": version, "signed_at": work.now, "state": state.value}
            told.append(Told(EventKind.AGREEMENT_SIGNED, {"version": version}, by))
            if state is AgreementState.ACTIVE:
                told.append(Told(EventKind.AGREEMENT_ACTIVATED, {"version": version}, by))
        return Change(
            Concluded(work.tenant_id, copy.id),
            (
                Update(PARTY, {"agreement_id": copy.id, "number": by.number}, signed),
                Update(AGREEMENT, {"id": copy.id}, sets),
            ),
            told,
        )


def beginning(first: datetime.date | None, today: datetime.date) -> AgreementState:
    """The state of what all have signed: in force at once, or from its first day."""
    waits = first is not None and first > today
    return AgreementState.SIGNED if waits else AgreementState.ACTIVE


def _is_last(copy: Copy, by: Party) -> bool:
    """Whether all other parties have signed the version that stands."""
    numbers = {party["number"] for party in copy.content["parties"]}
    return all(
        party.signed_version == copy.row["version"]
        for party in copy.parties
        if party.number in numbers and party.number != by.number
    )


def _stale(copy: Copy, given: str) -> Refused:
    version, newest = copy.row["version"], copy.row["content_hash"]
    return refuse(
        RefusalCode.CONTENT_STALE,
        f"所给内容哈希“{shown(given)}”不是现行第 {version} 版的({newest[:12]}…);"
        "请重新查看内容,再签署所见的 contentHash。",
        f"The hash {shown(given)!r} is not that of version {version} ({newest[:12]}…): look at the "
        "content again, and sign the contentHash that you see.",
        "contentHash",
    )
