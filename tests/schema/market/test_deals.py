"""Deals: proposed from postings or without, advanced step by step, settled or failed."""

import asyncio
from typing import Any

import pytest

from schema.ids import GlobalId
from tests.schema.cooperatives.village import ID, OTHER_ID, cooperative_id
from tests.schema.market.market import Market, deal, enterprise_id


async def test_a_deal_is_proposed(market: Market) -> None:
    """Without postings it has what is given; its log is the cooperative's."""
    found = await market.deal(quantity="12.5", unit="吨", amount="90000")
    assert found.pop("id")
    assert found == {
        "cooperative": {"code": "PEACH"},
        "enterprise": {"code": "FOODS"},
        "product": "葡萄",
        "quantity": "12.5",
        "unit": "吨",
        "amount": "90000.00",
        "collectiveIncome": None,
        "householdIncome": None,
        "state": "PROPOSED",
        "reason": None,
        "supply": None,
        "demand": None,
        "matchingEvent": None,
        "revision": 1,
        "availableStates": ["INTENDED", "FAILED"],
        "dataKind": "REAL",
    }
    assert await market.last_event() == ("COOPERATIVE_DEAL_PROPOSED", "AA3-V1", "PEACH")


@pytest.mark.parametrize(
    ("units", "given", "expected"),
    [
        (("公斤", "公斤"), {}, ("60", "公斤")),
        (("公斤", "吨"), {}, (None, None)),
        (("公斤", "吨"), {"quantity": "7"}, ("7", "公斤")),
        (("公斤", "公斤"), {"quantity": "7", "unit": "箱"}, ("7", "箱")),
    ],
)
async def test_a_deal_comes_from_postings(
    market: Market, units: tuple[str, str], given: Any, expected: Any
) -> None:
    """Product and the smaller quantity are those of the postings, unless something is given."""
    supply = await market.post("PEACH", product="巨峰葡萄", quantity="100", unit=units[0])
    demand = await market.post("FOODS", "DEMAND", quantity="60", unit=units[1])
    found = await market.deal(product=None, supply=supply["id"], demand=demand["id"], **given)
    assert (found["product"], found["supply"], found["demand"]) == (
        "巨峰葡萄",
        {"id": supply["id"]},
        {"id": demand["id"]},
    )
    assert (found["quantity"], found["unit"]) == expected


async def test_one_posting_is_enough(market: Market) -> None:
    """A deal may come from the demand of an enterprise alone."""
    demand = await market.post("FOODS", "DEMAND", product="香菇", quantity="5", unit="吨")
    found = await market.deal(product=None, demand=demand["id"])
    assert (found["product"], found["quantity"], found["unit"]) == ("香菇", "5", "吨")


REFUSED: dict[str, tuple[dict[str, Any], list[tuple[str, str]]]] = {
    "nothing to deal in": ({"product": None}, [("NEED_MISSING", "product")]),
    "no product": ({"product": "!"}, [("PRODUCT_MALFORMED", "product")]),
    "no quantity": ({"quantity": "0", "unit": "吨"}, [("AMOUNT_OUT_OF_RANGE", "quantity")]),
    "no unit": ({"quantity": "1"}, [("NEED_MISSING", "unit")]),
    "a negative amount": ({"amount": "-1"}, [("AMOUNT_OUT_OF_RANGE", "amount")]),
    "unknown both": (
        {"cooperative": cooperative_id("ZZ"), "enterprise": enterprise_id("ZZ")},
        [("COOPERATIVE_UNKNOWN", "cooperative"), ("ENTERPRISE_UNKNOWN", "enterprise")],
    ),
    "both over": (
        {"cooperative": cooperative_id("OVER"), "enterprise": enterprise_id("GONE")},
        [("COOPERATIVE_DISSOLVED", "cooperative"), ("ENTERPRISE_LEFT", "enterprise")],
    ),
    "unknown postings": (
        {"supply": "x", "demand": enterprise_id("FOODS")},
        [("POSTING_UNKNOWN", "supply"), ("POSTING_UNKNOWN", "demand")],
    ),
    "an unknown event": (
        {"matchingEvent": str(GlobalId("MatchingEvent", ID, "0" * 32))},
        [("MATCHING_EVENT_UNKNOWN", "matchingEvent")],
    ),
    "another city's": (
        {"cooperative": cooperative_id("FAR", OTHER_ID)},
        [("COOPERATIVE_UNKNOWN", "cooperative")],
    ),
}


