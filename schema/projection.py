"""Which columns a selection needs, read off the metadata of the fields in it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLResolveInfo,
    GraphQLSchema,
    SelectionSetNode,
    get_named_type,
)

from schema.moments import shown

COLUMN = "onegrid-column"
COLUMNS = "onegrid-columns"
PASSES = "onegrid-passes"
LOADER = "onegrid-loader"
POINTS = "onegrid-points"
STRAWBERRY = "strawberry-definition"


@dataclass(frozen=True)
class _Document:
    """What names in selections mean."""

    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    shows: bool


def columns_wanted(info: GraphQLResolveInfo[Any]) -> tuple[str, ...]:
    """`columns_selected` of the field that is being resolved."""
    named = get_named_type(info.return_type)
    return columns_selected(info.schema, info.fragments, named, info.field_nodes)


def columns_selected(
    schema: GraphQLSchema,
    fragments: Mapping[str, FragmentDefinitionNode],
    named: GraphQLNamedType,
    nodes: Iterable[FieldNode],
    *,
    shows: bool = False,
) -> tuple[str, ...]:
    """The columns of a field's rows, of type `named`, that its whole selection needs, sorted.

    A superset where `@skip` and `@include` leave fields out, and where an interface's objects
    turn out to be of another type. With `shows` columns of moments are named as those that only
    are shown.
    """
    document = _Document(schema, fragments, shows)
    found: set[str] = set()
    for node in nodes:
        if node.selection_set is not None:
            found.update(_columns(document, named, node.selection_set))
    return tuple(sorted(found))


def metadata(type_: Any, name: str) -> Mapping[str, Any]:
    """What the declaration of a field says besides its type; empty for meta fields."""
    field = type_.fields.get(name) if hasattr(type_, "fields") else None
    declared = field.extensions.get(STRAWBERRY) if field is not None else None
    return declared.metadata if declared is not None else {}


def is_moment(type_: Any, name: str) -> bool:
    """Whether the field is a column of moments and nothing else."""
    if COLUMN not in metadata(type_, name):
        return False
    return bool(get_named_type(type_.fields[name].type).name == "DateTime")


def _columns(document: _Document, named: Any, selection: SelectionSetNode) -> Iterator[str]:
    for type_, field in _fields(document, named, selection, frozenset()):
        name = field.name.value
        kinds = [type_]
        if isinstance(type_, GraphQLInterfaceType):
            kinds = list(document.schema.get_possible_types(type_))
        for kind in kinds:
            if document.shows and is_moment(kind, name):
                yield from map(shown, metadata(kind, name).get(COLUMNS, ()))
            else:
                yield from metadata(kind, name).get(COLUMNS, ())
        if metadata(type_, name).get(PASSES) and field.selection_set is not None:
            below = get_named_type(type_.fields[name].type)
            yield from _columns(document, below, field.selection_set)


def _fields(
    document: _Document, type_: Any, selection: SelectionSetNode, seen: frozenset[str]
) -> Iterator[tuple[Any, FieldNode]]:
    """Fields of a selection, through fragments, each with the type that it is selected on."""
    for node in selection.selections:
        if isinstance(node, FieldNode):
            yield type_, node
            continue
        fragment: Any = node
        if isinstance(node, FragmentSpreadNode):
            if node.name.value in seen:
                continue
            seen |= {node.name.value}
            fragment = document.fragments[node.name.value]
        condition = fragment.type_condition
        on = document.schema.type_map[condition.name.value] if condition is not None else type_
        yield from _fields(document, on, fragment.selection_set, seen)
