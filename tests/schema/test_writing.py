"""Connections that transactions write on: kept, replaced, and never left in a transaction."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from schema.database import Database
from schema.errors import CodedError
from schema.scope import Login, Scope
from tests.conftest import NewDatabase

CITY = Scope(frozenset({210400}), Login.CITY)
PID = "SELECT pg_backend_pid()"
KEEP = "INSERT INTO event_counter (tenant_id, seq) VALUES (210400, $1)"
KEPT = "SELECT array_agg(seq) FROM event_counter"


@pytest.fixture
async def url(new_database: NewDatabase) -> str:
    """A migrated database."""
    return await new_database()


@pytest.fixture
async def owner(url: str) -> AsyncIterator[Any]:
    """A connection of the owner to it, which has the city."""
    connection: Any = await asyncpg.connect(url)
    await connection.execute("INSERT INTO tenant VALUES (210400, 'CITY', 'fushun', 1)")
    yield connection
    await connection.close()


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    """A database with one connection that writes."""
    opened = Database(url, size=1, statement_timeout=2)
    await opened.open()
    yield opened
    await opened.close()


async def backend(database: Database) -> int:
    """The server process of the connection that writes."""
    async with database.unit_of_work(CITY) as writing:
        ((found,),) = await writing.fetch(PID)
    return int(found)


async def test_sql_and_sqlalchemy_are_in_one_transaction(database: Database, owner: Any) -> None:
    """What is run either way is seen by the other, and committed together."""
    async with database.unit_of_work(CITY) as writing:
        await writing.fetch(KEEP, [1])
        seen = await writing.scalar(text("SELECT seq FROM event_counter"))
        await writing.execute(text("UPDATE event_counter SET seq = seq + :n"), {"n": 1})
        rows = await writing.fetch("SELECT seq, '{\"a\": [1]}'::jsonb AS json FROM event_counter")
        assert await owner.fetchval(KEPT) is None
    assert (seen, [tuple(row) for row in rows]) == (1, [(2, {"a": [1]})])
    assert await owner.fetchval(KEPT) == [2]


@pytest.mark.parametrize("by", ["fetch", "execute"])
async def test_an_exception_undoes_all(database: Database, owner: Any, by: str) -> None:
    """Nothing is left of a transaction that an exception ends, and its connection goes on."""
    before = await backend(database)
    with pytest.raises((asyncpg.PostgresError, DBAPIError)):
        async with database.unit_of_work(CITY) as writing:
            await writing.fetch(KEEP, [1])
            wrong: Any = "SELECT 1/0" if by == "fetch" else text("SELECT 1/0")
            await getattr(writing, by)(wrong)
    assert await owner.fetchval(KEPT) is None
    assert await backend(database) == before


async def test_a_savepoint(database: Database, owner: Any) -> None:
    """What an exception ends inside of a savepoint is undone, and what was before it stays."""
    async with database.unit_of_work(CITY) as writing:
        await writing.fetch(KEEP, [1])
        with pytest.raises(asyncpg.DivisionByZeroError):
            async with writing.begin_nested():
                await writing.fetch("UPDATE event_counter SET seq = 5")
                await writing.fetch("SELECT 1/0")
    assert await owner.fetchval(KEPT) == [1]


async def test_a_connection_that_ended_is_replaced(database: Database, owner: Any) -> None:
    """One that the server ended while nobody used it costs no write."""
    before = await backend(database)
    await owner.fetchval("SELECT pg_terminate_backend($1, 5000)", before)
    assert await backend(database) != before


async def test_the_server_hangs_up(database: Database, owner: Any) -> None:
    """A write whose connection ends in the middle is told so; the next one has another."""
    with pytest.raises(CodedError) as refused:
        async with database.unit_of_work(CITY) as writing:
            await writing.fetch(KEEP, [1])
            ((found,),) = await writing.fetch(PID)
            await owner.fetchval("SELECT pg_terminate_backend($1, 5000)", found)
            await writing.fetch(KEEP, [2])
    assert refused.value.code == "UNAVAILABLE"
    assert await owner.fetchval(KEPT) is None
    assert await backend(database) != found


@pytest.mark.parametrize("by", ["fetch", "execute"])
async def test_a_statement_takes_too_long(database: Database, by: str) -> None:
    """A statement is cancelled after its time, and the client told."""
    slow: Any = "SELECT pg_sleep(30)"
    with pytest.raises(CodedError) as refused:
        async with database.unit_of_work(CITY) as writing:
            await getattr(writing, by)(slow if by == "fetch" else text(slow))
    assert refused.value.code == "DEADLINE_EXCEEDED"


@pytest.mark.parametrize("by", ["fetch", "execute"])
async def test_who_leaves(database: Database, owner: Any, by: str) -> None:
    """A write that is given up runs no longer, and leaves neither rows nor a lock."""
    slow: Any = "SELECT pg_sleep(1.5)"

    async def write() -> None:
        async with database.unit_of_work(CITY) as writing:
            await writing.fetch(KEEP, [1])
            await getattr(writing, by)(slow if by == "fetch" else text(slow))

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await write()
    busy = (
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND usename = $1 AND state <> 'idle'"
    )
    async with asyncio.timeout(1):
        while await owner.fetchval(busy, Login.CITY):
            pass
    await owner.execute(KEEP, 7)
    await backend(database)
    assert await owner.fetchval(KEPT) == [7]


async def test_closing_while_somebody_writes(url: str, owner: Any) -> None:
    """Whoever writes when the database is closed may end, and its connection ends then."""
    database = Database(url, size=2)
    await database.open()
    await backend(database)
    async with database.unit_of_work(CITY) as writing:
        await writing.fetch(KEEP, [1])
        await database.close()
    assert writing.is_lost
    assert await owner.fetchval(KEPT) == [1]
    with pytest.raises(CodedError):
        await backend(database)
