"""Mapped counts: what each of many spent, counted by all workers of a server together."""

import time
from collections.abc import Callable
from math import floor

from limits.aio.storage import SlidingWindowCounterSupport, Storage

from server.counts import Window
from server.mapped import MappedTable

_FIXED = -1
"""The part of a key that counts for a fixed window; the others are numbers of windows."""


class MappedCounts(Storage, SlidingWindowCounterSupport):
    """A storage of the library `limits` in a table that several processes map.

    Like `Counts` it never waits for anything else, holds a bounded number of counts, and forgets
    those that were changed longest ago. A hit takes some 5 microseconds, with any number of keys.
    `clock` gives seconds since 1970.
    """

    def __init__(self, table: MappedTable, *, clock: Callable[[], float] = time.time) -> None:
        super().__init__()
        self._table = table
        self._clock = clock

    async def close(self) -> None:
        """Nothing is open but the table, which lasts as long as the process."""

    @property
    def base_exceptions(self) -> type[Exception] | tuple[type[Exception], ...]:
        """None: nothing here can fail."""
        return ()

    async def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Add `amount`; a new count ends after `expiry` seconds. Gives the sum."""
        now = self._clock()
        with self._table.held(key) as bucket:
            ends = bucket.ends(_FIXED)
            spent = max(0, bucket.value(_FIXED, now) + amount)
            bucket.put(_FIXED, spent, now + expiry if not ends or ends <= now else ends, now)
        return spent

    async def get(self, key: str) -> int:
        """What was spent under `key`, 0 where nothing is known of it."""
        with self._table.held(key) as bucket:
            return bucket.value(_FIXED, self._clock())

    async def get_expiry(self, key: str) -> float:
        """When the count of `key` ends, in seconds since 1970; now, where there is none."""
        with self._table.held(key) as bucket:
            ends = bucket.ends(_FIXED)
        return self._clock() if ends is None else ends

    async def check(self) -> bool:
        """Whether counting is possible: always."""
        return True

    async def reset(self) -> None:
        """Forget all."""
        self._table.clear()

    async def clear(self, key: str) -> None:
        """Forget `key`."""
        with self._table.held(key) as bucket:
            bucket.remove(_FIXED)

    async def acquire_sliding_window_entry(
        self, key: str, limit: int, expiry: int, amount: int = 1
    ) -> bool:
        """Add `amount` if no more than `limit` is spent then; whether it was added.

        An amount below 0 gives back, to 0 at most.
        """
        return self.take(key, limit, expiry, amount) is not None

    def take(self, key: str, limit: int, expiry: int, amount: int) -> Window | None:
        """The same at once: the window as it is then, None where nothing was added."""
        now = self._clock()
        window, left = int(now / expiry), expiry - now % expiry
        with self._table.held(key) as bucket:
            before, spent = bucket.value(window - 1, now), bucket.value(window, now)
            if floor(before * left / expiry) + spent + amount > limit:
                return None
            spent = max(0, spent + amount)
            bucket.put(window, spent, (window + 2) * expiry, now)
        return before, left, spent, left + expiry

    async def get_sliding_window(self, key: str, expiry: int) -> tuple[int, float, int, float]:
        """Spent in the window before, seconds that it still counts, and the same of this one."""
        now = self._clock()
        window, left = int(now / expiry), expiry - now % expiry
        with self._table.held(key) as bucket:
            before, spent = bucket.value(window - 1, now), bucket.value(window, now)
        return before, left, spent, left + expiry

    async def clear_sliding_window(self, key: str, expiry: int) -> None:
        """Forget both windows of `key`."""
        window = int(self._clock() / expiry)
        with self._table.held(key) as bucket:
            bucket.remove(window - 1)
            bucket.remove(window)
