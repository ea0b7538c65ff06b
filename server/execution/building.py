"""Builders: the computed part of a plan as one Python expression, compiled.

Where a level has many objects, or a query is run over and over, calling a function a field costs
more than all that the fields do. A builder makes the answers of a list of objects in one go. It
knows only what goes well: whatever raises, or is null where nothing may be, makes the whole builder
raise, and the executor does it again field by field, so that each failure has its place.
"""

import datetime
import math
from collections.abc import Callable
from typing import Any

from graphql import GraphQLEnumType

from schema.declarations import Column, Computed
from schema.moments import spelt
from schema.scalars import EIGHT_HOURS
from server.execution.leaves import LARGEST_INT, Serialize, serializer
from server.execution.plan import FieldPlan, ObjectPlan

Build = Callable[[list[Any], Any], list[dict[str, Any]]]
"""The answers of objects in a context, with None for the fields that are not `is_built`."""


class UnexpectedNullError(Exception):
    """A null where none may be; the executor finds out where."""


def is_built(field: FieldPlan) -> bool:
    """Whether a builder can make the field: it is computed, and so is all that is below it."""
    declared = field.declared
    if not isinstance(declared, Column | Computed):
        return False
    if declared.check is not None or declared.arguments is not None:
        return False
    return field.is_leaf or (field.only is not None and all(map(is_built, field.only.fields)))


def builder(plan: ObjectPlan) -> Build:
    """The builder of a plan's objects."""
    writer = _Writer()
    text = f"def build(roots, context):\n return [{writer.object(plan, 'r')} for r in roots]\n"
    exec(compile(text, "<plan>", "exec"), writer.names)
    build: Build = writer.names["build"]
    return build


class _Writer:
    """Writes expressions; `names` has what they mean by the names that they use.

    Nothing of a document becomes part of the text but as a literal by `repr`.
    """

    def __init__(self) -> None:
        self.names: dict[str, Any] = {
            "datetime": datetime.datetime,
            "EIGHT_HOURS": EIGHT_HOURS,
            "isfinite": math.isfinite,
            "spelt": spelt,
        }
        self._number = 0

    def object(self, plan: ObjectPlan, root: str) -> str:
        """The answer of the object in the variable `root`."""
        fields = (
            f"{field.name!r}: {self._field(field, root) if is_built(field) else 'None'}"
            for field in plan.fields
        )
        return f"{{{', '.join(fields)}}}"

    def _field(self, field: FieldPlan, root: str) -> str:
        value = self._variable()
        read = f"({value} := {self._read(field, root)})"
        if field.shape.is_list:
            return self._list(field, value, read)
        if field.is_leaf:
            return self._leaf(field, value, read)
        assert field.only is not None
        below = self.object(field.only, value)
        missing = self._missing(field)
        return f"({missing} if {read} is None else {below})"

    def _read(self, field: FieldPlan, root: str) -> str:
        declared = field.declared
        if isinstance(declared, Column):
            return f"{root}[{field.column!r}]"
        assert isinstance(declared, Computed)
        function = self._name(declared.function)
        return f"{function}({root}, context)" if declared.takes_context else f"{function}({root})"

    def _leaf(self, field: FieldPlan, value: str, read: str) -> str:
        named: Any = field.named
        if field.is_spelt:
            missing = self._missing(field)
            usual = f"{value}[1:-1] if len({value}) in (27, 34) else spelt({value})"
            return f"({missing} if {read} is None else {usual})"
        plain = _PLAIN.get(named.name)
        other = self._name(_one(serializer(named), nullable=field.shape.nullable))
        if plain is not None:
            usual, shown = (text.format(read, value) for text in plain)
            return f"({shown} if {usual} else {other}({value}))"
        if isinstance(named, GraphQLEnumType):
            return f"{self._name(_Names(serializer(named), nullable=field.shape.nullable))}[{read}]"
        return f"{other}{read}"

    def _list(self, field: FieldPlan, value: str, read: str) -> str:
        missing = self._missing(field)
        item = self._variable()
        items = self._name(_items)
        if field.is_leaf:
            assert field.serialize is not None
            leaves = self._name(_leaves(field.serialize, nullable=field.shape.item_nullable))
            return f"({missing} if {read} is None else {leaves}({items}({value})))"
        assert field.only is not None
        null = "None" if field.shape.item_nullable else f"{self._name(_unexpected)}()"
        below = f"{null} if {item} is None else {self.object(field.only, item)}"
        return f"({missing} if {read} is None else [{below} for {item} in {items}({value})])"

    def _missing(self, field: FieldPlan) -> str:
        return "None" if field.shape.nullable else f"{self._name(_unexpected)}()"

    def _variable(self) -> str:
        self._number += 1
        return f"v{self._number}"

    def _name(self, value: Any) -> str:
        self._number += 1
        name = f"n{self._number}"
        self.names[name] = value
        return name


_PLAIN = {
    "ID": ("{0}.__class__ is str", "{1}"),
    "String": ("{0}.__class__ is str", "{1}"),
    "Boolean": ("{0}.__class__ is bool", "{1}"),
    "Float": ("{0}.__class__ is float and isfinite({1})", "{1}"),
    "Int": (
        f"{{0}}.__class__ is int and -{LARGEST_INT} <= {{1}} <= {LARGEST_INT}",
        "{1}",
    ),
    "DateTime": (
        "{0}.__class__ is datetime and {1}.tzinfo is not None and {1}.year >= 1992",
        "{1}.astimezone(EIGHT_HOURS)",
    ),
}
"""By scalar: when a value is the usual one, and what goes into the answer then.

`{0}` reads the value into the variable `{1}`.
"""


def _one(serialize: Serialize, *, nullable: bool) -> Callable[[Any], Any]:
    def leaf(value: Any) -> Any:
        (found,) = serialize([value])
        return _unexpected() if found is None and not nullable else found

    return leaf


class _Names(dict[Any, Any]):
    """Names of members of an enum by their values, each looked up once."""

    def __init__(self, serialize: Serialize, *, nullable: bool) -> None:
        super().__init__()
        self._leaf = _one(serialize, nullable=nullable)

    def __missing__(self, value: Any) -> Any:
        self[value] = found = self._leaf(value)
        return found


def _leaves(serialize: Serialize, *, nullable: bool) -> Callable[[list[Any]], list[Any]]:
    def leaves(values: list[Any]) -> list[Any]:
        found = serialize(values)
        return _unexpected() if None in found and not nullable else found

    return leaves


def _items(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return value
    raise TypeError(type(value))  # any other kind is looked at by itself


def _unexpected() -> Any:
    raise UnexpectedNullError
