"""Rates: who is charged what, who is refused, what the headers say."""

from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schema.errors import CodedError, ErrorCode
from server.rates import RateLimitedError, Rates, Spent, address_key
from server.settings import Settings, SettingsError
from tests.server.clock import Clock

MINUTE = 6000.0

FUSHUN, DANDONG = 210400, 210600
ACTOR_POLICY = '"actor";q=100;qu="cost";w=60'
POLICIES = f'{ACTOR_POLICY}, "city";q=1000;qu="cost";w=60'


@dataclass
class Memory:
    """Counters in memory."""

    sums: Counter[str] = field(default_factory=Counter)
    closed: bool = False

    async def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        self.sums[key] += amount
        return self.sums[key]

    async def close(self) -> None:
        self.closed = True


@pytest.fixture
def clock() -> Clock:
    return Clock(MINUTE)


@pytest.fixture
def rates(clock: Clock) -> Rates:
    return Rates("100/minute", "1000/minute", clock=clock)


def refused(rates: Rates, actor: str, tenants: Iterable[int], cost: int) -> RateLimitedError:
    with pytest.raises(RateLimitedError) as raised:
        rates.spend(actor, tenants, cost)
    return raised.value


def shown(error: CodedError) -> tuple[ErrorCode, str, str, dict[str, object]]:
    return error.code, error.zh, error.en, error.facts


def test_actor(rates: Rates, clock: Clock) -> None:
    """An operation that names no city is charged to its actor only."""
    clock.now += 10.5
    spent = rates.spend("a", (), 30)
    assert spent == Spent("actor", 100, 70, 50, ACTOR_POLICY)
    assert spent.headers() == {
        "ratelimit-policy": ACTOR_POLICY,
        "ratelimit": '"actor";r=70;t=50',
        "ratelimit-limit": "100",
        "ratelimit-remaining": "70",
        "ratelimit-reset": "50",
    }


def test_actor_and_city(rates: Rates) -> None:
    """An operation on a city is charged to both, and tells what is left of the nearer bound."""
    assert rates.spend("a", [FUSHUN], 30) == Spent("actor", 100, 70, 60, POLICIES)
    for number in range(9):
        rates.spend(f"b{number}", [FUSHUN], 90)
    assert rates.spend("a", [FUSHUN], 20) == Spent("actor", 100, 50, 60, POLICIES)
    assert rates.spend("c", [FUSHUN], 80) == Spent("actor", 100, 20, 60, POLICIES)
    assert rates.spend("d", [FUSHUN], 50) == Spent("city", 1000, 10, 60, POLICIES)


def test_actor_refused(rates: Rates, clock: Clock) -> None:
    """An actor who spent too much is told what is left and when to come again."""
    rates.spend("a", (), 90)
    clock.now += 15
    error = refused(rates, "a", [FUSHUN], 20)
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


def test_city_refused(rates: Rates) -> None:
    """A city whose visitors spent too much says so, and its actor is not charged."""
    for number in range(10):
        rates.spend(f"a{number}", [FUSHUN], 99)
    assert shown(refused(rates, "b", [FUSHUN], 11)) == (
        ErrorCode.RATE_LIMITED,
        "该市所有访问者合计每 60 秒可用成本 1000，现余 10，此操作需要 11；请在 61 秒后重试。",
        "All visitors of this city together may spend a cost of 1000 in 60 seconds; 10 are left"
        " and this operation costs 11; try again in 61 seconds.",
        {
            "bound": "city",
            "limit": 1000,
            "seconds": 60,
            "remaining": 10,
            "cost": 11,
            "retryAfter": 61,
        },
    )
    assert rates.spend("b", (), 0).remaining == 100


def test_too_dear(rates: Rates) -> None:
    """An operation that costs more than a whole limit is told that waiting does not help."""
    error = refused(rates, "a", (), 101)
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
    assert error.headers == rates.spend("b", (), 0).headers()


