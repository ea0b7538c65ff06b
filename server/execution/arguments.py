"""The arguments of a selected field, worked out once an operation instead of once an object."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from graphql import (
    FieldNode,
    GraphQLField,
    GraphQLNonNull,
    GraphQLSchema,
    Undefined,
    VariableNode,
    get_argument_values,
    get_named_type,
    is_scalar_type,
)
from graphql.execution.values import VariableValues
from graphql.language import Visitor, visit

from schema.fields import given_of
from schema.projection import STRAWBERRY
from server.execution.inputs import Convert, Inputs

MOST_KNOWN = 50
"""Values kept of a field's arguments."""

_REMEMBERED = frozenset({int, bool, type(None), type(Undefined)})
"""Types of variables whose values make arguments that are kept: nothing personal is of these."""


class Arguments:
    """The arguments of a field as one dataclass, or None of a field that has none."""

    def __init__(
        self, schema: GraphQLSchema, field: GraphQLField, node: FieldNode, made_of: type[Any] | None
    ) -> None:
        self._schema = schema
        self._field = field
        self._node = node
        self._made_of = made_of
        self._direct = None if made_of is None else _direct(field, node)
        self._variables = _variables(node)
        self._known: dict[tuple[Any, ...], Any] = {}

    def of(self, variables: VariableValues) -> Any:
        """Their value in an operation with these variables.

        Errors: `GraphQLError`, and those of the dataclass.
        """
        if self._made_of is None:
            return None
        if self._direct is not None:
            found = self._directly(variables.coerced)
            if found is not None:
                return self._made_of(**found)
        coerced = variables.coerced
        values = [coerced.get(name, Undefined) for name in self._variables]
        kinds = tuple(map(type, values))
        if not _REMEMBERED.issuperset(kinds):
            return self._made_of(**given_of(self._converted(variables)))
        key = (*values, *kinds)
        value = self._known.get(key)
        if value is None:
            if len(self._known) == MOST_KNOWN:
                self._known.clear()
            value = self._known[key] = self._made_of(**given_of(self._converted(variables)))
        return value

    def _converted(self, variables: VariableValues) -> dict[str, Any]:
        raw = get_argument_values(self._field, self._node, variables)
        return {
            python_name: convert(raw[name])
            for name, python_name, convert in self._inputs
            if name in raw
        }

    @cached_property
    def _inputs(self) -> list[tuple[str, str, Convert]]:
        """Each argument by its name in GraphQL and in Python, and what makes its value."""
        strawberry: Any = self._schema.extensions[STRAWBERRY]
        inputs = Inputs(strawberry.schema_converter)
        return [
            (inputs.name_of(argument), argument.python_name, inputs.convert(argument.type))
            for argument in self._field.extensions[STRAWBERRY].arguments
        ]

    def _directly(self, coerced: Mapping[str, Any]) -> dict[str, Any] | None:
        """The values where each is a variable's, or absent and may be."""
        assert self._direct is not None
        found = {}
        for python_name, (name, may_lack) in self._direct.items():
            value = coerced.get(name)
            if value is not None or (may_lack and name in coerced):
                found[python_name] = value
            elif not may_lack:
                return None
        return found


def _direct(field: GraphQLField, node: FieldNode) -> Mapping[str, tuple[str, bool]] | None:
    """The variables by the Python names of the arguments, where there is nothing to coerce.

    With each, whether it may be null or absent.
    """
    given = {argument.name.value: argument.value for argument in node.arguments or ()}
    names = {}
    declared = field.extensions[STRAWBERRY].arguments
    python_names = dict(zip(field.args, (item.python_name for item in declared), strict=True))
    for name, argument in field.args.items():
        may_lack = argument.default is None and not isinstance(argument.type, GraphQLNonNull)
        if name not in given:
            if not may_lack:
                return None
            continue
        value = given[name]
        named: Any = get_named_type(argument.type)
        plain = argument.type is named or getattr(argument.type, "of_type", None) is named
        if not isinstance(value, VariableNode) or not (plain and is_scalar_type(named)):
            return None
        names[python_names[name]] = value.name.value, may_lack
    return names


def _variables(node: FieldNode) -> tuple[str, ...]:
    """The names of the variables in the arguments."""
    found: dict[str, None] = {}

    class Finder(Visitor):
        def enter_variable(self, node: VariableNode, *_: Any) -> None:
            found[node.name.value] = None

    for argument in node.arguments or ():
        visit(argument, Finder())
    return tuple(found)
