"""Recounting: what the cells of a tenant should be, where they differ, and making them so."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import asyncpg
from sqlalchemy.exc import DBAPIError

from schema.fetching import Fetch
from schema.rollup import Rollup, Source, some

PATIENCE = 300
"""Milliseconds for which a rebuild waits for a table while it holds others: less than the second
after which PostgreSQL would end one of two that wait for each other."""

ATTEMPTS = 200
LOCK_NOT_AVAILABLE = "55P03"


@dataclass(frozen=True)
class Difference:
    """A counter of a cell that is not what a recount of the source rows gives."""

    tenant_id: int
    rollup: str
    key: Mapping[str, Any]
    counter: str
    kept: Any
    recounted: Any


async def check(fetch: Fetch, sources: Iterable[Source], tenant_id: int) -> list[Difference]:
    """Every counter that differs, in order of rollups and keys; one statement a rollup.

    Each rollup is compared with its source rows as one moment shows both. Where a cell is not
    there or nothing is counted into it, that is 0.
    """
    found = []
    for source in sources:
        for rollup in source.rollups:
            for row in await fetch(_checking(source, rollup), (tenant_id,)):
                key = {name: row[name] for name in rollup.keys}
                found += [
                    Difference(tenant_id, rollup.name, key, name, *values)
                    for name in rollup.counters
                    if (values := (row[f"kept_{name}"], row[f"recounted_{name}"]))
                    and values[0] != values[1]
                ]
    return found


async def rebuild(fetch: Fetch, sources: Iterable[Source], tenant_id: int) -> None:
    """Make all cells of a tenant anew, in the transaction of `fetch`; for the tables' owner.

    Until it ends, nobody changes a source row of any tenant, and who began to has ended: source
    rows are locked before they are counted, which waits. Cells of 0 go.
    Errors: `RuntimeError` where others write so much that the tables cannot be had.
    """
    sources = list(sources)
    await _hold(fetch, sorted({table for source in sources for table in source.tables}))
    for source in sources:
        for rollup in source.rollups:
            await fetch(f"DELETE FROM {rollup.name} WHERE tenant_id = $1::integer", (tenant_id,))
        await fetch(_rebuilding(source), (tenant_id,))


async def _hold(fetch: Fetch, tables: Sequence[str]) -> None:
    """Lock all tables, or none while waiting: writers take them in orders of their own."""
    for _ in range(ATTEMPTS):
        await fetch("SAVEPOINT holding", ())
        await fetch(f"SET LOCAL lock_timeout = {PATIENCE}", ())
        try:
            await fetch(f"LOCK TABLE {', '.join(tables)} IN EXCLUSIVE MODE", ())
        except (asyncpg.PostgresError, DBAPIError) as error:
            if getattr(getattr(error, "orig", error), "sqlstate", None) != LOCK_NOT_AVAILABLE:
                raise
            await fetch("ROLLBACK TO SAVEPOINT holding", ())
        else:
            await fetch("SET LOCAL lock_timeout TO DEFAULT", ())
            return
    raise RuntimeError(f"others write in {', '.join(tables)} all the time; try again later")


def _of_tenant(source: Source) -> str:
    return f"SELECT * FROM ({source.sql}) s WHERE s.tenant_id = $1::integer"


@cache
def _checking(source: Source, rollup: Rollup) -> str:
    keys, counters = ", ".join(rollup.keys), rollup.counters
    sides = ", ".join(
        f"coalesce({side}.{name}, 0) AS {prefix}_{name}"
        for side, prefix in (("c", "kept"), ("r", "recounted"))
        for name in counters
    )
    differing = " OR ".join(f"coalesce(c.{name}, 0) <> coalesce(r.{name}, 0)" for name in counters)
    return (
        f"SELECT {keys}, {sides} FROM (SELECT * FROM {rollup.name} WHERE tenant_id = $1::integer) c"
        f" FULL JOIN (SELECT {keys}, {source.sums(counters)} FROM ({_of_tenant(source)}) x"
        f" GROUP BY {keys}) r USING ({keys}) WHERE {differing} ORDER BY {keys}"
    )


@cache
def _rebuilding(source: Source) -> str:
    grain = ", ".join(source.keys)
    recounted = (
        f"SELECT {grain}, {source.sums(source.counters)} FROM ({_of_tenant(source)}) x"
        f" GROUP BY {grain} HAVING {some(source.counters)}"
    )
    return source.filled(recounted)
