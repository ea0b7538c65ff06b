"""Leases: connections of one login's pool that go from operation to operation, without waiting.

To give a connection back to the pool of asyncpg takes a task, to end its transaction a round trip.
So a connection that was used a moment ago is kept warm: its read-only transaction is ended in the
message that begins the next one, or, where none comes, some 50 ms later. Where operations wait for
a connection, they are handed one after the other what others give back.
"""

import asyncio
from collections import deque
from contextlib import suppress
from typing import Any

import asyncpg

WARM_SECONDS = 0.05
"""How long a connection that nobody uses is kept out of the pool, in its last transaction."""


class Lease:
    """A connection out of the pool; `is_in_transaction` says that it is in one that is over."""

    __slots__ = ("connection", "idle_since", "is_in_transaction")

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.is_in_transaction = False
        self.idle_since = 0.0

    @property
    def is_lost(self) -> bool:
        """Whether the server hung up; the pool may have taken the connection away already."""
        try:
            return bool(self.connection.is_closed())
        except asyncpg.InterfaceError:
            return True

    def cut(self) -> None:
        """End the connection, whose state nobody knows."""
        with suppress(asyncpg.InterfaceError):
            self.connection.terminate()


class Leases:
    """The leases of one pool."""

    def __init__(self, pool: "asyncpg.Pool[Any]") -> None:
        self.pool = pool
        self._out = 0
        self._acquiring = 0
        self._waiters: deque[asyncio.Future[Lease | None]] = deque()
        self._warm: list[Lease] = []
        self._timer: asyncio.TimerHandle | None = None
        self._ending: set[asyncio.Task[None]] = set()

    @property
    def idle(self) -> int:
        """Open connections that no operation uses."""
        return self.pool.get_idle_size() + len(self._warm)

    @property
    def waiting(self) -> int:
        """Operations that wait for a connection."""
        return self._acquiring + len(self._waiters)

    async def take(self) -> Lease:
        """A connection that nobody else uses, as soon as there is one; first come, first served.

        Errors: those of the pool.
        """
        while True:
            while self._warm:
                lease = self._warm.pop()
                if not lease.is_lost:
                    return lease
                await self._release(lease)
            if self._out < self.pool.get_max_size():
                return await self._acquired()
            handed = await self._handed()
            if handed is not None:
                return handed

    def give_back(self, lease: Lease) -> None:
        """Hand the connection to who waits longest; keep it warm where nobody does."""
        if lease.is_lost:
            self._cool([lease])
        elif not self._hand(lease):
            loop = asyncio.get_running_loop()
            lease.idle_since = loop.time()
            self._warm.append(lease)
            if self._timer is None:
                self._timer = loop.call_later(WARM_SECONDS, self._look)

    async def _acquired(self) -> Lease:
        """A connection out of the pool."""
        self._out += 1
        self._acquiring += 1
        try:
            return Lease(await self.pool.acquire())
        except BaseException:
            self._freed()
            raise
        finally:
            self._acquiring -= 1

    async def _handed(self) -> Lease | None:
        """What somebody gives back; None where there is room to try again."""
        future: asyncio.Future[Lease | None] = asyncio.get_running_loop().create_future()
        self._waiters.append(future)
        try:
            return await future
        except asyncio.CancelledError:
            if future.cancelled():
                with suppress(ValueError):  # somebody has passed it over already
                    self._waiters.remove(future)
            elif (lease := future.result()) is not None:  # it came in the same moment
                self.give_back(lease)
            else:
                self._hand(None)
            raise

    def _hand(self, lease: Lease | None) -> bool:
        """Give a connection, or None as a word to try again, to who waits longest, if anybody."""
        while self._waiters:
            future = self._waiters.popleft()
            if not future.done():
                future.set_result(lease)
                return True
        return False

    def _freed(self) -> None:
        """There is room for one more connection."""
        self._out -= 1
        self._hand(None)

    async def close(self) -> None:
        """Give every warm connection back to the pool."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        warm, self._warm = self._warm, []
        self._cool(warm)
        while self._ending:
            await asyncio.wait(self._ending)

    def _look(self) -> None:
        """Give back what has not been used for a while; the one used last is at the end."""
        loop = asyncio.get_running_loop()
        latest = loop.time() - WARM_SECONDS
        cold = [lease for lease in self._warm if lease.idle_since <= latest]
        self._warm = [lease for lease in self._warm if lease.idle_since > latest]
        self._timer = loop.call_later(WARM_SECONDS, self._look) if self._warm else None
        self._cool(cold)

    def _cool(self, leases: list[Lease]) -> None:
        for lease in leases:
            task = asyncio.get_running_loop().create_task(self._release(lease))
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)

    async def _release(self, lease: Lease) -> None:
        """End what the connection is in, and give it to the pool, whatever state it is in."""
        try:
            if lease.is_in_transaction and not lease.is_lost:
                await lease.connection.execute("COMMIT")
        except (
            OSError,
            asyncpg.PostgresError,
            asyncpg.InterfaceError,
            asyncpg.InternalClientError,
        ):
            lease.cut()
        except BaseException:
            lease.cut()
            raise
        finally:
            try:
                # of a connection that ended meanwhile the pool knows already
                with suppress(asyncpg.InternalClientError):
                    await self.pool.release(lease.connection)
            finally:
                self._freed()
