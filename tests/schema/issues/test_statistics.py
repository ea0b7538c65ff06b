"""Statistics of issues: whole answers compared with issues counted one by one."""

import asyncio
import itertools
import random
from collections.abc import AsyncIterator, Iterator
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import Graph, Templates, copied_database, opened, services_of
from tests.rollups import recounted
from tests.schema.issues.ledger import (
    ANSWER,
    EMPTY,
    MEASURES,
    OTHER,
    SERVICES,
    TENANTS,
    Ledger,
    Place,
    drawn,
)
from tests.schema.organizations.town import ID, PROVINCE_ID

DIMENSIONS = (
    "CITY",
    "ORGANIZATION",
    "RUNG",
    "DOMAIN",
    "SERVICE",
    "PHASE",
    "SEVERITY",
    "CHANNEL",
    "MONTH",
)
WINDOW = {"reportedFrom": "2025-12-01T00:00:00+08:00", "reportedTo": "2026-03-01T00:00:00+08:00"}
ASK = "issueStatistics(by: $by, where: $where) { " + ANSWER + " }"
FILTERS = "$by: [IssueDimension!]!, $where: IssueFilter"
OF_CITY = f"query ($city: ID!, {FILTERS}) {{ city(code: $city) {{ {ASK} }} }}"
OF_ORGANIZATION = (
    f"query ($city: ID!, $code: ID!, {FILTERS}) {{ city(code: $city) {{"
    f" organization(code: $code) {{ {ASK} }} }} }}"
)
OF_PROVINCE = f"query ($code: ID!, {FILTERS}) {{ province(code: $code) {{ {ASK} }} }}"
PROVINCE, CITIES = f"{PROVINCE_ID}", (ID, OTHER, EMPTY)


async def _fill(url: str) -> Ledger:
    connection: Any = await asyncpg.connect(url)
    try:
        found = await connection.fetch(
            "SELECT tenant_id, id, code, path, rung FROM organization ORDER BY path"
        )
        by_tenant = {
            tenant: [(row["id"], row["code"]) for row in found if row["tenant_id"] == tenant]
            for tenant in (ID, OTHER)
        }
        issues = drawn(random.Random(6), 700, by_tenant)
        names = list(issues[0])
        marks = ", ".join(f"${at}" for at in range(1, len(names) + 1))
        statement = f"INSERT INTO issue ({', '.join(names)}) VALUES ({marks})"
        await connection.executemany(statement, [tuple(item.values()) for item in issues])
    finally:
        await connection.close()
    await recounted(url)
    places = {row["id"]: Place(row["code"], row["path"], row["rung"]) for row in found}
    return Ledger(issues, places)


@pytest.fixture(scope="module")
def filled(server_url: str, templates: Templates) -> Iterator[tuple[str, Ledger]]:
    """The address of a database with drawn issues of two cities, and all of them."""
    template = asyncio.run(templates.with_(TENANTS))
    with copied_database(server_url, template) as url:
        yield url, asyncio.run(_fill(url))


@pytest.fixture
def ledger(filled: tuple[str, Ledger]) -> Ledger:
    """All issues and organizations."""
    return filled[1]


@pytest.fixture
async def site(filled: tuple[str, Ledger]) -> AsyncIterator[Graph]:
    """The application over them."""
    async with opened(filled[0]) as ready:
        yield ready


async def asked(graph: Graph, query: str, **given: Any) -> Any:
    """What a query answers, without the type that it begins at."""
    found = await graph.data(query, **given)
    while "rows" not in found:
        (found,) = found.values()
    return found


def admin(graph: Graph) -> Graph:
    """Who may read all issues of the first city."""
    return graph.as_("CITY_ADMIN", f"{ID}")


@pytest.mark.parametrize("by", [[], *([item] for item in DIMENSIONS)])
async def test_every_dimension_of_a_city(site: Graph, ledger: Ledger, by: list[str]) -> None:
    """Rows, total and rates are those of its issues, counted one by one."""
    where = WINDOW if "MONTH" in by else {}
    found = await asked(admin(site), OF_CITY, city=f"{ID}", by=by, where=where)
    assert found == ledger.answer([ID], None, by, where)


@pytest.mark.parametrize("by", [*itertools.combinations(("CITY", "RUNG", "DOMAIN", "PHASE"), 2)])
async def test_a_province_compares_its_cities(
    site: Graph, ledger: Ledger, by: tuple[str, str]
) -> None:
    """By city, rung, domain and phase; what has no rung or domain is named, nothing is lost."""
    analyst = site.as_("PROVINCE_ANALYST", PROVINCE)
    found = await asked(analyst, OF_PROVINCE, code=PROVINCE, by=list(by))
    assert found == ledger.answer(CITIES, None, by, {}, few=5)


