"""Mutations level by level: done one after the other, and answered as graphql-core answers them."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import orjson
import pytest
import strawberry
from graphql import ExecutionResult, GraphQLSchema
from strawberry.schema.config import StrawberryConfig

from schema.context import Context
from schema.fields import derived, relation
from schema.mutations import mutation
from schema.scalars import DATE_TIME
from server.documents import Document, Documents
from server.execution import general, level_wise
from server.execution.plan import Planned
from server.operations import Operation, select_operation
from server.parameters import Parameters
from tests.server.execution.comparing import differences, nothing_given_up
from tests.server.execution.invented import (
    MOMENT,
    Alpha,
    AlphaRow,
    InventedLoader,
    Query,
    Where,
    World,
    broken,
    invented_context,
    loader,
)


@dataclass
class Log(World):
    """A world that keeps what was done and read in it, in order."""

    done: list[str] = field(default_factory=list)


def _read(world: Any, key: Any, arguments: Any) -> Any:
    world.done.append(f"read {key[1]}")
    return AlphaRow(world, key[1])


LOADER: type[InventedLoader] = loader("below", _read, private=False)


@strawberry.type
class Payload:
    """Of a dict."""

    said: str = derived(lambda root: root["said"], "what was given")
    required: str = derived(lambda root: root.get("required"), "null where it may not be")
    below: Alpha | None = relation(LOADER, "loaded", key=lambda root: (1, root["said"][:20]))


async def _make(context: Context, given: Where, dry_run: bool) -> Any:
    world: Any = context.snapshot.world  # type: ignore[attr-defined]
    world.done.append(f"{context._field} {given.needed}")
    await asyncio.sleep(0)
    if given.needed == 13:
        raise broken("thirteen")
    if given.needed == 14:
        raise RuntimeError("fourteen")
    if given.needed == 15:
        return None
    return {"said": f"{given} {dry_run}", **({"required": "r"} if given.text else {})}


@strawberry.type
class Mutation:
    """Two names of one mutation."""

    make: Payload | None = mutation(_make, "makes", takes=Where)
    mend: Payload | None = mutation(_make, "mends", takes=Where)


def _schema() -> GraphQLSchema:
    config = StrawberryConfig(scalar_map={MOMENT.__class__: DATE_TIME})
    found: Any = strawberry.Schema(Query, Mutation, config=config)._schema
    assert isinstance(found, GraphQLSchema)
    return found


SCHEMA = _schema()


def operation(text: str, variables: dict[str, Any]) -> Operation:
    """The one operation of a valid text."""
    document = Documents(SCHEMA).get(text)
    assert isinstance(document, Document), document
    return select_operation(document, Parameters(text, None, variables, {}))


async def run(executor: Any, asked: Operation) -> tuple[ExecutionResult, list[str]]:
    """An executor's result, and what was done meanwhile."""
    world = Log(7)
    result: ExecutionResult = await executor.execute(SCHEMA, asked, invented_context(world))
    return result, world.done


ALL = "mutation($a: Where!, $b: Where!, $dry: Boolean) { "
BELOW = "{ said required below { textN } }"
TWICE = f"{ALL} a: make(input: $a) {BELOW} __typename b: mend(input: $b, dryRun: $dry) {BELOW} }}"
ONE, TWO = {"needed": 1, "text": "x"}, {"needed": 2, "text": "y"}

CASES: list[tuple[str, dict[str, Any]]] = [
    (TWICE, {"a": ONE, "b": TWO, "dry": True}),
    (TWICE, {"a": ONE, "b": TWO}),
    (TWICE, {"a": {"needed": 13}, "b": TWO}),
    (TWICE, {"a": ONE, "b": {"needed": 14}}),
    (TWICE, {"a": {"needed": 15}, "b": TWO}),
    (TWICE, {"a": {"needed": 1}, "b": TWO}),
    (TWICE, {"a": ONE, "b": {"needed": "x", "colour": "BLUE"}}),
    (TWICE, {"a": ONE}),
    (TWICE, {"a": ONE, "b": TWO, "dry": None}),
    (
        TWICE,
        {
            "a": {**ONE, "colour": "GREEN", "days": ["2026-03-15", "2026-03-16"]},
            "b": {**TWO, "days": None, "inner": {**ONE, "inner": {**TWO, "colour": "GREEN"}}},
        },
    ),
    ('mutation { make(input: {needed: 3, text: "z", inner: null}) { said } }', {}),
    ("mutation { mend(input: {needed: 3, days: []}, dryRun: true) { said required } }", {}),
    (
        "mutation($a: Where = {needed: 5}) { make(input: $a) { ...F } } fragment F on Payload "
        "{ said below { ... on Alpha { id: textN } } }",
        {},
    ),
    ("mutation($a: Where!) { make(input: $a) { said } }", {"a": None}),
    ("mutation($t: String) { make(input: {needed: 1, text: $t}) { said required } }", {}),
    ("mutation($t: String) { make(input: {needed: 1, text: $t}) { said required } }", {"t": "t"}),
    (
        "mutation($no: Boolean!) { make(input: {needed: 1}) @skip(if: $no) { said } "
        "x: mend(input: {needed: 2}) { said @include(if: $no) __typename } }",
        {"no": True},
    ),
]


@pytest.mark.parametrize(("text", "variables"), CASES)
async def test_as_graphql_core(text: str, variables: dict[str, Any]) -> None:
    """Data, errors, and the order in which fields are done and read are graphql-core's."""
    document = Documents(SCHEMA).get(text)
    if not isinstance(document, Document):
        pytest.fail(str(document))
    for _ in range(level_wise.WARM + 2):  # the same plan each time
        asked = select_operation(document, Parameters(text, None, variables, {}))
        expected, in_order = await run(general, asked)
        found, done = await run(level_wise, asked)
        assert differences(found, expected) == []
        if nothing_given_up(expected):
            assert done == in_order
        assert [step for step in done if "read" not in step] == [
            step for step in in_order if "read" not in step
        ]


async def test_one_after_the_other() -> None:
    """A field is done when what the one before it gave has been read."""
    result, done = await run(level_wise, operation(*CASES[0]))
    assert [step.split()[0] for step in done] == ["a", "read", "b", "read"]
    assert list(orjson.loads(orjson.dumps(result.data))) == ["a", "__typename", "b"]


def test_planned() -> None:
    """It is the level-wise executor that did them."""
    asked = operation(*CASES[0])
    planned = Planned(SCHEMA, asked.document, asked.definition)
    assert planned.plan({}) is not None
