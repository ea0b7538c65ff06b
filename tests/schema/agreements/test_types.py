"""What the graph shows of one agreement: to its parties, and to everybody else."""

import asyncio
import datetime
import hashlib
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from graphql import GraphQLField, GraphQLNonNull, GraphQLObjectType, get_named_type, is_leaf_type

from schema.agreements.content import content_hash
from schema.ids import GlobalId
from schema.root import graphql_schema
from tests.conftest import NOW, Graph, Templates, copied_database, opened
from tests.schema.agreements.pair import DEFINITIONS, A, B
from tests.schema.agreements.rows import (
    Delivered,
    Did,
    Promise,
    Put,
    Text,
    agreement_id,
    agreement_uuid,
    member_id,
    owner_of,
    put,
)

RICH = Put(
    "rich",
    Text(
        "村社结对共建",
        dimensions=("party", "industry"),
        promises=(
            Promise("c1", "industry", 1, "采购农产品", "1000.5", "公斤", "ALL", "2026-06-30"),
            Promise("c2", "party", None, "主题党日", "2", "次", "YEAR"),
            Promise("c3", "industry", 2, "派技术员驻村"),
        ),
        facilitator="驻村工作队",
        group=((1, "组长", "社区党委书记"), (2, "副组长", "村党支部书记")),
        starts_on=datetime.date(2025, 3, 1),
        ends_on=datetime.date(2027, 2, 28),
    ),
    delivered=(
        Delivered(datetime.date(2026, 1, 20), "400", "1000.50"),
        Delivered(datetime.date(2026, 2, 1), "200.25", state="RECORDED"),
        Delivered(datetime.date(2026, 2, 2), "5", state="DISPUTED"),
        Delivered(datetime.date(2025, 5, 1), "2", commitment="c2"),
        Delivered(datetime.date(2026, 2, 3), "1", commitment="c2", party=2, answered_by=1),
        Delivered(datetime.date(2026, 2, 4), commitment="c3", party=2, state="RECORDED"),
    ),
    did=(
        Did(datetime.date(2026, 1, 15)),
        Did(datetime.date(2026, 2, 15), "ACTIVITY", "welfare", "500", 3, (2,)),
        Did(datetime.date(2026, 2, 16), "ACTIVITY", "gone"),
    ),
)
CHANGED = Text(
    "改过的标题", promises=(Promise(text="改过的承诺"),), ends_on=datetime.date(2026, 9, 1)
)
STOCK = (
    RICH,
    Put("pending", Text("原标题", promises=(Promise(),)), pending=CHANGED),
    Put("later", Text("原标题", starts_on=datetime.date(2026, 5, 1)), pending=CHANGED),
    Put("proposed", Text("待签"), agreed=False),
    Put("draft", Text("草案"), "DRAFT"),
    Put("declined", Text("拒签"), "DECLINED"),
    Put("old", Text("旧"), "COMPLETED", ended_at=NOW, end_reason="EXPIRED"),
    Put("new", Text("新"), renews="old"),
    Put("refused", Text("未成"), "DECLINED", renews="old"),
)


@pytest.fixture(scope="module")
def stocked_url(server_url: str, templates: Templates) -> Iterator[str]:
    """A database with the invented cities and these agreements; only for reading."""
    with copied_database(server_url, asyncio.run(templates.with_(DEFINITIONS))) as url:
        asyncio.run(put(url, *STOCK))
        asyncio.run(_tell(url))
        yield url


@pytest.fixture
async def graph(stocked_url: str) -> AsyncIterator[Graph]:
    """The application over it; nobody is signed in."""
    async with opened(stocked_url) as ready:
        yield ready


def _secretary(graph: Graph) -> Graph:
    return graph.as_("SECRETARY", "990100", "S1")


