"""The alliance of cooperatives and enterprises of a city at its published scale, and what its
villages traded."""

import datetime
from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Any
from uuid import UUID

from schema.events import Event, EventKind
from schema.ids import derived_uuid
from schema.issues.placing import Place
from schema.market.steps import PRICED, WAY
from schema.tables.market import DealState
from seeds.chance import Chance
from seeds.drawn import Drawn
from seeds.ground import fen, moment, price_of, quantity_of
from seeds.published_cooperatives import Books, spread
from seeds.sample_cooperatives import short
from tenants.hierarchy import Rung

_DEALS = (DealState.SETTLED, DealState.CONTRACTED, DealState.SETTLED, DealState.INTENDED)
"""The states of deals, in turn."""


def draw_market(books: Books) -> Drawn:
    """Everything of the market."""
    drawn = Drawn(books.ground.tenant_id)
    enterprises = [_enterprise(books, number, drawn) for number in range(books.plan.enterprises)]
    events = [_matching(books, number, drawn) for number in range(books.plan.matching_events)]
    if enterprises and books.made:
        _deals(books, enterprises, events, drawn)
    _trades(books, drawn)
    _weak_villages(books, drawn)
    return drawn


def _enterprise(books: Books, number: int, drawn: Drawn) -> UUID:
    """An enterprise that is in the directory."""
    ground, words = books.ground, books.ground.sample.enterprises
    streets, tenant = ground.at(Rung.STREET), books.ground.definition.tenant
    code, business = f"{tenant.code}-GB{number + 1:03}", words[number % len(words)]
    chance = books.chance("enterprise", code)
    place, joined = chance.pick(streets), ground.day(200 + chance.number(700))
    name = f"{short(tenant.name)}{chance.pick(ground.sample.invented)}{business.word}"
    id_ = derived_uuid("Enterprise", ground.tenant_id, code)
    drawn.add(
        "enterprise",
        id=id_,
        code=code,
        name=f"{name}第{number + 1}有限公司",
        organization_id=place.id,
        industry=business.industry if business.industry in books.industries else None,
        joined_on=joined,
    )
    about = {"enterprise": id_, "code": code, "on": joined}
    _tell(books, drawn, place, joined, EventKind.ECONOMY_ENTERPRISE_LISTED, about, chance)
    return id_


def _matching(books: Books, number: int, drawn: Drawn) -> dict[str, Any]:
    """A meeting at which supply met demand."""
    ground, chance = books.ground, books.chance("matching", number)
    titles = ground.sample.matching
    place, day = chance.pick(ground.at(Rung.STREET)), ground.day(120 + chance.number(240))
    row = drawn.add(
        "matching_event",
        id=chance.uuid7(moment(day, chance)),
        organization_id=place.id,
        title=titles[number % len(titles)].format(n=number + 1),
        held_on=day,
    )
    about = {"matching_event": row["id"], "on": day}
    _tell(books, drawn, place, day, EventKind.ECONOMY_MATCHING_HELD, about, chance)
    return row


def _deals(
    books: Books, enterprises: Sequence[UUID], events: Sequence[Mapping[str, Any]], drawn: Drawn
) -> None:
    """All of them intended at least; the incomes of those that are settled add up."""
    plan, chance = books.plan, books.chance("deals")
    states = [_DEALS[number % len(_DEALS)] for number in range(plan.deals)]
    weights = [(1 + chance.share()) * (state is DealState.SETTLED) for state in states]
    collective = _amounts(plan.deal_collective_income, weights)
    households = _amounts(plan.deal_household_income, weights)
    for number, state in enumerate(states):
        income = (collective[number], households[number])
        _deal(books, number, state, chance.pick(enterprises), income, events, drawn)


def _amounts(total: Decimal, weights: Sequence[float]) -> list[Decimal]:
    """Amounts in 元 that add up; what has no weight has none."""
    some = [at for at, weight in enumerate(weights) if weight]
    parts = dict(zip(some, spread(int(total), [weights[at] for at in some]), strict=True))
    return [Decimal(parts.get(at, 0)) for at in range(len(weights))]


