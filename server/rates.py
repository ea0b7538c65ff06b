"""Rates: how much cost an actor and a city may spend in a time, and the headers that say so."""

import time
from collections.abc import Callable, Iterable
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from typing import Literal, NamedTuple

from limits import parse

from schema.errors import CodedError, ErrorCode
from server.budget import Budget, Key
from server.settings import Settings
from server.sharing import Counters, RedisCounters, Sharing

_WHOSE = {
    "actor": ("您", "You"),
    "city": ("该市所有访问者合计", "All visitors of this city together"),
}


class Spent(NamedTuple):
    """What is left after a spending, or a refusal, under the bound that is nearest.

    `bound` is "actor" or "city", `limit` its cost points, `remaining` those left now, `reset`
    the whole seconds until more are there, `policy` all bounds that were looked at, as a header.
    """

    bound: Literal["actor", "city"]
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

    def __init__(self, spent: Spent, seconds: int, cost: int, wait: int | None) -> None:
        whose_zh, whose_en = _WHOSE[spent.bound]
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


class Rates:
    """The budgets of actors and of cities; `actor` and `city` are rates like "300000/minute".

    Without `counters` this process counts alone; with them, `run` shares with other processes.
    `clock` gives seconds since 1970; `capacity` actors and cities are counted one by one.
    """

    def __init__(
        self,
        actor: str,
        city: str,
        *,
        counters: Counters | None = None,
        clock: Callable[[], float] = time.time,
        capacity: int = 100_000,
    ) -> None:
        sharing = counters is not None
        self._actors = Budget(parse(actor), clock=clock, capacity=capacity, sharing=sharing)
        self._cities = Budget(parse(city), clock=clock, capacity=capacity, sharing=sharing)
        self._actor_policy = _policy("actor", self._actors)
        self._policies = f"{self._actor_policy}, {_policy('city', self._cities)}"
        budgets = {"actor": self._actors, "city": self._cities}
        self.sharing = Sharing(counters, budgets) if counters else None

    @classmethod
    def of(cls, settings: Settings) -> "Rates":
        """The rates that the settings ask for.

        Errors: `SettingsError` where ONEGRID_REDIS_URL is no address of a Redis.
        """
        counters = RedisCounters(settings.redis_url) if settings.redis_url else None
        return cls(settings.rate_actor, settings.rate_city, counters=counters)

    def __len__(self) -> int:
        """How many counts are held."""
        return len(self._actors) + len(self._cities)

    async def run(self) -> None:
        """Share with other processes until cancelled; ends at once where there is nothing to."""
        if self.sharing:
            await self.sharing.run()

    def spend(self, actor_key: str, tenant_ids: Iterable[int], cost: int) -> Spent:
        """Spend `cost` points of an actor and of each tenant, or of none of them.

        `actor_key` says who asks: the subject of the token, or without one the `address_key`.
        `tenant_ids` are the tenants to charge: the one that the operation names, if it names one.

        Errors: `RateLimitedError`; `ValueError` for a negative cost.
        """
        if cost < 0:
            raise ValueError(f"a cost of {cost} cannot be spent; expected 0 or more")
        charged: list[tuple[Budget, Key]] = [(self._actors, actor_key)]
        charged += [(self._cities, tenant) for tenant in tenant_ids]
        policy = self._policies if len(charged) > 1 else self._actor_policy
        nearest, least = self._actors, self._actors.limit
        for budget, key in charged:
            left = budget.left(key)
            if left < cost:
                raise self._refusal(budget, key, cost, left, policy)
            if left <= least:
                nearest, least = budget, left
        for budget, key in charged:
            budget.spend(key, cost)
        return Spent(self._bound(nearest), nearest.limit, least - cost, nearest.ends(), policy)

    def _refusal(
        self, budget: Budget, key: Key, cost: int, left: int, policy: str
    ) -> RateLimitedError:
        wait = budget.wait(key, cost)
        reset = budget.ends() if wait is None else wait
        spent = Spent(self._bound(budget), budget.limit, left, reset, policy)
        return RateLimitedError(spent, budget.seconds, cost, wait)

    def _bound(self, budget: Budget) -> Literal["actor", "city"]:
        return "actor" if budget is self._actors else "city"


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


def _policy(bound: str, budget: Budget) -> str:
    return f'"{bound}";q={budget.limit};qu="cost";w={budget.seconds}'
