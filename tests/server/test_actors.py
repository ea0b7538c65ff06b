"""Actors: which tenants a token opens, and which combinations are refused."""

import uuid
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schema.actor import PUBLIC, Actor, Grant
from schema.errors import CodedError, ErrorCode
from server.actors import OF_KIND, OF_SUBTREE, actor_of
from server.claims import Claims
from tenants.definition import City, Definition, Province
from tenants.registry import Registry
from tenants.roles import Role

PERSON = uuid.UUID("0190c1e2-0000-7000-8000-000000000001")
REGISTRY = Registry(
    [
        Definition(Province(code="990000", slug="south", name="南省"), ()),
        Definition(Province(code="980000", slug="empty", name="空省"), ()),
        Definition(City(code="990100", slug="a-shi", name="甲市", province="990000"), ()),
        Definition(City(code="990200", slug="b-shi", name="乙市", province="990000"), ()),
    ]
)
CITY_ROLES = ("RESIDENT", "MEMBER", "GRID_WORKER", "AGENT", "SECRETARY", "CITY_ADMIN")
PROVINCE_ROLES = ("PROVINCE_ANALYST", "PROVINCE_ADMIN")


def test_every_role_but_public_is_of_some_tenant() -> None:
    """Each role that a token may name belongs to a city or to a province."""
    assert tuple(OF_KIND) == tuple(Role)[1:] == (*CITY_ROLES, *PROVINCE_ROLES)
    assert OF_SUBTREE.issubset(OF_KIND)


def test_without_a_token() -> None:
    """Without claims the actor is PUBLIC, with the purpose that was stated."""
    assert actor_of(None, REGISTRY) is PUBLIC
    assert actor_of(None, REGISTRY, "visit") == Actor("public", purpose="visit")


@pytest.mark.parametrize("role", CITY_ROLES)
def test_city(role: str) -> None:
    """A city role opens its city alone."""
    claims = Claims("u1", Role(role), ("990100",), None, None, "en")
    assert actor_of(claims, REGISTRY, "visit") == Actor(
        "u1",
        Role(role),
        frozenset({990100}),
        (Grant(Role(role), 990100),),
        None,
        "en",
        "visit",
    )


@pytest.mark.parametrize("role", sorted(OF_SUBTREE))
def test_subtree_and_person(role: Role) -> None:
    """A role below the city's own may be limited to an organization, and bound to a person."""
    claims = Claims("u1", role, ("990200",), "990201001", PERSON)
    assert actor_of(claims, REGISTRY) == Actor(
        "u1", role, frozenset({990200}), (Grant(role, 990200, "990201001"),), PERSON
    )


@pytest.mark.parametrize("role", PROVINCE_ROLES)
@pytest.mark.parametrize(
    ("code", "opened"), [("990000", {990000, 990100, 990200}), ("980000", {980000})]
)
def test_province(role: str, code: str, opened: set[int]) -> None:
    """A provincial role opens its province and all of its cities, by one grant."""
    assert actor_of(Claims("u1", Role(role), (code,)), REGISTRY) == Actor(
        "u1", Role(role), frozenset(opened), (Grant(Role(role), int(code)),)
    )


def test_person_without_a_role() -> None:
    """A person without a role is a resident of the city without grants, until posts are read."""
    assert actor_of(Claims("u1", None, ("990100",), None, PERSON), REGISTRY) == Actor(
        "u1", Role.RESIDENT, frozenset({990100}), (), PERSON
    )


def scope(role: str | None, *tenants: str, **more: Any) -> Claims:
    return Claims("u1", Role(role) if role else None, tenants, **more)


