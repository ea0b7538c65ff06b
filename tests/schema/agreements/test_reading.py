"""Who reads what of agreements: whole copies, agreed versions, lists, filters and pages."""

import asyncio
import datetime
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import fields, replace
from typing import Any

import pytest

from schema.agreements.content import content_hash
from schema.ids import GlobalId, derived_uuid
from schema.loaders.agreement import (
    AGREEMENT,
    CONTENT,
    WHOLE,
    AgreementById,
    RenewalOfAgreement,
)
from schema.loaders.agreement_filter import AgreementFilters
from schema.loaders.agreement_page import AgreementsOfOrganization, AgreementsOfTenant
from schema.loaders.agreement_party import EveryPartyOfAgreement, PartiesOfAgreement
from schema.loaders.agreement_standing import AgreementStandings
from schema.loaders.agreement_version import VersionsOfAgreement
from schema.loaders.loader import KeyedLoader
from schema.loaders.statement import keys_table, render
from schema.paging import cursor
from tests.conftest import NOW, Graph, Templates, copied_database, opened
from tests.schema.agreements.pair import DEFINITIONS, A, B, C
from tests.schema.agreements.rows import (
    Delivered,
    Promise,
    Put,
    Text,
    agreement_id,
    agreement_uuid,
    put,
)

ALLIANCE = Text("东片大工委", ((A, "S1-1"), (A, "S2-1")), ("party",), (), "committee")
PENDING = Text("改过的标题", dimensions=("welfare",), starts_on=datetime.date(2026, 2, 1))
FAR = Text("跨省协作", ((C, "S1-1"), (A, "S2-1")), ("party",), ends_on=datetime.date(2026, 6, 30))


def _minute(n: int) -> datetime.datetime:
    return NOW + datetime.timedelta(minutes=n)


STOCK = (
    Put("agreed", Text("甲", promises=(Promise(),)), created_at=_minute(1)),
    Put("draft", Text("草案"), "DRAFT", created_at=_minute(2)),
    Put("proposed", Text("待签"), agreed=False, created_at=_minute(3)),
    Put("pending", Text("原标题"), pending=PENDING, created_at=_minute(4)),
    Put("declined", Text("拒签"), "DECLINED", created_at=_minute(5)),
    Put(
        "alliance",
        ALLIANCE,
        pending=replace(ALLIANCE, parties=(*ALLIANCE.parties, (A, "S2-2"))),
        created_at=_minute(6),
    ),
    Put("far", FAR, "COMPLETED", end_reason="EXPIRED", ended_at=NOW, created_at=_minute(7)),
)
TWO = (Promise("c1", quantity="4", every="YEAR"), Promise("c2", owner=None))
DAY = datetime.date(2026, 2, 1)


def _beside(name: str, village: str) -> Put:
    """One of the other two cities, with commitments and deliveries."""
    text = Text(name, ((B, village), (C, village)), promises=TWO)
    return Put(name, text, delivered=(Delivered(DAY, "3"), Delivered(DAY, state="RECORDED")))


MANY = (_beside("one", "S2-2"), *(_beside(f"many {n}", "S2-1") for n in range(50)))


@pytest.fixture(scope="module")
def stocked_url(server_url: str, templates: Templates) -> Iterator[str]:
    """A database with the invented cities and these agreements; only for reading."""
    with copied_database(server_url, asyncio.run(templates.with_(DEFINITIONS))) as url:
        asyncio.run(put(url, *STOCK, *MANY))
        yield url


@pytest.fixture
async def graph(stocked_url: str) -> AsyncIterator[Graph]:
    """The application over it; nobody is signed in."""
    async with opened(stocked_url) as ready:
        yield ready


