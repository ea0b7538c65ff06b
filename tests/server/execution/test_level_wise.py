"""The level-wise executor gives the answers of graphql-core, over an invented schema."""

import asyncio
import random
from dataclasses import dataclass
from typing import Any

import orjson
import pytest
from graphql import ExecutionResult, IntValueNode, ValueNode, parse, print_ast, validate
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from hypothesis_graphql import nodes, queries

from schema.actor import PUBLIC
from server.documents import Document, Documents
from server.execution import general, level_wise
from server.operations import Operation, select_operation
from server.parameters import Parameters
from tests.server.execution.comparing import differences, nothing_given_up, told
from tests.server.execution.growing import Grower
from tests.server.execution.invented import (
    LEAVES,
    SOMEBODY,
    WRAPPERS,
    Row,
    World,
    invented_context,
    invented_schema,
)
from tests.server.execution.rewriting import Chances, Rewriter

SCHEMA = invented_schema()
QUIET = World()
ACTORS = (PUBLIC, SOMEBODY)
SOAK = (pytest.mark.soak, pytest.mark.timeout(1800))

SCALARS = {
    "Decimal": st.sampled_from(("0.5", "x", "1e3")).map(nodes.String),
    "Date": st.sampled_from(("2026-03-01", "no")).map(nodes.String),
    "DateTime": st.sampled_from(("2026-03-01T00:00:00+08:00", "no")).map(nodes.String),
}
GENERATED = queries(SCHEMA, custom_scalars=SCALARS, allow_x00=False, print_ast=lambda node: node)


def operation(text: str, variables: dict[str, Any]) -> Operation:
    """The one operation of a valid text."""
    document = Documents(SCHEMA).get(text)
    assert isinstance(document, Document), document
    return select_operation(document, Parameters(text, None, variables, {}))


async def both(
    asked: Operation, world: World, actor: Any = PUBLIC
) -> tuple[ExecutionResult, ExecutionResult]:
    """The results of the level-wise executor and of graphql-core.

    The former is the same however often it is run: what is run often has a builder.
    """
    reference = invented_context(world, actor)
    expected = await general.execute(SCHEMA, asked, reference)
    found = await level_wise.execute(SCHEMA, asked, invented_context(world, actor))
    for _ in range(level_wise.WARM + 1):
        context = invented_context(world, actor)
        again = await level_wise.execute(SCHEMA, asked, context)
        assert differences(again, found) == []
        if nothing_given_up(expected):
            assert context.statements <= reference.statements
            assert context.disclosures.events(None) == reference.disclosures.events(None)
    return found, expected