async def _one(graph: Graph, name: str, selection: str, city: int = A) -> Any:
    query = "query ($city: ID!, $id: ID!) { city(code: $city) { agreement(id: $id) { %s } } }"
    given = {"city": str(city), "id": agreement_id(name, city)}
    return (await graph.data(query % selection, **given))["city"]["agreement"]


async def test_what_everybody_sees(graph: Graph) -> None:
    """Title, parties, dimensions, commitments and progress of what is agreed are public."""
    found = await _one(
        graph,
        "rich",
        """agreementId city { code } title kind alliance { name } facilitator crossCity state
        version agreedVersion startsOn endsOn meetings signedAt endedAt endReason endText revision
        dataKind source viewerSeesAll viewerCanSign { number } availableActions
        dimensions { key name }
        parties { number city { name } code name role organization { code city { slug } }
          hasSigned signedVersion signedAt }""",
    )
    party = {"hasSigned": True, "signedVersion": 1, "signedAt": "2026-01-10T10:00:00+08:00"}
    assert found == {
        "agreementId": agreement_uuid("rich").hex,
        "city": {"code": "990100"},
        "title": "村社结对共建",
        "kind": "PAIRING",
        "alliance": None,
        "facilitator": "驻村工作队",
        "crossCity": True,
        "state": "ACTIVE",
        "version": 1,
        "agreedVersion": 1,
        "startsOn": "2025-03-01",
        "endsOn": "2027-02-28",
        "meetings": 1,
        "signedAt": "2026-01-10T10:00:00+08:00",
        "endedAt": None,
        "endReason": None,
        "endText": None,
        "revision": None,
        "dataKind": "GENERATED",
        "source": None,
        "viewerSeesAll": False,
        "viewerCanSign": [],
        "availableActions": [],
        "dimensions": [{"key": "party", "name": "党建"}, {"key": "industry", "name": "产业"}],
        "parties": [
            {
                "number": 1,
                "city": {"name": "aa市"},
                "code": "S1-1",
                "name": "990100第1村",
                "role": "INITIATOR",
                "organization": {"code": "S1-1", "city": {"slug": "aa"}},
                **party,
            },
            {
                "number": 2,
                "city": {"name": "bb市"},
                "code": "S1-1",
                "name": "990200第1村",
                "role": "PARTNER",
                "organization": {"code": "S1-1", "city": {"slug": "bb"}},
                **party,
            },
        ],
    }


PROGRESS = "progress { done target rate status confirmed recorded disputed years { %s } }"


async def test_commitments_and_their_progress(graph: Graph) -> None:
    """Done counts confirmed quantities: of all years, or of this one for a target every year."""
    found = await _one(
        graph,
        "rich",
        """commitments { key dimension { name } owner { number } owners { number } text dueOn
          target { quantity unit every } %s }
        progress { commitments withTarget fulfilled rate status }
        dimensionProgress { dimension { key }
          progress { commitments withTarget fulfilled rate status } }"""
        % (PROGRESS % "year done target rate"),
    )
    nothing = {"confirmed": 0, "recorded": 0, "disputed": 0}
    industry = 400 / 1000.5
    assert found["commitments"] == [
        {
            "key": "c1",
            "dimension": {"name": "产业"},
            "owner": {"number": 1},
            "owners": [{"number": 1}],
            "text": "采购农产品",
            "dueOn": "2026-06-30",
            "target": {"quantity": "1000.5", "unit": "公斤", "every": "ALL"},
            "progress": {
                "done": "400",
                "target": "1000.5",
                "rate": industry,
                "status": "IN_PROGRESS",
                "confirmed": 1,
                "recorded": 1,
                "disputed": 1,
                "years": [{"year": 2026, "done": "400", "target": None, "rate": None}],
            },
        },
        {
            "key": "c2",
            "dimension": {"name": "党建"},
            "owner": None,
            "owners": [{"number": 1}, {"number": 2}],
            "text": "主题党日",
            "dueOn": None,
            "target": {"quantity": "2", "unit": "次", "every": "YEAR"},
            "progress": {
                "done": "1",
                "target": "2",
                "rate": 0.5,
                "status": "IN_PROGRESS",
                **nothing,
                "confirmed": 2,
                "years": [
                    {"year": 2025, "done": "2", "target": "2", "rate": 1.0},
                    {"year": 2026, "done": "1", "target": "2", "rate": 0.5},
                ],
            },
        },
        {
            "key": "c3",
            "dimension": {"name": "产业"},
            "owner": {"number": 2},
            "owners": [{"number": 2}],
            "text": "派技术员驻村",
            "dueOn": None,
            "target": None,
            "progress": {
                "done": "0",
                "target": None,
                "rate": None,
                "status": "NO_TARGET",
                **nothing,
                "recorded": 1,
                "years": [{"year": 2026, "done": "0", "target": None, "rate": None}],
            },
        },
    ]
    both = {"fulfilled": 0, "status": "IN_PROGRESS"}
    assert found["progress"] == {
        "commitments": 3, "withTarget": 2, "rate": (industry + 0.5) / 2, **both
    }  # fmt: skip
    assert found["dimensionProgress"] == [
        {
            "dimension": {"key": "party"},
            "progress": {"commitments": 1, "withTarget": 1, "rate": 0.5, **both},
        },
        {
            "dimension": {"key": "industry"},
            "progress": {"commitments": 2, "withTarget": 1, "rate": industry, **both},
        },
    ]