VIEWERS: dict[str, tuple[str, str, str | None] | None] = {
    "public": None,
    "resident": ("RESIDENT", "990100", None),
    "member": ("MEMBER", "990100", "S1-1"),
    "secretary of S1": ("SECRETARY", "990100", "S1"),
    "secretary of S2-2": ("SECRETARY", "990100", "S2-2"),
    "administrator": ("CITY_ADMIN", "990100", None),
    "province": ("PROVINCE_ANALYST", "990000", None),
    "administrator of B": ("CITY_ADMIN", "990200", None),
    "administrator of C": ("CITY_ADMIN", "980100", None),
}


def _as(graph: Graph, viewer: str) -> Graph:
    who = VIEWERS[viewer]
    return graph if who is None else graph.as_(*who)


LIST = """query ($city: ID!) { city(code: $city) { agreements(where: {withCity: "aa"}) {
  nodes { title state version viewerSeesAll
    agreementId contentHash dimensions { key } commitments { text } parties { number name } }
  totalCount
} } }"""
AGREED = [
    ("跨省协作", "COMPLETED", 1, False),
    ("东片大工委", "ACTIVE", 1, False),
    ("原标题", "ACTIVE", 1, False),
    ("甲", "ACTIVE", 1, False),
]
COPIES = {
    "far": ("跨省协作", "COMPLETED", 1, True),
    "alliance": ("东片大工委", "PROPOSED", 2, True),
    "declined": ("拒签", "DECLINED", 1, True),
    "pending": ("改过的标题", "PROPOSED", 2, True),
    "proposed": ("待签", "PROPOSED", 1, True),
    "draft": ("草案", "DRAFT", 1, True),
    "agreed": ("甲", "ACTIVE", 1, True),
}


def _of(*names: str) -> list[tuple[str, str, int, bool]]:
    return [COPIES[name] for name in names]


@pytest.mark.parametrize(
    ("viewer", "city", "expected"),
    [
        ("public", A, AGREED),
        ("resident", A, AGREED),
        ("province", A, AGREED),
        (
            "member",
            A,
            [AGREED[0], *_of("alliance", "declined", "pending", "proposed", "draft", "agreed")],
        ),
        (
            "secretary of S1",
            A,
            [AGREED[0], *_of("alliance", "declined", "pending", "proposed", "draft", "agreed")],
        ),
        ("secretary of S2-2", A, [AGREED[0], *_of("alliance"), *AGREED[2:]]),
        ("administrator", A, _of(*COPIES)),
        (
            "administrator of B",
            B,
            _of("declined", "pending", "proposed", "agreed"),
        ),
        ("public", B, AGREED[2:]),
        ("administrator of C", C, _of("far")),
        ("public", C, AGREED[:1]),
    ],
)
async def test_who_sees_which_agreements(
    graph: Graph, viewer: str, city: int, expected: list[tuple[Any, ...]]
) -> None:
    """Who reads agreements of a party sees the copy whole, others what was agreed, newest first."""
    found = (await _as(graph, viewer).data(LIST, city=str(city)))["city"]["agreements"]
    assert [tuple(node.values())[:4] for node in found["nodes"]] == expected
    assert found["totalCount"] == len(expected)
    assert [tuple(node.values())[5:] for node in found["nodes"]] == [
        _said(STORED[node["agreementId"]], node["viewerSeesAll"]) for node in found["nodes"]
    ]


STORED = {one.uuid.hex: one for one in STOCK}


def _said(one: Put, whole: bool) -> tuple[Any, ...]:
    """What the version says that somebody sees."""
    content = (one.newest if whole else one.text).content
    return (
        content_hash(content),
        [{"key": dimension["key"]} for dimension in content["dimensions"]],
        [{"text": commitment["text"]} for commitment in content["commitments"]],
        [{"number": party["number"], "name": party["name"]} for party in content["parties"]],
    )


LOADERS: tuple[type[KeyedLoader[Any]], ...] = (
    AgreementById,
    RenewalOfAgreement,
    PartiesOfAgreement,
    EveryPartyOfAgreement,
    VersionsOfAgreement,
    AgreementStandings,
)


