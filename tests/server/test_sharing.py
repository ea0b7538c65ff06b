"""Sharing: processes that count one rate together, and alone while their Redis is away."""

import asyncio
import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from limits import parse
from limits.errors import StorageError
from structlog.testing import capture_logs

from server.budget import Budget
from server.live import stopped
from server.settings import SettingsError
from server.sharing import RedisCounters, Sharing
from tests.server.clock import Clock

MINUTE = 6000.0


@dataclass
class Memory:
    """Counters in memory, which may be made to fail."""

    sums: Counter[str] = field(default_factory=Counter)
    failure: Exception | None = None
    closed: bool = False

    async def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        await asyncio.sleep(0)
        if self.failure:
            raise self.failure
        self.sums[key] += amount
        return self.sums[key]

    async def close(self) -> None:
        self.closed = True


@pytest.fixture
def clock() -> Clock:
    return Clock(MINUTE)


@pytest.fixture
def counters() -> Memory:
    return Memory()


def process(counters: Memory | RedisCounters, clock: Clock) -> tuple[Budget, Sharing]:
    """What one process has: its budget, and what shares it."""
    budget = Budget(parse("1000/minute"), clock=clock, sharing=True)
    return budget, Sharing(counters, {"actor": budget}, seconds=0, pause=0, clock=clock)


@contextmanager
def logged() -> Iterator[list[Any]]:
    with capture_logs() as entries:
        yield entries


async def test_together(clock: Clock, counters: Memory) -> None:
    """Two processes that tell each other know what both spent."""
    (one, tells_one), (two, tells_two) = process(counters, clock), process(counters, clock)
    one.spend("a", 300)
    two.spend("a", 200)
    two.spend("b", 100)
    assert await tells_one.tell()
    assert await tells_two.tell()
    one.spend("a", 50)
    assert await tells_one.tell()
    assert (one.left("a"), two.left("a")) == (450, 500)
    assert (one.left("b"), two.left("b")) == (1000, 900)


async def test_many_keys(clock: Clock, counters: Memory) -> None:
    """Everything that is due is told, however much it is."""
    budget, sharing = process(counters, clock)
    for number in range(100):
        budget.spend(f"a{number}", 10)
    assert await sharing.tell()
    assert list(counters.sums.values()) == [10] * 100


async def test_no_names(clock: Clock, counters: Memory) -> None:
    """The counters do not learn who spent."""
    budget, sharing = process(counters, clock)
    budget.spend("subject:13812345678", 10)
    await sharing.tell()
    (name,) = counters.sums
    assert name == "actor/bc65fc2e936c3410a98fda6e417f06d4/60/100"


async def test_counters_forget(clock: Clock, counters: Memory) -> None:
    """Counters that were emptied give nobody back what is spent."""
    budget, sharing = process(counters, clock)
    budget.spend("a", 300)
    await sharing.tell()
    counters.sums.clear()
    budget.spend("a", 10)
    await sharing.tell()
    assert budget.left("a") == 690


async def test_alone(clock: Clock, counters: Memory) -> None:
    """Without counters a process counts alone, and tells all of it once they are back."""
    budget, sharing = process(counters, clock)
    counters.failure = StorageError(ConnectionError("refused"))
    for number in range(40):
        budget.spend(f"a{number}", 10)
    assert not await sharing.tell()
    budget.spend("a0", 20)
    assert budget.left("a0") == 970
    counters.failure = None
    assert await sharing.tell()
    assert sorted(counters.sums.values()) == [10] * 39 + [30]
    assert budget.left("a0") == 970


async def test_log(clock: Clock, counters: Memory) -> None:
    """That the counters are away is logged once a minute, and that they are back once."""
    budget, sharing = process(counters, clock)
    counters.failure = OSError("no route")
    with logged() as entries:
        for _ in range(121):
            budget.spend("a", 10)
            await sharing.tell()
            clock.now += 1
        counters.failure = None
        for _ in range(2):
            budget.spend("a", 10)
            await sharing.tell()
    alone = {
        "event": "rates are counted in this process alone",
        "log_level": "warning",
        "reason": "no route",
        "exc_info": None,
    }
    back = {"event": "rates are counted together again", "log_level": "info"}
    assert entries == [alone, alone, alone, back]


async def test_flapping(clock: Clock, counters: Memory) -> None:
    """Counters that come and go are no more than one warning a minute either."""
    budget, sharing = process(counters, clock)
    with logged() as entries:
        for second in range(60):
            counters.failure = OSError("no route") if second % 2 else None
            budget.spend("a", 10)
            await sharing.tell()
            clock.now += 0.5
    assert [entry["log_level"] for entry in entries] == ["warning", "info"]


