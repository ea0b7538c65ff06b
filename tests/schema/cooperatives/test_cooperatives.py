"""Cooperatives: founded, changed, dissolved and read."""

import asyncio
import datetime
import uuid
from pathlib import Path
from typing import Any

import pytest

from schema.cooperatives.found import Found
from schema.ids import GlobalId
from schema.refusals import Refused
from schema.tables.cooperative import CooperativeKind
from tests.conftest import Graph
from tests.schema.cooperatives.acting import act, admin, found, fresh, reasons, secretary
from tests.schema.cooperatives.village import (
    OTHER_ID,
    Given,
    cooperative_id,
    cooperative_uuid,
    put,
    rows_of,
    unite,
)
from tests.schema.organizations.town import town_at

NODE = "query ($id: ID!) { node(id: $id) { ... on Cooperative { %s } } }"
BY_CODE = "query ($code: ID!) { city(code: 990100) { cooperative(code: $code) { %s } } }"
TIMELINE = """query ($id: ID!) { node(id: $id) { ... on Cooperative { timeline(first: 50) { nodes {
  kind actor { role }
  ... on CooperativeEvent {
    cooperative { code } organization { code } on changes { field before after } reason
    union { code } member { code } year revision fields result { revision }
    household { id } posting { id } deal { id } fromState toState
  }
} } } } }"""
NO_FACTS: dict[str, Any] = {
    "actor": {"role": "CITY_ADMIN"},
    "on": None,
    "changes": [],
    "reason": None,
    "union": None,
    "member": None,
    "year": None,
    "revision": None,
    "fields": [],
    "result": None,
    "household": None,
    "posting": None,
    "deal": None,
    "fromState": None,
    "toState": None,
}


async def read(site: Graph, id_: str, fields: str) -> Any:
    """A cooperative by its id."""
    return (await site.data(NODE % fields, id=id_))["node"]


async def timeline(site: Graph, id_: str) -> list[dict[str, Any]]:
    """Its events, without the facts that an event has none of."""
    nodes = (await site.data(TIMELINE, id=id_))["node"]["timeline"]["nodes"]
    return [
        {name: value for name, value in node.items() if value != NO_FACTS.get(name, "")}
        for node in nodes
    ]


async def test_founding_makes_a_cooperative_with_a_code_of_its_leader(site: Graph) -> None:
    """What is given is stored, a code made from the leader's, and an event written."""
    payload = await found(
        site.as_("SECRETARY", "990100", "BB3-V1"),
        name="  杏花  合作社 ",
        leader="BB3-V1",
        village="BB3-V1",
        products=["杏", "杏仁"],
        foundedOn="2024-03-01",
    )
    made = payload["cooperative"]
    assert payload["refusals"] == []
    assert made == {
        "id": made["id"],
        "code": "BB3-V1-HZS1",
        "name": "杏花 合作社",
        "kind": "COOPERATIVE",
        "leader": {"code": "BB3-V1"},
        "village": {"code": "BB3-V1"},
        "industry": "林果",
        "industryKey": "fruit",
        "products": ["杏", "杏仁"],
        "foundedOn": "2024-03-01",
        "dissolvedOn": None,
        "revision": 1,
        "dataKind": "REAL",
        "source": None,
        "assumed": False,
    }
    assert await timeline(admin(site), made["id"]) == [
        {
            "kind": "COOPERATIVE_FOUNDED",
            "actor": {"role": "SECRETARY"},
            "cooperative": {"code": "BB3-V1-HZS1"},
            "organization": {"code": "BB3-V1"},
            "on": "2024-03-01",
        }
    ]
    again = await found(admin(site), leader="BB3-V1")
    assert again["cooperative"]["code"] == "BB3-V1-HZS2"
    assert again["cooperative"]["foundedOn"] == "2026-03-15"


@pytest.mark.parametrize(
    ("kind", "code"), [("VILLAGE_ENTERPRISE", "BB3-QY1"), ("UNION", "BB3-LHS1")]
)
async def test_codes_tell_the_kind(site: Graph, kind: str, code: str) -> None:
    """Village enterprises and unions have series of their own."""
    assert (await found(admin(site), leader="BB3", kind=kind))["cooperative"]["code"] == code


