"""Crashes and races: loads that are killed, servers and commands that start at once."""

import asyncio
import random
import signal
import subprocess
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import psutil  # type: ignore[import-untyped]
import pytest

from tenants.definition import Definition
from tests.server.processes import (
    SECONDS,
    Server,
    onegrid,
    processes_of,
    start,
    start_server,
    wait_ready,
)
from tests.server.tables import Contents, contents

ROUNDS = 10
FIRST_START_SECONDS = 7.0
"""About what a first start takes; kills fall anywhere in it."""


@pytest.fixture(scope="module")
def undisturbed(full_url: str) -> Contents:
    """What a database holds after a load that nobody disturbed."""
    return contents(full_url)


def embedded_url(data: Path) -> str:
    """The address of the embedded database of a running server."""
    (socket,) = (data / "postgresql").glob(".s.PGSQL.5432")
    return f"postgresql://postgres:@/postgres?host={socket.parent}"


def wait_loading(server: Server, data: Path, tenants: int, parts: int) -> None:
    """Wait until a first start has loaded so many parts: it names the new tenants before."""
    assert server.process.stdout is not None
    for _, line in zip(range(tenants), server.process.stdout, strict=False):
        assert line.endswith(": new\n")
    asyncio.run(_wait_loaded(embedded_url(data), parts))


async def _wait_loaded(url: str, parts: int) -> None:
    connection: Any = await asyncpg.connect(url)
    try:
        async with asyncio.timeout(SECONDS):
            while await connection.fetchval("SELECT count(*) FROM load") < parts:
                pass
    finally:
        await connection.close()


def kill_after(server: Server, seconds: float, *, group: bool) -> None:
    """`kill -9` once it has run for so long."""
    with pytest.raises(subprocess.TimeoutExpired):
        server.process.communicate(timeout=seconds)
    server.kill(group=group)


def kill_postgres(data: Path) -> None:
    """As when the machine loses power."""
    killed = processes_of(data)
    for process in killed:
        process.kill()
    psutil.wait_procs(killed, timeout=SECONDS)


def assert_completed(tmp_path: Path, data: Path, expected: Contents) -> None:
    """The next server completes the load, and leaves nothing running when it stops."""
    server = start_server(cwd=tmp_path, data=data)
    try:
        wait_ready(server)
        assert contents(embedded_url(data)) == expected
    finally:
        code = server.stop()
    assert (code, processes_of(data)) == (0, [])
    assert sorted(path.name for path in data.iterdir()) == [
        ".lock",
        "postgresql",
        "secrets",
    ]


@pytest.mark.soak
def test_killed_load(
    tmp_path: Path, data: Path, undisturbed: Contents, shipped: tuple[Definition, ...]
) -> None:
    """A first start that is killed while it loads is completed by the next one."""
    server = start_server(cwd=tmp_path, data=data)
    wait_loading(server, data, len(shipped), 7)
    server.kill(group=True)
    assert processes_of(data) != []
    loaded = contents(embedded_url(data))["load"]
    assert 7 <= loaded[0] < undisturbed["load"][0]
    assert_completed(tmp_path, data, undisturbed)


@pytest.mark.soak
@pytest.mark.parametrize("round_", range(ROUNDS))
def test_killed_at_any_moment(
    tmp_path: Path, data: Path, undisturbed: Contents, round_: int
) -> None:
    """A first start that is killed at any moment, once or twice, is completed by the next one."""
    for _ in range(1 + round_ % 2):
        how = random.choice(["the server alone", "what it started too", "PostgreSQL too"])
        server = start_server(cwd=tmp_path, data=data)
        kill_after(
            server, random.uniform(0.2, FIRST_START_SECONDS), group=how != "the server alone"
        )
        if how == "PostgreSQL too":
            kill_postgres(data)
    assert_completed(tmp_path, data, undisturbed)


