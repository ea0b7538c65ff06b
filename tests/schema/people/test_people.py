"""People: who is seen by whom, masked or not, and tokens that are bound to one."""

import uuid
from typing import Any

import pytest

from schema.ids import parse_id
from tests.conftest import Graph, run_sql
from tests.rollups import recounted
from tests.schema.people.appointing import admin, appoint, relieve

PEOPLE = """query ($under: ID, $kind: String, $phone: String, $first: Int, $after: String) {
  city(code: "north") { people(under: $under, kind: $kind, phone: $phone, first: $first,
    after: $after) { nodes { name phone posts { nodes { organization { code } kind { key } } } }
    pageInfo { hasNextPage endCursor } } } }"""
WORKERS = (
    ("S1-G1", "甲一", "13800138001"),
    ("S1-G2", "乙二", "13800138002"),
    ("S2-G1", "丙三", "13800138003"),
)


@pytest.fixture
async def staffed(site: Graph) -> Graph:
    """The site with a full-time worker in three grids."""
    for organization, name, phone in WORKERS:
        await appoint(
            admin(site), organization, "full_time", newPerson={"name": name, "phone": phone}
        )
    return site


# what a contact has as well
COPIED = (
    "tenant_id, name, phone_sealed, phone_key, phone_masked, phone_index, phone_index_key,"
    " data_kind, created_at"
)


def names(found: Any) -> list[str]:
    """The names on a page, sorted: their order is that of ids."""
    return sorted(node["name"] for node in found["city"]["people"]["nodes"])


async def test_masked_without_a_purpose(staffed: Graph) -> None:
    """Even an administrator sees masks until a purpose is stated."""
    assert names(await admin(staffed).data(PEOPLE)) == ["丙*", "乙*", "甲*"]


async def test_clear_with_a_purpose(staffed: Graph) -> None:
    """With the permission and a purpose name and phone are whole."""
    me = staffed.as_("CITY_ADMIN", "990100", purpose="回访")
    found = await me.data(PEOPLE, under="S1-G1")
    assert found["city"]["people"]["nodes"] == [
        {
            "name": "甲一",
            "phone": "+8613800138001",
            "posts": {"nodes": [{"organization": {"code": "S1-G1"}, "kind": {"key": "full_time"}}]},
        }
    ]


@pytest.mark.parametrize(
    ("role", "organization", "expected"),
    [
        ("SECRETARY", "S1", ["乙二", "甲一"]),
        ("SECRETARY", "S2", ["丙三"]),
        ("GRID_WORKER", "S1-G1", ["甲*"]),
        ("GRID_WORKER", "S1", ["乙*", "甲*"]),
    ],
)
async def test_only_within_reach(
    staffed: Graph, role: str, organization: str, expected: list[str]
) -> None:
    """People of one's own subtree are listed, whole only for whom the permission says so."""
    me = staffed.as_(role, "990100", organization, purpose="走访")
    assert names(await me.data(PEOPLE)) == expected


@pytest.mark.parametrize(
    ("role", "tenant"),
    [("", ""), ("RESIDENT", "990100"), ("MEMBER", "990100"), ("PROVINCE_ADMIN", "990000")],
)
async def test_who_sees_nobody(staffed: Graph, role: str, tenant: str) -> None:
    """Public, residents and provinces are refused, and no person is read."""
    me = staffed.as_(role, tenant, purpose="看看") if role else staffed
    answer = await me(PEOPLE)
    assert answer["data"] == {"city": {"people": None}}
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["FORBIDDEN"]
    posts = '{ city(code: "north") { organization(code: "S1-G1") { posts { nodes { id } } } } }'
    answer = await me(posts)
    assert answer["data"]["city"]["organization"]["posts"] is None


async def test_found_by_phone(staffed: Graph) -> None:
    """The whole number finds its owner, however it is written; part of one is refused."""
    me = staffed.as_("CITY_ADMIN", "990100", purpose="核实来电")
    found = await me.data(PEOPLE, phone="+86 138 0013 8002")
    assert names(found) == ["乙二"]
    assert names(await me.data(PEOPLE, phone="13900139000")) == []
    answer = await me(PEOPLE, phone="1380013")
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_REQUEST"]


async def test_contacts_of_reporters_are_no_staff(staffed: Graph, site_url: str) -> None:
    """Whoever never held a post is not listed, nor found by phone; whoever was relieved is."""
    me = staffed.as_("CITY_ADMIN", "990100", purpose="核实来电")
    before = names(await me.data(PEOPLE))
    await run_sql(
        site_url,
        "UPDATE post SET valid_from = '2020-01-01', valid_to = '2026-01-01'",
        f"INSERT INTO person ({COPIED}, id) SELECT {COPIED}, gen_random_uuid() FROM person",
    )
    await recounted(site_url)
    assert names(await me.data(PEOPLE)) == before
    assert names(await me.data(PEOPLE, phone="13800138002")) == ["乙二"]


