"""The event log in the graph: timelines of organizations, the audit of a city, who may read it."""

import re
from types import SimpleNamespace
from typing import Any

import pytest
from graphql import OperationDefinitionNode, parse

from schema.access import TABLE, Permission
from schema.events import EventKind
from schema.ids import GlobalId, parse_id
from schema.loaders.event import EventsOfTenant
from schema.loaders.statement import keys_table, render
from schema.projection import columns_wanted
from schema.root import graphql_schema
from schema.timelines.types import (
    ACCESS_KINDS,
    AGREEMENT_KINDS,
    COOPERATIVE_KINDS,
    ECONOMY_KINDS,
    ISSUE_KINDS,
    ORGANIZATION_KINDS,
    POST_KINDS,
)
from tenants.roles import Role
from tests.conftest import Graph

TIMELINE = """query ($code: ID!, $first: Int, $after: String, $last: Int, $before: String) {
  city(code: "north") { organization(code: $code) {
    timeline(first: $first, after: $after, last: $last, before: $before) {
      pageInfo { hasNextPage hasPreviousPage endCursor startCursor }
      nodes {
        __typename seq kind at actor { subject role person { name } }
        ... on OrganizationEvent {
          organization { code } on before after successors affected postsEnded
        }
        ... on PostEvent {
          organization { code } postKind { key } since until
          post { isHeld } person { name phone }
        }
      }
    }
  } }
}"""
AUDIT = """query ($kind: EventKind, $first: Int, $after: String, $last: Int, $people: Int = 20) {
  city(code: "north") {
    auditEvents(kind: $kind, first: $first, after: $after, last: $last) {
      pageInfo { hasNextPage hasPreviousPage endCursor startCursor }
      edges { cursor node {
        id seq kind at actor { subject role person { name } }
        ... on AccessEvent {
          fields peopleCount what times purpose
          people(first: $people) { nodes { name } pageInfo { hasNextPage endCursor } }
        }
      } }
    }
  }
}"""
NOON = "2026-03-15T12:00:00+08:00"


def admin(site: Graph, **given: Any) -> Graph:
    """The administrator of the city."""
    return site.as_("CITY_ADMIN", "990100", **given)


async def change(site: Graph, mutation: str, type_: str, **given: Any) -> Any:
    """Carry out a mutation as the administrator; nothing is refused."""
    is_post = mutation in ("appoint", "relieve")
    payload = "post { id person { id } }" if is_post else "__typename"
    selection = f"{{ {payload} refusals {{ code }} }}"
    query = f"mutation ($i: {type_}!) {{ m: {mutation}(input: $i) {selection} }}"
    input_ = {"city" if is_post else "tenant": "north", **given}
    done = (await admin(site).data(query, i=input_))["m"]
    assert done["refusals"] == []
    return done


async def appointed(
    site: Graph, organization: str, name: str = "甲一", kind: str = "full_time"
) -> Any:
    """The new post of somebody new."""
    person = {"name": name, "phone": "13800138001"}
    given = {"organization": organization, "kind": kind, "newPerson": person}
    given["since"] = "2026-03-01"
    return (await change(site, "appoint", "AppointInput", **given))["post"]


async def eventful(site: Graph) -> None:
    """Seven events of an organization `NN`, and none of others."""

    async def organization(verb: str, **given: Any) -> None:
        await change(site, f"{verb}Organization", f"{verb.capitalize()}OrganizationInput", **given)

    made = {"name": "新网格", "code": "NN", "parent": "S1", "level": "grid"}
    await organization("establish", **made, validFrom="2026-03-01")
    await organization("rename", organization="NN", name="大网格")
    await organization("move", organization="NN", parent="S2")
    post = await appointed(site, "NN")
    await change(site, "relieve", "RelieveInput", post=post["id"])
    await appointed(site, "NN", "乙二")
    await organization("dissolve", organization="NN", successors=["S2-G1"])


async def timeline(site: Graph, code: str = "NN", **given: Any) -> Any:
    """The timeline of an organization."""
    found = await site.data(TIMELINE, code=code, **given)
    return found["city"]["organization"]["timeline"]