async def test_a_rehearsal_founds_nothing(site: Graph) -> None:
    """With dryRun there is neither a cooperative nor a refusal."""
    payload = await found(admin(site), code="REHEARSED", dry_run=True)
    assert payload == {"cooperative": None, "refusals": []}
    assert (await site.data(BY_CODE % "id", code="REHEARSED"))["city"]["cooperative"] is None


BAD: list[tuple[dict[str, Any], list[tuple[str, str]]]] = [
    ({"leader": "NOWHERE"}, [("ORGANIZATION_UNKNOWN", "leader")]),
    ({"leader": "CC1-V1"}, [("ORGANIZATION_UNKNOWN", "leader")]),
    (
        {"leader": str(GlobalId("Organization", OTHER_ID, uuid.UUID(int=1).hex))},
        [("ORGANIZATION_UNKNOWN", "leader")],
    ),
    ({"leader": "AA3-V9"}, [("ORGANIZATION_ENDED", "leader")]),
    ({"village": "AA3-V9"}, [("ORGANIZATION_ENDED", "village")]),
    ({"village": "\0"}, [("ORGANIZATION_UNKNOWN", "village")]),
    ({"industry": "mining"}, [("INDUSTRY_UNKNOWN", "industry")]),
    ({"code": "lower"}, [("CODE_MALFORMED", "code")]),
    ({"foundedOn": "2026-03-16"}, [("DATE_OUT_OF_RANGE", "foundedOn")]),
    ({"name": "——"}, [("NAME_MALFORMED", "name")]),
    ({"name": "社" * 101}, [("NAME_MALFORMED", "name")]),
    ({"products": ["米"] * 51}, [("PRODUCT_MALFORMED", "products")]),
    ({"products": ["米", "优质大米", "大 米"]}, [("PRODUCT_MALFORMED", "products")]),
    (
        {"name": "", "industry": "", "products": ["米", "!"], "code": "-", "village": "X-Y"},
        [
            ("CODE_MALFORMED", "code"),
            ("NAME_MALFORMED", "name"),
            ("INDUSTRY_UNKNOWN", "industry"),
            ("PRODUCT_MALFORMED", "products.1"),
            ("ORGANIZATION_UNKNOWN", "village"),
        ],
    ),
]