@pytest.mark.parametrize("reach", ["all", "some", "none"])
def test_no_select_names_the_agreement_anew(reach: str) -> None:
    """What is asked of an agreement is asked of that one, not of whichever a select adds itself."""
    columns = (*(column.name for column in AGREEMENT.c), WHOLE, CONTENT, "signed_at", "name")
    given = frozenset(field.name for field in fields(AgreementFilters))
    statements = [loader.select(keys_table(*loader.names), columns, reach) for loader in LOADERS]
    shape: Any = ((reach, given), True, False)
    for page in (AgreementsOfTenant, AgreementsOfOrganization):
        statements.append(page.select(keys_table(*page.names), columns, shape))
    for statement in statements:
        assert len(re.findall(r"\bagreement AS", render(statement).sql)) == 1


TITLES = """query ($city: ID!, $where: AgreementFilter) { city(code: $city) {
  agreements(where: $where) { nodes { title } totalCount } } }"""
ALL = ["跨省协作", "东片大工委", "原标题", "甲"]


async def _titles(graph: Graph, viewer: str, **where: Any) -> list[str]:
    found = await _as(graph, viewer).data(TITLES, city=str(A), where=where)
    agreements = found["city"]["agreements"]
    assert agreements["totalCount"] == len(agreements["nodes"])
    return [node["title"] for node in agreements["nodes"]]


def _place(tenant_id: int, code: str) -> str:
    """The global id of an organization of a tenant file."""
    id_ = derived_uuid("Organization", tenant_id, code)
    return str(GlobalId("Organization", tenant_id, id_.hex))


PUBLIC_FILTERS: list[tuple[dict[str, Any], list[str]]] = [
    ({}, ALL),
    ({"state": "ACTIVE"}, ALL[1:]),
    ({"state": "PROPOSED"}, []),
    ({"dimension": "industry"}, ALL[2:]),
    ({"dimension": "welfare"}, []),
    ({"withCity": "990200"}, ALL[2:]),
    ({"withCity": "cc"}, ALL[:1]),
    ({"alliance": "committee"}, ALL[1:2]),
    ({"kind": "ALLIANCE"}, ALL[1:2]),
    ({"kind": "PAIRING"}, [ALL[0], *ALL[2:]]),
    ({"organization": "S2"}, ALL[:2]),
    ({"organization": "S2-1"}, ALL[:2]),
    ({"organization": _place(A, "S2-1")}, ALL[:2]),
    ({"organization": "S2-2"}, []),
    ({"organization": "S1", "role": "INITIATOR"}, ALL[1:]),
    ({"organization": "S2", "role": "INITIATOR"}, []),
    ({"role": "PARTNER"}, ALL[:2]),
    ({"activeOn": "2026-01-09"}, []),
    ({"activeOn": "2026-01-10"}, ALL),
    ({"activeOn": "2026-03-15"}, ALL[1:]),
    ({"crossCity": True}, [ALL[0], *ALL[2:]]),
    ({"crossCity": False}, ALL[1:2]),
    ({"endingBefore": "2026-07-01"}, ALL[:1]),
    ({"endingBefore": "2026-06-30"}, []),
    ({"text": "跨省"}, ALL[:1]),
    ({"text": " 原 "}, ALL[2:3]),
    ({"text": "改过"}, []),
    ({"text": "980100第1"}, ALL[:1]),
    ({"text": "%"}, []),
    ({"text": "  "}, ALL),
    ({"state": "ACTIVE", "withCity": "bb", "text": "甲"}, ALL[3:]),
]


async def test_filters_of_what_is_agreed(graph: Graph) -> None:
    """Each filter looks at the version that all have signed, and at nothing newer."""
    found = [(where, await _titles(graph, "public", **where)) for where, _ in PUBLIC_FILTERS]
    assert found == PUBLIC_FILTERS


