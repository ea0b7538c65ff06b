"""Statistics of agreements, against a recount of the same agreements in Python."""

import asyncio
import datetime
import random
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations
from typing import Any

import pytest

from schema.agreement_measures import ProgressStatus
from schema.agreements.progress import Progress, Term, YearSum, progress
from schema.scalars import CHINA
from schema.tables.agreement import AgreementState
from tests.conftest import NOW, TODAY, Graph, Templates, copied_database, opened
from tests.schema.agreements.pair import DEFINITIONS, REGISTRY, A, B, C
from tests.schema.agreements.rows import Delivered, Did, Promise, Put, Text, put

VILLAGES = ("S1-1", "S1-2", "S2-1", "S2-2")
DIMENSIONS = ("party", "industry", "welfare")
STATES = ("DRAFT", "SIGNED", "ACTIVE", "ACTIVE", "ACTIVE", "COMPLETED", "TERMINATED", "DECLINED")
HOW_MANY = 80


def _drawn(count: int) -> list[Put]:
    """Agreements of every kind, the same in every run."""
    dice = random.Random(5)
    return [_put(dice, n) for n in range(count)]


def _put(dice: random.Random, n: int) -> Put:
    text = _text(dice, n)
    state = dice.choice(STATES)
    ended = state in ("COMPLETED", "TERMINATED", "DECLINED")
    changes = state == "ACTIVE" and dice.random() < 0.3
    agreed = state != "ACTIVE" or changes or dice.random() < 0.8
    later = datetime.timedelta(days=dice.randrange(600))
    return Put(
        f"agreement {n}",
        text,
        state,
        agreed,
        _text(dice, n, text.parties, text.alliance) if changes else None,
        signed_at=datetime.datetime(2024, 6, 30, 16, tzinfo=datetime.UTC) + later,
        ended_at=NOW - datetime.timedelta(days=dice.randrange(400)) if ended else None,
        end_reason="AGREED" if ended else None,
        delivered=tuple(_delivered(dice) for _ in range(dice.randrange(6))),
        did=tuple(_did(dice) for _ in range(dice.randrange(3))),
    )


def _text(
    dice: random.Random,
    n: int,
    parties: tuple[tuple[int, str], ...] = (),
    alliance: str | None = None,
) -> Text:
    if not parties:
        alliance = "committee" if dice.random() < 0.2 else None
        places = [(A, village) for village in VILLAGES] if alliance else _PLACES
        parties = tuple(dice.sample(places, dice.choice((2, 2, 3))))
    dimensions = tuple(dice.sample(DIMENSIONS, dice.randrange(1, 4)))
    begins = dice.choice((None, _day(dice)))
    promises = tuple(_promise(dice, f"c{at}", dimensions) for at in range(1, dice.randrange(1, 5)))
    ends = None if begins is None else begins + datetime.timedelta(days=dice.randrange(700))
    return Text(f"协议{n}", parties, dimensions, promises, alliance, starts_on=begins, ends_on=ends)


_PLACES = [(tenant_id, village) for tenant_id in (A, B, C) for village in VILLAGES]


def _day(dice: random.Random) -> datetime.date:
    return datetime.date(2024, 7, 1) + datetime.timedelta(days=dice.randrange(700))


def _promise(dice: random.Random, key: str, dimensions: Sequence[str]) -> Promise:
    quantity = dice.choice((None, "2", "5.5", "0.001"))
    return Promise(
        key,
        dice.choice(dimensions),
        quantity=quantity,
        unit=quantity and "次",
        every=quantity and dice.choice(("YEAR", "ALL")),
        due_on=dice.choice((None, str(_day(dice)))),
    )


def _delivered(dice: random.Random) -> Delivered:
    return Delivered(
        _day(dice),
        dice.choice((None, "1", "2.25", "6")),
        dice.choice((None, "100", "0.5")),
        dice.choice(("CONFIRMED", "CONFIRMED", "RECORDED", "DISPUTED")),
        dice.choice(("c1", "c1", "c2", "c3", "gone")),
    )


