"""Readiness: databases that are down, of another schema, without tenants, or that come and go."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from markupsafe import escape

from schema.database import Database, engine
from schema.migrate import head
from server.app import create_app
from server.live import Live
from server.prepare import apply_tenants
from tenants.definition import City, Definition
from tests.conftest import NOW, Graph, NewDatabase, copy_database, database_at, run_sql, services_of
from tests.server.processes import free_port

ZH = "数据库暂时不可用,请稍后重试。"
EN = "The database is not available now; try again later."

TERMINATE = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND application_name = 'onegrid'"
)


@asynccontextmanager
async def started(url: str, refresh_seconds: float = 60) -> AsyncIterator[Graph]:
    """The application from its start to its end."""
    live = Live(Database(url, size=3), engine(url), refresh_seconds)
    with tempfile.TemporaryDirectory() as folder:
        services = services_of(Path(folder))
        app = create_app(live, services, lambda: NOW)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://onegrid") as http:
            yield Graph(http, live, services)


def unavailable(message: str) -> dict[str, Any]:
    return {"errors": [{"message": message, "extensions": {"code": "UNAVAILABLE"}}]}


async def assert_unready(graph: Graph, reason: str) -> None:
    """The process is healthy, but nothing else is, and each place says why as it should."""
    health, ready, page = [await graph.http.get(path) for path in ("/healthz", "/readyz", "/")]
    assert (health.status_code, health.json()) == (200, {"status": "ok"})
    assert (ready.status_code, ready.json()) == (503, {"ready": False, "reason": reason})
    chinese, english = [await graph.post("{ cities { code } }", spoken) for spoken in ("zh", "en")]
    assert (chinese.status_code, chinese.json()) == (503, unavailable(ZH))
    assert (english.status_code, english.json()) == (503, unavailable(EN))
    assert page.status_code == 503
    assert f'<p class="notice" role="alert">服务尚未就绪:{escape(reason)}</p>' in page.text


async def assert_ready(graph: Graph) -> None:
    ready, page = [await graph.http.get(path) for path in ("/readyz", "/")]
    assert (ready.status_code, ready.json()) == (200, {"ready": True})
    assert page.status_code == 200
    assert "notice" not in page.text


async def connections(url: str) -> int:
    """How many connections but this one the database has."""
    connection: Any = await asyncpg.connect(url)
    try:
        found: int = await connection.fetchval(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return found
    finally:
        await connection.close()


def some(shipped: tuple[Definition, ...], *slugs: str) -> tuple[Definition, ...]:
    return tuple(item for item in shipped if item.tenant.slug in slugs)


async def test_database_down() -> None:
    """A server whose database is down starts all the same, and says so."""
    port = free_port()
    reason = (
        f"the database cannot be reached: [Errno 111] Connect call failed ('127.0.0.1', {port})"
    )
    async with started(f"postgresql://127.0.0.1:{port}/onegrid") as graph:
        await assert_unready(graph, reason)


async def test_database_that_refuses(full_url: str) -> None:
    """A server whose role or database is not there starts all the same, and says so."""
    for url, what in (
        (full_url.replace("postgres:@", "nobody:@"), 'role "nobody" does not exist'),
        (full_url.replace("/loaded?", "/none?"), 'database "none" does not exist'),
    ):
        async with started(url) as graph:
            reason = (await graph.http.get("/readyz")).json()["reason"]
            assert reason == f"the database cannot be reached: {what}"


async def test_database_without_schema(empty_database: str) -> None:
    """An empty database is not ready; the reason names the command that mends it."""
    async with started(empty_database) as graph:
        await assert_unready(
            graph,
            f"the database has schema (none), this version needs {head()}: "
            "run `onegrid migrate`, then `onegrid tenants apply`",
        )


async def test_database_of_a_newer_version(new_database: NewDatabase) -> None:
    """A database of a version that is not known yet is not ready; migrating is not advised."""
    url = await new_database()
    await run_sql(url, "UPDATE alembic_version SET version_num = '9999'")
    async with started(url) as graph:
        await assert_unready(
            graph,
            "the database has schema 9999, which this version of OneGrid does not know "
            f"(newest known: {head()}); install the newer version that made it",
        )


async def test_database_without_tenants(new_database: NewDatabase) -> None:
    """A database without tenants is not ready; the reason names the command that mends it."""
    async with started(await new_database()) as graph:
        await assert_unready(graph, "the database has no tenants: run `onegrid tenants apply`")


async def test_tenant_that_cannot_be_read(
    new_database: NewDatabase, shipped: tuple[Definition, ...]
) -> None:
    """A tenant that another version wrote makes the server unready, but does not end it."""
    url = await new_database()
    await apply_tenants(url, some(shipped, "ningxia"))
    await run_sql(url, "UPDATE tenant_version SET content = content - 'name'")
    async with started(url) as graph:
        await assert_unready(
            graph,
            "the database holds a tenant that this version cannot read (name: Field required): "
            "run the version of OneGrid that wrote it",
        )


async def test_database_that_appears_later(
    server_url: str, migrated_template: str, shipped: tuple[Definition, ...]
) -> None:
    """A server becomes ready once its database is, without a restart."""
    name = f"later_{free_port()}"
    url = database_at(server_url, name)
    try:
        async with started(url) as graph:
            assert (await graph.http.get("/readyz")).status_code == 503
            await copy_database(server_url, migrated_template, name)
            await apply_tenants(url, some(shipped, "ningxia", "yinchuan"))
            await graph.live.refresh()
            await assert_ready(graph)
            assert await graph("{ cities { name } }") == {"data": {"cities": [{"name": "银川市"}]}}
    finally:
        await run_sql(server_url, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


async def test_database_that_goes_and_comes_back(
    server_url: str, new_database: NewDatabase, shipped: tuple[Definition, ...]
) -> None:
    """While a database takes no connections every answer is UNAVAILABLE; then all is well again."""
    url = await new_database()
    name = url.partition("?")[0].rpartition("/")[2]
    await apply_tenants(url, some(shipped, "ningxia", "yinchuan"))
    async with started(url) as graph:
        query = '{ city(code: "yinchuan") { organizations { totalCount } } }'
        assert await graph.data(query) == {"city": {"organizations": {"totalCount": 0}}}
        await run_sql(
            server_url,
            f"ALTER DATABASE {name} ALLOW_CONNECTIONS false",
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'",
        )
        answers = [await graph(query) for _ in range(3)]
        codes = [[error["extensions"]["code"] for error in item["errors"]] for item in answers]
        assert codes == [["UNAVAILABLE"]] * 3
        await graph.live.refresh()
        reason = f'database "{name}" is not currently accepting connections'
        await assert_unready(graph, f"the database cannot be reached: {reason}")
        await run_sql(server_url, f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
        await graph.live.refresh()
        await assert_ready(graph)
        assert await graph.data(query) == {"city": {"organizations": {"totalCount": 0}}}


async def test_tenants_applied_meanwhile(
    new_database: NewDatabase, shipped: tuple[Definition, ...]
) -> None:
    """Tenants that are added or changed while the server runs are seen without a restart."""
    url = await new_database()
    await apply_tenants(url, some(shipped, "ningxia"))
    query = "{ cities { name definition { version } } }"
    async with started(url) as graph:
        assert await graph.data(query) == {"cities": []}
        (city,) = some(shipped, "yinchuan")
        for version, name in ((1, "银川市"), (2, "银川")):
            assert isinstance(city.tenant, City)
            renamed = Definition(city.tenant.model_copy(update={"name": name}), city.values)
            await apply_tenants(url, [renamed])
            await graph.live.refresh()
            assert await graph.data(query) == {
                "cities": [{"name": name, "definition": {"version": version}}]
            }


async def test_the_server_looks_by_itself(
    new_database: NewDatabase, shipped: tuple[Definition, ...]
) -> None:
    """The running server looks for changes again and again."""
    url = await new_database()
    async with started(url, refresh_seconds=0.01) as graph, asyncio.timeout(60):
        assert (await graph.http.get("/readyz")).status_code == 503
        await apply_tenants(url, some(shipped, "ningxia"))
        while (await graph.http.get("/readyz")).status_code != 200:
            await run_sql(url, "SELECT 1")
        await assert_ready(graph)


async def test_killed_connections(
    new_database: NewDatabase, shipped: tuple[Definition, ...]
) -> None:
    """After every connection is killed, each fails at most one answer, and none as a fault."""
    url = await new_database(some(shipped, "ningxia", "yinchuan"))
    query = '{ city(code: "yinchuan") { organizations(first: 1) { nodes { code } } } }'
    async with started(url) as graph:
        good = await graph(query)
        assert good["data"]["city"]["organizations"]["nodes"] != []
        for _ in range(5):
            assert await asyncio.gather(*[graph(query) for _ in range(6)]) == [good] * 6
            await run_sql(url, TERMINATE)
            answers = [await graph(query) for _ in range(6)]
            failed = [answer for answer in answers if answer != good]
            assert [list(map(code_of, answer["errors"])) for answer in failed] == [
                ["UNAVAILABLE"]
            ] * len(failed)
            assert len(failed) <= 3
            assert answers[-1] == good


def code_of(error: dict[str, Any]) -> str:
    code: str = error["extensions"]["code"]
    return code


async def test_connection_killed_during_a_statement(
    new_database: NewDatabase, shipped: tuple[Definition, ...]
) -> None:
    """An operation whose connection dies under it says that the database is not available."""
    url = await new_database()
    await apply_tenants(url, some(shipped, "ningxia", "yinchuan"))
    query = '{ city(code: "yinchuan") { name organizations { totalCount } } }'
    blocker: Any = await asyncpg.connect(url)
    try:
        async with started(url) as graph, asyncio.timeout(60):
            await blocker.execute("BEGIN; LOCK TABLE organization IN ACCESS EXCLUSIVE MODE")
            asked = asyncio.create_task(graph.post(query))
            waiting = f"{TERMINATE} AND wait_event_type = 'Lock'"
            while not await blocker.fetch(waiting):
                await blocker.execute("SELECT pg_stat_clear_snapshot()")
            response = await asked
            await blocker.execute("ROLLBACK")
            assert (response.status_code, response.json()) == (
                200,
                {
                    "data": None,
                    "errors": [
                        {
                            "message": ZH,
                            "locations": [{"line": 1, "column": 33}],
                            "path": ["city", "organizations"],
                            "extensions": {"code": "UNAVAILABLE"},
                        }
                    ],
                },
            )
            assert await graph(query) == {
                "data": {"city": {"name": "银川市", "organizations": {"totalCount": 0}}}
            }
    finally:
        await blocker.close()


@pytest.mark.parametrize("ready", [True, False])
async def test_no_connection_is_left(
    new_database: NewDatabase, shipped: tuple[Definition, ...], ready: bool
) -> None:
    """A server that ends leaves no connection open."""
    url = await new_database()
    if ready:
        await apply_tenants(url, some(shipped, "ningxia"))
    async with started(url) as graph:
        assert (await graph.http.get("/readyz")).status_code == (200 if ready else 503)
        assert await connections(url) > 0
    assert await connections(url) == 0
