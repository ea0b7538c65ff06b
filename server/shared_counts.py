"""Shared counts: several processes count in one Redis, and each alone while that is away."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import structlog
from limits.aio.storage import RedisStorage, SlidingWindowCounterSupport, Storage
from redis.asyncio import ConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from server.counts import Counts
from server.mapped_counts import MappedCounts
from server.settings import PREFIX, SettingsError, shown

log = structlog.get_logger("onegrid")

ANSWER_SECONDS = 0.1
PAUSE_SECONDS = 1.0
WARN_SECONDS = 60.0
CONNECTIONS = 16

T = TypeVar("T")


class SharedCounts(Storage, SlidingWindowCounterSupport):
    """A storage of the library `limits` that asks `shared`, and `alone` while that is away.

    Who asks waits `answer_seconds` at most. After a failure `shared` is left alone for
    `pause_seconds`; then one request tries again. What was spent meanwhile is known to `alone`
    only. That `shared` is away is logged once in WARN_SECONDS at most. `clock` gives seconds.
    """

    def __init__(
        self,
        shared: RedisStorage | Counts,
        alone: Counts | MappedCounts,
        *,
        pool: ConnectionPool | None = None,
        answer_seconds: float = ANSWER_SECONDS,
        pause_seconds: float = PAUSE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self._shared = shared
        self._alone = alone
        self._pool = pool
        self._answer_seconds = answer_seconds
        self._pause_seconds = pause_seconds
        self._clock = clock
        # a pool that lets wait does so without an order, some for ever
        self._turns = asyncio.Semaphore(CONNECTIONS)
        self._again: float | None = None
        self._warned: float | None = None
        self._told = True

    @classmethod
    def of(cls, url: str, alone: Counts | MappedCounts | None = None) -> "SharedCounts":
        """Counts in the Redis at `url`, which is connected to when first needed, and in `alone`.

        Errors: `SettingsError` where `url` is no address of a Redis.
        """
        retry = Retry(NoBackoff(), 0)
        try:
            pool = ConnectionPool.from_url(url, max_connections=CONNECTIONS, retry=retry)
        except ValueError:
            raise SettingsError(
                f"{PREFIX}REDIS_URL={shown('redis_url', url)!r}: "
                "expected an address like redis://:password@host:6379/0"
            ) from None
        options: dict[str, Any] = {"connection_pool": pool}
        # the address is the pool's; the storage wants one all the same
        redis = RedisStorage(
            "async+redis://", implementation="redispy", key_prefix="onegrid", **options
        )
        return cls(redis, Counts() if alone is None else alone, pool=pool)

    async def close(self) -> None:
        """End every connection."""
        if self._pool:
            await self._pool.aclose()

    @property
    def base_exceptions(self) -> type[Exception] | tuple[type[Exception], ...]:
        """None: what fails is asked of `alone`."""
        return ()

    async def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Add `amount`; a new count ends after `expiry` seconds. Gives the sum."""
        return await self._ask(lambda counts: counts.incr(key, expiry, amount))

    async def get(self, key: str) -> int:
        """What was spent under `key`."""
        return await self._ask(lambda counts: counts.get(key))

    async def get_expiry(self, key: str) -> float:
        """When the count of `key` ends, in seconds since 1970."""
        return await self._ask(lambda counts: counts.get_expiry(key))

    async def check(self) -> bool:
        """Whether counting is possible: always."""
        return True

    async def reset(self) -> int | None:
        """Forget all; gives how many there were."""
        return await self._ask(lambda counts: counts.reset())

    async def clear(self, key: str) -> None:
        """Forget `key`."""
        await self._ask(lambda counts: counts.clear(key))

    async def acquire_sliding_window_entry(
        self, key: str, limit: int, expiry: int, amount: int = 1
    ) -> bool:
        """Add `amount` if no more than `limit` is spent then; whether it was added."""
        return await self._ask(
            lambda counts: counts.acquire_sliding_window_entry(key, limit, expiry, amount)
        )

    async def get_sliding_window(self, key: str, expiry: int) -> tuple[int, float, int, float]:
        """Spent in the window before, seconds that it still counts, and the same of this one."""
        return await self._ask(lambda counts: counts.get_sliding_window(key, expiry))

    async def clear_sliding_window(self, key: str, expiry: int) -> None:
        """Forget both windows of `key`."""
        await self._ask(lambda counts: counts.clear_sliding_window(key, expiry))

    async def _ask(self, ask: Callable[[RedisStorage | Counts | MappedCounts], Awaitable[T]]) -> T:
        if self._again is not None:
            if self._clock() < self._again:
                return await ask(self._alone)
            self._again = self._clock() + self._pause_seconds
        try:
            async with asyncio.timeout(self._answer_seconds), self._turns:
                answer = await ask(self._shared)
        except Exception as error:  # whatever it is, it must not stop who asks
            self._count_alone(error)
            return await ask(self._alone)
        if self._again is not None:
            self._count_together()
        return answer

    def _count_alone(self, error: Exception) -> None:
        now = self._clock()
        self._again = now + self._pause_seconds
        if self._warned is not None and now - self._warned < WARN_SECONDS:
            return
        self._warned, self._told = now, False
        known = isinstance(error, RedisError | OSError)
        log.warning(
            "rates are counted in this process alone",
            reason=str(error) or type(error).__name__,
            exc_info=None if known else error,
        )

    def _count_together(self) -> None:
        self._again = None
        if not self._told:
            self._told = True
            log.info("rates are counted together again")
