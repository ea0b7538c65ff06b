"""What the tests of changing organizations stand on."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from schema.organization_rollups import ORGANIZATIONS
from tests.conftest import NewDatabase
from tests.rollups import differences
from tests.schema.organizations.town import CITY, PROVINCE, Town, town_at


@pytest.fixture
async def town(new_database: NewDatabase, tmp_path: Path) -> AsyncIterator[Town]:
    """The invented city in a database of its own; what is counted holds after."""
    url = await new_database((PROVINCE, CITY))
    async with town_at(url, tmp_path / "keys.json") as ready:
        yield ready
    assert await differences(url, [ORGANIZATIONS]) == []
