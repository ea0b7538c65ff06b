"""Households: who sees them and how much of them, from all ends; registered, changed, erased."""

import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from schema.cooperatives.change_household import ChangedHousehold, ChangeHousehold
from schema.ids import parse_id
from schema.loaders.household import HouseholdById, HouseholdReach, HouseholdsOfHead
from schema.loaders.membership import MembershipById
from schema.privacy.erase import erase_person
from schema.scope import Login, Scope
from tenants.roles import Role
from tests.conftest import NOW, TODAY, Graph
from tests.schema.cooperatives.members import (
    ADDRESS,
    MASKED,
    Villagers,
    codes,
    enrolled,
    household_id,
    membership_id,
    secretary,
    villagers_at,
)
from tests.schema.cooperatives.village import (
    CITY,
    ID,
    OTHER_ID,
    Given,
    cooperative_id,
    put,
)
from tests.schema.organizations.town import actor
from tests.schema.privacy.people import owner

SCOPE = Scope(frozenset({ID}), Login.CITY)
PLACE = {"organization": {"code": "AA3-V1"}, "city": {"code": "990100"}}
HOUSEHOLD = """query ($id: ID!) { node(id: $id) { ... on Household {
  address people head { id name phone } organization { code } city { code } } } }"""
MEMBERS = """query ($code: ID!, $past: Boolean) { city(code: "invented") {
  cooperative(code: $code) {
  memberships(first: 10, past: $past) { totalCount pageInfo { hasNextPage } nodes {
    id isCurrent share household { address head { name } } } } } } }"""
LISTED = """query ($code: ID!) { city(code: "invented") { organization(code: $code) {
  households(first: 50) { totalCount nodes { id organization { code } } } } } }"""


@pytest.fixture
async def villagers(shared_url: str, tmp_path: Path) -> AsyncIterator[Villagers]:
    """The invented city; all tests of the module share its database."""
    async with villagers_at(shared_url, tmp_path / "keys.json") as ready:
        yield ready


def admin(site: Graph, purpose: str | None = None) -> Graph:
    """The administrator of the invented city."""
    return site.as_("CITY_ADMIN", "990100", purpose=purpose)


async def test_enrolling(site: Graph, villagers: Villagers) -> None:
    """A secretary registers a household as a member, and sees it masked; everybody sees that there
    is one more."""
    code = await villagers.cooperative()
    me = site.as_("SECRETARY", "990100", "AA3-V1")
    done = await enrolled(me, code, land="3.5", share="1.25", since="2026-03-01")
    membership = done["membership"]
    household = membership["household"]
    assert household["head"].pop("id")
    assert membership.pop("id")
    assert household.pop("id")
    assert done == {
        "membership": {
            "since": "2026-03-01",
            "until": None,
            "land": "3.500",
            "capital": None,
            "share": "1.250",
            "isCurrent": True,
            "dataKind": "REAL",
            "cooperative": {"code": code, "householdCount": 1, "peopleCount": 4},
            "household": {
                "address": MASKED,
                "people": 4,
                "dataKind": "REAL",
                "head": {"name": "陶**", "phone": "138****8000"},
                **PLACE,
            },
        },
        "refusals": [],
    }
    counted = """query ($code: ID!) { city(code: "invented") { cooperative(code: $code) {
      householdCount peopleCount } } }"""
    expected = {"householdCount": 1, "peopleCount": 4}
    for who in (site, site.as_("PROVINCE_ANALYST", "990000")):
        assert (await who.data(counted, code=code))["city"]["cooperative"] == expected


