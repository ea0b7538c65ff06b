"""Rates: how much cost an actor and a city may spend in a time, and the headers that say so."""

from collections.abc import Iterable
from functools import lru_cache
from hashlib import blake2b
from ipaddress import IPv6Address, ip_address
from math import ceil, floor
from typing import TYPE_CHECKING, Literal, NamedTuple

from limits import RateLimitItem, parse

from schema.errors import CodedError, ErrorCode
from server.counts import Counts, Window
from server.mapped_counts import MappedCounts
from server.settings import Settings

if TYPE_CHECKING:
    from server.shared_counts import SharedCounts

BUDGETS = 10_000
"""Budgets whose keys are remembered, of actors and of cities each."""

Bound = Literal["actor", "city"]
Alone = Counts | MappedCounts
"""Counts of one process, or of the workers of one server."""

_ACTOR = ("您", "You")
_HOLDERS = ("该市所有持令牌者合计", "All holders of tokens for this city together")
_PUBLIC = ("该市所有无令牌访问者合计", "All visitors of this city without a token together")


class Spent(NamedTuple):
    """What is left after a spending, or a refusal, under the bound that is nearest.

    `bound` is "actor" or "city", `limit` its cost points, `remaining` those left now, `reset`
    the whole seconds until more are there, `policy` all bounds that were looked at, as a header.
    """

    bound: Bound
    limit: int
    remaining: int
    reset: int
    policy: str

    def headers(self) -> dict[str, str]:
        """RateLimit and RateLimit-Policy as draft 11 of the IETF has them, and the three fields
        of draft 6, which clients know."""
        limit, remaining, reset = str(self.limit), str(self.remaining), str(self.reset)
        return {
            "ratelimit-policy": self.policy,
            "ratelimit": f'"{self.bound}";r={remaining};t={reset}',
            "ratelimit-limit": limit,
            "ratelimit-remaining": remaining,
            "ratelimit-reset": reset,
        }


class RateLimitedError(CodedError):
    """An operation that its actor or its city cannot pay now: RATE_LIMITED.

    `facts` say the bound, its limit, what is left, the cost and `retryAfter`, seconds, None where
    waiting does not help. `headers` are those of the answer, Retry-After with them.
    """

    def __init__(
        self, spent: Spent, whose: tuple[str, str], seconds: int, cost: int, wait: int | None
    ) -> None:
        whose_zh, whose_en = whose
        zh, en = (
            ("此操作永远超出上限；请减少所查内容。", "it never fits: ask for less.")
            if wait is None
            else (f"请在 {wait} 秒后重试。", f"try again in {wait} seconds.")
        )
        super().__init__(
            ErrorCode.RATE_LIMITED,
            f"{whose_zh}每 {seconds} 秒可用成本 {spent.limit}，现余 {spent.remaining}，"
            f"此操作需要 {cost}；{zh}",
            f"{whose_en} may spend a cost of {spent.limit} in {seconds} seconds;"
            f" {spent.remaining} are left and this operation costs {cost}; {en}",
            bound=spent.bound,
            limit=spent.limit,
            seconds=seconds,
            remaining=spent.remaining,
            cost=cost,
            retryAfter=wait,
        )
        retry = {} if wait is None else {"retry-after": str(wait)}
        self.bound = spent.bound
        self.headers = spent.headers() | retry


class _Budget(NamedTuple):
    """One of the budgets to charge: its rate, whose it is in Chinese and English.

    `counted` is the key as the library makes it; what the rate says is worked out once.
    """

    rate: RateLimitItem
    whose: tuple[str, str]
    counted: str
    bound: Bound
    amount: int
    seconds: int

    @classmethod
    def of(cls, rate: RateLimitItem, key: tuple[str, ...], whose: tuple[str, str]) -> "_Budget":
        """The budget under a key."""
        bound: Bound = "actor" if rate.namespace == "actor" else "city"
        return cls(rate, whose, rate.key_for(*key), bound, rate.amount, rate.get_expiry())

    def spent(self, remaining: int, reset: int, policy: str) -> Spent:
        return Spent(self.bound, self.amount, remaining, reset, policy)


