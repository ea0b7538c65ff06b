"""Transactions that fail in the middle: cut, cancelled, or by an exception, at a chosen write."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from typing import Any

import asyncpg

from schema.scope import Scope
from schema.writing import Writing
from tests.schema.agreements.pair import Pair
from tests.schema.watched import Watched

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
    async def __call__(self, scope: Scope, beside: set[int]) -> AsyncIterator[Writing]:
        async with self.pair.database.unit_of_work(scope, beside) as connection:
            yield Watched(connection, partial(self._before, connection))

    async def _before(self, connection: Writing, statement: str) -> None:
        if not WRITE.match(statement):
            return
        if len(self.writes) + 1 == self.at:
            await self._happen(connection)
        self.writes.append(statement)

    async def _happen(self, connection: Writing) -> None:
        if self.trouble is Trouble.EXCEPTION:
            raise InjectedError
        if self.trouble is Trouble.CANCELLED:
            task = asyncio.current_task()
            assert task is not None
            task.cancel()
        if self.trouble is Trouble.CUT:
            ((backend,),) = await connection.fetch("SELECT pg_backend_pid()")
            other: Any = await asyncpg.connect(self.pair.url)
            try:
                await other.execute("SELECT pg_terminate_backend($1, 5000)", backend)
            finally:
                await other.close()
