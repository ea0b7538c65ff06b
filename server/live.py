"""The tenants in force, read again when one changes, and whether the server is ready."""

import asyncio
import datetime
from collections.abc import Sequence
from contextlib import suppress

import asyncpg
import structlog
from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from schema.database import UNREACHABLE, Database, unavailable
from schema.idempotency import forget
from schema.keyring import Keyring
from schema.loaders.tenant import read_definitions, read_versions
from schema.migrate import head, revision, unknown
from schema.privacy.keys import KeyUse, key_use
from server.mapped import MappedNumber
from tenants.registry import Registry

log = structlog.get_logger("onegrid")

FAILURES = (*UNREACHABLE, asyncpg.PostgresError, asyncpg.InternalClientError, DBAPIError)


class Live:
    """Holds the registry in force; `run` keeps it so until cancelled.

    While the database is down or of another schema, `registry` raises UNAVAILABLE and `reason`
    says why; as soon as it answers, the server is ready, without a restart.

    The workers of one server count up `changes` whenever one of them finds other tenants in force
    than before; then the others look too before they serve a request.
    """

    def __init__(
        self,
        database: Database,
        engine: AsyncEngine,
        refresh_seconds: float,
        changes: MappedNumber | None = None,
    ) -> None:
        self.database = database
        self._changes = changes
        self._seen = -1
        self._looking = asyncio.Lock()
        self._engine = engine
        self._seconds = refresh_seconds
        self._registry: Registry | None = None
        self._versions: dict[int, int] = {}
        self.reason: str | None = "starting"
        self.stopping = asyncio.Event()
        """Set as soon as the server was told to stop."""
        self.ready = asyncio.Event()
        """Set as soon as it was ready for the first time."""

    @property
    def unready(self) -> str | None:
        """Why no request should be sent here, if none should; those that run go on."""
        return "stopping" if self.stopping.is_set() else self.reason

    @property
    def registry(self) -> Registry:
        """The tenants in force.

        Errors: `CodedError` UNAVAILABLE while not ready.
        """
        if self._registry is None or self.reason is not None:
            raise unavailable()
        return self._registry

    async def run(self) -> None:
        """Look for changes for ever."""
        while True:
            try:
                await self.refresh()
            except Exception:  # a fault must not end the looking
                log.exception("the tenants could not be read")
            await asyncio.sleep(self._seconds)

    def stop(self) -> None:
        """From now on the server is not ready."""
        self.stopping.set()

    @property
    def engine(self) -> AsyncEngine:
        """Connections of the owner."""
        return self._engine

    async def close(self) -> None:
        """Give every connection back to the database server."""
        await self.database.close()
        await self._engine.dispose()

    async def refresh(self) -> None:
        """Look once; never raises for a database that is down or holds what it cannot read."""
        seen = -1 if self._changes is None else self._changes.value
        try:
            reason = await self._look()
        except FAILURES as error:
            reason = f"the database cannot be reached: {_first_line(error)}"
        except ValidationError as error:
            reason = (
                f"the database holds a tenant that this version cannot read ({_where(error)}): "
                "run the version of OneGrid that wrote it"
            )
        self._seen = max(self._seen, seen)
        if reason != self.reason:
            if reason is None:
                log.info("ready", tenants=len(self._versions))
            else:
                log.error("not ready", reason=reason)
        self.reason = reason
        if reason is None:
            self.ready.set()

    async def key_use(self, keyring: Keyring) -> Sequence[KeyUse]:
        """Every key of personal data that rows name or the file has.

        Errors: `KeyFileError`, those of `FAILURES`.
        """
        async with self._engine.connect() as connection:
            return await key_use(connection, keyring)

    async def forget_keys(self, before: datetime.datetime) -> int:
        """Forget what was done under idempotency keys before a moment; how many requests.

        Errors: those of `FAILURES`.
        """
        async with self._engine.begin() as connection:
            return await forget(connection, before)

    @property
    def _is_behind(self) -> bool:
        """Whether another worker of this server has found other tenants in force."""
        return self._changes is not None and self._changes.value != self._seen

    async def current(self) -> Registry:
        """The tenants in force, no older than those that any worker of this server has served by.

        Errors: `CodedError` UNAVAILABLE.
        """
        if self._is_behind:
            async with self._looking:
                if self._is_behind:
                    await self.refresh()
        return self.registry

    async def refreshed(self) -> Registry:
        """Look once, then the tenants in force.

        Errors: `CodedError` UNAVAILABLE.
        """
        await self.refresh()
        return self.registry

    async def _look(self) -> str | None:
        async with self._engine.connect() as connection:
            found = await connection.run_sync(revision)
            if found != head():
                return unknown(found) or (
                    f"the database has schema {found or '(none)'}, this version needs {head()}: "
                    "run `onegrid migrate`, then `onegrid tenants apply`"
                )
            versions = await read_versions(connection)
            if not versions:
                return "the database has no tenants: run `onegrid tenants apply`"
            if versions != self._versions or self._registry is None:
                self._registry = Registry(await read_definitions(connection))
                self._versions = versions
                if self._changes is not None:
                    self._changes.count_up()
        await self.database.open()
        return None


def _first_line(error: BaseException) -> str:
    text = str(getattr(error, "orig", None) or error).strip()
    return text.splitlines()[0] if text else type(error).__name__


def _where(error: ValidationError) -> str:
    first = error.errors(include_input=False, include_url=False)[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"


async def stopped(task: "asyncio.Task[None]") -> None:
    """Cancel a task and wait until it has ended."""
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
