"""The ASGI application: its routes, and what stands before them."""

import asyncio
import datetime
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import structlog
from graphql import ExecutionResult, GraphQLSchema
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.types import Scope as AsgiScope

from schema.audit import write_audit
from schema.context import Context
from schema.errors import CodedError
from schema.feed import Feed
from schema.root import graphql_schema, sdl
from schema.scalars import CHINA
from server.application import Application
from server.documents import Documents
from server.door import middleware
from server.event_source import EventSource
from server.execution import general, level_wise
from server.forgetting import forget_keys
from server.gate import Admission
from server.graphql import GraphQLEndpoint
from server.live import Live, stopped
from server.metrics import Metrics, PoolNumbers, Readings
from server.operations import Operation
from server.pages.examples import Example, examples_json, load_examples
from server.pages.explorer import PERSONAS, explorer_page
from server.pages.landing import landing_page
from server.personas import Persona, personas, read_organizations
from server.privacy import report_missing_keys
from server.runs import Contexts, execute_current
from server.services import Services
from server.settings import Settings
from server.socket import SocketEndpoint
from server.subscriptions import Machinery, Subscriptions
from server.sweeping import sweep_for_ever
from server.trusted import invalid, operation_names

GRAPHQL = "/graphql"
STATIC = Path(__file__).parent / "pages" / "static"

log = structlog.get_logger("onegrid")

Now = Callable[[], datetime.datetime]


def utc_now() -> datetime.datetime:
    """The time it is."""
    return datetime.datetime.now(datetime.UTC)


def create_app(
    live: Live, services: Services, now: Now = utc_now, feed: Feed | None = None
) -> Starlette:
    """The application over `live`; its lifespan keeps the tenants and the feed up to date."""
    examples = load_examples()
    schema = graphql_schema()
    settings = services.settings
    documents = Documents(schema, bounds=services.bounds, introspection=not settings.trusted_only)
    feed = feed or Feed(live.engine)
    machinery = _machinery(live, services, now, schema, feed)
    subscriptions = Subscriptions(machinery, settings.max_subscriptions, services.open)
    endpoint = GraphQLEndpoint(
        documents,
        partial(execute_current, live, partial(executor_of(settings), schema)),
        machinery.open_context,
        gate=machinery.gate,
        timeout=settings.request_timeout,
        stream=EventSource(subscriptions),
    )
    sockets = SocketEndpoint(endpoint, subscriptions, origins=settings.cors_origins)
    readings = _readings(live, subscriptions, sockets)
    metrics = Metrics(_names(documents, services, examples), readings, services.metrics)
    sockets.observe = metrics.observe_operation
    return Application(
        straight={GRAPHQL: endpoint},
        routes=[
            Route(GRAPHQL, endpoint),
            WebSocketRoute(GRAPHQL, sockets),
            *_pages(live, services, now, examples),
            *_probes(live),
            *([metrics.app_route] if settings.metrics else []),
            Mount("/static", _Static(directory=STATIC)),
        ],
        middleware=middleware(
            max_body=settings.max_body,
            body_seconds=settings.request_timeout,
            cors_origins=settings.cors_origins,
            observe=metrics.observe,
        ),
        lifespan=partial(_lifespan, live, services, now, feed, metrics),
    )


def executor_of(settings: Settings) -> Callable[..., Awaitable[ExecutionResult]]:
    """What runs queries and mutations: the one place that switches the level-wise one off."""
    return level_wise.execute if settings.executor == "level-wise" else general.execute


def _machinery(
    live: Live, services: Services, now: Now, schema: GraphQLSchema, feed: Feed
) -> Machinery:
    """What subscriptions use; committed work of this process wakes them at once."""
    live.database.on_commit(feed.committed)

    async def execute_event(operation: Operation, context: Context, event: object) -> Any:
        execute = partial(general.execute, schema, root=event)
        return await execute_current(live, execute, operation, context)

    async def begin(operation: Operation, context: Context) -> Any:
        begun = await general.begin(schema, operation, context)
        await write_audit(context)
        return begun

    return Machinery(
        feed,
        begin,
        execute_event,
        Contexts(live, services, now),
        Admission(live, services.identity, services.rates, services.trusted),
        timeout=services.settings.request_timeout,
    )


