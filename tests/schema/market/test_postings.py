"""Postings: supply and demand of cooperatives and enterprises, posted, listed and closed."""

import asyncio
from typing import Any

import pytest

from schema.ids import GlobalId
from tests.schema.cooperatives.village import ID, OTHER_ID, cooperative_id
from tests.schema.market.market import Market, enterprise_id, posted


async def test_a_cooperative_posts_supply(market: Market) -> None:
    """What is given is kept as it was written, and the leader's log has an event."""
    found = await market.post(
        product=" 优质  葡萄 ",
        quantity="1200.5",
        price="8.80",
        fromOn="2026-03-01",
        untilOn="2026-10-01",
    )
    assert found.pop("id")
    assert found == {
        "kind": "SUPPLY",
        "cooperative": {"code": "PEACH"},
        "enterprise": None,
        "product": "优质 葡萄",
        "quantity": "1200.5",
        "unit": "公斤",
        "price": "8.80",
        "fromOn": "2026-03-01",
        "untilOn": "2026-10-01",
        "state": "OPEN",
        "dataKind": "REAL",
    }
    assert await market.last_event() == ("COOPERATIVE_POSTED", "AA3-V1", "PEACH")


async def test_an_enterprise_posts_demand(market: Market) -> None:
    """Price and period may be left open; the log of the enterprise's place has an event."""
    found = await market.post("FOODS", "DEMAND")
    assert (found["cooperative"], found["enterprise"]) == (None, {"code": "FOODS"})
    assert (found["price"], found["fromOn"], found["untilOn"]) == (None, None, None)
    assert await market.last_event() == ("ECONOMY_ENTERPRISE_POSTED", "BB", None)


REFUSED: dict[str, tuple[dict[str, Any], list[tuple[str, str]]]] = {
    "nothing of it": ({"quantity": "0"}, [("AMOUNT_OUT_OF_RANGE", "quantity")]),
    "less than nothing": ({"quantity": "-1"}, [("AMOUNT_OUT_OF_RANGE", "quantity")]),
    "too fine": ({"quantity": "0.0001"}, [("AMOUNT_OUT_OF_RANGE", "quantity")]),
    "no number": ({"quantity": "NaN"}, [("AMOUNT_OUT_OF_RANGE", "quantity")]),
    "too much": ({"quantity": "1e300"}, [("AMOUNT_OUT_OF_RANGE", "quantity")]),
    "a negative price": ({"price": "-0.01"}, [("AMOUNT_OUT_OF_RANGE", "price")]),
    "no unit": ({"unit": " "}, [("TEXT_MALFORMED", "unit")]),
    "no product": ({"product": "。。"}, [("PRODUCT_MALFORMED", "product")]),
    "over already": ({"untilOn": "2026-03-14"}, [("DATE_OUT_OF_RANGE", "untilOn")]),
    "backwards": (
        {"fromOn": "2026-06-02", "untilOn": "2026-06-01"},
        [("DATE_OUT_OF_RANGE", "untilOn")],
    ),
    "all at once": (
        {"quantity": "0", "price": "-1", "unit": "", "product": "", "untilOn": "2020-01-01"},
        [
            ("DATE_OUT_OF_RANGE", "untilOn"),
            ("PRODUCT_MALFORMED", "product"),
            ("AMOUNT_OUT_OF_RANGE", "quantity"),
            ("TEXT_MALFORMED", "unit"),
            ("AMOUNT_OUT_OF_RANGE", "price"),
        ],
    ),
}


