"""Matches: every posting against a model in plain Python, and what each part of a score is."""

import asyncio
import datetime
import uuid
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from itertools import permutations
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schema.database import Database
from schema.loaders.posting_match import BestMatches, MatchesOfPosting
from schema.products import product_key, products_match
from schema.scope import Login, Scope
from tests.conftest import TODAY, Templates, copied_database
from tests.schema.cooperatives.village import ID, TENANTS, owner_of
from tests.schema.market.market import ENTERPRISES, Market, Posted, posting_id, settle

PLACES = {"PEACH": "AA3-V1", "PEAR": "AA3-V2", "OVER": "AA3-V1"} | {
    code: place for code, (place, _) in ENTERPRISES.items()
}
PATHS = {"AA3-V1": "990100 AA AA3 AA3-V1", "AA3-V2": "990100 AA AA3 AA3-V2",
         "BB": "990100 BB", "AA3": "990100 AA AA3", "AA": "990100 AA"}  # fmt: skip
ENDED = {"OVER", "GONE", "PAST"}
EVERYTHING = 100
PART = Decimal("0.0001")

DAYS = st.one_of(st.none(), st.integers(-3, 50).map(lambda days: TODAY + datetime.timedelta(days)))


@st.composite
def _posted(draw: Any) -> Posted:
    from_on, until_on = draw(DAYS), draw(DAYS)
    if from_on is not None and until_on is not None:
        from_on, until_on = min(from_on, until_on), max(from_on, until_on)
    return Posted(
        party=draw(st.sampled_from(sorted(PLACES))),
        kind=draw(st.sampled_from(("SUPPLY", "DEMAND"))),
        product=draw(st.sampled_from(("葡萄", "巨峰葡萄", "优质 葡萄", "米", "玉米", "GRAPE"))),
        quantity=draw(st.sampled_from([Decimal(one) for one in ("1", "30", "99.999", "100")])),
        unit=draw(st.sampled_from(("公斤", "公斤", "KG", "kg"))),
        price=draw(st.sampled_from((None, Decimal(0), Decimal("2.50"), Decimal(10)))),
        from_on=from_on,
        until_on=until_on,
        state=draw(st.sampled_from(("OPEN", "OPEN", "OPEN", "CLOSED"))),
    )


def _is_there(one: Posted) -> bool:
    past = one.until_on is not None and one.until_on < TODAY
    return one.state == "OPEN" and not past and one.party not in ENDED


def _rounded(weight: str, part: Decimal, whole: Decimal) -> Decimal:
    return (Decimal(weight) * part / whole).quantize(PART, ROUND_HALF_UP)


def _overlap(one: Posted, other: Posted) -> int | None:
    """Days on which both are to be had, None = without end; 0 or less where there is none."""
    start = max(day for day in (one.from_on, other.from_on, TODAY) if day)
    ends = [day for day in (one.until_on, other.until_on) if day]
    return (min(ends) - start).days + 1 if ends else None


def _score(one: Posted, other: Posted) -> Decimal | None:
    """What the description of the score says; None where the two do not match."""
    supply, demand = (one, other) if one.kind == "SUPPLY" else (other, one)
    keys = product_key(one.product), product_key(other.product)
    days = _overlap(one, other)
    may_be = (
        _is_there(one) and _is_there(other) and one.kind != other.kind
        and one.is_cooperative != other.is_cooperative and products_match(*keys)
        and (days is None or days > 0)
    )  # fmt: skip
    if not may_be:
        return None
    same_unit = supply.unit.lower() == demand.unit.lower()
    wanted = Decimal(30)
    if demand.until_on is not None:
        remaining = (demand.until_on - max(demand.from_on or TODAY, TODAY)).days + 1
        wanted = min(wanted, Decimal(remaining))
    parts = [
        _rounded("0.40", Decimal(1), Decimal(1 if keys[0] == keys[1] else 2)),
        _rounded("0.20", min(supply.quantity, demand.quantity) * same_unit, demand.quantity),
        _rounded("0.15", wanted if days is None else min(Decimal(days), wanted), wanted),
        _rounded("0.15", *_price(supply, demand, same_unit)),
        _rounded("0.10", 10 - Decimal(min(_steps(one, other), 10)), Decimal(10)),
    ]
    return sum(parts, Decimal(0))


