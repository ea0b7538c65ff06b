"""SQL of the read path: rendered once from the table metadata, run on asyncpg directly."""

import re
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Integer, Select, Text, Uuid, bindparam, cast, column, func
from sqlalchemy.dialects.postgresql import ARRAY, asyncpg
from sqlalchemy.sql import Executable, TableValuedAlias

_UUID_BYTES = 16

_DIALECT = asyncpg.dialect()  # type: ignore[no-untyped-call]


def _type(name: str) -> Any:
    """The type of a column that keys have: ids of rows, the tenant's number, else text."""
    if name == "tenant_id":
        return Integer()
    return Uuid() if name == "id" or name.endswith("_id") else Text()


@dataclass(frozen=True)
class Statement:
    """SQL text with `$n` places, the name of the value for each, and the values that are fixed."""

    sql: str
    names: tuple[str, ...]
    fixed: Mapping[str, object]

    def values(self, given: Mapping[str, object]) -> list[object]:
        """`given` in the order of the places."""
        every = {**given, **self.fixed} if self.fixed else given
        return [every[name] for name in self.names]


def render(executable: Executable) -> Statement:
    """Compile an SQLAlchemy statement for asyncpg; call once, keep the result."""
    compiled = executable.compile(dialect=_DIALECT)  # type: ignore[attr-defined]
    fixed = {name: value for name, value in compiled.params.items() if value is not None}
    return Statement(str(compiled), tuple(compiled.positiontup or ()), fixed)


def render_keyed(executable: Select[Any]) -> Statement:
    """`render` for a statement over a table of keys (`keys_table`).

    Errors: `ValueError` where a select deep inside names the table anew: every key would get the
    rows of all. SQLAlchemy sees a table one select further out, and no further: the inner select
    needs `.correlate(k)`. Also where the number of the key is not the first column.
    """
    found = render(executable)
    if executable.selected_columns.keys()[0] != "n":
        raise ValueError(f"a row does not begin with its key's n: {found.sql}")
    if len(re.findall(r"WITH ORDINALITY AS \w+\([^)]*\bn\)", found.sql)) > 1:
        raise ValueError(f"a select inside lacks .correlate(k): {found.sql}")
    return found


def keys_table(*names: str) -> TableValuedAlias:
    """A table `k` of the batch's keys: one array parameter a column, and `n` from 1.

    The parameters are named like the columns with `s` added. Arrays of numbers and ids go as their
    text: the driver would look at each element several times to see what it is.
    """
    types: list[Any] = [_type(name) for name in names]
    arrays: list[Any] = [_array(f"{name}s", kind) for name, kind in zip(names, types, strict=True)]
    columns: list[Any] = [column(name, kind) for name, kind in zip(names, types, strict=True)]
    table = func.unnest(*arrays).table_valued(*columns, with_ordinality="n", name="k")
    return table.render_derived()


def _array(name: str, kind: Any) -> Any:
    return bindparam(name, type_=ARRAY(kind)) if isinstance(kind, Text) else _in_text(name, kind)


def _in_text(name: str, kind: Any) -> Any:
    """An array parameter whose value is its text."""
    return cast(bindparam(name, type_=Text()), ARRAY(kind))


def arrays_table(alias: str, *, in_text: bool = False, **columns: tuple[str, Any]) -> Any:
    """A table of array parameters: for each column the parameter's name and the elements' type.

    With `in_text` their values are those of `array_text`.
    """
    arrays: list[Any] = [
        _in_text(name, kind) if in_text else bindparam(name, type_=ARRAY(kind))
        for name, kind in columns.values()
    ]
    listed: list[Any] = [column(name, kind) for name, (_, kind) in columns.items()]
    return func.unnest(*arrays).table_valued(*listed, name=alias).render_derived()


def array_text(values: Iterable[int | str]) -> str:
    """An array as PostgreSQL reads it of a text.

    The driver takes longer to write an array of many elements than PostgreSQL to read this.
    """
    texts = [str(value).replace("\\", "\\\\").replace('"', '\\"') for value in values]
    return '{"' + '","'.join(texts) + '"}' if texts else "{}"


def key_values(names: Sequence[str], keys: Sequence[Sequence[Any]]) -> dict[str, Any]:
    """The array parameters of `keys_table(*names)` for these keys."""
    return {
        parameter: array([key[at] for key in keys])
        for at, (parameter, array) in enumerate(_arrays(tuple(names)))
    }


@cache
def _arrays(names: tuple[str, ...]) -> tuple[tuple[str, Callable[[list[Any]], Any]], ...]:
    """The parameters' names, and what makes their values of a column of the keys."""
    made: dict[type, Callable[[list[Any]], Any]] = {Integer: _numbers, Uuid: _ids, Text: list}
    return tuple((f"{name}s", made[type(_type(name))]) for name in names)


def _numbers(given: list[int]) -> str:
    """An array of numbers as text; mostly they are all of one tenant."""
    if given and given.count(given[0]) == len(given):
        return f"{{{','.join([str(int(given[0]))] * len(given))}}}"
    return f"{{{','.join([str(int(each)) for each in given])}}}"


def _ids(given: list[uuid.UUID]) -> str:
    """An array of ids as text."""
    return f"{{{b''.join([each.bytes for each in given]).hex(',', _UUID_BYTES)}}}"
