"""Access: the table of roles, the one question to it, and what a viewer is told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schema.access import TABLE, Denied, Permission, Reach, held, permitted, subtrees
from schema.actor import PUBLIC, Actor, Grant
from tenants.roles import Role
from tests.conftest import Graph

CITY_ROLES = [role for role in Role if role not in (Role.PUBLIC, *list(Role)[-2:])]
CODES = st.sampled_from(["A", "AA", "B", "A-1", "B-1"])
PATHS = st.lists(CODES, min_size=1, max_size=4).map(lambda codes: f"/{'/'.join(codes)}/")


def actor(role: Role, tenant_id: int = 210400, organization: str | None = None) -> Actor:
    """The bearer of a token of one tenant."""
    grants = (Grant(role, tenant_id, organization),)
    return Actor("somebody", role, frozenset({tenant_id}), grants)


def test_every_role_is_in_the_table() -> None:
    """No role is forgotten, and each may read what is public."""
    assert set(TABLE) == set(Role)
    assert all(Permission.READ_PUBLIC in permissions for permissions in TABLE.values())


def test_no_province_and_no_visitor_sees_people() -> None:
    """Nothing personal is open to the public or to a province, however far."""
    personal = {Permission.READ_PEOPLE, Permission.READ_PERSONAL_DATA, Permission.READ_AUDIT}
    for role in (Role.PUBLIC, Role.PROVINCE_ANALYST, Role.PROVINCE_ADMIN):
        assert personal.isdisjoint(TABLE[role])


@given(st.sampled_from(list(Role)[1:]), st.sampled_from(Permission), CODES, PATHS)
def test_a_foreign_tenant_is_denied(
    role: Role, permission: Permission, organization: str, path: str
) -> None:
    """Whatever the role, a tenant that the token does not open is denied with a reason."""
    verdict = permitted(actor(role, 210400, organization), permission, 210600, path)
    assert isinstance(verdict, Denied)
    assert "210600" in verdict.zh
    assert "210600" in verdict.en


@given(st.sampled_from(CITY_ROLES), st.sampled_from(Permission), CODES, PATHS)
def test_a_subtree_ends_where_its_code_is_not_in_the_path(
    role: Role, permission: Permission, organization: str, path: str
) -> None:
    """A permission that reaches a subtree holds exactly where the path has the whole code."""
    verdict = permitted(actor(role, 210400, organization), permission, 210400, path)
    reach = TABLE[role].get(permission)
    inside = organization in path.strip("/").split("/")
    expected = reach is Reach.TENANT or (reach is Reach.SUBTREE and inside)
    assert bool(verdict) is expected


@given(st.sampled_from(CITY_ROLES), st.sampled_from(Permission), CODES, PATHS)
def test_statements_decide_as_the_question_does(
    role: Role, permission: Permission, organization: str, path: str
) -> None:
    """The codes that statements compare with give the same answer row by row."""
    who = actor(role, 210400, organization)
    codes = subtrees(who, permission, 210400)
    by_codes = codes is None or any(f"/{code}/" in path for code in codes)
    assert by_codes is bool(permitted(who, permission, 210400, path))


def test_the_whole_tenant_takes_a_grant_of_the_whole_tenant() -> None:
    """Who is limited to an organization may not do for the whole city what it may do there."""
    limited = actor(Role.SECRETARY, organization="A")
    assert not permitted(limited, Permission.APPOINT, 210400)
    assert permitted(actor(Role.SECRETARY), Permission.APPOINT, 210400)


def test_without_a_token() -> None:
    """The public reads what is public everywhere, and is told how to sign in for the rest."""
    assert permitted(PUBLIC, Permission.READ_PUBLIC, 210400)
    verdict = permitted(PUBLIC, Permission.APPOINT, 210400)
    assert isinstance(verdict, Denied)
    assert "Authorization" in verdict.en


def test_held_lists_the_table() -> None:
    """What a viewer is shown is the row of the table, with the place of each permission."""
    shown = [
        (item.permission, item.reach, item.tenant_id, item.organization)
        for item in held(actor(Role.GRID_WORKER, 210400, "A"))
    ]
    assert shown == [
        (permission, reach, 210400, "A" if reach is Reach.SUBTREE else None)
        for permission, reach in TABLE[Role.GRID_WORKER].items()
    ]


VIEWER = """{ viewer { role language cities { code } organization { code } person { id }
  permissions grants { permission reach tenant organization } } }"""


async def test_a_viewer_without_a_token(graph: Graph) -> None:
    """The public sees every city, and two permissions that reach everywhere."""
    found = (await graph.data(VIEWER))["viewer"]
    assert len(found.pop("cities")) == 15
    assert found == {
        "role": "PUBLIC",
        "language": "zh",
        "organization": None,
        "person": None,
        "permissions": ["READ_PUBLIC", "READ_STATISTICS", "REPORT_ISSUES"],
        "grants": [
            {"permission": name, "reach": "EVERYWHERE", "tenant": None, "organization": None}
            for name in ("READ_PUBLIC", "READ_STATISTICS", "REPORT_ISSUES")
        ],
    }


async def test_a_viewer_of_one_city(graph: Graph) -> None:
    """A token narrows the cities to its own, and its permissions to its organization."""
    found = (await graph.as_("AGENT", "210400", "210411").data(VIEWER))["viewer"]
    assert (found["role"], found["cities"], found["organization"]) == (
        "AGENT",
        [{"code": "210400"}],
        {"code": "210411"},
    )
    assert {"READ_PEOPLE", "READ_PUBLIC"} <= set(found["permissions"])
    assert {
        "permission": "READ_PEOPLE",
        "reach": "SUBTREE",
        "tenant": "210400",
        "organization": "210411",
    } in found["grants"]


async def test_a_viewer_of_a_province(graph: Graph) -> None:
    """A province's token opens its cities, all of them and no other's."""
    found = (await graph.as_("PROVINCE_ANALYST", "210000").data(VIEWER))["viewer"]
    assert [city["code"][:2] for city in found["cities"]] == ["21"] * 7


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ('{ city(code: "dandong") { name } }', ["city"]),
        ('{ province(code: "guizhou") { name } }', ["province"]),
        ('{ cities(province: "liaoning") { name } }', ["cities"]),
        (
            '{ city(code: "fushun") { province { name rungs { total } } } }',
            ["city", "province", "rungs"],
        ),
    ],
)
async def test_what_a_citys_token_does_not_open(graph: Graph, query: str, path: list[str]) -> None:
    """Another tenant is a coded error that names it, and costs no statement."""
    answer = await graph.as_("CITY_ADMIN", "210400")(query)
    (error,) = answer["errors"]
    assert (error["path"], error["extensions"]["code"]) == (path, "FORBIDDEN")
