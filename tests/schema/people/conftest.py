"""What the tests of people stand on: the application over two invented cities."""

from collections.abc import AsyncIterator

import pytest

from schema.organization_rollups import ORGANIZATIONS
from tests.conftest import Graph, NewDatabase, opened
from tests.rollups import differences
from tests.schema.people.staffed import TENANTS


@pytest.fixture
async def site_url(new_database: NewDatabase) -> str:
    """A database with the invented cities."""
    return await new_database(TENANTS)


@pytest.fixture
async def site(site_url: str) -> AsyncIterator[Graph]:
    """The application over them on 2026-03-15; nobody is signed in."""
    async with opened(site_url) as ready:
        yield ready
    assert await differences(site_url, [ORGANIZATIONS]) == []