SEEN = """title state version contentHash startsOn endsOn dimensions { key }
  commitments { text } parties { number hasSigned signedVersion signedAt }"""


@pytest.mark.parametrize(
    ("name", "state", "starts_on"),
    [("pending", "ACTIVE", None), ("later", "SIGNED", "2026-05-01")],
)
async def test_a_pending_version_is_for_the_parties_alone(
    graph: Graph, name: str, state: str, starts_on: str | None
) -> None:
    """Everybody else sees what was agreed, as it stood before, and no newer signature."""
    (stored,) = [one for one in STOCK if one.name == name]
    public = await _one(graph, name, SEEN)
    signed = {"hasSigned": True, "signedVersion": 1, "signedAt": "2026-01-10T10:00:00+08:00"}
    assert public == {
        "title": "原标题",
        "state": state,
        "version": 1,
        "contentHash": _hash(stored.text),
        "startsOn": starts_on,
        "endsOn": None,
        "dimensions": [{"key": "industry"}],
        "commitments": [{"text": promise.text} for promise in stored.text.promises],
        "parties": [{"number": 1, **signed}, {"number": 2, **signed}],
    }
    own = await _one(_secretary(graph), name, SEEN)
    newer = {"hasSigned": True, "signedVersion": 2, "signedAt": "2026-03-15T12:00:00+08:00"}
    assert own == {
        "title": "改过的标题",
        "state": "PROPOSED",
        "version": 2,
        "contentHash": _hash(CHANGED),
        "startsOn": None,
        "endsOn": "2026-09-01",
        "dimensions": [{"key": "industry"}],
        "commitments": [{"text": "改过的承诺"}],
        "parties": [{"number": 1, **newer}, {"number": 2, **signed, "hasSigned": False}],
    }


def _hash(text: Text) -> str:
    return content_hash(text.content)


WHOLE_ONLY = {
    "versions": "versions { version }",
    "workingGroup": "workingGroup { title }",
    "deliveries": "deliveries { nodes { text } }",
    "activities": "activities { nodes { text } }",
    "timeline": "timeline { nodes { seq } }",
}


