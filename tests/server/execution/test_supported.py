"""What the level-wise executor runs itself, what it leaves to graphql-core, and its switch."""

from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from graphql import (
    GraphQLObjectType,
    GraphQLUnionType,
    OperationDefinitionNode,
    get_introspection_query,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
    is_object_type,
    parse,
)

from schema.declarations import DECLARED, Column, Computed, Done, Related, Sought
from schema.projection import metadata
from schema.root import graphql_schema
from server.app import executor_of
from server.execution import general, level_wise
from server.execution.plan import MOST_PLANS, Planned
from server.settings import Settings

SCHEMA = graphql_schema()


def reachable_types() -> Iterator[Any]:
    """Object, interface and union types that queries lead to."""
    seen: set[str] = set()
    todo: list[Any] = [SCHEMA.query_type]
    while todo:
        type_ = todo.pop()
        if type_.name in seen or is_leaf_type(type_):
            continue
        seen.add(type_.name)
        yield type_
        if is_abstract_type(type_):
            todo += SCHEMA.get_possible_types(type_)
        todo += [get_named_type(field.type) for field in getattr(type_, "fields", {}).values()]


TYPES = list(reachable_types())
OBJECTS = [type_ for type_ in TYPES if is_object_type(type_)]


def planned(text: str, **variables: Any) -> bool:
    """Whether the level-wise executor runs an operation itself."""
    document = parse(text)
    definition = document.definitions[0]
    assert isinstance(definition, OperationDefinitionNode)
    return Planned(SCHEMA, document, definition).plan(variables) is not None


@pytest.mark.parametrize("type_", OBJECTS, ids=str)
def test_every_field_is_declared(type_: GraphQLObjectType) -> None:
    """Every field that a query can reach says what it is, so that none is left to graphql-core."""
    kinds = (Column, Computed, Related)
    expected = (*kinds, Sought) if type_ is SCHEMA.query_type else kinds
    undeclared = [
        name
        for name in type_.fields
        if not isinstance(metadata(type_, name).get(DECLARED), expected)
    ]
    assert undeclared == []


@pytest.mark.parametrize("type_", OBJECTS, ids=str)
def test_every_field_is_planned(type_: GraphQLObjectType) -> None:
    """There is a plan for every field of every type, wherever it stands."""
    text = f"{{ node(id: 1) {{ ... on Node {{ ...F }} }} }} fragment F on {type_.name} {{ %s }}"
    if type_ is SCHEMA.query_type:
        text = "{ %s }"
    for name, field in type_.fields.items():
        below = "" if is_leaf_type(get_named_type(field.type)) else "{ __typename }"
        assert planned(text.replace("%s", name + below)), name


def test_interfaces_tell_their_types() -> None:
    """There are no unions, and each type of an interface knows its objects."""
    abstract = [type_ for type_ in TYPES if is_abstract_type(type_)]
    assert not [type_ for type_ in abstract if isinstance(type_, GraphQLUnionType)]
    possible = {each for type_ in abstract for each in SCHEMA.get_possible_types(type_)}
    assert [type_.name for type_ in possible if type_.is_type_of is None] == []


@pytest.mark.parametrize(
    "text",
    [
        get_introspection_query(),
        "{ __schema { queryType { name } } }",
        '{ viewer { role } __type(name: "City") { name } }',
        "subscription { issueChanged(city: 1) { __typename } }",
    ],
    ids=["introspection", "schema", "type", "subscription"],
)
def test_left_to_graphql_core(text: str) -> None:
    """Introspection and subscriptions are run by graphql-core."""
    assert not planned(text)


def test_every_mutation_is_planned() -> None:
    """Every mutation is done, and all of its payload answered, level by level."""
    mutations = SCHEMA.mutation_type
    assert mutations is not None
    for name, field in mutations.fields.items():
        assert isinstance(metadata(mutations, name).get(DECLARED), Done), name
        assert planned(f"mutation($it: It) {{ __typename {name}(input: $it) {{ __typename }} }}")
        payload: Any = get_named_type(field.type)
        for below, each in payload.fields.items():
            leaf = "" if is_leaf_type(get_named_type(each.type)) else "{ __typename }"
            assert planned(f"mutation($it: It) {{ {name}(input: $it) {{ {below} {leaf} }} }}"), name


def test_null_conditions_are_left() -> None:
    """A condition that is null in spite of its default is an error that graphql-core makes."""
    text = "query($on: Boolean = true) { viewer { role @include(if: $on) } }"
    assert planned(text, on=True)
    assert planned(text, on=False)
    assert not planned(text, on=None)


def test_few_plans_are_kept() -> None:
    """However many conditions a document has, few of its plans are remembered."""
    names = [f"c{n}" for n in range(6)]
    head = ", ".join(f"${name}: Boolean!" for name in names)
    body = " ".join(f"{name}: __typename @include(if: ${name})" for name in names)
    document = parse(f"query({head}) {{ {body} }}")
    definition = document.definitions[0]
    assert isinstance(definition, OperationDefinitionNode)
    made = Planned(SCHEMA, document, definition)
    for values in product((False, True), repeat=6):
        plan = made.plan(dict(zip(names, values, strict=True)))
        assert plan is not None
        assert plan.names == tuple(name for name, on in zip(names, values, strict=True) if on)
    assert len(made._plans) == MOST_PLANS


def test_switch(monkeypatch: pytest.MonkeyPatch) -> None:
    """ONEGRID_EXECUTOR=general leaves everything to graphql-core; without it nothing is left."""
    monkeypatch.delenv("ONEGRID_EXECUTOR", raising=False)
    assert executor_of(Settings(_env_file=None)) is level_wise.execute
    monkeypatch.setenv("ONEGRID_EXECUTOR", "general")
    assert executor_of(Settings(_env_file=None)) is general.execute
