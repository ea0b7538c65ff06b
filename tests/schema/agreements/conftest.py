"""What the tests of agreements stand on."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from schema.agreement_rollups import AGREEMENTS
from tests.conftest import NewDatabase
from tests.rollups import differences
from tests.schema.agreements.pair import DEFINITIONS, Pair, pair_at


@pytest.fixture
async def pair(new_database: NewDatabase, tmp_path: Path) -> AsyncIterator[Pair]:
    """The invented cities in a database of their own; what is counted holds after."""
    url = await new_database(DEFINITIONS)
    async with pair_at(url, tmp_path / "keys.json") as ready:
        yield ready
    assert await differences(url, [AGREEMENTS]) == []