@pytest.mark.parametrize(
    "viewer",
    [None, ("RESIDENT", "990100"), ("SECRETARY", "990100", "S2"), ("PROVINCE_ADMIN", "990000")],
)
async def test_what_only_the_parties_see(graph: Graph, viewer: tuple[str, ...] | None) -> None:
    """Versions, working group, deliveries, activities and timeline are forbidden to others."""
    asking = graph if viewer is None else graph.as_(*viewer)
    selection = f"... on Agreement {{ title {' '.join(WHOLE_ONLY.values())} }}"
    answer = await asking(
        f"query ($id: ID!) {{ node(id: $id) {{ {selection} }} }}", id=agreement_id("rich")
    )
    nothing = dict.fromkeys(WHOLE_ONLY)
    assert answer["data"] == {"node": {"title": "村社结对共建", **nothing}}
    refused = {(error["path"][1], error["extensions"]["code"]) for error in answer["errors"]}
    assert refused == {(field, "FORBIDDEN") for field in WHOLE_ONLY}


async def test_deliveries(graph: Graph) -> None:
    """A party sees each with its commitment, both parties, texts and evidence; newest day first."""
    found = await _one(
        _secretary(graph),
        "rich",
        """deliveries(first: 2) { totalCount pageInfo { hasNextPage } nodes { commitmentKey
          commitment { text progress { done } } party { name } deliveredOn quantity funds text
          evidence recordedAt state answeredBy { number } answeredAt answer dataKind id } }
        disputed: deliveries(state: DISPUTED, commitment: "c1") { totalCount nodes { quantity
          answer } }
        none: deliveries(state: DISPUTED, commitment: "c2") { totalCount nodes { quantity } }""",
    )
    noon = "2026-03-15T12:00:00+08:00"
    assert found["deliveries"] == {
        "totalCount": 6,
        "pageInfo": {"hasNextPage": True},
        "nodes": [
            {
                "commitmentKey": "c3",
                "commitment": {"text": "派技术员驻村", "progress": {"done": "0"}},
                "party": {"name": "990200第1村"},
                "deliveredOn": "2026-02-04",
                "quantity": None,
                "funds": None,
                "text": "兑现说明5",
                "evidence": ["https://files.example/5.jpg"],
                "recordedAt": noon,
                "state": "RECORDED",
                "answeredBy": None,
                "answeredAt": None,
                "answer": None,
                "dataKind": "GENERATED",
                "id": str(GlobalId("Delivery", A, member_id("rich", "delivery", 5).hex)),
            },
            {
                "commitmentKey": "c2",
                "commitment": {"text": "主题党日", "progress": {"done": "1"}},
                "party": {"name": "990200第1村"},
                "deliveredOn": "2026-02-03",
                "quantity": "1",
                "funds": None,
                "text": "兑现说明4",
                "evidence": ["https://files.example/4.jpg"],
                "recordedAt": noon,
                "state": "CONFIRMED",
                "answeredBy": {"number": 1},
                "answeredAt": noon,
                "answer": None,
                "dataKind": "GENERATED",
                "id": str(GlobalId("Delivery", A, member_id("rich", "delivery", 4).hex)),
            },
        ],
    }
    assert found["disputed"] == {
        "totalCount": 1,
        "nodes": [{"quantity": "5", "answer": "数量不符"}],
    }
    assert found["none"] == {"totalCount": 0, "nodes": []}


