"""What tests stand on: a real PostgreSQL of their own, databases, and the application."""

import asyncio
import gc
import shutil
import tempfile
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any
from urllib.parse import quote

import asyncpg
import httpx
import pytest

from schema.database import Database, engine
from schema.keyring import FILE_NAME, Keyring
from seeds.load import load
from server.app import create_app
from server.claims import Claims
from server.embedded import start_embedded
from server.live import Live
from server.pages.explorer import PERSONAS
from server.prepare import apply_tenants, migrate_database
from server.services import Services, open_services
from server.settings import Settings
from tenants.definition import Definition
from tenants.files import load_tenants
from tenants.roles import Role
from tests.server.processes import end_processes_of
from tests.together import Together

TODAY = date(2026, 3, 15)
NOW = datetime(2026, 3, 15, 4, tzinfo=UTC)
NOON = time(4)

NewDatabase = Callable[..., Awaitable[str]]

ROOM = 8 * 2**30  # the largest database of the tests takes a quarter of it

# what no test takes from this server is that it survives a crash: those have servers of their own
FORGETFUL = (
    "ALTER SYSTEM SET fsync = off",
    "ALTER SYSTEM SET full_page_writes = off",
    "ALTER SYSTEM SET autovacuum = off",
    "SELECT pg_reload_conf()",
)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Together:
    """Deal out tests that share something costly together."""
    return Together(config, log)


def pytest_collection_finish() -> None:
    """Look for garbage rarely, and not in all that is imported: a sixth of the time went there."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """A PostgreSQL server for this run of the tests; stops with it."""
    folder = Path(tempfile.mkdtemp(prefix="onegrid-test-", dir=_roomy_memory()))
    url = start_embedded(folder)
    asyncio.run(run_sql(url, *FORGETFUL))
    yield url
    end_processes_of(folder)
    shutil.rmtree(folder, ignore_errors=True)


def _roomy_memory() -> Path | None:
    """Where files are kept in memory, if there is room: making a database takes half as long."""
    memory = Path("/dev/shm")
    return memory if memory.is_dir() and shutil.disk_usage(memory).free > ROOM else None


def database_at(server: str, name: str) -> str:
    """The address of another database of the same server."""
    head, _, query = server.partition("?")
    return f"{head.rpartition('/')[0]}/{name}?{query}"


async def copy_database(server: str, template: str, name: str) -> str:
    """Make a database like another one, to which nobody is connected; its address."""
    # a copy of files: five times as fast as the default, which writes each page to the log
    await run_sql(server, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
    return database_at(server, name)


@contextmanager
def copied_database(server: str, template: str) -> Iterator[str]:
    """The address of a database like another one, for as long as it is needed."""
    name = f"copy_{uuid.uuid4().hex}"
    yield asyncio.run(copy_database(server, template, name))
    asyncio.run(run_sql(server, f"DROP DATABASE {name} WITH (FORCE)"))


async def run_sql(url: str, *statements: str) -> None:
    """Run statements on a connection of their own."""
    connection: Any = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def load_all(
    url: str, definitions: tuple[Definition, ...], sample: Keyring | None = None
) -> None:
    """Apply the definitions and load all their data; with a keyring sample people too."""
    await apply_tenants(url, definitions)
    connection: Any = await asyncpg.connect(url)
    try:
        async for _ in load(connection, definitions, NOW, sample):
            pass
    finally:
        await connection.close()


@pytest.fixture(scope="session")
def shipped() -> tuple[Definition, ...]:
    """The tenants that the project ships."""
    return load_tenants()


@pytest.fixture(scope="session")
def migrated_template(server_url: str) -> str:
    """A database with the schema and nothing in it, to copy."""
    asyncio.run(run_sql(server_url, "CREATE DATABASE migrated"))
    asyncio.run(migrate_database(database_at(server_url, "migrated")))
    return "migrated"


@pytest.fixture(scope="session")
def full_template(server_url: str, shipped: tuple[Definition, ...]) -> str:
    """A database with every shipped tenant and all data, to copy."""
    asyncio.run(run_sql(server_url, "CREATE DATABASE full_template"))
    url = database_at(server_url, "full_template")
    asyncio.run(migrate_database(url))
    asyncio.run(load_all(url, shipped))
    asyncio.run(run_sql(url, "ANALYZE"))
    return "full_template"


@pytest.fixture(scope="session")
def full_url(server_url: str, full_template: str) -> str:
    """A database with every shipped tenant and all data; only for reading."""
    return asyncio.run(copy_database(server_url, full_template, "loaded"))


@pytest.fixture(scope="session")
def demo_keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file with the keys of the sample people in `demo_url`."""
    return tmp_path_factory.mktemp("keys") / FILE_NAME


@pytest.fixture(scope="session")
def demo_url(
    server_url: str, full_template: str, shipped: tuple[Definition, ...], demo_keys: Path
) -> str:
    """The same with sample people, as in demo mode; what is read of people is audited."""
    url = asyncio.run(copy_database(server_url, full_template, "demo"))
    asyncio.run(load_all(url, shipped, Keyring(demo_keys)))
    asyncio.run(run_sql(url, "ANALYZE"))
    return url


