"""Trades of collective assets (S34) and weak villages (S18), recorded and summed up."""

import asyncio
from typing import Any

import pytest

from schema.ids import GlobalId
from tests.conftest import Graph
from tests.schema.cooperatives.village import ID, OTHER_ID
from tests.schema.market.market import Market

TRADE: dict[str, Any] = {
    "city": "invented",
    "organization": "AA3-V1",
    "asset": "机动地 30 亩承包权",
    "dealPrice": "18870.50",
    "reservePrice": "16933.50",
}


async def test_a_trade_is_recorded(market: Market) -> None:
    """Its premium is what was paid above the reserve price, or null where that is not known."""
    found = await market.done("recordAssetTrade", **TRADE, tradedOn="2026-02-01")
    assert found.pop("id")
    assert found == {
        "organization": {"code": "AA3-V1"},
        "asset": "机动地 30 亩承包权",
        "reservePrice": "16933.50",
        "dealPrice": "18870.50",
        "premium": "1937.00",
        "tradedOn": "2026-02-01",
        "dataKind": "REAL",
    }
    assert await market.last_event() == ("ECONOMY_ASSET_TRADED", "AA3-V1", None)
    given = {**TRADE, "organization": "BB3-V1", "reservePrice": None}
    assert (await market.done("recordAssetTrade", **given))["premium"] is None


REFUSED: dict[str, tuple[dict[str, Any], list[tuple[str, str]]]] = {
    "all at once": (
        {"asset": " ", "dealPrice": "-1", "reservePrice": "0.001", "tradedOn": "2026-03-16"},
        [
            ("TEXT_MALFORMED", "asset"),
            ("AMOUNT_OUT_OF_RANGE", "reservePrice"),
            ("AMOUNT_OUT_OF_RANGE", "dealPrice"),
            ("DATE_OUT_OF_RANGE", "tradedOn"),
        ],
    ),
    "nowhere": ({"organization": "ZZ"}, [("ORGANIZATION_UNKNOWN", "organization")]),
}