def _price(supply: Posted, demand: Posted, same_unit: bool) -> tuple[Decimal, Decimal]:
    """The share of the weight, as a fraction."""
    if supply.price is None or demand.price is None or not same_unit:
        return Decimal(1), Decimal(2)
    if supply.price <= demand.price:
        return Decimal(1), Decimal(1)
    return demand.price, supply.price


def _steps(one: Posted, other: Posted) -> int:
    paths = [set(PATHS[PLACES[posted.party]].split()) for posted in (one, other)]
    return len(paths[0] ^ paths[1])


class Board:
    """A database whose postings are replaced, and matched by the loader as the public reads."""

    def __init__(self, url: str, runner: asyncio.Runner, login: Login) -> None:
        self._url, self._runner = url, runner
        self._scope = Scope(frozenset({ID}), login)
        self._database = Database(url, size=1)

    def matches(self, posted: list[Posted], limit: int = EVERYTHING) -> dict[uuid.UUID, list[Any]]:
        """Of every posting its matches, in one statement; the ids are 1, 2, 3 …"""
        return self._runner.run(self._matches(posted, limit))

    async def _matches(self, posted: list[Posted], limit: int) -> dict[uuid.UUID, list[Any]]:
        ids = [uuid.UUID(int=n) for n in range(1, len(posted) + 1)]
        async with owner_of(self._url) as owner:
            await owner.execute("DELETE FROM posting")
            rows = [one.row(id_) for one, id_ in zip(posted, ids, strict=True)]
            await owner.copy_records_to_table("posting", records=rows)
        await self._database.open()
        keys, asked = [(ID, id_) for id_ in ids], BestMatches(TODAY, limit)
        async with self._database.snapshot(self._scope) as snapshot:
            found = await MatchesOfPosting.batch(snapshot, self._scope, keys, asked, ())
            assert snapshot.statements == 1
        return dict(zip(ids, found, strict=True))

    async def close(self) -> None:
        """Let the database be dropped."""
        await self._database.close()


@pytest.fixture(scope="module", params=[Login.CITY, Login.PROVINCE])
def board(request: pytest.FixtureRequest, server_url: str, templates: Templates) -> Iterator[Board]:
    """Postings of the invented city, read by each login role."""
    template = asyncio.run(templates.with_(TENANTS))
    with copied_database(server_url, template) as url, asyncio.Runner() as runner:
        runner.run(settle(url))
        ready = Board(url, runner, request.param)
        yield ready
        runner.run(ready.close())


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(_posted(), min_size=2, max_size=14))
def test_matches_are_those_of_the_model(board: Board, posted: list[Posted]) -> None:
    """Each posting has exactly its counterparts, with the score that is described, best first."""
    # so pairs are mutual with one score from both sides, nothing matches itself, and what is
    # closed, past, or of somebody who has ended is in no match; scores are from 0 to 1
    found = board.matches(posted)
    expected: dict[uuid.UUID, list[tuple[Decimal, uuid.UUID]]] = {id_: [] for id_ in found}
    for (one_id, one), (other_id, other) in permutations(zip(found, posted, strict=True), 2):
        score = _score(one, other)
        if score is not None:
            assert 0 <= score <= 1
            expected[one_id].append((-score, other_id))
    got = {id_: [(-row["score"], row["id"]) for row in rows] for id_, rows in found.items()}
    assert got == {id_: sorted(rows) for id_, rows in expected.items()}
    best = board.matches(posted, limit=1)
    assert {id_: [(-row["score"], row["id"]) for row in rows] for id_, rows in best.items()} == {
        id_: sorted(rows)[:1] for id_, rows in expected.items()
    }


