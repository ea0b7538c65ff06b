"""Transactions that fail in the middle: cut, cancelled, or by an exception, at a chosen write."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import asyncpg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from schema.scope import Scope
from tests.schema.agreements.pair import Pair

WRITE = re.compile(r"^\s*(INSERT INTO|UPDATE)\s")


class Trouble(StrEnum):
    """How a transaction ends before its time."""

    EXCEPTION = "EXCEPTION"
    CANCELLED = "CANCELLED"
    CUT = "CUT"


class InjectedError(Exception):
    """The exception."""


@dataclass
class Opener:
    """Opens transactions that are in trouble before the write with the number `at`, from 1.

    `writes` are the writes that came to run, as SQL.
    """

    pair: Pair
    trouble: Trouble | None = None
    at: int = 0
    writes: list[str] = field(default_factory=list)

    @asynccontextmanager
    async def __call__(self, scope: Scope, beside: set[int]) -> AsyncIterator[AsyncConnection]:
        async with self.pair.database.unit_of_work(scope, beside) as connection:
            watched: Any = Watched(connection, self._before)
            yield watched

    async def _before(self, connection: AsyncConnection, statement: str) -> None:
        if not WRITE.match(statement):
            return
        if len(self.writes) + 1 == self.at:
            await self._happen(connection)
        self.writes.append(statement)

    async def _happen(self, connection: AsyncConnection) -> None:
        if self.trouble is Trouble.EXCEPTION:
            raise InjectedError
        if self.trouble is Trouble.CANCELLED:
            task = asyncio.current_task()
            assert task is not None
            task.cancel()
        if self.trouble is Trouble.CUT:
            backend = (await connection.execute(text("SELECT pg_backend_pid()"))).scalar_one()
            other: Any = await asyncpg.connect(self.pair.url)
            try:
                await other.execute("SELECT pg_terminate_backend($1, 5000)", backend)
            finally:
                await other.close()


Before = Callable[[AsyncConnection, str], Awaitable[None]]


class Watched:
    """A connection that says what it is going to run."""

    def __init__(self, connection: AsyncConnection, before: Before) -> None:
        self._connection, self._before = connection, before

    async def execute(self, statement: Any, *given: Any) -> Any:
        """Run a statement."""
        await self._before(self._connection, str(statement))
        return await self._connection.execute(statement, *given)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)