@pytest.mark.parametrize(
    ("claims", "zh", "en"),
    [
        (
            scope("PUBLIC"),
            "角色 PUBLIC 不需要令牌",
            "the role PUBLIC is for requests without a token",
        ),
        (
            scope(None, "990100"),
            "令牌既无角色也无人员",
            "the token names neither a role nor a person",
        ),
        (
            scope("AGENT"),
            "AGENT 应恰有一个 CITY 租户，令牌中为：无",
            "AGENT needs exactly one tenant of the kind CITY, the token has: none",
        ),
        (
            scope("AGENT", "990100", "990200"),
            "AGENT 应恰有一个 CITY 租户，令牌中为：990100、990200",
            "AGENT needs exactly one tenant of the kind CITY, the token has: 990100, 990200",
        ),
        (
            scope("PROVINCE_ADMIN", "990000", "990000"),
            "PROVINCE_ADMIN 应恰有一个 PROVINCE 租户，令牌中为：990000、990000",
            "PROVINCE_ADMIN needs exactly one tenant of the kind PROVINCE, the token has: 990000, "
            "990000",
        ),
        (scope("AGENT", "990300"), "本服务没有租户 990300", "there is no tenant 990300 here"),
        (
            scope("AGENT", "990000"),
            "AGENT 应有 CITY 租户，而 990000 是 PROVINCE",
            "AGENT needs a tenant of the kind CITY, but 990000 is a PROVINCE",
        ),
        (
            scope("PROVINCE_ANALYST", "990100"),
            "PROVINCE_ANALYST 应有 PROVINCE 租户，而 990100 是 CITY",
            "PROVINCE_ANALYST needs a tenant of the kind PROVINCE, but 990100 is a CITY",
        ),
        (
            scope(None, "990000", person=PERSON),
            "person 应有 CITY 租户，而 990000 是 PROVINCE",
            "person needs a tenant of the kind CITY, but 990000 is a PROVINCE",
        ),
        (
            scope("CITY_ADMIN", "990100", organization="990101"),
            "CITY_ADMIN不能限于组织",
            "CITY_ADMIN cannot be limited to an organization",
        ),
        (
            scope("PROVINCE_ADMIN", "990000", organization="990000-A"),
            "PROVINCE_ADMIN不能限于组织",
            "PROVINCE_ADMIN cannot be limited to an organization",
        ),
        (
            scope(None, "990100", organization="990101", person=PERSON),
            "未指明角色的人员不能限于组织",
            "a person without a role cannot be limited to an organization",
        ),
        (
            scope("PROVINCE_ANALYST", "990000", person=PERSON),
            "PROVINCE_ANALYST 不能绑定人员",
            "PROVINCE_ANALYST cannot be bound to a person",
        ),
    ],
)
def test_what_makes_no_sense(claims: Claims, zh: str, en: str) -> None:
    """A tenant that is not here, or a combination without sense, is refused with the reason."""
    with pytest.raises(CodedError) as caught:
        actor_of(claims, REGISTRY)
    error = caught.value
    assert (error.code, error.zh, error.en, error.facts) == (
        ErrorCode.TOKEN_SCOPE,
        f"令牌的范围不成立：{zh}；需要另一个令牌。",
        f"This token opens nothing: {en}; another token is needed.",
        {},
    )


@settings(max_examples=150, deadline=None, database=None)
@given(
    st.builds(
        Claims,
        subject=st.just("u1"),
        role=st.none() | st.sampled_from(Role),
        tenants=st.lists(
            st.sampled_from(["990000", "980000", "990100", "990200", "990300", "000000"]),
            max_size=2,
        ).map(tuple),
        organization=st.none() | st.just("990101"),
        person=st.none() | st.just(PERSON),
    )
)
def test_no_token_opens_more_than_its_tenant(claims: Claims) -> None:
    """Whatever claims combine, an actor has its token's one tenant, or a province's cities too."""
    with suppress(CodedError):
        check_opened(claims, actor_of(claims, REGISTRY))


def check_opened(claims: Claims, actor: Actor) -> None:
    (code,) = claims.tenants
    tenant = REGISTRY.by_id[int(code)]
    cities = REGISTRY.cities_of(tenant) if claims.role in PROVINCE_ROLES else ()
    opened = {tenant.tenant_id, *(city.tenant_id for city in cities)}
    assert actor.tenant_ids == frozenset(opened)
    assert [grant.tenant_id for grant in actor.grants] == [tenant.tenant_id] * bool(claims.role)
