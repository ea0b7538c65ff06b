"""Budget: what each of many spends of one rate, counted in this process."""

import math
import time
from collections.abc import Callable
from typing import NamedTuple

from limits import RateLimitItem

Key = str | int

BUCKETS = 1024


class Share(NamedTuple):
    """What a key spent in a window and has not told the other processes yet."""

    window: int
    key: Key
    cost: int


class Budget:
    """A sliding window counter: `limit` cost points for each key in any `seconds` seconds.

    Time is cut into windows that begin at multiples of `seconds` since 1970, the same in every
    process. What counts is what was spent in this window, and of the one before the part that
    `seconds` still reach back to, taken as spread evenly. Both windows are a dict each, so a
    key that does not come back is forgotten, at no cost, with its window.

    A window knows `capacity` keys by themselves; those that come later share BUCKETS buckets,
    so that no flood of new keys takes more memory. `clock` gives seconds since 1970.

    With `sharing`, what a key spent is kept for `due` as soon as it is a hundredth of the limit;
    what buckets hold is not, because each process has its own.
    """

    def __init__(
        self,
        rate: RateLimitItem,
        *,
        capacity: int = 100_000,
        clock: Callable[[], float] = time.time,
        sharing: bool = False,
    ) -> None:
        self.limit = rate.amount
        self.seconds = rate.get_expiry()
        self._capacity = capacity
        self._clock = clock
        self._window = 0
        self._spent: dict[Key, int] = {}
        self._before: dict[Key, int] = {}
        self._sharing = sharing
        self._enough = max(1, rate.amount // 100)
        self._untold: dict[Key, int] = {}
        self._due: set[Key] = set()

    def __len__(self) -> int:
        """How many counts are held."""
        return len(self._spent) + len(self._before)

    def left(self, key: Key) -> int:
        """The points that `key` may spend now; 0 where it, or others for it, spent too much."""
        reach = self._reach()
        slot = self._slot(key)
        spent = self._spent.get(slot, 0)
        before = self._before.get(slot)
        if before:
            spent += int(before * reach)
        return max(0, self.limit - spent)

    def spend(self, key: Key, cost: int) -> None:
        """Count `cost` points, whether or not they are left."""
        self._reach()
        slot = self._slot(key)
        self._spent[slot] = self._spent.get(slot, 0) + cost
        if self._sharing and slot == key:
            untold = self._untold[key] = self._untold.get(key, 0) + cost
            if untold >= self._enough:
                self._due.add(key)

    def ends(self) -> int:
        """Whole seconds until this window ends, at least 1."""
        return max(1, math.ceil(self._reach() * self.seconds))

    def wait(self, key: Key, cost: int) -> int | None:
        """Whole seconds until `key` may spend `cost` if it spends nothing else; None for never."""
        if cost > self.limit:
            return None
        reach = self._reach()
        slot = self._slot(key)
        spent, before = self._spent.get(slot, 0), self._before.get(slot, 0)
        room = self.limit - cost - spent
        if room >= before * reach:
            return 0
        if room >= 0:
            fraction = reach - room / before
        else:
            fraction = reach + max(0.0, 1 - (self.limit - cost) / spent)
        return max(1, math.ceil(fraction * self.seconds))

    def due(self) -> list[Share]:
        """What other processes should hear of; the caller tells them, or calls `give_back`."""
        self._reach()
        shares = [Share(self._window, slot, self._untold.pop(slot)) for slot in self._due]
        self._due.clear()
        return shares

    def give_back(self, share: Share) -> None:
        """`share` could not be told: it is due again while its window lasts."""
        self._reach()
        if share.window == self._window:
            self._untold[share.key] = self._untold.get(share.key, 0) + share.cost
            self._due.add(share.key)

    def learn(self, share: Share, total: int) -> None:
        """All processes together had spent `total`, `share` included, in its window."""
        self._reach()
        if share.window == self._window:
            known = self._spent.get(share.key, 0)
            self._spent[share.key] = max(known, total + self._untold.get(share.key, 0))
        elif share.window == self._window - 1:
            self._before[share.key] = max(self._before.get(share.key, 0), total)

    def _slot(self, key: Key) -> Key:
        """What `key` is counted under: itself, or a negative number where there is no room."""
        if key in self._spent or len(self._spent) < self._capacity:
            return key
        return -1 - hash(key) % BUCKETS

    def _reach(self) -> float:
        """The part of the window before that still counts, after turning to the present one.

        A clock that goes back a little stays in its window; one that jumps begins anew.
        """
        now = self._clock()
        window = int(now // self.seconds)
        ahead = window - self._window
        if ahead == 0:
            return 1 - now % self.seconds / self.seconds
        if ahead == -1:
            return 1.0
        self._before = self._spent if ahead == 1 else {}
        self._spent, self._untold = {}, {}
        self._due.clear()
        self._window = window
        return 1 - now % self.seconds / self.seconds
