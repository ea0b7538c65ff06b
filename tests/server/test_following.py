"""Following a log while many write it: none lost, none twice, none out of order, wherever cut."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, aclosing, suppress
from dataclasses import dataclass, field
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import asyncpg
import pytest
from websockets.exceptions import ConnectionClosed

from schema.database import Database
from schema.proofs import Proofs
from schema.scope import Login, Scope
from schema.timelines.subscriptions import EventStream
from tests.conftest import services_of
from tests.server.following import ADMIN, NORTH, Followed, followed, socket
from tests.server.writing import Load, RolledBackError, writing_apart, written

SECONDS = 170
CUT_SECONDS = 0.1


@dataclass
class Seen:
    """What a subscriber was sent; it resumes after the last number."""

    numbers: list[int] = field(default_factory=list)
    cuts: int = 0

    @property
    def last(self) -> int:
        """Where it goes on."""
        return self.numbers[-1] if self.numbers else 0


Follow = Callable[[int], AsyncIterator[int]]
"""Numbers of the log after one, for ever."""


async def follow(load: Load, read: Follow, seconds: float) -> Seen:
    """Read the log to its end, cut off again and again so many seconds after the first number.

    Where none comes for a second it is cut off as well: perhaps there are no more.
    """
    seen, clock = Seen(), asyncio.get_running_loop().time
    while not (load.done.is_set() and seen.last >= load.newest):
        begun = None
        with suppress(TimeoutError, ConnectionClosed):
            async with aclosing(read(seen.last)) as numbers:  # type: ignore[type-var]
                while begun is None or clock() < begun + seconds:
                    async with asyncio.timeout(1):
                        seen.numbers.append(await anext(numbers))
                    begun = begun or clock()
        seen.cuts += 1
    return seen


def faults(seen: Sequence[int], expected: int) -> dict[str, int]:
    """How many numbers were lost, doubled and out of order."""
    return {
        "lost": len(set(range(1, expected + 1)) - set(seen)),
        "doubled": len(seen) - len(set(seen)),
        "disordered": sum(a >= b for a, b in pairwise(seen)),
    }


NONE = {"lost": 0, "doubled": 0, "disordered": 0}


def over_sockets(city: Followed) -> Follow:
    """Each time a new socket."""
    token = city.token()

    async def read(after: int) -> AsyncIterator[int]:
        async with socket(city.port, token) as client:
            await client.ask("a", city="north", after=after)
            while True:
                message = await client.hear()
                yield message["payload"]["data"]["events"]["seq"]

    return read


def over_pages(city: Followed) -> Follow:
    """Each time a new stream, whose pages are read as a subscription does, without executing."""
    scope = Scope(frozenset({NORTH}), Login.CITY)

    async def read(after: int) -> AsyncIterator[int]:
        stream = EventStream(NORTH, after, after, None, ("seq",))
        with city.feed.watch(NORTH) as watch:
            while True:
                async with city.live.database.snapshot(scope) as snapshot:
                    context: Any = SimpleNamespace(
                        actor=ADMIN,
                        snapshot=snapshot,
                        scope=scope,
                        proofs=Proofs(city.live.database, snapshot),
                    )
                    page = await stream.page(context)
                for seq, _ in page.events:
                    yield seq
                stream.position = page.position
                if page.is_last:
                    await watch.grown(stream.position, SECONDS)

    return read


async def _soaked(
    url: str, load: Load, sockets: int, pages: int, services: Any, *, apart: bool = False
) -> Any:
    """What every subscriber saw of a load, over two servers that do not share memory."""
    async with AsyncExitStack() as stack:
        cities = [
            await stack.enter_async_context(followed(url, services, size=load.writers))
            for _ in range(2)
        ]
        database = Database(url, load.writers, statement_timeout=60)
        await database.open()
        stack.push_async_callback(database.close)
        database.on_commit(cities[0].feed.committed)  # the other server is notified

        async def write(is_kept: bool) -> None:
            await written(database, is_kept)

        reads = [over_sockets(cities[n % 2]) for n in range(sockets)]
        reads += [over_pages(cities[n % 2]) for n in range(pages)]
        followers = [follow(load, read, CUT_SECONDS) for read in reads]
        writing = writing_apart(url, load) if apart else load.run(write)
        _, *seen = await asyncio.gather(writing, *followers)
    return seen


@pytest.fixture
def many(tmp_path: Any) -> Any:
    """Services that let one actor have many subscriptions."""
    return services_of(tmp_path, max_subscriptions=1000)


async def test_nothing_is_lost(cities: str, many: Any) -> None:
    """Four writers, seven subscribers cut every 100 ms: each sees every number once, in order."""
    load = Load(writers=4, changes=25)
    seen = await _soaked(cities, load, 3, 4, many)
    assert [faults(one.numbers, load.newest) for one in seen] == [NONE] * 7


@pytest.mark.soak
async def test_nothing_is_lost_under_load(cities: str, many: Any) -> None:
    """Sixteen writers of 1,000 changes each, fifty subscribers cut every 100 ms, two on sockets."""
    load = Load(writers=16, changes=1000)
    async with asyncio.timeout(SECONDS):
        seen = await _soaked(cities, load, 2, 48, many, apart=True)
    assert [faults(one.numbers, load.newest) for one in seen] == [NONE] * 50
    assert min(one.cuts for one in seen) > 20


async def _naive(url: str, load: Load, subscribers: int) -> list[Seen]:
    """The same with numbers of a sequence, taken before the commit, and readers by `> cursor`."""
    pool = await asyncpg.create_pool(url, min_size=1, max_size=load.writers + subscribers)
    await pool.execute("CREATE TABLE naive (seq bigserial PRIMARY KEY, at timestamptz)")

    async def write(is_kept: bool) -> None:
        async with pool.acquire() as connection:
            with suppress(RolledBackError):
                async with connection.transaction():
                    await connection.execute("INSERT INTO naive (at) VALUES (now())")
                    await connection.execute("SELECT pg_sleep(0.001)")  # what else there is to do
                    if not is_kept:
                        raise RolledBackError

    async def to_the_end() -> Seen:
        seen = Seen()
        sql = "SELECT seq FROM naive WHERE seq > $1 ORDER BY seq LIMIT 100"
        while not load.done.is_set():
            seen.numbers += [row["seq"] for row in await pool.fetch(sql, seen.last)]
        return seen

    try:
        followers = [asyncio.create_task(to_the_end()) for _ in range(subscribers)]
        await load.run(write)
        seen = [await follower for follower in followers]
        kept = {row["seq"] for row in await pool.fetch("SELECT seq FROM naive")}
    finally:
        await pool.close()
    newest = max(kept)
    for one in seen:
        one.numbers = [n for n in one.numbers if n in kept]
        one.cuts = len({n for n in kept if n < one.last} - set(one.numbers))
    assert newest > 0
    return seen


async def test_a_naive_cursor_loses(cities: str) -> None:
    """Numbers that are taken before the commit are lost by such readers: the check notices."""
    load = Load(writers=8, changes=60)
    seen = await _naive(cities, load, 4)
    assert sum(one.cuts for one in seen) > 0


@pytest.mark.parametrize("seed", range(8))
async def test_resuming_anywhere(seed: int, followed_log: Followed) -> None:
    """From any number, and cut anywhere, a reader is given all that follow, once each."""
    chances = random.Random(seed)
    last = after = chances.randint(0, 250)
    found: list[int] = []
    while last < 250:
        cut = chances.randint(1, 60)
        async with socket(followed_log.port, followed_log.token()) as client:
            await client.ask("a", city="north", after=last)
            found += await client.seqs(min(cut, 250 - last))
            last = found[-1]
    assert found == list(range(after + 1, 251))


@pytest.fixture
async def followed_log(cities: str, many: Any) -> AsyncIterator[Followed]:
    """A served city with 250 events."""
    async with followed(cities, many) as city:
        await city.happen(*["S1", "S2"] * 125)
        yield city
