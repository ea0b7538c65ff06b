"""Statistics of cooperatives against a recount by hand, and what they cost."""

import asyncio
import random
import uuid
from collections.abc import AsyncIterator, Iterator
from itertools import combinations
from typing import Any

import pytest

from tests.conftest import TODAY, Graph, Templates, copied_database, opened
from tests.schema.cooperatives.books import (
    CITY_IDS,
    INDUSTRIES,
    NOW,
    PLACES,
    RECORDS,
    TENANTS,
    Asked,
    Books,
    M,
    Recount,
    by_chance,
    code,
    store,
)

DIMENSIONS = ("CITY", "KIND", "INDUSTRY")
BREAKDOWNS = [by for number in range(4) for by in combinations(DIMENSIONS, number)]
MEASURES = """
    cooperatives households people revenue collectiveIncome onlineSales jobs householdsReached
    peopleReached meanHouseholdGain resultHouseholds deals intendedDeals settledDeals dealAmount
    dealCollectiveIncome dealHouseholdIncome assetTrades assetAmount assetPremium enterprises
    weakVillages weakVillagesCleared supportFunds
"""
EVERYTHING = f"""
    rows {{
        city {{ code }} kind industry {{ key name }} notRecorded measures {{ {MEASURES} }}
    }}
    total {{ {MEASURES} }}
    year notRecorded {{ city {{ code }} measures }} dataKinds generated
"""
HEAD = "query ($by: [CooperativeDimension!]!, $where: CooperativeFilter, $year: Int) "
FIELD = f"cooperativeStatistics(by: $by, where: $where, year: $year) {{ {EVERYTHING} }}"


@pytest.fixture(scope="module")
def books_url(server_url: str, templates: Templates) -> Iterator[str]:
    """A database with the seven cities that all tests of the module share."""
    with copied_database(server_url, asyncio.run(templates.with_(TENANTS))) as url:
        yield url


@pytest.fixture
async def site(books_url: str) -> AsyncIterator[Graph]:
    """The application over it on 2026-03-15; nobody is signed in."""
    async with opened(books_url) as ready:
        yield ready


def where(asked: Asked) -> dict[str, Any]:
    """The filter of a question; cities' places have codes that begin alike in each."""
    (tenant, *_) = asked.tenants
    given = {
        "kind": asked.kind,
        "industry": asked.industry,
        "leader": asked.leader and code(tenant, asked.leader),
        "village": asked.village and code(tenant, asked.village),
        "memberOf": "C0" if asked.union else None,
        "includeDissolved": asked.dissolved,
    }
    return {name: value for name, value in given.items() if value is not None}


async def answered(site: Graph, asked: Asked) -> Any:
    """The answer to a question: of the province, of a city, or of a place of it."""
    variables = {"by": list(asked.by), "where": where(asked), "year": asked.year}
    (tenant, *others) = asked.tenants
    if others:
        found = await site.data(
            f'{HEAD} {{ at: province(code: "nowhere") {{ {FIELD} }} }}', **variables
        )
    elif asked.under:
        at = f'organization(code: "{code(tenant, asked.under)}") {{ {FIELD} }}'
        found = await site.data(f'{HEAD} {{ city(code: "{tenant}") {{ {at} }} }}', **variables)
        found = {"at": found["city"]["organization"]}
    else:
        found = await site.data(
            f'{HEAD} {{ at: city(code: "{tenant}") {{ {FIELD} }} }}', **variables
        )
    return found["at"]["cooperativeStatistics"]


