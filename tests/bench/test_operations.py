"""Operations: their documents, the hand-written SQL, and PostGraphile's own documents."""

import json
import re
from datetime import datetime

import pytest
from graphql import GraphQLSchema, parse, print_ast, validate

from bench.answers import check_equal
from bench.bounds import LEAST, MAX_STATEMENTS
from bench.foreign import load_questions
from bench.operations import KEYS, Operation, inlined, load_operations, load_secured
from schema.root import graphql_schema
from schema.scalars import CHINA
from tests.bench.conftest import Both

OPERATIONS = load_operations()
QUERIES = [operation for operation in OPERATIONS if not operation.is_write]


def test_the_issue_names_them() -> None:
    """There are all operations that have bounds, in order, and each has a title of its own."""
    assert tuple(item.key for item in OPERATIONS) == KEYS
    assert set(LEAST) <= set(KEYS)
    assert len({item.title for item in (*OPERATIONS, *load_secured())}) == len(KEYS) + 3


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.key)
def test_documents_are_valid(operation: Operation) -> None:
    """Each document is valid against the schema, with its literals inlined too."""
    schema: GraphQLSchema = graphql_schema()
    assert validate(schema, parse(operation.query)) == []
    if operation.question.is_inline:
        text = inlined(operation.query, {**operation.variables, "number": "DL-20260315-000001"})
        assert validate(schema, parse(text)) == []
        assert "$" not in text


@pytest.mark.parametrize("operation", QUERIES, ids=lambda operation: operation.key)
def test_sql_names_its_values(operation: Operation) -> None:
    """Each statement names the values of all the places in it."""
    places = {int(place) for place in re.findall(r"\$(\d+)::", operation.sql)}
    assert places == set(range(1, len(operation.parameters) + 1))


@pytest.mark.parametrize("operation", QUERIES, ids=lambda operation: operation.key)
async def test_the_hand_written_sql_gives_the_same_answer(both: Both, operation: Operation) -> None:
    """Server and hand-written SQL answer a query equally, from the first page on."""
    today = datetime.now(CHINA).date()
    given = dict(next(both.drawn.variables(operation.key, operation.variables)))
    if operation.question.walk is not None:
        given["after"] = None
    if operation.key == "Q1D":
        given["after"] = await walked(both, operation, pages=20)
    expected = await both.ask(operation, given)
    body = await both.limit.answer(operation, given, today)
    assert "errors" not in expected
    check_equal(operation, "limit", [expected["data"]], [json.loads(body)["data"]])


async def walked(both: Both, operation: Operation, pages: int) -> str:
    """The cursor after so many pages."""
    after = None
    for _ in range(pages):
        given = {**operation.variables, "after": after}
        answer = await both.ask(operation, given)
        after = answer["data"]["city"]["organizations"]["pageInfo"]["endCursor"]
    assert after is not None
    return str(after)


async def test_the_city_page_stays_within_its_bound(both: Both) -> None:
    """The city page runs at most five SQL statements."""
    page = next(item for item in OPERATIONS if item.key == "Q1")
    graph = both.graph.as_("CITY_ADMIN", "210200")
    assert await graph.statements(page.query, **page.variables) <= MAX_STATEMENTS


def test_inlining_writes_values_into_the_text() -> None:
    """Variables become literals, and their definitions go."""
    text = "query A($n: Int, $name: String!) { a(n: $n, name: $name) }"
    assert inlined(text, {"n": 1, "name": 'x"\\'}) == 'query A { a(n: 1, name: "x\\"\\\\") }'


def test_postgraphile_is_asked_the_same() -> None:
    """It has a document for every query of a city, which parses, and none for writes."""
    own = load_questions()
    assert set(own) == {"Q0", "Q0L", "Q1", "Q1D", "Q1K", "Q2"}
    for question in own.values():
        assert print_ast(parse(question.query))
