"""Lists of cooperatives: filters, pages, the ways to them, and how few statements they take."""

import asyncio
import datetime
import itertools
import random
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from schema.loaders.cooperative_filter import CooperativeFilters
from schema.loaders.cooperative_page import (
    CooperativeListing,
    CooperativesOfOrganization,
    CooperativesOfTenant,
)
from schema.loaders.organization import OrganizationRef
from schema.loaders.pages import Counted, Total
from schema.paging import Slice, Window
from schema.scope import Login, Scope
from schema.tables.cooperative import CooperativeKind
from tests.conftest import NOW, TODAY, Graph
from tests.schema.cooperatives.village import (
    ID,
    Given,
    cooperative_uuid,
    owner_of,
    put,
    unite,
)
from tests.schema.organizations.town import town_at

LEADERS = ("AA", "AA3", "AA3-V1", "AA3-V2", "BB", "BB3", "BB3-V1")
PATHS = {
    code: f"/{'/'.join(['990100', *above, code])}/"
    for code, above in {
        "AA": [], "AA3": ["AA"], "AA3-V1": ["AA", "AA3"], "AA3-V2": ["AA", "AA3"],
        "BB": [], "BB3": ["BB"], "BB3-V1": ["BB", "BB3"],
    }.items()
}  # fmt: skip
SCOPE = Scope(frozenset({ID}), Login.PROVINCE)
LIST = """query (
  $where: CooperativeFilter, $first: Int, $after: String, $last: Int, $before: String
) {
  city(code: 990100) {
    cooperatives(where: $where, first: $first, after: $after, last: $last, before: $before) {
      totalCount nodes { code } pageInfo { hasNextPage hasPreviousPage endCursor startCursor }
    }
  }
}"""


def _drawn() -> list[Given]:
    """Sixty cooperatives at all places, by chance but always the same ones."""
    chance = random.Random(5)
    made = []
    for n in range(60):
        kind = chance.choice(["COOPERATIVE", "COOPERATIVE", "VILLAGE_ENTERPRISE", "UNION"])
        made.append(
            Given(
                f"{chance.choice('ABC')}-{n:02}",
                leader=chance.choice(LEADERS),
                kind=kind,
                name=chance.choice(["桃花", "梨花", "杏花"]) + f"第{n}社",
                industry=chance.choice(["mushroom", "fruit", "lost"]),
                village=chance.choice([None, None, *LEADERS]),
                dissolved_on=chance.choice([None, None, TODAY, datetime.date(2027, 1, 1)]),
            )
        )
    return made


ALL = _drawn()
UNION = next(one.code for one in ALL if one.kind == "UNION" and one.dissolved_on is None)
MEMBERS = [one.code for one in ALL if one.code != UNION][::4]
FORMER = [one.code for one in ALL if one.code != UNION][1::7]


@pytest.fixture(scope="module")
def listed_url(shared_url: str) -> str:
    """The database with them, a union of some, and results of each."""

    asyncio.run(_fill(shared_url))
    return shared_url


async def _fill(url: str) -> None:
    await put(url, *ALL)
    await unite(url, UNION, *MEMBERS)
    until = datetime.date(2026, 1, 1)
    await unite(url, UNION, *FORMER, since=datetime.date(2020, 1, 1), until=until)
    columns = "(tenant_id, id, cooperative_id, year, revision, jobs, sales, approximate,"
    sql = (
        f"INSERT INTO annual_result {columns} recorded_at, superseded_at, correction, data_kind)"
        f" VALUES ({ID}, $1, $2, $3, $4, 1, '[]', false, $5, $6, $7, 'GENERATED')"
    )
    rows = [
        (uuid.uuid4(), cooperative_uuid(one.code), year, revision, NOW,
         NOW if revision == 1 else None, "更正" if revision == 2 else None)
        for one, year, revision in itertools.product(ALL, (2023, 2024), (1, 2))
    ]  # fmt: skip
    async with owner_of(url) as connection:
        await connection.executemany(sql, rows)


@pytest.fixture
def listing(listed_url: str, site: Graph) -> Graph:
    """The application over them; nobody is signed in."""
    return site


def _is_below(place: str | None, path: str) -> bool:
    return place is not None and PATHS[place].startswith(path)


