"""The tenants in force, read again when one changes, and whether the server is ready."""

import asyncio
from contextlib import suppress

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from schema.database import UNREACHABLE, Database, unavailable
from schema.loaders.tenant import read_definitions, read_versions
from schema.migrate import head, revision
from tenants.registry import Registry

log = structlog.get_logger("onegrid")

FAILURES = (*UNREACHABLE, DBAPIError, TimeoutError)


class Live:
    """Holds the registry in force; `run` keeps it so until cancelled.

    While the database is down or of another schema, `registry` raises UNAVAILABLE and `reason`
    says why; as soon as it answers, the server is ready, without a restart.
    """

    def __init__(self, database: Database, engine: AsyncEngine, refresh_seconds: float) -> None:
        self.database = database
        self._engine = engine
        self._seconds = refresh_seconds
        self._registry: Registry | None = None
        self._versions: dict[int, int] = {}
        self.reason: str | None = "starting"

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
            await self.refresh()
            await asyncio.sleep(self._seconds)

    async def refresh(self) -> None:
        """Look once; never raises for a database that is down."""
        try:
            reason = await self._look()
        except FAILURES as error:
            reason = f"the database cannot be reached: {_first_line(error)}"
        if reason != self.reason:
            if reason is None:
                log.info("ready", tenants=len(self._versions))
            else:
                log.error("not ready", reason=reason)
        self.reason = reason

    async def _look(self) -> str | None:
        async with self._engine.connect() as connection:
            found = await connection.run_sync(revision)
            if found != head():
                return (
                    f"the database has schema {found or '(none)'}, this version needs {head()}: "
                    "run `onegrid migrate`, then `onegrid tenants apply`"
                )
            versions = await read_versions(connection)
            if not versions:
                return "the database has no tenants: run `onegrid tenants apply`"
            if versions != self._versions or self._registry is None:
                self._registry = Registry(await read_definitions(connection))
                self._versions = versions
        await self.database.open()
        return None


def _first_line(error: BaseException) -> str:
    text = str(getattr(error, "orig", None) or error).strip()
    return text.splitlines()[0] if text else type(error).__name__


async def stopped(task: "asyncio.Task[None]") -> None:
    """Cancel a task and wait until it has ended."""
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
