"""The server without its security, beside the server as it is, in one process.

Without: no identity, no rates, no bounds, no row-level security. It is made of the server's own
parts, so that what it lacks is all that differs; and in one process, because two processes of the
same program differ by more than what is measured. Only for the bench.
"""

import datetime
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from bench.bearers import SECRET
from bench.client import HOST
from bench.limit import live
from schema import scope as tenants
from schema.context import Context, Resources
from schema.database import Database, engine
from schema.keyring import FILE_NAME, Keyring
from schema.logins import Address
from schema.root import graphql_schema
from schema.scalars import CHINA
from schema.spelling import Speller
from server.app import create_app, executor_of
from server.documents import Documents
from server.door import Door
from server.graphql import GraphQLEndpoint
from server.live import Live
from server.logs import configure_logs
from server.metrics import Metrics
from server.runs import execute_current
from server.serve import Server, bind
from server.services import open_services
from server.settings import Settings

BARE = "/bare"
"""Where it answers; the server as it is answers at its own addresses."""

MUCH = "1000000000000/minute"
"""A rate that is counted and never reached."""


class Everything(tenants.Scope):
    """Every tenant, and nothing said of it to PostgreSQL: the owner sees all."""

    setting = ""


def secured_settings(folder: Path) -> Settings:
    """The defaults, but for rates that are out of the way; the keys are in `folder`."""
    keys = folder / FILE_NAME
    return Settings(
        _env_file=None,
        data=folder / "var",
        personal_keys=keys if keys.exists() else None,
        token_secret=SECRET,
        rate_actor=MUCH,
        rate_city=MUCH,
    )


def create_bare(url: str, folder: Path) -> Starlette:
    """The application without security; it reads as the owner of the database."""
    owner = dict.fromkeys(tenants.Login, Address(url))
    ready = Live(Database(url, logins=owner), engine(url), refresh_seconds=1.0)
    schema = graphql_schema()
    keyring = Keyring(folder / "bare" / FILE_NAME)
    speller = Speller()

    @asynccontextmanager
    async def open_context(request: Request, caller: None) -> AsyncIterator[Context]:
        registry = ready.registry
        now = datetime.datetime.now(datetime.UTC)
        scope = Everything(frozenset(registry.by_id))
        resources = Resources(ready.database, keyring, ready.refreshed, speller)
        async with ready.database.snapshot(scope) as snapshot:
            today = now.astimezone(CHINA).date()
            yield Context(resources, snapshot, registry, scope, now, today)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        await ready.refresh()
        yield
        await ready.close()

    run: Any = partial(
        execute_current, ready, partial(executor_of(secured_settings(folder)), schema)
    )
    return Starlette(
        routes=[Route(BARE, GraphQLEndpoint(Documents(schema), run, open_context))],
        middleware=[Middleware(Door, observe=Metrics().observe)],
        lifespan=lifespan,
    )


def create_both(url: str, folder: Path) -> ASGIApp:
    """The server as it is, and at `BARE` without its security."""
    services = open_services(secured_settings(folder))
    secured = create_app(Live(Database(url), engine(url), refresh_seconds=1.0), services)
    bare = create_bare(url, folder)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            async with (
                secured.router.lifespan_context(secured),
                bare.router.lifespan_context(bare),
            ):
                await live(receive, send)
        else:
            await (bare if scope["path"] == BARE else secured)(scope, receive, send)

    return app


def main(url: str, port: int, folder: Path) -> None:
    """Serve on the port until stopped."""
    configure_logs("console", "info")
    server = Server(create_both(url, folder), lambda: None, lambda: None)
    server.run(sockets=[bind(HOST, port)])


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