@pytest.mark.parametrize(
    ("given", "code", "path"),
    [
        ({"household": "x", "newHousehold": None}, "HOUSEHOLD_UNKNOWN", ["input", "household"]),
        ({"household": None}, "HOUSEHOLD_UNKNOWN", ["input"]),
        ({"newHousehold": {"organization": "AA3-V1"}}, "PERSON_MALFORMED",
         ["input", "newHousehold"]),
        ({"newHousehold": {"organization": "AA3-V1", "person": "x", "head": {"name": "某"}}},
         "PERSON_MALFORMED", ["input", "newHousehold"]),
        ({"cooperative": "AA"}, "COOPERATIVE_UNKNOWN", ["input", "cooperative"]),
        ({"cooperative": cooperative_id("C", OTHER_ID)}, "COOPERATIVE_UNKNOWN",
         ["input", "cooperative"]),
    ],
)  # fmt: skip
async def test_malformed_inputs(
    site: Graph, villagers: Villagers, given: dict[str, Any], code: str, path: list[str]
) -> None:
    """One of household and newHousehold, one of head and person, and a cooperative of the token's
    city: all else is refused."""
    cooperative = await villagers.cooperative()
    done = await enrolled(admin(site), cooperative, **given)
    assert done["membership"] is None
    assert [(one["code"], one["path"]) for one in done["refusals"]] == [(code, path)]


@pytest.mark.parametrize("role", ["", "RESIDENT", "GRID_WORKER"])
async def test_who_may_not_change(site: Graph, villagers: Villagers, role: str) -> None:
    """Without a token, and without the permission, nothing of members is changed."""
    me = site.as_(role, "990100", "AA3-V1") if role == "GRID_WORKER" else site
    me = site.as_(role, "990100") if role == "RESIDENT" else me
    code, home = await villagers.cooperative(), await villagers.household()
    membership = await villagers.joined(code, home)
    query = """mutation ($m: ID!, $h: ID!) {
      leave: leaveCooperative(input: {membership: $m}) { membership { id } refusals { code } }
      changeMembership(input: {membership: $m, share: "1"}) { membership { id } refusals { code } }
      changeHousehold(input: {household: $h, people: 2}) { household { id } refusals { code } } }"""
    done = await me.data(query, m=membership_id(membership), h=household_id(home))
    nothing = {"refusals": [{"code": "FORBIDDEN"}]}
    assert done == {
        "leave": {"membership": None, **nothing},
        "changeMembership": {"membership": None, **nothing},
        "changeHousehold": {"household": None, **nothing},
    }
    assert (await enrolled(me, code))["refusals"][0]["code"] == "FORBIDDEN"


async def test_leaving_and_changing(site: Graph, villagers: Villagers) -> None:
    """What is left out of a change stays as it is; who has left is listed among the past only."""
    code, home = await villagers.cooperative(), await villagers.household()
    membership = await villagers.joined(code, home, share="20", land="2")
    query = """mutation ($m: ID!, $h: ID!) {
      changeMembership(input: {membership: $m, land: null, capital: "7.5"}) {
        membership { land capital share } refusals { code } }
      changeHousehold(input: {household: $h, address: " ", organization: "AA3-V2"}) {
        household { address people organization { code } } refusals { code } }
      leaveCooperative(input: {membership: $m}) {
        membership { until isCurrent cooperative { householdCount } } refusals { code } } }"""
    done = await admin(site).data(query, m=membership_id(membership), h=household_id(home))
    assert done == {
        "changeMembership": {
            "membership": {"land": None, "capital": "7.50", "share": "20.000"},
            "refusals": [],
        },
        "changeHousehold": {
            "household": {"address": None, "people": 4, "organization": {"code": "AA3-V2"}},
            "refusals": [],
        },
        "leaveCooperative": {
            "membership": {
                "until": "2026-03-16",
                "isCurrent": True,
                "cooperative": {"householdCount": 1},
            },
            "refusals": [],
        },
    }


