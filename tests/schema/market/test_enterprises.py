"""The directory of enterprises: who joins, who leaves, who is found."""

import asyncio
import re
from typing import Any

import pytest

from tests.schema.cooperatives.village import OTHER_ID, cooperative_id
from tests.schema.market.market import Market, enterprise_id

NEW: dict[str, Any] = {"city": "invented", "name": "丰收食品", "organization": "BB3"}


async def test_an_enterprise_joins(market: Market) -> None:
    """It gets a code, joins today, is of an industry of the province, and leaves an event."""
    found = await market.done("registerEnterprise", **NEW, industry="fruit")
    assert found.pop("id")
    assert re.fullmatch("E[0-9]{4}", found.pop("code"))
    assert found == {
        "name": "丰收食品",
        "organization": {"code": "BB3"},
        "industry": "林果",
        "industryKey": "fruit",
        "joinedOn": "2026-03-15",
        "leftOn": None,
        "dataKind": "REAL",
    }
    assert await market.last_event() == ("ECONOMY_ENTERPRISE_LISTED", "BB3", None)


REFUSED: dict[str, tuple[dict[str, Any], list[tuple[str, str]]]] = {
    "no name": ({"name": "  "}, [("NAME_MALFORMED", "name")]),
    "a name that is there": ({"name": "FOODS 公司"}, [("NAME_TAKEN", "name")]),
    "a code that is there": ({"code": "FOODS"}, [("CODE_TAKEN", "code")]),
    "a code that was there": ({"code": "GONE"}, [("CODE_TAKEN", "code")]),
    "no code": ({"code": "e 1"}, [("CODE_MALFORMED", "code")]),
    "an unknown industry": ({"industry": "steel"}, [("INDUSTRY_UNKNOWN", "industry")]),
    "tomorrow": ({"joinedOn": "2026-03-16"}, [("DATE_OUT_OF_RANGE", "joinedOn")]),
    "nowhere": ({"organization": "ZZ"}, [("ORGANIZATION_UNKNOWN", "organization")]),
    "an ended place": ({"organization": "AA3-V9"}, [("ORGANIZATION_ENDED", "organization")]),
    "all at once": (
        {"name": "", "code": "!", "industry": "x"},
        [("NAME_MALFORMED", "name"), ("CODE_MALFORMED", "code"), ("INDUSTRY_UNKNOWN", "industry")],
    ),
}


