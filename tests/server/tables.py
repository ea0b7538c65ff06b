"""The contents of a whole database, to compare."""

import asyncio
from typing import Any

import asyncpg

Contents = dict[str, tuple[int, str | None]]


MOMENTS = "loaded_at, applied_at, recorded_at, created_at, proposed_at"
"""Columns that say when a row was loaded."""


def contents(url: str) -> Contents:
    """Count and hash of the rows of each table, without times."""
    return asyncio.run(_contents(url))


async def _contents(url: str) -> Contents:
    connection: Any = await asyncpg.connect(url)
    try:
        named = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
        tables = [row["tablename"] for row in await connection.fetch(named)]
        return {table: await _hash(connection, table) for table in tables}
    finally:
        await connection.close()


async def _hash(connection: Any, table: str) -> tuple[int, str | None]:
    rows = f"SELECT (to_jsonb(t) - '{{{MOMENTS}}}'::text[])::text AS row FROM {table} t"
    found = await connection.fetchrow(
        f"SELECT count(*), md5(string_agg(row, E'\\n' ORDER BY row)) FROM ({rows}) AS all_rows"
    )
    return tuple(found)
