"""Writers of a log, some of whose transactions are rolled back."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import get_context

from schema.database import Database
from schema.events import Event, EventKind, append
from schema.scope import Login, Scope
from tests.conftest import NOW
from tests.server.following import ADMIN, NORTH, happen


class RolledBackError(Exception):
    """Ends a transaction without a trace."""


@dataclass
class Load:
    """Writers of a log, a part of whose transactions is rolled back; `changes` of each."""

    writers: int
    changes: int
    seed: int = 7
    done: asyncio.Event = field(default_factory=asyncio.Event)
    newest: int = 0

    @property
    def kept(self) -> list[list[bool]]:
        """Which changes of each writer are committed."""
        chances = random.Random(self.seed)
        return [[chances.random() < 0.8 for _ in range(self.changes)] for _ in range(self.writers)]

    async def run(self, write: Callable[[bool], Awaitable[None]]) -> None:
        """Write; then say that nothing more will come."""

        async def writer(all_: Sequence[bool]) -> None:
            for is_kept in all_:
                await write(is_kept)

        await asyncio.gather(*map(writer, self.kept))
        self.newest = sum(map(sum, self.kept))
        self.done.set()


async def written(database: Database, is_kept: bool) -> None:
    """One change, with an event, perhaps rolled back."""
    if is_kept:
        await happen(database, ["S1"])
        return
    scope = Scope(frozenset({NORTH}), Login.CITY)
    with suppress(RolledBackError):
        async with database.unit_of_work(scope) as connection:
            event = Event(EventKind.RELIEVED, None)
            await append(connection.fetch, NORTH, ADMIN, [event], NOW)
            raise RolledBackError


def _write_all(url: str, load: Load) -> None:
    """The writers of a load, as a process of their own."""

    async def write_all() -> None:
        database = Database(url, load.writers, statement_timeout=60)
        await database.open()
        await load.run(lambda is_kept: written(database, is_kept))
        await database.close()

    asyncio.run(write_all())


async def writing_apart(url: str, load: Load) -> None:
    """Run the writers of a load elsewhere, for this process has enough to do."""
    same = Load(load.writers, load.changes, load.seed)
    process = get_context("spawn").Process(target=_write_all, args=(url, same))
    process.start()
    await asyncio.to_thread(process.join)
    assert process.exitcode == 0
    load.newest = sum(map(sum, load.kept))
    load.done.set()
