"""The database: a pool a login role, snapshots for reading, units of work for writing."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from functools import partial
from types import TracebackType
from typing import Any, NamedTuple, TypeVar

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from schema.errors import CodedError, ErrorCode
from schema.leases import Lease, Leases
from schema.logins import Addresses, addresses
from schema.scope import Login, Scope
from schema.writing import Writers, Writing

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


_BROKEN = (*UNREACHABLE, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""What asyncpg raises where that may be so, or the connection is of no use any more."""


async def _leave(connection: asyncpg.Connection) -> None:
    """Leave a returned connection as it is.

    Every operation is a transaction of its own that ends before its connection goes back, so
    there is nothing to reset; asyncpg's own RESET would cost a round trip an operation.
    """


_BEGIN = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"

# seconds that closing waits for operations to end
_PATIENCE = 10

# seconds that the server may take to cancel a statement and to end its transaction
_ROLLBACK_SECONDS = 2


class PoolSize(NamedTuple):
    """Connections that are open, idle and allowed, and operations that wait for one."""

    open: int
    idle: int
    limit: int
    waiting: int


class Database:
    """Connections to one PostgreSQL database, a pool a login role; `open` first, `close` last.

    `logins` are the addresses of the login roles; without, they are made from the owner's `url`.
    """

    def __init__(
        self,
        url: str,
        size: int = 10,
        statement_timeout: float = 5.0,
        logins: Addresses | None = None,
    ) -> None:
        self._size = size
        self._statement_timeout = statement_timeout
        self._logins = logins or addresses(url)
        self._pools: dict[Login, Leases] = {}
        self._writers: Writers | None = None
        self._told: list[Callable[[int], None]] = []
        self._ending: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Connect.

        Errors: those of `UNREACHABLE`, and `asyncpg.PostgresError` where the server refuses.
        """
        if self._writers is None:
            self._writers = self._open_writers()
        for login, address in self._logins.items():
            if login not in self._pools:
                pool = await asyncpg.create_pool(
                    **address.arguments,
                    min_size=0,  # else asyncpg logs tracebacks for as long as the server is down
                    max_size=self._size,
                    reset=_leave,
                    server_settings=self._server_settings(),
                )
                self._pools[login] = Leases(pool)

    async def close(self) -> None:
        """Give every connection back to the server; one still in use is cut off in the end."""
        pools, self._pools = self._pools, {}
        writers, self._writers = self._writers, None
        for leases in pools.values():
            try:
                async with asyncio.timeout(_PATIENCE):
                    await leases.close()
                    await leases.pool.close()
            except TimeoutError:
                leases.pool.terminate()
        if writers is not None:
            await writers.close()

    def pools(self) -> dict[Login, "PoolSize"]:
        """How each login's pool stands."""
        return {
            login: PoolSize(
                leases.pool.get_size(), leases.idle, leases.pool.get_max_size(), leases.waiting
            )
            for login, leases in self._pools.items()
        }

    async def lease(self, login: Login) -> tuple[Leases, Lease]:
        """A connection of a login, and to whom it is given back.

        Errors: `CodedError` UNAVAILABLE where the database cannot be reached.
        """
        leases = self._pools.get(login)
        if leases is None:
            raise unavailable()
        try:
            return leases, await leases.take()
        except (OSError, asyncpg.PostgresError) as error:
            raise unavailable() from error

    def on_commit(self, tell: Callable[[int], None]) -> None:
        """Have somebody told the tenant of every unit of work that has been committed."""
        self._told.append(tell)

    def snapshot(self, scope: Scope, like: str | None = None) -> "Snapshot":
        """A read-only snapshot of the scope for one operation; an async context manager.

        It shows the rows of another one that lasts, where `like` is the name of that.
        """
        return Snapshot(self, scope, like)

    def ending(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        """The task of giving a connection back, which goes on whoever stops waiting for it."""
        task = asyncio.get_running_loop().create_task(work)
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)
        return task

    @asynccontextmanager
    async def unit_of_work(
        self, scope: Scope, beside: Collection[int] = ()
    ) -> AsyncIterator[Writing]:
        """One writing transaction in one tenant: committed at the end, undone by an exception.

        `beside` are the other tenants that it wrote in, as they are when it commits.
        Errors: `CodedError` UNAVAILABLE; DEADLINE_EXCEEDED where a statement or the waiting for a
        lock takes longer than `statement_timeout`.
        """
        if self._writers is None:
            raise unavailable()
        if scope.login is not Login.CITY:
            raise PermissionError("only the login of one tenant may write")
        try:
            async with self._writers.begun(scope.setting, self.ending) as writing:
                yield writing
            for tell in self._told:
                for tenant_id in (*scope.tenant_ids, *beside):
                    tell(tenant_id)
        except (DBAPIError, asyncpg.QueryCanceledError) as error:
            raise _explained(error) from error
        except UNREACHABLE as error:
            raise unavailable() from error
        except (asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
            if isinstance(error, asyncpg.InternalClientError) or writing.is_lost:
                raise unavailable() from error
            raise

    def _open_writers(self) -> Writers:
        address = self._logins[Login.CITY]
        connect = partial(
            asyncpg.connect, **address.arguments, server_settings=self._server_settings()
        )
        return Writers(connect, self._size, self._statement_timeout)

    def _server_settings(self) -> dict[str, str]:
        return {
            "statement_timeout": str(int(self._statement_timeout * 1000)),
            "timezone": "Asia/Shanghai",  # what PostgreSQL spells is as clocks in China show it
            "jit": "off",  # costs more than it saves on statements of milliseconds
            # a statement is planned once a connection: to plan it for its values took longer than
            # to run it, and what they change (filters, how many rows) is written into its text
            "plan_cache_mode": "force_generic_plan",
            "application_name": "onegrid",
        }


def unavailable() -> CodedError:
    """What is said while the database cannot be reached."""
    return CodedError(
        ErrorCode.UNAVAILABLE,
        "数据库暂时不可用,请稍后重试。",
        "The database is not available now; try again later.",
    )


def too_slow() -> CodedError:
    """What is said of a statement that was cancelled because it took too long."""
    return CodedError(
        ErrorCode.DEADLINE_EXCEEDED,
        "查询用时超过上限,已取消;请缩小范围或稍后重试。",
        "A statement took longer than it may and was cancelled; ask for less, or try again later.",
    )


def _explained(error: Exception) -> Exception:
    """What a writing statement's failure is to the client; the failure itself where unforeseen."""
    cause = getattr(error.orig, "__cause__", None) if isinstance(error, DBAPIError) else error
    if isinstance(cause, asyncpg.QueryCanceledError):
        return too_slow()
    if isinstance(cause, UNREACHABLE) or getattr(error, "connection_invalidated", False):
        return unavailable()
    return error


@contextmanager
def _reached(lease: Lease) -> Iterator[None]:
    """Turn what a connection raises where the server hung up into UNAVAILABLE."""
    try:
        yield
    except (*UNREACHABLE, asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
        if _is_out_of_reach(error, lease):
            raise unavailable() from error
        raise


def _is_out_of_reach(error: BaseException, lease: Lease) -> bool:
    """Whether an exception of a connection says that the server hung up."""
    if isinstance(error, asyncpg.InternalClientError):
        # asyncpg's state when the server's last word comes between two of ours; the connection
        # is of no use any more
        lease.cut()
        return True
    return isinstance(error, UNREACHABLE) or lease.is_lost


class SnapshotClosedError(Exception):
    """A batch that was still waiting when its operation ended; nobody waits for it any more."""


class Snapshot:
    """One read-only REPEATABLE READ transaction of a scope, begun by the first statement.

    All that an operation reads through it agrees with each other. `statements` counts what it ran
    and `seconds` how long that took (BEGIN and COMMIT not counted).
    """

    def __init__(self, database: Database, scope: Scope, like: str | None = None) -> None:
        self._database = database
        self._scope = scope
        self._begins = _BEGIN if like is None else f"{_BEGIN}; SET TRANSACTION SNAPSHOT '{like}'"
        self._name: str | None = None
        self._lock = asyncio.Lock()
        self._leases: Leases | None = None
        self._lease: Lease | None = None
        self._reading: asyncio.Task[Any] | None = None
        self._closed = False
        self.statements = 0
        self.seconds = 0.0

    async def __aenter__(self) -> "Snapshot":
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closed = True
        if error is None and not self._lock.locked():
            await self._end()
            return
        if self._reading is not None:
            self._reading.cancel()  # asyncpg has the server cancel the statement
        # whoever is cancelled once more while waiting must not keep the connection
        await asyncio.shield(self._database.ending(self._give_up()))

    async def _give_up(self) -> None:
        """End what was broken off, also where the server does not answer any more."""
        try:
            async with asyncio.timeout(_ROLLBACK_SECONDS):
                await self._end(failed=True)
        except TimeoutError:
            if self._leases is not None and self._lease is not None:
                self._lease.cut()
                self._leases.give_back(self._lease)

    async def renew(self) -> None:
        """End the transaction; the next statement begins another, which sees newer rows."""
        await self._end()

    async def name(self) -> str:
        """The name by which other logins see the same rows, until this ends or is renewed.

        One statement the first time. Errors: those of `fetch`.
        """
        if self._name is None:
            rows: list[asyncpg.Record] = await self.fetch("SELECT pg_export_snapshot()", [])
            self._name = str(rows[0][0])
        return self._name

    async def fetch(
        self, sql: str, values: Sequence[object], record: type[R] | None = None
    ) -> list[R]:
        """Run one statement and give its rows as `record`s, in the order of the statement.

        Errors: `SnapshotClosedError` after the operation has ended; `CodedError` UNAVAILABLE,
        BAD_REQUEST, or DEADLINE_EXCEEDED where the server cancelled the statement.
        """
        async with self._lock:  # a connection runs one statement at a time
            if self._closed:
                raise SnapshotClosedError
            self._reading = asyncio.current_task()
            try:
                lease = self._lease or await self._begin()
                return await self._fetch(lease, sql, values, record)
            finally:
                self._reading = None

    async def _fetch(
        self, lease: Lease, sql: str, values: Sequence[object], record: type[R] | None
    ) -> list[R]:
        self.statements += 1
        started = time.perf_counter()
        try:
            rows: list[R] = await lease.connection.fetch(sql, *values, record_class=record)
        except UNREPRESENTABLE as error:
            raise CodedError(
                ErrorCode.BAD_REQUEST,
                "参数中的文字含有不能存储的字符(如 U+0000);请去掉后重试。",
                "A text among the arguments has a character that cannot be stored "
                "(such as U+0000); leave it out.",
            ) from error
        except asyncpg.QueryCanceledError as error:
            raise too_slow() from error
        except _BROKEN as error:
            if _is_out_of_reach(error, lease):
                raise unavailable() from error
            raise
        finally:
            self.seconds += time.perf_counter() - started
        return rows

    async def _begin(self) -> Lease:
        leases, lease = await self._database.lease(self._scope.login)
        # one message: to end what a warm connection is in, and to tell row-level security the
        # scope, costs no round trip
        over = "COMMIT; " if lease.is_in_transaction else ""
        try:
            await lease.connection.execute(f"{over}{self._begins}; {self._scope.setting}")
        except BaseException as error:
            is_out_of_reach = isinstance(error, _BROKEN) and _is_out_of_reach(error, lease)
            lease.cut()  # in a transaction or not
            leases.give_back(lease)
            if is_out_of_reach:
                raise unavailable() from error
            raise
        lease.is_in_transaction = True
        self._leases, self._lease = leases, lease
        return lease

    async def _end(self, *, failed: bool = False) -> None:
        """Let go of the connection: after a failure once its transaction is undone."""
        async with self._lock:  # a batch may still be reading
            leases, self._leases = self._leases, None
            lease, self._lease = self._lease, None
            self._name = None
            if leases is None or lease is None:
                return
            try:
                if failed:
                    # what was read stays true where the server hangs up only now
                    with suppress(CodedError), _reached(lease):
                        await lease.connection.execute("ROLLBACK")
                    lease.is_in_transaction = False
            except BaseException:
                lease.cut()  # it may still be in the transaction, with its scope
                raise
            finally:
                leases.give_back(lease)


def engine(url: str) -> AsyncEngine:
    """An SQLAlchemy engine of the owner, of few connections: to migrate, apply and look."""
    return create_async_engine(
        "postgresql+asyncpg://",
        # asyncpg reads the address, as it does for reading: SQLAlchemy knows no sslmode
        async_creator=partial(asyncpg.connect, url),
        pool_size=2,
        pool_pre_ping=True,
        hide_parameters=True,
    )
