"""Snapshots: one read-only state for an operation, and connections that always come back."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import asyncpg
import pytest

from schema.database import Database, SnapshotClosedError
from schema.errors import CodedError
from tests.conftest import run_sql

NewDatabase = Callable[[], Awaitable[str]]


@pytest.fixture
async def database(new_database: NewDatabase) -> AsyncIterator[Database]:
    """A database with room for one operation at a time."""
    opened = Database(await new_database(), size=1)
    await opened.open()
    yield opened
    await opened.close()


async def test_a_snapshot_does_not_see_what_is_committed_meanwhile(database: Database) -> None:
    """Two reads of one operation agree, whatever happens between them."""
    insert = "INSERT INTO tenant VALUES (210000, 'PROVINCE', 'liaoning', 1)"
    async with database.snapshot() as snapshot:
        before: list[asyncpg.Record] = await snapshot.fetch("SELECT count(*) AS n FROM tenant", [])
        await run_sql(database.url, insert)
        after: list[asyncpg.Record] = await snapshot.fetch("SELECT count(*) AS n FROM tenant", [])
    async with database.snapshot() as later:
        now: list[asyncpg.Record] = await later.fetch("SELECT count(*) AS n FROM tenant", [])
    assert [rows[0]["n"] for rows in (before, after, now)] == [0, 0, 1]
    assert snapshot.statements == 2


async def test_a_snapshot_cannot_write(database: Database) -> None:
    """A read operation is read-only in the database too, and the connection survives trying."""
    with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
        async with database.snapshot() as snapshot:
            await snapshot.fetch("DELETE FROM tenant", [])
    async with database.snapshot() as snapshot:
        assert await snapshot.fetch("SELECT 1 AS one", []) == [(1,)]


async def test_statements_of_one_operation_take_turns(database: Database) -> None:
    """Batches that run at the same time share the operation's one connection."""
    async with database.snapshot() as snapshot:
        found: list[list[asyncpg.Record]] = await asyncio.gather(
            *(snapshot.fetch("SELECT $1::int AS n", [n]) for n in range(20))
        )
    assert [rows[0]["n"] for rows in found] == list(range(20))


async def test_a_batch_after_the_end_takes_no_connection(database: Database) -> None:
    """What is left over when an operation ends is refused, and leaks nothing."""
    async with database.snapshot() as snapshot:
        await snapshot.fetch("SELECT 1", [])
    with pytest.raises(SnapshotClosedError):
        await snapshot.fetch("SELECT 1", [])
    async with asyncio.timeout(5), database.snapshot() as another:
        assert await another.fetch("SELECT 1 AS one", []) == [(1,)]


async def test_a_cancelled_operation_gives_its_connection_back(database: Database) -> None:
    """A client that leaves in the middle of a statement holds nothing."""

    async def slow() -> None:
        async with database.snapshot() as snapshot:
            await snapshot.fetch("SELECT pg_sleep(60)", [])

    for _ in range(5):
        task = asyncio.create_task(slow())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    async with asyncio.timeout(5), database.snapshot() as snapshot:
        assert await snapshot.fetch("SELECT 1 AS one", []) == [(1,)]


async def test_a_killed_backend_is_unavailable_once(database: Database) -> None:
    """The operation whose backend dies says so, and the next one works."""
    kill = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE application_name = 'onegrid' AND datname = current_database()"
    )
    with pytest.raises(CodedError) as refused:
        async with database.snapshot() as snapshot:
            await snapshot.fetch("SELECT 1", [])
            await run_sql(database.url, kill)
            await snapshot.fetch("SELECT 1", [])
    assert refused.value.code == "UNAVAILABLE"
    async with database.snapshot() as snapshot:
        assert await snapshot.fetch("SELECT 1 AS one", []) == [(1,)]


async def test_a_database_that_was_never_opened_is_unavailable() -> None:
    """Reading before the database answers is a coded error."""
    with pytest.raises(CodedError) as refused:
        async with Database("postgresql://nowhere/none").snapshot() as snapshot:
            await snapshot.fetch("SELECT 1", [])
    assert refused.value.code == "UNAVAILABLE"
