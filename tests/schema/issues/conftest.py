"""What the tests of issues stand on."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from schema.issue_rollups import ISSUES
from tests.conftest import NewDatabase
from tests.rollups import differences
from tests.schema.issues.desk import EVERYTHING, Desk, desk_at, invented
from tests.schema.issues.reporting import TENANTS, Town, reporting_at
from tests.schema.issues.site import Site, cities, site_at


@pytest.fixture
async def desk(new_database: NewDatabase, tmp_path: Path) -> AsyncIterator[Desk]:
    """The invented city with a workflow that has every effect, in a database of its own."""
    url = await new_database(invented(EVERYTHING))
    async with desk_at(url, tmp_path / "keys.json") as ready:
        yield ready
    assert await differences(url, [ISSUES]) == []


@pytest.fixture
async def town_url(new_database: NewDatabase) -> str:
    """A database with two invented cities in which nothing has been reported."""
    return await new_database(TENANTS)


@pytest.fixture
async def town(town_url: str, tmp_path: Path) -> AsyncIterator[Town]:
    """The northern one of them."""
    async with reporting_at(town_url, tmp_path / "keys.json") as ready:
        yield ready
    assert await differences(town_url, [ISSUES]) == []


@pytest.fixture
async def site(new_database: NewDatabase, tmp_path: Path) -> AsyncIterator[Site]:
    """Two cities like it, served, in a database of their own; nobody is signed in."""
    url = await new_database(cities(EVERYTHING))
    async with site_at(url, tmp_path) as ready:
        yield ready
    assert await differences(url, [ISSUES]) == []
