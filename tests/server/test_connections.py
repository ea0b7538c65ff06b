"""Connections: those that a database allows, shared out among workers."""

import pytest
from structlog.testing import capture_logs

from server.connections import OWNERS, POOLS, SPARE, pool_size, shared_out
from server.settings import Settings, SettingsError


@pytest.mark.parametrize(
    ("workers", "size"), [(1, 10), (2, 10), (3, 8), (4, 6), (8, 2), (14, 1), (15, None), (64, None)]
)
def test_pool_size(workers: int, size: int | None) -> None:
    """Of 97 connections each worker gets an even part, never more than asked for."""
    if size is None:
        with pytest.raises(SettingsError) as refusal:
            pool_size(10, workers, 97)
        assert str(refusal.value) == (
            f"ONEGRID_WORKERS={workers}: they need {workers * 6 + 10} connections to the database "
            "at least, and it allows 97; expected 14 workers at most, or a higher "
            "max_connections in postgresql.conf"
        )
        return
    assert pool_size(10, workers, 97) == size
    assert workers * (POOLS * size + OWNERS) + SPARE <= 97


async def test_shared_out(server_url: str) -> None:
    """The pools are made small enough for a real database, which the log says."""
    settings = Settings(_env_file=None, workers=4)
    with capture_logs() as entries:
        shared = await shared_out(settings, server_url)
    assert (shared, settings.pool_size) == (settings.model_copy(update={"pool_size": 6}), 10)
    assert entries == [
        {
            "event": "the pools of the workers are smaller than asked for: the database allows few "
            "connections",
            "pool_size": 6,
            "asked": 10,
            "workers": 4,
            "allowed": 97,
            "log_level": "warning",
        }
    ]


async def test_database_away() -> None:
    """Where the database is away the workers start all the same, as asked for."""
    settings = Settings(_env_file=None, workers=4)
    with capture_logs() as entries:
        shared = await shared_out(settings, "postgresql://nobody@127.0.0.1:9/none")
    assert shared == settings
    assert [entry["event"] for entry in entries] == [
        "the database does not say how many connections it allows"
    ]
