"""The feed: what wakes those who watch a log, whatever happens to its connection."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import pytest

from schema.database import Database, engine
from schema.feed import CHANNEL, Feed
from tests.conftest import NewDatabase, run_sql
from tests.schema.people.staffed import TENANTS
from tests.server.following import NORTH, SOUTH, happen

SECONDS = 30.0
NEVER = 3600.0
TERMINATE = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


@dataclass
class Process:
    """What one process has: connections, and a feed that runs."""

    database: Database
    feed: Feed

    async def happen(self, number: int = 1, tenant: int = NORTH) -> int:
        """So many events; the number of the last."""
        return await happen(self.database, ["S1"] * number, tenant)


@pytest.fixture
async def url(new_database: NewDatabase) -> str:
    """The address of a database with two invented cities."""
    return await new_database(TENANTS)


@asynccontextmanager
async def process(url: str, poll: float = NEVER) -> AsyncIterator[Process]:
    """A process over a database."""
    owner, database = engine(url), Database(url, 2)
    feed = Feed(owner, poll, pause=0)
    database.on_commit(feed.committed)
    await database.open()
    running = asyncio.create_task(feed.run())
    try:
        yield Process(database, feed)
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        await database.close()
        await owner.dispose()


async def test_own_commits(url: str) -> None:
    """What this process commits wakes its own watchers of that log at once, and no others."""
    async with process(url) as one:
        with one.feed.watch(NORTH) as north, one.feed.watch(SOUTH) as south:
            await one.happen(3)
            assert await north.grown(2, SECONDS)
            assert not await north.grown(3, 0)
            assert not await south.grown(0, 0)


async def test_commits_of_others(url: str) -> None:
    """What another process commits wakes them too, by its notification."""
    async with process(url) as one, process(url) as other:
        with one.feed.watch(NORTH) as watch:
            await one.happen()
            assert await watch.grown(0, SECONDS)  # it listens
            await other.happen()
            assert await watch.grown(1, SECONDS)


async def test_without_notifications(url: str) -> None:
    """Where nobody says anything, looking finds it."""
    writer = Database(url, 1)
    await writer.open()
    async with process(url, poll=0.05) as one:
        with one.feed.watch(NORTH) as watch:
            for seq in range(3):
                await happen(writer, ["S1"])
                assert await watch.grown(seq, SECONDS)
    await writer.close()


async def test_one_statement_for_all(url: str) -> None:
    """Many watchers of many logs cost one look; nobody watching costs none."""
    async with process(url) as one:
        await one.happen()
        assert one.feed.looks == 0
        with one.feed.watch(NORTH) as first, one.feed.watch(NORTH), one.feed.watch(SOUTH) as last:
            await one.happen(tenant=SOUTH)
            assert await last.grown(0, SECONDS)
            assert await first.grown(0, SECONDS)
            assert one.feed.looks <= 3
        assert one.feed.watchers == 0


async def test_killed_connections(url: str) -> None:
    """After its connection is killed the feed takes another one, and misses nothing."""
    async with process(url, poll=0.05) as one:
        with one.feed.watch(NORTH) as watch:
            for seq in range(4):
                await run_sql(url, TERMINATE)
                while True:
                    try:
                        await one.happen()
                        break
                    except Exception:  # the pool's connections were killed as well
                        continue
                assert await watch.grown(seq, SECONDS)


@pytest.mark.parametrize("payload", ["", "x", "990100x", "990200", "9" * 5000])
async def test_strange_notifications(payload: str, url: str) -> None:
    """A notification that makes no sense, or is of another tenant, does no harm."""
    async with process(url) as one:
        with one.feed.watch(NORTH) as watch:
            await one.happen()
            assert await watch.grown(0, SECONDS)
            await run_sql(url, f"SELECT pg_notify('{CHANNEL}', '{payload}')")
            await one.happen()
            assert await watch.grown(1, SECONDS)


async def test_end(url: str) -> None:
    """When the process stops, everybody who waits is woken, and nobody waits any more."""
    async with process(url) as one:
        with one.feed.watch(NORTH) as watch:
            waiting = asyncio.create_task(watch.grown(0, NEVER))
            await asyncio.sleep(0)
            one.feed.end()
            assert not await waiting
            assert not await watch.grown(0, NEVER)