def question(chances: random.Random, by: tuple[str, ...]) -> Asked:
    """A question by chance; half of them filter nothing."""
    is_province = chances.random() < 0.5
    filtered = chances.random() < 0.5
    place = chances.choice([*PLACES]) if filtered and not is_province else None
    return Asked(
        tenants=CITY_IDS if is_province else (chances.choice(CITY_IDS),),
        under="" if is_province else chances.choice(["", "T1", "T1-V1"]),
        by=by,
        year=chances.choice([None, None, 2023, 1999]),
        kind=chances.choice([None, "COOPERATIVE"]) if filtered else None,
        industry=chances.choice([None, *INDUSTRIES]) if filtered else None,
        leader=chances.choice([None, place]),
        village=chances.choice([None, None, place]),
        union=False,
        dissolved=chances.random() < 0.3,
    )


@pytest.mark.parametrize("seed", range(4))
async def test_statistics_are_a_recount(books_url: str, site: Graph, seed: int) -> None:
    """Whatever is asked of whatever books, every number is what counting by hand comes to."""
    chances = random.Random(seed)
    books = by_chance(chances)
    await store(books_url, books)
    for by in BREAKDOWNS:
        asked = question(chances, by)
        assert await answered(site, asked) == Recount(books, asked).answer(), asked


async def test_members_of_a_union_are_a_recount(books_url: str, site: Graph) -> None:
    """Statistics of a union's members are of those that belong to it today, in whatever group."""
    books = by_chance(random.Random(5))
    await store(books_url, books)
    united = {row["tenant_id"] for row in books.rows["union_member"]}
    assert united
    for tenant in sorted(united):
        asked = Asked(tenants=(tenant,), by=("KIND",), union=True)
        assert await answered(site, asked) == Recount(books, asked).answer()


@pytest.mark.parametrize("by", [(), ("CITY",), ("CITY", "KIND")])
async def test_parts_of_an_answer_are_those_of_the_whole(
    books_url: str, site: Graph, by: tuple[str, ...]
) -> None:
    """Who asks for less is told the same: rows alone, the total alone, one measure, the year."""
    await store(books_url, by_chance(random.Random(6)))
    whole = await answered(site, Asked(by=by))
    one = "measures { households meanHouseholdGain weakVillages }"
    for part in (f"rows {{ {one} }}", "total { people deals supportFunds }", "year"):
        asked = f"cooperativeStatistics(by: [{', '.join(by)}]) {{ {part} }}"
        data = await site.data(f'{{ province(code: "nowhere") {{ {asked} }} }}')
        found = data["province"]["cooperativeStatistics"]
        assert found == _part(whole, found)


def _part(whole: Any, like: Any) -> Any:
    """As much of an answer as another one has."""
    if isinstance(like, dict):
        return {name: _part(whole[name], like[name]) for name in like}
    if isinstance(like, list):
        return [_part(one, other) for one, other in zip(whole, like, strict=True)]
    return whole


def _books(*, tenant: int = 990100, **values: Any) -> Books:
    """One cooperative of a city, that its first village leads."""
    books = Books()
    books.add(
        "cooperative",
        **{
            "tenant_id": tenant, "id": uuid.UUID(int=1), "code": "C0", "name": "药材社",
            "kind": "COOPERATIVE", "industry": "herbs", "products": [],
            "leader_id": books.place(tenant, "T1-V1"), "revision": 1, "data_kind": "REPORTED",
            "assumed": False, **values,
        },
    )  # fmt: skip
    return books


