"""Personal data from the command line: exported, erased, checked, their keys rotated."""

import asyncio
import datetime
import os
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import orjson
import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from schema.actor import Actor
from schema.database import engine
from schema.events import Event, EventKind, append
from schema.fetching import fetching
from schema.key_file import KeyFileError
from schema.keyring import FILE_NAME, Keyring
from schema.loaders.tenant import read_definitions
from schema.privacy.erase import Erasure, erase_person, plan_erasure
from schema.privacy.export import export_person
from schema.privacy.keys import KeyKind, KeyUse, key_use
from schema.privacy.rotation import (
    ADVISORY,
    BATCH,
    BusyError,
    hold_writers,
    mark,
    older,
    pending,
    renew,
    unused,
)
from schema.privacy.subject import person_id
from schema.scalars import CHINA
from server.live import FAILURES, Live
from server.settings import Settings
from tenants.definition import Definition
from tenants.registry import Registry
from tenants.roles import Role

# whoever has the owner's address may do what a city's administrator may
OPERATOR = Actor("cli", Role.CITY_ADMIN)

ATTEMPTS = 5
LOCK_NOT_AVAILABLE = "55P03"
POLL_SECONDS = 0.2

log = structlog.get_logger("onegrid")

Progress = Callable[[int, int], None]
"""Hears how many rows are done, and of how many."""


def existing_keys(settings: Settings) -> Keyring:
    """The keys of personal data; never makes the file, for new keys would open nothing.

    Errors: `KeyFileError`.
    """
    path = settings.personal_keys or settings.data / "secrets" / FILE_NAME
    return Keyring(path, create=False)


