"""A database of the bench's own: an embedded PostgreSQL with every shipped tenant and its data."""

import asyncio
import atexit
import datetime
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from schema.keyring import FILE_NAME, Keyring
from seeds.load import load
from server.embedded import start_embedded
from server.prepare import prepare
from tenants.definition import Definition
from tenants.files import load_tenants

COUNT = "SELECT count(*) FROM organization"


def make_database(folder: Path) -> str:
    """Start PostgreSQL in `folder`, load everything, and let it settle; its address.

    PostgreSQL stops with this process; then the folder is removed.
    """
    atexit.register(shutil.rmtree, folder, ignore_errors=True)  # runs after the later "stop"
    url = start_embedded(folder)
    definitions = load_tenants()
    prepare(url, definitions)
    asyncio.run(_load(url, definitions, Keyring(folder / FILE_NAME)))
    return url


@dataclass(frozen=True)
class Facts:
    """The version of PostgreSQL, like 18.4, and how many organizations are loaded."""

    postgresql: str
    organizations: int


async def facts(url: str) -> Facts:
    """What to say of the database beside the numbers."""
    connection: asyncpg.Connection[Any] = await asyncpg.connect(url)
    try:
        version = await connection.fetchval("SHOW server_version")
        return Facts(version.split()[0], await connection.fetchval(COUNT))
    finally:
        await connection.close()


async def _load(url: str, definitions: tuple[Definition, ...], sample: Keyring) -> None:
    connection: asyncpg.Connection[Any] = await asyncpg.connect(url)
    try:
        now = datetime.datetime.now(datetime.UTC)
        async for _ in load(connection, definitions, now, sample):
            pass
        await connection.execute("VACUUM (ANALYZE)")  # what autovacuum does within minutes
        await connection.execute("CHECKPOINT")
    finally:
        await connection.close()