async def test_a_phone_beyond_reach_is_not_found(staffed: Graph) -> None:
    """Searching tells nothing about people outside of one's subtree."""
    me = staffed.as_("SECRETARY", "990100", "S1", purpose="核实来电")
    assert names(await me.data(PEOPLE, phone="13800138003")) == []
    assert names(await me.data(PEOPLE, phone="13800138001")) == ["甲一"]


@pytest.mark.parametrize(
    ("role", "organization", "purpose"),
    [("CITY_ADMIN", None, None), ("GRID_WORKER", "S1-G1", "核实来电")],
)
async def test_search_by_phone_needs_permission_and_purpose(
    staffed: Graph, role: str, organization: str | None, purpose: str | None
) -> None:
    """Without either nobody is looked for."""
    answer = await staffed.as_(role, "990100", organization, purpose=purpose)(
        PEOPLE, phone="13800138001"
    )
    assert answer["data"] == {"city": {"people": None}}
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["FORBIDDEN"]


async def test_pages_of_people(staffed: Graph) -> None:
    """Pages hold everybody once, and no cursor holds a name."""
    me, found, after = admin(staffed), [], None
    while True:
        page = (await me.data(PEOPLE, first=2, after=after))["city"]["people"]
        found += page["nodes"]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert sorted(node["name"] for node in found) == ["丙*", "乙*", "甲*"]


async def test_a_foreign_cursor_is_refused(staffed: Graph) -> None:
    """A cursor that holds no id is malformed, not a fault."""
    answer = await admin(staffed)(PEOPLE, after="WyJ4Il0")
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["CURSOR_MALFORMED"]


async def test_people_and_posts_are_counted_in_statements(staffed: Graph) -> None:
    """A page of people with posts, organizations and holders runs one statement a level."""
    me = admin(staffed)
    assert await me.statements(PEOPLE) == 3
    posts = """{ city(code: "north") { organizations(level: "grid") { nodes { posts { nodes {
        person { name } } } } } } }"""
    assert await me.statements(posts) == 3


VIEWER = """{ viewer { role permissions organization { code } person { name phone }
  grants { role permission reach tenant organization } } }"""


def key(payload: Any) -> uuid.UUID:
    """The person of a post, as a token names it."""
    return parse_id(payload["post"]["person"]["id"]).uuid


async def test_posts_give_role_and_subtree(site: Graph) -> None:
    """A token that is bound to a person has the roles of the posts held today, and sees itself."""
    me = admin(site)
    new = {"name": "赵钱孙", "phone": "13800138009"}
    made = await appoint(me, "S1-G1", "full_time", newPerson=new)
    person = made["post"]["person"]["id"]
    await appoint(me, "S2", "secretary", person=person)
    bound = site.as_("", "990100", person=key(made))
    found = (await bound.data(VIEWER))["viewer"]
    assert (found["role"], found["organization"], found["person"]) == (
        "SECRETARY",
        {"code": "S2"},
        {"name": "赵钱孙", "phone": "+8613800138009"},
    )
    assert {
        (grant["role"], grant["organization"])
        for grant in found["grants"]
        if grant["permission"] == "READ_PEOPLE"
    } == {("SECRETARY", "S2"), ("GRID_WORKER", "S1-G1")}


async def test_relief_takes_the_role_away(site: Graph) -> None:
    """As soon as somebody is relieved, the same token is a resident's."""
    me = admin(site)
    made = await appoint(me, "S1", "secretary")
    bound = site.as_("", "990100", person=key(made))
    assert (await bound.data("{ viewer { role } }"))["viewer"]["role"] == "SECRETARY"
    await relieve(me, made["post"]["id"])
    assert (await bound.data("{ viewer { role } }"))["viewer"]["role"] == "RESIDENT"


async def test_an_unknown_person_opens_nothing(site: Graph) -> None:
    """A token of somebody who is not there, or is another city's, is refused."""
    theirs = await appoint(admin(site, "990200"), "S1", "secretary", city="south")
    for person in (uuid.uuid4(), key(theirs)):
        response = await site.as_("", "990100", person=person).post("{ viewer { role } }")
        code = response.json()["errors"][0]["extensions"]["code"]
        assert (response.status_code, code) == (403, "TOKEN_SCOPE")
