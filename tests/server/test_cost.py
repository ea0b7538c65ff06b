"""Cost: what an operation may come to, known before it runs."""

import re
from collections.abc import Mapping
from typing import Any

import orjson
import pytest
from graphql import get_introspection_query, parse, validate
from hypothesis import given, settings

from bench.operations import FOLDER
from schema.paging import DEFAULT_PAGE, MAX_PAGE
from schema.root import graphql_schema
from server.cost import Cost, Costs
from server.pages.examples import load_examples
from server.weights import FEW, FIELD, OBJECT, OPERATION, WHOLE_SCHEMA
from tests.conftest import Graph
from tests.docs.documents import document
from tests.server.selections import SCHEMA, Document, documents, variables
from tests.server.test_bounds import EXAMPLES

COSTS = Costs(SCHEMA)
REAL = Costs(graphql_schema())


def cost(text: str, costs: Costs = COSTS, /, **given: Any) -> Cost:
    """The cost of a document's first operation."""
    document = parse(text)
    assert validate(costs.schema, document) == []
    return costs.compile(document)[0](given)


def points(weight: int) -> int:
    """Points of an operation with so much weight below it."""
    return -(-(OPERATION + weight) // 1000)


@pytest.mark.parametrize(
    ("text", "nodes", "weight"),
    [
        ("{ s }", 0, FIELD),
        ("{ s a: s b: s }", 0, 3 * FIELD),
        ("{ t { t { s } } }", 2, 3 * FIELD + 2 * OBJECT),
        ("{ list { s t { s } } }", 2 * FEW, FIELD + FEW * (3 * FIELD + 2 * OBJECT)),
        ("{ ts(ids: [1, 2, 3]) { s } }", 3, FIELD + 3 * (FIELD + OBJECT)),
        ('{ ts(ids: "1") { s } }', 1, FIELD + FIELD + OBJECT),
        ("{ ts(ids: null) { s } }", FEW, FIELD + FEW * (FIELD + OBJECT)),
        ("{ page(first: 7) { nodes { s } } }", 7, 2 * FIELD + OBJECT + 7 * (FIELD + OBJECT)),
        ("{ page(last: 7) { nodes { s } } }", 7, 2 * FIELD + OBJECT + 7 * (FIELD + OBJECT)),
        (
            "{ page(first: 7) { edges { node { s } } } }",
            7,
            2 * FIELD + OBJECT + 7 * (2 * FIELD + 2 * OBJECT),
        ),
        ("{ page { pageInfo { endCursor } } }", 0, 3 * FIELD + 2 * OBJECT),
        (
            "{ page(first: 7) { nodes { s } again: nodes { s } } }",
            14,
            3 * FIELD + OBJECT + 14 * (FIELD + OBJECT),
        ),
        (
            "{ page(first: 3) { nodes { page(first: 5) { nodes { s } } } } }",
            3 + 15,
            2 * FIELD + OBJECT + 3 * (OBJECT + 2 * FIELD + OBJECT) + 15 * (FIELD + OBJECT),
        ),
    ],
)
def test_cost(text: str, nodes: int, weight: int) -> None:
    """Nodes and weights add up, and multiply by the sizes of lists and pages."""
    assert cost(text) == Cost(nodes, points(weight))


@pytest.mark.parametrize(
    ("argument", "rows"),
    [
        ("", DEFAULT_PAGE),
        ("(first: null)", DEFAULT_PAGE),
        ("(first: 1)", 1),
        ("(first: 100)", 100),
        ("(first: 101)", MAX_PAGE),
        ("(first: 2147483647)", MAX_PAGE),
        ("(first: 0)", 1),
        ("(first: -5)", 1),
        ("(first: 3, last: 8)", 8),
        ("(first: null, last: 8)", 8),
    ],
)
def test_page_sizes(argument: str, rows: int) -> None:
    """A page has the rows that are asked for, as far as the server gives them."""
    assert cost(f"{{ page{argument} {{ nodes {{ s }} }} }}").nodes == rows


@pytest.mark.parametrize(
    ("given_", "rows"),
    [
        ({}, 30),
        ({"n": None}, DEFAULT_PAGE),
        ({"n": 7}, 7),
        ({"n": 10**30}, MAX_PAGE),
        ({"n": -1}, 1),
        ({"n": "7"}, MAX_PAGE),
        ({"n": [7]}, MAX_PAGE),
        ({"n": 7.0}, MAX_PAGE),
        ({"other": 7}, 30),
    ],
)
def test_variable_page_sizes(given_: dict[str, Any], rows: int) -> None:
    """A variable's default counts where it is not sent; what will be refused is the largest."""
    text = "query($n: Int = 30) { page(first: $n) { nodes { s } } }"
    assert cost(text, **given_).nodes == rows


@pytest.mark.parametrize(
    ("ids", "length"),
    [(["1"] * 3, 3), ([], 0), ("1", 1), (None, 1), (["1"] * 1000, MAX_PAGE), ({"a": 1}, 1)],
)
def test_variable_lists(ids: object, length: int) -> None:
    """A list of ids gives as many objects as it has ids."""
    assert cost("query($ids: [ID]) { ts(ids: $ids) { s } }", ids=ids).nodes == length


def test_fragment_with_variables() -> None:
    """A fragment is worked out anew for each request, and for each operation's defaults."""
    text = """
        query A($n: Int = 2) { ...F }
        query B($n: Int = 3) { t { ...F ...F } }
        fragment F on T { page(first: $n) { ...G } }
        fragment G on Page { nodes { s } pageInfo { endCursor } }
    """
    first, second = COSTS.compile(parse(text))
    assert [first({}).nodes, first({"n": 9}).nodes, first({}).nodes] == [2, 9, 2]
    assert [second({}).nodes, second({"n": 4}).nodes] == [1 + 6, 1 + 8]


@settings(deadline=None, database=None)
@given(documents(), variables())
def test_fragments_do_not_matter(document: Document, given_: Mapping[str, Any]) -> None:
    """An operation costs what it costs with its fragments written out."""
    (shared,) = COSTS.compile(parse(document.text()))
    (plain,) = COSTS.compile(parse(document.written_out()))
    assert shared(given_) == plain(given_)


@pytest.mark.parametrize("argument", ["", "(first: $n)"])
def test_fragments_that_double(argument: str) -> None:
    """Twenty fragments that each spread the next one twice are each worked out once."""
    parts = [f"fragment F{n} on T {{ ...F{n + 1} ...F{n + 1} }}" for n in range(40)]
    last = f"fragment F40 on T {{ page{argument} {{ nodes {{ s }} }} }}"
    text = f"query($n: Int = 20) {{ ...F0 }} {' '.join(parts)} {last}"
    (found,) = COSTS.compile(parse(text))
    assert found({}).nodes == 2**40 * DEFAULT_PAGE


def test_many_levels() -> None:
    """As many levels as the parser allows are worked out, whatever they depend on."""
    levels = 98
    opened = "page(first: $n) { nodes { " * levels
    text = f"query($n: Int) {{ {opened} s {'} }' * levels} }}"
    (found,) = COSTS.compile(parse(text))
    assert found({"n": 1}).nodes == levels
    assert found({"n": 100}).nodes > 10**190


def test_introspection() -> None:
    """To ask for the whole schema costs the same whatever the schema, and returns no nodes."""
    whole = WHOLE_SCHEMA // 1000 + OPERATION // 1000
    plain = get_introspection_query(
        specified_by_url=True,
        directive_is_repeatable=True,
        schema_description=True,
        input_value_deprecation=True,
        one_of=True,
    )
    assert cost(plain, COSTS) == cost(plain, REAL) == Cost(0, whole)
    assert cost('{ __type(name: "City") { name fields { name } } }', REAL).cost < 5
    assert cost("{ __typename }", REAL) == Cost(0, points(FIELD))


def test_introspection_by_aliases() -> None:
    """To ask for the whole schema twice costs twice as much."""
    text = "{ a: __schema { ...F } b: __schema { ...F } } fragment F on __Schema { types { name } }"
    one = cost("{ __schema { types { name } } }", REAL).cost
    assert 2 * one - 2 <= cost(text, REAL).cost <= 2 * one


def test_operations_without_a_root() -> None:
    """An operation that the schema has no root for costs nothing: it is not valid."""
    (found,) = COSTS.compile(parse("subscription { s }"))
    assert found({}) == Cost(0, 0)


LARGE = {
    "three pages in each other": (
        "{ city(code: 1) { organizations(first: 100) { nodes { children(first: 100) { nodes {"
        " children(first: 100) { nodes { name } } } } } } } }",
        Cost(1 + 100 + 100**2 + 100**3, 107_000),
    ),
    "two pages in each other": (
        "{ city(code: 1) { organizations(first: 100) { nodes { children(first: 100) { nodes {"
        " name } } } } } }",
        Cost(1 + 100 + 100**2, 1000),
    ),
}


@pytest.mark.parametrize("name", LARGE)
def test_large_pages(name: str) -> None:
    """Pages in each other are far above what any page of a front end asks."""
    text, expected = LARGE[name]
    found = cost(text, REAL)
    assert found.nodes == expected.nodes > 10_000
    assert expected.cost * 0.6 < found.cost < expected.cost * 1.1


@pytest.mark.parametrize(
    "example",
    [*load_examples(EXAMPLES), *load_examples(FOLDER)],
    ids=lambda example: re.findall(r"(?:query|mutation) (\w+)", example.query)[0],
)
def test_own_pages(example: Any) -> None:
    """What our own pages ask comes to a tenth of the nodes and an eighth of the cost at most."""
    found = cost(example.query, REAL, **orjson.loads(example.variables or "{}"))
    assert found.nodes <= 1000
    assert found.cost <= 125


SOUND = [
    "organizations(first: 30) { nodes { code parent { name } level { name } } }",
    "organizations(first: 30) { edges { cursor node { code parent { parent { name } } } } }",
    'organizations(first: 9, level: "county") { nodes { children(first: 9) { nodes { code } } } }',
    'organizations(last: 9, level: "county") {'
    " totalCount pageInfo { endCursor }"
    " nodes { descendants(first: 99) { nodes { city { code } } } } }",
    "a: organizations(first: 5) { nodes { id } } b: organizations(first: 5) { nodes { id } }",
    'organization(code: "210411") { children { nodes { children { nodes { code } } } } }',
]


@pytest.mark.parametrize("selection", SOUND)
async def test_nodes_are_an_upper_bound(graph: Graph, selection: str) -> None:
    """An answer never holds more objects than were counted, where lists have pages."""
    text = f'{{ city(code: "fushun") {{ {selection} }} }}'
    data = await graph.data(text)
    assert 1 < _objects(data["city"], "City") <= cost(text, REAL).nodes


def _objects(value: Any, key: str) -> int:
    """The objects in an answer, but for connections, edges and page infos."""
    if isinstance(value, list):
        return sum(_objects(item, key) for item in value)
    if not isinstance(value, dict):
        return 0
    is_wrapper = key == "pageInfo" or not {"nodes", "edges", "node"}.isdisjoint(value)
    return (not is_wrapper) + sum(_objects(inner, name) for name, inner in value.items())


def test_documented() -> None:
    """The guide says what the page of a city and the whole schema cost."""
    (page,) = (example for example in load_examples(EXAMPLES) if "CityPage" in example.query)
    said = re.search(r"costs (\d+) points, .* (\d+)\.", document("docs/api.md"))
    assert said is not None
    assert (int(said[1]), WHOLE_SCHEMA // 1000 + 1) == (cost(page.query, REAL).cost, int(said[2]))