def chosen(path: str | None = None, **where: Any) -> list[str]:
    """The codes that a list has to have, by going through all of them."""
    found = []
    for one in ALL:
        leader, village = where.get("leader"), where.get("village")
        wanted = (
            where.get("includeDissolved") or one.dissolved_on is None or one.dissolved_on > TODAY,
            where.get("kind") in (None, one.kind),
            where.get("industry") in (None, one.industry),
            leader is None or _is_below(one.leader, PATHS[leader]),
            village is None or _is_below(one.village, PATHS[village]),
            (where.get("search") or "") in one.name or one.code.startswith(where["search"]),
            where.get("memberOf") is None or one.code in MEMBERS,
            path is None or _is_below(one.leader, path) or _is_below(one.village, path),
        )
        if all(wanted):
            found.append(one.code)
    return sorted(found)


WHERE: list[dict[str, Any]] = [
    {},
    {"includeDissolved": True},
    {"kind": "UNION"},
    {"industry": "fruit"},
    {"leader": "AA"},
    {"leader": "AA3-V1"},
    {"village": "AA3"},
    {"leader": "AA", "village": "BB"},
    {"search": "桃花"},
    {"search": " B-1 "},
    {"search": "%"},
    {"search": ""},
    {"memberOf": UNION},
    {"memberOf": UNION, "leader": "AA", "kind": "COOPERATIVE", "includeDissolved": True},
    {"memberOf": MEMBERS[0]},
    {"leader": "BB", "industry": "fruit", "search": "第", "kind": "COOPERATIVE"},
]


@pytest.mark.parametrize("where", WHERE, ids=str)
async def test_a_filter_gives_what_satisfies_all_of_it(
    listing: Graph, where: dict[str, Any]
) -> None:
    """In order of code, with the number of all."""
    found = (await listing.data(LIST, where=where, first=100))["city"]["cooperatives"]
    plain = {**where, "search": (where.get("search") or "").strip() or None}
    expected = [] if where.get("memberOf") == MEMBERS[0] else chosen(**plain)
    assert [node["code"] for node in found["nodes"]] == expected
    assert found["totalCount"] == len(expected)
    assert expected or where.get("search") == "%" or where.get("memberOf") == MEMBERS[0]


@pytest.mark.parametrize("where", [{}, {"leader": "AA"}, {"memberOf": UNION}], ids=str)
async def test_pages_forth_and_back_have_each_once(listing: Graph, where: dict[str, Any]) -> None:
    """Whichever way, and with the same total on each page."""
    forth: list[str] = []
    back: list[str] = []
    cursor = {"first": 4}
    while cursor:
        page = (await listing.data(LIST, where=where, **cursor))["city"]["cooperatives"]
        forth += [node["code"] for node in page["nodes"]]
        info = page["pageInfo"]
        cursor = {"first": 4, "after": info["endCursor"]} if info["hasNextPage"] else {}
        assert page["totalCount"] == len(chosen(**where))
    cursor = {"last": 3}
    while cursor:
        page = (await listing.data(LIST, where=where, **cursor))["city"]["cooperatives"]
        back = [node["code"] for node in page["nodes"]] + back
        info = page["pageInfo"]
        cursor = {"last": 3, "before": info["startCursor"]} if info["hasPreviousPage"] else {}
    assert forth == back == chosen(**where)


OF_ORGANIZATION = """query ($code: ID!, $where: CooperativeFilter) { city(code: 990100) {
  organization(code: $code) { cooperatives(where: $where, first: 100) {
    totalCount nodes { code }
  } }
} }"""


@pytest.mark.parametrize("where", [{}, {"kind": "UNION"}, {"leader": "AA3"}, {"memberOf": UNION}])
@pytest.mark.parametrize("code", ["AA", "AA3", "AA3-V1", "BB"])
async def test_an_organization_has_those_that_it_or_one_below_leads_or_is_the_place_of(
    listing: Graph, code: str, where: dict[str, Any]
) -> None:
    """Each once, however it belongs there."""
    data = await listing.data(OF_ORGANIZATION, code=code, where=where)
    found = data["city"]["organization"]["cooperatives"]
    expected = chosen(PATHS[code], **where)
    assert [node["code"] for node in found["nodes"]] == expected
    assert found["totalCount"] == len(expected)


WAYS: list[tuple[Any, tuple[Any, ...], CooperativeFilters]] = [
    (CooperativesOfTenant, (ID,), CooperativeFilters(TODAY, leader=OrganizationRef("AA"))),
    (CooperativesOfTenant, (ID,), CooperativeFilters(TODAY, village=OrganizationRef("AA3"))),
    (CooperativesOfOrganization, (ID, PATHS["AA"]), CooperativeFilters(TODAY)),
    (
        CooperativesOfOrganization,
        (ID, PATHS["AA3"]),
        CooperativeFilters(
            TODAY, kind=CooperativeKind.COOPERATIVE, leader=OrganizationRef("AA"), search="第"
        ),
    ),
]


