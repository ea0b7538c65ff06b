"""What the systems of the documents are told on: all shipped data, in which people act."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.conftest import copied_database, opened
from tests.rollups import differences
from tests.schema.acting import Cast


@pytest.fixture(scope="module")
def lived_in(server_url: str, full_template: str) -> Iterator[str]:
    """A copy of all shipped data for the tests of one module."""
    with copied_database(server_url, full_template) as url:
        yield url


@pytest.fixture
async def cast(lived_in: str) -> AsyncIterator[Cast]:
    """The people of the application over it; what is counted holds after they have acted."""
    async with opened(lived_in) as ready:
        yield Cast(ready)
    assert await differences(lived_in) == []
