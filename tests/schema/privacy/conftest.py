"""What the tests of personal data stand on: an invented city with people in it."""

from collections.abc import AsyncIterator

import pytest

from schema.organization_rollups import ORGANIZATIONS
from tests.conftest import Graph, NewDatabase, opened
from tests.rollups import differences
from tests.schema.people.staffed import TENANTS


@pytest.fixture
async def site_url(new_database: NewDatabase) -> str:
    """A database with two invented cities and nobody in them."""
    return await new_database(TENANTS)


@pytest.fixture
async def site(site_url: str) -> AsyncIterator[Graph]:
    """The application over it on 2026-03-15."""
    async with opened(site_url) as ready:
        yield ready
    assert await differences(site_url, [ORGANIZATIONS]) == []
