"""Sharing: several processes count one budget together, through a Redis."""

import asyncio
import time
from collections.abc import Callable, Mapping
from hashlib import blake2b
from typing import Any, Protocol

import structlog
from limits.aio.storage import RedisStorage
from limits.errors import StorageError
from redis.asyncio import ConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from server.budget import Budget, Share
from server.settings import PREFIX, SettingsError, shown

log = structlog.get_logger("onegrid")

AT_ONCE = 16
ANSWER_SECONDS = 1.0
WARN_SECONDS = 60.0


class Counters(Protocol):
    """What `limits` calls a storage, as far as it is needed: counters that all processes see."""

    async def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Add `amount`; a new counter ends after `expiry` seconds. Gives the sum.

        Errors: `StorageError`.
        """

    async def close(self) -> None:
        """End every connection."""


class Sharing:
    """Tells the counters what was spent here, and the budgets what was spent everywhere.

    Requests never wait for it: a budget counts in its process, and hears of the others `seconds`
    later. So all processes together may overspend by what they spend in that time, and each
    by the hundredth of a rate that is not worth telling. Without the counters each process
    counts alone, which is logged once in WARN_SECONDS. `clock` gives seconds.
    """

    def __init__(
        self,
        counters: Counters,
        budgets: Mapping[str, Budget],
        *,
        seconds: float = 0.05,
        pause: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._counters = counters
        self._budgets = budgets
        self._seconds = seconds
        self._pause = pause
        self._clock = clock
        self._alone = False
        self._warned: float | None = None

    async def run(self) -> None:
        """Tell until cancelled; after a failure only every `pause` seconds."""
        try:
            while True:
                answered = await self.tell()
                await asyncio.sleep(self._seconds if answered else self._pause)
        finally:
            await self._counters.close()

    async def tell(self) -> bool:
        """Tell once what is due; whether the counters answered. What failed stays due."""
        due = [(name, share) for name, budget in self._budgets.items() for share in budget.due()]
        failures: list[BaseException] = []
        for start in range(0, len(due), AT_ONCE):
            some = due[start : start + AT_ONCE]
            if failures:
                self._give_back(some)
                continue
            failures = [error for error in await asyncio.gather(*map(self._tell, some)) if error]
        if failures:
            self._count_alone(failures[0])
        elif due:
            self._count_together()
        return not failures

    async def _tell(self, item: tuple[str, Share]) -> Exception | None:
        name, share = item
        budget = self._budgets[name]
        try:
            total = await self._counters.incr(
                _counter(name, budget, share), 2 * budget.seconds, share.cost
            )
        except Exception as error:  # whatever it is, it must not end the telling
            budget.give_back(share)
            return error
        budget.learn(share, total)
        return None

    def _give_back(self, items: list[tuple[str, Share]]) -> None:
        for name, share in items:
            self._budgets[name].give_back(share)

    def _count_alone(self, error: BaseException) -> None:
        now = self._clock()
        if self._warned is not None and now - self._warned < WARN_SECONDS:
            return
        self._warned, self._alone = now, True
        known = isinstance(error, StorageError | OSError)
        log.warning(
            "rates are counted in this process alone",
            reason=str(error) or type(error).__name__,
            exc_info=None if known else error,
        )

    def _count_together(self) -> None:
        if self._alone:
            log.info("rates are counted together again")
        self._alone = False


class RedisCounters:
    """Counters in the Redis at `url`; connects when first needed.

    Errors: `SettingsError` where `url` is no address of a Redis.
    """

    def __init__(self, url: str, *, answer_seconds: float = ANSWER_SECONDS) -> None:
        options: dict[str, Any] = {
            "max_connections": AT_ONCE,
            "socket_timeout": answer_seconds,
            "socket_connect_timeout": answer_seconds,
            "retry": Retry(NoBackoff(), 0),
        }
        try:
            self._pool = ConnectionPool.from_url(url, **options)
        except ValueError:
            raise SettingsError(
                f"{PREFIX}REDIS_URL={shown('redis_url', url)!r}: "
                "expected an address like redis://:password@host:6379/0"
            ) from None
        storage: Any = RedisStorage
        # the address is the pool's; the storage wants one all the same
        self._storage: RedisStorage = storage(
            "async+redis://",
            wrap_exceptions=True,
            implementation="redispy",
            key_prefix="onegrid",
            connection_pool=self._pool,
        )

    async def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Add `amount`; a new counter ends after `expiry` seconds. Gives the sum.

        Errors: `StorageError`.
        """
        return await self._storage.incr(key, expiry, amount)

    async def close(self) -> None:
        """End every connection."""
        await self._pool.aclose()


def _counter(name: str, budget: Budget, share: Share) -> str:
    """The name of a counter; no subject or address stands in it."""
    whose = blake2b(str(share.key).encode(), digest_size=16).hexdigest()
    return f"{name}/{whose}/{budget.seconds}/{share.window}"
