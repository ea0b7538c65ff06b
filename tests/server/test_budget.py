"""Budgets: what is left, when more is, and how much memory the counting takes."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from limits import parse

from server.budget import BUCKETS, Budget, Share
from tests.server.clock import Clock

MINUTE = 6000.0


@pytest.fixture
def clock() -> Clock:
    return Clock(MINUTE)


def budget(clock: Clock, rate: str = "100/minute", **options: Any) -> Budget:
    return Budget(parse(rate), clock=clock, **options)


def test_spent(clock: Clock) -> None:
    """What a key spends is gone for that key and for no other."""
    points = budget(clock)
    points.spend("a", 30)
    points.spend("a", 20)
    assert (points.left("a"), points.left("b"), points.left(1)) == (50, 100, 100)


@pytest.mark.parametrize(
    ("seconds", "left"), [(0, 20), (59.9, 20), (60, 20), (75, 40), (90, 60), (119, 99), (120, 100)]
)
def test_slides(clock: Clock, seconds: float, left: int) -> None:
    """In the next window what was spent comes back evenly, and after it all of it."""
    points = budget(clock)
    points.spend("a", 80)
    clock.now += seconds
    assert points.left("a") == left


def test_overspent(clock: Clock) -> None:
    """Less than nothing is never left."""
    points = budget(clock)
    points.spend("a", 500)
    clock.now += 60
    assert points.left("a") == 0


@pytest.mark.parametrize(("seconds", "ends"), [(0, 60), (0.5, 60), (45, 15), (59.5, 1), (60, 60)])
def test_ends(clock: Clock, seconds: float, ends: int) -> None:
    """The end of a window is told in whole seconds, never 0."""
    clock.now += seconds
    assert budget(clock).ends() == ends


@pytest.mark.parametrize(
    ("rate", "limit", "seconds"),
    [("5/second", 5, 1), ("7 per 2 hour", 7, 7200), ("9/day", 9, 86400)],
)
def test_rate(clock: Clock, rate: str, limit: int, seconds: int) -> None:
    """A rate may have any window that `limits` can spell."""
    points = budget(clock, rate)
    assert (points.limit, points.seconds) == (limit, seconds)


@pytest.mark.parametrize(
    ("cost", "wait"), [(0, 0), (20, 0), (21, 61), (60, 90), (100, 120), (101, None)]
)
def test_wait(clock: Clock, cost: int, wait: int | None) -> None:
    """A key is told when its cost will fit: as the window slides, or never."""
    points = budget(clock)
    points.spend("a", 80)
    assert points.wait("a", cost) == wait


@given(
    st.integers(1, 5000),
    st.lists(st.tuples(st.floats(0, 90), st.integers(0, 3000)), max_size=20),
    st.integers(1, 5000),
)
def test_wait_is_enough(limit: int, spendings: list[tuple[float, int]], cost: int) -> None:
    """A key that waits as long as it is told, spending nothing else, may spend then."""
    clock = Clock(MINUTE)
    points = budget(clock, f"{limit}/minute")
    for pause, spending in spendings:
        clock.now += pause
        if spending <= points.left("a"):
            points.spend("a", spending)
    wait = points.wait("a", cost)
    if wait is None:
        assert cost > limit
        return
    assert wait <= 120
    assert (wait == 0) == (points.left("a") >= cost)
    clock.now += wait
    assert points.left("a") >= cost


@given(
    st.integers(1, 1000),
    st.lists(st.tuples(st.floats(0, 30), st.integers(1, 400)), max_size=60),
)
def test_bounded_in_every_window(limit: int, spendings: list[tuple[float, int]]) -> None:
    """Whoever spends only what is left spends a limit in a window and two in any such time."""
    clock = Clock(MINUTE)
    points = budget(clock, f"{limit}/minute")
    spent: list[tuple[float, int]] = []
    for pause, cost in spendings:
        clock.now += pause
        if cost <= points.left("a"):
            points.spend("a", cost)
            spent.append((clock.now, cost))
    for start, _ in spent:
        reach = sum(cost for at, cost in spent if start <= at < start + 60)
        window = sum(cost for at, cost in spent if at // 60 == start // 60)
        assert reach <= 2 * limit
        assert window <= limit


def test_forgotten(clock: Clock) -> None:
    """Keys that do not come back are forgotten with the second window."""
    points = budget(clock)
    for number in range(1000):
        points.spend(f"a{number}", 1)
    assert len(points) == 1000
    clock.now += 60
    points.spend("b", 1)
    assert len(points) == 1001
    clock.now += 60
    assert (points.left("b"), len(points)) == (99, 1)
    clock.now += 3600
    assert (points.left("b"), len(points)) == (100, 0)


def test_a_million_keys(clock: Clock) -> None:
    """A flood of new keys takes no more memory than `capacity` keys and the buckets."""
    points = budget(clock, "1000000/minute", capacity=10_000)
    for number in range(1_000_000):
        points.spend(f"a{number}", 1)
    assert len(points) == 10_000 + BUCKETS
    assert points.left("a0") == 999_999
    assert 990_000 < points.left("a999999") < 1_000_000


def test_buckets_end(clock: Clock) -> None:
    """Who came too late to be counted alone is counted alone in the next window."""
    points = budget(clock, capacity=1)
    points.spend("a", 1)
    points.spend("b", 90)
    assert points.left("b") == 10
    clock.now += 60
    assert points.left("b") == 100


def test_clock_goes_back(clock: Clock) -> None:
    """A clock that is set back across the start of a window changes nothing that is left."""
    clock.now += 60
    points = budget(clock)
    points.spend("a", 80)
    clock.now -= 1
    assert (points.left("a"), points.ends()) == (20, 60)


@pytest.mark.parametrize("jump", [-86400, 86400])
def test_clock_jumps(clock: Clock, jump: int) -> None:
    """A clock that is set by a day does not lock anybody out until that day is over."""
    points = budget(clock)
    points.spend("a", 100)
    clock.now += jump
    points.spend("a", 100)
    clock.now -= jump
    assert points.left("a") == 100


def test_due(clock: Clock) -> None:
    """What is worth telling, a hundredth of the limit, is due once; what is less, is kept."""
    points = budget(clock, "1000/minute", sharing=True)
    points.spend("a", 9)
    assert points.due() == []
    points.spend("a", 1)
    points.spend("b", 25)
    assert sorted(points.due()) == [Share(100, "a", 10), Share(100, "b", 25)]
    points.spend("a", 9)
    assert points.due() == []


def test_give_back(clock: Clock) -> None:
    """What could not be told is told with the next, but not in another window."""
    points = budget(clock, sharing=True)
    points.spend("a", 10)
    (share,) = points.due()
    points.spend("a", 5)
    points.give_back(share)
    assert points.due() == [Share(100, "a", 15)]
    clock.now += 60
    points.give_back(share)
    assert points.due() == []


def test_learn(clock: Clock) -> None:
    """What all processes spent counts, with what was spent here since; a lower sum does not."""
    points = budget(clock, sharing=True)
    points.spend("a", 10)
    (share,) = points.due()
    points.spend("a", 5)
    points.learn(share, 40)
    assert points.left("a") == 55
    points.learn(share, 10)
    assert points.left("a") == 55
    clock.now += 60
    points.learn(share, 80)
    assert points.left("a") == 20
    clock.now += 60
    points.learn(share, 80)
    assert points.left("a") == 100


def test_buckets_are_not_due(clock: Clock) -> None:
    """Buckets are this process's own and are told to nobody."""
    points = budget(clock, capacity=1, sharing=True)
    points.spend("a", 10)
    points.spend("b", 10)
    assert points.due() == [Share(100, "a", 10)]