@pytest.mark.parametrize(("given", "expected"), REFUSED.values(), ids=REFUSED)
async def test_refused_registrations(
    market: Market, given: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    """What cannot be is refused, all reasons at once, each at its field."""
    assert await market.refused("registerEnterprise", **{**NEW, "name": "新", **given}) == expected


async def test_who_left_may_come_back(market: Market) -> None:
    """The name of an enterprise that has left is free, and history stays."""
    found = await market.done("registerEnterprise", **{**NEW, "name": "PAST 公司"}, code="BACK")
    assert (found["code"], found["leftOn"]) == ("BACK", None)


async def test_one_of_a_name_at_once(market: Market) -> None:
    """However many register one name at once, one does, and made codes never meet."""
    same: dict[str, Any] = {**NEW, "name": "抢注公司"}
    others = [{**NEW, "name": f"并行公司{n}"} for n in range(3)]
    inputs = [same, same, same, *others]
    payloads = await asyncio.gather(*(market.do("registerEnterprise", **one) for one in inputs))
    made = [payload["enterprise"] for payload in payloads if payload["enterprise"]]
    assert sorted(one["name"] for one in made) == [
        "并行公司0",
        "并行公司1",
        "并行公司2",
        "抢注公司",
    ]
    assert len({one["code"] for one in made}) == 4


async def test_a_rehearsal_registers_nobody(market: Market) -> None:
    """With dryRun nothing is there afterwards."""
    given = {**NEW, "name": "预演公司", "code": "DRY"}
    payload = await market.do("registerEnterprise", **given, dry_run=True)
    assert payload == {"enterprise": None, "refusals": []}
    query = '{ city(code: "invented") { enterprise(code: "DRY") { name } } }'
    assert await market.graph.data(query) == {"city": {"enterprise": None}}


async def test_an_enterprise_leaves(market: Market) -> None:
    """It leaves once, on a day after it joined, and is found by its code still."""
    made = await market.done("registerEnterprise", **{**NEW, "name": "短暂公司"}, code="SHORT")
    refused = await market.refused("delistEnterprise", enterprise=made["id"], on="2026-03-15")
    assert refused == [("DATE_OUT_OF_RANGE", "on")]
    left = await market.done("delistEnterprise", enterprise=made["id"])
    assert left["leftOn"] == "2026-03-16"
    assert await market.last_event() == ("ECONOMY_ENTERPRISE_DELISTED", "BB3", None)
    again = await market.refused("delistEnterprise", enterprise=made["id"])
    assert again == [("ENTERPRISE_LEFT", "enterprise")]
    query = '{ city(code: "invented") { enterprise(code: "SHORT") { leftOn } } }'
    assert await market.graph.data(query) == {"city": {"enterprise": {"leftOn": "2026-03-16"}}}


@pytest.mark.parametrize("given", ["nobody", cooperative_id("PEACH"), enterprise_id("NONE")])
async def test_unknown_enterprises(market: Market, given: str) -> None:
    """What is no enterprise of the city is refused."""
    assert await market.refused("delistEnterprise", enterprise=given) == [
        ("ENTERPRISE_UNKNOWN", "enterprise")
    ]


@pytest.mark.parametrize(
    ("organization", "expected"),
    [("BB", []), ("BB3", []), ("AA", [("FORBIDDEN", "organization")])],
)
async def test_who_may_register(
    market: Market, organization: str, expected: list[tuple[str, str]]
) -> None:
    """A secretary registers enterprises of the own subtree alone."""
    given = {**NEW, "name": f"{organization} 名下"}
    payload = await market.do("registerEnterprise", market.secretary(organization), **given)
    reasons = [(one["code"], ".".join(one["path"][1:])) for one in payload["refusals"]]
    assert reasons == expected


async def test_others_may_not_register(market: Market) -> None:
    """Without a token, as a grid worker, or for another city nobody does."""
    worker = market.graph.as_("GRID_WORKER", "990100", "BB")
    for who in (market.graph, worker):
        assert await market.refused("registerEnterprise", who, **NEW) == [("FORBIDDEN", "")]
    stranger = market.graph.as_("CITY_ADMIN", str(OTHER_ID))
    refused = await market.refused("delistEnterprise", stranger, enterprise=enterprise_id("FOODS"))
    assert refused == [("ENTERPRISE_UNKNOWN", "enterprise")]


DIRECTORY = """query ($search: String, $past: Boolean, $first: Int, $after: String) {
  city(code: "elsewhere") { enterprises { totalCount } }
  invented: city(code: "invented") {
    enterprises(search: $search, past: $past, first: $first, after: $after) {
      totalCount nodes { code } pageInfo { hasNextPage endCursor } } } }"""


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"search": "near"}, ["NEAR"]),
        ({"search": "FOODS 公"}, ["FOODS"]),
        ({"search": "foods"}, ["FOODS"]),
        ({"search": "GONE 公司", "first": 1, "past": True}, ["GONE"]),
        ({"search": "%"}, []),
    ],
)
async def test_the_directory_is_searched(
    market: Market, given: dict[str, Any], expected: list[str]
) -> None:
    """By part of a name, whatever its case, or by a whole code; of who is in it, unless asked."""
    found = await market.graph.data(DIRECTORY, **given)
    listed = found["invented"]["enterprises"]
    assert [node["code"] for node in listed["nodes"]] == expected
    assert found["city"] == {"enterprises": {"totalCount": 0}}


async def test_pages_of_the_directory(market: Market) -> None:
    """Pages hold every enterprise once, in order of name, with one total."""
    await market.done("registerEnterprise", **{**NEW, "name": "甲"})
    await market.done("registerEnterprise", **{**NEW, "name": "乙"})
    found, totals, after = [], set(), None
    while True:
        page = (await market.graph.data(DIRECTORY, first=2, after=after))["invented"]["enterprises"]
        found += [node["code"] for node in page["nodes"]]
        totals.add(page["totalCount"])
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert totals == {len(found)}
    assert len(set(found)) == len(found) >= 4


async def test_a_foreign_cursor_is_refused(market: Market) -> None:
    """A cursor of another list is malformed, not a fault."""
    for after in ("WyJ4Il0", "WyLnlLIiLCAieCJd"):
        answer = await market.graph(DIRECTORY, after=after)
        codes = [error["extensions"]["code"] for error in answer["errors"]]
        assert codes == ["CURSOR_MALFORMED"]