async def test_who_has_left_is_past(site: Graph, villagers: Villagers) -> None:
    """Members of today are listed, and with `past` all that ever were, in order of their ids."""
    code = await villagers.cooperative()
    since = TODAY.replace(day=1)
    ids = [await villagers.joined(code, await villagers.household(), since) for _ in range(3)]
    await villagers.leave(ids[1])
    for past, expected in ((None, [ids[0], ids[2]]), (True, ids)):
        found = await admin(site).data(MEMBERS, code=code, past=past)
        page = found["city"]["cooperative"]["memberships"]
        assert [node["id"] for node in page["nodes"]] == [membership_id(id_) for id_ in expected]
        assert page["totalCount"] == len(expected)


async def test_pages_of_members(site: Graph, villagers: Villagers) -> None:
    """Pages hold every member once; a cursor of another list is refused."""
    code = await villagers.cooperative()
    ids = [await villagers.joined(code, await villagers.household()) for _ in range(5)]
    query = """query ($code: ID!, $after: String) { city(code: "invented") {
      cooperative(code: $code) { memberships(first: 2, after: $after) {
        nodes { id } pageInfo { endCursor hasNextPage } } } } }"""
    found, after, more = [], None, True
    while more:
        data = await admin(site).data(query, code=code, after=after)
        page = data["city"]["cooperative"]["memberships"]
        found += [node["id"] for node in page["nodes"]]
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    assert found == [membership_id(id_) for id_ in ids]
    answer = await admin(site)(query, code=code, after="WyJ4Il0")
    assert [one["extensions"]["code"] for one in answer["errors"]] == ["CURSOR_MALFORMED"]


@pytest.mark.parametrize(
    ("role", "organization", "purpose", "expected"),
    [
        ("CITY_ADMIN", None, None, (MASKED, "陶**")),
        ("CITY_ADMIN", None, "走访", (ADDRESS, "陶示例")),
        ("SECRETARY", "AA3-V1", None, (MASKED, "陶**")),
        ("SECRETARY", "AA3-V1", "走访", (ADDRESS, "陶示例")),
        ("SECRETARY", "AA3", "走访", (ADDRESS, "陶示例")),
        ("GRID_WORKER", "AA3-V1", "走访", (MASKED, "陶**")),
        ("SECRETARY", "AA3-V2", "走访", None),
        ("MEMBER", "AA3-V1", "走访", None),
        ("RESIDENT", None, "走访", None),
        ("PROVINCE_ADMIN", None, "走访", None),
        ("", None, None, None),
    ],
)
async def test_who_sees_a_household(
    site: Graph,
    villagers: Villagers,
    role: str,
    organization: str | None,
    purpose: str | None,
    expected: tuple[str, str] | None,
) -> None:
    """A household is for who may see people where it is; its address and who heads it are masked
    but for a stated purpose with the permission."""
    home = await villagers.household()
    tenant = "990000" if role.startswith("PROVINCE") else "990100"
    me = site.as_(role, tenant, organization, purpose=purpose) if role else site
    found = (await me.data(HOUSEHOLD, id=household_id(home)))["node"]
    if expected is None:
        assert found is None
        return
    assert found["head"].pop("id")
    assert found == {
        "address": expected[0],
        "people": 4,
        "head": {"name": expected[1], "phone": None},
        **PLACE,
    }


async def test_seeing_it_whole_is_audited(site: Graph, villagers: Villagers) -> None:
    """Who saw whose address and name, and what for, is in the log; so is a denial."""
    home = await villagers.household()
    ((head,),) = await villagers.town.sql("SELECT head_id FROM household WHERE id = $1", home)
    await site.as_("SECRETARY", "990100", "AA3-V1", purpose="走访").data(
        HOUSEHOLD, id=household_id(home)
    )
    await site.as_("GRID_WORKER", "990100", "AA3-V1", purpose="看看").data(
        HOUSEHOLD, id=household_id(home)
    )
    rows = await villagers.town.sql(
        "SELECT kind, role, about FROM event WHERE tenant_id = 990100 ORDER BY seq DESC LIMIT 3"
    )
    assert [(kind, role, orjson.loads(about)) for kind, role, about in reversed(rows)] == [
        (
            "PERSONAL_DATA_READ",
            "SECRETARY",
            {
                "fields": ["Household.address", "Person.name"],
                "people": [str(head)],
                "purpose": "走访",
            },
        ),
        (
            "PERSONAL_DATA_DENIED",
            "GRID_WORKER",
            {"what": "Household.address", "times": 1, "purpose": "看看"},
        ),
        (
            "PERSONAL_DATA_DENIED",
            "GRID_WORKER",
            {"what": "Person.name", "times": 1, "purpose": "看看"},
        ),
    ]


