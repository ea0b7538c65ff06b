"""What the tests of the event log stand on: an invented city in which things happened."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from tests.conftest import Graph, load_all, opened
from tests.schema.people.staffed import TENANTS


@pytest.fixture
async def site(new_database: Callable[[], Awaitable[str]]) -> AsyncIterator[Graph]:
    """The application over two invented cities on 2026-03-15; nobody is signed in."""
    url = await new_database()
    await load_all(url, TENANTS)
    async with opened(url) as ready:
        yield ready
