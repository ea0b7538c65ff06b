"""GraphQL documents: text in, a parsed and validated document out, worked out once a text."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    parse,
    validate,
)

from schema.errors import ErrorCode


@dataclass(frozen=True, slots=True)
class Document:
    """A document that is valid against the schema, with its operations in the order written."""

    ast: DocumentNode
    operations: tuple[OperationDefinitionNode, ...]


@dataclass(frozen=True, slots=True)
class DocumentFailure:
    """Why a text is no valid document.

    `code` is PARSE_FAILED or VALIDATION_FAILED. `errors` holds at least one error; they are
    shared by all requests with the same text, so nobody may change them.
    """

    code: ErrorCode
    errors: tuple[GraphQLError, ...]


class Documents:
    """The documents of one schema; the `capacity` texts asked for last are remembered.

    Failures are remembered too. At most `max_errors` validation errors are collected, then one
    more says that validation stopped. `max_tokens` bounds a text's tokens, comments included
    (None: no bound). A text nested too deeply to walk is an ordinary failure.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        capacity: int = 1000,
        *,
        max_errors: int = 20,
        max_tokens: int | None = None,
    ) -> None:
        self._schema = schema
        self._max_errors = max_errors
        self._max_tokens = max_tokens
        self._remembered: Callable[[str], Document | DocumentFailure] = lru_cache(capacity)(
            self._read
        )

    def get(self, text: str) -> Document | DocumentFailure:
        """The document written in `text`, or why there is none."""
        return self._remembered(text)

    def _read(self, text: str) -> Document | DocumentFailure:
        try:
            ast = parse(text, max_tokens=self._max_tokens)
        except GraphQLSyntaxError as error:
            return _failure(ErrorCode.PARSE_FAILED, [error])
        errors = validate(self._schema, ast, max_errors=self._max_errors)
        if errors:
            return _failure(ErrorCode.VALIDATION_FAILED, errors)
        return Document(ast, _operations(ast))


def _operations(ast: DocumentNode) -> tuple[OperationDefinitionNode, ...]:
    return tuple(node for node in ast.definitions if isinstance(node, OperationDefinitionNode))


def _failure(code: ErrorCode, errors: list[GraphQLError]) -> DocumentFailure:
    """A failure whose errors no longer hold the frames of the parser that raised them."""
    for error in errors:
        error.__traceback__ = None
        error.__context__ = None
    return DocumentFailure(code, tuple(errors))