@pytest.mark.parametrize(("given", "expected"), BAD, ids=lambda value: str(value)[:40])
async def test_bad_input_is_refused(
    site: Graph, given: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    """Every reason is told at once, each about its field."""
    payload = await found(admin(site), **given)
    assert (payload["cooperative"], reasons(payload)) == (None, expected)


async def test_an_unknown_industry_is_told_those_that_there_are(site: Graph) -> None:
    """The message lists the province's vocabulary."""
    payload = await found(admin(site), industry="mining", language="en")
    assert [one["message"] for one in payload["refusals"]] == [
        "The province's vocabulary has no industry 'mining'; there are: mushroom, fruit, tourism."
    ]


async def test_a_code_is_given_once(site: Graph) -> None:
    """A second cooperative with the same code is refused; another city may have it."""
    assert reasons(await found(admin(site), code="TAKEN-1")) == []
    assert reasons(await found(admin(site), code="TAKEN-1")) == [("CODE_TAKEN", "code")]
    elsewhere = site.as_("CITY_ADMIN", "990200")
    payload = await found(elsewhere, code="TAKEN-1", city="elsewhere", leader="CC1-V1")
    assert reasons(payload) == []


async def test_two_who_give_one_code_at_once_make_one(shared_url: str, tmp_path: Path) -> None:
    """Under different leaders, nobody waits for the other before the row itself."""
    async with town_at(shared_url, tmp_path / "keys.json") as town:
        outcomes = await asyncio.gather(
            *(town.do(_named("AT-ONCE", leader)) for leader in ("AA3-V1", "AA3-V2", "BB3-V1"))
        )
    codes = [one.refusals[0].code for one in outcomes if isinstance(one, Refused)]
    assert codes == ["CODE_TAKEN", "CODE_TAKEN"]
    stored = await rows_of(shared_url, "SELECT 1 FROM cooperative WHERE code = 'AT-ONCE'")
    assert len(stored) == 1


async def test_foundings_at_once_under_one_leader_get_codes_of_their_own(
    shared_url: str, tmp_path: Path
) -> None:
    """Numbers are neither given twice nor left out."""
    async with town_at(shared_url, tmp_path / "keys.json") as town:
        await asyncio.gather(*(town.do(_named(None, "AA1-1")) for _ in range(4)))
    sql = "SELECT code FROM cooperative WHERE code LIKE 'AA1-1-HZS%' ORDER BY 1"
    assert [row["code"] for row in await rows_of(shared_url, sql)] == [
        f"AA1-1-HZS{n}" for n in (1, 2, 3, 4)
    ]


def _named(code: str | None, leader: str) -> Found:
    return Found(
        name="同时",
        kind=CooperativeKind.COOPERATIVE,
        leader=leader,
        village=None,
        industry="fruit",
        industries=("fruit",),
        code=code,
    )


@pytest.mark.parametrize(
    ("role", "organization"), [("SECRETARY", "AA3-V2"), ("SECRETARY", "BB"), ("GRID_WORKER", "AA")]
)
async def test_who_manages_nothing_at_the_leader_founds_nothing_there(
    site: Graph, role: str, organization: str
) -> None:
    """The permission counts at the leading organization."""
    payload = await found(site.as_(role, "990100", organization))
    assert payload["cooperative"] is None
    assert [code for code, _ in reasons(payload)] == ["FORBIDDEN"]


async def test_a_change_is_kept_with_what_there_was(site: Graph, shared_url: str) -> None:
    """Name, industry, products, village and leader change together; the event says how."""
    given = Given("CHANGED", name="旧名", industry="fruit", products=("桃",), village="AA3-V1")
    await put(shared_url, given)
    payload = await act(
        secretary(site, "AA3"),
        "changeCooperative",
        cooperative=cooperative_id("CHANGED"),
        revision=1,
        name="新名",
        industry="tourism",
        products=[],
        village=None,
        leader="AA3-V2",
    )
    assert payload["refusals"] == []
    changed = payload["cooperative"]
    names = ("name", "industry", "products", "village", "leader", "revision")
    assert [changed[name] for name in names] == [
        "新名",
        "乡村旅游",
        [],
        None,
        {"code": "AA3-V2"},
        2,
    ]
    (event,) = await timeline(admin(site), changed["id"])
    assert event == {
        "kind": "COOPERATIVE_CHANGED",
        "actor": {"role": "SECRETARY"},
        "cooperative": {"code": "CHANGED"},
        "organization": {"code": "AA3-V2"},
        "revision": 2,
        "changes": [
            {"field": "name", "before": "旧名", "after": "新名"},
            {"field": "industry", "before": "fruit", "after": "tourism"},
            {"field": "products", "before": "桃", "after": ""},
            {"field": "leader", "before": "AA3-V1", "after": "AA3-V2"},
            {"field": "village", "before": "AA3-V1", "after": None},
        ],
    }


async def test_a_rehearsed_change_shows_it_as_it_is(site: Graph, shared_url: str) -> None:
    """With dryRun nothing is changed, and bad input is refused all the same."""
    id_ = await fresh(shared_url, name="旧名")
    change: dict[str, Any] = {"cooperative": id_, "revision": 1, "dry_run": True}
    payload = await act(admin(site), "changeCooperative", **change, name="新名")
    assert (payload["cooperative"]["name"], reasons(payload)) == ("旧名", [])
    refused = await act(admin(site), "changeCooperative", **change, name="")
    assert (refused["cooperative"], reasons(refused)) == (None, [("NAME_MALFORMED", "name")])
    assert (await read(site, id_, "name revision")) == {"name": "旧名", "revision": 1}


CHANGES: list[tuple[str, dict[str, Any], list[tuple[str, str]]]] = [
    ("AA3-V1", {"revision": 2, "name": "新"}, [("COOPERATIVE_CHANGED", "revision")]),
    ("AA3-V1", {"name": "旧名"}, [("CONTENT_UNCHANGED", "")]),
    ("AA3-V1", {}, [("CONTENT_UNCHANGED", "")]),
    ("AA3-V1", {"leader": "AA3-V2"}, [("FORBIDDEN", "leader")]),
    ("AA3-V2", {"name": "新"}, [("FORBIDDEN", "cooperative")]),
    (
        "AA3",
        {"name": "", "industry": "x", "leader": "X-Y", "village": "AA3-V9"},
        [
            ("NAME_MALFORMED", "name"),
            ("INDUSTRY_UNKNOWN", "industry"),
            ("ORGANIZATION_UNKNOWN", "leader"),
            ("ORGANIZATION_ENDED", "village"),
        ],
    ),
]


@pytest.mark.parametrize(("at", "given", "expected"), CHANGES, ids=lambda value: str(value)[:30])
async def test_changes_that_cannot_be_are_refused(
    site: Graph,
    shared_url: str,
    at: str,
    given: dict[str, Any],
    expected: list[tuple[str, str]],
) -> None:
    """A stale revision, nothing new, no permission at both leaders, or bad values."""
    id_ = await fresh(shared_url, name="旧名")
    input_ = {"cooperative": id_, "revision": 1, **given}
    payload = await act(secretary(site, at), "changeCooperative", **input_)
    assert (payload["cooperative"], reasons(payload)) == (None, expected)


@pytest.mark.parametrize(
    "given", [cooperative_id("NOTHING"), "CHANGED", "junk", cooperative_id("X", OTHER_ID)]
)
async def test_what_is_no_cooperative_of_the_viewer_is_unknown(site: Graph, given: str) -> None:
    """An id of another city or type says no more than one that nothing has."""
    payload = await act(admin(site), "dissolveCooperative", cooperative=given)
    assert reasons(payload) == [("COOPERATIVE_UNKNOWN", "cooperative")]


async def test_dissolving_ends_it_and_leaves_its_unions(site: Graph, shared_url: str) -> None:
    """It is out of lists, still found by code, and no member any more; numbers are masked."""
    founded = datetime.date(2020, 1, 1)
    await put(shared_url, Given("ENDS", founded_on=founded), Given("ENDS-U", kind="UNION"))
    await unite(shared_url, "ENDS-U", "ENDS")
    payload = await act(
        admin(site),
        "dissolveCooperative",
        cooperative=cooperative_id("ENDS"),
        on="2026-03-01",
        reason="并入他社,详询13812345678",
    )
    assert payload == {
        "cooperative": {"code": "ENDS", "dissolvedOn": "2026-03-01", "revision": 2, "unions": []},
        "refusals": [],
    }
    both = {"union": {"code": "ENDS-U"}, "member": {"code": "ENDS"}, "on": "2026-03-01"}
    assert await timeline(admin(site), cooperative_id("ENDS")) == [
        {
            "kind": "COOPERATIVE_LEFT_UNION",
            "cooperative": {"code": "ENDS"},
            "organization": {"code": "AA3-V1"},
            **both,
        },
        {
            "kind": "COOPERATIVE_DISSOLVED",
            "cooperative": {"code": "ENDS"},
            "organization": {"code": "AA3-V1"},
            "on": "2026-03-01",
            "reason": "并入他社,详询138****5678",
        },
    ]
    assert [event["kind"] for event in await timeline(admin(site), cooperative_id("ENDS-U"))] == [
        "COOPERATIVE_LEFT_UNION"
    ]
    found_ = await site.data(BY_CODE % "code dissolvedOn", code="ENDS")
    assert found_["city"]["cooperative"] == {"code": "ENDS", "dissolvedOn": "2026-03-01"}
    again = await act(
        admin(site), "dissolveCooperative", cooperative=cooperative_id("ENDS"), reason="x"
    )
    assert reasons(again) == [("COOPERATIVE_DISSOLVED", "cooperative")]
    change: dict[str, Any] = {"cooperative": cooperative_id("ENDS"), "revision": 2, "name": "新"}
    changed = await act(admin(site), "changeCooperative", **change)
    assert reasons(changed) == [("COOPERATIVE_DISSOLVED", "cooperative")]


@pytest.mark.parametrize("on", ["2020-01-01", "2026-03-16"])
async def test_the_day_of_an_end_lies_between_founding_and_today(
    site: Graph, shared_url: str, on: str
) -> None:
    """Not the first day itself, nor one to come."""
    id_ = await fresh(shared_url, founded_on=datetime.date(2020, 1, 1))
    payload = await act(admin(site), "dissolveCooperative", cooperative=id_, on=on)
    assert reasons(payload) == [("DATE_OUT_OF_RANGE", "on")]


async def test_nothing_is_known_from_after_its_end(site: Graph, shared_url: str) -> None:
    """Neither a result nor a membership of a union, also one that ended, is later than it."""
    await put(shared_url, Given("LATE"), Given("LATE-U", kind="UNION"))
    since, until = datetime.date(2023, 6, 1), datetime.date(2025, 1, 1)
    await unite(shared_url, "LATE-U", "LATE", since=since, until=until)
    late: dict[str, Any] = {"cooperative": cooperative_id("LATE")}
    refused = await act(admin(site), "dissolveCooperative", "en", **late, on="2023-06-01")
    assert [one["message"] for one in refused["refusals"]] == [
        "The day 2023-06-01 cannot be: expected not before 2023-06-02, not after 2026-03-15."
    ]
    assert reasons(await act(admin(site), "recordResult", **late, year=2024, jobs=1)) == []
    refused = await act(admin(site), "dissolveCooperative", "en", **late, on="2024-01-01")
    assert [one["message"] for one in refused["refusals"]] == [
        "The day 2024-01-01 cannot be: expected not before 2024-01-02, not after 2026-03-15."
    ]
    assert reasons(await act(admin(site), "dissolveCooperative", **late, on="2024-06-01")) == []
    sql = "SELECT until FROM union_member WHERE member_id = $1"
    (tie,) = await rows_of(shared_url, sql, cooperative_uuid("LATE"))
    assert tie["until"] == datetime.date(2024, 6, 1)


async def test_members_keep_it_in_being(site: Graph, shared_url: str) -> None:
    """Neither one with a household nor a union with a member is dissolved."""
    await put(shared_url, Given("KEPT"), Given("KEPT-U", kind="UNION"))
    await unite(shared_url, "KEPT-U", "KEPT")
    household = {"organization": "AA3-V1", "head": {"name": "陶示例"}, "people": 3}
    joined: dict[str, Any] = {"cooperative": cooperative_id("KEPT"), "newHousehold": household}
    assert reasons(await act(admin(site), "enrolHousehold", **joined)) == []
    payloads = [
        await act(admin(site), "dissolveCooperative", "en", cooperative=cooperative_id(code))
        for code in ("KEPT", "KEPT-U")
    ]
    assert [reasons(payload) for payload in payloads] == [[("MEMBERS_REMAIN", "cooperative")]] * 2
    assert [payload["refusals"][0]["message"] for payload in payloads] == [
        "On that day or later households are members (1): let them leave first.",
        "On that day or later cooperatives are members (1): let them leave first.",
    ]


async def test_an_industry_that_the_vocabulary_lost_is_shown_by_its_key(
    site: Graph, shared_url: str
) -> None:
    """Neither null nor an error."""
    id_ = await fresh(shared_url, industry="forgotten")
    shown = await read(site, id_, "industry industryKey city { name }")
    expected = {"industry": "forgotten", "industryKey": "forgotten", "city": {"name": "虚构市"}}
    assert shown == expected


async def test_the_timeline_is_for_who_reads_people_at_the_leader(
    site: Graph, shared_url: str
) -> None:
    """The rest of a cooperative is public; what happened is not."""
    id_ = await fresh(shared_url)
    for who in (site, secretary(site, "AA3-V2"), site.as_("PROVINCE_ANALYST", "990000")):
        answer = await who(TIMELINE, id=id_)
        assert answer["data"] == {"node": {"timeline": None}}
        assert [one["extensions"]["code"] for one in answer["errors"]] == ["FORBIDDEN"]
    assert await timeline(secretary(site, "AA3-V1"), id_) == []
