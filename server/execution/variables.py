"""The variables of an operation, coerced: what is plainly right at once, else by graphql-core."""

from collections.abc import Callable, Mapping
from typing import Any

from graphql import (
    GraphQLError,
    GraphQLNonNull,
    GraphQLSchema,
    OperationDefinitionNode,
    get_variable_values,
    type_from_ast,
)
from graphql.execution.values import VariableValues

_LARGEST_INT = 2**31 - 1

_PLAIN: Mapping[str, Callable[[Any], bool]] = {
    "ID": lambda value: value.__class__ is str,
    "String": lambda value: value.__class__ is str,
    "Boolean": lambda value: value.__class__ is bool,
    "Int": lambda value: value.__class__ is int and -_LARGEST_INT <= value <= _LARGEST_INT,
}
"""Which JSON values of a scalar are coerced to themselves."""

MOST_ERRORS = 50
"""Errors of variables that are told, as graphql-core does by default."""


class Variables:
    """The variables that an operation declares."""

    def __init__(self, schema: GraphQLSchema, definition: OperationDefinitionNode) -> None:
        self._schema = schema
        self._nodes = definition.variable_definitions or ()
        self._plain: list[tuple[str, Callable[[Any], bool], bool, bool]] | None = []
        for node in self._nodes:
            type_: Any = type_from_ast(schema, node.type)
            required = isinstance(type_, GraphQLNonNull)
            named = type_.of_type if required else type_
            check = _PLAIN.get(getattr(named, "name", ""))
            if check is None:
                self._plain = None
                break
            has_default = node.default_value is not None
            self._plain.append((node.variable.name.value, check, required, has_default))

    def coerced(self, given: dict[str, Any]) -> VariableValues | list[GraphQLError]:
        """Their values, or what is wrong with those given."""
        if not self._nodes:
            return VariableValues({}, {})
        plain = self._plainly(given)
        if plain is not None:
            return plain
        return get_variable_values(self._schema, self._nodes, given, MOST_ERRORS)

    def _plainly(self, given: dict[str, Any]) -> VariableValues | None:
        """The values where each is right as it is, or absent and may be."""
        if self._plain is None:
            return None
        found = {}
        for name, is_right, required, has_default in self._plain:
            value = given.get(name)
            if value is None:
                if required:
                    return None
                if name not in given:
                    if has_default:
                        return None
                    continue
            elif not is_right(value):
                return None
            found[name] = value
        return VariableValues({}, found)
