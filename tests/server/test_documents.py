"""Documents: text to a valid document or a failure, once a text."""

import pytest
from graphql import GraphQLSchema, build_schema

from schema.errors import ErrorCode
from server.documents import Document, DocumentFailure, Documents


@pytest.fixture
def schema() -> GraphQLSchema:
    return build_schema("type Query { name: String  child(depths: [[Int]]): Query }")


def test_valid(schema: GraphQLSchema) -> None:
    """A valid text gives its tree and its operations in the order written."""
    document = Documents(schema).get(
        "query B { name } fragment F on Query { name } query A { ...F }"
    )
    assert isinstance(document, Document)
    names = [operation.name.value for operation in document.operations if operation.name]
    assert names == ["B", "A"]
    assert document.operations == (document.ast.definitions[0], document.ast.definitions[2])


def test_syntax(schema: GraphQLSchema) -> None:
    """A text that does not parse is a PARSE_FAILED failure that tells where."""
    failure = Documents(schema).get("{ name")
    assert isinstance(failure, DocumentFailure)
    assert failure.code == ErrorCode.PARSE_FAILED
    assert [error.formatted for error in failure.errors] == [
        {
            "message": "Syntax Error: Expected Name, found <EOF>.",
            "locations": [{"line": 1, "column": 7}],
        }
    ]


def test_invalid(schema: GraphQLSchema) -> None:
    """A text that the schema does not allow is a VALIDATION_FAILED failure with every error."""
    failure = Documents(schema).get("{ nme zzzz }")
    assert isinstance(failure, DocumentFailure)
    assert failure.code == ErrorCode.VALIDATION_FAILED
    assert [error.formatted for error in failure.errors] == [
        {
            "message": "Cannot query field 'nme' on type 'Query'. Did you mean 'name'?",
            "locations": [{"line": 1, "column": 3}],
        },
        {
            "message": "Cannot query field 'zzzz' on type 'Query'.",
            "locations": [{"line": 1, "column": 7}],
        },
    ]


def test_max_errors(schema: GraphQLSchema) -> None:
    """Validation stops after `max_errors` errors and says so."""
    failure = Documents(schema, max_errors=2).get("{ a b c d e }")
    assert isinstance(failure, DocumentFailure)
    assert [error.message for error in failure.errors] == [
        "Cannot query field 'a' on type 'Query'.",
        "Cannot query field 'b' on type 'Query'.",
        "Too many validation errors, error limit reached. Validation aborted.",
    ]


def test_max_tokens(schema: GraphQLSchema) -> None:
    """A text of more than `max_tokens` tokens does not parse."""
    documents = Documents(schema, max_tokens=4)
    assert isinstance(documents.get("{ name }"), Document)
    failure = documents.get("{ name name name }")
    assert isinstance(failure, DocumentFailure)
    assert [error.message for error in failure.errors] == [
        "Syntax Error: Document contains more than 4 tokens. Parsing aborted."
    ]


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        (
            "{ child " * 5000 + "}" * 5000,
            ErrorCode.PARSE_FAILED,
            "Syntax Error: Document is nested too deeply. Parsing aborted.",
        ),
        (
            "{ child(depths: " + "[" * 5000 + "]" * 5000 + ") { name } }",
            ErrorCode.PARSE_FAILED,
            "Syntax Error: Document is nested too deeply. Parsing aborted.",
        ),
        (
            "{ ...F0 } "
            + " ".join(f"fragment F{n} on Query {{ child {{ ...F{n + 1} }} }}" for n in range(5000))
            + " fragment F5000 on Query { name }",
            ErrorCode.VALIDATION_FAILED,
            "Validation aborted.",
        ),
    ],
    ids=["selections", "values", "fragments"],
)
def test_nested_too_deeply(schema: GraphQLSchema, text: str, code: ErrorCode, message: str) -> None:
    """A text nested too deeply to walk is a failure like any other, not a fault."""
    failure = Documents(schema).get(text)
    assert isinstance(failure, DocumentFailure)
    assert (failure.code, [error.message for error in failure.errors]) == (code, [message])


@pytest.mark.parametrize("text", ["{ name }", "{ nme }", "{"])
def test_remembered(schema: GraphQLSchema, text: str) -> None:
    """The same text gives the same object, valid or not."""
    documents = Documents(schema)
    assert documents.get(text) is documents.get(text)


def test_capacity(schema: GraphQLSchema) -> None:
    """The text asked for longest ago is forgotten first."""
    documents = Documents(schema, capacity=2)
    a, b = documents.get("{ a: name }"), documents.get("{ b: name }")
    assert documents.get("{ a: name }") is a
    documents.get("{ c: name }")
    assert documents.get("{ a: name }") is a
    assert documents.get("{ b: name }") is not b


def test_no_frames(schema: GraphQLSchema) -> None:
    """A remembered failure does not keep the parser that raised it alive."""
    failure = Documents(schema).get("{")
    assert isinstance(failure, DocumentFailure)
    (error,) = failure.errors
    assert (error.__traceback__, error.__context__) == (None, None)