class Rates:
    """The budgets of actors and of cities; `actor` and `city` are rates like "300000/minute".

    The library `limits` counts what was spent, in a window that slides, and holds it in `counts`.
    """

    def __init__(self, actor: str, city: str, counts: "Alone | SharedCounts") -> None:
        self._actor = _rate(actor, "actor")
        self._city = _rate(city, "city")
        self._counts = counts
        # on this machine: no need to wait, nor to ask twice
        self._take = counts.take if isinstance(counts, Alone) else None
        self._of_actor = lru_cache(BUDGETS)(self._actor_budget)
        self._of_city = lru_cache(BUDGETS)(self._city_budget)
        self._actor_policy = _policy(self._actor)
        self._policies = f"{self._actor_policy}, {_policy(self._city)}"

    @classmethod
    def of(cls, settings: Settings, counts: Alone | None = None) -> "Rates":
        """The rates that the settings ask for; without a Redis `counts` hold what was spent.

        Errors: `SettingsError` where ONEGRID_REDIS_URL is no address of a Redis.
        """
        held = _counts(settings.redis_url, Counts() if counts is None else counts)
        return cls(settings.rate_actor, settings.rate_city, held)

    async def close(self) -> None:
        """End the connections to a Redis, if there are any."""
        await self._counts.close()

    async def spend(
        self, actor_key: str, tenant_ids: Iterable[int], cost: int, *, public: bool = False
    ) -> Spent:
        """Spend `cost` points of an actor and of each tenant, or of none of them.

        `actor_key` says who asks: the tenant and the subject of the token, or without one the
        `address_key`. `tenant_ids` are the tenants to charge: the one that the operation names,
        if it names one. The `public`, who have no token, share other budgets of the tenants
        than those who have, so that they cannot keep a city's staff out.

        Errors: `RateLimitedError`; `ValueError` for a negative cost.
        """
        if cost < 0:
            raise ValueError(f"a cost of {cost} cannot be spent; expected 0 or more")
        budgets = [self._of_actor(actor_key)]
        budgets += [self._of_city(tenant, public) for tenant in tenant_ids]
        policy = self._policies if len(budgets) > 1 else self._actor_policy
        least: tuple[int, _Budget, Window] | None = None
        take = self._take
        for budget in budgets:
            if take is not None:
                window = take(budget.counted, budget.amount, budget.seconds, cost)
            else:
                window = await self._taken(budget, cost)
            if window is None:
                await self._give_back(budgets[: budgets.index(budget)], cost)
                raise await self._refusal(budget, cost, policy)
            remaining = _remaining(budget, window)
            if least is None or remaining <= least[0]:  # of a city rather than of the actor
                least = remaining, budget, window
        assert least is not None
        remaining, budget, window = least
        return budget.spent(remaining, _reset(budget.seconds, window), policy)

    async def _taken(self, budget: _Budget, cost: int) -> Window | None:
        """Take a cost off a budget, as the library's `hit` does; its window then, or None."""
        counted, amount, seconds = budget.counted, budget.amount, budget.seconds
        if self._take is not None:
            return self._take(counted, amount, seconds, cost)
        counts = self._counts
        if not await counts.acquire_sliding_window_entry(counted, amount, seconds, cost):
            return None
        return await counts.get_sliding_window(counted, seconds)

    def _actor_budget(self, actor_key: str) -> _Budget:
        return _Budget.of(self._actor, (_hidden(actor_key),), _ACTOR)

    def _city_budget(self, tenant_id: int, public: bool) -> _Budget:
        if public:
            return _Budget.of(self._city, ("public", str(tenant_id)), _PUBLIC)
        return _Budget.of(self._city, (str(tenant_id),), _HOLDERS)

    async def _give_back(self, budgets: list[_Budget], cost: int) -> None:
        # the library has no other way; memory and Redis both add a number below 0
        for budget in budgets:
            await self._taken(budget, -cost)

    async def _refusal(self, budget: _Budget, cost: int, policy: str) -> RateLimitedError:
        seconds = budget.seconds
        window = await self._counts.get_sliding_window(budget.counted, seconds)
        remaining, reset = _remaining(budget, window), _reset(seconds, window)
        wait = _wait(budget.rate, window, cost)
        spent = budget.spent(remaining, reset if wait is None else wait, policy)
        return RateLimitedError(spent, budget.whose, seconds, cost, wait)


def _counts(redis_url: str | None, alone: Alone) -> "Alone | SharedCounts":
    if not redis_url:
        return alone
    # the client of Redis takes 0.14 s and some MB: only who uses it should pay for it
    from server.shared_counts import SharedCounts  # noqa: PLC0415

    return SharedCounts.of(redis_url, alone)


@lru_cache(4096)
def address_key(address: str) -> str:
    """What an actor without a token is counted under: the address, of IPv6 the first 64 bits.

    A network gives each of its machines that many addresses to choose from.
    """
    try:
        found = ip_address(address)
    except ValueError:
        return f"address {address}"
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is None:
            return f"address {IPv6Address(found.packed[:8] + bytes(8))}/64"
        found = found.ipv4_mapped
    return f"address {found}"


def _remaining(budget: _Budget, window: Window) -> int:
    """What is left of a budget, as the library tells it."""
    before, before_ends, spent, _ = window
    if before:
        spent += floor(before * before_ends / budget.seconds)
    # a Redis may count below 0 where what was given back was spent in a window that is over
    return 0 if spent > budget.amount else budget.amount - max(0, spent)


def _reset(seconds: int, window: Window) -> int:
    """The seconds until there is more, as the library tells them."""
    before, before_ends, spent, spent_ends = window
    reset = spent_ends % seconds if spent else 0.0
    if before:
        by_before = before_ends % (seconds / before)
        reset = min(reset, by_before) if spent else by_before
    return max(1, ceil(reset))


def _rate(text: str, namespace: Bound) -> RateLimitItem:
    rate = parse(text)
    rate.namespace = namespace
    return rate


def _policy(rate: RateLimitItem) -> str:
    return f'"{rate.namespace}";q={rate.amount};qu="cost";w={rate.get_expiry()}'


def _hidden(actor_key: str) -> str:
    """A name of the actor that says no subject or address, and is short however long those are."""
    return blake2b(actor_key.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _wait(rate: RateLimitItem, window: tuple[int, float, int, float], cost: int) -> int | None:
    """Whole seconds until `cost` may be spent if nothing else is, at least 1; None for never."""
    if cost > rate.amount:
        return None
    seconds = rate.get_expiry()
    before, before_ends, spent, spent_ends = window
    room = rate.amount - cost - spent
    if room < 0:
        left = spent_ends - seconds * (rate.amount - cost) / spent
    else:
        left = before_ends - seconds * room / before if before else 0.0
    return max(1, ceil(left))