@pytest.mark.parametrize("address", ["桃花村1组", "", None, "虚构市东区1号"])
async def test_what_a_mask_shows(site: Graph, villagers: Villagers, address: str | None) -> None:
    """Nothing below the county is shown, whatever the address looks like."""
    home = await villagers.household(address=address)
    found = (await admin(site).data(HOUSEHOLD, id=household_id(home)))["node"]["address"]
    assert found == {"桃花村1组": "***", "虚构市东区1号": "虚构市东区***"}.get(
        address or "", address
    )


async def test_ones_own_household(site: Graph, villagers: Villagers) -> None:
    """Whoever heads a household sees it whole with its memberships, without purpose or trace; the
    other members of its cooperative stay unseen."""
    code, home = await villagers.cooperative(), await villagers.household()
    ((head,),) = await villagers.town.sql("SELECT head_id FROM household WHERE id = $1", home)
    second = await villagers.household("BB3-V1", person=head, address=None)
    await villagers.joined(code, home, share="3")
    await villagers.joined(code, await villagers.household())
    me = site.as_("", "990100", person=head)
    query = """{ viewer { role households { id address head { name } memberships { nodes { share
      cooperative { code householdCount } household { id } } } } } }"""
    before = await villagers.town.sql("SELECT count(*) FROM event")
    found = (await me.data(query))["viewer"]
    mine = {"share": "3.000", "cooperative": {"code": code, "householdCount": 2}}
    assert found["role"] == "RESIDENT"
    assert sorted(found["households"], key=lambda one: one["address"] or "") == [
        {
            "id": household_id(second),
            "address": None,
            "head": {"name": "陶示例"},
            "memberships": {"nodes": []},
        },
        {
            "id": household_id(home),
            "address": ADDRESS,
            "head": {"name": "陶示例"},
            "memberships": {"nodes": [{**mine, "household": {"id": household_id(home)}}]},
        },
    ]
    assert await villagers.town.sql("SELECT count(*) FROM event") == before
    answer = await me(MEMBERS, code=code)
    assert answer["data"]["city"]["cooperative"]["memberships"] is None


async def test_nobodys_households(site: Graph) -> None:
    """Who is bound to no person heads none, and nothing is read for that."""
    query = "{ viewer { households { id } } }"
    for who in (site, admin(site), site.as_("PROVINCE_ANALYST", "990000")):
        assert await who.data(query) == {"viewer": {"households": []}}
        assert await who.statements(query) == 0


@pytest.mark.parametrize(
    ("role", "organization"),
    [("", None), ("RESIDENT", None), ("MEMBER", "AA3-V1"), ("SECRETARY", "AA3-V2"),
     ("PROVINCE_ADMIN", None)],
)  # fmt: skip
async def test_who_may_not_list_members(
    site: Graph, villagers: Villagers, role: str, organization: str | None
) -> None:
    """Members are listed for who may see people at the leader; others are refused, not shown an
    empty list."""
    code = await villagers.cooperative()
    tenant = "990000" if role.startswith("PROVINCE") else "990100"
    me = site.as_(role, tenant, organization) if role else site
    for query, path in ((MEMBERS, ["cooperative", "memberships"]), (LISTED, ["organization"])):
        answer = await me(query, code=code if query is MEMBERS else "AA3-V1")
        assert [one["extensions"]["code"] for one in answer["errors"]] == ["FORBIDDEN"]
        assert answer["data"]["city"][path[0]] in ({"memberships": None}, {"households": None})


