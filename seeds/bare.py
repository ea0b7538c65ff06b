"""Tables without their indexes for a while, to fill them fast: for databases that nobody uses yet.

What has no index while it is filled gets a better one, in a fraction of the time.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg


@asynccontextmanager
async def bared(
    connection: "asyncpg.Connection[Any]", tables: Sequence[str]
) -> AsyncIterator[None]:
    """Drop the foreign keys of these tables and the indexes that none needs; make them anew.

    Nobody else may write meanwhile. Where it is interrupted they are missing.
    """
    keys = await connection.fetch(_KEYS, list(tables))
    indexes = await connection.fetch(_INDEXES, list(tables))
    for key in keys:
        await connection.execute(f"ALTER TABLE {key['table']} DROP CONSTRAINT {key['name']}")
    for index in indexes:
        await connection.execute(f"DROP INDEX {index['name']}")
    try:
        yield
    finally:
        await connection.execute("SET maintenance_work_mem = '512MB'")
        for index in indexes:
            await connection.execute(index["definition"])
        for key in keys:
            await connection.execute(
                f"ALTER TABLE {key['table']} ADD CONSTRAINT {key['name']} {key['definition']}"
            )
        await connection.execute("RESET maintenance_work_mem")


_KEYS = """
SELECT c.conname::text AS name, c.conrelid::regclass::text AS table,
    pg_get_constraintdef(c.oid) AS definition
FROM pg_constraint c
WHERE c.conparentid = 0 AND c.conrelid = ANY ($1::text[]::regclass[])
    AND (
        c.contype = 'f' OR c.contype = 'p' AND NOT EXISTS (
            SELECT FROM pg_constraint f WHERE f.contype = 'f' AND f.confrelid = c.conrelid
        )
    )
ORDER BY c.contype DESC, c.conname
"""
_INDEXES = """
SELECT i.indexrelid::regclass::text AS name, pg_get_indexdef(i.indexrelid) AS definition
FROM pg_index i
WHERE i.indrelid = ANY ($1::text[]::regclass[])
    AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid)
ORDER BY i.indexrelid
"""
