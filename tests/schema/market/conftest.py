"""What the tests of the market stand on: the invented city with a market of its own."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from schema.cooperative_rollups import COOPERATION
from tests.conftest import Templates, copied_database, opened
from tests.rollups import differences
from tests.schema.cooperatives.village import TENANTS
from tests.schema.market.market import Market, settle


@pytest.fixture(scope="module")
def market_url(server_url: str, templates: Templates) -> Iterator[str]:
    """A database with cooperatives and enterprises that all tests of a module share."""
    with copied_database(server_url, asyncio.run(templates.with_(TENANTS))) as url:
        asyncio.run(settle(url))
        yield url


@pytest.fixture
async def market(market_url: str) -> AsyncIterator[Market]:
    """The application over it on 2026-03-15; what is counted holds after."""
    async with opened(market_url) as ready:
        yield Market(ready, market_url)
    assert await differences(market_url, [COOPERATION]) == []
