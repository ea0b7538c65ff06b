"""What the tests of changing organizations stand on."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from tests.schema.organizations.town import Town, load_town, town_at


@pytest.fixture
async def town(new_database: Callable[[], Awaitable[str]], tmp_path: Path) -> AsyncIterator[Town]:
    """The invented city in a database of its own."""
    url = await new_database()
    await load_town(url)
    async with town_at(url, tmp_path / "keys.json") as ready:
        yield ready