async def test_fault(clock: Clock, counters: Memory) -> None:
    """A failure that nobody foresaw is logged with its traceback and ends nothing."""
    budget, sharing = process(counters, clock)
    counters.failure = KeyError()
    budget.spend("a", 10)
    with logged() as entries:
        assert not await sharing.tell()
    assert entries == [
        {
            "event": "rates are counted in this process alone",
            "log_level": "warning",
            "reason": "KeyError",
            "exc_info": counters.failure,
        }
    ]


async def test_run(clock: Clock, counters: Memory) -> None:
    """Sharing goes on until it is cancelled, through failures, and then closes the counters."""
    budget, sharing = process(counters, clock)
    task = asyncio.create_task(sharing.run())
    counters.failure = OSError("no route")
    for _ in range(3):
        budget.spend("a", 100)
        counters.failure = None if counters.failure else OSError("no route")
        for _ in range(10):
            await asyncio.sleep(0)
    counters.failure = None
    for _ in range(10):
        await asyncio.sleep(0)
    assert (sum(counters.sums.values()), counters.closed) == (300, False)
    await stopped(task)
    assert counters.closed


@pytest.mark.parametrize(
    "url", ["", "redis", "http://redis:6379", "memcached://x", "redis://h:port"]
)
def test_address(url: str) -> None:
    """An address that is none of a Redis is named with what was expected."""
    with pytest.raises(SettingsError) as raised:
        RedisCounters(url)
    assert str(raised.value) == (
        f"ONEGRID_REDIS_URL='{url}': expected an address like redis://:password@host:6379/0"
    )


def test_no_password() -> None:
    """A password in a wrong address is not shown."""
    with pytest.raises(SettingsError) as raised:
        RedisCounters("http://:secret@redis")
    assert "secret" not in str(raised.value)


class FakeRedis:
    """Speaks as much of Redis's protocol as counting needs."""

    def __init__(self) -> None:
        self.sums: Counter[str] = Counter()
        self.expiries: set[int] = set()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while command := await self._command(reader):
            if command[0] == "EVALSHA":
                key, expiry, amount = command[3:]
                self.sums[key] += int(amount)
                self.expiries.add(int(expiry))
                writer.write(f":{self.sums[key]}\r\n".encode())
            else:
                writer.write(b"-ERR unknown command\r\n" if command[0] == "HELLO" else b"+OK\r\n")
        writer.close()

    async def _command(self, reader: asyncio.StreamReader) -> list[str]:
        count = (await reader.readline())[1:]
        words = []
        for _ in range(int(count or 0)):
            size = int((await reader.readline())[1:])
            words.append((await reader.readexactly(size + 2))[:-2].decode())
        return words


async def test_redis(clock: Clock) -> None:
    """Processes that count in one Redis know of each other, and what they count ends there."""
    redis = FakeRedis()
    server = await asyncio.start_server(redis, "127.0.0.1", 0)
    address = f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}?protocol=2"
    ours, theirs = RedisCounters(address), RedisCounters(address)
    (one, tells_one), (two, tells_two) = process(ours, clock), process(theirs, clock)
    for number in range(40):
        one.spend(f"a{number}", 10)
    two.spend("a0", 20)
    assert await tells_one.tell()
    assert await tells_two.tell()
    assert two.left("a0") == 970
    assert sorted(redis.sums.values()) == [10] * 39 + [30]
    assert {key.split("/")[0] for key in redis.sums} == {"onegrid:actor"}
    assert redis.expiries == {120}
    await ours.close()
    await theirs.close()
    server.close()
    await server.wait_closed()


async def test_nobody_there(clock: Clock) -> None:
    """A Redis that refuses connections leaves the process alone, with the reason."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"redis://127.0.0.1:{free.getsockname()[1]}"
        counters = RedisCounters(address)
        budget, sharing = process(counters, clock)
        budget.spend("a", 10)
        with logged() as entries:
            assert not await sharing.tell()
        await counters.close()
    (entry,) = entries
    assert "127.0.0.1" in entry["reason"]
    assert budget.left("a") == 990


async def test_no_answer(clock: Clock) -> None:
    """A Redis that takes connections and never answers holds nobody up."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        counters = RedisCounters(
            f"redis://127.0.0.1:{silent.getsockname()[1]}", answer_seconds=0.05
        )
        budget, sharing = process(counters, clock)
        budget.spend("a", 10)
        telling = asyncio.create_task(sharing.tell())
        await asyncio.sleep(0)
        budget.spend("a", 10)
        assert budget.left("a") == 980
        with logged() as entries:
            assert not await telling
        await counters.close()
    assert [entry["event"] for entry in entries] == ["rates are counted in this process alone"]