def test_every_kind_has_a_type() -> None:
    """Each kind of event is shown by exactly one of the types."""
    kinds = [*ORGANIZATION_KINDS, *POST_KINDS, *ACCESS_KINDS, *ISSUE_KINDS]
    kinds += [*COOPERATIVE_KINDS, *ECONOMY_KINDS, *AGREEMENT_KINDS]
    assert sorted(kinds) == sorted(EventKind)


def _facts(**given: Any) -> dict[str, Any]:
    """What an event says of the organization `NN`."""
    return {"organization": {"code": "NN"}, **given}


def _changed(before: str | None, after: str | None, **given: Any) -> dict[str, Any]:
    none = {"on": "2026-03-15", "successors": [], "affected": 1, "postsEnded": 0}
    return _facts(**none, before=before, after=after) | given


def _posted(name: str, since: str | None, until: str | None) -> dict[str, Any]:
    return _facts(
        postKind={"key": "full_time"},
        since=since,
        until=until,
        post={"isHeld": False},
        person={"name": name, "phone": "138****8001"},
    )


EVENTS = [
    ("ORGANIZATION_ESTABLISHED", _changed(None, "新网格", on="2026-03-01")),
    ("ORGANIZATION_RENAMED", _changed("新网格", "大网格")),
    ("ORGANIZATION_MOVED", _changed("S1", "S2")),
    ("APPOINTED", _posted("甲*", "2026-03-01", None)),
    ("RELIEVED", _posted("甲*", None, "2026-03-15")),
    ("APPOINTED", _posted("乙*", "2026-03-01", None)),
    ("ORGANIZATION_DISSOLVED", _changed(None, None, successors=["S2-G1"], postsEnded=1)),
]


async def test_timeline(site: Graph) -> None:
    """A timeline tells what happened to an organization, the newest last, with who did it."""
    await eventful(site)
    actor = {"subject": "someone", "role": "CITY_ADMIN", "person": None}
    assert (await timeline(admin(site)))["nodes"] == [
        {
            "__typename": "OrganizationEvent" if kind in ORGANIZATION_KINDS else "PostEvent",
            "seq": seq,
            "kind": kind,
            "at": NOON,
            "actor": actor,
            **facts,
        }
        for seq, (kind, facts) in enumerate(EVENTS, start=1)
    ]


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.PUBLIC])
async def test_who_may_read_a_timeline(role: Role, site: Graph) -> None:
    """A timeline is for whom READ_PEOPLE reaches the organization, and FORBIDDEN for others."""
    await appointed(site, "S1-G1")
    tenant = "990000" if role.startswith("PROVINCE") else "990100"
    answer = await site.as_(role, tenant)(TIMELINE, code="S1-G1")
    if Permission.READ_PEOPLE in TABLE[role]:
        (node,) = answer["data"]["city"]["organization"]["timeline"]["nodes"]
        assert node["kind"] == "APPOINTED"
        assert node["actor"]["subject"] == ("someone" if role is Role.CITY_ADMIN else None)
    else:
        assert answer["data"]["city"]["organization"] == {"timeline": None}
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["FORBIDDEN"]


async def test_timelines_end_at_the_subtree(site: Graph) -> None:
    """A secretary reads the timelines of the own organization and below, no others."""
    await appointed(site, "S1-G1")
    await appointed(site, "S2-G1")
    me = site.as_("SECRETARY", "990100", "S1")
    assert len((await timeline(me, "S1-G1"))["nodes"]) == 1
    assert [e["extensions"]["code"] for e in (await me(TIMELINE, code="S2-G1"))["errors"]] == [
        "FORBIDDEN"
    ]


async def test_without_a_token(site: Graph) -> None:
    """Without a token neither a timeline nor the audit is read, and no statement touches events."""
    query = """{ city(code: "north") {
      auditEvents { edges { cursor } } organization(code: "S1") { timeline { nodes { seq } } }
    } }"""
    answer = await site(query)
    assert answer["data"]["city"] == {"auditEvents": None, "organization": {"timeline": None}}
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["FORBIDDEN"] * 2


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.PUBLIC])
async def test_who_may_read_the_audit(role: Role, site: Graph) -> None:
    """The audit is for READ_AUDIT alone."""
    tenant = "990000" if role.startswith("PROVINCE") else "990100"
    answer = await site.as_(role, tenant)(AUDIT)
    if Permission.READ_AUDIT in TABLE[role]:
        assert answer["data"]["city"]["auditEvents"]["edges"] == []
    else:
        assert answer["data"]["city"] == {"auditEvents": None}
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["FORBIDDEN"]


