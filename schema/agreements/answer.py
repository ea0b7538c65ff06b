"""Confirming or disputing what another party has delivered."""

import uuid
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import select

from schema.agreement_actions import AgreementAction
from schema.agreements.copies import DELIVERY, Change, Copy, Told, Update, change
from schema.agreements.outcome import Concluded, demanded_text
from schema.agreements.parties import acting, is_visible
from schema.events import EventKind
from schema.refusals import RefusalCode, Refused, refuse
from schema.tables.agreement import DeliveryState
from schema.work import Work


@dataclass(frozen=True)
class Answer:
    """Confirm a delivery (its UUID), or with a `dispute` (the reason why) dispute it.

    `party` is a code, None where the actor may act for one other party alone.
    """

    delivery: uuid.UUID
    dispute: str | None = None
    party: str | None = None

    async def __call__(self, work: Work) -> Concluded | Refused:
        """Carry it out; the agreement and the delivery, or why not.

        Errors: `CopiesDifferError`.
        """
        why = None if self.dispute is None else demanded_text(self.dispute, "reason")
        if isinstance(why, Refused):
            return why
        row = await self._row(work)
        if row is None:
            return unknown_delivery()
        return await change(work, row["agreement_id"], partial(self._decide, work, why))

    async def _row(self, work: Work) -> Any:
        own = (DELIVERY.c.tenant_id == work.tenant_id) & (DELIVERY.c.id == self.delivery)
        names = ("agreement_id", "commitment", "party", "state")
        statement = select(*(DELIVERY.c[name] for name in names)).where(own)
        return (await work.connection.execute(statement)).mappings().first()

    async def _decide(self, work: Work, why: str | None, copy: Copy) -> Change[Concluded] | Refused:
        if not is_visible(work, copy):
            return unknown_delivery()
        row = await self._row(work)
        confirms = why is None
        action = AgreementAction.CONFIRM_DELIVERY if confirms else AgreementAction.DISPUTE_DELIVERY
        by = acting(work, copy, action, self.party, unanswered=frozenset({row["party"]}))
        if isinstance(by, Refused):
            return by
        if row["state"] != DeliveryState.RECORDED:
            return _answered(row["state"])
        state = DeliveryState.CONFIRMED if confirms else DeliveryState.DISPUTED
        sets = {
            "state": state.value,
            "answered_by": by.number,
            "answered_at": work.now,
            "answer": why,
        }
        kind = EventKind[f"AGREEMENT_DELIVERY_{state}"]
        about = {"delivery": str(self.delivery), "commitment": row["commitment"]}
        return Change(
            Concluded(work.tenant_id, copy.id, self.delivery),
            (Update(DELIVERY, {"id": self.delivery, "agreement_id": copy.id}, sets),),
            (Told(kind, {**about, "party": by.number}, by),),
        )


def unknown_delivery() -> Refused:
    """What is said of a delivery that is not there, or not for the actor."""
    return refuse(
        RefusalCode.DELIVERY_UNKNOWN,
        "没有此兑现记录,或不在您可查看之列;请用本市协议的 deliveries 所给的编号。",
        "There is no such delivery within your reach; use the id that deliveries of your own "
        "city's agreements give.",
        "delivery",
    )


def _answered(state: str) -> Refused:
    return refuse(
        RefusalCode.DELIVERY_ANSWERED,
        f"该兑现记录已有回应({state})。",
        f"The delivery has been answered already ({state}).",
        "delivery",
    )
