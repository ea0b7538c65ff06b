"""Databases of the bench's own: one embedded PostgreSQL with every shipped tenant and its data."""

import asyncio
import atexit
import datetime
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from bench.issues import multiply_issues
from schema.keyring import FILE_NAME, Keyring
from schema.tables.issue import AWAKE, WAKE
from seeds.generate import generate
from seeds.load import load
from server.embedded import start_embedded
from server.prepare import prepare
from tenants.files import load_tenants

MAIN, LARGE = "onegrid_main", "onegrid_large"
PATIENCE = 120
"""Seconds that a first sweep may take."""

_AWAKE = f"SELECT EXISTS (SELECT FROM issue WHERE {AWAKE} AND {WAKE} <= now())"
Say = Callable[[str], None]

Connection = Any
"""A connection of asyncpg: the owner's."""


@dataclass(frozen=True)
class Sizes:
    """Issues in the small and in the main database, and how often the large one has those."""

    small: int
    main: int
    times: int


@dataclass(frozen=True)
class Databases:
    """The addresses of three databases that differ in the number of issues only."""

    small: str
    main: str
    large: str


@dataclass(frozen=True)
class Facts:
    """The version of PostgreSQL, like 18.4, and how many rows there are.

    `cells` are those of the rollup that Q3 reads.
    """

    postgresql: str
    organizations: int
    issues: int
    cells: int


async def make_databases(folder: Path, sizes: Sizes, say: Say) -> Databases:
    """Start PostgreSQL in `folder`, load everything, and let it settle.

    PostgreSQL stops with this process; then the folder is removed.
    """
    atexit.register(shutil.rmtree, folder, ignore_errors=True)  # runs after the later "stop"
    say("starting PostgreSQL")
    url = await asyncio.to_thread(start_embedded, folder)
    definitions = load_tenants()
    await asyncio.to_thread(prepare, url, definitions)
    found = Databases(url, *(_named(url, name) for name in (MAIN, LARGE)))
    keyring, now = Keyring(folder / FILE_NAME), datetime.datetime.now(datetime.UTC)

    async def add(connection: Connection, count: int, seed: int) -> None:
        issues = generate(connection, definitions, count, now, keyring, seed, alone=True)
        async for done, _, what in issues:
            say(f"{done:,} of {count:,} issues: {what}")
        await _settle(connection)

    async with _opened(url) as connection:
        async for _, _, what in load(connection, definitions, now, keyring):
            say(f"loading {what}")
        await add(connection, sizes.small, 1)
    await _copy(url, found.small, MAIN)
    async with _opened(found.main) as connection:
        await add(connection, sizes.main - sizes.small, 2)
    await _copy(url, found.main, LARGE)
    async with _opened(found.large) as connection:
        async for what in multiply_issues(connection, definitions, sizes.times):
            say(f"{sizes.main * sizes.times:,} issues: {what}")
        await _settle(connection)
    return found


async def facts(url: str) -> Facts:
    """What to say of a database beside the numbers."""
    async with _opened(url) as connection:
        version = await connection.fetchval("SHOW server_version")
        counts = [
            await connection.fetchval(f"SELECT count(*) FROM {table}")
            for table in ("organization", "issue", "issue_total")
        ]
    return Facts(version.split()[0], *counts)


async def swept(url: str) -> None:
    """Come back when no issue waits to be marked any more: the servers have swept.

    Errors: `TimeoutError`.
    """
    async with asyncio.timeout(PATIENCE), _opened(url) as connection:
        while await connection.fetchval(_AWAKE):
            await connection.execute("SELECT pg_sleep(0.5)")


async def _settle(connection: Connection) -> None:
    await connection.execute("VACUUM (ANALYZE)")  # what autovacuum does within minutes
    await connection.execute("CHECKPOINT")


async def _copy(url: str, source: str, name: str) -> None:
    """A copy of a database that nobody is connected to."""
    template = urlsplit(source).path.removeprefix("/")
    async with _opened(_named(url, "template1")) as connection:
        # a copy of files: the default writes each page to the log
        await connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")


def _named(url: str, database: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


@asynccontextmanager
async def _opened(url: str) -> AsyncIterator[Connection]:
    connection: Connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()