@pytest.mark.parametrize(("given", "expected"), REFUSED.values(), ids=REFUSED)
async def test_refused_trades(
    market: Market, given: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    """What cannot be is refused, all reasons at once, each at its field."""
    assert await market.refused("recordAssetTrade", **{**TRADE, **given}) == expected


async def test_a_city_that_records_no_trades(market: Market) -> None:
    """Where the city's file does not list ASSET_TRADES the trade is refused, naming the section."""
    who = market.graph.as_("CITY_ADMIN", str(OTHER_ID))
    given = {**TRADE, "city": "elsewhere", "organization": "CC1-V1"}
    payload = await market.do("recordAssetTrade", who, **given)
    assert [(one["code"], one["path"]) for one in payload["refusals"]] == [
        ("MEASURE_NOT_RECORDED", ["input", "organization"])
    ]
    assert "cooperatives.records" in payload["refusals"][0]["message"]


TRADES = """query ($code: ID!, $first: Int) { city(code: "invented") {
  all: assetTrades(first: $first) { totalCount sums { trades dealPrice premium } }
  organization(code: $code) { assetTrades { totalCount sums { trades dealPrice premium }
    nodes { tradedOn } } } } }"""


async def test_trades_of_a_subtree(market: Market) -> None:
    """A county has its villages' trades, the latest first, with sums over all pages."""
    before = (await market.graph.data(TRADES, code="AA"))["city"]
    for day in ("2025-01-02", "2025-03-02", "2025-02-02"):
        given = {**TRADE, "organization": "AA3-V2", "dealPrice": "100", "reservePrice": "90"}
        await market.done("recordAssetTrade", **given, tradedOn=day)
    city = (await market.graph.data(TRADES, code="AA", first=1))["city"]
    county = city["organization"]["assetTrades"]
    days = [node["tradedOn"] for node in county["nodes"]]
    assert days == sorted(days, reverse=True)
    for found, last in (
        (county["sums"], before["organization"]["assetTrades"]["sums"]),
        (city["all"]["sums"], before["all"]["sums"]),
    ):
        rises = [float(found[name]) - float(last[name]) for name in ("trades", "dealPrice")]
        assert rises == [3, 300.0]
        assert float(found["premium"]) - float(last["premium"]) == 30.0
    assert county["totalCount"] == county["sums"]["trades"]
    village = (await market.graph.data(TRADES, code="AA2"))["city"]["organization"]["assetTrades"]
    assert village == {
        "totalCount": 0,
        "sums": {"trades": 0, "dealPrice": "0.00", "premium": "0.00"},
        "nodes": [],
    }


def listing(organization: str = "AA3-V1", **given: Any) -> dict[str, Any]:
    """An input of `listWeakVillage`."""
    return {"city": "invented", "organization": organization, **given}


@pytest.fixture
async def weak(market: Market) -> Any:
    """桃花村, listed on 2026-01-01 and weak still."""
    found = await market.do("listWeakVillage", **listing(listedOn="2026-01-01"))
    if found["weakVillage"] is None:  # listed by a test before
        query = '{ city(code: "invented") { organization(code: "AA3-V1") { weakVillage { id } } } }'
        return (await market.graph.data(query))["city"]["organization"]["weakVillage"]
    return found["weakVillage"]


async def test_a_village_is_listed_supported_and_cleared(market: Market) -> None:
    """Support adds up; once cleared it takes no more, and may be listed anew later."""
    listed = await market.done("listWeakVillage", **listing("AA3-V2", listedOn="2026-01-01"))
    id_ = listed["id"]
    assert (listed["organization"], listed["clearedOn"], listed["support"]) == (
        {"code": "AA3-V2"},
        None,
        None,
    )
    assert await market.last_event() == ("ECONOMY_VILLAGE_LISTED", "AA3-V2", None)
    again = await market.refused("listWeakVillage", **listing("AA3-V2"))
    assert again == [("VILLAGE_LISTED", "organization")]
    village = await place(market.graph, "AA3-V2")
    await market.done("supportVillage", village=id_, amount="450000")
    paid = await market.done("supportVillage", village=village, amount="0.01")
    assert paid["support"] == "450000.01"
    assert await market.last_event() == ("ECONOMY_VILLAGE_SUPPORTED", "AA3-V2", None)
    cleared = await market.done("clearVillage", village=id_, on="2026-03-01")
    assert (cleared["clearedOn"], cleared["support"]) == ("2026-03-01", "450000.01")
    assert await market.last_event() == ("ECONOMY_VILLAGE_CLEARED", "AA3-V2", None)
    changes: dict[str, dict[str, Any]] = {"supportVillage": {"amount": "1"}, "clearVillage": {}}
    for field, given in changes.items():
        refused = await market.refused(field, village=id_, **given)
        assert refused == [("VILLAGE_NOT_LISTED", "village")]
    early = await market.refused("listWeakVillage", **listing("AA3-V2", listedOn="2026-02-28"))
    assert early == [("DATE_OUT_OF_RANGE", "listedOn")]
    anew = await market.done("listWeakVillage", **listing("AA3-V2", listedOn="2026-03-01"))
    assert anew["id"] != id_
    old = await market.refused("clearVillage", village=id_)
    assert old == [("VILLAGE_NOT_LISTED", "village")]


async def place(graph: Graph, code: str) -> str:
    """The global id of an organization."""
    query = 'query ($code: ID!) { city(code: "invented") { organization(code: $code) { id } } }'
    id_: str = (await graph.data(query, code=code))["city"]["organization"]["id"]
    return id_


@pytest.mark.parametrize(
    ("field", "given", "expected"),
    [
        ("supportVillage", {"amount": "0"}, [("AMOUNT_OUT_OF_RANGE", "amount")]),
        ("supportVillage", {"amount": "-5"}, [("AMOUNT_OUT_OF_RANGE", "amount")]),
        ("supportVillage", {"amount": "0.001"}, [("AMOUNT_OUT_OF_RANGE", "amount")]),
        ("clearVillage", {"on": "2025-12-31"}, [("DATE_OUT_OF_RANGE", "on")]),
        ("clearVillage", {"on": "2026-03-16"}, [("DATE_OUT_OF_RANGE", "on")]),
    ],
)
async def test_refused_changes(
    market: Market, weak: Any, field: str, given: dict[str, Any], expected: Any
) -> None:
    """Payments are above zero, and a village is cleared neither before it was listed nor ahead."""
    assert await market.refused(field, village=weak["id"], **given) == expected


async def test_sums_that_cannot_be_kept(market: Market, weak: Any) -> None:
    """A payment that would exceed what the column holds is refused."""
    most = "9999999999999"
    await market.done("supportVillage", village=weak["id"], amount="1")
    refused = await market.refused("supportVillage", village=weak["id"], amount=most)
    assert refused == [("AMOUNT_OUT_OF_RANGE", "amount")]


async def test_who_may_not_change_villages(market: Market, weak: Any) -> None:
    """Secretaries of other places, other cities and the public are refused."""
    beside, stranger = market.secretary("BB"), market.graph.as_("CITY_ADMIN", str(OTHER_ID))
    for who, expected in (
        (beside, [("FORBIDDEN", "village")]),
        (stranger, [("VILLAGE_NOT_LISTED", "village")]),
        (market.graph, [("FORBIDDEN", "")]),
    ):
        assert await market.refused("clearVillage", who, village=weak["id"]) == expected
    assert await market.refused("listWeakVillage", beside, **listing("AA3-V1")) == [
        ("FORBIDDEN", "organization")
    ]


@pytest.mark.parametrize("given", ["x", str(GlobalId("WeakVillage", ID, "0" * 32))])
async def test_unknown_villages(market: Market, given: str) -> None:
    """What is not on the city's list is refused, as is a village that never was on it."""
    for village in (given, await place(market.graph, "BB3-V1")):
        assert await market.refused("supportVillage", village=village, amount="1") == [
            ("VILLAGE_NOT_LISTED", "village")
        ]


async def test_payments_at_once_add_up(market: Market) -> None:
    """However many pay at once, nothing is lost; of many who list or clear at once one does."""
    village = await place(market.graph, "BB1-1")
    listings = [market.do("listWeakVillage", **listing("BB1-1")) for _ in range(4)]
    made = [one["weakVillage"] for one in await asyncio.gather(*listings) if one["weakVillage"]]
    assert len(made) == 1
    payments = [market.do("supportVillage", village=village, amount="10") for _ in range(8)]
    assert all(one["refusals"] == [] for one in await asyncio.gather(*payments))
    clearings = [market.do("clearVillage", village=village) for _ in range(4)]
    cleared = [one["weakVillage"] for one in await asyncio.gather(*clearings) if one["weakVillage"]]
    assert [one["support"] for one in cleared] == ["80.00"]


LIST = """query ($cleared: Boolean) { city(code: "invented") { weakVillages(cleared: $cleared) {
  totalCount support nodes { organization { code } clearedOn } } } }"""


async def test_the_list_of_weak_villages(market: Market) -> None:
    """It is counted and summed up by whether villages are weak still."""
    await market.done("listWeakVillage", **listing("BB1"))
    gone = await market.done("listWeakVillage", **listing("BB2", listedOn="2024-01-01"))
    await market.done("supportVillage", village=gone["id"], amount="25")
    await market.done("clearVillage", village=gone["id"])
    found = {}
    for cleared in (True, False, None):
        page = (await market.graph.data(LIST, cleared=cleared))["city"]["weakVillages"]
        assert page["totalCount"] == len(page["nodes"])
        assert all((node["clearedOn"] is not None) is cleared for node in page["nodes"]) or (
            cleared is None
        )
        found[cleared] = page
    codes = [node["organization"]["code"] for node in found[False]["nodes"]]
    assert {"BB1", "BB2"} & set(codes) == {"BB1"}
    total = float(found[True]["support"]) + float(found[False]["support"])
    assert float(found[None]["support"]) == total
    query = '{ city(code: "invented") { organization(code: "BB2") { weakVillage { clearedOn } } } }'
    own = (await market.graph.data(query))["city"]["organization"]["weakVillage"]
    assert own == {"clearedOn": "2026-03-15"}


async def test_each_place_has_its_own_trades(market: Market) -> None:
    """Asked for together, each organization has the trades of its own subtree alone."""
    for code in ("BB1-1", "BB1-1", "BB2-1"):
        await market.done("recordAssetTrade", **{**TRADE, "organization": code})
    query = """{ city(code: "invented") { one: organization(code: "BB1") { ...T }
        other: organization(code: "BB2") { ...T } none: organization(code: "BB1-2") { ...T } } }
        fragment T on Organization { assetTrades { totalCount sums { trades } nodes {
          organization { code } } } }"""
    city = (await market.graph.data(query))["city"]
    found = {name: place["assetTrades"] for name, place in city.items()}
    for trades in found.values():
        assert len(trades["nodes"]) == trades["totalCount"] == trades["sums"]["trades"]
    codes = {name: [node["organization"]["code"] for node in trades["nodes"]]
             for name, trades in found.items()}  # fmt: skip
    assert codes == {"one": ["BB1-1", "BB1-1"], "other": ["BB2-1"], "none": []}
    assert await market.graph.statements(query) == 5