async def test_activities_and_working_group(graph: Graph) -> None:
    """A party sees meetings and activities with the city's words for the way, newest day first."""
    found = await _one(
        _secretary(graph),
        "rich",
        """activities { nodes { kind way { key name assumed } subject heldOn parties { number }
          funds solved text recordedBy { number } } }
        met: activities(kind: MEETING) { totalCount }
        workingGroup { party { name } duty title }""",
    )
    assert found == {
        "activities": {
            "nodes": [
                {
                    "kind": "ACTIVITY",
                    "way": {"key": "gone", "name": "gone", "assumed": True},
                    "subject": "主题2",
                    "heldOn": "2026-02-16",
                    "parties": [{"number": 1}, {"number": 2}],
                    "funds": None,
                    "solved": None,
                    "text": "活动说明2",
                    "recordedBy": {"number": 1},
                },
                {
                    "kind": "ACTIVITY",
                    "way": {"key": "welfare", "name": "民生服务联抓", "assumed": False},
                    "subject": "主题1",
                    "heldOn": "2026-02-15",
                    "parties": [{"number": 2}],
                    "funds": "500.00",
                    "solved": 3,
                    "text": "活动说明1",
                    "recordedBy": {"number": 2},
                },
                {
                    "kind": "MEETING",
                    "way": None,
                    "subject": "主题0",
                    "heldOn": "2026-01-15",
                    "parties": [{"number": 1}, {"number": 2}],
                    "funds": None,
                    "solved": None,
                    "text": "活动说明0",
                    "recordedBy": {"number": 1},
                },
            ]
        },
        "met": {"totalCount": 1},
        "workingGroup": [
            {"party": {"name": "990100第1村"}, "duty": "组长", "title": "社区党委书记"},
            {"party": {"name": "990200第1村"}, "duty": "副组长", "title": "村党支部书记"},
        ],
    }


async def test_versions(graph: Graph) -> None:
    """Each version has its whole content, whose bytes have the hash that parties sign."""
    asked = """versions { version contentHash content isAgreed proposedBy { number } proposedAt
      declinedBy { number } declinedAt declineReason }"""
    versions = (await _one(_secretary(graph), "pending", asked))["versions"]
    assert [(one["version"], one["isAgreed"]) for one in versions] == [(2, False), (1, True)]
    for one in versions:
        assert hashlib.sha256(one["content"].encode()).hexdigest() == one["contentHash"]
    (declined,) = (await _one(_secretary(graph), "declined", asked))["versions"]
    assert {name: declined[name] for name in ("declinedBy", "declinedAt", "declineReason")} == {
        "declinedBy": {"number": 2},
        "declinedAt": "2026-03-15T12:00:00+08:00",
        "declineReason": "条件不成熟",
    }


async def test_renewals(graph: Graph) -> None:
    """An agreement leads to the one that it goes on with and back, declined ones left out."""
    asked = "state endReason endText endedAt renews { title } renewedBy { title }"
    ended = {"state": "COMPLETED", "endReason": "EXPIRED", "endedAt": "2026-03-15T12:00:00+08:00"}
    old = await _one(_secretary(graph), "old", asked)
    assert old == {**ended, "endText": "结束说明", "renews": None, "renewedBy": {"title": "新"}}
    assert (await _one(graph, "old", asked))["endText"] is None
    new = await _one(graph, "new", asked)
    assert (new["renews"], new["renewedBy"]) == ({"title": "旧"}, None)


IN_FORCE = ["REVISE", "COMPLETE", "TERMINATE", "RENEW", "RECORD_DELIVERY"]


@pytest.mark.parametrize(
    ("name", "viewer", "signs", "actions"),
    [
        ("rich", ("SECRETARY", "990100", "S1"), [],
         [*IN_FORCE, "CONFIRM_DELIVERY", "DISPUTE_DELIVERY", "RECORD_ACTIVITY"]),
        ("new", ("CITY_ADMIN", "990100"), [], [*IN_FORCE, "RECORD_ACTIVITY"]),
        ("rich", ("MEMBER", "990100", "S1-1"), [], []),
        ("rich", ("SECRETARY", "990100", "S2"), [], []),
        ("proposed", ("SECRETARY", "990100", "S1"), [], ["REVISE"]),
        ("proposed", ("SECRETARY", "990200", "S1-1"), [2], ["REVISE", "SIGN", "DECLINE"]),
        ("proposed", ("MEMBER", "990200", "S1-1"), [], []),
        ("pending", ("CITY_ADMIN", "990200"), [2],
         ["REVISE", "SIGN", "DECLINE", "TERMINATE", "RECORD_DELIVERY", "RECORD_ACTIVITY"]),
        ("draft", ("SECRETARY", "990100", "S1-1"), [], ["PROPOSE", "REVISE"]),
        ("declined", ("CITY_ADMIN", "990100"), [], []),
        ("old", ("CITY_ADMIN", "990100"), [], ["RENEW"]),
    ],
)  # fmt: skip
async def test_what_the_viewer_may_do(
    graph: Graph, name: str, viewer: tuple[str, ...], signs: list[int], actions: list[str]
) -> None:
    """A manager of a party is offered what the state allows; whoever only reads is not."""
    asked = "viewerCanSign { number } availableActions"
    found = await _one(graph.as_(*viewer), name, asked, int(viewer[1]))
    assert [party["number"] for party in found["viewerCanSign"]] == signs
    assert found["availableActions"] == actions


