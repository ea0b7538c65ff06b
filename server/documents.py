"""GraphQL documents: text in, a parsed and validated document out, worked out once a text."""

import time
from collections import OrderedDict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Generic, NamedTuple, TypeVar

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    SourceLocation,
    validate,
)

from schema.errors import CodedError, ErrorCode
from server.bounds import (
    Bounds,
    Excess,
    cost_excess,
    document_excess,
    length_excess,
    scan_excess,
)
from server.cost import Cost, Costs, OperationCost
from server.execution.lifting import lift
from server.execution.literals import Literals, literals_of
from server.execution.templates import Shape, Template, Written
from server.extent import asks_for_schema, scan
from server.parsing import parsed

TOKEN_BYTES = 2000
"""What the tree of a document and its plans take in memory, a token."""

SUGGESTIONS = 5
"""Errors that say "Did you mean"; to look for what was meant takes longer than to validate."""

LIFT_BYTES = 4 * TOKEN_BYTES
"""What a lifted literal takes in memory besides, with its variable."""

T = TypeVar("T")


class Document(NamedTuple):
    """A document that is valid against the schema, with its operations in the order written.

    `costs` are those of its operations, in the same order. In `plans` an executor keeps what it
    worked out of them.

    Texts that differ in their literals only share all of these: there the literals are
    variables, which no client can name, and `lifted` has the values of this text, to be run with
    the client's variables. `written` is this text then, while the places of nodes are those in
    the first text: see `locate`.
    """

    ast: DocumentNode
    operations: tuple[OperationDefinitionNode, ...]
    costs: tuple[OperationCost, ...]
    bounds: Bounds | None
    plans: dict[int, Any]
    template: Template | None = None
    lifted: Mapping[str, Any] = MappingProxyType({})
    written: Written | None = None

    def locate(self, offset: int) -> SourceLocation:
        """The line and the column, in this text, of a node that begins at `offset` by its `loc`."""
        if self.written is not None:
            return self.written.locate(offset)
        assert self.ast.loc is not None
        return self.ast.loc.source.get_location(offset)

    def cost(self, operation: OperationDefinitionNode, variables: Mapping[str, Any]) -> Cost:
        """What one of the operations may come to with the variables as they were sent.

        The lifted ones have to be among them.
        Errors: `CodedError` NODES_EXCEEDED or COST_EXCEEDED where that is above the bounds.
        """
        at = 0
        while self.operations[at] is not operation:  # nodes are compared by all that they hold
            at += 1
        cost = self.costs[at](variables)
        excess = None if self.bounds is None else cost_excess(cost, self.bounds)
        if excess is not None:
            raise excess.refusal()
        return cost


@dataclass(frozen=True, slots=True)
class DocumentFailure:
    """Why a text is no valid document.

    `code` is PARSE_FAILED, VALIDATION_FAILED, INTROSPECTION_DISABLED or that of the bound which
    the text is above. `errors` holds at least one error; they are shared by all requests with the
    same text, so nobody may change them. `seconds` is how long it took to find out.
    """

    code: ErrorCode
    errors: tuple[GraphQLError, ...]
    seconds: float = field(default=0.0, compare=False)


