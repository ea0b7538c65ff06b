"""Rates: who is charged what, who is refused, what the headers say."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from limits import parse
from limits.aio.strategies import SlidingWindowCounterRateLimiter

from schema.errors import CodedError, ErrorCode
from server.counts import Counts, Window
from server.rates import RateLimitedError, Rates, Spent, address_key
from server.settings import Settings, SettingsError
from tests.server.clock import Clock

MINUTE = 6000.0

FUSHUN, DANDONG = 210400, 210600
ACTOR_POLICY = '"actor";q=100;qu="cost";w=60'
POLICIES = f'{ACTOR_POLICY}, "city";q=1000;qu="cost";w=60'


@pytest.fixture
def clock() -> Clock:
    return Clock(MINUTE + 10.5)


@pytest.fixture
def rates(clock: Clock) -> Rates:
    return Rates("100/minute", "1000/minute", Counts(clock=clock))


async def refused(
    rates: Rates, actor: str, tenants: Iterable[int], cost: int, *, public: bool = False
) -> RateLimitedError:
    with pytest.raises(RateLimitedError) as raised:
        await rates.spend(actor, tenants, cost, public=public)
    return raised.value


class Named(Counts):
    """Counts that remember the names of what was added."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock=clock)
        self.names: list[str] = []

    def take(self, key: str, limit: int, expiry: int, amount: int) -> Window | None:
        self.names.append(key)
        return super().take(key, limit, expiry, amount)


def shown(error: CodedError) -> tuple[ErrorCode, str, str, dict[str, object]]:
    return error.code, error.zh, error.en, error.facts


async def test_actor(rates: Rates) -> None:
    """An operation that names no city is charged to its actor only."""
    spent = await rates.spend("a", (), 30)
    assert spent == Spent("actor", 100, 70, 50, ACTOR_POLICY)
    assert spent.headers() == {
        "ratelimit-policy": ACTOR_POLICY,
        "ratelimit": '"actor";r=70;t=50',
        "ratelimit-limit": "100",
        "ratelimit-remaining": "70",
        "ratelimit-reset": "50",
    }


async def test_actor_and_city(rates: Rates) -> None:
    """An operation on a city is charged to both, and tells what is left of the nearer bound."""
    assert await rates.spend("a", [FUSHUN], 30) == Spent("actor", 100, 70, 50, POLICIES)
    for number in range(9):
        await rates.spend(f"b{number}", [FUSHUN], 90)
    assert await rates.spend("a", [FUSHUN], 20) == Spent("actor", 100, 50, 50, POLICIES)
    assert await rates.spend("c", [FUSHUN], 80) == Spent("actor", 100, 20, 50, POLICIES)
    assert await rates.spend("d", [FUSHUN], 50) == Spent("city", 1000, 10, 50, POLICIES)


@pytest.mark.parametrize(
    ("seconds", "left"), [(0, 20), (49.4, 20), (49.5, 20), (64.5, 40), (79.5, 60), (109.5, 100)]
)
async def test_slides(rates: Rates, clock: Clock, seconds: float, left: int) -> None:
    """In the next window what was spent comes back evenly, and after it all of it."""
    await rates.spend("a", (), 80)
    clock.now += seconds
    assert (await rates.spend("a", (), 0)).remaining == left


async def test_reset(rates: Rates, clock: Clock) -> None:
    """While points come back it is told when the next one does."""
    await rates.spend("a", (), 4)
    clock.now += 49.5 + 20.5
    assert await rates.spend("a", (), 1) == Spent("actor", 100, 97, 10, ACTOR_POLICY)


async def test_actor_refused(rates: Rates, clock: Clock) -> None:
    """An actor who spent too much is told what is left and when to come again."""
    await rates.spend("a", (), 90)
    clock.now += 4.5
    error = await refused(rates, "a", [FUSHUN], 20)
    assert shown(error) == (
        ErrorCode.RATE_LIMITED,
        "您每 60 秒可用成本 100，现余 10，此操作需要 20；请在 52 秒后重试。",
        "You may spend a cost of 100 in 60 seconds; 10 are left and this operation costs 20;"
        " try again in 52 seconds.",
        {
            "bound": "actor",
            "limit": 100,
            "seconds": 60,
            "remaining": 10,
            "cost": 20,
            "retryAfter": 52,
        },
    )
    assert error.headers == {
        "ratelimit-policy": POLICIES,
        "ratelimit": '"actor";r=10;t=52',
        "ratelimit-limit": "100",
        "ratelimit-remaining": "10",
        "ratelimit-reset": "52",
        "retry-after": "52",
    }


