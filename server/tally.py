"""Tallies: how many of something each owner has open, up to a limit."""

import os
import time
from collections import Counter

from server.mapped import MappedTable


class Tally:
    """What is open in this process."""

    def __init__(self) -> None:
        self._open: Counter[str] = Counter()

    def take(self, owner: str, limit: int) -> bool:
        """Count one more of an owner, unless `limit` are open; whether it was counted."""
        if self._open[owner] >= limit:
            return False
        self._open[owner] += 1
        return True

    def give_back(self, owner: str) -> None:
        """Count one less."""
        self._open[owner] -= 1
        if self._open[owner] <= 0:
            del self._open[owner]


class MappedTally(Tally):
    """What is open in all processes that map `table`.

    Each counts its own, as the part `process` of an owner; whoever sees a process die forgets its
    part.
    """

    def __init__(self, table: MappedTable, process: int | None = None) -> None:
        super().__init__()
        self._table = table
        self._process = os.getpid() if process is None else process

    def take(self, owner: str, limit: int) -> bool:
        """Count one more of an owner, unless `limit` are open in all processes together."""
        with self._table.held(owner) as bucket:
            values = {entry.part: entry.value for entry in bucket.entries()}
            if sum(values.values()) >= limit:
                return False
            own = values.get(self._process, 0) + 1
            bucket.put(self._process, own, float("inf"), time.time())
        return True

    def give_back(self, owner: str) -> None:
        """Count one less."""
        now = time.time()
        with self._table.held(owner) as bucket:
            own = bucket.value(self._process, now) - 1
            if own > 0:
                bucket.put(self._process, own, float("inf"), now)
            else:
                bucket.remove(self._process)
