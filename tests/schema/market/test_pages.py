"""What front ends ask of the market: statements a page, objects by id, and who reads it."""

from typing import Any

import pytest

from tests.schema.cooperatives.village import cooperative_id
from tests.schema.market.market import Market, enterprise_id

COOPERATIVE_PAGE = """query { city(code: "invented") { cooperative(code: "PEACH") {
  name
  postings(first: 10) { nodes { kind product quantity unit } }
  deals(first: 10) { nodes { state enterprise { name } amount } } } } }"""
DEALS = """query { city(code: "invented") { cooperatives { nodes { deals(first: 5) { nodes {
  state availableStates enterprise { name organization { code } postings(first: 2) { nodes {
    product } } } supply { product } demand { product } matchingEvent { title }
  cooperative { name } } } } } } }"""


@pytest.fixture
async def busy(market: Market) -> Market:
    """The market with a few postings and deals."""
    for n in range(3):
        supply = await market.post("PEACH", quantity=str(n + 1))
        demand = await market.post("FOODS", "DEMAND")
        await market.deal(supply=supply["id"], demand=demand["id"], amount=str(n + 1))
    return market


async def test_statements_of_the_cooperatives_page(busy: Market) -> None:
    """The cooperative, its postings, its deals and their enterprises: a statement each."""
    assert await busy.graph.statements(COOPERATIVE_PAGE) == 4
    found = (await busy.graph.data(COOPERATIVE_PAGE))["city"]["cooperative"]
    assert [node["amount"] for node in found["deals"]["nodes"][:3]] == ["3.00", "2.00", "1.00"]
    assert found["deals"]["nodes"][0]["enterprise"] == {"name": "FOODS 公司"}
    assert found["postings"]["nodes"][0] == {
        "kind": "SUPPLY",
        "product": "葡萄",
        "quantity": "3",
        "unit": "公斤",
    }


async def test_statements_of_many_deals(busy: Market) -> None:
    """However many there are, each relation is one statement, supply and demand together."""
    assert await busy.graph.statements(DEALS) == 8


NODES = """query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id
  ... on Enterprise { name } ... on Posting { product } ... on Deal { product }
  ... on MatchingEvent { title } ... on AssetTrade { asset } ... on WeakVillage { listedOn } } }"""


async def test_objects_by_their_ids(market: Market) -> None:
    """Every object of the market is found by its id, by anybody, and none by another type's."""
    here: dict[str, Any] = {"city": "invented", "organization": "AA3-V1"}
    made: list[tuple[str, Any]] = [
        ("Posting", await market.post()),
        ("Deal", await market.deal()),
        ("MatchingEvent", await market.done("holdMatchingEvent", **here, title="会")),
        ("AssetTrade", await market.done("recordAssetTrade", **here, asset="地", dealPrice="1")),
        ("WeakVillage", await market.done("listWeakVillage", **here)),
        ("Enterprise", {"id": enterprise_id("FOODS")}),
    ]
    ids = [object_["id"] for _, object_ in made]
    found = (await market.graph.data(NODES, ids=ids))["nodes"]
    assert [(node["__typename"], node["id"]) for node in found] == [
        (type_, object_["id"]) for type_, object_ in made
    ]
    nothing = await market.graph.data(NODES, ids=[enterprise_id("ZZ"), cooperative_id("ZZ")])
    assert nothing == {"nodes": [None, None]}


@pytest.mark.parametrize("who", [None, ("PROVINCE_ANALYST", "990000"), ("RESIDENT", "990100")])
async def test_everybody_reads_the_market(busy: Market, who: tuple[str, str] | None) -> None:
    """The public, provinces and residents see what is posted and agreed, and may change nothing."""
    graph = busy.graph if who is None else busy.graph.as_(*who)
    answer = (await graph.data(DEALS))["city"]["cooperatives"]["nodes"]
    deals = [deal for node in answer for deal in node["deals"]["nodes"]]
    assert {"product": "葡萄"} in [deal["supply"] for deal in deals]
    assert all(deal["availableStates"] == [] for deal in deals)


async def test_another_city_is_closed(busy: Market) -> None:
    """A token of one city reads nothing of another's market."""
    stranger = busy.graph.as_("CITY_ADMIN", "990200")
    answer = await stranger(DEALS)
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["FORBIDDEN"]
    assert await stranger.data(NODES, ids=[enterprise_id("FOODS")]) == {"nodes": [None]}