@pytest.mark.parametrize(
    ("public", "zh", "en"),
    [
        (False, "持令牌者", "holders of tokens for this city"),
        (True, "无令牌访问者", "visitors of this city without a token"),
    ],
)
async def test_city_refused(rates: Rates, public: bool, zh: str, en: str) -> None:
    """A city whose visitors spent too much says so, and its actor is not charged."""
    for number in range(10):
        await rates.spend(f"a{number}", [FUSHUN], 99, public=public)
    assert shown(await refused(rates, "b", [FUSHUN], 11, public=public)) == (
        ErrorCode.RATE_LIMITED,
        f"该市所有{zh}合计每 60 秒可用成本 1000，现余 10，此操作需要 11；请在 50 秒后重试。",
        f"All {en} together may spend a cost of 1000 in 60 seconds; 10 are left"
        " and this operation costs 11; try again in 50 seconds.",
        {
            "bound": "city",
            "limit": 1000,
            "seconds": 60,
            "remaining": 10,
            "cost": 11,
            "retryAfter": 50,
        },
    )
    assert (await rates.spend("b", (), 0)).remaining == 100


async def test_too_dear(rates: Rates) -> None:
    """An operation that costs more than a whole limit is told that waiting does not help."""
    error = await refused(rates, "a", (), 101)
    assert shown(error) == (
        ErrorCode.RATE_LIMITED,
        "您每 60 秒可用成本 100，现余 100，此操作需要 101；此操作永远超出上限；请减少所查内容。",
        "You may spend a cost of 100 in 60 seconds; 100 are left and this operation costs 101;"
        " it never fits: ask for less.",
        {
            "bound": "actor",
            "limit": 100,
            "seconds": 60,
            "remaining": 100,
            "cost": 101,
            "retryAfter": None,
        },
    )
    assert error.headers == (await rates.spend("b", (), 0)).headers()


@given(
    st.integers(1, 5000),
    st.lists(st.tuples(st.floats(0, 90), st.integers(0, 3000)), max_size=20),
    st.integers(1, 5000),
)
async def test_wait_is_enough(limit: int, spendings: list[tuple[float, int]], cost: int) -> None:
    """Who waits as long as the refusal says, spending nothing else, may spend then."""
    clock = Clock(MINUTE)
    rates = Rates(f"{limit}/minute", "1/minute", Counts(clock=clock))
    for pause, spending in spendings:
        clock.now += pause
        with suppress(RateLimitedError):
            await rates.spend("a", (), spending)
    try:
        await rates.spend("a", (), cost)
    except RateLimitedError as refusal:
        wait = refusal.facts["retryAfter"]
        assert (wait is None) == (cost > limit)
        if isinstance(wait, int):
            clock.now += wait
            await rates.spend("a", (), cost)


async def test_refused_actor_costs_a_city_nothing(rates: Rates) -> None:
    """Whoever keeps asking after a refusal takes nothing from others of the city."""
    await rates.spend("a", [FUSHUN], 100)
    for _ in range(1000):
        await refused(rates, "a", [FUSHUN], 10)
    for number in range(9):
        await rates.spend(f"c{number}", [FUSHUN], 100)
    error = await refused(rates, "d", [FUSHUN], 1)
    assert (error.bound, error.facts["remaining"]) == ("city", 0)


async def test_all_or_none(rates: Rates) -> None:
    """Where one of several cities refuses, none is charged, and neither is the actor."""
    for number in range(10):
        await rates.spend(f"a{number}", [FUSHUN], 100)
    assert (await refused(rates, "b", [DANDONG, FUSHUN], 10)).bound == "city"
    assert (await rates.spend("b", (), 0)).remaining == 100
    for number in range(9):
        await rates.spend(f"c{number}", [DANDONG], 100)
    assert await rates.spend("d", [DANDONG], 100) == Spent("city", 1000, 0, 50, POLICIES)


@given(st.lists(st.integers(1, 300), min_size=1, max_size=200), st.floats(0, 59))
async def test_one_city_does_not_slow_another(costs: list[int], pause: float) -> None:
    """Whatever a city's visitors ask, at ten times its rate and more, another has all of its."""
    clock = Clock(MINUTE)
    rates = Rates("300/minute", "1000/minute", Counts(clock=clock))
    for number, cost in enumerate(costs * 10):
        clock.now += pause / len(costs) / 10
        with suppress(RateLimitedError):
            await rates.spend(f"a{number}", [FUSHUN], cost)
    left = 1000
    while left:
        cost = min(left, 300)
        await rates.spend(f"b{left}", [DANDONG], cost)
        left -= cost
    await refused(rates, "c", [DANDONG], 1)


async def test_public(rates: Rates) -> None:
    """However much is asked of a city without a token, those with one have all of its rate."""
    for number in range(10):
        await rates.spend(f"address {number}", [FUSHUN], 100, public=True)
    await refused(rates, "address 10", [FUSHUN], 1, public=True)
    for number in range(10):
        await rates.spend(f"a{number}", [FUSHUN], 100)
    assert (await refused(rates, "b", [FUSHUN], 1)).bound == "city"
    await refused(rates, "address 10", [FUSHUN], 1, public=True)


