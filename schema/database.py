"""The database: a pool for reading, snapshots for operations, an engine for writing."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from functools import partial
from types import TracebackType
from typing import Any, TypeVar

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from schema.errors import CodedError, ErrorCode

R = TypeVar("R", bound=asyncpg.Record)


UNREACHABLE = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
)
"""What asyncpg raises where there is no database to talk to, or it hung up."""

UNREPRESENTABLE = (asyncpg.CharacterNotInRepertoireError, asyncpg.UntranslatableCharacterError)


async def _leave(connection: asyncpg.Connection) -> None:
    """Leave a returned connection as it is.

    Every operation is a transaction of its own that ends before its connection goes back, so
    there is nothing to reset; asyncpg's own RESET would cost a round trip an operation.
    """


# seconds that closing waits for operations to end
_PATIENCE = 10


class Database:
    """A pool of connections to one PostgreSQL database; `open` before use, `close` after."""

    def __init__(self, url: str, size: int = 10, statement_timeout: float = 5.0) -> None:
        self.url = url
        self._size = size
        self._statement_timeout = statement_timeout
        self._pool: asyncpg.Pool | None = None

    async def open(self) -> None:
        """Connect.

        Errors: those of `UNREACHABLE`, and `asyncpg.PostgresError` where the server refuses.
        """
        if self._pool is None:
            self._pool = await asyncpg.create_pool(
                self.url,
                min_size=0,  # else asyncpg logs tracebacks for as long as the server is down
                max_size=self._size,
                reset=_leave,
                server_settings={
                    "statement_timeout": str(int(self._statement_timeout * 1000)),
                    "jit": "off",  # costs more than it saves on statements of milliseconds
                    "application_name": "onegrid",
                },
            )

    async def close(self) -> None:
        """Give every connection back to the server; one still in use is cut off in the end."""
        pool, self._pool = self._pool, None
        if pool is None:
            return
        try:
            async with asyncio.timeout(_PATIENCE):
                await pool.close()
        except TimeoutError:
            pool.terminate()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator["asyncpg.pool.PoolConnectionProxy[Any]"]:
        """A connection for one use.

        Errors: `CodedError` UNAVAILABLE where the database cannot be reached.
        """
        if self._pool is None:
            raise unavailable()
        try:
            connection = await self._pool.acquire()
        except (OSError, asyncpg.PostgresError) as error:
            raise unavailable() from error
        try:
            yield connection
        finally:
            await self._pool.release(connection)

    def snapshot(self) -> "Snapshot":
        """A read-only snapshot for one operation; use as an async context manager."""
        return Snapshot(self)


def unavailable() -> CodedError:
    """What is said while the database cannot be reached."""
    return CodedError(
        ErrorCode.UNAVAILABLE,
        "数据库暂时不可用,请稍后重试。",
        "The database is not available now; try again later.",
    )


@contextmanager
def _reached(connection: Any) -> Iterator[None]:
    """Turn what a connection raises where the server hung up into UNAVAILABLE."""
    try:
        yield
    except UNREACHABLE as error:
        raise unavailable() from error
    except asyncpg.InterfaceError as error:
        if _lost(connection):
            raise unavailable() from error
        raise
    except asyncpg.InternalClientError as error:
        # asyncpg's state when the server's last word comes between two of ours; the connection
        # is of no use any more
        if not _lost(connection):
            connection.terminate()
        raise unavailable() from error


def _lost(connection: Any) -> bool:
    """Whether the server hung up; the pool may have taken the connection away already."""
    try:
        return bool(connection.is_closed())
    except asyncpg.InterfaceError:
        return True


class SnapshotClosedError(Exception):
    """A batch that was still waiting when its operation ended; nobody waits for it any more."""


class Snapshot:
    """One read-only REPEATABLE READ transaction, begun by the first statement.

    All that an operation reads through it agrees with each other. `statements` counts what it ran
    (BEGIN and COMMIT not counted).
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = asyncio.Lock()
        self._lease: Any = None
        self._connection: Any = None
        self._closed = False
        self.statements = 0

    async def __aenter__(self) -> "Snapshot":
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        async with self._lock:  # a batch may still be reading
            self._closed = True
            if self._lease is None:
                return
            try:
                # what was read stays true where the server hangs up only now
                with suppress(CodedError), _reached(self._connection):
                    await self._connection.execute("COMMIT" if error is None else "ROLLBACK")
            finally:
                lease, self._lease, self._connection = self._lease, None, None
                await lease.__aexit__(None, None, None)

    async def fetch(
        self, sql: str, values: Sequence[object], record: type[R] | None = None
    ) -> list[R]:
        """Run one statement and give its rows as `record`s, in the order of the statement.

        Errors: `SnapshotClosedError` after the operation has ended; UNAVAILABLE; BAD_REQUEST.
        """
        async with self._lock:  # a connection runs one statement at a time
            if self._closed:
                raise SnapshotClosedError
            if self._connection is None:
                await self._begin()
            self.statements += 1
            try:
                with _reached(self._connection):
                    rows: list[R] = await self._connection.fetch(sql, *values, record_class=record)
            except UNREPRESENTABLE as error:
                raise CodedError(
                    ErrorCode.BAD_REQUEST,
                    "参数中的文字含有不能存储的字符(如 U+0000);请去掉后重试。",
                    "A text among the arguments has a character that cannot be stored "
                    "(such as U+0000); leave it out.",
                ) from error
            return rows

    async def _begin(self) -> None:
        lease = self._database.connection()
        connection = await lease.__aenter__()
        try:
            with _reached(connection):
                await connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        except BaseException:
            await lease.__aexit__(None, None, None)
            raise
        self._lease, self._connection = lease, connection


def engine(url: str) -> AsyncEngine:
    """An SQLAlchemy engine for writes, of few connections."""
    return create_async_engine(
        "postgresql+asyncpg://",
        # asyncpg reads the address, as it does for reading: SQLAlchemy knows no sslmode
        async_creator=partial(asyncpg.connect, url),
        pool_size=2,
        pool_pre_ping=True,
    )
