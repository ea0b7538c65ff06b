"""Matching events (对接会): held, listed, with the deals that came of them."""

from typing import Any

import pytest

from tests.schema.market.market import Market

HELD: dict[str, Any] = {"city": "invented", "organization": "AA", "title": "项目对接会"}


async def test_a_matching_event_groups_intents(market: Market) -> None:
    """Its deals are counted by state, and in all whatever became of them."""
    held = await market.done("holdMatchingEvent", **HELD, heldOn="2026-03-10")
    assert (held["organization"], held["heldOn"], held["intents"]) == (
        {"code": "AA"},
        "2026-03-10",
        0,
    )
    assert await market.last_event() == ("ECONOMY_MATCHING_HELD", "AA", None)
    deals = [await market.deal(matchingEvent=held["id"]) for _ in range(3)]
    assert deals[0]["matchingEvent"] == {"id": held["id"]}
    await market.done("advanceDeal", deal=deals[0]["id"], to="INTENDED")
    await market.done("advanceDeal", deal=deals[1]["id"], to="FAILED", reason="价格未谈拢")
    query = """query ($id: ID!, $state: DealState) { node(id: $id) { ... on MatchingEvent {
        intents counts { state count }
        deals(first: 2, state: $state) { totalCount nodes { id state } } } } }"""
    found = (await market.graph.data(query, id=held["id"]))["node"]
    assert found == {
        "intents": 3,
        "counts": [
            {"state": "PROPOSED", "count": 1},
            {"state": "INTENDED", "count": 1},
            {"state": "FAILED", "count": 1},
        ],
        "deals": {
            "totalCount": 3,
            "nodes": [
                {"id": deals[2]["id"], "state": "PROPOSED"},
                {"id": deals[1]["id"], "state": "FAILED"},
            ],
        },
    }
    failed = (await market.graph.data(query, id=held["id"], state="FAILED"))["node"]["deals"]
    assert failed == {"totalCount": 1, "nodes": [{"id": deals[1]["id"], "state": "FAILED"}]}


async def test_matching_events_in_order_of_their_days(market: Market) -> None:
    """The latest comes first, page after page; intents of a page cost one statement."""
    for day in ("2025-05-01", "2025-04-01", "2025-06-01"):
        await market.done("holdMatchingEvent", **HELD, heldOn=day)
    query = """query ($first: Int, $after: String) { city(code: "invented") {
        matchingEvents(first: $first, after: $after) { totalCount nodes { heldOn intents }
          pageInfo { hasNextPage endCursor } } } }"""
    found, after = [], None
    while True:
        page = (await market.graph.data(query, first=2, after=after))["city"]["matchingEvents"]
        found += [node["heldOn"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert found == sorted(found, reverse=True)
    assert len(found) == page["totalCount"] >= 3
    assert await market.graph.statements(query, first=50) == 3


REFUSED: dict[str, tuple[dict[str, Any], list[tuple[str, str]]]] = {
    "no title, tomorrow": (
        {"title": "", "heldOn": "2026-03-16"},
        [("TITLE_MALFORMED", "title"), ("DATE_OUT_OF_RANGE", "heldOn")],
    ),
    "nowhere": ({"organization": "ZZ"}, [("ORGANIZATION_UNKNOWN", "organization")]),
    "an ended place": ({"organization": "AA3-V9"}, [("ORGANIZATION_ENDED", "organization")]),
}


@pytest.mark.parametrize(("given", "expected"), REFUSED.values(), ids=REFUSED)
async def test_refused_events(
    market: Market, given: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    """What cannot be is refused at its field."""
    assert await market.refused("holdMatchingEvent", **{**HELD, **given}) == expected


async def test_who_may_not_hold_one(market: Market) -> None:
    """A secretary of another place, and whoever has no token, are refused."""
    beside = market.secretary("BB")
    assert await market.refused("holdMatchingEvent", beside, **HELD) == [
        ("FORBIDDEN", "organization")
    ]
    assert await market.refused("holdMatchingEvent", market.graph, **HELD) == [("FORBIDDEN", "")]
