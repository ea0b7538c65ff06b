"""Weights: what selecting one field once costs, by its declaration in the schema."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

from graphql import (
    GraphQLField,
    GraphQLNamedType,
    GraphQLOutputType,
    GraphQLSchema,
    get_named_type,
    get_nullable_type,
    is_abstract_type,
    is_composite_type,
    is_enum_type,
    is_input_object_type,
    is_interface_type,
    is_list_type,
    is_object_type,
)

from schema.loaders.loader import Loader
from schema.projection import LOADER, POINTS, metadata

# In thousandths of a point. A point is about 0.2 ms of the server and its database.
OPERATION = 1000
FIELD = 25
OBJECT = 40
STATEMENT = 2500
KEY = 100
COUNT = 500
SEARCH = 25_000
POINT = 1000
WHOLE_SCHEMA = 250_000

FEW = 5
"""Objects in a list without pages: what such lists hold is configuration, and they are short."""

MANY = {"City": 20, "CityCount": 20, "DefinitionValue": 250, "PostingMatch": 20}
"""Objects in the longer ones, by type."""


class Kind(Enum):
    """How many objects a field gives: one, a list, a page of rows, or the rows of that page."""

    ONE = "one"
    LIST = "list"
    PAGE = "page"
    ROWS = "rows"


@dataclass(frozen=True, slots=True)
class Weight:
    """Of one field: `once` an operation, `own` for each object that it is selected on.

    Each object that it gives weighs `each` and counts as `node` objects, 0 or 1. `usual` is how
    many a LIST gives where no argument says so.
    """

    kind: Kind
    once: int
    own: int
    each: int
    node: int
    usual: int


class Weights:
    """The weights of a schema's fields, by what their types and loaders are.

    A connection is a type with `pageInfo`; its rows are its lists `nodes` and `edges`.
    """

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self._connections = frozenset(_connections(schema))
        self._wrappers = self._connections | {"PageInfo", *_edges(schema, self._connections)}
        self._introspected = _introspected(schema)

    def of(
        self, parent: GraphQLNamedType, name: str, field: GraphQLField, is_searched: bool
    ) -> Weight:
        """The weight of `parent.name`; `is_searched` where it is given a text to search for."""
        named = get_named_type(field.type)
        once, own = _loaded(metadata(parent, name).get(LOADER), is_searched)
        each = OBJECT
        if named.name == "Node":  # found by global id, each by a key
            once, each = STATEMENT, OBJECT + KEY
        own += metadata(parent, name).get(POINTS, 0) * POINT
        is_object = is_composite_type(named)
        return Weight(
            kind=self._kind(parent, name, field.type) if is_object else Kind.ONE,
            once=once,
            own=own,
            each=each if is_object else 0,
            node=int(is_object and named.name not in self._wrappers),
            usual=self._introspected.get((parent.name, name), MANY.get(named.name, FEW)),
        )

    def _kind(self, parent: GraphQLNamedType, name: str, type_: GraphQLOutputType) -> Kind:
        if get_named_type(type_).name in self._connections:
            return Kind.PAGE
        if not is_list_type(get_nullable_type(type_)):
            return Kind.ONE
        is_page = parent.name in self._connections and name in ("nodes", "edges")
        return Kind.ROWS if is_page else Kind.LIST


def _loaded(loader: type[Loader[Any, Any]] | None, is_searched: bool) -> tuple[int, int]:
    """What it costs once, and for each object, to read what a field gives."""
    if loader is None:
        return 0, FIELD
    own = FIELD + (COUNT if loader.counts else KEY)
    return STATEMENT, own + (SEARCH if is_searched else 0)


def _connections(schema: GraphQLSchema) -> Iterator[str]:
    for type_ in schema.type_map.values():
        if is_object_type(type_) and "pageInfo" in type_.fields:
            yield type_.name


def _edges(schema: GraphQLSchema, connections: frozenset[str]) -> Iterator[str]:
    for name in connections:
        type_ = schema.type_map[name]
        if is_object_type(type_) and "edges" in type_.fields:
            yield get_named_type(type_.fields["edges"].type).name


def _introspected(schema: GraphQLSchema) -> dict[tuple[str, str], int]:
    """How many objects the lists of introspection hold: all types, of a type the mean."""
    types = schema.type_map.values()
    composite = [type_ for type_ in types if is_object_type(type_) or is_interface_type(type_)]
    fields = [field for type_ in composite for field in type_.fields.values()]
    inputs = [type_ for type_ in types if is_input_object_type(type_)]
    held = {
        "fields": len(fields),
        "interfaces": sum(len(type_.interfaces) for type_ in composite),
        "possibleTypes": sum(
            len(schema.get_possible_types(t)) for t in types if is_abstract_type(t)
        ),
        "enumValues": sum(len(type_.values) for type_ in types if is_enum_type(type_)),
        "inputFields": sum(len(type_.fields) for type_ in inputs),
    }
    return {
        ("__Schema", "types"): len(types),
        ("__Schema", "directives"): len(schema.directives),
        ("__Field", "args"): _mean(sum(len(field.args) for field in fields), len(fields)),
        **{("__Type", name): _mean(number, len(types)) for name, number in held.items()},
    }


def _mean(number: int, among: int) -> int:
    return -(-number // max(among, 1))
