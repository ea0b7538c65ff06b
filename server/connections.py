"""Connections: those that a PostgreSQL allows, shared out among workers."""

import asyncio

import asyncpg
import structlog

from schema.database import UNREACHABLE
from server.settings import PREFIX, Settings, SettingsError

POOLS = 3
"""Pools of a worker: provinces read, cities read, cities write."""

OWNERS = 3
"""Connections of a worker as the owner: the feed, the looks for new tenants."""

SPARE = 10
"""Connections that are left to commands and to people."""

SECONDS = 5.0
"""How long the database may take to say how many it allows."""

ALLOWED = """SELECT current_setting('max_connections')::int
    - current_setting('superuser_reserved_connections')::int
    - coalesce(current_setting('reserved_connections', true)::int, 0)"""

log = structlog.get_logger("onegrid")


async def shared_out(settings: Settings, url: str) -> Settings:
    """The settings of each worker: with pools that are small enough for all workers together.

    As asked for where the database is away.
    Errors: `SettingsError` where there are too many workers for any pools.
    """
    try:
        allowed = await _allowed(url)
    except (*UNREACHABLE, TimeoutError, asyncpg.PostgresError) as error:
        log.warning("the database does not say how many connections it allows", reason=str(error))
        return settings
    size = pool_size(settings.pool_size, settings.workers, allowed)
    if size < settings.pool_size:
        log.warning(
            "the pools of the workers are smaller than asked for: the database allows few "
            "connections",
            pool_size=size,
            asked=settings.pool_size,
            workers=settings.workers,
            allowed=allowed,
        )
    return settings.model_copy(update={"pool_size": size})


def pool_size(asked: int, workers: int, allowed: int) -> int:
    """How large the pools of each worker may be, `asked` at most.

    Errors: `SettingsError` where not one connection is left for each.
    """
    size = min(asked, ((allowed - SPARE) // workers - OWNERS) // POOLS)
    if size < 1:
        least = workers * (POOLS + OWNERS) + SPARE
        most = max(1, (allowed - SPARE) // (POOLS + OWNERS))
        raise SettingsError(
            f"{PREFIX}WORKERS={workers}: they need {least} connections to the database at least, "
            f"and it allows {allowed}; expected {most} workers at most, or a higher "
            "max_connections in postgresql.conf"
        )
    return size


async def _allowed(url: str) -> int:
    """How many connections those who are no superusers may have."""
    async with asyncio.timeout(SECONDS):
        connection: asyncpg.Connection = await asyncpg.connect(url)
        try:
            return int(await connection.fetchval(ALLOWED))
        finally:
            await connection.close()