async def test_at_once(rates: Rates) -> None:
    """Operations that come at the same moment never get more than the limit together."""
    spending = [rates.spend("a", [FUSHUN], 15) for _ in range(50)]
    answers = await asyncio.gather(*spending, return_exceptions=True)
    assert sum(isinstance(answer, Spent) for answer in answers) == 6
    assert (await rates.spend("a", (), 0)).remaining == 10


@pytest.mark.parametrize("cost", [-1, -100])
async def test_negative(rates: Rates, cost: int) -> None:
    """A negative cost is a fault of the caller: nobody is given points."""
    with pytest.raises(ValueError, match=f"a cost of {cost} cannot be spent; expected 0 or more"):
        await rates.spend("a", (), cost)


async def test_names_do_not_mix(rates: Rates) -> None:
    """An actor who is called like a city's code is not that city."""
    await rates.spend(str(FUSHUN), (), 100)
    await rates.spend(f"public/{FUSHUN}", (), 100)
    assert (await rates.spend("b", [FUSHUN], 10)).remaining == 90
    assert (await rates.spend("b", [FUSHUN], 10, public=True)).remaining == 80


@pytest.mark.parametrize("key", ["", "210400 张三", "a/b", "\ud800", "x" * 100_000])
async def test_any_name(rates: Rates, key: str) -> None:
    """Whatever an actor is called, it is counted."""
    await rates.spend(key, (), 60)
    assert (await rates.spend(key, (), 0)).remaining == 40


@given(
    amount=st.integers(1, 1000),
    costs=st.lists(st.tuples(st.integers(0, 400), st.floats(0, 70)), max_size=12),
)
async def test_as_the_library_counts(amount: int, costs: list[tuple[int, float]]) -> None:
    """What is let through and what is said to be left are as the library's strategy has it."""
    clock = Clock(MINUTE)
    rates = Rates(f"{amount}/minute", "100000/minute", Counts(clock=clock))
    counts = Counts(clock=clock)
    strategy, rate = SlidingWindowCounterRateLimiter(counts), parse(f"{amount}/minute")
    for cost, seconds in costs:
        clock.now += seconds
        is_taken = await strategy.hit(rate, "a", cost=cost)
        try:
            remaining = (await rates.spend("a", (), cost)).remaining
        except RateLimitedError as refusal:
            remaining = int(str(refusal.facts["remaining"]))
            assert not is_taken
        else:
            assert is_taken
        assert remaining == (await strategy.get_window_stats(rate, "a")).remaining


async def test_no_names(clock: Clock) -> None:
    """Where counts are held it is not told whose they are, except of cities."""
    counts = Named(clock)
    rates = Rates("100/minute", "1000/minute", counts)
    await rates.spend("210400 13812345678", [FUSHUN], 1)
    await rates.spend("address 10.0.0.7", [FUSHUN], 1, public=True)
    assert counts.names == [
        "actor/08b287cd627c028d8a997ecbfd9a513d/100/1/minute",
        "city/210400/1000/1/minute",
        "actor/91b1dd8cfe51a0cdc7b9668ebcee32c9/100/1/minute",
        "city/public/210400/1000/1/minute",
    ]


async def test_bounded(clock: Clock) -> None:
    """However many actors come, no more counts are held than there is room for."""
    counts = Counts(clock=clock, capacity=1000)
    rates = Rates("100/minute", "100000000/minute", counts)
    for number in range(20_000):
        await rates.spend(f"a{number}", [FUSHUN], 1)
    assert len(counts) == 1000
    assert (await refused(rates, "b", [FUSHUN], 101)).bound == "actor"
    assert (await rates.spend("a19999", (), 0)).remaining == 99


async def test_settings() -> None:
    """The rates are those of the settings, in this process unless they name a Redis."""
    rates = Rates.of(Settings(_env_file=None, rate_actor="7/second", rate_city="9/hour"))
    policy = '"actor";q=7;qu="cost";w=1, "city";q=9;qu="cost";w=3600'
    assert (await rates.spend("a", [FUSHUN], 0)).policy == policy
    await rates.close()


async def test_settings_redis() -> None:
    """A Redis of the settings is not asked before it is needed, but its address is checked."""
    await Rates.of(Settings(_env_file=None, redis_url="redis://nowhere.invalid:1")).close()
    with pytest.raises(SettingsError):
        Rates.of(Settings(_env_file=None, redis_url="nowhere.invalid:1"))


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("10.0.0.7", "address 10.0.0.7"),
        ("::ffff:10.0.0.7", "address 10.0.0.7"),
        ("2001:db8:1:2:3:4:5:6", "address 2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "address 2001:db8:1:2::/64"),
        ("fe80::1%eth0", "address fe80::/64"),
        ("unknown", "address unknown"),
    ],
)
def test_address_key(address: str, key: str) -> None:
    """Who has no token is counted by address, all machines of an IPv6 network as one."""
    assert address_key(address) == key
