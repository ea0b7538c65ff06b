"""Statistics from the command line: what is counted, compared with a recount, and counted anew."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from schema.database import engine
from schema.fetching import fetching
from schema.recount import Difference, check, rebuild
from schema.rollups import SOURCES
from server.privacy import Progress


@dataclass(frozen=True)
class Compared:
    """How many cells of how many tenants were compared, and every counter that differs."""

    tenants: int
    cells: int
    differences: list[Difference]


async def check_statistics(url: str, city: str | None, progress: Progress) -> Compared:
    """Compare all cells of all tenants, or of the city with this code or slug, with a recount.

    For the owner of the tables; beside running servers.
    Errors: `ValueError` (city unknown), `OSError`, `sqlalchemy.exc.DBAPIError`.
    """
    cells, found = 0, []
    async with _tenants(url, city) as (connection, tenants):
        for done, tenant in enumerate(tenants):
            progress(done, len(tenants))
            found += await check(fetching(connection), SOURCES, tenant)
            cells += await _cells(connection, tenant)
            await connection.rollback()
        progress(len(tenants), len(tenants))
    return Compared(len(tenants), cells, found)


async def rebuild_statistics(url: str, city: str | None, progress: Progress) -> Compared:
    """Count anew all tenants, or one city: a transaction each, for which writers wait.

    Errors: `ValueError` (city unknown), `OSError`, `sqlalchemy.exc.DBAPIError`; tenants before
    that are done.
    """
    cells = 0
    async with _tenants(url, city) as (connection, tenants):
        for done, tenant in enumerate(tenants):
            progress(done, len(tenants))
            await rebuild(fetching(connection), SOURCES, tenant)
            await connection.commit()
            cells += await _cells(connection, tenant)
            await connection.rollback()
        progress(len(tenants), len(tenants))
    return Compared(len(tenants), cells, [])


async def _cells(connection: AsyncConnection, tenant_id: int) -> int:
    names = [rollup.name for source in SOURCES for rollup in source.rollups]
    counts = [f"(SELECT count(*) FROM {name} WHERE tenant_id = $1)" for name in names]
    (row,) = await fetching(connection)(f"SELECT {' + '.join(counts)} AS n", (tenant_id,))
    return int(row["n"])


@asynccontextmanager
async def _tenants(url: str, city: str | None) -> AsyncIterator[tuple[AsyncConnection, list[int]]]:
    """A connection of the owner, and the tenants that are meant, in order of code."""
    owner = engine(url)
    try:
        async with owner.connect() as connection:
            listed = "SELECT tenant_id, slug FROM tenant ORDER BY tenant_id"
            rows = await fetching(connection)(listed, ())
            await connection.rollback()
            tenants = [
                row["tenant_id"]
                for row in rows
                if city is None or city in (f"{row['tenant_id']:06}", row["slug"])
            ]
            if city is not None and not tenants:
                raise ValueError(f"--city {city}: no tenant has this code or slug")
            yield connection, tenants
    finally:
        await owner.dispose()