class Documents:
    """The documents of one schema; those asked for last are remembered. For one event loop.

    A text above `bounds` is a failure, found before anything dear is done with it. Where
    `introspection` is False so is one that asks for `__schema` or `__type`. At most `max_errors`
    validation errors are collected, then one more says that validation stopped.

    Remembered are `capacity` documents that take about `memory` bytes, and an eighth of that of
    failures, so that they cannot push documents out. A text that was not parsed is forgotten.

    The second text that differs from another in its literals only makes a document for all such
    texts: they are neither parsed nor validated then, nor remembered. The first keeps its own, in
    which literals are literals: clients whose texts never change lose nothing. A text with a
    literal that its place does not accept goes the ordinary way.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        capacity: int = 1000,
        *,
        bounds: Bounds | None = None,
        introspection: bool = True,
        max_errors: int = 20,
        memory: int = 64 * 1024 * 1024,
    ) -> None:
        self._schema = schema
        self._costs = Costs(schema)
        self._bounds = bounds
        self._introspection = introspection
        self._max_errors = max_errors
        self._documents: _Memory[Document] = _Memory(capacity, memory)
        self._shapes: _Memory[Shape | None] = _Memory(4 * capacity, memory // 8)
        self._failures: _Memory[DocumentFailure] = _Memory(max(capacity // 8, 1), memory // 8)

    def __contains__(self, text: str) -> bool:
        """Whether what `text` comes to is remembered."""
        return self.find(text) is not None

    def find(self, text: str) -> Document | DocumentFailure | None:
        """What `text` comes to, where that is remembered, of itself or of texts like it."""
        if self._length_excess(text) is not None:
            return None
        found = self._documents.get(text) or self._failures.get(text)
        if found is not None:
            return found
        literals = literals_of(text)
        return None if literals is None else self._alike(text, literals)

    def get(self, text: str) -> Document | DocumentFailure:
        """The document written in `text`, or why there is none."""
        excess = self._length_excess(text)
        if excess is not None:
            return _refused(excess.refusal())
        found = self.find(text)
        if found is not None:
            return found
        started = time.perf_counter()
        made, weight = self._read(text)
        if isinstance(made, Document):
            return self._lifted(text, made, weight) or self._kept(text, made, weight)
        failure = replace(made, seconds=time.perf_counter() - started)
        if weight:
            self._failures.keep(text, failure, weight)
        return failure

    def _kept(self, text: str, document: Document, weight: int) -> Document:
        self._documents.keep(text, document, weight)
        return document

    def _alike(self, text: str, literals: Literals) -> Document | None:
        """The document of a text that differs from one that is known in its literals only."""
        shape = self._shapes.get(literals.key)
        if shape is None:
            return None
        known = self._documents.get(shape.variant(*literals))
        if known is None or known.template is None:
            return None
        values = known.template.values(literals.raws)
        if values is None:
            return None
        written = Written(known.template, text, literals.raws)
        ast, operations, plans = known.ast, known.operations, known.plans
        return Document(ast, operations, known.costs, known.bounds, plans, None, values, written)

    def _lifted(self, text: str, document: Document, weight: int) -> Document | None:
        """The document of a valid text and of those like it, from the second one on."""
        literals = literals_of(text)
        if literals is None:
            return None
        if literals.key not in self._shapes:
            self._shapes.keep(literals.key, None, len(literals.key) * 4)
            return None
        lifted = lift(self._schema, document.ast, text, literals)
        if lifted is None:
            return None
        shape = Shape(lifted.fixed, lifted.compared)
        variant = shape.variant(*literals)
        self._shapes.keep(literals.key, shape, len(literals.key) * 4)
        if variant not in self._documents:
            template = Template(lifted.lifts, lifted.starts, literals.raws)
            made = self._document(lifted.ast, template)
            self._documents.keep(variant, made, weight + len(lifted.lifts) * LIFT_BYTES)
        return self._alike(text, literals)

    def _length_excess(self, text: str) -> Excess | None:
        return None if self._bounds is None else length_excess(text, self._bounds)

    def _read(self, text: str) -> tuple[Document | DocumentFailure, int]:
        """What a text comes to, and its weight in memory; 0 where it was not parsed."""
        scanned = scan(text)
        excess = None if self._bounds is None else scan_excess(scanned, self._bounds)
        if excess is not None:
            return _refused(excess.refusal()), 0
        return self._made(text), len(text) * 4 + scanned.tokens * TOKEN_BYTES

    def _made(self, text: str) -> Document | DocumentFailure:
        try:
            ast = parsed(text, self._bounds.tokens if self._bounds else None)
        except GraphQLSyntaxError as error:
            return _failure(ErrorCode.PARSE_FAILED, [error])
        refusal = self._refusal(ast)
        if refusal is not None:
            return _refused(refusal)
        errors = self._errors(ast)
        if errors:
            return _failure(ErrorCode.VALIDATION_FAILED, errors)
        return self._document(ast)

    def _document(self, ast: DocumentNode, template: Template | None = None) -> Document:
        costs = self._costs.compile(ast)
        return Document(ast, _operations(ast), costs, self._bounds, {}, template)

    def _errors(self, ast: DocumentNode) -> list[GraphQLError]:
        """The validation errors; only the first are validated again for their suggestions."""
        errors = validate(self._schema, ast, max_errors=self._max_errors, hide_suggestions=True)
        if not errors:
            return []
        most = min(SUGGESTIONS, self._max_errors)
        helped = validate(self._schema, ast, max_errors=most)[:most]
        return helped + errors[len(helped) :]

    def _refusal(self, ast: DocumentNode) -> CodedError | None:
        if self._bounds is not None:
            excess = document_excess(ast, self._bounds)
            if excess is not None:
                return excess.refusal()
        if not self._introspection and asks_for_schema(ast):
            return _introspection_disabled()
        return None


class _Memory(Generic[T]):
    """Values by key: at most `capacity`, of at most `limit` together; the oldest goes first."""

    def __init__(self, capacity: int, limit: int) -> None:
        self._capacity = capacity
        self._limit = limit
        self._weight = 0
        self._kept: OrderedDict[Hashable, tuple[T, int]] = OrderedDict()

    def __contains__(self, key: Hashable) -> bool:
        return key in self._kept

    def get(self, key: Hashable) -> T | None:
        """What is kept for `key`; now it is the newest."""
        found = self._kept.get(key)
        if found is None:
            return None
        self._kept.move_to_end(key)
        return found[0]

    def keep(self, key: Hashable, value: T, weight: int) -> None:
        """Keep a value, unless it is heavier than all may be together."""
        if weight > self._limit:
            return
        _, replaced = self._kept.pop(key, (None, 0))
        self._kept[key] = (value, weight)
        self._weight += weight - replaced
        while len(self._kept) > self._capacity or self._weight > self._limit:
            _, (_, lost) = self._kept.popitem(last=False)
            self._weight -= lost


def _operations(ast: DocumentNode) -> tuple[OperationDefinitionNode, ...]:
    return tuple(node for node in ast.definitions if isinstance(node, OperationDefinitionNode))


def _failure(code: ErrorCode, errors: list[GraphQLError]) -> DocumentFailure:
    """A failure whose errors no longer hold the frames of the parser that raised them."""
    for error in errors:
        error.__traceback__ = None
        error.__context__ = None
    return DocumentFailure(code, tuple(errors))


def _refused(refusal: CodedError) -> DocumentFailure:
    return DocumentFailure(refusal.code, (GraphQLError(refusal.en, original_error=refusal),))


def _introspection_disabled() -> CodedError:
    return CodedError(
        ErrorCode.INTROSPECTION_DISABLED,
        "文档查询了 __schema 或 __type，而本服务已关闭自省；请使用随前端发布的模式文件。",
        "The document asks for __schema or __type, and introspection is off here;"
        " use the schema file that comes with the front end.",
    )
