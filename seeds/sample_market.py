"""The market of a city's sample: enterprises, supply and demand, deals, and what villages trade.

Enterprises are plainly invented; whatever a city does not record is not there.
"""

import datetime
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, zip_longest
from typing import Any
from uuid import UUID

from schema.access import Permission
from schema.events import Event, EventKind
from schema.ids import derived_uuid
from schema.issues.placing import Place
from schema.market.steps import PRICED, WAY
from schema.products import product_key
from schema.tables.market import DealState, PostingKind, PostingState
from seeds.chance import Chance
from seeds.drawn import Drawn
from seeds.ground import Ground, fen, moment, price_of, quantity_of
from seeds.sample import Business, Product
from seeds.sample_cooperatives import Cooperative, short
from tenants.cooperation import CooperativeMeasure as Measure
from tenants.hierarchy import Rung

ENTERPRISES = 10
DEALS = (
    DealState.SETTLED,
    DealState.DELIVERED,
    DealState.CONTRACTED,
    DealState.INTENDED,
    DealState.PROPOSED,
    DealState.FAILED,
    DealState.SETTLED,
    DealState.CONTRACTED,
)
"""The states of a city's deals."""


@dataclass(frozen=True)
class Enterprise:
    """A sample enterprise in the directory."""

    id: UUID
    code: str
    place: Place
    industry: str | None
    joined: datetime.date
    left: datetime.date | None


@dataclass(frozen=True)
class Posting:
    """What one side offers or seeks; `product` is that of the words."""

    row: dict[str, Any]
    product: Product
    day: datetime.date


@dataclass(frozen=True)
class Pair:
    """A supply and a demand of the same product."""

    cooperative: Cooperative
    enterprise: Enterprise
    supply: Posting
    demand: Posting


def draw_market(
    ground: Ground, industries: Sequence[str], cooperatives: Sequence[Cooperative], drawn: Drawn
) -> None:
    """Everything of the market; `industries` are keys of the province's words."""
    enterprises = list(_enterprises(ground, industries, drawn))
    events = list(_matching(ground, drawn))
    offered = [
        list(_supply(ground, seller, at, enterprises, drawn))
        for at, seller in enumerate(cooperatives)
    ]
    pairs = [pair for own in zip_longest(*offered) for pair in own if pair is not None]
    if ground.definition.cooperation.records(Measure.DEALS):
        for at, (pair, state) in enumerate(zip(pairs, DEALS, strict=False)):
            _deal(ground, pair, state, events if at % 3 == 0 else [], drawn)
    if ground.definition.cooperation.records(Measure.ASSET_TRADES):
        _trades(ground, drawn)
    _weak_villages(ground, drawn)


def _enterprises(ground: Ground, industries: Sequence[str], drawn: Drawn) -> Iterator[Enterprise]:
    chance = Chance("enterprises", ground.tenant_id)
    places = ground.picked(Rung.STREET, ENTERPRISES, chance, near=4)
    for number, business in enumerate(ground.sample.enterprises[:ENTERPRISES], start=1):
        if places:
            place = places[(number - 1) % len(places)]
            yield _enterprise(ground, business, industries, number, place, drawn)


def _enterprise(
    ground: Ground,
    business: Business,
    industries: Sequence[str],
    number: int,
    place: Place,
    drawn: Drawn,
) -> Enterprise:
    tenant = ground.definition.tenant
    code = f"{tenant.code}-SL{number:02}"
    chance = Chance("enterprise", ground.tenant_id, code)
    industry = business.industry if business.industry in industries else None
    joined = ground.day(200 + chance.number(700))
    left = ground.day(10 + chance.number(30)) if number == ENTERPRISES else None
    found = Enterprise(
        derived_uuid("Enterprise", ground.tenant_id, code), code, place, industry, joined, left
    )
    drawn.add(
        "enterprise",
        id=found.id,
        code=code,
        name=f"{short(tenant.name)}{chance.pick(ground.sample.invented)}{business.word}有限公司",
        organization_id=place.id,
        industry=industry,
        joined_on=joined,
        left_on=left,
    )
    about = {"enterprise": found.id, "code": code, "on": joined}
    _tell(ground, drawn, place, moment(joined, chance), EventKind.ECONOMY_ENTERPRISE_LISTED, about)
    if left is not None:
        kind = EventKind.ECONOMY_ENTERPRISE_DELISTED
        gone = {"enterprise": found.id, "on": left}
        _tell(ground, drawn, place, moment(left, chance), kind, gone)
    return found