FOREIGN = "parties { city { %s } organization { code } }"


async def test_a_foreign_party_shows_only_what_it_is_called(graph: Graph) -> None:
    """Of a city that the token does not open id, code, slug and name are shown, no organization."""
    found = await _one(_secretary(graph), "rich", FOREIGN % "__typename id code slug name")
    assert found["parties"][1] == {
        "city": {
            "__typename": "City",
            "id": str(GlobalId("City", B)),
            "code": "990200",
            "slug": "bb",
            "name": "bb市",
        },
        "organization": None,
    }
    assert found["parties"][0]["organization"] == {"code": "S1-1"}


def _city_fields() -> dict[str, str]:
    """Every field of City but the public ones, with a selection of it."""
    type_ = graphql_schema().get_type("City")
    assert isinstance(type_, GraphQLObjectType)
    return {
        name: _selected(name, field)
        for name, field in type_.fields.items()
        if name not in ("id", "code", "slug", "name")
    }


def _selected(name: str, field: GraphQLField) -> str:
    given = [
        f"{key}: {'[]' if '[' in str(argument.type) else QUOTED}"
        for key, argument in field.args.items()
        if isinstance(argument.type, GraphQLNonNull)
    ]
    arguments = f"({', '.join(given)})" if given else ""
    below = "" if is_leaf_type(get_named_type(field.type)) else " { __typename }"
    return f"{name}{arguments}{below}"


QUOTED = '"x"'


async def test_everything_else_of_a_foreign_city_is_forbidden(graph: Graph) -> None:
    """Each other field of City, also one that is added later, is refused to a foreign token."""
    query = "query ($id: ID!) { node(id: $id) { ... on Agreement { %s } } }"
    asking, refused = _secretary(graph), {}
    for name, selection in _city_fields().items():
        answer = await asking(query % (FOREIGN % selection), id=agreement_id("rich"))
        found = {
            (tuple(error["path"]), error["extensions"].get("tenant"))
            for error in answer.get("errors", [])
            if error["path"][2] == 1 and error["extensions"]["code"] == "FORBIDDEN"
        }
        refused[name] = found == {(("node", "parties", 1, "city", name), "990200")}
    assert refused == dict.fromkeys(_city_fields(), True)


BY_ID = "query ($id: ID!) { city(code: 990100) { agreement(id: $id) { title } } }"


async def test_an_agreement_by_its_id(graph: Graph) -> None:
    """A city finds its own copy by global id or by the agreement's; else it is null."""
    expected = {
        agreement_id("rich"): {"title": "村社结对共建"},
        agreement_uuid("rich").hex: {"title": "村社结对共建"},
        agreement_id("rich", B): None,
        agreement_id("nowhere"): None,
        agreement_id("draft"): None,
        agreement_uuid("proposed").hex: None,
        str(GlobalId("Organization", A, agreement_uuid("rich").hex)): None,
    }
    found = {given: (await graph.data(BY_ID, id=given))["city"]["agreement"] for given in expected}
    assert found == expected


async def test_a_malformed_id_is_refused(graph: Graph) -> None:
    """An id that no server gave is named in the error."""
    for given in ("x", "", agreement_uuid("rich").hex.upper(), "z" * 32):
        answer = await graph(BY_ID, id=given)
        (error,) = answer["errors"]
        assert error["extensions"] == {"code": "ID_MALFORMED", "given": given}