@contextmanager
def private_file(path: Path) -> Iterator[BinaryIO]:
    """A file for this user alone (mode 0600) that takes the place of `path` once it is whole.

    Errors: `ValueError` that names `--out`, before anything is done with what goes into it.
    """
    try:
        if path.is_dir():
            raise IsADirectoryError(0, "it is a folder")
        descriptor, beside = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    except OSError as error:
        raise ValueError(f"--out {path} cannot be written ({error.strerror})") from None
    try:
        with open(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    finally:
        Path(beside).unlink(missing_ok=True)


async def export(
    url: str, keyring: Keyring, city: str, person: str, now: datetime.datetime
) -> dict[str, Any]:
    """Everything held about a person; that it was exported is in the audit before it leaves.

    Errors: `ValueError` (city or person unknown), `CannotOpenError`, `KeyFileError`.
    """
    async with _in_city(url, city) as (connection, definition):
        id_ = person_id(person, definition)
        document = await export_person(connection, definition, id_, keyring, now)
        event = Event(EventKind.PERSONAL_DATA_EXPORTED, None, {"person": str(id_)})
        await append(fetching(connection), definition.tenant_id, OPERATOR, [event], now)
    return document


async def plan_erase(url: str, city: str, person: str, now: datetime.datetime) -> Erasure:
    """What `erase` would do.

    Errors: `ValueError` (city or person unknown).
    """
    async with _in_city(url, city) as (connection, definition):
        id_ = person_id(person, definition)
        return await plan_erasure(connection, definition, id_, _day(now))


async def erase(url: str, city: str, person: str, now: datetime.datetime) -> Erasure:
    """Erase a person, with its events, in one transaction.

    Errors: `ValueError` (city or person unknown).
    """
    async with _in_city(url, city) as (connection, definition):
        id_ = person_id(person, definition)
        erased, events = await erase_person(connection, definition, id_, now, _day(now))
        if events:
            await append(fetching(connection), definition.tenant_id, OPERATOR, events, now)
    return erased


async def check(url: str, keyring: Keyring) -> Sequence[KeyUse]:
    """Every key that rows name or the file has.

    Errors: `KeyFileError`.
    """
    async with _owner(url) as owner, owner.connect() as connection:
        return await key_use(connection, keyring)


async def report_missing_keys(live: Live, keyring: Keyring) -> None:
    """Say in the log which keys rows need that the file lacks, once the database is there."""
    await live.ready.wait()
    try:
        lacking = missing(await live.key_use(keyring))
    except (*FAILURES, KeyFileError) as error:
        log.error("the keys of personal data could not be checked", reason=str(error))
        return
    for item in lacking:
        log.error(
            "rows have a key of personal data that the key file lacks: restore the file",
            kind=item.kind.value,
            key=item.key_id,
            rows=item.rows,
            file=str(keyring.path),
        )


def missing(found: Sequence[KeyUse]) -> list[KeyUse]:
    """The keys that rows name and the file lacks."""
    return [item for item in found if item.rows and not item.is_known]


@dataclass(frozen=True)
class Rotated:
    """What a rotation came to.

    `is_new` says that it added the key `key_id`, else it finished an earlier rotation; `changed`
    rows got the key, `failed` could not be opened. `kept` and `dropped` are older keys.
    """

    kind: KeyKind
    key_id: str
    is_new: bool
    changed: int
    failed: int
    kept: tuple[str, ...]
    dropped: tuple[str, ...]


@dataclass
class Rotation:
    """Rotates the keys of one kind; several at once on one database are refused.

    `patience` is how many seconds dropping waits for older transactions to end, `lock_seconds` how
    long one of several attempts to keep writers out may hold those up that come later.
    """

    url: str
    keyring: Keyring
    kind: KeyKind
    progress: Progress
    batch: int = BATCH
    patience: float = 60.0
    lock_seconds: float = 2.0
    changed: int = field(default=0, init=False)
    failed: int = field(default=0, init=False)

    async def run(self, *, drop_old: bool) -> Rotated:
        """Add a key, or finish what an earlier rotation left, and give all rows the current one.

        Errors: `BusyError`, `KeyFileError`.
        """
        async with _owner(self.url) as owner, _alone(owner):
            is_new = not await self._finish_earlier(owner, drop_old)
            if is_new:
                self._add_key()
                await self._renew_all(owner)
            dropped = await self._drop(owner) if drop_old else ()
            kept = self.kind.known(self.keyring) - {self.kind.current(self.keyring)}
        return Rotated(
            self.kind,
            self.kind.current(self.keyring),
            is_new,
            self.changed,
            self.failed,
            tuple(sorted(kept)),
            tuple(dropped),
        )

    def _add_key(self) -> None:
        if self.kind is KeyKind.SEALING:
            self.keyring.rotate()
        else:
            self.keyring.rotate_index()

    async def _finish_earlier(self, owner: AsyncEngine, drop_old: bool) -> bool:
        """Renew the rows, or leave the keys to drop, that a rotation left; whether it did."""
        async with owner.connect() as connection:
            left = await pending(connection, self.keyring, self.kind)
            droppable = await unused(connection, self.keyring, self.kind)
        if left:
            await self._renew_all(owner)
        # rows that stay closed must not keep the next key out for ever
        return self.changed > 0 or (drop_old and bool(droppable))

    async def _renew_all(self, owner: AsyncEngine) -> None:
        """Renew rows until a look that keeps writers out finds none but those that stay closed."""
        while True:
            await self._renew_once(owner)
            async with _without_writers(owner, self.lock_seconds) as connection:
                if await pending(connection, self.keyring, self.kind) <= self.failed:
                    return

    async def _renew_once(self, owner: AsyncEngine) -> None:
        async with owner.connect() as connection:
            total = await pending(connection, self.keyring, self.kind)
        changed, self.failed = 0, 0
        self.progress(0, total)
        async for done in renew(owner, self.keyring, self.kind, self.batch):
            changed += done.changed
            self.changed += done.changed
            self.failed += done.failed
            self.progress(changed + self.failed, max(total, changed + self.failed))

    async def _drop(self, owner: AsyncEngine) -> list[str]:
        """Drop the old keys that no row has, nor may be seen to have by a running operation."""
        await self._outlast(owner)
        async with _without_writers(owner, self.lock_seconds) as connection:
            dropped = await unused(connection, self.keyring, self.kind)
            for key_id in dropped:
                self.keyring.drop(key_id)
        return dropped

    async def _outlast(self, owner: AsyncEngine) -> None:
        """Wait for what began while rows had the old keys.

        Errors: `BusyError`.
        """
        async with owner.begin() as connection:
            moment = await mark(connection)
        deadline = asyncio.get_running_loop().time() + self.patience
        while True:
            async with owner.connect() as connection:
                running = await older(connection, moment)
            if not running:
                return
            if asyncio.get_running_loop().time() >= deadline:
                raise BusyError(
                    f"{running} transactions that began earlier still run (a backup?) and may see "
                    "rows with the old keys: nothing was dropped; end them, or wait, and repeat "
                    "the command with --drop-old"
                )
            await asyncio.sleep(POLL_SECONDS)


@asynccontextmanager
async def _owner(url: str) -> AsyncIterator[AsyncEngine]:
    owner = engine(url)
    try:
        yield owner
    finally:
        await owner.dispose()


@asynccontextmanager
async def _in_city(url: str, city: str) -> AsyncIterator[tuple[AsyncConnection, Definition]]:
    """One transaction of the owner, and the definition of a city that is in force.

    Errors: `ValueError` that names the cities that there are.
    """
    async with _owner(url) as owner, owner.begin() as connection:
        registry = Registry(await read_definitions(connection))
        found = registry.city(city)
        if found is None:
            known = ", ".join(
                f"{item.tenant.slug} ({item.tenant.code})" for item in registry.cities
            )
            raise ValueError(f"no city {city!r}; the database has: {known or 'none'}")
        yield connection, found


@asynccontextmanager
async def _alone(owner: AsyncEngine) -> AsyncIterator[None]:
    """Keep other rotations out.

    Errors: `BusyError` where one runs.
    """
    async with owner.connect() as connection:
        alone = await connection.execution_options(isolation_level="AUTOCOMMIT")
        taken = text("SELECT pg_try_advisory_lock(:key)")
        if not await alone.scalar(taken, {"key": ADVISORY}):
            raise BusyError("another rotation of keys runs on this database: wait until it is done")
        try:
            yield
        finally:
            await alone.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": ADVISORY})


@asynccontextmanager
async def _without_writers(owner: AsyncEngine, seconds: float) -> AsyncIterator[AsyncConnection]:
    """A transaction during which nobody writes people or posts.

    Errors: `BusyError` where a writer does not end.
    """
    for _ in range(ATTEMPTS):
        async with owner.connect() as connection:
            try:
                await hold_writers(connection, seconds)
            except DBAPIError as error:
                if getattr(error.orig, "sqlstate", "") != LOCK_NOT_AVAILABLE:
                    raise
                continue  # without the lock for a moment: others wait behind this
            yield connection
            return
    raise BusyError(
        "a transaction that writes people or posts does not end: see pg_stat_activity, end it, "
        "and repeat the command; all rows are safe"
    )


def _day(now: datetime.datetime) -> datetime.date:
    return now.astimezone(CHINA).date()


def as_json(document: dict[str, Any]) -> bytes:
    """An exported document as text."""
    return orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n"