def _matching(ground: Ground, drawn: Drawn) -> Iterator[dict[str, Any]]:
    """Two meetings at which supply met demand."""
    chance = Chance("matching", ground.tenant_id)
    places = ground.picked(Rung.STREET, 2, chance)
    for number, (place, ago) in enumerate(zip(places, (75, 25), strict=False), start=1):
        day = ground.day(ago + chance.number(10))
        row = drawn.add(
            "matching_event",
            id=chance.uuid7(moment(day, chance)),
            organization_id=place.id,
            title=ground.sample.matching[(number - 1) % len(ground.sample.matching)].format(
                n=number
            ),
            held_on=day,
        )
        at = moment(day, chance)
        about = {"matching_event": row["id"], "on": day}
        _tell(ground, drawn, place, at, EventKind.ECONOMY_MATCHING_HELD, about)
        yield row


def _supply(
    ground: Ground,
    seller: Cooperative,
    at: int,
    enterprises: Sequence[Enterprise],
    drawn: Drawn,
) -> Iterator[Pair]:
    """What a cooperative offers, with enterprises that seek the first two products of it."""
    buyers = [item for item in enterprises if item.left is None]
    for number, product in enumerate(seller.products):
        chance = Chance("supply", ground.tenant_id, seller.code, product.name)
        offered = _posting(ground, drawn, PostingKind.SUPPLY, seller, product, chance)
        if number > 1 or not buyers:
            continue
        own = [item for item in buyers if item.industry == seller.industry]
        buyer = (own or buyers)[(at + number) % len(own or buyers)]
        yield Pair(
            seller,
            buyer,
            offered,
            _posting(ground, drawn, PostingKind.DEMAND, buyer, product, chance),
        )


def _posting(
    ground: Ground,
    drawn: Drawn,
    kind: PostingKind,
    by: Cooperative | Enterprise,
    product: Product,
    chance: Chance,
) -> Posting:
    day = ground.day(40 + chance.number(80))
    at = moment(day, chance)
    side = "cooperative_id" if isinstance(by, Cooperative) else "enterprise_id"
    is_closed = chance.is_one_of(0.15)
    begins = ground.day(20 - chance.number(30))
    row = drawn.add(
        "posting",
        id=chance.uuid7(at),
        kind=kind.value,
        **{side: by.id},
        product=product.name,
        product_key=product_key(product.name),
        quantity=quantity_of(product, chance),
        unit=product.unit,
        price=price_of(product, chance) if chance.is_one_of(0.8) else None,
        from_on=begins,
        until_on=begins + datetime.timedelta(30 + chance.number(120)),
        state=(PostingState.CLOSED if is_closed else PostingState.OPEN).value,
        posted_at=at,
    )
    _of_posting(ground, drawn, by, row, at, _POSTED)
    if is_closed:
        later = moment(ground.day(2 + chance.number(8)), chance)
        _of_posting(ground, drawn, by, row, later, _CLOSED)
    return Posting(row, product, day)


def _deal(
    ground: Ground, pair: Pair, state: DealState, events: Sequence[dict[str, Any]], drawn: Drawn
) -> None:
    """A deal that has come as far as `state`, step by step; proposed at the first of the meetings
    that came after its postings, or some time after these."""
    seller, supply, demand = pair.cooperative, pair.supply, pair.demand
    chance = Chance("deal", ground.tenant_id, seller.code, supply.product.name)
    way = WAY[: WAY.index(state) + 1] if state in WAY else (*WAY[:2], state)
    posted = max(supply.day, demand.day)
    event = next((item for item in events if item["held_on"] > posted), None)
    gap = (ground.today - (posted if event is None else event["held_on"])).days // (len(way) + 1)
    begins = posted + datetime.timedelta(gap) if event is None else event["held_on"]
    moments = [moment(begins + datetime.timedelta(gap * step), chance) for step in range(len(way))]
    quantity = min(supply.row["quantity"], demand.row["quantity"])
    row = drawn.add(
        "deal",
        id=chance.uuid7(moments[0]),
        cooperative_id=seller.id,
        enterprise_id=pair.enterprise.id,
        supply_id=supply.row["id"],
        demand_id=demand.row["id"],
        matching_event_id=None if event is None else event["id"],
        product=supply.product.name,
        quantity=quantity,
        unit=supply.product.unit,
        **_amounts(supply.product, quantity, state, chance),
        state=state.value,
        reason=chance.pick(ground.sample.failures) if state is DealState.FAILED else None,
        proposed_at=moments[0],
        changed_at=moments[-1],
        revision=len(way),
    )
    proposed = {"deal": row["id"], "enterprise": pair.enterprise.id}
    if event is not None:
        proposed["matching_event"] = event["id"]
    kind = EventKind.COOPERATIVE_DEAL_PROPOSED
    _tell(ground, drawn, seller.place, moments[0], kind, proposed, seller.id)
    kind = EventKind.COOPERATIVE_DEAL_ADVANCED
    for (before, after), at in zip(pairwise(way), moments[1:], strict=True):
        about = {"deal": row["id"], "from": before.value, "to": after.value}
        _tell(ground, drawn, seller.place, at, kind, about, seller.id)