async def test_a_member_from_elsewhere(site: Graph, villagers: Villagers) -> None:
    """Whoever leads a cooperative sees that a household of another village is a member, with what
    it brought, and nothing of the household; that village's people see the membership too."""
    code, home = await villagers.cooperative(), await villagers.household("BB3-V1")
    membership = await villagers.joined(code, home, share="5")
    leader = site.as_("SECRETARY", "990100", "AA3-V1", purpose="走访")
    found = (await leader.data(MEMBERS, code=code))["city"]["cooperative"]["memberships"]["nodes"]
    me = membership_id(membership)
    assert found == [{"id": me, "isCurrent": True, "share": "5.000", "household": None}]
    query = (
        "query ($id: ID!) { node(id: $id) { ... on Membership { share household { people } } } }"
    )
    village = site.as_("GRID_WORKER", "990100", "BB3-V1")
    seen = {"share": "5.000", "household": {"people": 4}}
    assert (await village.data(query, id=me))["node"] == seen
    assert (await leader.data(query, id=me))["node"] == {**seen, "household": None}
    for who in (site, site.as_("SECRETARY", "990100", "AA3-V2"), site.as_("RESIDENT", "990100")):
        assert (await who.data(query, id=me))["node"] is None


async def test_households_of_an_organization(site: Graph, villagers: Villagers) -> None:
    """An organization lists its own households and those below it, place by place, each once on
    whatever pages."""
    places = ("BB3-V1", "BB3", "BB2", "BB3-V1", "BB3", "BB3-V1")
    made = [(place, household_id(await villagers.household(place))) for place in places]
    me = admin(site)
    for code in ("BB3", "BB", "BB3-V1", "BB1"):
        found = (await me.data(LISTED, code=code))["city"]["organization"]["households"]
        ids = [node["id"] for node in found["nodes"]]
        assert found["totalCount"] == len(ids) == len(set(ids))
        mine = {id_ for place, id_ in made if place.startswith(code)}
        assert {id_ for _, id_ in made} & set(ids) == mine
        at = [(node["organization"]["code"], parse_id(node["id"]).uuid) for node in found["nodes"]]
        assert at == sorted(at)
        assert await _paged(me, code) == ids


async def _paged(me: Graph, code: str) -> list[str]:
    """The ids of an organization's households, two a page."""
    query = """query ($code: ID!, $after: String) { city(code: "invented") {
      organization(code: $code) { households(first: 2, after: $after) {
        nodes { id } pageInfo { endCursor hasNextPage } } } } }"""
    found: list[str] = []
    after, more = None, True
    while more:
        data = await me.data(query, code=code, after=after)
        page = data["city"]["organization"]["households"]
        found += [node["id"] for node in page["nodes"]]
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    return found


WALK = """{ city(code: "invented") { organization(code: "AA3-V2") { cooperatives(first: 5) { nodes {
  code memberships(first: 5) { nodes { share household { address head { name }
    memberships { nodes { cooperative { code leader { code } } } } } } } } } } } }"""


