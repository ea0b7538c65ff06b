"""Values: what a literal comes to as the JSON value of a variable, where that is the same."""

from collections.abc import Callable, Mapping
from functools import partial
from math import isfinite
from typing import Any

from graphql import (
    GraphQLFloat,
    GraphQLID,
    GraphQLInt,
    GraphQLNamedType,
    GraphQLScalarType,
    GraphQLString,
    Undefined,
)
from graphql.type.scalars import GRAPHQL_MAX_INT, GRAPHQL_MIN_INT

from server.execution.literals import FLOAT, INT, STRING

Read = Callable[[str], Any]
"""The value of a literal as it is written; None where its type does not accept it."""

_DIGITS = 18
"""Of a whole number that is read at all; what is longer is left to graphql-core."""


def reader(type_: GraphQLNamedType, kind: str) -> Read | None:
    """How literals of a kind are read where a type stands; None where they have to stay.

    A scalar of the schema's own reads a literal by its value, so that it is the same as a
    variable, unless it has a way of its own to read literals.
    """
    read = _SPECIFIED.get((type_, kind))
    if read is not None or not isinstance(type_, GraphQLScalarType):
        return read
    by_literal = getattr(type_.parse_literal, "__func__", None)
    if type_.coerce_input_literal is None and by_literal is GraphQLScalarType.parse_literal:
        return partial(_checked, type_.coerce_input_value, _UNTYPED[kind])
    return None


def _string(raw: str) -> str:
    return raw[1:-1]


def _whole(raw: str) -> int | None:
    return int(raw) if len(raw) <= _DIGITS else None


def _int(raw: str) -> int | None:
    value = _whole(raw)
    return value if value is None or GRAPHQL_MIN_INT <= value <= GRAPHQL_MAX_INT else None


def _float(raw: str) -> float | None:
    value = float(raw)
    return value if isfinite(value) else None


def _id(raw: str) -> int | None:
    """A number; as a literal it is the text itself, so that `-0` is not `0`."""
    value = _whole(raw)
    return value if value is not None and str(value) == raw else None


def _checked(coerce: Callable[[Any], Any], read: Read, raw: str) -> Any:
    value = read(raw)
    try:
        coerced = coerce(value)
    except Exception:  # whatever a scalar raises, the value is not one of its own
        return None
    return None if coerced is None or coerced is Undefined else value


_SPECIFIED: Mapping[tuple[GraphQLNamedType, str], Read] = {
    (GraphQLInt, INT): _int,
    (GraphQLFloat, INT): _float,
    (GraphQLFloat, FLOAT): _float,
    (GraphQLString, STRING): _string,
    (GraphQLID, STRING): _string,
    (GraphQLID, INT): _id,
}

_UNTYPED: Mapping[str, Read] = {STRING: _string, INT: _whole, FLOAT: _float}
