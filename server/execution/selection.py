"""The fields of a selection for one concrete type, as the specification collects them."""

from collections.abc import Iterator, Mapping
from typing import Any

from graphql import (
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    is_abstract_type,
)

Conditions = Mapping[str, bool]
"""The values of the variables that `@skip` and `@include` read."""

Fields = dict[str, list[FieldNode]]
"""Nodes by response name, in the order of the answer."""


class Selections:
    """The selections of one document under certain conditions."""

    def __init__(
        self, schema: GraphQLSchema, document: DocumentNode, conditions: Conditions
    ) -> None:
        self.schema = schema
        self.fragments = fragments_of(document)
        self._conditions = conditions

    def collect(self, type_: GraphQLObjectType, sets: list[SelectionSetNode]) -> Fields:
        """The fields that an object of the type has in its answer."""
        found: Fields = {}
        seen: set[str] = set()
        for each in sets:
            self._collect(type_, each, found, seen)
        return found

    def _collect(
        self, type_: GraphQLObjectType, selected: SelectionSetNode, found: Fields, seen: set[str]
    ) -> None:
        for node in selected.selections:
            if not self._is_included(node.directives):
                continue
            if isinstance(node, FieldNode):
                name = (node.alias or node.name).value
                found.setdefault(name, []).append(node)
                continue
            fragment: Any = node
            if isinstance(node, FragmentSpreadNode):
                if node.name.value in seen:
                    continue
                seen.add(node.name.value)
                fragment = self.fragments[node.name.value]
            if self._applies(fragment.type_condition, type_):
                self._collect(type_, fragment.selection_set, found, seen)

    def _applies(self, condition: Any, type_: GraphQLObjectType) -> bool:
        if condition is None:
            return True
        named: Any = self.schema.type_map[condition.name.value]
        if named is type_:
            return True
        return is_abstract_type(named) and self.schema.is_sub_type(named, type_)

    def _is_included(self, directives: "tuple[DirectiveNode, ...] | None") -> bool:
        for directive in directives or ():
            name = directive.name.value
            if name in ("skip", "include"):
                (argument,) = directive.arguments or ()
                value: Any = argument.value
                if isinstance(value, VariableNode):
                    is_true = self._conditions[value.name.value]
                else:
                    is_true = value.value
                if is_true != (name == "include"):
                    return False
        return True


def fragments_of(document: DocumentNode) -> dict[str, FragmentDefinitionNode]:
    """The fragments of a document, by name."""
    return {
        definition.name.value: definition
        for definition in document.definitions
        if isinstance(definition, FragmentDefinitionNode)
    }


def condition_names(document: DocumentNode, operation: OperationDefinitionNode) -> tuple[str, ...]:
    """The variables that `@skip` and `@include` read in an operation, sorted."""
    fragments = fragments_of(document)
    names: set[str] = set()
    todo = [operation.selection_set]
    seen: set[str] = set()
    while todo:
        for node in todo.pop().selections:
            names.update(_condition_names(node.directives))
            if isinstance(node, FragmentSpreadNode):
                name = node.name.value
                if name not in seen:
                    seen.add(name)
                    todo.append(fragments[name].selection_set)
            elif isinstance(node, FieldNode | InlineFragmentNode) and node.selection_set:
                todo.append(node.selection_set)
    return tuple(sorted(names))


def _condition_names(directives: "tuple[DirectiveNode, ...] | None") -> Iterator[str]:
    for directive in directives or ():
        if directive.name.value in ("skip", "include"):
            for argument in directive.arguments or ():
                if isinstance(argument.value, VariableNode):
                    yield argument.value.name.value