def test_refused_actor_costs_a_city_nothing(rates: Rates) -> None:
    """Whoever keeps asking after a refusal takes nothing from others of the city."""
    rates.spend("a", [FUSHUN], 100)
    for _ in range(1000):
        refused(rates, "a", [FUSHUN], 10)
    assert rates.spend("b", [FUSHUN], 0) == Spent("actor", 100, 100, 60, POLICIES)
    for number in range(9):
        rates.spend(f"c{number}", [FUSHUN], 100)
    refused(rates, "d", [FUSHUN], 1)


def test_all_or_none(rates: Rates) -> None:
    """Where one of several cities refuses, none is charged."""
    for number in range(10):
        rates.spend(f"a{number}", [FUSHUN], 100)
    refused(rates, "b", [DANDONG, FUSHUN], 10)
    for number in range(9):
        rates.spend(f"c{number}", [DANDONG], 100)
    assert rates.spend("d", [DANDONG], 100) == Spent("city", 1000, 0, 60, POLICIES)


@given(st.lists(st.integers(1, 300), min_size=1, max_size=200), st.floats(0, 59))
def test_one_city_does_not_slow_another(costs: list[int], pause: float) -> None:
    """Whatever a city's visitors ask, at ten times its rate and more, another has all of its."""
    clock = Clock(MINUTE)
    rates = Rates("300/minute", "1000/minute", clock=clock)
    for number, cost in enumerate(costs * 10):
        clock.now += pause / len(costs) / 10
        with suppress(RateLimitedError):
            rates.spend(f"a{number}", [FUSHUN], cost)
    left = 1000
    while left:
        cost = min(left, 300)
        rates.spend(f"b{left}", [DANDONG], cost)
        left -= cost
    refused(rates, "c", [DANDONG], 1)


@pytest.mark.parametrize("cost", [-1, -100])
def test_negative(rates: Rates, cost: int) -> None:
    """A negative cost is a fault of the caller: nobody is given points."""
    with pytest.raises(ValueError, match=f"a cost of {cost} cannot be spent; expected 0 or more"):
        rates.spend("a", (), cost)


def test_names_do_not_mix(rates: Rates) -> None:
    """An actor who is called like a city's code is not that city."""
    rates.spend(str(FUSHUN), (), 100)
    assert rates.spend("b", [FUSHUN], 10).remaining == 90


def test_bounded(clock: Clock) -> None:
    """However many actors come, no more than `capacity` of them are counted one by one."""
    rates = Rates("100/minute", "100000000/minute", clock=clock, capacity=1000)
    for number in range(50_000):
        rates.spend(f"a{number}", [FUSHUN], 1)
    assert len(rates) == 1000 + 1024 + 1
    clock.now += 120
    rates.spend("b", [FUSHUN], 1)
    assert len(rates) == 2


async def test_sharing(clock: Clock) -> None:
    """Processes with the same counters share the budgets of actors and of cities."""
    counters = Memory()
    one, two = (Rates("100/minute", "900/minute", counters=counters, clock=clock) for _ in "ab")
    one.spend("a", [FUSHUN], 60)
    two.spend("a", [FUSHUN], 20)
    assert one.sharing
    assert two.sharing
    await one.sharing.tell()
    await two.sharing.tell()
    refused(two, "a", [FUSHUN], 21)
    two.spend("a", [FUSHUN], 20)
    for number in range(8):
        two.spend(f"b{number}", [FUSHUN], 100)
    refused(two, "c", [FUSHUN], 1)


async def test_run_alone() -> None:
    """Without counters there is nothing to run."""
    rates = Rates("100/minute", "900/minute")
    assert rates.sharing is None
    await rates.run()


def test_settings() -> None:
    """The rates are those of the settings, in this process unless they name a Redis."""
    rates = Rates.of(Settings(_env_file=None, rate_actor="7/second", rate_city="9/hour"))
    assert rates.sharing is None
    policy = '"actor";q=7;qu="cost";w=1, "city";q=9;qu="cost";w=3600'
    assert rates.spend("a", [FUSHUN], 0).policy == policy


def test_settings_redis() -> None:
    """A Redis of the settings is not asked before it is needed, but its address is checked."""
    assert Rates.of(Settings(_env_file=None, redis_url="redis://nowhere.invalid:1")).sharing
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
