"""How statements are run by whatever connection there is: SQL text, its values, and its rows."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import asyncpg
from sqlalchemy.ext.asyncio import AsyncConnection

Fetch = Callable[[str, Sequence[Any]], Awaitable[Sequence[Any]]]
"""Runs a statement with its values and gives its rows, which have columns by name."""


def fetching(connection: AsyncConnection) -> Fetch:
    """By a connection of SQLAlchemy, in its transaction."""

    async def fetch(sql: str, values: Sequence[Any]) -> Sequence[Any]:
        result = await connection.exec_driver_sql(sql, tuple(values))
        return result.mappings().all() if result.returns_rows else ()

    return fetch


def fetching_directly(connection: "asyncpg.Connection[Any]") -> Fetch:
    """By a connection of asyncpg; `rebuild` wants it to be in a transaction."""

    async def fetch(sql: str, values: Sequence[Any]) -> Sequence[Any]:
        rows: Sequence[Any] = await connection.fetch(sql, *values)
        return rows

    return fetch