@pytest.mark.parametrize(("given", "expected"), REFUSED.values(), ids=REFUSED)
async def test_refused_proposals(
    market: Market, given: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    """What cannot be is refused, each reason at its field."""
    assert await market.refused("proposeDeal", **deal(**given)) == expected


async def test_postings_must_be_of_the_two(market: Market) -> None:
    """Of another party, kind or product, of one party alone, closed or past: refused."""
    mine = (await market.post("PEACH", "SUPPLY"))["id"]
    wanted = (await market.post("PEACH", "DEMAND"))["id"]
    others = (await market.post("PEAR", "SUPPLY"))["id"]
    pears = (await market.post("FOODS", "DEMAND", product="梨子"))["id"]
    over = (await market.post("FOODS", "DEMAND"))["id"]
    await market.done("closePosting", posting=over)
    differ = "POSTINGS_DIFFER"
    cases: list[tuple[dict[str, Any], list[tuple[str, str]]]] = [
        ({"supply": others}, [(differ, "supply")]),
        ({"demand": mine}, [(differ, "demand")]),
        ({"supply": mine, "demand": wanted}, [(differ, "demand")]),
        ({"supply": mine, "demand": pears, "product": None}, [(differ, "supply")]),
        ({"demand": pears}, [(differ, "demand")]),
        ({"supply": mine, "demand": over}, [("POSTING_CLOSED", "demand")]),
        ({"supply": others, "demand": over}, [(differ, "supply"), ("POSTING_CLOSED", "demand")]),
    ]
    for given, expected in cases:
        assert await market.refused("proposeDeal", **deal(**given)) == expected


async def test_a_city_without_deals(market: Market) -> None:
    """Where the city's file does not record DEALS none is proposed, and the reason names it."""
    who = market.graph.as_("CITY_ADMIN", str(OTHER_ID))
    listed = await who.data(
        """mutation { registerEnterprise(input: { city: "elsewhere", name: "别处公司",
        organization: "CC1" }) { enterprise { id } } }"""
    )
    enterprise = listed["registerEnterprise"]["enterprise"]["id"]
    given = deal(cooperative=cooperative_id("FAR", OTHER_ID), enterprise=enterprise)
    payload = await market.do("proposeDeal", who, **given)
    assert [(one["code"], one["path"]) for one in payload["refusals"]] == [
        ("MEASURE_NOT_RECORDED", ["input", "cooperative"])
    ]
    assert "cooperatives.records" in payload["refusals"][0]["message"]


ACTORS: dict[str, tuple[str | None, list[tuple[str, str]]]] = {
    "where the leader is": ("AA3-V1", []),
    "where the enterprise is": ("BB", []),
    "elsewhere": ("AA3-V2", [("FORBIDDEN", "cooperative")]),
    "nobody": (None, [("FORBIDDEN", "")]),
}


@pytest.mark.parametrize(("organization", "expected"), ACTORS.values(), ids=ACTORS)
async def test_who_may_propose(
    market: Market, organization: str | None, expected: list[tuple[str, str]]
) -> None:
    """Either party's side proposes and advances; to others no state is available."""
    who = market.secretary(organization) if organization else market.graph
    payload = await market.do("proposeDeal", who, **deal())
    reasons = [(one["code"], ".".join(one["path"][1:])) for one in payload["refusals"]]
    assert reasons == expected
    made = payload["deal"] or await market.deal()
    query = "query ($id: ID!) { node(id: $id) { ... on Deal { availableStates } } }"
    offered = (await who.data(query, id=made["id"]))["node"]["availableStates"]
    advanced = await market.do("advanceDeal", who, deal=made["id"], to="INTENDED")
    assert (offered, advanced["deal"] is not None) == (
        ([], False) if expected else (["INTENDED", "FAILED"], True)
    )


STEPS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"to": "INTENDED"}, {"amount": None, "availableStates": ["CONTRACTED", "FAILED"]}),
    ({"to": "CONTRACTED", "amount": "5000"}, {"amount": "5000.00"}),
    (
        {"to": "DELIVERED", "amount": "4800", "collectiveIncome": "4800"},
        {"amount": "4800.00", "collectiveIncome": "4800.00", "householdIncome": None},
    ),
    (
        {"to": "SETTLED", "collectiveIncome": "1000", "householdIncome": "3800"},
        {"collectiveIncome": "1000.00", "householdIncome": "3800.00", "availableStates": []},
    ),
]


async def test_a_deal_goes_its_way(market: Market) -> None:
    """From proposed to settled, a step at a time; each counts a revision and leaves an event."""
    id_ = (await market.deal())["id"]
    for revision, (given, expected) in enumerate(STEPS, start=1):
        found = await market.done("advanceDeal", deal=id_, revision=revision, **given)
        assert found | expected == found
        assert (found["state"], found["revision"]) == (given["to"], revision + 1)
        assert await market.last_event() == ("COOPERATIVE_DEAL_ADVANCED", "AA3-V1", "PEACH")
    assert await market.refused("advanceDeal", deal=id_, to="FAILED", reason="晚了") == [
        ("DEAL_STATE_NOT_ALLOWED", "to")
    ]


@pytest.mark.parametrize("steps", range(4))
async def test_a_deal_fails(market: Market, steps: int) -> None:
    """Until it is settled it may fail, for a reason, and is over then."""
    id_ = (await market.deal())["id"]
    for given, _ in STEPS[:steps]:
        await market.done("advanceDeal", deal=id_, **given)
    found = await market.done("advanceDeal", deal=id_, to="FAILED", reason=" 质量不合格 ")
    assert (found["state"], found["reason"], found["availableStates"]) == (
        "FAILED",
        "质量不合格",
        [],
    )