def _did(dice: random.Random) -> Did:
    return Did(
        _day(dice),
        dice.choice(("MEETING", "ACTIVITY")),
        None,
        dice.choice((None, "10.25")),
        dice.choice((None, 3)),
    )


STOCK = _drawn(HOW_MANY)


@pytest.fixture(scope="module")
def stocked_url(server_url: str, templates: Templates) -> Iterator[str]:
    """A database with the invented cities and these agreements; only for reading."""
    with copied_database(server_url, asyncio.run(templates.with_(DEFINITIONS))) as url:
        asyncio.run(put(url, *STOCK))
        yield url


@pytest.fixture
async def graph(stocked_url: str) -> AsyncIterator[Graph]:
    """The application over it; nobody is signed in."""
    async with opened(stocked_url) as ready:
        yield ready


@dataclass(frozen=True)
class Seen:
    """An agreement as somebody sees it."""

    put: Put
    text: Text
    state: str

    @property
    def term(self) -> Term:
        """When it runs."""
        signed = self.put.signed_at if self._is_signed else None
        return Term(
            AgreementState(self.state),
            self.text.starts_on or _china_day(signed),
            self.text.ends_on,
            _china_day(self.put.ended_at),
        )

    @property
    def year(self) -> int | None:
        """In which all had signed."""
        day = _china_day(self.put.signed_at) if self._is_signed else None
        return None if day is None else day.year

    @property
    def _is_signed(self) -> bool:
        return self.put.agreed and self.put.state not in ("DRAFT", "DECLINED")

    @property
    def cities(self) -> list[int]:
        """Of its parties."""
        return sorted({city for city, _ in self.text.parties})

    def progress(self, promise: Promise) -> Progress:
        """Of one commitment."""
        sums: dict[int, YearSum] = {}
        for item in self.put.delivered:
            if item.commitment == promise.key and item.state == "CONFIRMED":
                old = sums.get(item.on.year, YearSum(item.on.year, Decimal(0), 0, 0, 0))
                sums[item.on.year] = old._replace(done=old.done + Decimal(item.quantity or 0))
        return progress(promise.content, self.term, list(sums.values()), TODAY)


def _china_day(moment: datetime.datetime | None) -> datetime.date | None:
    return None if moment is None else moment.astimezone(CHINA).date()


def _seen(one: Put, whole: bool) -> Seen | None:
    """As who sees the copy whole sees it, or others; None where it is not counted."""
    if one.state == "DRAFT":
        return None
    state = "PROPOSED" if one.pending or not one.agreed else one.state
    if whole:
        return Seen(one, one.newest, state)
    if not one.agreed or one.state == "DECLINED":
        return None
    later = one.text.starts_on is not None and one.text.starts_on > TODAY
    return Seen(one, one.text, ("SIGNED" if later else "ACTIVE") if one.pending else state)


def _measured(found: Iterable[Seen], dimension: str | None = None) -> dict[str, Any]:
    """The measures of agreements, or of one of their dimensions."""
    found = list(found)
    promises = [
        (seen, promise)
        for seen in found
        for promise in seen.text.promises
        if dimension in (None, promise.dimension)
    ]
    targets = [seen.progress(promise) for seen, promise in promises if promise.quantity]
    keys = {(seen.put.name, promise.key) for seen, promise in promises}
    delivered = [
        item
        for seen in found
        for item in seen.put.delivered
        if dimension is None or (seen.put.name, item.commitment) in keys
    ]
    confirmed = [item for item in delivered if item.state == "CONFIRMED"]
    did = [item for seen in found for item in seen.put.did]
    fulfilled = [item for item in targets if item.status is ProgressStatus.FULFILLED]
    paid = [item.funds for item in confirmed] + [item.funds for item in did]
    funds = sum((Decimal(each or 0) for each in paid), Decimal(0))
    return {
        "agreements": len(found),
        "active": sum(seen.state == "ACTIVE" for seen in found),
        "completed": sum(seen.state == "COMPLETED" for seen in found),
        "crossCity": sum(len(seen.cities) > 1 for seen in found),
        "commitments": len(promises),
        "withTarget": len(targets),
        "fulfilled": len(fulfilled),
        "deliveredShare": len(fulfilled) / len(targets) if targets else None,
        "deliveries": len(delivered),
        "confirmed": len(confirmed),
        "funds": str(funds.quantize(Decimal("0.01"))),
        "activities": len(did),
        "meetings": sum(item.kind == "MEETING" for item in did),
        "solved": sum(item.solved or 0 for item in did),
    }


