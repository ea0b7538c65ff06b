"""A small province with one city, its people and some issues, and both servers over it."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from bench.bearers import SECRET, authorization
from bench.drawn import CITY, Drawn, draw
from bench.limit import Limit
from bench.operations import Operation, Question
from schema.keyring import FILE_NAME, Keyring
from seeds.load import load
from tenants.definition import Definition
from tests.conftest import (
    Graph,
    Templates,
    copied_database,
    copy_database,
    opened,
    run_sql,
    services_of,
)

ISSUES = 700


@pytest.fixture(scope="session")
def small(shipped: tuple[Definition, ...]) -> tuple[Definition, ...]:
    """A province and the city where the bench asks."""
    return tuple(item for item in shipped if item.tenant.slug in ("liaoning", CITY))


@pytest.fixture(scope="session")
def issues_template(
    server_url: str,
    templates: Templates,
    small: tuple[Definition, ...],
    tmp_path_factory: pytest.TempPathFactory,
) -> str:
    """A database of these with sample people and issues, to copy."""
    keyring = Keyring(tmp_path_factory.mktemp("bench-keys") / FILE_NAME)

    async def make() -> str:
        name = "bench_template"
        url = await copy_database(server_url, await templates.with_(small), name)
        connection: Any = await asyncpg.connect(url)
        try:
            async for _ in load(connection, small, datetime.now(UTC), keyring, ISSUES):
                pass
        finally:
            await connection.close()
        await run_sql(url, "ANALYZE")
        return name

    return asyncio.run(make())


@pytest.fixture(scope="module")
def issues_url(server_url: str, issues_template: str) -> Iterator[str]:
    """A copy of it for the tests of a module."""
    with copied_database(server_url, issues_template) as url:
        yield url


@dataclass
class Both:
    """The server, with the tokens of the bench, and the limit, over one database."""

    url: str
    graph: Graph
    limit: Limit
    drawn: Drawn

    async def ask(self, operation: Operation, given: Any) -> Any:
        """The server's answer."""
        question = Question(operation.query, given)
        bearer = {"authorization": authorization(operation)}
        graph = Graph(self.graph.http, self.graph.live, self.graph.services, bearer)
        return await graph(question.query, **given)

    async def rows(self, sql: str, *values: object) -> list[Any]:
        """Rows of the database, for its owner."""
        connection: Any = await asyncpg.connect(self.url)
        try:
            return [dict(row) for row in await connection.fetch(sql, *values)]
        finally:
            await connection.close()


@pytest.fixture
async def both(issues_url: str, tmp_path: Path) -> AsyncIterator[Both]:
    """Both, today."""
    services = services_of(tmp_path, token_secret=SECRET)
    today = datetime.now(UTC).date()
    async with (
        opened(issues_url, today, services) as graph,
        Limit.opened(issues_url, size=1) as limit,
    ):
        yield Both(issues_url, graph, limit, await draw(issues_url))
