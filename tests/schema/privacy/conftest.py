"""What the tests of personal data stand on: an invented city with people in it."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from tests.conftest import Graph, load_all, opened
from tests.schema.people.staffed import TENANTS


@pytest.fixture
async def site_url(new_database: Callable[[], Awaitable[str]]) -> str:
    """A database with two invented cities and nobody in them."""
    url = await new_database()
    await load_all(url, TENANTS)
    return url


@pytest.fixture
async def site(site_url: str) -> AsyncIterator[Graph]:
    """The application over it on 2026-03-15."""
    async with opened(site_url) as ready:
        yield ready
