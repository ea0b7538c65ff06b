"""Rows on their way into the database: what exists stays as it is."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import asyncpg

from schema.organizations.tree import TREE_LOCK
from seeds.events import EVENT_ROW, Happened, event_rows

Row = tuple[Any, ...]


async def insert(
    connection: "asyncpg.Connection[Any]",
    table: str,
    columns: Sequence[str],
    rows: Sequence[Row],
    returning: str = "tenant_id",
) -> "list[asyncpg.Record]":
    """COPY into a temporary table, then insert what is new; one column of the rows inserted."""
    if not rows:
        return []
    listed = ", ".join(columns)
    await connection.execute(
        f"CREATE TEMPORARY TABLE arriving ON COMMIT DROP AS SELECT {listed} FROM {table} LIMIT 0"
    )
    await connection.copy_records_to_table("arriving", records=rows, columns=list(columns))
    added: list[asyncpg.Record] = await connection.fetch(
        f"INSERT INTO {table} ({listed}) SELECT {listed} FROM arriving ON CONFLICT DO NOTHING"
        f" RETURNING {returning}"
    )
    await connection.execute("DROP TABLE arriving")
    return added


def columns_of(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> list[Row]:
    """Rows of mappings, with these columns."""
    return [tuple(row.get(name) for name in columns) for row in rows]


async def append(
    connection: "asyncpg.Connection[Any]", tenant_id: int, events: Sequence[Happened]
) -> None:
    """Add events to a tenant's log, numbered without a gap: the last thing of a transaction."""
    if not events:
        return
    newest = await connection.fetchval(_SEQ, tenant_id, len(events))
    rows = event_rows(tenant_id, events, newest - len(events))
    await insert(connection, "event", EVENT_ROW, rows)


async def hold_tree(connection: "asyncpg.Connection[Any]", tenant_id: int) -> None:
    """Until the transaction ends nobody moves, ends or adds an organization, or appoints in one."""
    await connection.execute("SELECT pg_advisory_xact_lock($1, $2)", TREE_LOCK, tenant_id)


_SEQ = """
INSERT INTO event_counter (tenant_id, seq) VALUES ($1, $2)
ON CONFLICT (tenant_id) DO UPDATE SET seq = event_counter.seq + $2 RETURNING seq
"""