PARTY_FILTERS: list[tuple[dict[str, Any], list[str]]] = [
    ({"state": "DRAFT"}, ["草案"]),
    ({"state": "PROPOSED"}, ["东片大工委", "改过的标题", "待签"]),
    ({"dimension": "welfare"}, ["改过的标题"]),
    ({"text": "原"}, []),
    ({"text": "改过"}, ["改过的标题"]),
    ({"organization": "S2-2"}, ["东片大工委"]),
    ({"activeOn": "2026-01-20", "kind": "PAIRING"}, ["跨省协作", "改过的标题", "甲"]),
]


async def test_filters_of_what_the_parties_see(graph: Graph) -> None:
    """For who sees copies whole they look at the newest version, but at the term of the agreed."""
    found = [(where, await _titles(graph, "administrator", **where)) for where, _ in PARTY_FILTERS]
    assert found == PARTY_FILTERS


REFUSED_FILTERS: list[tuple[dict[str, Any], str, dict[str, Any]]] = [
    ({"dimension": "x"}, "BAD_REQUEST",
     {"argument": "where.dimension", "available": ["party", "industry", "welfare"]}),
    ({"alliance": "x"}, "BAD_REQUEST",
     {"argument": "where.alliance", "available": ["committee"]}),
    ({"withCity": "x"}, "CITY_UNKNOWN", {"given": "x"}),
    ({"withCity": "990000"}, "CITY_UNKNOWN", {"given": "990000"}),
    ({"organization": "NOWHERE"}, "ORGANIZATION_UNKNOWN", {"given": "NOWHERE"}),
    ({"organization": "?"}, "ID_MALFORMED", {"given": "?"}),
    ({"organization": _place(B, "S1-1")}, "ORGANIZATION_UNKNOWN", {"given": _place(B, "S1-1")}),
    ({"text": "长" * 101}, "BAD_REQUEST", {"argument": "where.text", "limit": 100}),
    ({"text": "\0"}, "BAD_REQUEST", {"argument": "where.text"}),
]  # fmt: skip


async def test_filters_that_name_what_there_is_not(graph: Graph) -> None:
    """They are refused with what was given and what there is, never answered by an empty list."""
    for where, code, facts in REFUSED_FILTERS:
        answer = await graph(TITLES, city=str(A), where=where)
        (error,) = answer["errors"]
        assert error["extensions"]["code"] == code
        assert facts.items() <= error["extensions"].items()


PAGE = """query ($first: Int, $after: String, $last: Int, $before: String) { city(code: "bb") {
  agreements(first: $first, after: $after, last: $last, before: $before) {
    nodes { agreementId } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } totalCount
} } }"""


async def _walk(graph: Graph, size: str, place: str, cursor: str, more: str) -> list[str]:
    """The ids of all pages of seven, one way or the other."""
    found: list[str] = []
    position: str | None = None
    while True:
        page = (await graph.data(PAGE, **{size: 7, place: position}))["city"]["agreements"]
        assert page["totalCount"] == 53
        ids = [node["agreementId"] for node in page["nodes"]]
        found = found + ids if size == "first" else ids + found
        if not page["pageInfo"][more]:
            return found
        position = page["pageInfo"][cursor]


async def test_pages(graph: Graph) -> None:
    """Pages give every agreement once, the newest first, forwards and backwards."""
    forwards = await _walk(graph, "first", "after", "endCursor", "hasNextPage")
    backwards = await _walk(graph, "last", "before", "startCursor", "hasPreviousPage")
    assert forwards == backwards
    names = ["pending", "agreed", "one", *(f"many {n}" for n in range(50))]
    assert sorted(forwards) == sorted(agreement_uuid(name).hex for name in names)
    assert forwards[:2] == [agreement_uuid(name).hex for name in names[:2]]


async def test_a_cursor_of_another_list_is_refused(graph: Graph) -> None:
    """A cursor that this list did not give is malformed, not a position at random."""
    id_ = str(agreement_uuid("agreed"))
    moments = ("x", "2026-01-01", "2026-01-01T00:00:00", "0001-01-01T00:00:00+14:00")
    cursors = ["x", cursor(["1"]), cursor(["2026-01-01T00:00:00Z", "x"])]
    for after in (*cursors, *(cursor([moment, id_]) for moment in moments)):
        answer = await graph(PAGE, first=1, after=after)
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["CURSOR_MALFORMED"]


