"""Counts: a storage of `limits` in this process, bounded in memory."""

import asyncio
from collections.abc import Callable
from fractions import Fraction
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st
from limits import parse
from limits.aio.strategies import FixedWindowRateLimiter, SlidingWindowCounterRateLimiter

from server.counts import Counts
from tests.server.clock import Clock

MINUTE = 6000.0
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


@pytest.mark.parametrize(("amount", "added"), [(-80, True), (0, True), (60, True), (61, False)])
async def test_acquire(counts: Counts, clock: Clock, amount: int, added: bool) -> None:
    """What fits is added, what does not fit changes nothing."""
    await counts.acquire_sliding_window_entry("a", 100, 60, 80)
    clock.now += 90
    assert await counts.acquire_sliding_window_entry("a", 100, 60, amount) is added
    assert await counts.get_sliding_window("a", 60) == (80, 30.0, amount * added, 90.0)


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


@pytest.mark.parametrize("forget", [Counts.clear, Counts.reset])
async def test_forget(counts: Counts, forget: Callable[..., object]) -> None:
    """One count, or all, can be forgotten."""
    await counts.incr("a", 60, 5)
    await counts.incr("a", 60, 5)
    assert (await counts.get("a"), len(counts)) == (10, 1)
    await (counts.clear("a") if forget is Counts.clear else counts.reset())
    assert (await counts.get("a"), len(counts)) == (0, 0)