@pytest.mark.parametrize(("loader", "key", "filters"), WAYS)
@pytest.mark.parametrize("window", [Window(100), Window(3, ("B-20",)), Window(4, ("C-40",), True)])
async def test_every_way_gives_the_same(
    listed_url: str,
    tmp_path: Path,
    loader: Any,
    key: tuple[Any, ...],
    filters: CooperativeFilters,
    window: Window,
) -> None:
    """Going through few organizations, or along the list of all."""
    few = CooperativeListing(window, filters)
    found: list[Slice] = []
    async with (
        town_at(listed_url, tmp_path / "keys.json", size=1) as town,
        town.database.snapshot(SCOPE) as snapshot,
    ):
        for listing in (few, replace(few, few=0)):
            found += await loader.batch(snapshot, SCOPE, [key], listing, ("code",))
        counted = Counted(loader, few)
        (total,) = await Total.batch(snapshot, SCOPE, [key], counted, ())
    one, other = ([row["code"] for row in slice_.rows] for slice_ in found)
    assert one == other
    assert found[0].has_next == found[1].has_next
    if window == Window(100):
        assert 0 < total == len(one)


UNKNOWN: list[tuple[dict[str, Any], str, dict[str, Any]]] = [
    ({"leader": "NOWHERE"}, "ORGANIZATION_UNKNOWN", {"given": "NOWHERE"}),
    ({"village": "NOWHERE"}, "ORGANIZATION_UNKNOWN", {"given": "NOWHERE"}),
    ({"leader": "junk"}, "ID_MALFORMED", {"given": "junk"}),
    (
        {"industry": "mining"},
        "BAD_REQUEST",
        {
            "argument": "where.industry",
            "given": "mining",
            "available": ["mushroom", "fruit", "tourism"],
        },
    ),
    ({"memberOf": "NOTHING"}, "BAD_REQUEST", {"argument": "where.memberOf", "given": "NOTHING"}),
    ({"memberOf": "junk"}, "BAD_REQUEST", {"argument": "where.memberOf", "given": "junk"}),
    ({"search": "社" * 101}, "BAD_REQUEST", {"argument": "where.search", "limit": 100}),
    ({"search": "a\0b"}, "BAD_REQUEST", {"argument": "where.search", "limit": 100}),
]


@pytest.mark.parametrize(("where", "code", "facts"), UNKNOWN, ids=lambda value: str(value)[:30])
async def test_what_a_filter_names_has_to_be_there(
    listing: Graph, where: dict[str, Any], code: str, facts: dict[str, Any]
) -> None:
    """A typing mistake is told, and never an empty list."""
    answer = await listing(LIST, where=where)
    (error,) = answer["errors"]
    assert error["extensions"] == {"code": code, **facts}


async def test_a_cursor_of_another_list_is_refused(listing: Graph) -> None:
    """Cursors are those of this list."""
    answer = await listing(LIST, after="WyJhIiwiYiJd")
    assert [one["extensions"]["code"] for one in answer["errors"]] == ["CURSOR_MALFORMED"]


PAGE = """query ($first: Int!) { city(code: 990100) { cooperatives(first: $first) { nodes {
  code name kind industry products leader { code name } village { code }
  members { code } unions { code }
  results { year revenue corrections { revision correction } }
} } } }"""


@pytest.mark.parametrize("first", [1, 20, 40])
async def test_a_page_takes_seven_statements(listing: Graph, first: int) -> None:
    """The list, leaders, villages, members, unions, results, corrections: however many rows."""
    assert await listing.statements(PAGE, first=first) == 7


async def test_each_of_a_page_has_its_own(listing: Graph) -> None:
    """Members, unions, results and corrections are those of the row."""
    data = await listing.data(PAGE, first=40)
    nodes = data["city"]["cooperatives"]["nodes"]
    results = [
        {"year": year, "revenue": None, "corrections": [{"revision": 1, "correction": "更正"}]}
        for year in (2024, 2023)
    ]
    for node in nodes:
        own = sorted(MEMBERS) if node["code"] == UNION else []
        assert [member["code"] for member in node["members"]] == own
        unions = [UNION] if node["code"] in MEMBERS else []
        assert [union["code"] for union in node["unions"]] == unions
        assert node["results"] == results