def _amounts(product: Product, quantity: int, state: DealState, chance: Chance) -> dict[str, Any]:
    """The amount from the contract on, the incomes once it is settled."""
    amount = fen(float(price_of(product, chance)) * quantity) if state in PRICED else None
    if amount is None or state is not DealState.SETTLED:
        return {"amount": amount}
    return {
        "amount": amount,
        "collective_income": fen(float(amount) * chance.between(0.06, 0.15)),
        "household_income": fen(float(amount) * chance.between(0.35, 0.6)),
    }


def _trades(ground: Ground, drawn: Drawn) -> None:
    chance = Chance("trades", ground.tenant_id)
    for place in ground.picked(Rung.VILLAGE, 3, chance):
        day = ground.day(10 + chance.number(300))
        at = moment(day, chance)
        reserve = fen(1000 * (20 + chance.number(200)))
        row = drawn.add(
            "asset_trade",
            id=chance.uuid7(at),
            organization_id=place.id,
            asset=chance.pick(ground.sample.assets),
            reserve_price=reserve,
            deal_price=reserve + fen(500 * chance.number(40)),
            traded_on=day,
        )
        about = {"trade": row["id"], "on": day}
        _tell(ground, drawn, place, at, EventKind.ECONOMY_ASSET_TRADED, about)


def _weak_villages(ground: Ground, drawn: Drawn) -> None:
    """Two villages, of which one is weak no more."""
    chance = Chance("weak", ground.tenant_id)
    for place, is_cleared in zip(
        ground.picked(Rung.VILLAGE, 2, chance), (True, False), strict=False
    ):
        listed, cleared = ground.day(500 + chance.number(400)), ground.day(20 + chance.number(90))
        paid = ground.day(200 + chance.number(200))
        row = drawn.add(
            "weak_village",
            id=derived_uuid("WeakVillage", ground.tenant_id, place.code),
            organization_id=place.id,
            listed_on=listed,
            cleared_on=cleared if is_cleared else None,
            support=fen(10_000 * (5 + chance.number(60))),
        )
        for kind, day, about in (
            (EventKind.ECONOMY_VILLAGE_LISTED, listed, {"on": listed}),
            (EventKind.ECONOMY_VILLAGE_SUPPORTED, paid, {"amount": row["support"]}),
            (EventKind.ECONOMY_VILLAGE_CLEARED, cleared, {"on": cleared}),
        ):
            if is_cleared or kind is not EventKind.ECONOMY_VILLAGE_CLEARED:
                facts = {"village": row["id"], **about}
                _tell(ground, drawn, place, moment(day, chance), kind, facts)


_POSTED = EventKind.COOPERATIVE_POSTED, EventKind.ECONOMY_ENTERPRISE_POSTED
_CLOSED = EventKind.COOPERATIVE_POSTING_CLOSED, EventKind.ECONOMY_POSTING_CLOSED


def _of_posting(
    ground: Ground,
    drawn: Drawn,
    by: Cooperative | Enterprise,
    row: dict[str, Any],
    at: datetime.datetime,
    kinds: tuple[EventKind, EventKind],
) -> None:
    """Tell of a posting; of the kinds the first is a cooperative's, the other an enterprise's."""
    about = {"posting": row["id"], "kind": row["kind"]}
    if isinstance(by, Cooperative):
        _tell(ground, drawn, by.place, at, kinds[0], about, by.id)
    else:
        _tell(ground, drawn, by.place, at, kinds[1], about | {"enterprise": by.id})


def _tell(
    ground: Ground,
    drawn: Drawn,
    place: Place,
    at: datetime.datetime,
    kind: EventKind,
    about: Mapping[str, object],
    cooperative: UUID | None = None,
) -> None:
    actor = ground.actor(place, Permission.MANAGE_COOPERATIVES, at.date())
    facts = {name: str(value) for name, value in about.items()}
    drawn.tell(at, actor, Event(kind, place.id, facts, cooperative_id=cooperative))