async def test_what_is_not_recorded_is_named(books_url: str, site: Graph) -> None:
    """A city that counts people has no number of households, not 0, and the total says so."""
    books = _books()
    books.rows["cooperative"].append(
        books.rows["cooperative"][0]
        | {"tenant_id": 990300, "leader_id": books.place(990300, "T1-V1")}
    )
    await store(books_url, books)
    found = await site.data(
        """{ province(code: "nowhere") { cooperativeStatistics(by: [CITY]) {
          rows { city { code } measures { cooperatives households people meanHouseholdGain } }
          total { cooperatives households people }
          notRecorded { city { code } measures } dataKinds generated year asOf } } }"""
    )
    statistics = found["province"]["cooperativeStatistics"]
    assert [(row["city"]["code"], *row["measures"].values()) for row in statistics["rows"]] == [
        ("990100", 1, 0, None, None),
        ("990200", 0, 0, None, None),
        ("990300", 1, None, None, None),
        ("990400", 0, 0, None, None),
        ("990500", 0, None, None, None),
        ("990600", 0, 0, None, None),
        ("990700", 0, 0, None, None),
    ]
    assert statistics["total"] == {"cooperatives": 2, "households": 0, "people": None}
    assert statistics["notRecorded"] == [
        {"city": {"code": str(tenant)}, "measures": [m.value for m in M if m not in recorded]}
        for tenant, recorded in RECORDS.items()
        if len(recorded) < len(M)
    ]
    assert (statistics["dataKinds"], statistics["generated"]) == (["REPORTED"], False)
    assert (statistics["year"], statistics["asOf"]) == (None, "2026-03-15T12:00:00+08:00")


async def test_a_household_in_two_cooperatives_is_one(books_url: str, site: Graph) -> None:
    """It is in each of two kinds, and once in the whole."""
    books = _books()
    other = _books(id=uuid.UUID(int=2), code="C1", kind="VILLAGE_ENTERPRISE")
    books.rows["cooperative"] += other.rows["cooperative"]
    at = {"organization_id": books.place(990100, "T1-V1"), "people": 4}
    books.add(
        "household", tenant_id=990100, id=uuid.UUID(int=3), head_id=uuid.UUID(int=4), **at,
        created_at=NOW, data_kind="REAL",
    )  # fmt: skip
    for number in (1, 2):
        books.add(
            "membership", tenant_id=990100, id=uuid.UUID(int=number), data_kind="REAL",
            cooperative_id=uuid.UUID(int=number), household_id=uuid.UUID(int=3), since=TODAY,
        )  # fmt: skip
    await store(books_url, books)
    found = await site.data(
        """{ city(code: "990100") { cooperativeStatistics(by: [KIND]) {
          rows { kind measures { households people } } total { households people } } } }"""
    )
    assert found["city"]["cooperativeStatistics"] == {
        "rows": [
            {"kind": "COOPERATIVE", "measures": {"households": 1, "people": 4}},
            {"kind": "VILLAGE_ENTERPRISE", "measures": {"households": 1, "people": 4}},
        ],
        "total": {"households": 1, "people": 4},
    }


async def test_a_leader_in_one_city_counts_there_alone(books_url: str, site: Graph) -> None:
    """A province may be asked for what an organization of one of its cities leads, by code."""
    await store(books_url, _books())
    found = await site.data(
        """{ province(code: "nowhere") {
          cooperativeStatistics(by: [INDUSTRY], where: { leader: "990100-T1" }) {
            rows { industry { key name } measures { cooperatives } } total { enterprises } } } }"""
    )
    assert found["province"]["cooperativeStatistics"] == {
        "rows": [{"industry": {"key": "herbs", "name": "中药材"}, "measures": {"cooperatives": 1}}],
        "total": {"enterprises": None},
    }


@pytest.mark.parametrize(
    ("given", "code", "facts"),
    [
        ('where: { leader: "990100-T9" }', "ORGANIZATION_UNKNOWN", {"given": "990100-T9"}),
        ('where: { village: "990100-T9" }', "ORGANIZATION_UNKNOWN", {"given": "990100-T9"}),
        (
            'where: { memberOf: "C7" }',
            "BAD_REQUEST",
            {"argument": "where.memberOf", "given": "C7"},
        ),
        (
            'where: { industry: "gold" }',
            "BAD_REQUEST",
            {"argument": "where.industry", "given": "gold", "available": [*INDUSTRIES]},
        ),
        ("year: 1", "BAD_REQUEST", {"argument": "year", "given": 1}),
    ],
)
@pytest.mark.parametrize("at", ['province(code: "nowhere")', 'city(code: "990100")'])
async def test_what_there_is_not(
    books_url: str, site: Graph, at: str, given: str, code: str, facts: dict[str, Any]
) -> None:
    """What no city has is refused with a code, never answered with nothing."""
    asked = f"cooperativeStatistics(by: [KIND], {given}) {{ total {{ cooperatives }} }}"
    answer = await site(f"{{ {at} {{ {asked} }} }}")
    assert [error["extensions"] for error in answer["errors"]] == [{"code": code, **facts}]