async def test_cities_without_issues_have_rows(site: Graph, ledger: Ledger) -> None:
    """By city alone every city has a row: nothing reported is shown, and rates are null."""
    analyst = site.as_("PROVINCE_ANALYST", PROVINCE)
    found = await asked(analyst, OF_PROVINCE, code=PROVINCE, by=["CITY"])
    assert found == ledger.answer(CITIES, None, ["CITY"], {}, few=5)
    last = found["rows"][-1]
    assert (last["city"]["code"], last["measures"]["reported"]) == (f"{EMPTY}", 0)
    assert last["measures"]["closureRate"] is None


def _where(draw: Any, *, of_city: bool) -> dict[str, Any]:
    """Filters that cells know."""
    choices: dict[str, Any] = {
        "phase": st.sampled_from(["REPORTED", "CLOSED", "REJECTED"]),
        "severity": st.sampled_from(["ORDINARY", "MAJOR"]),
        "channel": st.sampled_from(["APP", "PHONE"]),
        "domain": st.sampled_from(["roads", "order", "water"]),
    }
    if of_city:
        choices["service"] = st.sampled_from([code for code, _ in SERVICES[ID]])
        choices["organization"] = st.sampled_from(["AA", "AA1", "AA1-1-G1", "BB"])
    names = draw(st.sets(st.sampled_from(sorted(choices)), max_size=2))
    return {name: draw(choices[name]) for name in sorted(names)}


@st.composite
def questions(draw: Any) -> tuple[str, dict[str, Any], tuple[int, ...], str | None]:
    """A query with its variables, and the tenants and the path that it is about."""
    kind = draw(st.sampled_from(["city", "organization", "province"]))
    dimensions = [item for item in DIMENSIONS if kind != "province" or item != "ORGANIZATION"]
    by = draw(st.lists(st.sampled_from(dimensions), max_size=3, unique=True))
    where = _where(draw, of_city=kind != "province")
    if "MONTH" in by or draw(st.booleans()):
        where |= WINDOW
    if kind == "province":
        return OF_PROVINCE, {"code": PROVINCE, "by": by, "where": where}, CITIES, None
    variables = {"city": f"{ID}", "by": by, "where": where}
    if kind == "city":
        return OF_CITY, variables, (ID,), None
    code = draw(st.sampled_from(["AA", "AA1-1", "BB2-1-G2", f"{ID}"]))
    path = "".join(f"/{part}" for part in _above(code)) + "/"
    return OF_ORGANIZATION, {**variables, "code": code}, (ID,), path


def _above(code: str) -> list[str]:
    """The codes from the top down to an organization of the invented city."""
    if code == f"{ID}":
        return [code]
    parts = {2: 1, 3: 2, 5: 3, 8: 4}
    lengths = [length for length in parts if length <= len(code)]
    return [f"{ID}", *(code[:length] for length in lengths)]


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(question=questions(), viewer=st.sampled_from(["CITY_ADMIN", "RESIDENT", "ANALYST", ""]))
async def test_whatever_is_asked(
    site: Graph,
    ledger: Ledger,
    question: tuple[str, dict[str, Any], tuple[int, ...], str | None],
    viewer: str,
) -> None:
    """Any dimensions, filters and places, for any viewer, give what one by one comes out."""
    query, variables, tenants, path = question
    of_city = len(tenants) == 1
    who = site
    if viewer in ("CITY_ADMIN", "RESIDENT") and of_city:
        who = site.as_(viewer, f"{ID}")
    elif viewer == "ANALYST":
        who = site.as_("PROVINCE_ANALYST", PROVINCE)
    few = 0 if viewer == "CITY_ADMIN" and of_city else 5
    expected = ledger.answer(tenants, path, variables["by"], variables["where"], few)
    found = await asked(who, query, **variables)
    assert _unordered(found, few) == _unordered(expected, few)


def _unordered(answer: Any, few: int) -> Any:
    """Of rows of one size it does not matter which are held back with the few."""
    if few == 0 or not answer["suppressed"]:
        return answer
    sizes = sorted(row["measures"]["reported"] for row in answer["rows"])
    return {**answer, "rows": sizes}


async def test_a_service_of_another_domain(site: Graph, ledger: Ledger) -> None:
    """A service and a domain that it is not of leave nothing."""
    where = {"domain": "roads", "service": "S-ODD"}
    found = await asked(admin(site), OF_CITY, city=f"{ID}", by=["PHASE"], where=where)
    assert found == ledger.answer((ID,), None, ["PHASE"], where)
    assert found["total"]["reported"] == 0


