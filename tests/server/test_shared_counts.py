"""Shared counts: processes that count in one Redis, and alone while it is away."""

import asyncio
import socket
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import pytest
from limits import parse
from limits.aio.strategies import FixedWindowRateLimiter, SlidingWindowCounterRateLimiter
from structlog.testing import capture_logs

from server.counts import Counts
from server.rates import RateLimitedError, Rates
from server.settings import SettingsError
from server.shared_counts import SharedCounts
from tests.server.clock import Clock

NOON = 6010.5
FUSHUN = 210400
RATE = parse("100/minute")

ALONE = {"event": "rates are counted in this process alone", "log_level": "warning"}
TOGETHER = {"event": "rates are counted together again", "log_level": "info"}


class Elsewhere(Counts):
    """Counts that stand for a Redis: they may fail, or never answer."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock=clock)
        self.failure: Exception | None = None
        self.silent = False
        self.asked = 0

    async def acquire_sliding_window_entry(
        self, key: str, limit: int, expiry: int, amount: int = 1
    ) -> bool:
        self.asked += 1
        if self.silent:
            await asyncio.Event().wait()
        if self.failure:
            raise self.failure
        return await super().acquire_sliding_window_entry(key, limit, expiry, amount)


@pytest.fixture
def clock() -> Clock:
    return Clock(NOON)


@pytest.fixture
def redis(clock: Clock) -> Elsewhere:
    return Elsewhere(clock)


def process(redis: Elsewhere, clock: Clock, **options: Any) -> SlidingWindowCounterRateLimiter:
    """What one process counts with."""
    counts = SharedCounts(redis, Counts(clock=clock), clock=clock, **options)
    return SlidingWindowCounterRateLimiter(counts)


async def left(limiter: SlidingWindowCounterRateLimiter, key: str = "a") -> int:
    return (await limiter.get_window_stats(RATE, key)).remaining


@contextmanager
def logged() -> Iterator[list[Any]]:
    with capture_logs() as entries:
        yield entries


async def test_together(redis: Elsewhere, clock: Clock) -> None:
    """What one process counts, the others know at once."""
    one, two = process(redis, clock), process(redis, clock)
    assert await one.hit(RATE, "a", cost=60)
    assert await two.hit(RATE, "a", cost=30)
    assert not await one.hit(RATE, "a", cost=11)
    assert (await left(one), await left(two)) == (10, 10)


async def test_rates(redis: Elsewhere, clock: Clock) -> None:
    """Processes share the budgets of actors and of cities."""
    counts = [SharedCounts(redis, Counts(clock=clock)) for _ in "ab"]
    one, two = (Rates("100/minute", "900/minute", shared) for shared in counts)
    await one.spend("a", [FUSHUN], 60)
    await two.spend("a", [FUSHUN], 40)
    for number in range(8):
        await two.spend(f"b{number}", [FUSHUN], 100)
    refused = []
    for name in "ac":
        with pytest.raises(RateLimitedError) as raised:
            await one.spend(name, [FUSHUN], 1)
        refused.append(raised.value.bound)
    assert refused == ["actor", "city"]
    assert (await two.spend("c", (), 0)).remaining == 100


async def test_alone(redis: Elsewhere, clock: Clock) -> None:
    """While the Redis is away each process counts alone, and then together by itself."""
    one, two = process(redis, clock), process(redis, clock)
    await one.hit(RATE, "a", cost=60)
    redis.failure = ConnectionError("refused")
    assert await one.hit(RATE, "a", cost=70)
    assert not await one.hit(RATE, "a", cost=31)
    assert await two.hit(RATE, "a", cost=100)
    redis.failure = None
    assert not await one.hit(RATE, "a", cost=31)
    clock.now += 1
    assert await one.hit(RATE, "a", cost=40)
    assert not await two.hit(RATE, "a", cost=1)


async def test_pause(redis: Elsewhere, clock: Clock) -> None:
    """A Redis that failed is asked by one request a second only."""
    limiter = process(redis, clock)
    redis.failure = ConnectionError("refused")
    for _ in range(30):
        for _ in range(10):
            await limiter.hit(RATE, "a")
        clock.now += 0.1
    assert redis.asked == 3


async def test_silent(redis: Elsewhere, clock: Clock) -> None:
    """A Redis that does not answer holds up those who asked before it was known, and one more."""
    limiter = process(redis, clock, answer_seconds=0)
    redis.silent = True
    hits = [limiter.hit(RATE, "a", cost=30) for _ in range(4)]
    assert await asyncio.gather(*hits) == [True, True, True, False]
    assert redis.asked == 4
    clock.now += 1
    hits = [limiter.hit(RATE, "b", cost=30) for _ in range(4)]
    assert await asyncio.gather(*hits) == [False, True, True, True]
    assert redis.asked == 5


async def test_log(redis: Elsewhere, clock: Clock) -> None:
    """That the Redis is away is logged once a minute, and that it is back once."""
    limiter = process(redis, clock)
    redis.failure = OSError("no route")
    with logged() as entries:
        for _ in range(121):
            await limiter.hit(RATE, "a")
            clock.now += 1
        redis.failure = None
        for _ in range(2):
            await limiter.hit(RATE, "a")
    alone = ALONE | {"reason": "no route", "exc_info": None}
    assert entries == [alone, alone, alone, TOGETHER]


async def test_flapping(redis: Elsewhere, clock: Clock) -> None:
    """A Redis that comes and goes is no more than one warning a minute either."""
    limiter = process(redis, clock)
    with logged() as entries:
        for second in range(59):
            redis.failure = OSError("no route") if second % 2 else None
            await limiter.hit(RATE, "a")
            clock.now += 1
    assert entries == [ALONE | {"reason": "no route", "exc_info": None}, TOGETHER]


async def test_fault(redis: Elsewhere, clock: Clock) -> None:
    """A failure that nobody foresaw is logged with its traceback and ends nothing."""
    limiter = process(redis, clock)
    redis.failure = KeyError()
    with logged() as entries:
        assert await limiter.hit(RATE, "a")
    assert entries == [ALONE | {"reason": "KeyError", "exc_info": redis.failure}]


async def test_cancelled(redis: Elsewhere, clock: Clock) -> None:
    """A request that is cancelled while it waits is cancelled, and says nothing of the Redis."""
    limiter = process(redis, clock, answer_seconds=60)
    redis.silent = True
    with logged() as entries:
        task = asyncio.create_task(limiter.hit(RATE, "a"))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    redis.silent = False
    assert await limiter.hit(RATE, "a")
    assert (redis.asked, entries) == (2, [])


async def test_storage(redis: Elsewhere, clock: Clock) -> None:
    """It is a whole storage of `limits`: fixed windows, forgetting one key, forgetting all."""
    counts = SharedCounts(redis, Counts(clock=clock))
    fixed, sliding = FixedWindowRateLimiter(counts), SlidingWindowCounterRateLimiter(counts)
    assert await fixed.hit(RATE, "a", cost=100)
    assert await fixed.get_window_stats(RATE, "a") == (NOON + 60, 0)
    await fixed.clear(RATE, "a")
    await sliding.hit(RATE, "a", cost=100)
    await sliding.clear(RATE, "a")
    await sliding.hit(RATE, "a", cost=10)
    await fixed.hit(RATE, "a")
    assert (await left(sliding), len(redis)) == (90, 2)
    assert await counts.reset() == 2
    assert (await counts.check(), counts.base_exceptions, len(redis)) == (True, (), 0)
    await counts.close()


@pytest.mark.parametrize(
    "url", ["", "redis", "http://redis:6379", "memcached://x", "redis://h:port"]
)
def test_address(url: str) -> None:
    """An address that is none of a Redis is named with what was expected."""
    with pytest.raises(SettingsError) as raised:
        SharedCounts.of(url)
    assert str(raised.value) == (
        f"ONEGRID_REDIS_URL='{url}': expected an address like redis://:password@host:6379/0"
    )


def test_no_password() -> None:
    """A password in a wrong address is not shown."""
    with pytest.raises(SettingsError) as raised:
        SharedCounts.of("http://:secret@redis")
    assert "secret" not in str(raised.value)


class FakeRedis:
    """Speaks as much of Redis's protocol as the library's sliding windows need, without time."""

    def __init__(self) -> None:
        self.spent: Counter[str] = Counter()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while command := await self._command(reader):
            writer.write(self._answer(command))
        writer.close()

    def _answer(self, command: list[str]) -> bytes:
        match command:
            case ["EVALSHA", _, "2", _, key, limit, _, amount]:
                fits = self.spent[key] + int(amount) <= int(limit)
                self.spent[key] += int(amount) * fits
                return b":1\r\n" if fits else b"$-1\r\n"
            case ["EVALSHA", _, "2", _, key, _]:
                return b"*4\r\n$-1\r\n:-2\r\n:%d\r\n:109500\r\n" % self.spent[key]
            case ["HELLO", *_]:
                return b"-ERR unknown command\r\n"
        return b"+OK\r\n"

    async def _command(self, reader: asyncio.StreamReader) -> list[str]:
        count = (await reader.readline())[1:]
        words = []
        for _ in range(int(count or 0)):
            size = int((await reader.readline())[1:])
            words.append((await reader.readexactly(size + 2))[:-2].decode())
        return words


@asynccontextmanager
async def listening(redis: FakeRedis) -> AsyncIterator[str]:
    """The address of a server that speaks for `redis`."""
    server = await asyncio.start_server(redis, "127.0.0.1", 0)
    yield f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}?protocol=2"
    server.close()
    await server.wait_closed()


async def test_redis() -> None:
    """Processes that count in one Redis know of each other; a refused operation leaves nothing."""
    redis = FakeRedis()
    async with listening(redis) as address:
        one, two = (Rates("100/minute", "150/minute", SharedCounts.of(address)) for _ in "ab")
        await one.spend("a", [FUSHUN], 60)
        assert (await two.spend("a", [FUSHUN], 20)).remaining == 20
        with pytest.raises(RateLimitedError) as raised:
            await two.spend("b", [FUSHUN], 71)
        await one.close()
        await two.close()
    assert raised.value.facts == {
        "bound": "city",
        "limit": 150,
        "seconds": 60,
        "remaining": 70,
        "cost": 71,
        "retryAfter": 51,
    }
    assert redis.spent == {
        "onegrid:{actor/27c35e6e9373877f29e562464e46497e/100/1/minute}": 80,
        "onegrid:{actor/96172b4c53372cd10faddc821bfe0318/100/1/minute}": 0,
        "onegrid:{city/210400/150/1/minute}": 80,
    }


async def test_many_at_once() -> None:
    """However many ask at once, each has its turn, over a few connections."""
    redis = FakeRedis()
    async with listening(redis) as address:
        rates = Rates("1000/minute", "1000/minute", SharedCounts.of(address))
        spending = [rates.spend(f"a{number}", [FUSHUN], 1) for number in range(50)]
        found = await asyncio.gather(*spending)
        await rates.close()
    assert min(spent.remaining for spent in found) == 950
    assert redis.spent["onegrid:{city/210400/1000/1/minute}"] == 50


async def test_nobody_there(clock: Clock) -> None:
    """A Redis that refuses connections leaves the process alone, with the reason."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        counts = SharedCounts.of(f"redis://127.0.0.1:{free.getsockname()[1]}")
        limiter = SlidingWindowCounterRateLimiter(counts)
        with logged() as entries:
            assert await limiter.hit(RATE, "a", cost=100)
        assert not await limiter.hit(RATE, "a", cost=100)
        await counts.close()
    (entry,) = entries
    assert "127.0.0.1" in entry["reason"]


async def test_no_answer() -> None:
    """A Redis that takes connections and never answers leaves the process alone too."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        counts = SharedCounts.of(f"redis://127.0.0.1:{silent.getsockname()[1]}")
        limiter = SlidingWindowCounterRateLimiter(counts)
        with logged() as entries:
            assert await limiter.hit(RATE, "a", cost=100)
            assert not await limiter.hit(RATE, "a", cost=100)
        await counts.close()
    assert entries == [ALONE | {"reason": "TimeoutError", "exc_info": None}]