@pytest.fixture(scope="session")
def templates(server_url: str, migrated_template: str) -> "Templates":
    """Databases with definitions and their data, to copy."""
    return Templates(server_url, migrated_template)


@pytest.fixture
def new_database(server_url: str, templates: "Templates") -> Iterator[NewDatabase]:
    """Makes migrated databases for one test: empty ones, or with definitions and their data."""
    made: list[str] = []

    async def make(definitions: Sequence[Definition] = ()) -> str:
        made.append(f"test_{uuid.uuid4().hex}")
        return await copy_database(server_url, await templates.with_(definitions), made[-1])

    yield make
    drops = [f"DROP DATABASE {name} WITH (FORCE)" for name in made]
    asyncio.run(run_sql(server_url, *drops))


class Templates:
    """Databases with definitions and their data, each made when it is first asked for."""

    def __init__(self, server: str, migrated: str) -> None:
        """They are copied from the empty one."""
        self._server, self._migrated = server, migrated
        self._made: list[tuple[tuple[Definition, ...], str]] = []

    async def with_(self, definitions: Sequence[Definition]) -> str:
        """The name of the one with these."""
        if not definitions:
            return self._migrated
        wanted = tuple(definitions)
        for known, name in self._made:
            if known == wanted:
                return name
        name = f"template_{len(self._made)}"
        await load_all(await copy_database(self._server, self._migrated, name), wanted)
        self._made.append((wanted, name))
        return name


@dataclass
class Graph:
    """A client of the application, as a front end is one; `headers` go with every request."""

    http: httpx.AsyncClient
    live: Live
    services: Services
    headers: dict[str, str] = field(default_factory=dict)

    def as_(
        self,
        role: str,
        tenant: str,
        organization: str | None = None,
        *,
        person: uuid.UUID | None = None,
        purpose: str | None = None,
        subject: str = "someone",
    ) -> "Graph":
        """The same application for the bearer of a token; role "" with a person binds to it."""
        assert self.services.mint is not None
        named = Role(role) if role else None
        claims = Claims(subject, named, (tenant,), organization, person)
        headers = {"authorization": f"Bearer {self.services.mint.token(claims, 1)}"}
        if purpose is not None:
            headers["x-purpose"] = quote(purpose)
        return replace(self, headers=headers)

    async def as_persona(self, key: str) -> "Graph":
        """The same application for a persona; only in demo mode."""
        ready = (await self.http.get(PERSONAS)).json()["personas"]
        (token,) = (persona["token"] for persona in ready if persona["key"] == key)
        return replace(self, headers={"authorization": f"Bearer {token}"})

    async def __call__(self, query: str, language: str = "zh", **variables: Any) -> dict[str, Any]:
        """The whole JSON answer to an operation."""
        answer: dict[str, Any] = (await self.post(query, language, **variables)).json()
        return answer

    async def data(self, query: str, **variables: Any) -> Any:
        """The data of an operation that must succeed."""
        answer = await self(query, **variables)
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    async def post(self, query: str, language: str = "zh", **variables: Any) -> httpx.Response:
        """The HTTP response to an operation."""
        return await self.http.post(
            "/graphql",
            json={"query": query, "variables": variables},
            headers={
                "accept": "application/graphql-response+json",
                "accept-language": language,
                **self.headers,
            },
        )

    async def statements(self, query: str, **variables: Any) -> int:
        """How many SQL statements an operation runs."""
        response = await self.post(query, **variables)
        assert "errors" not in response.json(), response.json()["errors"]
        return int(response.headers["server-timing"].split('"')[1].split()[0])


def services_of(folder: Path, **settings: Any) -> Services:
    """The services of a server whose keys lie in `folder`; the rates are out of the way."""
    given = {"rate_actor": "1000000000/minute", "rate_city": "1000000000/minute", **settings}
    return open_services(Settings(_env_file=None, data=folder, **given))


@asynccontextmanager
async def opened(
    url: str,
    today: date = TODAY,
    services: Services | None = None,
    size: int = 4,
    statement_timeout: float = 5,
) -> AsyncIterator[Graph]:
    """The application over a database, ready, without a network; it is noon in China."""
    writer = engine(url)
    live = Live(Database(url, size, statement_timeout), writer, refresh_seconds=60)
    try:
        await live.refresh()
        with tempfile.TemporaryDirectory(prefix="onegrid-keys-") as folder:
            services = services or services_of(Path(folder))
            noon = datetime.combine(today, NOON, UTC)
            transport = httpx.ASGITransport(create_app(live, services, lambda: noon))
            async with httpx.AsyncClient(transport=transport, base_url="http://onegrid") as http:
                yield Graph(http, live, services)
    finally:
        await live.close()


@pytest.fixture
async def graph(full_url: str) -> AsyncIterator[Graph]:
    """The application over all shipped data, on 2026-03-15."""
    async with opened(full_url) as ready:
        yield ready


@pytest.fixture
async def demo(demo_url: str, demo_keys: Path, tmp_path: Path) -> AsyncIterator[Graph]:
    """The same with sample people, in demo mode."""
    services = services_of(tmp_path / "var", demo=True, personal_keys=demo_keys)
    async with opened(demo_url, services=services) as ready:
        yield ready