async def test_the_walk_from_all_three_ends(site: Graph, villagers: Villagers) -> None:
    """From the branch by its cooperatives and their households back to the branch, one statement
    a level however many there are."""
    place = "AA3-V2"
    for code in [await villagers.cooperative(leader=place) for _ in range(3)]:
        for _ in range(3):
            await villagers.joined(code, await villagers.household(place))
    me = admin(site)
    nodes = (await me.data(WALK))["city"]["organization"]["cooperatives"]["nodes"]
    seen = [
        (home["address"], home["head"]["name"], one["cooperative"] == mine)
        for node in nodes
        for mine in [{"code": node["code"], "leader": {"code": place}}]
        for member in node["memberships"]["nodes"]
        for home in [member["household"]]
        for one in home["memberships"]["nodes"]
    ]
    assert set(seen) == {(MASKED, "陶**", True)}
    # organization, cooperatives, memberships, households, heads, memberships, cooperatives, leaders
    assert await me.statements(WALK) == 8
    short = """{ city(code: "invented") { cooperatives(first: 20) { nodes {
      householdCount peopleCount
      memberships(first: 5) { nodes { household { head { name } } } } } } } }"""
    assert await me.statements(short) == 5
    counts = """{ city(code: "invented") { cooperatives(first: 20) { nodes { householdCount
      peopleCount } } } }"""
    assert await site.statements(counts) == 2
    start = household_id(await villagers.household())
    back = """query ($id: ID!) { node(id: $id) { ... on Household { memberships { nodes {
      cooperative { leader { households(first: 3) { nodes { head { name } } } } } } } } } }"""
    assert await me.statements(back, id=start) == 2


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"address": "路" * 201}, [("TEXT_MALFORMED", "address")]),
        ({"address": "桃花\x00村"}, [("TEXT_MALFORMED", "address")]),
        ({"people": None}, [("COUNT_OUT_OF_RANGE", "people")]),
        ({"people": 0}, [("COUNT_OUT_OF_RANGE", "people")]),
        ({"organization": "nowhere"}, [("ORGANIZATION_UNKNOWN", "organization")]),
        ({"organization": "AA3-V9"}, [("ORGANIZATION_ENDED", "organization")]),
        ({"organization": "BB3-V1"}, [("FORBIDDEN", "organization")]),
        (
            {"address": "\x07", "people": 1001, "organization": "BB3-V1"},
            [
                ("TEXT_MALFORMED", "address"),
                ("COUNT_OUT_OF_RANGE", "people"),
                ("FORBIDDEN", "organization"),
            ],
        ),
    ],
)
async def test_refused_changes(
    villagers: Villagers, given: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    """What a household cannot be is refused for all reasons at once, and nothing changes."""
    home = await villagers.household()
    change = ChangeHousehold(household_id(home), given)
    assert codes(await villagers.town.do(change, **secretary("AA3-V1"))) == expected
    assert await _stored(villagers, home) == ("AA3-V1", ADDRESS, 4)


async def _stored(villagers: Villagers, home: uuid.UUID) -> tuple[Any, ...]:
    (row,) = await villagers.town.sql(
        "SELECT o.code, h.address, h.people FROM household h JOIN organization o"
        " ON o.tenant_id = h.tenant_id AND o.id = h.organization_id WHERE h.id = $1",
        home,
    )
    return row


async def test_a_change_of_a_household(villagers: Villagers) -> None:
    """What is given changes, and an event of the village names the values, not what they are; the
    same once more is no change."""
    home = await villagers.household()
    change = ChangeHousehold(
        household_id(home), {"address": " 2组  ", "people": 5, "organization": "AA3-V2"}
    )
    for _ in range(2):
        assert await villagers.town.do(change) == ChangedHousehold(ID, home)
    assert await _stored(villagers, home) == ("AA3-V2", "2组", 5)
    found = await villagers.town.sql(
        "SELECT o.code, e.about, e.cooperative_id FROM event e JOIN organization o"
        " ON o.tenant_id = e.tenant_id AND o.id = e.organization_id"
        " WHERE e.kind = 'COOPERATIVE_HOUSEHOLD_CHANGED' AND e.about ->> 'household' = $1",
        str(home),
    )
    ((at, about, cooperative),) = found
    facts = orjson.loads(about)
    assert facts.pop("person")
    fields = ["address", "organization", "people"]
    assert (at, cooperative) == ("AA3-V2", None)
    assert facts == {"household": str(home), "fields": fields}


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        (actor(Role.GRID_WORKER, "AA3-V1"), [("FORBIDDEN", "household")]),
        (actor(Role.SECRETARY, "AA3-V2"), [("HOUSEHOLD_UNKNOWN", "household")]),
        (actor(Role.MEMBER, "AA3-V1"), [("HOUSEHOLD_UNKNOWN", "household")]),
    ],
)
async def test_who_may_not_change_a_household(
    villagers: Villagers, who: Any, expected: list[tuple[str, str]]
) -> None:
    """It needs the permission where the household is; who does not see it hears of none."""
    home = await villagers.household()
    change = ChangeHousehold(household_id(home), {"people": 1})
    assert codes(await villagers.town.do(change, actor=who)) == expected


