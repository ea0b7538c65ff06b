"""Deadlines and clients who leave: what runs is cancelled down to the database, or finishes."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route
from structlog.testing import capture_logs

from schema.database import Database, engine
from schema.errors import CodedError
from schema.scope import Login, Scope
from server.app import create_app
from server.claims import Claims
from server.deadline import ClientLeftError, deadline
from server.documents import DocumentFailure, Documents
from server.graphql import MAX_PAUSE, PAUSE, GraphQLEndpoint
from server.live import Live
from server.services import Services
from tenants.roles import Role
from tests.conftest import NewDatabase, services_of
from tests.schema.organizations.town import CITY, PROVINCE
from tests.server.bench import EXECUTE, GRAPHQL, SCHEMA, Bench, post
from tests.server.processes import start_server, wait_ready
from tests.server.wire import Client, connected, served

LONG = 1000.0
SECONDS = 60.0
"""How long anything may take on a busy machine."""
NOON = datetime(2026, 3, 15, 4, tzinfo=UTC)


class Line:
    """What a server hears of its client: a body, then nothing until it hangs up."""

    def __init__(self) -> None:
        self.asked = 0
        self.hung_up = asyncio.Event()

    async def receive(self) -> dict[str, Any]:
        self.asked += 1
        if self.asked == 1:
            return {"type": "http.request", "body": b"", "more_body": False}
        await self.hung_up.wait()
        return {"type": "http.disconnect"}


async def for_ever(ends: list[str]) -> None:
    """Wait for ever, and note how it ended."""
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        ends.append("cancelled")
        raise


def tasks() -> int:
    """How many tasks there are."""
    return len(asyncio.all_tasks())


async def test_what_is_in_time() -> None:
    """What is over in time is not disturbed, nobody listened, and no task is left."""
    line = Line()
    line.hung_up.set()
    before = tasks()
    async with deadline(LONG, line.receive):
        await asyncio.sleep(0)
    assert (line.asked, tasks()) == (0, before)


async def test_what_takes_too_long() -> None:
    """What takes longer is cancelled, and refused with the seconds that it had."""
    ends: list[str] = []
    with pytest.raises(CodedError) as refused:
        async with deadline(0.01, Line().receive, listen_after=0):
            await for_ever(ends)
    error = refused.value
    assert (error.code, error.facts, ends) == (
        "DEADLINE_EXCEEDED",
        {"seconds": 0.01},
        ["cancelled"],
    )
    assert error.message("zh") == "请求用时超过 0.01 秒,已取消;请缩小范围或稍后重试。"
    assert error.message("en") == (
        "The request took longer than 0.01 seconds and was cancelled; ask for less, or try again "
        "later."
    )
    await assert_free()


async def test_a_client_who_leaves() -> None:
    """As soon as the client hangs up, what runs is cancelled."""
    line, ends = Line(), list[str]()
    asyncio.get_running_loop().call_later(0.01, line.hung_up.set)
    with pytest.raises(ClientLeftError):
        async with deadline(LONG, line.receive, listen_after=0):
            await for_ever(ends)
    assert ends == ["cancelled"]
    await assert_free()


async def test_a_client_who_leaves_as_time_is_up() -> None:
    """Leaving and the end of time at once are one of the two, and the task is free afterwards."""
    for _ in range(20):
        line = Line()
        asyncio.get_running_loop().call_later(0.001, line.hung_up.set)
        with pytest.raises((ClientLeftError, CodedError)):
            async with deadline(0.001, line.receive, listen_after=0):
                await for_ever([])
        await assert_free()


async def test_a_mutation_does_not_listen() -> None:
    """Without `receive` only time ends what runs."""
    with pytest.raises(CodedError, match="longer than"):
        async with deadline(0.01, None, listen_after=0):
            await for_ever([])


async def test_a_server_that_stops() -> None:
    """Who cancels the request's task from outside is neither of the two."""
    ends: list[str] = []

    async def answer() -> None:
        async with deadline(LONG, Line().receive, listen_after=0):
            await for_ever(ends)

    task = asyncio.create_task(answer())
    while not ends:
        await asyncio.sleep(0)
        task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize("error", [TimeoutError("inside"), KeyError("inside")])
async def test_errors_of_what_runs(error: Exception) -> None:
    """What fails inside stays what it is, a timeout of something inside too."""
    with pytest.raises(type(error), match="inside"):
        async with deadline(LONG, Line().receive, listen_after=0):
            raise error


async def assert_free() -> None:
    """Nothing is left of a cancellation: the task can wait again."""
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0
    async with asyncio.timeout(SECONDS):
        await asyncio.gather(asyncio.sleep(0))


