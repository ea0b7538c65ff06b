"""Documents: text to a valid document or a failure, once a text."""

from dataclasses import replace
from typing import Any

import pytest
from graphql import GraphQLError, GraphQLSchema, build_schema

from schema.errors import CodedError, ErrorCode
from server.bounds import Bounds
from server.cost import Cost
from server.documents import SUGGESTIONS, Document, DocumentFailure, Documents
from server.settings import Settings

BOUNDS = Bounds.of(Settings(_env_file=None))


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


def test_suggestions(schema: GraphQLSchema) -> None:
    """Only the first errors say what may have been meant; none is lost."""
    failure = Documents(schema).get("{ " + " ".join(f"a{n}: nam" for n in range(8)) + " }")
    assert isinstance(failure, DocumentFailure)
    plain = "Cannot query field 'nam' on type 'Query'."
    helped = f"{plain} Did you mean 'name'?"
    expected = [helped] * SUGGESTIONS + [plain] * (8 - SUGGESTIONS)
    assert [error.message for error in failure.errors] == expected
    assert [error.locations[0].column for error in failure.errors if error.locations] == [
        3 + 8 * n for n in range(8)
    ]


def refusal(failure: Document | DocumentFailure) -> CodedError:
    """The one refusal that a failure consists of."""
    assert isinstance(failure, DocumentFailure)
    (error,) = failure.errors
    cause = error.original_error
    assert isinstance(cause, CodedError)
    assert cause.code == failure.code
    return cause


@pytest.mark.parametrize(
    ("text", "code", "facts"),
    [
        (" " * 102_401, ErrorCode.BODY_TOO_LARGE, ("length", 102_401, 102_400)),
        ("{" + "name " * 4000 + "}", ErrorCode.TOKENS_EXCEEDED, ("tokens", 4002, 1000)),
        ("{ child " * 3000 + "}" * 3000, ErrorCode.DEPTH_EXCEEDED, ("depth", 3000, 12)),
        ("{ child " * 13 + "}" * 13, ErrorCode.DEPTH_EXCEEDED, ("depth", 13, 12)),
        ("{ " + "nme " * 21 + "}", ErrorCode.FIELDS_EXCEEDED, ("fields", 21, 20)),
    ],
    ids=["length", "tokens", "nesting", "depth", "fields"],
)
def test_bounds(
    schema: GraphQLSchema, text: str, code: ErrorCode, facts: tuple[str, int, int]
) -> None:
    """A text above a bound is a failure with its code, parsed and valid or not."""
    found = refusal(Documents(schema, bounds=BOUNDS).get(text))
    assert (found.code, tuple(found.facts.values())) == (code, facts)


def test_cycles(schema: GraphQLSchema) -> None:
    """Fragments in a cycle are told as the validator tells them."""
    text = "{ ...A } fragment A on Query { name child { ...A } }"
    failure = Documents(schema, bounds=BOUNDS).get(text)
    assert isinstance(failure, DocumentFailure)
    assert failure.code == ErrorCode.VALIDATION_FAILED
    assert [error.message for error in failure.errors] == [
        "Cannot spread fragment 'A' within itself."
    ]


def test_cost(schema: GraphQLSchema) -> None:
    """Each operation of a document has its own cost."""
    text = "query A { name } query B { child { child { name } } }"
    document = Documents(schema, bounds=BOUNDS).get(text)
    assert isinstance(document, Document)
    costs = [document.cost(operation, {}) for operation in document.operations]
    assert costs == [Cost(0, 2), Cost(2, 2)]


@pytest.mark.parametrize(
    ("limits", "code", "facts"),
    [
        ({"nodes": 1}, ErrorCode.NODES_EXCEEDED, ("nodes", 2, 1)),
        ({"cost": 1}, ErrorCode.COST_EXCEEDED, ("cost", 2, 1)),
    ],
)
def test_cost_above_bounds(
    schema: GraphQLSchema, limits: dict[str, Any], code: ErrorCode, facts: tuple[str, int, int]
) -> None:
    """An operation above a bound is refused when its cost is asked for."""
    documents = Documents(schema, bounds=replace(BOUNDS, **limits))
    document = documents.get("{ child { child { name } } }")
    assert isinstance(document, Document)
    with pytest.raises(CodedError) as raised:
        document.cost(document.operations[0], {})
    assert (raised.value.code, tuple(raised.value.facts.values())) == (code, facts)


@pytest.mark.parametrize("bounds", [None, BOUNDS])
@pytest.mark.parametrize(
    "text",
    [
        "{ __schema { queryType { name } } }",
        '{ ...F } fragment F on Query { a: __type(name: "Query") { name } }',
    ],
)
def test_introspection_off(schema: GraphQLSchema, text: str, bounds: Bounds | None) -> None:
    """Where introspection is off, a document that asks for the schema is refused."""
    assert isinstance(Documents(schema, bounds=bounds).get(text), Document)
    documents = Documents(schema, bounds=bounds, introspection=False)
    assert refusal(documents.get(text)).code == ErrorCode.INTROSPECTION_DISABLED
    assert isinstance(documents.get("{ __typename }"), Document)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{ name }", True),
        ("{ nme }", True),
        ("{", True),
        ("{ child " * 13 + "}" * 13, True),
        ("{" + "name " * 1000 + "}", False),
        ("{" * 1000, False),
        ("#" * 102_401, False),
    ],
    ids=["valid", "invalid", "syntax", "depth", "tokens", "nesting", "length"],
)
def test_what_is_remembered(schema: GraphQLSchema, text: str, expected: bool) -> None:
    """What was worth parsing is remembered, what was refused at sight is not."""
    documents = Documents(schema, bounds=BOUNDS)
    assert text not in documents
    documents.get(text)
    assert (text in documents) is expected


def test_failures_do_not_push_documents_out(schema: GraphQLSchema) -> None:
    """However many texts fail, the valid ones stay."""
    documents = Documents(schema, capacity=16)
    document = documents.get("{ name }")
    for number in range(100):
        documents.get(f"{{ nme{number} }}")
    assert documents.get("{ name }") is document
    kept = [number for number in range(100) if f"{{ nme{number} }}" in documents]
    assert kept == [98, 99]


def test_memory(schema: GraphQLSchema) -> None:
    """Large documents are remembered as far as memory is meant for them, the last ones first."""
    documents = Documents(schema, memory=3_000_000)
    texts = [f"{{ name{' name' * 500} }} # {number}" for number in range(6)]
    for text in texts:
        assert isinstance(documents.get(text), Document)
    kept = [text in documents for text in texts]
    assert kept == [False, False, False, False, True, True]


def test_too_large_to_remember(schema: GraphQLSchema) -> None:
    """A document larger than all memory that is meant for documents pushes no other out."""
    documents = Documents(schema, memory=100_000)
    documents.get("{ name }")
    large = "{ name } #" + "x" * 100_000
    assert isinstance(documents.get(large), Document)
    assert ("{ name }" in documents, large in documents) == (True, False)


def test_failures_keep_no_text_of_refusals(schema: GraphQLSchema) -> None:
    """A refusal is an error of its own, with the English text for logs."""
    failure = Documents(schema, bounds=BOUNDS).get("#" * 200_000)
    assert isinstance(failure, DocumentFailure)
    (error,) = failure.errors
    assert isinstance(error, GraphQLError)
    assert error.formatted == {
        "message": "The document's length is 200000, above the limit of 102400;"
        " send several smaller requests."
    }
