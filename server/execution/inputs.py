"""How what an argument was given becomes what resolvers take: worked out once a type.

As strawberry does it (`convert_argument`), which asks each value anew what its type is.
"""

from collections.abc import Callable, Mapping
from dataclasses import MISSING
from functools import partial
from typing import Any

from strawberry.relay import GlobalID
from strawberry.scalars import is_scalar
from strawberry.types.arguments import convert_argument
from strawberry.types.base import (
    StrawberryList,
    StrawberryMaybe,
    StrawberryOptional,
    has_object_definition,
)
from strawberry.types.enum import StrawberryEnumDefinition, has_enum_definition

Convert = Callable[[Any], Any]


class Inputs:
    """Makes converters; `converter` is the one of strawberry's schema."""

    def __init__(self, converter: Any) -> None:
        self._registry = converter.scalar_registry
        self._config = converter.config

    def name_of(self, argument: Any) -> str:
        """The argument's name in GraphQL."""
        return str(self._config.name_converter.from_argument(argument))

    def convert(self, type_: Any, above: tuple[Any, ...] = ()) -> Convert:
        """Of a type that is an input of those `above`, the outermost first."""
        if isinstance(type_, StrawberryMaybe) or type_ is GlobalID or type_ in above:
            return self._as_strawberry(type_)
        if isinstance(type_, StrawberryOptional):
            return self.convert(type_.of_type, above)
        if isinstance(type_, StrawberryList):
            return _listed(self.convert(type_.of_type, above))
        if self._is_leaf(type_):
            return _same
        if has_object_definition(type_) and type_.__strawberry_definition__.from_input is None:
            return self._object(type_, (*above, type_))
        return self._as_strawberry(type_)

    def _as_strawberry(self, type_: Any) -> Convert:
        given = {"scalar_registry": self._registry, "config": self._config}
        return partial(convert_argument, type_=type_, **given)

    def _is_leaf(self, type_: Any) -> bool:
        is_enum = isinstance(type_, StrawberryEnumDefinition) or has_enum_definition(type_)
        return is_enum or is_scalar(type_, self._registry)

    def _object(self, type_: Any, above: tuple[Any, ...]) -> Convert:
        definition = type_.__strawberry_definition__
        name_of = self._config.name_converter.from_field
        fields = [
            (
                name_of(field),
                field.python_name,
                self.convert(field.resolve_type(type_definition=definition), above),
            )
            for field in definition.fields
        ]
        absent = {field.python_name: None for field in definition.fields if not _has_default(field)}
        return partial(_made, type_, fields, absent)


def _has_default(field: Any) -> bool:
    return field.default_value is not MISSING or field.default_factory is not MISSING


def _same(value: Any) -> Any:
    return value


def _listed(convert: Convert) -> Convert:
    if convert is _same:
        return lambda value: None if value is None else list(value)
    return lambda value: None if value is None else [convert(item) for item in value]


def _made(
    type_: type[Any],
    fields: list[tuple[str, str, Convert]],
    absent: Mapping[str, None],
    value: Mapping[str, Any] | None,
) -> Any:
    if value is None:
        return None
    given: dict[str, Any] = dict(absent)
    for name, python_name, convert in fields:
        if name in value:
            given[python_name] = convert(value[name])
    return type_(**given)
