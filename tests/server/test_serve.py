"""Serving: how a server is stopped, and what it says of its addresses."""

import asyncio
import json
import re
import signal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import httpx
import pytest
from starlette.types import Receive, Scope, Send

from server.prepare import apply_tenants
from server.serve import Server, addresses, bind
from server.settings import Settings
from tenants.definition import Definition
from tests.conftest import Graph
from tests.docs.documents import table
from tests.server.processes import SECONDS, processes_of, start_server, wait_ready
from tests.server.processes import Server as Process

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


@pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.soak)])
async def test_running_requests_are_finished(
    tmp_path: Path, database: str, shipped: tuple[Definition, ...], workers: int
) -> None:
    """A server that is told to stop answers what it was asked, closes the rest, takes no more."""
    await apply_tenants(
        database, [item for item in shipped if item.tenant.slug in ("ningxia", "yinchuan")]
    )
    settings = {"database_url": database, "pool_size": 5, "statement_timeout": 60}
    server = start_server(cwd=tmp_path, workers=workers, **settings)
    wait_ready(server)
    blocker: Any = await asyncpg.connect(database)
    idle, idle_writer = await idle_connection(server)
    async with httpx.AsyncClient(base_url=server.url, timeout=SECONDS) as http:
        await blocker.execute("BEGIN; LOCK TABLE organization IN ACCESS EXCLUSIVE MODE")
        asked = [
            asyncio.create_task(http.post("/graphql", json={"query": TREE})) for _ in range(20)
        ]
        async with asyncio.timeout(SECONDS):
            while len(await blocker.fetch(f"{WAITING} AND wait_event_type = 'Lock'")) < 5:
                await blocker.execute("SELECT pg_stat_clear_snapshot()")
        server.process.terminate()
        async with asyncio.timeout(SECONDS):
            while await refuses(http) is False:
                pass
            assert await idle.read() == b""
        assert [task.done() for task in asked] == [False] * 20
        await blocker.execute("ROLLBACK")
        answers = [await task for task in asked]
    await blocker.close()
    idle_writer.close()
    server.process.communicate(timeout=SECONDS)
    expected = {"data": {"city": {"organizations": {"totalCount": 0}}}}
    assert [answer.json() for answer in answers] == [expected] * 20
    assert {answer.headers.get("connection") for answer in answers} == {"close"}
    assert server.process.returncode == 0


async def idle_connection(server: Process) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection that was answered, and says nothing more."""
    parts = urlsplit(server.url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    writer.write(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
    head = await reader.readuntil(b"\r\n\r\n")
    await reader.readexactly(int(re.findall(rb"content-length: (\d+)", head)[0]))
    return reader, writer


async def refuses(http: httpx.AsyncClient) -> bool:
    """Whether new connections are refused."""
    try:
        await http.get("/healthz", headers={"connection": "close"})
    except httpx.ConnectError:
        return True
    except httpx.HTTPError:  # one of several workers took it while it stopped
        pass
    return False


async def test_not_ready_at_once() -> None:
    """The moment it is told to stop, before anything is closed, it says so."""
    told: list[str] = []
    server = Server(nothing, lambda: told.append("stop"), lambda: told.append("start"))
    server.handle_exit(signal.SIGTERM, None)
    assert (told, server.should_exit) == (["stop"], True)


async def nothing(scope: Scope, receive: Receive, send: Send) -> None:
    """An application that never answers."""
    await asyncio.Event().wait()


async def test_stopping(graph: Graph) -> None:
    """A server that stops is not ready, but goes on answering what still comes."""
    ready = await graph.http.get("/readyz")
    graph.live.stop()
    stopping, alive = await graph.http.get("/readyz"), await graph.http.get("/healthz")
    assert [ready.status_code, stopping.status_code, alive.status_code] == [200, 503, 200]
    assert stopping.json() == {"ready": False, "reason": "stopping"}
    assert (await graph.data(TREE))["city"]["organizations"]["totalCount"] > 0
    documented = [row[0] for row in table("docs/operations.md", "Is it ready")]
    assert stopping.json()["reason"] in documented


@pytest.mark.soak
async def test_requests_that_do_not_end(caplog: pytest.LogCaptureFixture) -> None:
    """What runs on after the time to finish is cancelled, and the server ends."""
    serves, cancelled = asyncio.Event(), asyncio.Event()

    async def endless(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            serves.set()
            try:
                await asyncio.Event().wait()
            finally:
                cancelled.set()

    started = asyncio.Event()
    server = Server(endless, lambda: None, started.set, drain_seconds=0)
    listener = bind("127.0.0.1", 0)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    async with asyncio.timeout(SECONDS):
        await started.wait()
        _, writer = await asyncio.open_connection(*listener.getsockname())
        writer.write(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        await serves.wait()
        server.should_exit = True
        await task
        await cancelled.wait()
    writer.close()
    assert "Cancel 1 running task(s), timeout graceful shutdown exceeded" in caplog.messages


@pytest.mark.soak
def test_embedded_database_stops_too(tmp_path: Path, data: Path) -> None:
    """A service manager's stop leaves no PostgreSQL running."""
    server = start_server("--no-prepare", cwd=tmp_path, data=data)
    assert server.process.stdout is not None
    for line in server.process.stdout:
        if line.startswith("Stop with"):
            break
    running = processes_of(data)
    assert (running != [], server.stop(), processes_of(data)) == (True, 0, [])


def test_log(tmp_path: Path, full_url: str) -> None:
    """Each request is one line of the log, and no line says what it was about."""
    server = start_server(cwd=tmp_path, database_url=full_url, log_format="json")
    wait_ready(server)
    secret = {
        "phone": "13812345678",
        "authorization": "Bearer c2VjcmV0",
        "text": "李四 canary",
    }
    query = f'query Asked {{ city(code: "{secret["phone"]}") {{ name }} # {secret["text"]}\n }}'
    with httpx.Client(base_url=server.url) as http:
        http.headers["x-request-id"] = "request-0001"
        http.get(f"/graphiql?query={secret['phone']}")
        http.get(f"/{secret['phone']}")
        http.post("/graphql", json={"query": query, "variables": secret})
        http.post("/graphql", json={}, headers={"authorization": secret["authorization"]})
        http.post("/graphql", content=b"x" * 200_000)
        http.get("/healthz")
    server.process.terminate()
    said, _ = server.process.communicate(timeout=SECONDS)
    lines = [json.loads(line) for line in said.splitlines()]
    found = [(line["path"], line["status"], line.get("codes")) for line in lines]
    assert found == [
        ("/graphiql", 200, None),
        ("/138****5678", 404, None),
        ("/graphql", 200, ["CITY_UNKNOWN"]),
        ("/graphql", 401, ["TOKEN_INVALID"]),
        ("/graphql", 413, ["BODY_TOO_LARGE"]),
    ]
    assert {line["request_id"] for line in lines} == {"request-0001"}
    assert [line.get("operation") for line in lines] == [None, None, "Asked", None, None]
    assert [value for value in (*secret.values(), "c2VjcmV0", "canary") if value in said] == []


def test_connections(site: str) -> None:
    """A real server bounds heads, and believes a proxy on its own machine that it ended TLS."""
    plain = httpx.get(f"{site}/healthz")
    proxied = httpx.get(f"{site}/healthz", headers={"x-forwarded-proto": "https"})
    found = [each.headers.get("strict-transport-security") for each in (plain, proxied)]
    assert found == [None, "max-age=31536000"]
    assert httpx.get(site, headers={"cookie": "c" * 100_000}).status_code == 431


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