async def test_where_nothing_is_found_it_is_no_error(books_url: str, site: Graph) -> None:
    """An organization that leads none, and a union without members, have statistics of nothing."""
    await store(books_url, _books(kind="UNION"))
    for given in ('leader: "990100-T2"', 'village: "990100-T1"', 'memberOf: "C0"'):
        asked = f"cooperativeStatistics(by: [KIND], where: {{ {given} }})"
        field = f"{asked} {{ rows {{ kind }} total {{ cooperatives }} }}"
        found = await site.data(f'{{ city(code: "990100") {{ {field} }} }}')
        assert found["city"]["cooperativeStatistics"] == {"rows": [], "total": {"cooperatives": 0}}


# who asks, and what it costs


async def test_statistics_are_for_everybody(books_url: str, site: Graph) -> None:
    """Every role is told the same of its city, an analyst of all; nobody of a foreign city."""
    await store(books_url, by_chance(random.Random(7)))
    asked = Asked(tenants=(990100,), by=("KIND",))
    expected = await answered(site, asked)
    for role in ("RESIDENT", "MEMBER", "SECRETARY", "CITY_ADMIN"):
        bearer = site.as_(role, "990100", "990100-T2" if role == "SECRETARY" else None)
        assert await answered(bearer, asked) == expected
    analyst = site.as_("PROVINCE_ANALYST", "990000")
    assert await answered(analyst, asked) == expected
    everywhere = Asked(by=("CITY", "KIND"))
    assert await answered(analyst, everywhere) == await answered(site, everywhere)
    foreign = site.as_("CITY_ADMIN", "990200")
    answer = await foreign(
        '{ city(code: "990100") { cooperativeStatistics(by: []) { total { cooperatives } } } }'
    )
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["FORBIDDEN"]


ALL = f"rows {{ measures {{ {MEASURES} }} }} total {{ {MEASURES} }} year dataKinds"


@pytest.mark.parametrize(
    ("query", "statements"),
    [
        ('province(code: "nowhere") { %s }', 1),
        ('province(code: "nowhere") { cities { %s } }', 1),
        ('city(code: "990100") { organization(code: "990100-T1") { %s } }', 2),
        ('city(code: "990100") { organizations(first: 9) { nodes { %s } } }', 2),
    ],
)
async def test_seven_cities_cost_one_statement(
    books_url: str, site: Graph, query: str, statements: int
) -> None:
    """However many cities or subtrees, and whatever is asked of them, it is one statement."""
    await store(books_url, by_chance(random.Random(8)))
    field = f"cooperativeStatistics(by: [CITY, KIND]) {{ {ALL} }}"
    assert await site.statements(f"{{ {query % field} }}") == statements


async def test_subtrees_side_by_side(books_url: str, site: Graph) -> None:
    """In one batch each organization has its own sums, and its own newest year."""
    books = by_chance(random.Random(9))
    await store(books_url, books)
    query = f"""query ($by: [CooperativeDimension!]!, $where: CooperativeFilter, $year: Int) {{
      city(code: "990100") {{ organizations(first: 9) {{ nodes {{ code {FIELD} }} }} }} }}"""
    found = await site.data(query, by=["INDUSTRY"])
    for node in found["city"]["organizations"]["nodes"]:
        place = node["code"].removeprefix("990100").removeprefix("-")
        asked = Asked(tenants=(990100,), under=place, by=("INDUSTRY",))
        assert node["cooperativeStatistics"] == Recount(books, asked).answer(), place
