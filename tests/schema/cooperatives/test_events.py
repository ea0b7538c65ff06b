"""What happens to cooperatives and in the collective economy, as the log shows it."""

from typing import Any

import pytest

from tests.conftest import Graph, NewDatabase, opened
from tests.schema.cooperatives.acting import admin, found, secretary
from tests.schema.cooperatives.village import TENANTS

EVENTS = """query { city(code: 990100) { auditEvents(first: 100) { nodes { kind
  ... on CooperativeEvent {
    cooperative { name } organization { code } on fields year revision result { jobs }
    household { people } posting { product quantity } deal { product }
    fromState toState
  }
  ... on EconomyEvent {
    organization { code } on enterprise { name } posting { product }
    matchingEvent { title } assetTrade { asset } village { support } amount
  }
} } } }"""
IDS = {
    "registerEnterprise": "enterprise",
    "postSupplyOrDemand": "posting",
    "holdMatchingEvent": "matchingEvent",
    "proposeDeal": "deal",
    "listWeakVillage": "weakVillage",
    "enrolHousehold": "membership",
}
"""Mutations of whose outcomes the id is wanted, with the payload's field."""


async def do(site: Graph, mutation: str, **input_: Any) -> Any:
    """Carry out a mutation, which must be accepted; the id of what it gave, if it is wanted."""
    type_ = f"{mutation[0].upper()}{mutation[1:]}Input!"
    wanted = f"{IDS[mutation]} {{ id }}" if mutation in IDS else ""
    query = f"mutation ($input: {type_}) {{ {mutation}(input: $input) {{ {wanted} refusals"
    data = (await site.data(f"{query} {{ code message }} }} }}", input=input_))[mutation]
    assert data["refusals"] == []
    return data[IDS[mutation]]["id"] if wanted else None


@pytest.fixture
async def site(new_database: NewDatabase) -> Any:
    """The application over a database of its own, whose log has nothing but the test's."""
    async with opened(await new_database(TENANTS)) as ready:
        yield ready


async def told(site: Graph) -> list[dict[str, Any]]:
    """All events, without the facts that an event has none of."""
    nodes = (await admin(site).data(EVENTS))["city"]["auditEvents"]["nodes"]
    return [{name: value for name, value in node.items() if value} for node in nodes]


async def test_what_happens_to_a_cooperative_is_told_with_its_facts(site: Graph) -> None:
    """Members, results, postings and deals are shown as what they are."""
    who = secretary(site, "AA3")
    cooperative = (await found(who, name="桃花社"))["cooperative"]["id"]
    household = {"organization": "AA3-V1", "head": {"name": "陶示例"}, "people": 3}
    member = await do(who, "enrolHousehold", cooperative=cooperative, newHousehold=household)
    await do(who, "leaveCooperative", membership=member)
    await do(who, "recordResult", cooperative=cooperative, year=2026, jobs=3)
    corrected = {"cooperative": cooperative, "year": 2026, "revision": 1, "jobs": 4}
    await do(who, "correctResult", **corrected, reason="漏报")
    enterprise = await do(
        who, "registerEnterprise", city="invented", name="果品公司", organization="AA3"
    )
    posted = {"cooperative": cooperative, "kind": "SUPPLY", "product": "桃", "quantity": "5"}
    posting = await do(who, "postSupplyOrDemand", **posted, unit="吨")
    deal = {"cooperative": cooperative, "enterprise": enterprise, "supply": posting}
    deal_id = await do(who, "proposeDeal", **deal)
    await do(who, "advanceDeal", deal=deal_id, to="FAILED", reason="未谈成")
    of = {"cooperative": {"name": "桃花社"}, "organization": {"code": "AA3-V1"}}
    home = {"household": {"people": 3}}
    assert [event for event in await told(site) if event["kind"].startswith("COOPERATIVE_")] == [
        {"kind": "COOPERATIVE_FOUNDED", **of, "on": "2026-03-15"},
        {"kind": "COOPERATIVE_HOUSEHOLD_ENROLLED", **of, "on": "2026-03-15", **home},
        {"kind": "COOPERATIVE_HOUSEHOLD_LEFT", **of, "on": "2026-03-16", **home},
        {
            "kind": "COOPERATIVE_RESULT_RECORDED",
            **of,
            "year": 2026,
            "revision": 1,
            "result": {"jobs": 3},
        },
        {
            "kind": "COOPERATIVE_RESULT_CORRECTED",
            **of,
            "year": 2026,
            "revision": 2,
            "result": {"jobs": 4},
            "fields": ["jobs"],
        },
        {
            "kind": "COOPERATIVE_POSTED",
            **of,
            "posting": {"product": "桃", "quantity": "5"},
        },
        {"kind": "COOPERATIVE_DEAL_PROPOSED", **of, "deal": {"product": "桃"}},
        {
            "kind": "COOPERATIVE_DEAL_ADVANCED",
            **of,
            "deal": {"product": "桃"},
            "fromState": "PROPOSED",
            "toState": "FAILED",
        },
    ]


async def test_what_happens_in_the_economy_is_told_with_its_facts(site: Graph) -> None:
    """Enterprises, meetings, trades and weak villages are shown as what they are."""
    who, city = secretary(site, "AA3"), {"city": "invented"}
    enterprise = await do(who, "registerEnterprise", **city, name="果品公司", organization="AA3")
    sought = {"enterprise": enterprise, "kind": "DEMAND", "product": "桃", "quantity": "5"}
    posting = await do(who, "postSupplyOrDemand", **sought, unit="吨")
    await do(who, "closePosting", posting=posting)
    await do(who, "holdMatchingEvent", **city, organization="AA3", title="对接会")
    trade = {"organization": "AA3-V1", "asset": "仓库", "dealPrice": "10"}
    await do(who, "recordAssetTrade", **city, **trade, tradedOn="2026-03-01")
    village = await do(who, "listWeakVillage", **city, organization="AA3-V1")
    await do(who, "supportVillage", village=village, amount="2000")
    of, firm = {"organization": {"code": "AA3"}}, {"enterprise": {"name": "果品公司"}}
    weak = {"organization": {"code": "AA3-V1"}, "village": {"support": "2000.00"}}
    assert await told(site) == [
        {"kind": "ECONOMY_ENTERPRISE_LISTED", **of, "on": "2026-03-15", **firm},
        {"kind": "ECONOMY_ENTERPRISE_POSTED", **of, **firm, "posting": {"product": "桃"}},
        {"kind": "ECONOMY_POSTING_CLOSED", **of, **firm, "posting": {"product": "桃"}},
        {
            "kind": "ECONOMY_MATCHING_HELD",
            **of,
            "on": "2026-03-15",
            "matchingEvent": {"title": "对接会"},
        },
        {
            "kind": "ECONOMY_ASSET_TRADED",
            "organization": {"code": "AA3-V1"},
            "on": "2026-03-01",
            "assetTrade": {"asset": "仓库"},
        },
        {"kind": "ECONOMY_VILLAGE_LISTED", **weak, "on": "2026-03-15"},
        {"kind": "ECONOMY_VILLAGE_SUPPORTED", **weak, "amount": "2000.00"},
    ]
