"""The feed: tells subscriptions of this process that a tenant's log has grown, in any process."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from schema.database import UNREACHABLE

CHANNEL = "onegrid_events"

FAILURES = (
    *UNREACHABLE,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    DBAPIError,
)
"""What ends a connection of the feed; it takes another one then."""

NEWEST = "SELECT tenant_id, seq FROM event_counter WHERE tenant_id = ANY($1::int[])"

READS_PER_SECOND = 250
"""How many readers are woken in a second at most: with more of them, each waits a little longer."""

LOOK_SECONDS = 5.0
"""How long a look may take before the connection counts as dead."""

log = structlog.get_logger("onegrid")


@dataclass
class _Log:
    """What is known of one tenant's log, and who waits for more of it."""

    newest: int = 0
    watchers: int = 0
    grown: asyncio.Event = field(default_factory=asyncio.Event)


class Feed:
    """Looks at the numbers of the logs that somebody watches, all in one statement.

    It looks when this process has committed something, when another one says so (NOTIFY on one
    channel, with the tenants), and every `poll` seconds whoever says anything: a notification that
    is lost costs that time and no event. Between looks there are at least `pause` seconds, more
    where many watch: all that watch a log that grows read it at once. `run`
    does so until it is cancelled, over connections of the owner, one at a time; while the
    database is away nobody is told anything.
    """

    def __init__(self, engine: AsyncEngine, poll: float = 1.0, pause: float = 0.02) -> None:
        self._engine = engine
        self._poll = poll
        self._pause = pause
        self._logs: dict[int, _Log] = {}
        self._woken = asyncio.Event()
        self._untold: set[int] = set()
        self._is_lost = False
        self.looks = 0
        self.ended = asyncio.Event()
        """Set as soon as watching has no sense any more: the process stops."""

    @property
    def watchers(self) -> int:
        """How many watch."""
        return sum(log.watchers for log in self._logs.values())

    @contextmanager
    def watch(self, tenant_id: int) -> Iterator["Watch"]:
        """Watch a tenant's log; begin to before reading it, and nothing is missed."""
        known = self._logs.setdefault(tenant_id, _Log())
        known.watchers += 1
        if known.watchers == 1:
            self._woken.set()
        try:
            yield Watch(self, known)
        finally:
            known.watchers -= 1
            if not known.watchers:
                del self._logs[tenant_id]

    def committed(self, tenant_id: int) -> None:
        """Take note of a transaction of this process that has been committed."""
        self._untold.add(tenant_id)
        self._woken.set()

    @property
    def _pause_now(self) -> float:
        return min(max(self._pause, self.watchers / READS_PER_SECOND), self._poll)

    def end(self) -> None:
        """Wake everybody who watches, for the last time."""
        self.ended.set()
        for known in self._logs.values():
            known.grown.set()

    async def run(self) -> None:
        """Look for ever."""
        while True:
            try:
                async with self._listening() as connection:
                    self._say(is_lost=False)
                    while True:
                        await self._look(connection)
                        await asyncio.sleep(self._pause_now)
                        await self._rest()
            except FAILURES as error:
                self._say(is_lost=True, reason=type(error).__name__)
            except Exception:  # a fault must not end the looking
                log.exception("the feed of events failed")
            await asyncio.sleep(self._poll)

    @asynccontextmanager
    async def _listening(self) -> AsyncIterator[Any]:
        async with self._engine.connect() as held:
            connection: Any = (await held.get_raw_connection()).driver_connection
            try:
                await connection.add_listener(CHANNEL, self._heard)
                yield connection
            finally:
                # it listens: nobody else may get it from the pool
                with suppress(*FAILURES):
                    connection.terminate()
                await held.invalidate()

    def _heard(self, connection: Any, pid: int, channel: str, tenants: object) -> None:
        if pid != connection.get_server_pid() and self._watches(str(tenants)):
            self._woken.set()

    def _watches(self, tenants: str) -> bool:
        return any(part.isdecimal() and int(part) in self._logs for part in tenants.split(","))

    async def _look(self, connection: Any) -> None:
        self._woken.clear()
        untold, self._untold = self._untold, set()
        async with asyncio.timeout(LOOK_SECONDS):
            if untold:
                told = ",".join(map(str, sorted(untold)))
                await connection.execute("SELECT pg_notify($1, $2)", CHANNEL, told)
            if self._logs:
                self.looks += 1
                for tenant_id, seq in await connection.fetch(NEWEST, list(self._logs)):
                    self._grew(tenant_id, seq)

    def _grew(self, tenant_id: int, seq: int) -> None:
        known = self._logs.get(tenant_id)
        if known is None or seq <= known.newest:
            return
        known.newest = seq
        grown, known.grown = known.grown, asyncio.Event()
        grown.set()

    async def _rest(self) -> None:
        """Wait until there is something to look for."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._poll):
                await self._woken.wait()

    def _say(self, *, is_lost: bool, reason: str = "") -> None:
        if is_lost and not self._is_lost:
            log.warning("the feed of events has lost the database", reason=reason)
        elif self._is_lost and not is_lost:
            log.info("the feed of events is back")
        self._is_lost = is_lost


class Watch:
    """Somebody's view of one log."""

    def __init__(self, feed: Feed, known: _Log) -> None:
        self._feed = feed
        self._known = known

    async def grown(self, beyond: int, seconds: float) -> bool:
        """Wait until the log has a number above `beyond`; False where it has none in time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self._known.newest <= beyond and not self._feed.ended.is_set():
                    await self._known.grown.wait()
        return self._known.newest > beyond