NOBODY = _measured([])
Place = tuple[Any, ...]


def _places(seen: Seen, by: Sequence[str], tenants: Sequence[int]) -> list[Place]:
    """The rows in which an agreement counts: a place in each dimension that is asked for."""
    pairs = list(combinations(seen.cities, 2)) or [(seen.cities[0], seen.cities[0])]
    values: dict[str, list[Any]] = {
        "CITY": [tenant for tenant in seen.put.tenants if tenant in tenants],
        "STATE": [seen.state],
        "DIMENSION": list(seen.text.dimensions),
        "CITY_PAIR": pairs,
        "ALLIANCE": [seen.text.alliance],
        "YEAR": [seen.year],
    }
    places: list[Place] = [()]
    for dimension in by:
        places = [(*place, value) for place in places for value in values[dimension]]
    return places


def _recount(
    found: Sequence[Seen], by: Sequence[str], tenants: Sequence[int]
) -> dict[Place, dict[str, Any]]:
    groups: dict[Place, list[Seen]] = defaultdict(list)
    for seen in found:
        for place in _places(seen, by, tenants):
            groups[place].append(seen)
    at = by.index("DIMENSION") if "DIMENSION" in by else None
    return {
        place: _measured(group, None if at is None else place[at])
        for place, group in groups.items()
    }


MEASURES = " ".join(NOBODY)
ASKED = f"""rows {{ city {{ code }} state dimension {{ key name }} alliance {{ key }} year
  cityPair {{ a {{ code }} b {{ code }} }} measures {{ {MEASURES} }} }}
  total {{ {MEASURES} }} crossCityShare asOf"""
STATISTICS = f"agreementStatistics(by: $by, where: $where) {{ {ASKED} }}"
GIVEN = "$by: [AgreementDimension!]!, $where: AgreementFilter"
OF_PROVINCE = f"query ({GIVEN}) {{ of: province(code: 990000) {{ {STATISTICS} }} }}"
OF_CITY = f"query ({GIVEN}) {{ of: city(code: 990100) {{ {STATISTICS} }} }}"
OF_SUBTREE = f"""query ({GIVEN}) {{ city(code: 990100) {{ of: organization(code: "S1") {{
  {STATISTICS} }} }} }}"""


def _place_of(row: dict[str, Any], by: Sequence[str]) -> Place:
    """What a row says of the dimensions that are asked for; of the others it says nothing."""
    pair = row["cityPair"]
    said = {
        "CITY": row["city"] and int(row["city"]["code"]),
        "STATE": row["state"],
        "DIMENSION": row["dimension"] and row["dimension"]["key"],
        "CITY_PAIR": pair and (int(pair["a"]["code"]), int(pair["b"]["code"])),
        "ALLIANCE": row["alliance"] and row["alliance"]["key"],
        "YEAR": row["year"],
    }
    assert {name for name, value in said.items() if value is not None} <= set(by)
    return tuple(said[name] for name in by)