async def test_a_city_beside_its_organization(site: Graph, ledger: Ledger) -> None:
    """A city and an organization of it that are asked in one level each have their own numbers."""
    query = """query ($city: ID!) { city(code: $city) { organization(code: "AA") {
      issueStatistics(by: []) { total { reported } }
      city { issueStatistics(by: []) { total { reported } } }
    } } }"""
    found = (await admin(site).data(query, city=f"{ID}"))["city"]["organization"]
    paths = {None: found["city"]["issueStatistics"], f"/{ID}/AA/": found["issueStatistics"]}
    for path, answer in paths.items():
        expected = ledger.answer((ID,), path, [], {})["total"]["reported"]
        assert answer["total"]["reported"] == expected


async def test_lists_have_the_same_total(site: Graph) -> None:
    """What is counted below an organization is how many issues its list has."""
    query = """query ($city: ID!, $where: IssueFilter) {
      city(code: $city) { organizations(first: 50) { nodes {
        code
        issues(where: $where, first: 1) { totalCount }
        issueStatistics(by: [], where: $where) { total { reported } }
      } } }
    }"""
    for where in ({}, {"domain": "roads"}, {"phase": "CLOSED", "severity": "MAJOR"}, WINDOW):
        found = await admin(site).data(query, city=f"{ID}", where=where)
        for node in found["city"]["organizations"]["nodes"]:
            total = node["issueStatistics"]["total"]["reported"]
            assert node["issues"]["totalCount"] == total, node


async def test_one_statement_however_many_places(site: Graph) -> None:
    """Statistics of twenty organizations are one statement; so are those of a province."""
    query = """query ($city: ID!, $n: Int!) { city(code: $city) { organizations(first: $n) {
      nodes { issueStatistics(by: [PHASE, DOMAIN]) { rows { measures { reported } } unmapped } }
    } } }"""
    counts = [await admin(site).statements(query, city=f"{ID}", n=n) for n in (1, 20)]
    assert counts == [2, 2]
    analyst = site.as_("PROVINCE_ANALYST", PROVINCE)
    variables = {"by": ["CITY", "DOMAIN", "PHASE"], "where": {}}
    assert await analyst.statements(OF_PROVINCE, code=PROVINCE, **variables) == 1


async def test_a_secretary_reads_below_and_no_further(site: Graph, ledger: Ledger) -> None:
    """Who may read a subtree's issues is shown all its rows, and elsewhere none of few."""
    secretary = site.as_("SECRETARY", f"{ID}", "AA1-1")
    by = ["ORGANIZATION", "PHASE"]
    given = {"city": f"{ID}", "by": by, "where": {}}
    own = await asked(secretary, OF_ORGANIZATION, code="AA1-1", **given)
    assert own == ledger.answer([ID], f"/{ID}/AA/AA1/AA1-1/", by, {})
    above = await asked(secretary, OF_ORGANIZATION, code="AA1", **given)
    assert above["suppressed"] > 0
    assert all(row["measures"]["reported"] >= 5 for row in above["rows"])


async def test_a_total_of_few_is_held_back(site: Graph, ledger: Ledger) -> None:
    """Where all that is asked for are few issues, neither rows nor total say how many."""
    few = next(
        place.code
        for place in ledger.places.values()
        if 0 < ledger.answer([ID], place.path, [], {})["total"]["reported"] < 5
    )
    found = await asked(site, OF_ORGANIZATION, city=f"{ID}", code=few, by=["CITY"], where={})
    assert (found["rows"], found["total"], found["suppressed"]) == ([], None, 1)


async def test_the_threshold_is_a_setting(filled: tuple[str, Ledger], tmp_path: Any) -> None:
    """ONEGRID_SUPPRESSION_THRESHOLD says what few is."""
    url, ledger = filled
    services = services_of(tmp_path, suppression_threshold=60)
    async with opened(url, services=services) as graph:
        found = await asked(graph, OF_CITY, city=f"{ID}", by=["PHASE"], where={})
    assert found == ledger.answer([ID], None, ["PHASE"], {}, few=60)
    assert found["suppressed"] > 0


