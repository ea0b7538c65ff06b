"""The ASGI application: routes, and what each operation runs in."""

import asyncio
import datetime
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from graphql import ExecutionResult
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope as AsgiScope

from schema.context import Context, StaleRegistryError
from schema.root import graphql_schema, sdl
from schema.scope import Scope
from server.documents import Documents
from server.execution import general
from server.graphql import GraphQLEndpoint
from server.live import Live, stopped
from server.operations import Operation
from server.pages.examples import examples_json, load_examples
from server.pages.landing import landing_page
from server.preferences import language

CHINA = ZoneInfo("Asia/Shanghai")
STATIC = Path(__file__).parent / "pages" / "static"
POLICY = {
    "content-security-policy": "default-src 'self'; script-src 'self'; worker-src 'self'; "
    "style-src 'self' 'unsafe-inline'; font-src 'self' data:; img-src 'self' data:; "
    "connect-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
}

Today = Callable[[], datetime.date]


def china_today() -> datetime.date:
    """The day it is in China, whatever the machine's time zone."""
    return datetime.datetime.now(CHINA).date()


def create_app(live: Live, today: Today = china_today) -> Starlette:
    """The application over `live`; its lifespan keeps the tenants up to date."""
    examples = load_examples()
    schema = graphql_schema()

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        await live.refresh()
        task = asyncio.create_task(live.run())
        try:
            yield
        finally:
            await stopped(task)
            await live.close()

    async def landing(request: Request) -> Response:
        ready = live.reason is None
        page = landing_page(live.registry if ready else None, live.reason, examples)
        return HTMLResponse(page, 200 if ready else 503, POLICY)

    async def graphiql(request: Request) -> Response:
        page = (STATIC / "graphiql" / "index.html").read_text("utf-8")
        return HTMLResponse(page, headers=POLICY | {"cache-control": "no-cache"})

    async def examples_list(request: Request) -> Response:
        return JSONResponse(examples_json(examples), headers=POLICY)

    async def schema_text(request: Request) -> Response:
        return PlainTextResponse(sdl(), headers=POLICY)

    async def healthz(request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def readyz(request: Request) -> Response:
        if live.reason is None:
            return JSONResponse({"ready": True})
        return JSONResponse({"ready": False, "reason": live.reason}, 503)

    execute = partial(execute_current, live, partial(general.execute, schema), today)
    endpoint = GraphQLEndpoint(Documents(schema), execute, partial(open_context, live, today))
    return Starlette(
        routes=[
            Route("/graphql", endpoint),
            Route("/", landing),
            Route("/graphiql", graphiql),
            Route("/graphiql/examples.json", examples_list),
            Route("/schema.graphql", schema_text),
            Route("/healthz", healthz),
            Route("/readyz", readyz),
            Mount("/static", _Static(directory=STATIC)),
        ],
        lifespan=lifespan,
    )


@asynccontextmanager
async def open_context(live: Live, today: Today, request: Request) -> AsyncIterator[Context]:
    """A context of one operation; its snapshot ends with it."""
    spoken = language(", ".join(request.headers.getlist("accept-language")))
    async with _context(live, today, spoken) as context:
        yield context


@asynccontextmanager
async def _context(live: Live, today: Today, spoken: str) -> AsyncIterator[Context]:
    registry = live.registry
    async with live.database.snapshot() as snapshot:
        scope = Scope(frozenset(registry.by_id))
        yield Context(snapshot, registry, scope, today(), spoken)


async def execute_current(
    live: Live,
    execute: Callable[[Operation, Context], Awaitable[ExecutionResult]],
    today: Today,
    operation: Operation,
    context: Context,
) -> ExecutionResult:
    """Run an operation; where its rows were newer than the registry, once more with a new one."""
    result = await execute(operation, context)
    if not any(_stale(error.original_error) for error in result.errors or ()):
        return result
    await live.refresh()
    async with _context(live, today, context.language) as fresh:
        return await execute(operation, fresh)


def _stale(error: Exception | None) -> bool:
    return isinstance(error, StaleRegistryError)


class _Static(StaticFiles):
    """Files that the pages load; those named by their content are cached for ever."""

    async def get_response(self, path: str, scope: AsgiScope) -> Response:
        response = await super().get_response(path, scope)
        response.headers.update(POLICY)
        hashed = path.startswith("graphiql/assets/")
        response.headers["cache-control"] = (
            "public, max-age=31536000, immutable" if hashed else "no-cache"
        )
        return response