@pytest.mark.soak
@pytest.mark.parametrize("round_", range(3))
def test_killed_seed(tmp_path: Path, data: Path, undisturbed: Contents, round_: int) -> None:
    """`onegrid seed` completes a load that was killed, and stops what was left running."""
    server = start_server(cwd=tmp_path, data=data)
    kill_after(server, random.uniform(2, FIRST_START_SECONDS), group=True)
    assert onegrid("seed", cwd=tmp_path, data=data).code == 0
    assert processes_of(data) == []
    assert_completed(tmp_path, data, undisturbed)


@pytest.mark.soak
def test_stopped_while_loading(
    tmp_path: Path, data: Path, undisturbed: Contents, shipped: tuple[Definition, ...]
) -> None:
    """A first start that is told to stop while it loads leaves nothing running."""
    for wanted, code in ((signal.SIGTERM, 143), (signal.SIGINT, 130)):
        server = start_server(cwd=tmp_path, data=data / wanted.name)
        wait_loading(server, data / wanted.name, len(shipped), 7)
        server.process.send_signal(wanted)
        said, _ = server.process.communicate(timeout=SECONDS)
        assert server.process.returncode == code
        assert "Traceback" not in said
        assert processes_of(data) == []
        assert_completed(tmp_path, data / wanted.name, undisturbed)


@pytest.mark.soak
def test_killed_loading_process(
    tmp_path: Path, data: Path, undisturbed: Contents, shipped: tuple[Definition, ...]
) -> None:
    """Where the process that loads is killed, as by a lack of memory, the server says so."""
    server = start_server(cwd=tmp_path, data=data)
    wait_loading(server, data, len(shipped), 7)
    (loading,) = psutil.Process(server.process.pid).children()
    loading.kill()
    said, _ = server.process.communicate(timeout=SECONDS)
    last = "loading was ended by signal 9; what is loaded is kept: run it again"
    assert (server.process.returncode, said.splitlines()[-1]) == (137, last)
    assert processes_of(data) == []
    assert_completed(tmp_path, data, undisturbed)


@pytest.mark.soak
def test_servers_that_start_at_once(tmp_path: Path, data: Path, undisturbed: Contents) -> None:
    """Servers that start at once on one new data folder share one database, loaded once."""
    servers = [start_server(cwd=tmp_path, data=data) for _ in range(3)]
    for server in servers:
        wait_ready(server)
    assert contents(embedded_url(data)) == undisturbed
    first, *others = servers
    assert first.stop() == 0
    for server in others:
        assert httpx.get(f"{server.url}/readyz").json() == {"ready": True}
    assert [server.stop() for server in others] == [0, 0]
    assert processes_of(data) == []


@pytest.mark.soak
def test_commands_that_run_at_once(
    tmp_path: Path, empty_database: str, undisturbed: Contents
) -> None:
    """Loads and applies at the same time on one database do not disturb each other."""
    together: list[list[tuple[str, ...]]] = [
        [("migrate",), ("seed",), ("seed",), ("seed",)],
        [("tenants", "apply"), ("tenants", "apply"), ("seed",)],
    ]
    for commands in together:
        running = [start(*each, cwd=tmp_path, database_url=empty_database) for each in commands]
        said = [process.communicate(timeout=SECONDS)[0] for process in running]
        assert [process.returncode for process in running] == [0] * len(commands), said
    assert contents(empty_database) == undisturbed


@pytest.mark.soak
def test_applies_that_run_at_once(tmp_path: Path, database: str) -> None:
    """Of several applies of new tenants at once, one applies them and the others find nothing."""
    running = [start("tenants", "apply", cwd=tmp_path, database_url=database) for _ in range(4)]
    said = [process.communicate(timeout=SECONDS)[0].splitlines()[-1] for process in running]
    assert [process.returncode for process in running] == [0] * 4
    assert sorted(said)[:3] == ["0 tenants changed."] * 3
    assert sorted(said)[3] != "0 tenants changed."
