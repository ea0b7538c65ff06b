"""Arguments that are checked once a tenant look at nothing of an object but its tenant."""

import datetime
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from graphql import GraphQLSchema, is_object_type

from schema.actor import Actor, Grant
from schema.context import Context, Resources
from schema.declarations import DECLARED, Related
from schema.errors import CodedError
from schema.projection import metadata
from schema.root import graphql_schema
from schema.scope import Login, Scope
from tenants.definition import Definition
from tenants.registry import Registry
from tenants.roles import Role
from tests.conftest import NOW

SCHEMA = graphql_schema()
DANDONG = 210600


def of_tenant(schema_: GraphQLSchema) -> Iterator[tuple[str, Related]]:
    """The relations whose arguments say that they look at the tenant only."""
    for type_ in schema_.type_map.values():
        if is_object_type(type_):
            for name in type_.fields:
                declared = metadata(type_, name).get(DECLARED)
                if isinstance(declared, Related) and declared.is_of_tenant:
                    yield f"{type_.name}.{name}", declared


RELATIONS = dict(of_tenant(SCHEMA))


class OnlyTenant:
    """A row that gives its tenant, and refuses all else."""

    def __getitem__(self, name: str) -> Any:
        if name != "tenant_id":
            raise AssertionError(f"{name} was looked at")
        return DANDONG

    def __getattr__(self, name: str) -> Any:
        # what tells a payload, and a definition, from a row
        if name in ("outcome", "tenant_id"):
            raise AttributeError(name)
        raise AssertionError(f"{name} was looked at")


@pytest.fixture
def context(shipped: tuple[Definition, ...]) -> Context:
    """A context of a city's secretary, without a database."""
    nothing: Any = None
    scope = Scope(frozenset({DANDONG}), Login.CITY)
    grants = (Grant(Role.SECRETARY, DANDONG),)
    return Context(
        Resources(nothing, nothing, nothing, nothing),
        nothing,
        Registry(shipped),
        scope,
        NOW,
        datetime.date(2026, 3, 15),
        actor=Actor("someone", Role.SECRETARY, frozenset({DANDONG}), grants),
    )


@pytest.mark.parametrize("place", RELATIONS)
def test_nothing_but_the_tenant(place: str, context: Context) -> None:
    """The arguments of a row are made without looking at anything else of it."""
    arguments: Any = RELATIONS[place].arguments
    assert arguments is not None
    with suppress(CodedError):  # it may refuse, without looking
        arguments().checked(context, OnlyTenant())


@pytest.mark.parametrize("place", RELATIONS)
def test_the_key_begins_with_that_tenant(place: str) -> None:
    """Where a key consists of columns, the tenant that is looked at is its first."""
    names = RELATIONS[place].names
    assert names is None or names[0] == "tenant_id"


def test_some_say_so() -> None:
    """The relations of an issue, an organization and a person are among them."""
    assert {"Issue.notes", "Issue.timeline", "Organization.children", "Post.person"} <= set(
        RELATIONS
    )