async def test_another_city(site: Graph) -> None:
    """The administrator of another city reads nothing of this one's log."""
    answer = await site.as_("CITY_ADMIN", "990200")(AUDIT)
    assert answer["data"] is None
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["FORBIDDEN"]


async def test_audit_of_a_read(site: Graph) -> None:
    """Who read which fields of whom, and why, is an event; numbers in the purpose are masked."""
    await appointed(site, "S1-G1")
    await appointed(site, "S1-G2", "乙二")
    reader = site.as_("SECRETARY", "990100", "S1", purpose="致电 13912345678 回访", subject="li")
    people = '{ city(code: "north") { people { nodes { name phone } } } }'
    found = (await reader.data(people))["city"]["people"]["nodes"]
    assert sorted(node["name"] for node in found) == ["乙二", "甲一"]
    page = (await admin(site).data(AUDIT, kind="PERSONAL_DATA_READ", people=1))["city"]
    (edge,) = page["auditEvents"]["edges"]
    assert edge["node"] == {
        "id": str(GlobalId("Event", 990100, "3")),
        "seq": 3,
        "kind": "PERSONAL_DATA_READ",
        "at": NOON,
        "actor": {"subject": "li", "role": "SECRETARY", "person": None},
        "fields": ["Person.name", "Person.phone"],
        "peopleCount": 2,
        "what": None,
        "times": 1,
        "purpose": "致电 139****5678 回访",
        "people": {
            "nodes": [{"name": "甲*"}],
            "pageInfo": {
                "hasNextPage": True,
                "endCursor": edge["node"]["people"]["pageInfo"]["endCursor"],
            },
        },
    }


async def test_audit_of_a_denial(site: Graph) -> None:
    """What was asked for in vain is an event with how often."""
    await appointed(site, "S1-G1")
    worker = site.as_("GRID_WORKER", "990100", "S1", purpose="回访")
    await worker.data('{ city(code: "north") { people { nodes { name phone } } } }')
    page = (await admin(site).data(AUDIT, kind="PERSONAL_DATA_DENIED"))["city"]["auditEvents"]
    shown = [(edge["node"]["what"], edge["node"]["times"]) for edge in page["edges"]]
    assert shown == [("Person.name", 1), ("Person.phone", 1)]


async def test_people_of_an_event_are_paged(site: Graph) -> None:
    """The people of an event come in pages that hold each of them once."""
    for n in range(5):
        await appointed(site, "S1-G1", f"{'甲乙丙丁戊'[n]}某")
    reader = site.as_("CITY_ADMIN", "990100", purpose="普查")
    await reader.data('{ city(code: "north") { people { nodes { name } } } }')
    query = """query ($after: String) { city(code: "north") {
      auditEvents(kind: PERSONAL_DATA_READ) { nodes { ... on AccessEvent {
        people(first: 2, after: $after) { nodes { name } pageInfo { hasNextPage endCursor } }
      } } }
    } }"""
    found, after, more = [], None, True
    while more:
        (event,) = (await admin(site).data(query, after=after))["city"]["auditEvents"]["nodes"]
        found += [node["name"] for node in event["people"]["nodes"]]
        more, after = (event["people"]["pageInfo"][key] for key in ("hasNextPage", "endCursor"))
    assert sorted(found) == sorted(["甲*", "乙*", "丙*", "丁*", "戊*"])


