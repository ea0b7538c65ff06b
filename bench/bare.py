"""The server without its security: no identity, no rates, no bounds, no row-level security.

Made of the server's own parts, so that what it lacks is all that differs. Only for the bench.
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

from bench.client import HOST
from schema.context import Context, Resources
from schema.database import Database, engine
from schema.keyring import FILE_NAME, Keyring
from schema.logins import Address
from schema.root import graphql_schema
from schema.scalars import CHINA
from schema.scope import Login, Scope
from schema.spelling import Speller
from server.documents import Documents
from server.door import Door
from server.execution import general
from server.graphql import GraphQLEndpoint
from server.live import Live
from server.logs import configure_logs
from server.metrics import Metrics
from server.runs import execute_current
from server.serve import Server, bind


class _Everything(Scope):
    """Every tenant, and nothing said of it to PostgreSQL: the owner sees all."""

    setting = ""


def create_bare(url: str, folder: Path) -> Starlette:
    """The application; it reads as the owner of the database."""
    owner = dict.fromkeys(Login, Address(url))
    live = Live(Database(url, logins=owner), engine(url), refresh_seconds=1.0)
    schema = graphql_schema()
    keyring = Keyring(folder / FILE_NAME)
    speller = Speller()

    @asynccontextmanager
    async def open_context(request: Request, caller: None) -> AsyncIterator[Context]:
        registry = live.registry
        now = datetime.datetime.now(datetime.UTC)
        scope = _Everything(frozenset(registry.by_id))
        resources = Resources(live.database, keyring, live.refreshed, speller)
        async with live.database.snapshot(scope) as snapshot:
            today = now.astimezone(CHINA).date()
            yield Context(resources, snapshot, registry, scope, now, today)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        await live.refresh()
        yield
        await live.close()

    run: Any = partial(execute_current, live, partial(general.execute, schema))
    return Starlette(
        routes=[Route("/graphql", GraphQLEndpoint(Documents(schema), run, open_context))],
        middleware=[Middleware(Door, observe=Metrics().observe)],
        lifespan=lifespan,
    )


def main(url: str, port: int, folder: Path) -> None:
    """Serve on the port until stopped."""
    configure_logs("console", "info")
    server = Server(create_bare(url, folder), lambda: None, lambda: None)
    server.run(sockets=[bind(HOST, port)])


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