def _deal(
    books: Books, number: int, state: DealState, enterprise: UUID,
    income: tuple[Decimal, Decimal], events: Sequence[Mapping[str, Any]], drawn: Drawn,
) -> None:  # fmt: skip
    """A deal that has come as far as `state`, step by step."""
    chance = books.chance("deal", number)
    seller = books.cooperative(chance.number(books.made))
    product, way = chance.pick(seller.products), WAY[: WAY.index(state) + 1]
    event = chance.pick(events) if events and chance.is_one_of(0.5) else None
    begins = books.ground.day(110) if event is None else event["held_on"]
    moments = [moment(begins + datetime.timedelta(15 * step), chance) for step in range(len(way))]
    settled, quantity = state is DealState.SETTLED, quantity_of(product, chance)
    amount = fen(float(price_of(product, chance)) * quantity) + sum(income)
    row = drawn.add(
        "deal",
        id=chance.uuid7(moments[0]),
        cooperative_id=seller.id,
        enterprise_id=enterprise,
        matching_event_id=None if event is None else event["id"],
        product=product.name,
        quantity=quantity,
        unit=product.unit,
        amount=amount if state in PRICED else None,
        collective_income=income[0] if settled else None,
        household_income=income[1] if settled else None,
        state=state.value,
        proposed_at=moments[0],
        changed_at=moments[-1],
        revision=len(way),
    )
    actor = books.actor(seller.place)
    proposed = {"deal": row["id"], "enterprise": enterprise}
    if event is not None:
        proposed["matching_event"] = event["id"]
    told = [(EventKind.COOPERATIVE_DEAL_PROPOSED, proposed)]
    told += [
        (
            EventKind.COOPERATIVE_DEAL_ADVANCED,
            {"deal": row["id"], "from": before.value, "to": after.value},
        )
        for before, after in pairwise(way)
    ]
    for at, (kind, about) in zip(moments, told, strict=True):
        event_ = Event(kind, seller.place.id, _plain(about), cooperative_id=seller.id)
        drawn.tell(at, actor, event_)


def _trades(books: Books, drawn: Drawn) -> None:
    plan, ground, chance = books.plan, books.ground, books.chance("trades")
    weights = [1 + chance.share() for _ in range(plan.asset_trades)]
    prices, premiums = _amounts(plan.asset_amount, weights), _amounts(plan.asset_premium, weights)
    villages = ground.at(Rung.VILLAGE)
    for price, premium in zip(prices, premiums, strict=True):
        place, day = chance.pick(villages), ground.day(10 + chance.number(350))
        row = drawn.add(
            "asset_trade",
            id=chance.uuid7(moment(day, chance)),
            organization_id=place.id,
            asset=chance.pick(ground.sample.assets),
            reserve_price=price - premium,
            deal_price=price,
            traded_on=day,
        )
        about = {"trade": row["id"], "on": day}
        _tell(books, drawn, place, day, EventKind.ECONOMY_ASSET_TRADED, about, chance)


def _weak_villages(books: Books, drawn: Drawn) -> None:
    """Villages that were weak and are no more."""
    plan, ground, chance = books.plan, books.ground, books.chance("weak")
    villages = sorted(ground.at(Rung.VILLAGE), key=lambda place: (chance.share(), place.code))
    weak = villages[: plan.weak_villages_cleared]
    paid = _amounts(plan.support_funds, [1 + chance.share() for _ in weak])
    for place, support in zip(weak, paid, strict=True):
        listed, cleared = ground.day(500 + chance.number(400)), ground.day(20 + chance.number(90))
        row = drawn.add(
            "weak_village",
            id=derived_uuid("WeakVillage", ground.tenant_id, place.code),
            organization_id=place.id,
            listed_on=listed,
            cleared_on=cleared,
            support=support,
        )
        for kind, day, about in (
            (EventKind.ECONOMY_VILLAGE_LISTED, listed, {"on": listed}),
            (EventKind.ECONOMY_VILLAGE_SUPPORTED, ground.day(300), {"amount": support}),
            (EventKind.ECONOMY_VILLAGE_CLEARED, cleared, {"on": cleared}),
        ):
            _tell(books, drawn, place, day, kind, {"village": row["id"], **about}, chance)


def _tell(
    books: Books, drawn: Drawn, place: Place, day: datetime.date, kind: EventKind,
    about: Mapping[str, object], chance: Chance,
) -> None:  # fmt: skip
    drawn.tell(moment(day, chance), books.actor(place), Event(kind, place.id, _plain(about)))


def _plain(about: Mapping[str, object]) -> dict[str, str]:
    return {name: str(value) for name, value in about.items()}
