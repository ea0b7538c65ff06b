"""Serving: how a server is stopped, and what it says of its addresses."""

import asyncio
import signal
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from server.prepare import apply_tenants
from server.serve import addresses
from server.settings import Settings
from tenants.definition import Definition
from tests.server.processes import SECONDS, start_server, wait_ready

WAITING = "SELECT 1 FROM pg_stat_activity WHERE application_name = 'onegrid'"
TREE = '{ city(code: "yinchuan") { organizations { totalCount } } }'


@pytest.mark.parametrize(
    ("wanted", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)], ids=["SIGTERM", "SIGINT"]
)
def test_stop(tmp_path: Path, full_url: str, wanted: signal.Signals, code: int) -> None:
    """A service manager's stop is no failure, Ctrl+C is an interruption; neither says a word."""
    server = start_server(cwd=tmp_path, database_url=full_url, log_level="error")
    wait_ready(server)
    server.process.send_signal(wanted)
    said, _ = server.process.communicate(timeout=SECONDS)
    assert (server.process.returncode, said) == (code, "")


async def test_running_requests_are_finished(
    tmp_path: Path, database: str, shipped: tuple[Definition, ...]
) -> None:
    """A server that is told to stop first answers what it was asked."""
    await apply_tenants(
        database, [item for item in shipped if item.tenant.slug in ("ningxia", "yinchuan")]
    )
    server = start_server(cwd=tmp_path, database_url=database)
    wait_ready(server)
    blocker: Any = await asyncpg.connect(database)
    async with httpx.AsyncClient(base_url=server.url, timeout=SECONDS) as http:
        await blocker.execute("BEGIN; LOCK TABLE organization IN ACCESS EXCLUSIVE MODE")
        asked = asyncio.create_task(http.post("/graphql", json={"query": TREE}))
        async with asyncio.timeout(SECONDS):
            while not await blocker.fetch(f"{WAITING} AND wait_event_type = 'Lock'"):
                await blocker.execute("SELECT pg_stat_clear_snapshot()")
        server.process.terminate()
        async with asyncio.timeout(SECONDS):
            while await refuses(http) is False:
                pass
        await blocker.execute("ROLLBACK")
        answer = (await asked).json()
    await blocker.close()
    server.process.communicate(timeout=SECONDS)
    assert answer == {"data": {"city": {"organizations": {"totalCount": 0}}}}
    assert server.process.returncode == 0


async def refuses(http: httpx.AsyncClient) -> bool:
    """Whether new connections are refused."""
    try:
        await http.get("/healthz", headers={"connection": "close"})
    except httpx.HTTPError:
        return True
    return False


@pytest.mark.parametrize(
    ("host", "base"),
    [("127.0.0.1", "http://127.0.0.1:8000"), ("::1", "http://[::1]:8000")],
)
def test_addresses(host: str, base: str) -> None:
    """The addresses that a newcomer opens next."""
    assert addresses(Settings(host=host, port=8000)) == (
        "OneGrid 一张网 is serving:\n"
        f"  {base}/           cities 城市\n"
        f"  {base}/graphiql   explore 查询\n"
        f"  {base}/graphql    API 接口\n"
        "Stop with Ctrl+C."
    )
