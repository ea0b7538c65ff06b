"""Counts: a storage of `limits` in this process, bounded in memory."""

import asyncio
from fractions import Fraction
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st
from limits import parse
from limits.aio.strategies import FixedWindowRateLimiter, SlidingWindowCounterRateLimiter

from server.counts import Counts
from tests.server.clock import Clock

MINUTE = 600_000.0
RATE = parse("100/minute")


@pytest.fixture
def clock() -> Clock:
    return Clock(MINUTE)


@pytest.fixture
def counts(clock: Clock) -> Counts:
    return Counts(clock=clock)


async def test_windows(counts: Counts, clock: Clock) -> None:
    """The window before and this one are told apart, each with the seconds that it counts."""
    clock.now += 10
    assert await counts.get_sliding_window("a", 60) == (0, 50.0, 0, 110.0)
    assert await counts.acquire_sliding_window_entry("a", 100, 60, 30)
    assert await counts.acquire_sliding_window_entry("a", 100, 60, 40)
    assert await counts.get_sliding_window("a", 60) == (0, 50.0, 70, 110.0)
    clock.now += 65
    assert await counts.acquire_sliding_window_entry("a", 100, 60, 5)
    assert await counts.get_sliding_window("a", 60) == (70, 45.0, 5, 105.0)
    assert await counts.get_sliding_window("b", 60) == (0, 45.0, 0, 105.0)


@pytest.mark.parametrize(("amount", "added"), [(0, True), (60, True), (61, False)])
async def test_acquire(counts: Counts, clock: Clock, amount: int, added: bool) -> None:
    """What fits is added, what does not fit changes nothing."""
    await counts.acquire_sliding_window_entry("a", 100, 60, 80)
    clock.now += 90
    assert await counts.acquire_sliding_window_entry("a", 100, 60, amount) is added
    assert await counts.get_sliding_window("a", 60) == (80, 30.0, amount * added, 90.0)


async def test_give_back(counts: Counts) -> None:
    """An amount below 0 gives back, never more than was spent."""
    left = []
    for amount in (80, -30, -60):
        assert await counts.acquire_sliding_window_entry("a", 100, 60, amount)
        left.append((await counts.get_sliding_window("a", 60))[2])
    assert left == [80, 50, 0]


@given(st.lists(st.tuples(st.integers(0, 100), st.integers(1, 120)), max_size=50))
async def test_any_spending(spendings: list[tuple[int, int]]) -> None:
    """Whatever is spent when, exactly that is added which fits beside what still counts."""
    clock = Clock(MINUTE)
    limiter = SlidingWindowCounterRateLimiter(Counts(clock=clock))
    windows: dict[int, int] = {}
    for pause, cost in spendings:
        clock.now += pause
        now = int(clock.now)
        window, passed = divmod(now, 60)
        reach = 1 - Fraction(passed, 60)
        spent = floor(windows.get(window - 1, 0) * reach) + windows.get(window, 0)
        fits = spent + cost <= 100
        assert await limiter.hit(RATE, "a", cost=cost) is fits
        windows[window] = windows.get(window, 0) + cost * fits


async def test_fixed_windows(counts: Counts, clock: Clock) -> None:
    """The library's fixed windows count too, from the first hit on."""
    limiter = FixedWindowRateLimiter(counts)
    clock.now += 10
    assert await limiter.hit(RATE, "a", cost=100)
    assert not await limiter.hit(RATE, "a", cost=1)
    assert await limiter.get_window_stats(RATE, "a") == (MINUTE + 70, 0)
    assert await limiter.get_window_stats(RATE, "b") == (MINUTE + 10, 100)
    clock.now += 60
    assert await limiter.hit(RATE, "a", cost=40)
    assert await limiter.get_window_stats(RATE, "a") == (MINUTE + 130, 60)


async def test_forget(counts: Counts, clock: Clock) -> None:
    """The windows of one key, one count, or all can be forgotten."""
    limiter = SlidingWindowCounterRateLimiter(counts)
    for key in ("a", "b"):
        await limiter.hit(RATE, key, cost=10)
        clock.now += 60
        await limiter.hit(RATE, key, cost=10)
    await counts.incr("c", 60, 5)
    await counts.incr("d", 60, 5)
    assert len(counts) == 5
    await limiter.clear(RATE, "b")
    await counts.clear("c")
    assert (await counts.get("c"), await counts.get("d"), len(counts)) == (0, 5, 2)
    assert await counts.reset() == 2
    assert (await counts.get("d"), len(counts)) == (0, 0)


async def test_ended(counts: Counts, clock: Clock) -> None:
    """Who does not come back is forgotten when the count has ended, as soon as a new one comes."""
    for number in range(1000):
        await counts.incr(f"a{number}", 60)
    clock.now += 59
    await counts.incr("b", 60)
    assert len(counts) == 1001
    clock.now += 1
    await counts.incr("c", 60)
    assert len(counts) == 2


async def test_flood(clock: Clock) -> None:
    """A flood of new keys takes no more memory than there is, and spares those who come often."""
    counts = Counts(clock=clock, capacity=1000)
    await counts.incr("idle", 60)
    for number in range(100_000):
        await counts.incr(f"a{number}", 60)
        if number % 500 == 0:
            await counts.incr("often", 60)
    assert len(counts) == 1000
    names = ("idle", "often", "a99000", "a99999")
    assert [await counts.get(name) for name in names] == [0, 200, 0, 1]


@pytest.mark.parametrize("jump", [-86400, 86400])
async def test_clock_jumps(counts: Counts, clock: Clock, jump: int) -> None:
    """A clock that is set by a day does not lock anybody out until that day is over."""
    limiter = SlidingWindowCounterRateLimiter(counts)
    for moved in (jump, 120 - jump, 0):
        assert await limiter.hit(RATE, "a", cost=100)
        clock.now += moved


async def test_never_waits(counts: Counts) -> None:
    """What one asks is asked before another has its turn."""
    turns: list[str] = []

    async def ask(name: str) -> None:
        for _ in range(3):
            await counts.acquire_sliding_window_entry("a", 100, 60, 1)
            turns.append(name)

    await asyncio.gather(ask("one"), ask("two"))
    assert turns == ["one"] * 3 + ["two"] * 3


async def test_healthy(counts: Counts) -> None:
    """Counting here cannot fail."""
    assert (await counts.check(), counts.base_exceptions) == (True, ())
