"""What the last years brought sample cooperatives, by the measures that the city records."""

import datetime
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from schema.events import EventKind
from seeds.chance import Chance
from seeds.drawn import Drawn
from seeds.events import json_text
from seeds.ground import Ground, fen, moment, price_of, quantity_of
from seeds.sample_cooperatives import Cooperative, tell
from tenants.cooperation import CooperativeMeasure as Measure

YEARS = 3


def draw_results(
    ground: Ground, item: Cooperative, households: int, drawn: Drawn, corrected: bool
) -> None:
    """What each of the last years brought; of one year the value before it was corrected, too."""
    for year in range(ground.today.year - YEARS, ground.today.year):
        chance = Chance("result", ground.tenant_id, item.code, year)
        day = max(
            item.entered + datetime.timedelta(3 + chance.number(20)),
            datetime.date(year + 1, 1, 8) + datetime.timedelta(chance.number(40)),
        )
        if item.founded.year > year or day >= ground.today:
            continue
        at, values = moment(day, chance), _values(ground, item, households, chance, year)
        if corrected and year == ground.today.year - 2:
            before = values | {"approximate": True, "jobs": None}
            later = at + datetime.timedelta(hours=1)
            _result(ground, item, drawn, chance, before, 1, at, superseded_at=later)
            reason = chance.pick(ground.sample.corrections)
            _result(ground, item, drawn, chance, values, 2, later, correction=reason)
        else:
            _result(ground, item, drawn, chance, values, 1, at)


def _result(
    ground: Ground,
    item: Cooperative,
    drawn: Drawn,
    chance: Chance,
    values: dict[str, Any],
    revision: int,
    at: datetime.datetime,
    **more: Any,
) -> None:
    row = drawn.add(
        "annual_result",
        id=chance.uuid7(at),
        cooperative_id=item.id,
        revision=revision,
        recorded_at=at,
        **{"approximate": False, **values},
        **more,
    )
    about = {
        "code": item.code,
        "result": str(row["id"]),
        "year": row["year"],
        "revision": revision,
    }
    kind = EventKind.COOPERATIVE_RESULT_RECORDED
    if revision > 1:
        kind, about["fields"] = EventKind.COOPERATIVE_RESULT_CORRECTED, ["jobs"]
    tell(ground, item, drawn, at, kind, about)


def _values(
    ground: Ground, item: Cooperative, households: int, chance: Chance, year: int
) -> dict[str, Any]:
    """What is recorded of a year, by the measures that the city records."""
    records = ground.definition.cooperation.records
    grown = 1 + 0.1 * (year - ground.today.year)
    worth = sum(price_of(p, chance) * quantity_of(p, chance) for p in item.products)
    revenue = fen(float(worth) * grown)
    sales = list(_sales(ground, item, revenue, chance)) if records(Measure.ONLINE_SALES) else []
    income = fen(float(revenue) * chance.between(0.05, 0.15))
    found: dict[Measure, tuple[str, Any]] = {
        Measure.REVENUE: ("revenue", revenue),
        Measure.COLLECTIVE_INCOME: ("collective_income", income),
        Measure.ONLINE_SALES: ("online_sales", sum(amount for _, _, amount in sales)),
        Measure.HOUSEHOLD_GAIN: ("mean_household_gain", 100 * (12 + chance.number(80))),
        Measure.HOUSEHOLDS: ("households", households),
        Measure.PEOPLE: ("people", 20 + chance.number(100)),
        Measure.JOBS: ("jobs", 2 + chance.number(30)),
    }
    own = dict(value for measure, value in found.items() if records(measure))
    told = [
        {"channel": channel, "product": product, "amount": f"{amount:.2f}"}
        for channel, product, amount in sales
    ]
    return {"year": year, **own, "sales": json_text(told)}


def _sales(
    ground: Ground, item: Cooperative, revenue: Decimal, chance: Chance
) -> Iterator[tuple[str, str, Decimal]]:
    """Channels with a product and what it brought: together less than half of the revenue."""
    for product in item.products:
        part = float(revenue) / len(item.products) * chance.between(0.05, 0.45)
        yield chance.pick(ground.sample.channels), product.name, fen(part)
