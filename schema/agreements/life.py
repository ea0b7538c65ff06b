"""The life of agreements by time: in force from their first day, over after their last one."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any

from schema.agreements.copies import Change, Copy, Statement, Told, Update, change
from schema.events import EventKind
from schema.loaders.agreement import AGREEMENT
from schema.refusals import Refused
from schema.tables.agreement import AgreementState, EndReason
from schema.work import Work


class Lived(StrEnum):
    """What the day did to an agreement."""

    ACTIVATED = "activated"
    EXPIRED = "expired"


@dataclass(frozen=True)
class Aged:
    """What was done to an agreement: nothing where somebody else did it before."""

    did: tuple[Lived, ...] = ()


@dataclass(frozen=True)
class Age:
    """Do what the day does to an agreement (its UUID), in all of its copies, and once."""

    agreement: uuid.UUID

    async def __call__(self, work: Work) -> Aged | Refused:
        """Carry it out; what it did.

        Errors: `CopiesDifferError`.
        """
        return await change(work, self.agreement, partial(_decide, work))


async def _decide(work: Work, copy: Copy) -> Change[Aged] | Refused:
    row, state = copy.row, copy.state
    did: list[Lived] = []
    told: list[Told] = []
    sets: dict[str, Any] = {}
    begins, last = row["starts_on"], row["ends_on"]
    if state is AgreementState.SIGNED and (begins is None or begins <= work.today):
        state = AgreementState.ACTIVE
        did.append(Lived.ACTIVATED)
        told.append(Told(EventKind.AGREEMENT_ACTIVATED, {"version": row["version"]}))
    if state is AgreementState.ACTIVE and last is not None and last < work.today:
        state, reason = AgreementState.COMPLETED, EndReason.EXPIRED.value
        sets = {"ended_at": work.now, "end_reason": reason}
        did.append(Lived.EXPIRED)
        told.append(Told(EventKind.AGREEMENT_COMPLETED, {"reason": reason}))
    sets |= {"state": state.value, "revision": row["revision"] + 1}
    statements: Sequence[Statement] = (Update(AGREEMENT, {"id": copy.id}, sets),) if did else ()
    return Change(Aged(tuple(did)), statements, told)
