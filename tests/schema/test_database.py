"""Snapshots: one read-only state for an operation, and connections that always come back."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from schema.database import Database, SnapshotClosedError
from schema.errors import CodedError
from schema.scope import Login, Scope
from tests.conftest import NewDatabase, run_sql
from tests.schema.lent import lent

SCOPE = Scope(frozenset({210000, 210400}))
CITY = Scope(frozenset({210400}), Login.CITY)


@pytest.fixture
async def url(new_database: NewDatabase) -> str:
    """A migrated database without rows."""
    return await new_database()


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    """A database with room for one operation at a time."""
    opened = Database(url, size=1)
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
async def owner(url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection of the owner to the same database."""
    connection = await asyncpg.connect(url)
    yield connection
    await connection.close()


async def test_a_snapshot_does_not_see_what_is_committed_meanwhile(
    database: Database, url: str
) -> None:
    """Two reads of one operation agree, whatever happens between them."""
    insert = "INSERT INTO tenant VALUES (210000, 'PROVINCE', 'liaoning', 1)"
    async with database.snapshot(SCOPE) as snapshot:
        before: list[asyncpg.Record] = await snapshot.fetch("SELECT count(*) AS n FROM tenant", [])
        await run_sql(url, insert)
        after: list[asyncpg.Record] = await snapshot.fetch("SELECT count(*) AS n FROM tenant", [])
    async with database.snapshot(SCOPE) as later:
        now: list[asyncpg.Record] = await later.fetch("SELECT count(*) AS n FROM tenant", [])
    assert [rows[0]["n"] for rows in (before, after, now)] == [0, 0, 1]
    assert snapshot.statements == 2


async def test_a_snapshot_cannot_write(database: Database) -> None:
    """A read operation is read-only in the database too, and the connection survives trying."""
    with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
        async with database.snapshot(CITY) as snapshot:
            await snapshot.fetch("UPDATE person SET name = 'x'", [])
    async with database.snapshot(CITY) as snapshot:
        assert await snapshot.fetch("SELECT 1 AS one", []) == [(1,)]


async def test_statements_of_one_operation_take_turns(database: Database) -> None:
    """Batches that run at the same time share the operation's one connection."""
    async with database.snapshot(SCOPE) as snapshot:
        found: list[list[asyncpg.Record]] = await asyncio.gather(
            *(snapshot.fetch("SELECT $1::int AS n", [n]) for n in range(20))
        )
    assert [rows[0]["n"] for rows in found] == list(range(20))


async def test_a_batch_after_the_end_takes_no_connection(database: Database) -> None:
    """What is left over when an operation ends is refused, and leaks nothing."""
    async with database.snapshot(SCOPE) as snapshot:
        await snapshot.fetch("SELECT 1", [])
    with pytest.raises(SnapshotClosedError):
        await snapshot.fetch("SELECT 1", [])
    async with asyncio.timeout(5), database.snapshot(SCOPE) as another:
        assert await another.fetch("SELECT 1 AS one", []) == [(1,)]


RUNNING = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE $1 AND state = 'active'"


async def running(owner: asyncpg.Connection, statement: str) -> bool:
    """Whether the server runs a statement that begins so."""
    return bool(await owner.fetchval(RUNNING, f"{statement}%"))


async def test_a_cancelled_operation_cancels_its_statement(
    database: Database, owner: asyncpg.Connection
) -> None:
    """Who leaves in the middle of a statement stops it in the server, and holds nothing."""

    async def slow() -> None:
        async with database.snapshot(SCOPE) as snapshot:
            await snapshot.fetch("SELECT pg_sleep(60)", [])

    async with asyncio.timeout(20):
        for _ in range(3):
            task = asyncio.create_task(slow())
            while not await running(owner, "SELECT pg_sleep"):
                pass
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            while await running(owner, "SELECT pg_sleep"):
                pass
        async with database.snapshot(SCOPE) as snapshot:
            assert await snapshot.fetch("SELECT 1 AS one", []) == [(1,)]


async def test_a_batch_of_a_cancelled_operation_is_cancelled_too(
    database: Database, owner: asyncpg.Connection
) -> None:
    """Batches run in tasks of their own: the end of their operation stops them all the same."""

    async def slow() -> None:
        async with database.snapshot(SCOPE) as snapshot:
            batch: asyncio.Task[Any] = asyncio.create_task(
                snapshot.fetch("SELECT pg_sleep(60)", [])
            )
            await asyncio.wait({batch})

    async with asyncio.timeout(20):
        task = asyncio.create_task(slow())
        while not await running(owner, "SELECT pg_sleep"):
            pass
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        while await running(owner, "SELECT pg_sleep"):
            pass
        async with database.snapshot(SCOPE) as snapshot:
            assert await snapshot.fetch("SELECT 1 AS one", []) == [(1,)]


async def test_a_slow_statement_is_a_coded_error(url: str) -> None:
    """A statement that takes longer than it may is refused as such, and the connection is well."""
    database = Database(url, size=1, statement_timeout=0.05)
    await database.open()
    with pytest.raises(CodedError) as refused:
        async with database.snapshot(SCOPE) as snapshot:
            await snapshot.fetch("SELECT pg_sleep(60)", [])
    assert refused.value.code == "DEADLINE_EXCEEDED"
    async with database.snapshot(SCOPE) as snapshot:
        assert await snapshot.fetch("SELECT 1 AS one", []) == [(1,)]
    await database.close()


async def test_the_scope_ends_with_the_transaction(database: Database) -> None:
    """The next user of a connection finds no scope of the one before."""
    setting = "SELECT current_setting('app.tenant_id', true) AS scope"
    async with database.snapshot(CITY) as snapshot:
        assert await snapshot.fetch(setting, []) == [("210400",)]
    async with lent(database, Login.CITY) as connection:
        assert await connection.fetchval(setting) == ""


async def test_a_killed_backend_is_unavailable_once(database: Database, url: str) -> None:
    """The operation whose backend dies says so, and the next one works."""
    kill = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE application_name = 'onegrid' AND datname = current_database()"
    )
    with pytest.raises(CodedError) as refused:
        async with database.snapshot(SCOPE) as snapshot:
            await snapshot.fetch("SELECT 1", [])
            await run_sql(url, kill)
            await snapshot.fetch("SELECT 1", [])
    assert refused.value.code == "UNAVAILABLE"
    async with database.snapshot(SCOPE) as snapshot:
        assert await snapshot.fetch("SELECT 1 AS one", []) == [(1,)]


async def test_a_database_that_was_never_opened_is_unavailable() -> None:
    """Reading before the database answers is a coded error."""
    with pytest.raises(CodedError) as refused:
        async with Database("postgresql://nowhere/none").snapshot(SCOPE) as snapshot:
            await snapshot.fetch("SELECT 1", [])
    assert refused.value.code == "UNAVAILABLE"
