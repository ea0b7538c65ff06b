"""Payers: the cities whose budget an operation takes from."""

from collections.abc import Iterator
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    SelectionSetNode,
    value_from_ast_untyped,
)

from schema.errors import CodedError
from schema.ids import parse_id
from server.cost import default_values
from server.execution.selection import fragments_of
from server.operations import Operation
from tenants.registry import Registry


def named_cities(operation: Operation, registry: Registry) -> frozenset[int]:
    """The cities that an operation names at its root: by code, by slug, or by an id of theirs."""
    variables = default_values(operation.definition) | operation.variables
    found = set()
    for field in _fields(operation.document, operation.definition.selection_set):
        for name, value in _arguments(field, variables):
            for given in value if isinstance(value, list) else [value]:
                tenant_id = _city(name, given, registry)
                if tenant_id is not None:
                    found.add(tenant_id)
    return frozenset(found)


def _city(argument: str, given: object, registry: Registry) -> int | None:
    if not isinstance(given, str):
        return None
    try:
        code = given if argument == "code" else f"{parse_id(given).tenant_id:06}"
    except CodedError:
        return None
    city = registry.city(code)
    return None if city is None else city.tenant_id


def _arguments(field: FieldNode, variables: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """The values of `city(code:)`, `node(id:)` and `nodes(ids:)`, as they were sent."""
    for argument in field.arguments or ():
        name = argument.name.value
        if name in ("id", "ids") or (field.name.value, name) == ("city", "code"):
            yield name, value_from_ast_untyped(argument.value, variables)


def _fields(document: DocumentNode, selected: SelectionSetNode) -> Iterator[FieldNode]:
    """The fields of the root, also those in fragments; each fragment once."""
    fragments = fragments_of(document)
    waiting = [selected]
    while waiting:
        for selection in waiting.pop().selections:
            if isinstance(selection, FieldNode):
                yield selection
            elif isinstance(selection, FragmentSpreadNode):
                # taken out: one that is spread twice asks for the same cities
                found = fragments.pop(selection.name.value, None)
                waiting += [found.selection_set] if found is not None else []
            elif isinstance(selection, InlineFragmentNode):
                waiting.append(selection.selection_set)