BYS = [
    *([name] for name in ("CITY", "STATE", "DIMENSION", "CITY_PAIR", "ALLIANCE", "YEAR")),
    [],
    ["CITY", "DIMENSION"],
    ["DIMENSION", "CITY_PAIR", "YEAR"],
    ["CITY_PAIR", "CITY", "STATE"],
]


async def _compare(
    asking: Graph, query: str, found: Sequence[Seen], tenants: Sequence[int], **where: Any
) -> None:
    for by in BYS:
        data = await asking.data(query, by=by, where=where)
        answer = (data.get("of") or data["city"]["of"])["agreementStatistics"]
        rows = {_place_of(row, by): row["measures"] for row in answer["rows"]}
        assert len(rows) == len(answer["rows"])
        assert rows == (_recount(found, by, tenants) if by else {})
        total = _measured(found)
        assert answer["total"] == total
        share = total["crossCity"] / total["agreements"] if total["agreements"] else None
        assert answer["crossCityShare"] == share
        assert answer["asOf"] == "2026-03-15T12:00:00+08:00"


def _of_tenants(tenants: Sequence[int], whole: Any = lambda one: False) -> list[Seen]:
    """What somebody sees of the copies of some tenants, each agreement once."""
    found = (_seen(one, whole(one)) for one in STOCK if set(one.tenants) & set(tenants))
    return [seen for seen in found if seen is not None]


def _has(village: str) -> Any:
    """Whether a party of A stands below an organization."""

    def is_there(one: Put) -> bool:
        return any(city == A and code.startswith(village) for city, code in one.newest.parties)

    return is_there


async def test_of_a_province(graph: Graph) -> None:
    """Each agreement counts once, whichever cities have copies, and once in the row of each."""
    found = _of_tenants((A, B))
    assert len(found) > 30
    await _compare(graph, OF_PROVINCE, found, (A, B))
    await _compare(graph.as_("PROVINCE_ANALYST", "990000"), OF_PROVINCE, found, (A, B))


async def test_of_a_city(graph: Graph) -> None:
    """Everybody counts what is agreed; who sees copies whole counts them so, but never a draft."""
    await _compare(graph, OF_CITY, _of_tenants((A,)), (A,))
    whole = _of_tenants((A,), lambda one: True)
    await _compare(graph.as_("CITY_ADMIN", "990100"), OF_CITY, whole, (A,))
    some = _of_tenants((A,), _has("S1"))
    await _compare(graph.as_("SECRETARY", "990100", "S1"), OF_CITY, some, (A,))
    assert len(whole) > len(some) > len(_of_tenants((A,)))


async def test_of_a_subtree(graph: Graph) -> None:
    """An organization counts what it or one below it is a party to."""
    below = [seen for seen in _of_tenants((A,)) if _has("S1")(seen.put)]
    assert 0 < len(below) < len(_of_tenants((A,)))
    await _compare(graph, OF_SUBTREE, below, (A,))


@pytest.mark.parametrize(
    ("where", "holds"),
    [
        ({"crossCity": True}, lambda seen: len(seen.cities) > 1),
        ({"dimension": "welfare"}, lambda seen: "welfare" in seen.text.dimensions),
        ({"withCity": "cc"}, lambda seen: C in seen.cities),
        ({"kind": "ALLIANCE", "state": "ACTIVE"},
         lambda seen: seen.text.alliance is not None and seen.state == "ACTIVE"),
        ({"alliance": "committee"}, lambda seen: seen.text.alliance is not None),
        ({"text": "协议1"}, lambda seen: seen.text.title.startswith("协议1")),
        ({"endingBefore": "2020-01-01"}, lambda seen: False),
    ],
)  # fmt: skip
async def test_filters(graph: Graph, where: dict[str, Any], holds: Any) -> None:
    """Only agreements that the filter lets through count, with all of their commitments."""
    found = [seen for seen in _of_tenants((A, B)) if holds(seen)]
    await _compare(graph, OF_PROVINCE, found, (A, B), **where)


