"""What the tests of cooperatives stand on: the application over the invented cities."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from schema.cooperative_rollups import COOPERATION
from tests.conftest import Graph, Templates, copied_database, opened
from tests.rollups import differences
from tests.schema.cooperatives.village import TENANTS


@pytest.fixture(scope="module")
def shared_url(server_url: str, templates: Templates) -> Iterator[str]:
    """A database with the invented cities that all tests of a module share."""
    with copied_database(server_url, asyncio.run(templates.with_(TENANTS))) as url:
        yield url


@pytest.fixture
async def site(shared_url: str) -> AsyncIterator[Graph]:
    """The application over it on 2026-03-15; nobody is signed in. What is counted holds after."""
    async with opened(shared_url) as ready:
        yield ready
    assert await differences(shared_url, [COOPERATION]) == []
