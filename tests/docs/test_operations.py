"""docs/operations.md: the reasons for not being ready are those that the server gives."""

import re

import pytest

from schema.database import Database, engine
from server.live import Live
from tests.conftest import NewDatabase
from tests.docs.documents import table

REASONS = [row[0] for row in table("docs/operations.md", "Is it ready")]


async def _reason(url: str) -> str | None:
    """Why a server over this database is not ready, after one look."""
    writer = engine(url)
    live = Live(Database(url), writer, refresh_seconds=60)
    await live.refresh()
    await live.database.close()
    await writer.dispose()
    return live.reason


def _says(documented: str, reason: str | None) -> bool:
    """Whether a reason begins as documented, where … stands for anything."""
    pattern = ".*".join(map(re.escape, documented.split("…")))
    return reason is not None and re.match(pattern, reason) is not None


def test_a_new_server_is_starting() -> None:
    """Before its first look a server says the first reason of the table."""
    url = "postgresql://nobody@127.0.0.1:1/none"
    assert Live(Database(url), engine(url), refresh_seconds=60).reason == REASONS[0]


@pytest.mark.parametrize(("at", "database"), [(1, "none"), (2, "empty"), (3, "migrated")])
async def test_reasons(at: int, database: str, server_url: str, new_database: NewDatabase) -> None:
    """A database that is away, empty or without tenants is named as the table has it."""
    urls = {"none": "postgresql://nobody@127.0.0.1:1/none", "empty": server_url}
    reason = await _reason(urls.get(database) or await new_database())
    assert _says(REASONS[at], reason), reason
