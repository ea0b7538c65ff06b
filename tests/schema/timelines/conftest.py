"""What the tests of the event log stand on: an invented city in which things happened."""

from collections.abc import AsyncIterator

import pytest

from tests.conftest import Graph, NewDatabase, opened
from tests.schema.people.staffed import TENANTS


@pytest.fixture
async def site(new_database: NewDatabase) -> AsyncIterator[Graph]:
    """The application over two invented cities on 2026-03-15; nobody is signed in."""
    url = await new_database(TENANTS)
    async with opened(url) as ready:
        yield ready
