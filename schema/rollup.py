"""Rollups: tables of cells that count source rows, and one definition of what each row adds.

From that definition follow the recount of a tenant (`schema/recount.py`) and what a transaction
changes (`schema/counting.py`), so that they cannot disagree about what is counted.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import Select, Table
from sqlalchemy.dialects.postgresql import asyncpg

_DIALECT = asyncpg.dialect()  # type: ignore[no-untyped-call]


@dataclass(frozen=True)
class Rollup:
    """A table of cells: its primary key is `tenant_id` and the cell's key, the rest are counters.

    Keys are never NULL; counters are integers or numerics, never NULL, and 0 where nothing is.
    """

    table: Table

    @property
    def name(self) -> str:
        """Of the table."""
        return self.table.name

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """Columns of the key after the tenant, in the order of the primary key."""
        return tuple(column.name for column in self.table.primary_key if column.name != "tenant_id")

    @cached_property
    def counters(self) -> tuple[str, ...]:
        """All other columns."""
        own = {"tenant_id", *self.keys}
        return tuple(column.name for column in self.table.columns if column.name not in own)


@dataclass(frozen=True, eq=False)
class Source:
    """Rows that are counted, and the rollups that count them.

    `rows` gives the contributions: a select without parameters, of the columns `tenant_id`,
    `source_id`, the keys of all rollups and their counters; a source row may have any number of
    them. A rollup adds up those columns that it has. `tables` are those whose rows are sources:
    whoever changes what a source row contributes holds a lock of a row in one of them, or has
    written in it, from before the contributions are first read. `id_type` is that of `source_id`.
    """

    name: str
    rows: Callable[[], Select[Any]]
    rollups: tuple[Rollup, ...]
    tables: tuple[str, ...]
    id_type: str = "uuid"

    @cached_property
    def sql(self) -> str:
        """The select of the contributions as text."""
        compiled = self.rows().compile(dialect=_DIALECT, compile_kwargs={"literal_binds": True})
        return str(compiled)

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """The keys of all rollups, each once."""
        return tuple(dict.fromkeys(key for rollup in self.rollups for key in rollup.keys))

    @cached_property
    def counters(self) -> tuple[str, ...]:
        """The counters of all rollups, each once."""
        return tuple(dict.fromkeys(name for rollup in self.rollups for name in rollup.counters))

    @property
    def columns(self) -> tuple[str, ...]:
        """Keys and counters."""
        return self.keys + self.counters

    def type_of(self, column: str) -> str:
        """The type of a key or counter, as PostgreSQL writes it.

        Errors: `KeyError` where no rollup has the column.
        """
        for rollup in self.rollups:
            if column in rollup.table.c:
                return str(rollup.table.c[column].type.compile(dialect=_DIALECT))
        raise KeyError(column)

    def sums(self, counters: Iterable[str]) -> str:
        """The sum of each counter in its own type, as SQL."""
        return ", ".join(
            f"coalesce(sum({name}), 0)::{self.type_of(name)} AS {name}" for name in counters
        )

    def filled(self, rows: str, *, adding: bool = False) -> str:
        """The statement that puts sums of `rows`, a select of keys and counters, into all rollups.

        Its parameter `$1` is the tenant. Where `adding`, cells that are there grow by it; in the
        order of their keys, so that everybody locks them in one order.
        """
        *others, last = (self._filling(rollup, adding=adding) for rollup in self.rollups)
        steps = [f"rows AS MATERIALIZED ({rows})"]
        steps += [f"step{at} AS ({text})" for at, text in enumerate(others)]
        return f"WITH {', '.join(steps)} {last}"

    def _filling(self, rollup: Rollup, *, adding: bool) -> str:
        keys, counters = ", ".join(rollup.keys), rollup.counters
        added = ", ".join(f"{name} = c.{name} + excluded.{name}" for name in counters)
        there = f" ON CONFLICT (tenant_id, {keys}) DO UPDATE SET {added}" if adding else ""
        return (
            f"INSERT INTO {rollup.name} AS c (tenant_id, {keys}, {', '.join(counters)})"
            f" SELECT $1::integer, {keys}, {self.sums(counters)} FROM rows"
            f" GROUP BY {keys} HAVING {some(counters)} ORDER BY {keys}{there}"
        )


def some(counters: Iterable[str]) -> str:
    """Whether any of the sums is not 0, as SQL."""
    return " OR ".join(f"sum({name}) <> 0" for name in counters)
