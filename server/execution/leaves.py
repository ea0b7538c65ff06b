"""Leaf values of a level as they go into JSON, a list at a time."""

import datetime
import math
from collections.abc import Callable, Mapping
from typing import Any

from graphql import GraphQLEnumType, GraphQLLeafType, Undefined
from graphql.pyutils import inspect

from schema.moments import spelt
from schema.scalars import EIGHT_HOURS

Serialize = Callable[[list[Any]], list[Any]]
"""Serializes values in their order, null as null; raises where one cannot be."""

LARGEST_INT = 2**31 - 1
"""Of the type `Int`, up and down."""


def serialized(type_: GraphQLLeafType, value: Any) -> Any:
    """One value, not None, exactly as graphql-core does it.

    Errors: those of the type, `TypeError` where it gives null.
    """
    found = type_.coerce_output_value(value)
    if found is Undefined or found is None:
        raise TypeError(
            f"Expected `{inspect(type_)}.coerce_output_value({inspect(value)})` to return"
            f" non-nullable value, returned: {inspect(found)}"
        )
    return found


def serializer(type_: GraphQLLeafType) -> Serialize:
    """How lists of values of the type are serialized."""
    plain = _PLAIN.get(type_.name)
    if plain is not None:
        return plain(type_)
    return _enum(type_) if isinstance(type_, GraphQLEnumType) else _each(type_)


def all_spelt(values: list[Any]) -> list[Any]:
    """Moments out of the text that PostgreSQL makes of them."""
    return [None if value is None else spelt(value) for value in values]


def _each(type_: GraphQLLeafType) -> Serialize:
    def serialize(values: list[Any]) -> list[Any]:
        return [None if value is None else serialized(type_, value) for value in values]

    return serialize


def _of_class(class_: type) -> Callable[[GraphQLLeafType], Serialize]:
    """The serializer of a scalar most of whose values are of a class, and go as they are."""

    def serializer_of(type_: GraphQLLeafType) -> Serialize:
        def serialize(values: list[Any]) -> list[Any]:
            return [
                value if value.__class__ is class_ or value is None else serialized(type_, value)
                for value in values
            ]

        return serialize

    return serializer_of


def _int(type_: GraphQLLeafType) -> Serialize:
    def serialize(values: list[Any]) -> list[Any]:
        return [
            value
            if value is None or (value.__class__ is int and -LARGEST_INT <= value <= LARGEST_INT)
            else serialized(type_, value)
            for value in values
        ]

    return serialize


def _float(type_: GraphQLLeafType) -> Serialize:
    def serialize(values: list[Any]) -> list[Any]:
        return [
            value
            if value is None or (value.__class__ is float and math.isfinite(value))
            else serialized(type_, value)
            for value in values
        ]

    return serialize


def _moment(type_: GraphQLLeafType) -> Serialize:
    def serialize(values: list[Any]) -> list[Any]:
        return [None if value is None else _in_china(type_, value) for value in values]

    return serialize


def _in_china(type_: GraphQLLeafType, value: Any) -> Any:
    """A moment as the encoder of JSON writes it, which is as `in_china` does; rarely its text."""
    if value.__class__ is datetime.datetime and value.tzinfo is not None and value.year >= 1992:
        return value.astimezone(EIGHT_HOURS)
    return serialized(type_, value)


def _enum(type_: GraphQLEnumType) -> Serialize:
    """Names of enum members, each looked up once."""
    known: dict[Any, Any] = {None: None}

    def serialize(values: list[Any]) -> list[Any]:
        try:
            return [known[value] for value in values]
        except (KeyError, TypeError):  # a new member, or a value that cannot be a key
            found = [None if value is None else serialized(type_, value) for value in values]
        for value, name in zip(values, found, strict=True):
            if value.__class__.__hash__ is not None and len(known) < _MOST_MEMBERS:
                known[value] = name
        return found

    return serialize


_MOST_MEMBERS = 500

_PLAIN: Mapping[str, Callable[[Any], Serialize]] = {
    "ID": _of_class(str),
    "String": _of_class(str),
    "Boolean": _of_class(bool),
    "Float": _float,
    "Int": _int,
    "DateTime": _moment,
}
"""Scalars most of whose values need no work, or little."""