@asynccontextmanager
async def _lifespan(
    live: Live, services: Services, now: Now, feed: Feed, metrics: Metrics, app: Starlette
) -> AsyncIterator[None]:
    seconds = services.settings.sweep_seconds
    await live.refresh()
    tasks = [
        asyncio.create_task(feed.run()),
        asyncio.create_task(_end_with(live, feed)),
        asyncio.create_task(live.run()),
        asyncio.create_task(
            services.duty.do(
                partial(report_missing_keys, live, services.keyring),
                partial(forget_keys, live, services.settings.idempotency_hours, now),
                partial(
                    sweep_for_ever, live, services.keyring, seconds, now, metrics.observe_sweep
                ),
            )
        ),
        asyncio.create_task(metrics.note_for_ever()),
    ]
    try:
        yield
    finally:
        for task in tasks:
            await stopped(task)
        await services.rates.close()
        await live.close()


async def _end_with(live: Live, feed: Feed) -> None:
    """End the subscriptions as soon as the server is told to stop."""
    await live.stopping.wait()
    feed.end()


def _names(
    documents: Documents, services: Services, examples: tuple[Example, ...]
) -> frozenset[str]:
    """The operations that are always counted by name."""
    for found in invalid(documents, services.trusted):
        log.error(
            "a trusted document does not fit this schema; it will be refused",
            document=found.document.id,
            errors=list(found.errors),
        )
    shown = {example.operation for example in examples}
    return operation_names(documents, services.trusted) | shown


def _readings(live: Live, subscriptions: Subscriptions, sockets: SocketEndpoint) -> Readings:
    def pools() -> Iterator[PoolNumbers]:
        for login, pool in live.database.pools().items():
            in_use = pool.open - pool.idle
            yield PoolNumbers(login.value, pool.open, in_use, pool.limit, pool.waiting)

    def tenants() -> int:
        return len(live.registry.by_id) if live.reason is None else 0

    return Readings(
        pools,
        lambda: live.unready is None,
        tenants,
        lambda: len(subscriptions),
        lambda: sockets.open,
    )


def _pages(
    live: Live, services: Services, now: Now, examples: tuple[Example, ...]
) -> list[BaseRoute]:
    """The routes that people open."""

    async def ready_personas() -> list[Persona]:
        assert services.mint is not None
        registry, today = live.registry, now().astimezone(CHINA).date()
        places = await read_organizations(registry, live.database, today)
        return personas(registry, services.mint, places)

    async def landing(request: Request) -> Response:
        reason, people = live.reason, None
        if reason is None and services.demo:
            try:
                people = await ready_personas()
            except CodedError as error:  # the database went away a moment ago
                reason = error.zh
        registry = live.registry if reason is None else None
        page = landing_page(registry, reason, examples, people)
        return HTMLResponse(page, 503 if reason else 200)

    async def graphiql(request: Request) -> Response:
        return HTMLResponse(explorer_page(services.demo), headers={"cache-control": "no-cache"})

    async def examples_list(request: Request) -> Response:
        return JSONResponse(examples_json(examples))

    async def schema_text(request: Request) -> Response:
        if services.settings.trusted_only:
            return PlainTextResponse("the schema is not shown here\n", 404)
        return PlainTextResponse(sdl())

    async def personas_list(request: Request) -> Response:
        return JSONResponse({"personas": await ready_personas()})

    return [
        Route("/", landing),
        Route("/graphiql", graphiql),
        Route("/graphiql/examples.json", examples_list),
        Route("/schema.graphql", schema_text),
        *([Route(PERSONAS, personas_list)] if services.demo else []),
    ]


def _probes(live: Live) -> list[BaseRoute]:
    """The routes that machines ask."""

    async def healthz(request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def readyz(request: Request) -> Response:
        if live.unready is None:
            return JSONResponse({"ready": True})
        return JSONResponse({"ready": False, "reason": live.unready}, 503)

    return [Route("/healthz", healthz), Route("/readyz", readyz)]


class _Static(StaticFiles):
    """Files that the pages load; those named by their content are cached for ever."""

    async def get_response(self, path: str, scope: AsgiScope) -> Response:
        response = await super().get_response(path, scope)
        hashed = path.startswith("graphiql/assets/")
        response.headers["cache-control"] = (
            "public, max-age=31536000, immutable" if hashed else "no-cache"
        )
        return response
