"""Templates: texts that differ in their literals only are answered as each stands."""

from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from graphql import (
    ExecutionResult,
    GraphQLSchema,
    OperationDefinitionNode,
    execute,
    print_ast,
    validate,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis_graphql import from_schema, nodes

from schema.errors import ErrorCode
from server.documents import Document, DocumentFailure, Documents
from server.execution.locations import located
from server.idempotency import idempotency_key
from server.operations import select_operation
from server.parameters import Parameters
from tests.conftest import Graph
from tests.server.execution.wording import documents, real_schema, reworded, small_schema
from tests.server.selections import SCHEMA
from tests.server.test_documents import BOUNDS

SMALL = small_schema()
VARIABLES: dict[str, Any] = {"v": 3, "_1": "not declared", "__1": "nor this", "_2": "own"}
SCALARS = {
    "Date": st.dates().map(lambda day: nodes.String(day.isoformat())),
    "DateTime": st.datetimes().map(lambda at: nodes.String(f"{at.isoformat()}+08:00")),
    "Decimal": st.decimals(0, 10_000, places=2).map(lambda number: nodes.String(str(number))),
}


@cache
def real() -> GraphQLSchema:
    """The graph of the server."""
    return real_schema()


def outcome(schema: GraphQLSchema, found: Document | DocumentFailure) -> Any:
    """All that a client may see of a document: its errors, or its answers, costs and calls."""
    if isinstance(found, DocumentFailure):
        return found.code, [error.formatted for error in found.errors]
    return [
        ran(schema, found, definition, given)
        for definition in found.operations
        for given in (VARIABLES, {"v": "wrong"})
    ]


def ran(
    schema: GraphQLSchema,
    document: Document,
    definition: OperationDefinitionNode,
    variables: dict[str, Any],
) -> Any:
    """One operation's cost, what its resolvers were given, its data and its errors."""
    name = definition.name.value if definition.name else None
    operation = select_operation(document, Parameters(None, name, variables, {}))
    assert (operation.sent or operation.variables) == variables
    calls: list[str] = []
    result = execute(
        schema,
        operation.document,
        context_value=calls,
        variable_values=operation.variables,
        operation_name=operation.operation_name,
    )
    assert isinstance(result, ExecutionResult)
    shown = located(result, operation)
    errors = [error.formatted for error in shown.errors or ()]
    return document.cost(definition, operation.variables), calls, shown.data, errors


def check_alike(schema: GraphQLSchema, texts: list[str]) -> None:
    """Each text comes to the same beside the others as alone."""
    together = Documents(schema)
    for text in texts:
        found = together.get(text)
        assert outcome(schema, found) == outcome(schema, Documents(schema).get(text))
        if isinstance(found, Document):
            assert validate(schema, found.ast) == []


def get(documents: Documents, text: str) -> Document:
    """The document of a valid text."""
    found = documents.get(text)
    assert isinstance(found, Document)
    return found


def third(first: str, second: str, text: str) -> Document:
    """The document of a text after two others."""
    documents = Documents(SMALL)
    get(documents, first)
    get(documents, second)
    return get(documents, text)


def test_shared() -> None:
    """From the second text on one document serves all that differ in their literals."""
    documents = Documents(SMALL)
    first, *others = (get(documents, f'{{ echo(n: {n}, s: "{n}楼") }}') for n in range(4))
    assert (first.lifted, print_ast(first.ast)) == ({}, '{\n  echo(n: 0, s: "0楼")\n}')
    assert [other.lifted for other in others] == [{"_1": n, "_2": f"{n}楼"} for n in (1, 2, 3)]
    (ast,) = {id(other.ast): other.ast for other in others}.values()
    assert print_ast(ast) == "query ($_1: Int!, $_2: String!) {\n  echo(n: $_1, s: $_2)\n}"
    assert len({id(other.operations[0]) for other in others}) == 1
    assert len({id(other.plans) for other in others}) == 1


def test_first_text_again() -> None:
    """A text that comes again keeps the document in which its literals are literals."""
    documents = Documents(SMALL)
    first = get(documents, "{ echo(n: 1) }")
    get(documents, "{ echo(n: 2) }")
    assert get(documents, "{ echo(n: 1) }") is first


def test_found_without_reading() -> None:
    """A text of a known template is found before it was ever asked for, and is not kept."""
    documents = Documents(SMALL, capacity=2)
    get(documents, "{ echo(n: 1) }")
    assert documents.find("{ echo(n: 2) }") is None
    get(documents, "{ echo(n: 2) }")
    found = [documents.find(f"{{ echo(n: {n}) }}") for n in range(100)]
    assert all(isinstance(document, Document) for document in found)
    assert "{ echo(n: 1) }" in documents


@pytest.mark.parametrize(
    ("given", "declared", "value"),
    [
        ("n: %s", "Int!", 2),
        ("f: %s", "Float!", 2.0),
        ("id: %s", "ID!", 2),
        ('id: "%s"', "ID!", "2"),
        ('s: "%s"', "String!", "2"),
        ('ids: ["%s", "x"]', "ID!", "2"),
        ('ids: "%s"', "[ID!]!", "2"),
        ("grid: %s", "[[Int]]!", 2),
        ("grid: [%s]", "[Int]!", 2),
        ("p: {x: %s}", "Int!", 2),
        ('p: {inner: {tags: "%s"}}', "[String!]!", "2"),
        ("w: {n: %s}", "Int!", 2),
        ('day: "2026-0%s-01"', "Day!", "2026-02-01"),
        ("any: %s", "Any!", 2),
        ("any: %s.5", "Any!", 2.5),
        ("must: %s", "Int!", 2),
    ],
)
def test_types(given: str, declared: str, value: object) -> None:
    """A literal becomes a variable of the type that stands there, never null."""
    texts = [f"{{ echo({given % n}) }}" for n in (1, 3, 2)]
    document = third(*texts)
    (definition,) = document.operations
    assert next(iter(document.lifted.values())) == value
    (first, *_) = definition.variable_definitions or ()
    assert print_ast(first.type) == declared
    check_alike(SMALL, texts)


@pytest.mark.parametrize(
    "text",
    [
        'query($v: Int = %s) { echo(n: $v, s: "a") }',
        '{ echo(s: "a") @tag(n: %s) }',
        '{ echo(own: %s, s: "a") }',
        '{ echo(any: {a: %s}, s: "a") }',
        '{ echo(any: [%s], s: "a") }',
    ],
    ids=["default", "directive", "own", "object", "list"],
)
def test_fixed(text: str) -> None:
    """Texts with other literals in places that cannot be lifted have documents of their own."""
    documents = Documents(SMALL)
    found = [get(documents, text % n) for n in (1, 2, 3)]
    assert len({id(document.ast) for document in found}) == 3
    again = get(documents, (text % 3).replace('"a"', '"b"'))
    assert (again.ast, again.lifted) == (found[2].ast, {"_1": "b"})
    check_alike(SMALL, [text % n for n in (1, 2, 3)])


@pytest.mark.parametrize(
    ("given", "refused"),
    [
        ("n: 1", "n: 2147483648"),
        ("n: 1", "n: " + "9" * 5000),
        ('day: "2026-03-01"', 'day: "2026-13-01"'),
        ('color: RED, s: "a"', 'color: "RED", s: "a"'),
        ("n: 1", 'n: "1"'),
        ("n: 1", "n: 1.0"),
        ('s: "1"', "s: 1"),
        ('id: "1"', "id: 1.5"),
    ],
)
def test_refused(given: str, refused: str) -> None:
    """A literal that its place does not accept is told as the validator tells it."""
    documents = Documents(SMALL)
    for text in (f"{{ u: echo {name}: echo({given}) }}" for name in "aab"):
        get(documents, text)
    text = f"{{ u: echo a: echo({refused}) }}"
    failure = documents.get(text)
    assert isinstance(failure, DocumentFailure)
    assert failure == Documents(SMALL).get(text)


@pytest.mark.parametrize(("text", "value"), [("f: 1e999", None), ("id: -0", None), ("id: 0", 0)])
def test_read_otherwise(text: str, value: object) -> None:
    """A valid literal that a variable could not give stays one."""
    texts = ["{ echo(f: 1.5) }", "{ echo(f: 2.5) }", "{ echo(id: 1) }", "{ echo(id: 2) }"]
    documents = Documents(SMALL)
    for each in texts:
        get(documents, each)
    document = get(documents, f"{{ echo({text}) }}")
    assert document.lifted == ({} if value is None else {"_1": value})
    check_alike(SMALL, [*texts, f"{{ echo({text}) }}"])


def test_merging() -> None:
    """Fields that agree in their literals agree in their variables, and only those share."""
    text = "{{ x: echo(n: {}) x: echo(n: {}) }}"
    document = third(text.format(1, 1), text.format(2, 2), text.format(3, 3))
    assert document.lifted == {"_1": 3}
    documents = Documents(SMALL)
    for n in (1, 2):
        get(documents, text.format(n, n))
    failure = documents.get(text.format(1, 2))
    assert isinstance(failure, DocumentFailure)
    assert failure == Documents(SMALL).get(text.format(1, 2))


def test_not_merging() -> None:
    """Fields of one name at other places may differ, in a document of their own."""
    text = "{{ echo(n: {}) thing {{ echo(n: {}) }} }}"
    equal = third(*(text.format(n, n) for n in (1, 2, 3)))
    other = third(*(text.format(n, n + 1) for n in (1, 2, 3)))
    assert (equal.lifted, other.lifted) == ({"_1": 3}, {"_1": 3, "_2": 4})
    check_alike(SMALL, [text.format(a, b) for a in range(3) for b in range(3)])


def test_names() -> None:
    """Lifted variables have names that none of the document's own has, nor overrides one."""
    text = "query($_1: Int, $__a: Int) {{ a: echo(n: $_1) b: echo(n: $__a) c: echo(n: {}) }}"
    document = third(*(text.format(n) for n in (1, 2, 3)))
    sent = {"_1": 7, "__a": 8, "___1": 9}
    operation = select_operation(document, Parameters(None, None, sent, {}))
    assert (document.lifted, operation.sent) == ({"___1": 3}, sent)
    assert operation.variables == {"_1": 7, "__a": 8, "___1": 3}


def test_operations() -> None:
    """Each operation declares what it and its fragments need, and no more."""
    text = """query A {{ ...F }} query B {{ echo(s: "{}") }}
    fragment F on Query {{ thing(n: {}) {{ ...G }} }} fragment G on Thing {{ echo(f: 1.5) }}"""
    document = third(*(text.format("x", n) for n in (1, 2, 3)))
    names = [
        [each.variable.name.value for each in definition.variable_definitions or ()]
        for definition in document.operations
    ]
    assert (document.lifted, names) == ({"_1": "x", "_2": 3, "_3": 1.5}, [["_2", "_3"], ["_1"]])
    assert validate(SMALL, document.ast) == []


def test_locate() -> None:
    """Places of nodes are found in each text, however long its literals and comments are."""
    text = '# {0}\n{{ a: echo(s: "{0}") # {0}\n  b: echo(s: "{0}") c: echo }}'
    document = third(*(text.format(word) for word in ("first", "x", "a much longer one")))
    (definition,) = document.operations
    offsets = [node.loc.start for node in definition.selection_set.selections if node.loc]
    assert [document.locate(offset) for offset in offsets] == [(2, 3), (3, 3), (3, 35)]
    alone = get(Documents(SMALL), "{ a: echo\n b: echo }")
    assert alone.locate(11) == (2, 2)


def test_same_when_sent_again() -> None:
    """A key of a mutation hashes what the client sent, however its text was read."""
    documents, parameters = Documents(SMALL), Parameters(None, None, {"_1": 5}, {})
    text = "{ echo(n: 3) }"
    plain = select_operation(get(Documents(SMALL), text), parameters)
    for n in (1, 2):
        get(documents, f"{{ echo(n: {n}) }}")
    lifted = select_operation(get(documents, text), parameters)
    assert (plain.sent, lifted.sent) == (None, {"_1": 5})
    hashes = [idempotency_key("key", "someone", text, each) for each in (plain, lifted)]
    assert hashes[0] == hashes[1]


@pytest.mark.parametrize("size", ["3", "0", "-1", "-123456789", "-2147483648", "2147483647"])
def test_cost(size: str) -> None:
    """An operation costs what its own literals ask for."""
    text = '{{ page(first: {0}) {{ nodes {{ s }} }} ts(ids: [{0}, "x"]) {{ s }} }}'
    documents = Documents(SCHEMA)
    found = [get(documents, text.format(n)) for n in ("1", "2", size)]
    lifted, alone = found[-1], get(Documents(SCHEMA), text.format(size))
    assert lifted.written is not None
    costs = [each.cost(each.operations[0], each.lifted) for each in (lifted, alone)]
    assert costs[0] == costs[1]


@pytest.mark.parametrize("unlike", ["{ echo(n: 2147483648) }", "{ echo(n: 1) ", "{ eco(n: 1) }"])
def test_bounds(unlike: str) -> None:
    """A text is measured by itself: its length, and whether it is one that was refused before."""
    bounds = replace(BOUNDS, length=40)
    documents = Documents(SMALL, bounds=bounds)
    for n in (1, 2):
        get(documents, f'{{ echo(s: "{n}") }}')
    long = documents.get(f'{{ echo(s: "{"x" * 40}") }}')
    assert isinstance(long, DocumentFailure)
    assert long.code == ErrorCode.BODY_TOO_LARGE
    failure = documents.get(unlike)
    assert isinstance(failure, DocumentFailure)
    assert documents.get(unlike) is failure


def test_memory() -> None:
    """However many templates come, only so many are kept, and none is answered wrongly."""
    documents = Documents(SMALL, capacity=4)
    for name in (f"a{number}" for number in range(50)):
        for n in range(3):
            document = get(documents, f"{{ {name}: echo(n: {n}) }}")
    assert document.lifted == {"_1": 2}
    kept = [number for number in range(50) if f"{{ a{number}: echo(n: 7) }}" in documents]
    assert kept == [48, 49]


async def test_served(graph: Graph) -> None:
    """The server answers inlined literals as it answers variables, errors at their own places."""
    inlined = """{{ a: city(code: "{}") {{ name organizations(first: {}) {{ nodes {{ code }} }} }}
      b: city(code: "{}") {{ name }} }}"""
    varied = """query($a: ID!, $n: Int!, $b: ID!) {
      a: city(code: $a) { name organizations(first: $n) { nodes { code } } }
      b: city(code: $b) { name } }
    """
    for a, n, b in (("210400", 1, "210600"), ("fushun", 2, "dandong"), ("210400", 10, "210400")):
        assert await graph(inlined.format(a, n, b)) == await graph(varied, a=a, n=n, b=b)
    for a in ("210400", "fushun", "dandong"):
        alike = "{{ a: __typename b: city(code: {!r}) {{ name }} c: city(code: {!r}) {{ name }} }}"
        text = alike.format(a, "nowhere").replace("'", '"')
        answer = await graph(text)
        places = [error["locations"] for error in answer["errors"]]
        assert places[-1] == [{"line": 1, "column": text.index("c: ") + 1}]


def often(times: int) -> settings:
    """Settings of a property that is tried so many times."""
    return settings(
        max_examples=times, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )


SOAK = (pytest.mark.soak, pytest.mark.timeout(1800))
SOME = [15, pytest.param(2000, marks=SOAK)]
FEW = [6, pytest.param(300, marks=SOAK)]


@pytest.mark.parametrize("times", SOME)
def test_any_document(times: int) -> None:
    """Whatever the literals are, a text comes to the same beside others like it as alone."""

    @often(times)
    @given(st.data())
    def alike(data: st.DataObject) -> None:
        text = data.draw(documents())
        texts = [data.draw(reworded(text, odd=n % 3 == 2)) for n in range(6)]
        check_alike(SMALL, [text, *texts])

    alike()


@pytest.mark.parametrize("times", FEW)
def test_any_document_of_the_graph(times: int) -> None:
    """So it is for the graph of the server, with its scalars."""

    @often(times)
    @given(st.data())
    def alike(data: st.DataObject) -> None:
        text = data.draw(from_schema(real(), custom_scalars=SCALARS))
        check_alike(real(), [data.draw(reworded(text)) for _ in range(4)])

    alike()
