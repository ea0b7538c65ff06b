"""Large queries grown at random, every field as likely as any other."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from graphql import (
    ArgumentNode,
    DocumentNode,
    FieldNode,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    NamedTypeNode,
    NameNode,
    ObjectFieldNode,
    OperationDefinitionNode,
    OperationType,
    SelectionNode,
    SelectionSetNode,
    ValueNode,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    is_required_argument,
    is_required_input_field,
    parse_value,
)
from graphql import ListValueNode as Listed
from graphql import ObjectValueNode as Composed
from graphql.type import get_nullable_type

from tests.server.execution.rewriting import Meant

WRITTEN = {
    "Int": ("0", "1", "2", "5", "-1", "101"),
    "Float": ("0.5", "-1"),
    "String": ('""', '"x"', '"一"'),
    "ID": ('"x"', "1"),
    "Boolean": ("true", "false"),
    "Decimal": ('"1.5"', "2"),
    "Date": ('"2026-03-01"', '"2025-12-31"'),
    "DateTime": ('"2026-03-01T00:00:00+08:00"', '"2026-03-01T00:00:00Z"'),
}


@dataclass
class Grower:
    """Grows queries of about `size` fields, at most so deep; all that is random is of `rng`.

    They begin with fields of `roots`, or with any.
    """

    schema: GraphQLSchema
    rng: random.Random
    size: int = 40
    depth: int = 6
    meant: Meant = lambda place, type_, rng: None
    roots: Sequence[str] = ()

    def grow(self) -> DocumentNode:
        """A query without fragments of its own, variables and aliases."""
        root = self.schema.query_type
        assert root is not None
        selected = self._selected(root, self.size, self.depth)
        operation = OperationDefinitionNode(
            operation=OperationType.QUERY,
            selection_set=selected,
            name=None,
            variable_definitions=(),
            directives=(),
        )
        return DocumentNode(definitions=(operation,))

    def _selected(self, type_: GraphQLNamedType, size: int, depth: int) -> SelectionSetNode:
        if is_abstract_type(type_):
            return SelectionSetNode(selections=tuple(self._of_any(type_, size, depth)))
        assert isinstance(type_, GraphQLObjectType)
        return SelectionSetNode(selections=tuple(self._fields(type_, size, depth)))

    def _of_any(self, type_: Any, size: int, depth: int) -> Sequence[SelectionNode]:
        possible = list(self.schema.get_possible_types(type_))
        chosen = self.rng.sample(possible, self.rng.randint(1, min(4, len(possible))))
        found: list[SelectionNode] = []
        if hasattr(type_, "fields") and self.rng.random() < 0.5:
            found += self._fields(type_, 2, depth)
        for each in chosen:
            inner = self._selected(each, size // len(chosen), depth)
            condition = NamedTypeNode(name=NameNode(value=each.name))
            found.append(
                InlineFragmentNode(type_condition=condition, selection_set=inner, directives=())
            )
        return found

    def _fields(self, type_: Any, size: int, depth: int) -> Sequence[FieldNode]:
        names = list(type_.fields)
        leaves = [name for name in names if is_leaf_type(get_named_type(type_.fields[name].type))]
        objects = [name for name in names if name not in leaves]
        if depth <= 1 or size <= 1:
            objects = []
        wanted = max(1, min(size // 4, self.rng.randint(1, 3)))
        if type_ is self.schema.query_type and self.roots:
            taken = list(dict.fromkeys(self.rng.choices(self.roots, k=wanted)))
        else:
            taken = self.rng.sample(leaves, min(len(leaves), self.rng.randint(0, 4)))
            taken += self.rng.sample(objects, min(len(objects), wanted))
        if not taken:
            taken = self.rng.sample(leaves, 1) if leaves else []
        if not taken:
            return [FieldNode(name=NameNode(value="__typename"), arguments=(), directives=())]
        below = max(1, size // max(1, len(taken)))
        return [self._field(type_, name, below, depth) for name in taken]

    def _field(self, type_: Any, name: str, size: int, depth: int) -> FieldNode:
        field = type_.fields[name]
        named = get_named_type(field.type)
        selected = None if is_leaf_type(named) else self._selected(named, size, depth - 1)
        return FieldNode(
            name=NameNode(value=name),
            arguments=tuple(self._arguments(f"{type_.name}.{name}", field.args)),
            directives=(),
            selection_set=selected,
        )

    def _arguments(self, place: str, args: Any) -> list[ArgumentNode]:
        found = []
        for name, argument in args.items():
            if is_required_argument(argument) or self.rng.random() < 0.25:
                value = self.meant(f"{place}.{name}", argument.type, self.rng)
                value = value or self.value(argument.type)
                found.append(ArgumentNode(name=NameNode(value=name), value=value))
        return found

    def value(self, type_: Any) -> ValueNode:
        """Some literal of a type."""
        inner = get_nullable_type(type_)
        if is_list_type(inner):
            items = tuple(self.value(inner.of_type) for _ in range(self.rng.randrange(3)))
            return Listed(values=items)
        if isinstance(inner, GraphQLEnumType):
            return parse_value(self.rng.choice(list(inner.values)))
        if isinstance(inner, GraphQLInputObjectType):
            chance = 0.3
            fields = [
                ObjectFieldNode(name=NameNode(value=name), value=self._part(inner, name, item))
                for name, item in inner.fields.items()
                if is_required_input_field(item) or self.rng.random() < chance
            ]
            return Composed(fields=tuple(fields))
        return parse_value(self.rng.choice(WRITTEN[inner.name]))

    def _part(self, input_: GraphQLInputObjectType, name: str, item: Any) -> ValueNode:
        return self.meant(f"{input_.name}.{name}", item.type, self.rng) or self.value(item.type)
