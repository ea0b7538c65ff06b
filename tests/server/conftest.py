"""What the tests of processes stand on: data folders, empty databases, a served site."""

import asyncio
import shutil
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.conftest import NewDatabase, database_at, run_sql
from tests.schema.people.staffed import TENANTS
from tests.server.clock import Clock
from tests.server.following import Followed, followed
from tests.server.processes import end_processes_of, serving


@pytest.fixture
def data() -> Iterator[Path]:
    """A new data folder, with a path short enough for a socket; nothing is left running in it."""
    folder = Path(tempfile.mkdtemp(prefix="onegrid-data-"))
    yield folder / "var"
    end_processes_of(folder / "var")
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def database(new_database: NewDatabase) -> str:
    """The address of a database with the schema and nothing in it."""

    async def make() -> str:
        return await new_database()

    return asyncio.run(make())


@pytest.fixture
def empty_database(server_url: str) -> Iterator[str]:
    """The address of a database without a schema."""
    name = f"empty_{uuid.uuid4().hex}"
    asyncio.run(run_sql(server_url, f"CREATE DATABASE {name}"))
    yield database_at(server_url, name)
    asyncio.run(run_sql(server_url, f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
async def cities(new_database: NewDatabase) -> str:
    """The address of a database with two invented cities, to which nothing has happened."""
    return await new_database(TENANTS)


@pytest.fixture
async def city(cities: str) -> AsyncIterator[Followed]:
    """The application over it, served, with its feed."""
    async with followed(cities) as ready:
        yield ready


@pytest.fixture
def clock() -> Clock:
    """A clock at the present, to be set on."""
    return Clock(time.time())


@pytest.fixture(scope="session")
def site(full_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real server over all shipped data."""
    # nobody reads what it says, and a full pipe would stop it
    quiet = {"log_level": "warning"}
    with serving(cwd=tmp_path_factory.mktemp("site"), database_url=full_url, **quiet) as server:
        yield server.url