@pytest.mark.parametrize(("given", "expected"), REFUSED.values(), ids=REFUSED)
async def test_refused_postings(
    market: Market, given: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    """What cannot be is refused, all reasons at once, each at its field."""
    assert await market.refused("postSupplyOrDemand", **posted(**given)) == expected


PARTIES: dict[str, tuple[dict[str, Any], list[tuple[str, str]]]] = {
    "nobody": ({"cooperative": None}, [("NEED_MISSING", "")]),
    "both": ({"enterprise": enterprise_id("FOODS")}, [("NEED_MISSING", "")]),
    "no id": ({"cooperative": "PEACH"}, [("COOPERATIVE_UNKNOWN", "cooperative")]),
    "unknown": ({"cooperative": cooperative_id("ZZ")}, [("COOPERATIVE_UNKNOWN", "cooperative")]),
    "dissolved": (
        {"cooperative": cooperative_id("OVER")},
        [("COOPERATIVE_DISSOLVED", "cooperative")],
    ),
    "an enterprise as a cooperative": (
        {"cooperative": enterprise_id("FOODS")},
        [("COOPERATIVE_UNKNOWN", "cooperative")],
    ),
    "unknown enterprise": (
        {"cooperative": None, "enterprise": enterprise_id("ZZ")},
        [("ENTERPRISE_UNKNOWN", "enterprise")],
    ),
    "an enterprise that left": (
        {"cooperative": None, "enterprise": enterprise_id("GONE")},
        [("ENTERPRISE_LEFT", "enterprise")],
    ),
    "another city's": (
        {"cooperative": cooperative_id("FAR", OTHER_ID)},
        [("COOPERATIVE_UNKNOWN", "cooperative")],
    ),
    "the right key in the wrong city": (
        {"cooperative": cooperative_id("FAR", ID)},
        [("COOPERATIVE_UNKNOWN", "cooperative")],
    ),
}


@pytest.mark.parametrize(("given", "expected"), PARTIES.values(), ids=PARTIES)
async def test_who_cannot_post(
    market: Market, given: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    """Exactly one cooperative or enterprise of the city, that is there still, posts."""
    assert await market.refused("postSupplyOrDemand", **posted(**given)) == expected


ACTORS: dict[str, tuple[tuple[str, str, str | None] | None, str, list[tuple[str, str]]]] = {
    "the secretary of the leader": (("SECRETARY", "990100", "AA3-V1"), "PEACH", []),
    "one above it": (("SECRETARY", "990100", "AA3"), "PEACH", []),
    "one beside it": (
        ("SECRETARY", "990100", "AA3-V2"),
        "PEACH",
        [("FORBIDDEN", "cooperative")],
    ),
    "one where the enterprise is": (("SECRETARY", "990100", "BB"), "FOODS", []),
    "one below the enterprise": (
        ("SECRETARY", "990100", "BB3"),
        "FOODS",
        [("FORBIDDEN", "enterprise")],
    ),
    "a member": (("MEMBER", "990100", "AA3-V1"), "PEACH", [("FORBIDDEN", "")]),
    "nobody": (None, "PEACH", [("FORBIDDEN", "")]),
    "another city": (
        ("CITY_ADMIN", "990200", None),
        "PEACH",
        [("COOPERATIVE_UNKNOWN", "cooperative")],
    ),
    "the province": (("PROVINCE_ADMIN", "990000", None), "PEACH", [("FORBIDDEN", "")]),
}


@pytest.mark.parametrize(("who", "party", "expected"), ACTORS.values(), ids=ACTORS)
async def test_who_may_post(
    market: Market,
    who: tuple[str, str, str | None] | None,
    party: str,
    expected: list[tuple[str, str]],
) -> None:
    """Whoever manages cooperatives at the leader, or where the enterprise is."""
    actor = market.graph if who is None else market.graph.as_(*who)
    payload = await market.do("postSupplyOrDemand", actor, **posted(party))
    reasons = [(one["code"], ".".join(one["path"][1:])) for one in payload["refusals"]]
    assert reasons == expected


async def test_closing(market: Market) -> None:
    """A posting is closed once, by one of those who try at once, with an event."""
    posting = (await market.post())["id"]
    payloads = await asyncio.gather(*(market.do("closePosting", posting=posting) for _ in range(4)))
    assert sum(payload["posting"] is not None for payload in payloads) == 1
    refused = [payload["refusals"][0]["code"] for payload in payloads if not payload["posting"]]
    assert refused == ["POSTING_CLOSED"] * 3
    assert await market.last_event() == ("COOPERATIVE_POSTING_CLOSED", "AA3-V1", "PEACH")
    mine = (await market.post("NEAR", "DEMAND"))["id"]
    assert (await market.done("closePosting", posting=mine))["state"] == "CLOSED"
    assert await market.last_event() == ("ECONOMY_POSTING_CLOSED", "AA3", None)


async def test_who_may_not_close(market: Market) -> None:
    """Closing is for whom posting is; to others' administrators the posting is unknown."""
    posting = (await market.post())["id"]
    beside = await market.refused("closePosting", market.secretary("AA3-V2"), posting=posting)
    stranger = market.graph.as_("CITY_ADMIN", str(OTHER_ID))
    foreign = await market.refused("closePosting", stranger, posting=posting)
    assert beside == [("FORBIDDEN", "posting")]
    assert foreign == [("POSTING_UNKNOWN", "posting")]
    for unknown in ("nothing", cooperative_id("PEACH"), str(GlobalId("Posting", ID, "0" * 32))):
        assert await market.refused("closePosting", posting=unknown) == [
            ("POSTING_UNKNOWN", "posting")
        ]


LISTS = """query ($kind: PostingKind, $product: String, $state: PostingState) {
  city(code: "invented") {
    postings(kind: $kind, product: $product, state: $state) { totalCount nodes { product } }
    enterprise(code: "NEAR") { postings(kind: $kind, state: $state) { totalCount } }
    cooperative(code: "PEAR") { postings(kind: $kind, state: $state) { totalCount } } } }"""


async def test_lists_of_postings(market: Market) -> None:
    """Lists are filtered by kind, product and state; what is past is closed in both."""
    await market.post("PEAR", "SUPPLY", product="黑木耳")
    await market.post("PEAR", "DEMAND", product="木耳菌棒")
    await market.post("NEAR", "DEMAND", product="黑-木 耳")
    past = await market.post("PEAR", "SUPPLY", product="干黑木耳", untilOn="2026-03-15")
    await market.done("closePosting", posting=past["id"])

    async def found(**given: Any) -> tuple[list[str], int, int]:
        city = (await market.graph.data(LISTS, **given))["city"]
        products = [node["product"] for node in city["postings"]["nodes"]]
        assert city["postings"]["totalCount"] == len(products)
        own = [city[name]["postings"]["totalCount"] for name in ("enterprise", "cooperative")]
        return products, *own

    everything = await found(product="木耳")
    assert everything[0] == ["干黑木耳", "黑-木 耳", "木耳菌棒", "黑木耳"]
    assert everything[2] == 3
    open_ = await found(product="黑 木耳", state="OPEN")
    assert open_[0] == ["黑-木 耳", "黑木耳"]
    assert (await found(product="木耳", state="CLOSED"))[0] == ["干黑木耳"]
    assert (await found(product="木耳", state="CLOSED"))[2] == 1
    assert (await found(product="木耳", kind="DEMAND"))[0] == ["黑-木 耳", "木耳菌棒"]
    answer = await market.graph(LISTS, product="——")
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_REQUEST"]
