"""Proposing a deal of a cooperative with an enterprise."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import insert, select
from uuid_utils.compat import uuid7

from schema.amounts import checked_amount, checked_quantity
from schema.cooperative_rollups import COOPERATION
from schema.events import Event, EventKind
from schema.ids import uuid_in
from schema.loaders.deal import DEAL
from schema.loaders.matching_event import MATCHING_EVENT
from schema.market.checks import missing, not_recorded
from schema.market.offers import Offer, closed, known_posting
from schema.market.outcome import Recorded
from schema.market.parties import Party, ended, known_cooperative, known_enterprise, lacking
from schema.market.post import checked_unit
from schema.products import checked_product, product_key, products_match
from schema.refusals import RefusalCode, Refused, reasons_in, refuse
from schema.tables.market import DealState, PostingKind
from schema.work import Work
from tenants.cooperation import CooperativeMeasure
from tenants.definition import DataKind

FIRST = 1


@dataclass(frozen=True)
class Propose:
    """Propose a deal; parties, postings and matching event are global ids.

    What is not said of product, quantity and unit is taken from the postings: of two with the
    same unit the smaller quantity. `amount` is in 元.
    """

    cooperative: str
    enterprise: str
    product: str | None = None
    supply: str | None = None
    demand: str | None = None
    quantity: Decimal | None = None
    unit: str | None = None
    amount: Decimal | None = None
    matching_event: str | None = None

    async def __call__(self, work: Work) -> Recorded | Refused:
        """Carry it out; the deal, or why not."""
        cooperative = await known_cooperative(work, self.cooperative, "cooperative")
        enterprise = await known_enterprise(work, self.enterprise, "enterprise")
        if isinstance(cooperative, Refused) or isinstance(enterprise, Refused):
            return Refused(reasons_in((cooperative, enterprise)))
        if (denied := lacking(work, cooperative, enterprise, at=("cooperative",))) is not None:
            return denied
        wanted = CooperativeMeasure.DEALS
        if (unrecorded := not_recorded(work, wanted, "cooperative")) is not None:
            return unrecorded
        over = ended(work, cooperative, "cooperative"), ended(work, enterprise, "enterprise")
        if reasons := reasons_in(over):
            return Refused(reasons)
        offers = await self._offers(work, cooperative, enterprise)
        if isinstance(offers, Refused):
            return offers
        values = {**self._terms(offers), "matching_event_id": await self._event(work)}
        if reasons := reasons_in((*values.values(), self._of_another_product(offers))):
            return Refused(reasons)
        return await self._write(work, cooperative, enterprise, offers, values)

    async def _offers(
        self, work: Work, cooperative: Party, enterprise: Party
    ) -> "Offers | Refused":
        found = []
        reasons: list[Refused | None] = []
        for field, given in (("supply", self.supply), ("demand", self.demand)):
            offer = None if given is None else await known_posting(work, given, field)
            if isinstance(offer, Refused):
                reasons.append(offer)
                offer = None
            if offer is not None:
                reasons += [
                    closed(work, offer, field),
                    *_strange(offer, field, cooperative, enterprise),
                ]
            found.append(offer)
        offers = Offers(*found)
        reasons.append(offers.of_one_party())
        refused = reasons_in(reasons)
        return Refused(refused) if refused else offers

    def _terms(self, offers: "Offers") -> dict[str, Any]:
        """What is agreed, each value as it is kept, or why it cannot be."""
        product = self.product
        if product is None and offers.given:
            product = offers.given[0].product
        quantity, unit = offers.quantity if self.quantity is None else (self.quantity, self.unit)
        if self.quantity is not None and unit is None:
            unit = offers.unit
        return {
            "product": _no_product() if product is None else checked_product(product, "product"),
            "quantity": checked_quantity(quantity, "quantity"),
            "unit": self._unit(unit),
            "amount": checked_amount(self.amount, "amount"),
        }

    def _unit(self, unit: str | None) -> str | Refused | None:
        if unit is not None:
            return checked_unit(unit)
        if self.quantity is None:
            return None
        return missing("给出数量须同时给出单位。", "A quantity needs its unit.", "unit")

    def _of_another_product(self, offers: "Offers") -> Refused | None:
        """Why postings are none of the product that is named, or of each other's."""
        keys = [offer.product_key for offer in offers.given]
        if self.product is not None:
            keys.append(product_key(self.product))
        if not keys or all(products_match(keys[-1], key) for key in keys):
            return None
        names = "、".join(offer.product for offer in offers.given)
        return refuse(
            RefusalCode.POSTINGS_DIFFER,
            f"产品不符:供需信息为“{names}”,须与所提产品、且相互相符。",
            f"The products differ: the postings are of {names}, and must match each other and "
            "the product that is named.",
            "supply" if offers.supply else "demand",
        )

    async def _event(self, work: Work) -> uuid.UUID | Refused | None:
        if self.matching_event is None:
            return None
        id_ = uuid_in(self.matching_event, "MatchingEvent", work.tenant_id)
        m = MATCHING_EVENT
        same = select(m.c.id).where(m.c.tenant_id == work.tenant_id, m.c.id == id_)
        if id_ is not None and await work.connection.scalar(same) is not None:
            return id_
        shown = self.matching_event[:40]
        return refuse(
            RefusalCode.MATCHING_EVENT_UNKNOWN,
            f"没有编号为“{shown}”的对接会;请用 City.matchingEvents 查找。",
            f"There is no matching event with the id {shown!r}; find one with City.matchingEvents.",
            "matchingEvent",
        )

    async def _write(
        self,
        work: Work,
        cooperative: Party,
        enterprise: Party,
        offers: "Offers",
        values: dict[str, Any],
    ) -> Recorded:
        id_ = uuid7()
        row = {
            "tenant_id": work.tenant_id,
            "id": id_,
            "cooperative_id": cooperative.id,
            "enterprise_id": enterprise.id,
            "supply_id": offers.supply and offers.supply.id,
            "demand_id": offers.demand and offers.demand.id,
            "state": DealState.PROPOSED.value,
            "proposed_at": work.now,
            "changed_at": work.now,
            "revision": FIRST,
            "data_kind": DataKind.REAL.value,
            **values,
        }
        await work.connection.execute(insert(DEAL).values(**row))
        work.count_new(COOPERATION, [id_])
        facts = {"deal": str(id_), "enterprise": str(enterprise.id)}
        if values["matching_event_id"] is not None:
            facts["matching_event"] = str(values["matching_event_id"])
        kind = EventKind.COOPERATIVE_DEAL_PROPOSED
        work.events.append(Event(kind, cooperative.place_id, facts, cooperative_id=cooperative.id))
        return Recorded(work.tenant_id, id_)


