"""Whether what is counted is what a recount gives, in a database of the tests."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from schema.fetching import Fetch, fetching_directly
from schema.recount import Difference, check, rebuild
from schema.rollup import Source
from schema.rollups import SOURCES


async def differences(url: str, sources: Iterable[Source] = SOURCES) -> list[Difference]:
    """Every counter of every tenant that a recount contradicts."""
    sources = tuple(sources)
    async with _tenants(url) as (fetch, tenants):
        return [item for tenant in tenants for item in await check(fetch, sources, tenant)]


async def recounted(url: str) -> None:
    """Count anew, where a test has changed rows by its own hand."""
    async with _tenants(url) as (fetch, tenants):
        for tenant in tenants:
            await rebuild(fetch, SOURCES, tenant)


@asynccontextmanager
async def _tenants(url: str) -> AsyncIterator[tuple[Fetch, list[int]]]:
    """One transaction of the owner, and all tenants."""
    # statements of milliseconds are compiled for longer than they run
    connection: Any = await asyncpg.connect(url, server_settings={"jit": "off"})
    try:
        async with connection.transaction():
            rows = await connection.fetch("SELECT tenant_id FROM tenant ORDER BY tenant_id")
            yield fetching_directly(connection), [row["tenant_id"] for row in rows]
    finally:
        await connection.close()