def changed(variables: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    """Other variables, some of them left out."""
    found = {}
    for name, value in variables.items():
        if rng.random() < 0.9:
            found[name] = value
            if isinstance(value, bool):
                found[name] = rng.random() < 0.5
            elif isinstance(value, int | str):
                found[name] = value * 2
    return found


def meant(place: str, type_: Any, rng: random.Random) -> ValueNode | None:
    """Numbers that loaders take, mostly."""
    return IntValueNode(value=str(rng.choice((0, 1, 2, 4)))) if place.endswith(".number") else None


# graphql-core leaves coroutines that nobody awaits, whose warning fails where it is collected
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("times", [20, pytest.param(1_000, marks=SOAK)])
def test_generated(times: int) -> None:
    """Generated queries, rewritten at random, are answered as graphql-core answers them."""

    @settings(
        max_examples=times, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(
        document=st.none() | GENERATED,
        number=st.integers(0, 10**6),
        faults=st.sampled_from((0.0, 0.01, 0.05, 0.2)),
        actor=st.sampled_from(ACTORS),
    )
    def ask(document: Any, number: int, faults: float, actor: Any) -> None:
        rng = random.Random(number)
        if document is None:
            document = Grower(SCHEMA, rng, rng.choice((10, 40, 100)), meant=meant).grow()
        chances = Chances(wrong=0.03 if faults else 0.0)
        made = Rewriter(SCHEMA, rng, chances, meant).rewrite(document)
        assume(not validate(SCHEMA, parse(made.text)))
        asked = operation(made.text, made.variables)
        again = asked._replace(variables=changed(made.variables, rng))  # by the same plans
        for each in (asked, again):
            found, expected = asyncio.run(both(each, World(number, faults), actor))
            assert differences(found, expected) == []

    ask()


def at_hand(world: World) -> str:
    """An id of an Alpha that no loader is asked for."""
    return next(f"i{n}" for n in range(100) if 0.2 <= world.dice(f"i{n}", "find").random() < 0.4)


@dataclass
class Given(World):
    """A world in which every leaf has one value; in lists it stands between usual ones."""

    value: Any = None
    usual: Any = None

    def leaf(self, row: Row, name: str) -> Any:
        """The value, or the list with it."""
        is_list = len(name.split("_")[-1]) == 2
        return [self.usual, self.value, self.usual] if is_list else self.value


VALUES = [
    pytest.param(kind, value, good[0], id=f"{kind}-{value}")
    for kind, (_, good, bad) in LEAVES.items()
    for value in (None, *good, *bad)
]


@pytest.mark.parametrize("wrapper", WRAPPERS)
@pytest.mark.parametrize(("kind", "value", "usual"), VALUES)
async def test_leaves(kind: str, value: Any, usual: Any, wrapper: str) -> None:
    """Every value of every kind of leaf is shown as graphql-core shows it, or is its error."""
    world = Given(value=value, usual=usual)
    name = f"{kind}{wrapper.title()}"
    text = f'{{ alone: thing(id: "{at_hand(world)}") {{ ... on Alpha {{ id leaf: {name} }} }} }}'
    found, expected = await both(operation(text, {}), world)
    assert differences(found, expected) == []
    assert [told(error) for error in found.errors or ()] == [
        told(error) for error in expected.errors or ()
    ]


ALPHA = "textN numberR ratioLr flagRn momentR colourLn"
DOCUMENTS: list[tuple[str, dict[str, Any]]] = [
    ("{ __typename alpha { __typename page { __typename nodes { __typename } } } }", {}),
    ("{ alpha { id @skip(if: true) } }", {}),
    ("{ language @skip(if: true) }", {}),
    ("{ many { ... on Alpha { id } } alpha { rAlphaRr { id @include(if: false) } } }", {}),
    ("query($on: Boolean! = true) { language @include(if: $on) }", {}),
    ("query($on: Boolean! = true) { language @include(if: $on) }", {"on": False}),
    ("query($on: Boolean! = true) { language @include(if: $on) }", {"on": None}),
    ("query($on: Boolean = true) { language @include(if: $on) }", {"on": None}),
    ("query($on: Boolean = true) { alpha { id @skip(if: $on) } language }", {"on": None}),
    ("query($on: Boolean = true) { alpha { id ...F } } "
     "fragment F on Alpha { name @skip(if: $on) }", {"on": None}),
    ("query($on: Boolean!) { language @include(if: $on) }", {}),
    ("query($on: Boolean!) { language @include(if: $on) }", {"on": "yes"}),
    ("query($a: Boolean!) { language @include(if: $a) @skip(if: $a) }", {"a": True}),
    (f"{{ alpha {{ rAlphaR {{ {ALPHA} }} rAlphaR {{ id {ALPHA} }} x: id x: id }} }}", {}),
    (f"{{ alpha {{ ...A ...A ... {{ ...A }} }} }} fragment A on Alpha {{ {ALPHA} ...B }} "
     "fragment B on Thing { id name ... on Beta { name } next { ...C } } "
     "fragment C on Thing { __typename id }", {}),
    ('query($i: ID!) { thing(id: $i) { id } again: thing(id: $i) { id next { id } } }', {"i": "x"}),
    ('query($i: ID!) { thing(id: $i) { id } }', {"i": 7}),
    ('query($i: ID!) { thing(id: $i) { id } }', {"i": 1.5}),
    ('query($i: ID!) { thing(id: $i) { id } }', {"i": None}),
    ('query($i: [ID!]!) { things(ids: $i) { id } }', {"i": "alone"}),
    ('query($i: [ID!]!) { things(ids: $i) { id } }', {"i": ["a", None]}),
    ('query($i: ID!) { things(ids: ["a", $i, 3]) { id } }', {"i": "b"}),
    ("{ alpha { echo } }", {}),
    ("{ alpha { echo(count: null, limit: null, text: null, where: null, ids: null) } }", {}),
    ('{ alpha { echo(count: 5, text: "t", colour: GREEN, flag: true, ratio: 2, amount: "1.50", '
     'day: "2026-03-01", moment: "2026-03-01T00:00:00Z", ids: 7, '
     'where: {needed: 1, inner: {needed: 2, colour: GREEN, days: "2026-03-01"}}) } }', {}),
    ("query($c: Int) { alpha { echo(count: $c) } }", {}),
    ("query($l: Int) { alpha { echo(limit: $l) } }", {}),
    ("query($l: Int) { alpha { echo(limit: $l) } }", {"l": None}),
    ("query($t: String, $l: Int) { alpha { echo(text: $t, limit: $l) } }", {"l": 5}),
    ("query($c: Int) { alpha { echo(count: $c) } }", {"c": None}),
    ("query($c: Int = 9) { alpha { echo(count: $c) } }", {}),
    ("query($c: Int = 9) { alpha { echo(count: $c) } }", {"c": None}),
    ("query($c: Int) { alpha { echo(count: $c) } }", {"c": 2**31}),
    ("query($c: Int) { alpha { echo(count: $c) } }", {"c": True}),
    ("query($c: Int) { alpha { echo(count: $c) } }", {"c": 2.0}),
    ("query($c: Int, $d: Int) { alpha { echo(count: $c, limit: $d) } }", {"c": "x", "d": []}),
    ("query($r: Float) { alpha { echo(ratio: $r) } }", {"r": 3}),
    ("query($f: Boolean) { alpha { echo(flag: $f) } }", {"f": 1}),
    ("query($t: String) { alpha { echo(text: $t) } }", {"t": 1}),
    ("query($e: Colour) { alpha { echo(colour: $e) } }", {"e": "RED"}),
    ("query($e: Colour) { alpha { echo(colour: $e) } }", {"e": "BLUE"}),
    ("query($d: Date) { alpha { echo(day: $d) } }", {"d": "2026-03-01"}),
    ("query($d: Date) { alpha { echo(day: $d) } }", {"d": "tomorrow"}),
    ("query($m: DateTime) { alpha { echo(moment: $m) } }", {"m": "2026-03-01T00:00:00+02:00"}),
    ("query($a: Decimal) { alpha { echo(amount: $a) } }", {"a": "0.10"}),
    ("query($w: Where) { alpha { echo(where: $w) } }", {"w": {"needed": 1}}),
    ("query($w: Where) { alpha { echo(where: $w) } }", {"w": {"needed": 1, "more": 1}}),
    ("query($w: Where) { alpha { echo(where: $w) } }", {"w": {}}),
    ("query($n: Int!, $t: String, $e: Colour) "
     "{ alpha { echo(where: {needed: $n, text: $t, colour: $e}) } }", {"n": 1}),
    ("query($n: Int!, $e: Colour = GREEN) { alpha { echo(where: {needed: $n, colour: $e}) } }",
     {"n": 1, "e": None}),
    ("query($n: Int = 1) { alpha { echo(where: {needed: $n}) } }", {"n": None}),
    ("query($n: Int = 2, $t: String!) { alpha { echoes(number: $n, ids: [], text: $t) } }",
     {"n": None, "t": "x"}),
    ("query($n: Int = 2) { alpha { rAlphaLn(number: $n, ids: [1], text: \"\") { id } id } }",
     {"n": None}),
    ("query($n: Int!) { alpha { rAlphaLn(number: $n, ids: [1], text: \"\") { id } } }", {"n": 1}),
    ("query($n: Int!) { alpha { rAlphaRr { rAlphaLn(number: $n, ids: [1], text: \"\") { id } } } }",
     {"n": 1}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "variables"), DOCUMENTS)
async def test_documents(text: str, variables: dict[str, Any]) -> None:
    """Directives, fragments, arguments and variables of all kinds mean what they mean there."""
    found, expected = await both(operation(text, variables), QUIET, SOMEBODY)
    assert differences(found, expected) == []
    assert [told(error) for error in found.errors or ()] == [
        told(error) for error in expected.errors or ()
    ]


async def test_large() -> None:
    """A large answer is the same, field by field, in both."""
    rng = random.Random(7)
    world = World(number=7, items=5)
    size = 0
    for _ in range(5):
        document = Grower(SCHEMA, rng, size=200, depth=6, meant=meant).grow()
        found, expected = await both(operation(print_ast(document), {}), world, SOMEBODY)
        assert differences(found, expected) == []
        size += len(orjson.dumps(expected.data))
    assert size > 5_000