SUBTREES = """query ($code: ID!, $state: AgreementState) { city(code: 990100) {
  organization(code: $code) { agreements(state: $state) { nodes { title } totalCount } } } }"""


@pytest.mark.parametrize(
    ("viewer", "code", "state", "expected"),
    [
        ("public", "990100", None, ALL),
        ("public", "S1", None, ALL[1:]),
        ("public", "S1-1", None, ALL[1:]),
        ("public", "S1-2", None, []),
        ("public", "S2", "ACTIVE", ALL[1:2]),
        ("public", "S2-2", None, []),
        ("administrator", "S2-2", None, ALL[1:2]),
        ("secretary of S2-2", "S2", None, ALL[:2]),
        ("secretary of S1", "S1-1", "DRAFT", ["草案"]),
    ],
)
async def test_agreements_of_a_subtree(
    graph: Graph, viewer: str, code: str, state: str | None, expected: list[str]
) -> None:
    """An organization has those to which it or one below it is a party, as the viewer sees them."""
    found = await _as(graph, viewer).data(SUBTREES, code=code, state=state)
    agreements = found["city"]["organization"]["agreements"]
    assert [node["title"] for node in agreements["nodes"]] == expected
    assert agreements["totalCount"] == len(expected)


DESK = """query ($code: ID!, $first: Int!) { city(code: "bb") { organization(code: $code) { name
  agreements(first: $first) { nodes { title state parties { city { name } name signedAt }
    commitments { text dueOn progress { done target rate status } } } } } } }"""


@pytest.mark.parametrize("viewer", ["public", "administrator of B"])
async def test_a_list_costs_the_same_statements_for_one_and_for_fifty(
    graph: Graph, viewer: str
) -> None:
    """The organization, the page, its parties and the sums of its deliveries: one each."""
    asking = _as(graph, viewer)
    for code, many in (("S2-2", 1), ("S2-1", 50)):
        found = await asking.data(DESK, code=code, first=50)
        nodes = found["city"]["organization"]["agreements"]["nodes"]
        assert len(nodes) == many
        assert all(
            [one["progress"]["done"] for one in node["commitments"]] == ["3", "0"] for node in nodes
        )
        assert await asking.statements(DESK, code=code, first=50) == 4


BELOW = """{ city(code: "bb") { organization(code: "S2") { children { nodes { code
  agreements(first: 3) { nodes { title } totalCount }
  agreementStatistics(by: [STATE]) { rows { state } total { agreements } } } } } } }"""


async def test_lists_and_statistics_of_neighbours_share_their_statements(graph: Graph) -> None:
    """Those of all children come by one statement each, limited in SQL."""
    found = (await graph.data(BELOW))["city"]["organization"]["children"]["nodes"]
    assert {
        child["code"]: (
            len(child["agreements"]["nodes"]),
            child["agreements"]["totalCount"],
            child["agreementStatistics"]["rows"],
            child["agreementStatistics"]["total"]["agreements"],
        )
        for child in found
    } == {"S2-1": (3, 50, [{"state": "ACTIVE"}], 50), "S2-2": (1, 1, [{"state": "ACTIVE"}], 1)}
    assert await graph.statements(BELOW) == 5


async def test_another_city_is_not_opened_by_an_agreement_with_it(graph: Graph) -> None:
    """A token of one party reads nothing below the other party's city, nor its copy."""
    asking = graph.as_("CITY_ADMIN", "990100")
    answer = await asking(
        """query ($id: ID!) { node(id: $id) { id }
        city(code: "bb") { agreements { nodes { title } } } }""",
        id=agreement_id("agreed", B),
    )
    assert answer["data"] is None
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["FORBIDDEN"]
    alone = "query ($id: ID!) { node(id: $id) { id } }"
    assert await asking(alone, id=agreement_id("agreed", B)) == {"data": {"node": None}}