@pytest.mark.parametrize(
    ("by", "where", "facts"),
    [
        (
            ["CITY", "RUNG", "DOMAIN", "PHASE"],
            {},
            {"bound": "dimensions", "value": 4, "limit": 3, "cost": 91},
        ),
        (["MONTH"], {}, {"bound": "months", "value": 0, "limit": 36, "cost": 0}),
        (
            ["MONTH"],
            {"reportedFrom": "2020-01-01T00:00:00+08:00"},
            {"bound": "months", "value": 0, "limit": 36, "cost": 0},
        ),
        (
            [],
            {
                "reportedFrom": "2020-01-01T00:00:00+08:00",
                "reportedTo": "2026-01-01T00:00:00+08:00",
            },
            {"bound": "months", "value": 72, "limit": 36, "cost": 72},
        ),
        (
            [],
            {
                "reportedFrom": "2026-01-01T00:00:00+08:00",
                "reportedTo": "2026-01-01T00:00:00+08:00",
            },
            {"bound": "months", "value": 0, "limit": 36, "cost": 0},
        ),
        (
            [],
            {
                "reportedFrom": "2026-01-02T00:00:00+08:00",
                "reportedTo": "2026-02-01T00:00:00+08:00",
            },
            {"bound": "months", "value": 0, "limit": 36, "cost": 0},
        ),
        (
            [],
            {"reportedFrom": "2026-01-01T00:00:00Z", "reportedTo": "2026-02-01T00:00:00+08:00"},
            {"bound": "months", "value": 0, "limit": 36, "cost": 0},
        ),
        ([], {"text": "路灯"}, {"bound": "filters", "value": 1, "limit": 0, "cost": 0}),
        (
            [],
            {"mine": True, "state": "new"},
            {"bound": "filters", "value": 2, "limit": 0, "cost": 0},
        ),
        (
            ["RUNG", "CHANNEL", "MONTH"],
            {
                "reportedFrom": "2023-01-01T00:00:00+08:00",
                "reportedTo": "2026-01-01T00:00:00+08:00",
            },
            None,
        ),
    ],
)
async def test_what_is_refused(
    site: Graph, by: list[str], where: dict[str, Any], facts: dict[str, Any] | None
) -> None:
    """What counted issues cannot say, or only at length, is refused with its cost, unread."""
    response = await admin(site).post(OF_CITY, city=f"{ID}", by=by, where=where)
    answer = response.json()
    if facts is None:
        assert "errors" not in answer, answer
        return
    (error,) = answer["errors"]
    assert error["extensions"] == {"code": "STATISTICS_EXCEEDED", **facts}
    assert response.headers["server-timing"].split('"')[1].split()[0] == "0"


async def test_what_a_province_is_not_asked(site: Graph) -> None:
    """Services and organizations are a city's own; unknown dimensions are unknown to the graph."""
    analyst = site.as_("PROVINCE_ANALYST", PROVINCE)
    for by, where, argument in (
        ([], {"service": "S-ROAD"}, "where.service"),
        ([], {"organization": "AA"}, "where.organization"),
        (["ORGANIZATION"], {}, "by"),
    ):
        answer = await analyst(OF_PROVINCE, code=PROVINCE, by=by, where=where)
        (error,) = answer["errors"]
        found = (error["extensions"]["code"], error["extensions"]["argument"])
        assert found == ("BAD_REQUEST", argument)
    answer = await analyst(OF_PROVINCE, code=PROVINCE, by=["WEATHER"], where={})
    assert answer["errors"][0]["extensions"]["code"] == "VARIABLES_INVALID"


async def test_organizations_that_are_not_there(site: Graph) -> None:
    """A filter names an organization of the city, or is refused."""
    where = {"organization": "ZZ"}
    answer = await admin(site)(OF_CITY, city=f"{ID}", by=[], where=where)
    assert answer["errors"][0]["extensions"]["code"] == "ORGANIZATION_UNKNOWN"


async def test_another_city_is_not_counted(site: Graph) -> None:
    """The token of one city opens no other one's statistics, and those without a token all."""
    answer = await admin(site)(OF_CITY, city=f"{OTHER}", by=[], where={})
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    found = await asked(site, OF_CITY, city=f"{OTHER}", by=[], where={})
    assert found["total"]["reported"] > 0


async def test_only_what_is_asked_for_is_counted(site: Graph, ledger: Ledger) -> None:
    """A measure by itself is the same as among all others."""
    whole = ledger.answer([ID], None, [], {})["total"]
    for name in MEASURES.split():
        ask = f"issueStatistics(by: []) {{ total {{ {name} }} }}"
        query = f"query ($c: ID!) {{ city(code: $c) {{ {ask} }} }}"
        found = await admin(site).data(query, c=f"{ID}")
        assert found["city"]["issueStatistics"]["total"] == {name: whole[name]}
