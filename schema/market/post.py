"""Posting supply or demand for a cooperative or an enterprise."""

import datetime
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import insert
from uuid_utils.compat import uuid7

from schema.amounts import checked_amount, checked_quantity
from schema.events import Event, EventKind
from schema.loaders.posting import POSTING
from schema.market.outcome import Recorded
from schema.market.parties import Party, ended, known_cooperative, known_enterprise, lacking
from schema.products import checked_product, product_key
from schema.refusals import RefusalCode, Refused, reasons_in, refuse
from schema.tables.market import PostingKind, PostingState
from schema.texts import checked_line
from schema.work import Work
from tenants.definition import DataKind

LONGEST_UNIT = 20


@dataclass(frozen=True)
class Post:
    """Offer or seek a product; `party` is the global id of a cooperative, or of an enterprise.

    `price` is 元 a unit; the period is inclusive on both ends, None = open.
    """

    party: str
    is_cooperative: bool
    kind: PostingKind
    product: str
    quantity: Decimal
    unit: str
    price: Decimal | None = None
    from_on: datetime.date | None = None
    until_on: datetime.date | None = None

    async def __call__(self, work: Work) -> Recorded | Refused:
        """Carry it out; the posting, or why not."""
        known = known_cooperative if self.is_cooperative else known_enterprise
        party = await known(work, self.party)
        if isinstance(party, Refused):
            return party
        field = "cooperative" if self.is_cooperative else "enterprise"
        if (denied := lacking(work, party, at=(field,))) is not None:
            return denied
        values = {
            "product": checked_product(self.product, "product"),
            "quantity": checked_quantity(self.quantity, "quantity"),
            "unit": checked_unit(self.unit),
            "price": checked_amount(self.price, "price"),
        }
        periods = (ended(work, party, field), self._wrong_period(work))
        if reasons := reasons_in((*periods, *values.values())):
            return Refused(reasons)
        return await self._write(work, party, values)

    def _wrong_period(self, work: Work) -> Refused | None:
        if self.until_on is None:
            return None
        earliest = max(self.from_on or work.today, work.today)
        if self.until_on >= earliest:
            return None
        return refuse(
            RefusalCode.DATE_OUT_OF_RANGE,
            f"截止日 {self.until_on} 不可用:应不早于 {earliest}。",
            f"The last day {self.until_on} cannot be: expected {earliest} or later.",
            "untilOn",
        )

    async def _write(self, work: Work, party: Party, values: dict[str, Any]) -> Recorded:
        id_ = uuid7()
        cooperative = party.id if party.is_cooperative else None
        await work.connection.execute(
            insert(POSTING).values(
                tenant_id=work.tenant_id,
                id=id_,
                kind=self.kind.value,
                cooperative_id=cooperative,
                enterprise_id=None if party.is_cooperative else party.id,
                product_key=product_key(values["product"]),
                from_on=self.from_on,
                until_on=self.until_on,
                state=PostingState.OPEN.value,
                posted_at=work.now,
                data_kind=DataKind.REAL.value,
                **values,
            )
        )
        posted = EventKind.COOPERATIVE_POSTED, EventKind.ECONOMY_ENTERPRISE_POSTED
        facts = {"posting": str(id_), "kind": self.kind.value}
        if cooperative is None:
            facts["enterprise"] = str(party.id)
        event = Event(
            posted[cooperative is None], party.place_id, facts, cooperative_id=cooperative
        )
        work.events.append(event)
        return Recorded(work.tenant_id, id_)


def checked_unit(given: str) -> str | Refused:
    """A unit such as 公斤, 1 to 20 characters."""
    return checked_line(given, RefusalCode.TEXT_MALFORMED, "unit", longest=LONGEST_UNIT)