MATCHES = """query ($id: ID!, $first: Int) { node(id: $id) { ... on Posting {
  matches(first: $first) { score posting { id product enterprise { code } }
    reasons { kind points share days steps } } } } }"""


async def test_reasons_make_the_score(market: Market) -> None:
    """Each reason says what was found and what it adds; together they are the score."""
    supply = await market.post("PEACH", product="山核桃", quantity="50", price="12")
    wanted = await market.post(
        "NEAR", "DEMAND", product="核桃", quantity="200", price="10", untilOn="2026-04-03"
    )
    found = (await market.graph.data(MATCHES, id=supply["id"]))["node"]["matches"]
    assert found == [
        {
            "score": 0.615,
            "posting": {"id": wanted["id"], "product": "核桃", "enterprise": {"code": "NEAR"}},
            "reasons": [
                reason("PRODUCT_CONTAINS", 0.2),
                reason("QUANTITY_COVERED", 0.05, share=0.25),
                reason("PERIOD_OVERLAPS", 0.15, days=20),
                reason("PRICE_ABOVE", 0.125),
                reason("DISTANCE", 0.09, steps=1),
            ],
        }
    ]


def reason(kind: str, points: float, **given: Any) -> dict[str, Any]:
    """A reason as it is shown."""
    return {"kind": kind, "points": points, "share": None, "days": None, "steps": None, **given}


async def test_units_that_differ(market: Market) -> None:
    """Neither quantities nor prices of different units are compared."""
    supply = await market.post("PEACH", product="板栗", unit="公斤", price="8")
    await market.post("FOODS", "DEMAND", product="板栗", unit="吨", price="9000")
    (found,) = (await market.graph.data(MATCHES, id=supply["id"]))["node"]["matches"]
    assert found["reasons"] == [
        reason("PRODUCT_EXACT", 0.4),
        reason("UNIT_DIFFERS", 0),
        reason("PERIOD_OVERLAPS", 0.15),
        reason("PRICE_UNKNOWN", 0.075),
        reason("DISTANCE", 0.06, steps=4),
    ]
    assert found["score"] == 0.685


@pytest.mark.parametrize("first", [0, 21, -1])
async def test_how_many_matches(market: Market, first: int) -> None:
    """Up to twenty may be asked for."""
    id_ = posting_id(uuid.uuid4())
    assert await market.graph.data(MATCHES, id=id_, first=20) == {"node": None}
    real = (await market.post())["id"]
    answer = await market.graph(MATCHES, id=real, first=first)
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["PAGE_SIZE"]


async def test_other_cities_are_no_counterparts(market: Market) -> None:
    """A posting of another city matches nothing here, whoever asks."""
    supply = await market.post("PEACH", product="独此一家")
    async with owner_of(market.url) as owner:
        await owner.execute(
            "INSERT INTO enterprise (tenant_id, id, code, name, organization_id, data_kind)"
            " SELECT 990200, $1, 'THERE', 'THERE', id, 'GENERATED' FROM organization"
            " WHERE tenant_id = 990200 AND code = 'CC1' ON CONFLICT DO NOTHING",
            uuid.UUID(int=7),
        )
        await owner.execute(
            "INSERT INTO posting (tenant_id, id, kind, enterprise_id, product, product_key,"
            " quantity, unit, state, posted_at, data_kind) VALUES (990200, $1, 'DEMAND', $2,"
            " '独此一家', '独此一家', 1, '公斤', 'OPEN', now(), 'GENERATED')",
            *(uuid.UUID(int=8), uuid.UUID(int=7)),
        )
    assert (await market.graph.data(MATCHES, id=supply["id"]))["node"] == {"matches": []}


async def test_one_statement_for_all(market: Market) -> None:
    """However many postings a page has, their matches cost one statement."""
    query = """query ($first: Int) { city(code: "invented") { postings(first: $first) { nodes {
        product matches { score posting { product quantity } } } } } }"""
    for _ in range(3):
        await market.post()
        await market.post("FOODS", "DEMAND")
    assert [await market.graph.statements(query, first=first) for first in (1, 50)] == [2, 2]