async def test_actor_of_a_bound_token(site: Graph) -> None:
    """Where a token is bound to a person, its events name the person, masked."""
    post = await appointed(site, "S1", "丙三", "secretary")
    await appointed(site, "S1-G1")
    person = parse_id(post["person"]["id"]).uuid
    me = site.as_("", "990100", person=person, purpose="回访", subject="bing")
    await me.data('{ city(code: "north") { people(kind: "full_time") { nodes { name } } } }')
    (edge,) = (await admin(site).data(AUDIT, kind="PERSONAL_DATA_READ"))["city"]["auditEvents"][
        "edges"
    ]
    actor = {"subject": "bing", "role": "SECRETARY", "person": {"name": "丙*"}}
    assert edge["node"]["actor"] == actor


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
async def test_pages_forward_and_backward(size: int, site: Graph) -> None:
    """Paging through the log in either direction gives each event once, in order."""
    await eventful(site)
    me = admin(site)
    forward, after = [], None
    while True:
        page = (await me.data(AUDIT, first=size, after=after))["city"]["auditEvents"]
        forward += [edge["node"]["seq"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    backward: list[int] = []
    before = None
    while True:
        found = await timeline(me, last=size, before=before)
        backward = [node["seq"] for node in found["nodes"]] + backward
        before = found["pageInfo"]["startCursor"]
        if not found["pageInfo"]["hasPreviousPage"]:
            break
    assert forward == backward == list(range(1, 8))


async def test_last_is_the_newest(site: Graph) -> None:
    """`last` gives the newest events, still the newest last."""
    await eventful(site)
    page = (await admin(site).data(AUDIT, last=2))["city"]["auditEvents"]
    assert [edge["node"]["seq"] for edge in page["edges"]] == [6, 7]


@pytest.mark.parametrize(
    "values",
    [
        "WyJ4Il0",
        "WyIxIiwiMiJd",
        "WyItMSJd",
        "WyI5OTk5OTk5OTk5OTk5OTk5OTk5Il0",
        "WyLCsiJd",
        "WyIiXQ",
        "?",
    ],
)
async def test_wrong_cursors(values: str, site: Graph) -> None:
    """A cursor that is not a number of an event is malformed, whatever it holds."""
    answer = await admin(site)(AUDIT, after=values)
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["CURSOR_MALFORMED"]


@pytest.mark.parametrize(("first", "statements"), [(1, 3), (4, 5), (7, 5)])
async def test_statements_of_a_timeline(first: int, statements: int, site: Graph) -> None:
    """One for the organization, one for the timeline, one for each kind of object in it."""
    await eventful(site)
    assert await admin(site).statements(TIMELINE, code="NN", first=first) == statements


@pytest.mark.parametrize("first", [1, 3])
async def test_statements_of_the_audit(first: int, site: Graph) -> None:
    """The log is one statement, the people of all its events and of its actors one each."""
    bare = '{ city(code: "north") { auditEvents { nodes { seq kind at actor { role } } } } }'
    post = await appointed(site, "S1", "丙三", "secretary")
    me = site.as_("", "990100", person=parse_id(post["person"]["id"]).uuid, purpose="回访")
    await appointed(site, "S1-G1")
    for _ in range(3):
        await me.data('{ city(code: "north") { people(kind: "full_time") { nodes { name } } } }')
    audit = {"kind": "PERSONAL_DATA_READ", "first": first}
    assert await admin(site).statements(AUDIT, **audit) == 3
    assert await admin(site).statements(bare) == 1


@pytest.mark.parametrize(
    ("selection", "read"),
    [
        ("seq", {"seq", "kind"}),
        ("actor { role }", {"seq", "kind", "role"}),
        ("at ... on AccessEvent { purpose }", {"seq", "kind", "at", "about"}),
        ("... on PostEvent { person { name } }", {"seq", "kind", "tenant_id", "about"}),
    ],
)
def test_columns_are_projected(selection: str, read: set[str]) -> None:
    """Of the log only the columns are read that the selection needs."""
    schema: Any = graphql_schema()
    document = parse(f"{{ auditEvents {{ nodes {{ {selection} }} }} }}")
    (operation,) = document.definitions
    assert isinstance(operation, OperationDefinitionNode)
    info: Any = SimpleNamespace(
        return_type=schema.type_map["City"].fields["auditEvents"].type,
        field_nodes=operation.selection_set.selections,
        schema=schema,
        fragments={},
    )
    wanted = columns_wanted(info)
    statement = render(EventsOfTenant.select(keys_table("tenant_id"), wanted, (False,) * 3))
    assert set(re.findall(r"e\.(\w+) AS", statement.sql)) == read