@dataclass(frozen=True)
class Offers:
    """The postings that a deal comes from, as far as any are named."""

    supply: Offer | None
    demand: Offer | None

    @property
    def given(self) -> list[Offer]:
        """Those that are named, the supply first."""
        return [offer for offer in (self.supply, self.demand) if offer is not None]

    @property
    def unit(self) -> str | None:
        """The unit of the first of them."""
        return self.given[0].unit if self.given else None

    @property
    def quantity(self) -> tuple[Decimal | None, str | None]:
        """The most that both have, where they have one unit; else none."""
        if len({offer.unit for offer in self.given}) != 1:
            return None, None
        return min(offer.quantity for offer in self.given), self.unit

    def of_one_party(self) -> Refused | None:
        """Why the two are not of one party each, if so."""
        if len(self.given) < 2:
            return None
        if len({offer.cooperative_id for offer in self.given}) == 2:
            return None
        return refuse(
            RefusalCode.POSTINGS_DIFFER,
            "供应与需求应分别由双方发布,现为同一方所发。",
            "Supply and demand must be of one party each; these are of the same one.",
            "demand",
        )


def _strange(offer: Offer, field: str, cooperative: Party, enterprise: Party) -> Iterator[Refused]:
    """Why a posting has no place in the deal: of another kind, or of somebody else."""
    kind = PostingKind(field.upper())
    if offer.kind is not kind:
        yield refuse(
            RefusalCode.POSTINGS_DIFFER,
            f"{field} 应为 {kind} 类供需信息,现为 {offer.kind}。",
            f"{field} must be a posting of the kind {kind}; this one is {offer.kind}.",
            field,
        )
    if cooperative.id != offer.cooperative_id and enterprise.id != offer.enterprise_id:
        yield refuse(
            RefusalCode.POSTINGS_DIFFER,
            f"这条供需信息不是“{cooperative.name}”或“{enterprise.name}”发布的。",
            f"The posting is neither of {cooperative.name!r} nor of {enterprise.name!r}.",
            field,
        )


def _no_product() -> Refused:
    return missing(
        "须给出产品,或所依据的供需信息。",
        "Name the product, or a posting that has it.",
        "product",
    )
