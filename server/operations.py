"""Operations: the one operation of a document that a request asks for, ready for an executor."""

from collections.abc import Callable
from typing import Any, NamedTuple

from graphql import DocumentNode, OperationDefinitionNode, SourceLocation

from schema.errors import CodedError, ErrorCode
from server.documents import Document
from server.parameters import Parameters


class Operation(NamedTuple):
    """What an executor is asked to run.

    `document` is valid against the schema and the same object for texts that differ in their
    literals only, `definition` is one of its operations. `variables` are as sent, with those that
    stand for literals: the executor coerces them. `sent` are the client's alone, where they differ.
    `plans` lasts as long as the document: there the executor keeps what it worked out of it.

    `locate` gives line and column of a node by the offset in its `loc`; None where that is right
    as it is, because the document was made of this very text.
    """

    document: DocumentNode
    definition: OperationDefinitionNode
    variables: dict[str, Any]
    extensions: dict[str, Any]
    plans: dict[int, Any]
    sent: dict[str, Any] | None = None
    locate: Callable[[int], SourceLocation] | None = None

    @property
    def operation_name(self) -> str | None:
        """The name written in the document; None for an anonymous operation."""
        return self.definition.name.value if self.definition.name else None


def select_operation(document: Document, parameters: Parameters) -> Operation:
    """The operation that `parameters.operation_name` names, or the only one where it is None.

    Raises CodedError OPERATION_UNKNOWN with the names that the document has.
    """
    definition = _definition(document, parameters.operation_name)
    sent, extensions = parameters.variables, parameters.extensions
    if document.written is None:
        return Operation(document.ast, definition, sent, extensions, document.plans)
    variables, locate = {**sent, **document.lifted}, document.locate
    return Operation(document.ast, definition, variables, extensions, document.plans, sent, locate)


def _definition(document: Document, name: str | None) -> OperationDefinitionNode:
    if name is None:
        if len(document.operations) == 1:
            return document.operations[0]
        raise _unnamed(_names(document))
    for definition in document.operations:
        if definition.name and definition.name.value == name:
            return definition
    raise _unknown(name, _names(document))


def _names(document: Document) -> list[str]:
    return [operation.name.value for operation in document.operations if operation.name]


def _unnamed(names: list[str]) -> CodedError:
    return CodedError(
        ErrorCode.OPERATION_UNKNOWN,
        f"文档含 {len(names)} 个操作而 operationName 未给出；应为其中之一：{'、'.join(names)}。",
        f"The document has {len(names)} operations and no operationName was given;"
        f" expected one of: {', '.join(names)}.",
        operationName=None,
        operations=names,
    )


def _unknown(name: str, names: list[str]) -> CodedError:
    expected_zh = f"应为其中之一：{'、'.join(names)}" if names else "其唯一的操作没有名称"
    expected_en = f"expected one of: {', '.join(names)}" if names else "its only one has no name"
    return CodedError(
        ErrorCode.OPERATION_UNKNOWN,
        f"文档中没有名为 {name} 的操作；{expected_zh}。",
        f"The document has no operation named {name}; {expected_en}.",
        operationName=name,
        operations=names,
    )