PAGE = "{ city(code: %s) { code organizations(first: 2) { nodes { code } } } }"
FIGURES = '{ city(code: "210400") { figures(first: 1) { nodes { subject } } } }'
DISSOLVE = """mutation { dissolveOrganization(input: {tenant: "990100",
  organization: "AA1-1-G1"}) { organization { validTo } refusals { code } } }"""
ENDED = "SELECT valid_to FROM organization WHERE tenant_id = 990100 AND code = 'AA1-1-G1'"
ORGANIZATION = "T3JnYW5pemF0aW9uOjIxMDQwMDphYTc4ODQ4N2YyYzg1ZWM0YmZiMzVjMjVhN2Y3ODE4NA"
EVENTS = "SELECT count(*) FROM event"


@dataclass
class Site:
    """The application behind a port, and the owner's look at its database."""

    port: int
    live: Live
    services: Services
    owner: asyncpg.Connection

    def bearer(self, code: str) -> dict[str, str]:
        """The header of an administrator's token."""
        assert self.services.mint is not None
        token = self.services.mint.token(Claims("someone", Role.CITY_ADMIN, (code,)), 1)
        return {"authorization": f"Bearer {token}"}

    async def metric(self, line: str) -> float:
        """One number of /metrics."""
        async with connected(self.port) as client:
            client.writer.write(b"GET /metrics HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
            text = (await client.reader.read()).decode()
        found = [each for each in text.splitlines() if each.startswith(line)]
        return float(found[0].split()[-1]) if found else 0.0


@asynccontextmanager
async def site(
    url: str, folder: Path, *, size: int = 4, statement_timeout: float = 5.0, **settings: Any
) -> AsyncIterator[Site]:
    """The application on a port, over a database."""
    owner = await asyncpg.connect(url)
    live = Live(Database(url, size, statement_timeout), engine(url), refresh_seconds=60)
    await live.refresh()
    services = services_of(folder, **settings)
    try:
        async with served(create_app(live, services, lambda: NOON)) as port:
            yield Site(port, live, services, owner)
    finally:
        await live.close()
        await owner.close()


@asynccontextmanager
async def locked(url: str, table: str = "organization") -> AsyncIterator[None]:
    """Inside, nobody can read or write a table: every statement on it waits."""
    holder = await asyncpg.connect(url)
    try:
        async with holder.transaction():
            await holder.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
            yield
    finally:
        await holder.close()


async def statements(owner: asyncpg.Connection) -> Sequence[tuple[str, str]]:
    """State and text of what the login roles run, or hold a transaction for."""
    rows = await owner.fetch(
        "SELECT state, query FROM pg_stat_activity WHERE usename = ANY($1::text[])"
        " AND datname = current_database() AND state <> 'idle'",
        [*Login],
    )
    return [tuple(row) for row in rows]


async def wait_waiting(owner: asyncpg.Connection, number: int = 1) -> None:
    """Wait until so many statements wait for a lock."""
    waiting = (
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    async with asyncio.timeout(SECONDS):
        while await owner.fetchval(waiting) < number:
            pass


async def assert_nothing_runs(owner: asyncpg.Connection) -> None:
    """Soon no login role runs a statement, nor holds a transaction."""
    async with asyncio.timeout(SECONDS):
        while await statements(owner):
            pass


async def ask(client: Client, query: str, headers: dict[str, str], **variables: Any) -> Any:
    """Status and body of an operation's answer."""
    await client.ask(query, headers, **variables)
    return await client.answer()


async def test_a_request_that_takes_too_long(full_url: str, tmp_path: Path) -> None:
    """Its SQL is cancelled in the server, it is answered 504, and a neighbour notices nothing."""
    async with (
        site(full_url, tmp_path, request_timeout=1.0) as here,
        connected(here.port) as slow,
        connected(here.port) as neighbour,
    ):
        expected = await ask(neighbour, FIGURES, {})
        async with locked(full_url):
            await slow.ask(PAGE % '"210400"', here.bearer("210400"))
            await wait_waiting(here.owner)
            assert await ask(neighbour, FIGURES, {}) == expected
            assert await slow.answer() == (
                504,
                {
                    "errors": [
                        {
                            "message": "请求用时超过 1 秒,已取消;请缩小范围或稍后重试。",
                            "extensions": {"code": "DEADLINE_EXCEEDED", "seconds": 1.0},
                        }
                    ]
                },
            )
            await assert_nothing_runs(here.owner)
        status, answer = await ask(slow, PAGE % '"210400"', here.bearer("210400"))
        assert (status, "errors" in answer) == (200, False)
        counted = await here.metric('onegrid_errors_total{code="DEADLINE_EXCEEDED"}')
        assert counted == 1


async def test_waiting_for_a_connection(full_url: str, tmp_path: Path) -> None:
    """Time spent waiting for the pool counts too, and who gives up waits no more."""
    query = PAGE % '"210400"'
    async with (
        site(full_url, tmp_path, size=1, request_timeout=1.0) as here,
        connected(here.port) as first,
        connected(here.port) as second,
        locked(full_url),
    ):
        await first.ask(query, here.bearer("210400"))
        await wait_waiting(here.owner)
        status, _ = await ask(second, query, here.bearer("210400"))
        assert (status, (await first.answer())[0]) == (504, 504)
        await assert_nothing_runs(here.owner)
        assert here.live.database.pools()[Login.CITY][2:] == (1, 0)


async def test_a_statement_that_takes_too_long(full_url: str, tmp_path: Path) -> None:
    """PostgreSQL cancels it itself; its field has the code, and its neighbours their values."""
    query = 'query ($id: ID!) { node(id: $id) { id } cities(province: "ningxia") { code } }'
    async with (
        site(full_url, tmp_path, statement_timeout=0.2) as here,
        connected(here.port) as client,
        locked(full_url),
    ):
        status, answer = await ask(client, query, {}, id=ORGANIZATION)
        (error,) = answer["errors"]
        assert (status, answer["data"]) == (200, {"node": None, "cities": [{"code": "640100"}]})
        assert (error["path"], error["extensions"]) == (["node"], {"code": "DEADLINE_EXCEEDED"})
        await assert_nothing_runs(here.owner)


async def test_a_client_who_hangs_up(full_url: str, tmp_path: Path) -> None:
    """The SQL of a query whose client left is cancelled; it is logged as that, and no fault."""
    with capture_logs() as lines:
        async with site(full_url, tmp_path) as here, connected(here.port) as neighbour:
            async with locked(full_url), connected(here.port) as client:
                await client.ask(PAGE % '"210400"', here.bearer("210400"))
                await wait_waiting(here.owner)
                client.leave()
                await assert_nothing_runs(here.owner)
            status, answer = await ask(neighbour, PAGE % '"210400"', here.bearer("210400"))
            assert (status, "errors" in answer) == (200, False)
            counted = await here.metric('onegrid_requests_total{method="POST",status="4xx"}')
    shown = [(line["log_level"], line["status"]) for line in lines if line["event"] == "request"]
    assert shown == [("info", 499), ("info", 200), ("debug", 200)]
    assert {line["log_level"] for line in lines} <= {"info", "debug"}
    assert counted == 1


async def test_clients_who_hang_up_while_they_wait(full_url: str, tmp_path: Path) -> None:
    """Many who leave, some still waiting for a connection, take nothing from who stays."""
    query = PAGE % '"210400"'
    async with (
        site(full_url, tmp_path, size=2) as here,
        AsyncExitStack() as stack,
        connected(here.port) as staying,
    ):
        async with locked(full_url):
            leaving = [await stack.enter_async_context(connected(here.port)) for _ in range(10)]
            for client in leaving:
                await client.ask(query, here.bearer("210400"))
            await wait_waiting(here.owner, 2)
            await staying.ask(query, here.bearer("210400"))
            for client in leaving:
                client.leave()
            async with asyncio.timeout(SECONDS):
                while len(await statements(here.owner)) + waiting(here) != 1:
                    pass
        status, answer = await staying.answer()
        assert (status, answer["data"]["city"]["code"]) == (200, "210400")
        await assert_nothing_runs(here.owner)


def waiting(here: Site) -> int:
    """How many operations wait for a connection."""
    return sum(pool.waiting for pool in here.live.database.pools().values())


@pytest.fixture
async def town_url(new_database: NewDatabase) -> str:
    """A database with a small city, to write in."""
    return await new_database((PROVINCE, CITY))


async def test_a_mutation_whose_client_hangs_up(town_url: str, tmp_path: Path) -> None:
    """It finishes, while a query that is left at the same moment is cancelled."""
    async with site(town_url, tmp_path) as here:
        headers = here.bearer("990100")
        async with (
            locked(town_url),
            connected(here.port) as writing,
            connected(here.port) as reading,
        ):
            await writing.ask(DISSOLVE, headers)
            await wait_waiting(here.owner)
            await reading.ask(PAGE % '"990100"', headers)
            await wait_waiting(here.owner, 2)
            writing.leave()
            reading.leave()
            async with asyncio.timeout(SECONDS):
                while len(await statements(here.owner)) == 2:
                    pass
            assert len(await statements(here.owner)) == 1
        await assert_nothing_runs(here.owner)
        assert await here.owner.fetchval(ENDED) == NOON.date()
        assert await here.owner.fetchval(EVENTS) == 1


@pytest.mark.parametrize("table", ["organization", "event"])
async def test_a_mutation_that_takes_too_long(town_url: str, tmp_path: Path, table: str) -> None:
    """It is rolled back and answered 504, whether it had written something or not."""
    async with site(town_url, tmp_path, request_timeout=1.0) as here:
        async with locked(town_url, table), connected(here.port) as client:
            await client.ask(DISSOLVE, here.bearer("990100"))
            await wait_waiting(here.owner)
            status, answer = await client.answer()
            assert (status, answer["errors"][0]["extensions"]["code"]) == (504, "DEADLINE_EXCEEDED")
            await assert_nothing_runs(here.owner)
        assert (await here.owner.fetchval(ENDED), await here.owner.fetchval(EVENTS)) == (None, 0)
        async with connected(here.port) as client:
            status, answer = await ask(client, DISSOLVE, here.bearer("990100"))
        assert answer["data"]["dissolveOrganization"]["organization"] == {"validTo": "2026-03-15"}


@pytest.mark.parametrize("table", ["organization", "event"])
async def test_a_mutation_whose_statement_takes_too_long(
    town_url: str, tmp_path: Path, table: str
) -> None:
    """PostgreSQL ends its waiting; nothing of it is left, and its field says so."""
    async with site(town_url, tmp_path, statement_timeout=0.2) as here:
        async with locked(town_url, table), connected(here.port) as client:
            status, answer = await ask(client, DISSOLVE, here.bearer("990100"))
            (error,) = answer["errors"]
            assert (status, answer["data"]) == (200, {"dissolveOrganization": None})
            assert error["extensions"] == {"code": "DEADLINE_EXCEEDED"}
            await assert_nothing_runs(here.owner)
        assert (await here.owner.fetchval(ENDED), await here.owner.fetchval(EVENTS)) == (None, 0)


async def test_mutations_that_wait_for_a_connection(town_url: str, tmp_path: Path) -> None:
    """More writers than connections wait as long as a statement may take, and are told so."""
    database = Database(town_url, size=1, statement_timeout=0.1)
    scope = Scope(frozenset({990100}), Login.CITY)
    await database.open()
    try:
        async with database.unit_of_work(scope):
            with pytest.raises(CodedError) as refused:
                async with database.unit_of_work(scope):
                    pass
        assert refused.value.code == "UNAVAILABLE"
        async with database.unit_of_work(scope):
            pass
    finally:
        await database.close()


async def test_a_real_server(full_url: str, tmp_path: Path) -> None:
    """`onegrid serve` cancels what its clients leave, and writes no line about a fault."""
    owner = await asyncpg.connect(full_url)
    server = start_server(cwd=tmp_path, database_url=full_url, log_format="json")
    try:
        wait_ready(server)
        port = int(server.url.rpartition(":")[2])
        async with locked(full_url), AsyncExitStack() as stack:
            clients = [await stack.enter_async_context(connected(port)) for _ in range(3)]
            for client in clients:
                await client.ask(PAGE % '"210400"', {})
            await wait_waiting(owner, len(clients))
            for client in clients:
                client.leave()
            await assert_nothing_runs(owner)
    finally:
        server.process.terminate()
        said, _ = server.process.communicate(timeout=SECONDS)
        await owner.close()
    lines = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    assert [line["status"] for line in lines if line.get("path") == "/graphql"] == [499] * 3
    assert {line["level"] for line in lines} == {"info"}
    assert "Traceback" not in said


async def test_a_refused_document_waits() -> None:
    """Its answer comes after many times as long as it took to refuse, and at most half a second."""
    documents = Documents(SCHEMA)
    loop = asyncio.get_running_loop()
    for text in ("{ nothing }", '{ nothing(a: "' + "x" * 100_000 + '") }'):
        failure = documents.get(text)
        assert isinstance(failure, DocumentFailure)
        assert failure.seconds > 0
        app = Route("/graphql", GraphQLEndpoint(documents, EXECUTE, Bench().open_context))
        async with client_of(app) as client:
            started = loop.time()
            status, _ = await post(client, text, GRAPHQL)
            assert loop.time() - started >= min(failure.seconds * PAUSE, MAX_PAUSE)
        assert status == 400


def client_of(route: Route) -> httpx.AsyncClient:
    """A client of one route."""
    transport = httpx.ASGITransport(Starlette(routes=[route]))
    return httpx.AsyncClient(transport=transport, base_url="http://test")