async def test_any_breakdown_is_one_statement(graph: Graph) -> None:
    """However it is broken down, a city, a subtree or a province; the organization is another."""
    for by in BYS:
        assert await graph.statements(OF_PROVINCE, by=by) == 1
        assert await graph.statements(OF_CITY, by=by, where={"organization": "S1"}) == 1
        assert await graph.statements(OF_SUBTREE, by=by) == 2


async def test_rows_are_in_order(graph: Graph) -> None:
    """By city, by state in the order of its life, by year; what is not known comes last."""
    by = ["STATE", "CITY", "YEAR"]
    asking = graph.as_("CITY_ADMIN", "990100")
    rows = (await asking.data(OF_CITY, by=by))["of"]["agreementStatistics"]["rows"]
    states = [state.value for state in AgreementState]
    order = [(states.index(row["state"]), row["year"] or 9999) for row in rows]
    assert order == sorted(order)
    assert rows[0]["state"] == "PROPOSED"
    assert None in [row["year"] for row in rows]


async def test_names_in_rows(graph: Graph) -> None:
    """Dimensions, kinds of alliances and cities are named; a foreign city by its name alone."""
    asking = graph.as_("CITY_ADMIN", "990100")
    query = """{ city(code: 990100) { agreementStatistics(by: [DIMENSION, ALLIANCE, CITY_PAIR]) {
      rows { dimension { key name } alliance { name } cityPair { a { name } b { name } } } } } }"""
    rows = (await asking.data(query))["city"]["agreementStatistics"]["rows"]
    names = {"party": "党建", "industry": "产业", "welfare": "民生"}
    assert {row["dimension"]["key"]: row["dimension"]["name"] for row in rows} == names
    assert {row["alliance"]["name"] for row in rows if row["alliance"]} == {"大工委"}
    cities = {REGISTRY.by_id[tenant_id].tenant.name for tenant_id in (A, B, C)}
    pairs = [row["cityPair"] for row in rows]
    assert {pair[side]["name"] for pair in pairs for side in ("a", "b")} == cities


@pytest.mark.parametrize(
    ("query", "by", "where", "facts"),
    [
        (OF_PROVINCE, ["CITY", "STATE", "YEAR", "ALLIANCE"], {},
         {"argument": "by", "given": 4, "limit": 3}),
        (OF_PROVINCE, [], {"organization": "S1"}, {"argument": "where.organization"}),
        (OF_PROVINCE, [], {"dimension": "x"}, {"argument": "where.dimension"}),
        (OF_CITY, [], {"organization": "NOWHERE"},
         {"code": "ORGANIZATION_UNKNOWN", "given": "NOWHERE"}),
    ],
)  # fmt: skip
async def test_what_makes_no_sense_is_refused(
    graph: Graph, query: str, by: list[str], where: dict[str, Any], facts: dict[str, Any]
) -> None:
    """Too many dimensions, and filters that name what there is not, with what there is."""
    answer = await graph(query, by=by, where=where)
    (error,) = answer["errors"]
    assert ({"code": "BAD_REQUEST"} | facts).items() <= error["extensions"].items()


async def test_a_dimension_named_twice_counts_once(graph: Graph) -> None:
    """`by: [CITY, CITY]` is `by: [CITY]`."""
    once, twice = [await graph.data(OF_PROVINCE, by=["CITY"] * n) for n in (1, 2)]
    assert once == twice


async def test_where_there_is_nothing(graph: Graph) -> None:
    """An empty total has zeros, and shares that are null."""
    query = OF_CITY.replace("990100", "990200")
    found = await graph.data(query, by=["STATE"], where={"endingBefore": "2020-01-01"})
    assert found["of"]["agreementStatistics"] == {
        "rows": [],
        "total": NOBODY,
        "crossCityShare": None,
        "asOf": "2026-03-15T12:00:00+08:00",
    }
