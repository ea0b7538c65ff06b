"""Writing: the connections that transactions write on, and such a transaction's connection.

What is written often is SQL text that was rendered once, run on asyncpg directly. All else passes
statements of SQLAlchemy, which take some 200 µs of the server's time each, on the same connection
and in the same transaction: SQLAlchemy is told not to begin or end any.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import asyncpg
import orjson
from sqlalchemy import Executable
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

# seconds that the server may take to cancel a statement and to end its transaction
_ROLLBACK_SECONDS = 2

_HUNG_UP = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""What a connection raises at BEGIN that the server has ended since its last use."""


class Writing:
    """The connection of one writing transaction."""

    __slots__ = ("core", "driver")

    def __init__(self, core: AsyncConnection, driver: "asyncpg.Connection[Any]") -> None:
        self.core = core
        self.driver = driver

    async def fetch(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        """The rows of one statement, as records of asyncpg; its values are `$1`, `$2` ...

        JSON goes in as text, and comes out read.
        """
        rows: list[Any] = await self.driver.fetch(sql, *values)
        return rows

    async def execute(self, statement: Executable, given: Any = None) -> Any:
        """The result of a statement of SQLAlchemy; it is run for each of a list of values."""
        return await self.core.execute(statement, given)

    async def scalar(self, statement: Executable, given: Any = None) -> Any:
        """The first column of the first row, None without one."""
        return await self.core.scalar(statement, given)

    async def scalars(self, statement: Executable, given: Any = None) -> Any:
        """The first column of all rows."""
        return await self.core.scalars(statement, given)

    def begin_nested(self) -> Any:
        """A savepoint, to which an exception inside leads back."""
        return self.core.begin_nested()

    @property
    def is_lost(self) -> bool:
        """Whether the server hung up, or SQLAlchemy gave the connection up."""
        return self.driver.is_closed() or self.core.invalidated

    async def end(self, how: str) -> None:
        """COMMIT or ROLLBACK."""
        await self.driver.execute(how)
        if self.core.in_transaction():  # SQLAlchemy's notion of one, of which the server knows not
            await self.core.rollback()

    async def close(self) -> None:
        """End the connection, whatever state it is in."""
        self.driver.terminate()
        with suppress(Exception):
            await self.core.close()


class Writers:
    """At most `size` connections, which stay open; `connect` opens one of asyncpg.

    Who waits longer than `patience` seconds for a connection is told so.
    """

    def __init__(
        self,
        connect: Callable[[], Awaitable["asyncpg.Connection[Any]"]],
        size: int,
        patience: float,
    ) -> None:
        self._engine = create_async_engine(
            "postgresql+asyncpg://",
            async_creator=connect,
            poolclass=NullPool,
            isolation_level="AUTOCOMMIT",
            json_deserializer=orjson.loads,
            hide_parameters=True,  # they may be personal
        )
        self._places = asyncio.Semaphore(size)
        self._patience = patience
        self._idle: list[Writing] = []
        self._is_closed = False

    @asynccontextmanager
    async def begun(
        self, setting: str, ending: Callable[[Coroutine[Any, Any, None]], "asyncio.Task[None]"]
    ) -> AsyncIterator[Writing]:
        """A transaction that the statement `setting` begins: committed at the end, or undone.

        `ending` makes the task that undoes one, which goes on whoever stops waiting for it.
        Errors: `TimeoutError`; those of connecting.
        """
        await self._wait()
        try:
            writing = await self._begin(f"BEGIN; {setting}")
        except BaseException:
            self._places.release()
            raise
        try:
            yield writing
            await writing.end("COMMIT")
        except BaseException:
            await asyncio.shield(ending(self._undo(writing)))
            raise
        await self._give_back(writing)

    async def close(self) -> None:
        """End what is idle now, and what is used when it is given back."""
        self._is_closed = True
        idle, self._idle = self._idle, []
        for writing in idle:
            await writing.close()
        await self._engine.dispose()

    async def _wait(self) -> None:
        if not self._places.locked():
            await self._places.acquire()
            return
        async with asyncio.timeout(self._patience):
            await self._places.acquire()

    async def _begin(self, begins: str) -> Writing:
        """A connection with its transaction: the first one of those at hand that can begin it.

        One that the server has ended is found by that, before anything was done on it.
        """
        while self._idle:
            writing = self._idle.pop()
            with suppress(*_HUNG_UP):
                await self._tell(writing, begins)
                return writing
        core = await self._engine.connect()
        raw = await core.get_raw_connection()
        driver: Any = raw.driver_connection
        writing = Writing(core, driver)
        await self._tell(writing, begins)
        return writing

    async def _tell(self, writing: Writing, begins: str) -> None:
        try:
            await writing.driver.execute(begins)
        except BaseException:  # nobody knows whether it is in the transaction
            await writing.close()
            raise

    async def _undo(self, writing: Writing) -> None:
        """Undo what was broken off, also where the server does not answer any more."""
        try:
            async with asyncio.timeout(_ROLLBACK_SECONDS):
                await writing.end("ROLLBACK")
        except Exception:
            writing.driver.terminate()
        await self._give_back(writing)

    async def _give_back(self, writing: Writing) -> None:
        try:
            if writing.is_lost or self._is_closed:
                await writing.close()
            else:
                self._idle.append(writing)
        finally:
            self._places.release()
