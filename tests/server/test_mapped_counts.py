"""Mapped counts: several processes count as one would."""

import asyncio
from collections.abc import Iterator
from multiprocessing import get_context
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from limits import parse
from limits.aio.strategies import FixedWindowRateLimiter, SlidingWindowCounterRateLimiter

from server.counts import Counts
from server.mapped import MappedTable
from server.mapped_counts import MappedCounts
from server.rates import RateLimitedError, Rates
from tests.server.clock import Clock

MINUTE = 600_000.0
RATE = parse("100/minute")
SECONDS = 60


@pytest.fixture
def table(tmp_path: Path) -> Iterator[MappedTable]:
    opened = MappedTable(tmp_path / "counts")
    yield opened
    opened.close()


STEPS = st.tuples(
    st.integers(0, 100), st.sampled_from("ab"), st.integers(-50, 120), st.sampled_from((60, 90))
)


@given(st.lists(STEPS, max_size=40))
async def test_as_in_one_process(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, str, int, int]]
) -> None:
    """Whatever is spent or given back when, two processes count together what one alone would."""
    clock = Clock(MINUTE)
    path = tmp_path_factory.mktemp("counts") / "counts"
    tables = [MappedTable(path, buckets=2, ways=16) for _ in range(2)]
    together = [MappedCounts(table, clock=clock) for table in tables]
    alone = Counts(clock=clock)
    for number, (pause, key, cost, expiry) in enumerate(steps):
        clock.now += pause
        asked = together[number % 2], alone
        name = f"{key}/{expiry}"  # as the library's keys, which name their rate
        added = [await each.acquire_sliding_window_entry(name, 100, expiry, cost) for each in asked]
        windows = [await each.get_sliding_window(name, expiry) for each in asked]
        fixed = [await each.incr(f"{name} fixed", expiry, cost) for each in asked]
        ends = [await each.get_expiry(f"{name} fixed") for each in asked]
        assert all(one == two for one, two in (added, windows, fixed, ends))
    for table in tables:
        table.close()


async def test_forget(table: MappedTable) -> None:
    """The windows of one key, one count, or all can be forgotten."""
    clock = Clock(MINUTE)
    counts = MappedCounts(table, clock=clock)
    sliding, fixed = SlidingWindowCounterRateLimiter(counts), FixedWindowRateLimiter(counts)
    for key in ("a", "b"):
        await sliding.hit(RATE, key, cost=10)
        clock.now += 60
        await sliding.hit(RATE, key, cost=10)
        await fixed.hit(RATE, key, cost=30)

    async def left(key: str) -> tuple[int, int]:
        stats = [await each.get_window_stats(RATE, key) for each in (sliding, fixed)]
        return stats[0].remaining, stats[1].remaining

    await sliding.clear(RATE, "b")
    assert await left("b") == (100, 70)
    await fixed.clear(RATE, "b")
    assert await left("b") == (100, 100)
    await counts.reset()
    assert [await left(key) for key in "ab"] == [(100, 100)] * 2
    assert await counts.check()
    await counts.close()


def _spend(path: Path, clock: float) -> None:
    async def spend() -> int:
        counts = MappedCounts(MappedTable(path), clock=Clock(clock))
        rates = Rates("1000/minute", "1500/minute", counts)
        paid = 0
        for number in range(600):
            try:
                await rates.spend(f"actor {number % 2}", [210400], 1)
                paid += 1
            except RateLimitedError:
                pass
        return paid

    raise SystemExit(asyncio.run(spend()) // 10)


def test_at_once(tmp_path: Path) -> None:
    """Processes that spend at once spend together exactly what may be spent."""
    spawn = get_context("spawn")
    spending = [spawn.Process(target=_spend, args=(tmp_path / "counts", MINUTE)) for _ in range(3)]
    for process in spending:
        process.start()
    for process in spending:
        process.join(SECONDS)
    paid = sum(process.exitcode or 0 for process in spending) * 10
    assert 1500 - 30 <= paid <= 1500
