"""The limit: the same answers by one hand-written SQL statement each, and nothing else.

Bare ASGI and asyncpg; PostgreSQL builds the JSON, in a read-only snapshot like the server's, under
the same login role, row-level security and scope. Who asks is not looked at. Writes are those of
`bench/writes.py`.
"""

import datetime
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import orjson
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from bench.drawn import TENANT
from bench.operations import Operation, load_operations
from bench.vocabulary import Vocabulary, read_vocabulary
from bench.writes import WRITES, Write
from schema.database import engine
from schema.loaders.tenant import read_definitions
from schema.logins import addresses
from schema.scope import Login
from tenants.definition import Definition
from tenants.registry import Registry

CHINA = ZoneInfo("Asia/Shanghai")
HEADERS = [(b"content-type", b"application/json")]

BEGIN = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"

Today = Callable[[], datetime.date]


class Limit:
    """Answers operations over a pool of connections a login role."""

    def __init__(
        self,
        pools: "Mapping[Login, asyncpg.Pool[Any]]",
        vocabulary: Vocabulary,
        writes: Mapping[str, Write],
    ) -> None:
        self._pools = pools
        self._vocabulary = vocabulary
        self._writes = writes

    @classmethod
    @asynccontextmanager
    async def opened(cls, url: str, size: int = 10) -> "AsyncIterator[Limit]":
        """Over pools like the server's: as large, without JIT, without RESET."""
        vocabulary = await read_vocabulary(url)
        # moments are shown as clocks in China do, and JSON is spelt without blanks anyway
        zone = {"timezone": str(CHINA)}
        settings = {"jit": "off", "application_name": "onegrid-limit", **zone}
        async with AsyncExitStack() as stack:
            pools = {
                login: await stack.enter_async_context(
                    asyncpg.create_pool(
                        **address.arguments,
                        min_size=0,
                        max_size=size,
                        reset=_leave,
                        server_settings=settings,
                    )
                )
                for login, address in addresses(url).items()
            }
            definition = await _definition(url)
            yield cls(pools, vocabulary, {key: make(definition) for key, make in WRITES.items()})

    async def answer(
        self, operation: Operation, variables: Mapping[str, Any], today: datetime.date
    ) -> bytes:
        """The whole JSON answer; that of a query as PostgreSQL built it."""
        if operation.is_write:
            return await self._write(self._writes[operation.key], variables)
        values = self._vocabulary.values(operation.parameters, variables, today)
        scope = self._vocabulary.scope(variables)
        async with self._pools[scope.login].acquire() as connection:
            await connection.execute(f"{BEGIN}; {scope.setting}")
            try:
                rows = await connection.fetch(operation.sql, *values)
            finally:
                await connection.execute("COMMIT")
        text: str = rows[0][0]
        return text.encode()

    async def _write(self, write: Write, variables: Mapping[str, Any]) -> bytes:
        scope = self._vocabulary.scope(variables)
        async with self._pools[scope.login].acquire() as connection:
            await connection.execute(f"BEGIN; {scope.setting}")
            try:
                data = await write(connection, variables["input"])
            except BaseException:
                await connection.execute("ROLLBACK")
                raise
            await connection.execute("COMMIT")
        return orjson.dumps({"data": data})


async def _definition(url: str) -> Definition:
    """The definition in force of the city where issues are reported."""
    made = engine(url)
    try:
        async with made.connect() as connection:
            return Registry(await read_definitions(connection)).by_id[TENANT]
    finally:
        await made.dispose()


async def _leave(connection: "asyncpg.Connection[Any]") -> None:
    """Save the round trip of a RESET, as the server does."""


def china_today() -> datetime.date:
    """The day it is in China."""
    return datetime.datetime.now(CHINA).date()


def create_limit(url: str, today: Today = china_today) -> ASGIApp:
    """An application that answers POST /graphql/KEY, where KEY is an operation's."""
    operations = {f"/graphql/{operation.key}": operation for operation in load_operations()}
    limits: list[Limit] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            async with Limit.opened(url) as limit:
                limits.append(limit)
                await live(receive, send)
            return
        given = orjson.loads(await _body(receive))
        operation = operations[scope["path"]]
        body = await limits[0].answer(operation, given["variables"], today())
        headers = [*HEADERS, (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return app


async def live(receive: Receive, send: Send) -> None:
    """From start to shutdown, by the lifespan protocol of ASGI."""
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})


async def _body(receive: Receive) -> bytes:
    body, more = bytearray(), True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return bytes(body)


def main(url: str, port: int) -> None:
    """Serve on the port until stopped."""
    uvicorn.run(
        create_limit(url), port=port, log_level="warning", access_log=False, server_header=False
    )


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