async def test_an_erased_head(site: Graph, villagers: Villagers) -> None:
    """The address goes with the head's name, memberships and counts stay; the household can leave,
    and nothing more is recorded of it."""
    one, other = await villagers.cooperative(), await villagers.cooperative()
    home = await villagers.household(people=6)
    membership = await villagers.joined(one, home, TODAY.replace(day=1), share="5")
    ((head,),) = await villagers.town.sql("SELECT head_id FROM household WHERE id = $1", home)
    async with owner(villagers.town.url) as connection:
        erased, _ = await erase_person(connection, CITY, head, NOW, TODAY)
    assert (erased.households, erased.posts, erased.issues) == (1, 0, 0)
    found = (await admin(site, "走访").data(HOUSEHOLD, id=household_id(home)))["node"]
    assert found["head"].pop("id")
    assert found == {
        "address": None,
        "people": 6,
        "head": {"name": None, "phone": None},
        **PLACE,
    }
    assert await villagers.counts(TODAY, one) == [(1, 6)]
    change = ChangeHousehold(household_id(home), {"address": ADDRESS})
    assert codes(await villagers.town.do(change)) == [("HOUSEHOLD_UNKNOWN", "household")]
    await villagers.leave(membership)
    assert codes(await villagers.enrol(other, home)) == [("HOUSEHOLD_UNKNOWN", "household")]
    assert await villagers.counts(TODAY, one, other) == [(0, 0), (0, 0)]


async def test_who_sees_nothing_asks_nothing(villagers: Villagers) -> None:
    """Without any reach no statement is run, and the whole tenant's keys are checked all the
    same."""
    key, nowhere = (ID, uuid.uuid4()), HouseholdReach()
    async with villagers.town.database.snapshot(SCOPE) as snapshot:
        for loader in (HouseholdById, MembershipById):
            assert await loader.batch(snapshot, SCOPE, [key, key], nowhere, ("id",)) == [None] * 2
            with pytest.raises(PermissionError):
                await loader.batch(snapshot, SCOPE, [(OTHER_ID, key[1])], nowhere, ("id",))
        assert await HouseholdsOfHead.batch(snapshot, SCOPE, [key], nowhere, ("id",)) == [[]]
        assert snapshot.statements == 0


async def test_another_persons_households(villagers: Villagers) -> None:
    """The list of a person's households is that person's alone, whatever else one may see."""
    home = await villagers.household()
    ((head,),) = await villagers.town.sql("SELECT head_id FROM household WHERE id = $1", home)
    reach = HouseholdReach(None, None, uuid.uuid4())
    async with villagers.town.database.snapshot(SCOPE) as snapshot:
        found = await HouseholdsOfHead.batch(snapshot, SCOPE, [(ID, head)], reach, ("id",))
    assert found == [[]]


async def test_a_city_that_does_not_record_people(site: Graph, shared_url: str) -> None:
    """Its cooperatives have a count of households and none of people."""
    await put(shared_url, Given("O1", leader="CC1-V1", tenant_id=OTHER_ID))
    query = '{ city(code: "elsewhere") { cooperatives { nodes { householdCount peopleCount } } } }'
    found = (await site.data(query))["city"]["cooperatives"]["nodes"]
    assert found == [{"householdCount": 0, "peopleCount": None}]
