"""Staffing: required, held and missing, for one organization, a subtree, a city, a province."""

from typing import Any

import pytest

from tests.conftest import Graph
from tests.schema.people.appointing import admin, appoint, relieve

STAFFING = "staffing { post { key } required held gap }"
TOTALS = "staffing { level { key } post { key } organizations required held gap short }"


async def test_an_organization(site: Graph) -> None:
    """Each rule of its level shows who is there today; a surplus is no negative gap."""
    me = admin(site)
    for kind in ("full_time", "full_time", "part_time"):
        await appoint(me, "S1-G1", kind)
    gone = await appoint(me, "S1-G1", "part_time")
    await relieve(me, gone["post"]["id"])
    await appoint(me, "S1-G1", "part_time", since="2026-04-01")
    found = await site.data(
        f'{{ city(code: "north") {{ organization(code: "S1-G1") {{ {STAFFING} }}'
        f' top: organization(code: "990100") {{ {STAFFING} }} }} }}'
    )
    assert found["city"] == {
        "organization": {
            "staffing": [
                {"post": {"key": "full_time"}, "required": 1, "held": 2, "gap": 0},
                {"post": {"key": "part_time"}, "required": 2, "held": 1, "gap": 1},
            ]
        },
        "top": {"staffing": []},
    }


async def test_a_city_and_a_subtree(site: Graph) -> None:
    """Totals add up each organization's own gap: a surplus in one helps no other."""
    me = admin(site)
    for organization in ("S1-G1", "S1-G1", "S2-G1"):
        await appoint(me, organization, "full_time")
    below = TOTALS.replace("staffing {", 'staffing(under: "S1") {')
    found = await site.data(f'{{ city(code: "north") {{ {TOTALS} sub: {below} }} }}')
    columns = ("organizations", "required", "held", "gap", "short")
    rows = [
        (row["post"]["key"], *(row[name] for name in columns))
        for name in ("staffing", "sub")
        for row in found["city"][name]
    ]
    assert rows == [
        ("secretary", 2, 2, 0, 2, 2),
        ("full_time", 4, 4, 3, 2, 2),
        ("part_time", 4, 8, 0, 8, 4),
        ("secretary", 1, 1, 0, 1, 1),
        ("full_time", 2, 2, 2, 1, 1),
        ("part_time", 2, 4, 0, 4, 2),
    ]


GAPS = """query ($under: ID, $first: Int, $after: String, $last: Int, $before: String) {
  city(code: "north") { staffingGaps(
    under: $under, first: $first, after: $after, last: $last, before: $before
  ) { nodes { organization { code } post { key } required held gap }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }"""


async def test_gaps_are_listed_page_by_page(site: Graph) -> None:
    """Every organization that lacks somebody is listed once, in order of the tree, both ways."""
    await appoint(admin(site), "S1-G1", "full_time")
    forward: list[Any] = []
    backward: list[Any] = []
    after = before = None
    while True:
        page = (await site.data(GAPS, first=3, after=after))["city"]["staffingGaps"]
        forward += page["nodes"]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    while True:
        page = (await site.data(GAPS, last=3, before=before))["city"]["staffingGaps"]
        backward = page["nodes"] + backward
        before = page["pageInfo"]["startCursor"]
        if not page["pageInfo"]["hasPreviousPage"]:
            break
    listed = [(row["organization"]["code"], row["post"]["key"], row["gap"]) for row in forward]
    assert listed == [
        ("S1", "secretary", 1),
        ("S1-G1", "part_time", 2),
        ("S1-G2", "full_time", 1),
        ("S1-G2", "part_time", 2),
        ("S2", "secretary", 1),
        ("S2-G1", "full_time", 1),
        ("S2-G1", "part_time", 2),
        ("S2-G2", "full_time", 1),
        ("S2-G2", "part_time", 2),
    ]
    assert backward == forward


@pytest.mark.parametrize("field", ["staffing", "staffingGaps", "people"])
async def test_an_unknown_organization_is_an_error(site: Graph, field: str) -> None:
    """What is asked below an organization that does not exist is never silently empty."""
    selection = "{ held }" if field == "staffing" else "{ nodes { __typename } }"
    query = f'{{ city(code: "north") {{ {field}(under: "NO-1") {selection} }} }}'
    answer = await admin(site)(query)
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["ORGANIZATION_UNKNOWN"]


async def test_a_province_counts_its_cities(site: Graph) -> None:
    """A province sees every city's totals in one statement, and no person."""
    await appoint(admin(site), "S1-G1", "full_time")
    province = site.as_("PROVINCE_ANALYST", "990000")
    query = """{ province(code: "990000") { staffing {
        city { code } post { key } required held gap short } } }"""
    found = (await province.data(query))["province"]["staffing"]
    rows = [(row["city"]["code"], row["post"]["key"], row["held"], row["gap"]) for row in found]
    assert rows == [
        ("990100", "secretary", 0, 2),
        ("990100", "full_time", 1, 3),
        ("990100", "part_time", 0, 8),
        ("990200", "secretary", 0, 2),
        ("990200", "full_time", 0, 4),
        ("990200", "part_time", 0, 8),
    ]
    assert await province.statements(query) == 1


async def test_staffing_costs_one_statement_a_level(site: Graph) -> None:
    """However many organizations there are, their staffing is counted at once."""
    query = (
        '{ city(code: "north") { organizations(level: "grid") { nodes { staffing { gap } } } } }'
    )
    assert await site.statements(query) == 2
    assert await site.statements('{ city(code: "north") { staffing { gap } } }') == 1
    gaps = '{ city(code: "north") { staffingGaps { nodes { gap organization { name } } } } }'
    assert await site.statements(gaps) == 2
