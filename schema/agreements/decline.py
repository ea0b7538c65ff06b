"""Declining the version that is to be signed."""

import uuid
from dataclasses import dataclass
from functools import partial
from typing import Any

from schema.agreement_actions import AgreementAction
from schema.agreements.content import day
from schema.agreements.copies import Change, Copy, Told, Update, change
from schema.agreements.outcome import Concluded, demanded_text
from schema.agreements.parties import acting
from schema.agreements.propose import mirrored
from schema.agreements.sign import beginning
from schema.events import EventKind
from schema.loaders.agreement import AGREEMENT, VERSION
from schema.refusals import Refused
from schema.tables.agreement import AgreementState
from schema.work import Work


@dataclass(frozen=True)
class Decline:
    """Decline to sign an agreement (its UUID) for a party, with the reason why.

    Where an older version is agreed, the agreement goes back to that one.
    """

    agreement: uuid.UUID
    reason: str
    party: str | None = None

    async def __call__(self, work: Work) -> Concluded | Refused:
        """Carry it out; the agreement, or why not.

        Errors: `CopiesDifferError`.
        """
        why = demanded_text(self.reason, "reason")
        if isinstance(why, Refused):
            return why
        return await change(work, self.agreement, partial(self._decide, work, why))

    async def _decide(self, work: Work, why: str, copy: Copy) -> Change[Concluded] | Refused:
        by = acting(work, copy, AgreementAction.DECLINE, self.party)
        if isinstance(by, Refused):
            return by
        version = copy.row["version"]
        declined = {
            "declined_by": by.number,
            "declined_at": work.now,
            "decline_reason": why,
        }
        sets = back_to_the_agreed(work, copy) or {
            "state": AgreementState.DECLINED.value,
            "ended_at": work.now,
        }
        key = {"agreement_id": copy.id, "version": version}
        about = {"version": version, "party": by.number, "state": sets["state"]}
        return Change(
            Concluded(work.tenant_id, copy.id),
            (
                Update(VERSION, key, declined),
                Update(AGREEMENT, {"id": copy.id}, {**sets, "revision": copy.row["revision"] + 1}),
            ),
            (Told(EventKind.AGREEMENT_DECLINED, about, by),),
        )


def back_to_the_agreed(work: Work, copy: Copy) -> dict[str, Any]:
    """The columns of `agreement` that make the agreed version stand again; none without one."""
    if copy.agreed is None:
        return {}
    state = beginning(day(copy.agreed["startsOn"]), work.today)
    return {**mirrored(copy.agreed), "version": copy.row["agreed"], "state": state.value}