async def _tell(url: str) -> None:
    """Events of the log of A, as the mutations write them."""
    delivery, activity, renewal = (str(agreement_uuid(name)) for name in ("d", "e", "new"))
    facts: list[tuple[str, dict[str, Any]]] = [
        ("AGREEMENT_PROPOSED", {"version": 1, "party": 1}),
        ("AGREEMENT_PARTY_SIGNED", {"version": 1, "party": 2}),
        ("AGREEMENT_ACTIVATED", {"version": 1}),
        ("AGREEMENT_DELIVERY_RECORDED", {"delivery": delivery, "commitment": "c1", "party": 1}),
        ("AGREEMENT_ACTIVITY_RECORDED", {"activity": activity, "kind": "MEETING", "party": 2}),
        ("AGREEMENT_DECLINED", {"version": 2, "party": 2, "state": "ACTIVE"}),
        ("AGREEMENT_RENEWED", {"by": renewal, "party": 1}),
        ("AGREEMENT_COMPLETED", {"reason": "EXPIRED"}),
    ]
    async with owner_of(url) as connection:
        for seq, (kind, about) in enumerate(facts, start=1):
            await connection.execute(
                "INSERT INTO event (tenant_id, seq, at, kind, actor, role, organization_id,"
                " agreement_id, about) SELECT $1, $2, $3, $4, 'city:990200', 'SECRETARY', id, $5,"
                " $6 FROM organization WHERE tenant_id = $1 AND code = 'S1-1'",
                A, seq, NOW, kind, agreement_uuid("rich"), json.dumps(about),
            )  # fmt: skip
        await connection.execute(
            "INSERT INTO event_counter (tenant_id, seq) VALUES ($1, $2)", A, len(facts)
        )


async def test_timeline(graph: Graph) -> None:
    """Each event tells which party did what: ids, numbers and keys, typed."""
    found = await _one(
        _secretary(graph),
        "rich",
        """timeline { nodes { seq kind ... on AgreementEvent { agreement { title }
          organization { code } party { number } version commitmentKey deliveryId activityId state
          reason renewedBy { title } } } }""",
    )
    nothing = dict.fromkeys(
        ("party", "version", "commitmentKey", "deliveryId", "activityId", "state", "reason",
         "renewedBy")
    )  # fmt: skip
    told: list[dict[str, Any]] = [
        {"kind": "AGREEMENT_PROPOSED", "version": 1, "party": {"number": 1}},
        {"kind": "AGREEMENT_PARTY_SIGNED", "version": 1, "party": {"number": 2}},
        {"kind": "AGREEMENT_ACTIVATED", "version": 1},
        {
            "kind": "AGREEMENT_DELIVERY_RECORDED",
            "deliveryId": str(GlobalId("Delivery", A, agreement_uuid("d").hex)),
            "commitmentKey": "c1",
            "party": {"number": 1},
        },
        {
            "kind": "AGREEMENT_ACTIVITY_RECORDED",
            "activityId": str(GlobalId("AgreementActivity", A, agreement_uuid("e").hex)),
            "party": {"number": 2},
        },
        {
            "kind": "AGREEMENT_DECLINED",
            "version": 2,
            "state": "ACTIVE",
            "party": {"number": 2},
        },
        {"kind": "AGREEMENT_RENEWED", "renewedBy": {"title": "新"}, "party": {"number": 1}},
        {"kind": "AGREEMENT_COMPLETED", "reason": "EXPIRED"},
    ]
    common = {"agreement": {"title": "村社结对共建"}, "organization": {"code": "S1-1"}}
    assert found["timeline"]["nodes"] == [
        {"seq": seq, **common, **nothing, **one} for seq, one in enumerate(told, start=1)
    ]