STEP: dict[str, tuple[int, dict[str, Any], list[tuple[str, str]]]] = {
    "skipping one": (0, {"to": "CONTRACTED"}, [("DEAL_STATE_NOT_ALLOWED", "to")]),
    "going back": (2, {"to": "INTENDED"}, [("DEAL_STATE_NOT_ALLOWED", "to")]),
    "staying": (1, {"to": "INTENDED"}, [("DEAL_STATE_NOT_ALLOWED", "to")]),
    "without an amount": (1, {"to": "CONTRACTED"}, [("NEED_MISSING", "amount")]),
    "a negative amount": (
        1,
        {"to": "CONTRACTED", "amount": "-1"},
        [("AMOUNT_OUT_OF_RANGE", "amount")],
    ),
    "incomes too early": (
        1,
        {"to": "CONTRACTED", "amount": "9", "collectiveIncome": "1", "householdIncome": "1"},
        [("NEED_NOT_TAKEN", "collectiveIncome"), ("NEED_NOT_TAKEN", "householdIncome")],
    ),
    "more income than amount": (
        2,
        {"to": "DELIVERED", "collectiveIncome": "5000.01", "householdIncome": "-1"},
        [("AMOUNT_OUT_OF_RANGE", "householdIncome"), ("AMOUNT_OUT_OF_RANGE", "collectiveIncome")],
    ),
    "less amount than income": (
        3,
        {"to": "SETTLED", "amount": "4799"},
        [("AMOUNT_OUT_OF_RANGE", "amount")],
    ),
    "failing without a reason": (1, {"to": "FAILED", "reason": " "}, [("NEED_MISSING", "reason")]),
    "failing with amounts": (
        1,
        {"to": "FAILED", "reason": "x", "amount": "1", "householdIncome": "1"},
        [("NEED_NOT_TAKEN", "amount"), ("NEED_NOT_TAKEN", "householdIncome")],
    ),
    "a reason for success": (0, {"to": "INTENDED", "reason": "x"}, [("NEED_NOT_TAKEN", "reason")]),
    "an old revision": (1, {"to": "FAILED", "revision": 1}, [("DEAL_CHANGED", "revision")]),
}


@pytest.mark.parametrize(("steps", "given", "expected"), STEP.values(), ids=STEP)
async def test_refused_steps(
    market: Market, steps: int, given: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    """A step that is not next, lacks something or has too much is refused at its field."""
    id_ = (await market.deal())["id"]
    for done, _ in STEPS[:steps]:
        await market.done("advanceDeal", deal=id_, **done)
    assert await market.refused("advanceDeal", deal=id_, **given) == expected


@pytest.mark.parametrize("given", ["x", str(GlobalId("Deal", ID, "0" * 32))])
async def test_unknown_deals(market: Market, given: str) -> None:
    """What is no deal of the city is refused; so is any to another city's administrator."""
    assert await market.refused("advanceDeal", deal=given, to="INTENDED") == [
        ("DEAL_UNKNOWN", "deal")
    ]
    stranger = market.graph.as_("CITY_ADMIN", str(OTHER_ID))
    real = (await market.deal())["id"]
    assert await market.refused("advanceDeal", stranger, deal=real, to="INTENDED") == [
        ("DEAL_UNKNOWN", "deal")
    ]


async def test_one_step_at_once(market: Market) -> None:
    """Of many who take the same step at once one does, from either side; one event is left."""
    id_ = (await market.deal())["id"]
    sides = [market.secretary("AA3-V1"), market.secretary("BB")] * 4
    before = len(await market.events())
    payloads = await asyncio.gather(
        *(market.do("advanceDeal", who, deal=id_, to="INTENDED", revision=1) for who in sides)
    )
    assert sum(payload["deal"] is not None for payload in payloads) == 1
    refused = {one["code"] for payload in payloads for one in payload["refusals"]}
    assert refused == {"DEAL_CHANGED"}
    assert len(await market.events()) == before + 1


async def test_a_deal_goes_on_after_its_enterprise_left(market: Market) -> None:
    """Leaving the directory begins nothing new, and ends nothing that was agreed."""
    made = await market.done(
        "registerEnterprise",
        city="invented",
        name="将退公司",
        organization="BB",
        joinedOn="2026-01-01",
    )
    id_ = (await market.deal(enterprise=made["id"]))["id"]
    await market.done("delistEnterprise", enterprise=made["id"])
    found = await market.done("advanceDeal", deal=id_, to="INTENDED")
    assert found["state"] == "INTENDED"
    assert await market.refused("proposeDeal", **deal(enterprise=made["id"])) == [
        ("ENTERPRISE_LEFT", "enterprise")
    ]
