"""What each part of security takes of one operation, measured by itself in this process."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from starlette.requests import Request

from bench.bare import Everything, secured_settings
from bench.bearers import authorization
from bench.operations import Operation
from bench.results import Share
from schema.database import Database, engine
from schema.logins import Address
from schema.root import graphql_schema
from schema.scope import Login, Scope
from server.deadline import deadline
from server.documents import Document, Documents
from server.facts import RequestFacts
from server.gate import Admission, Caller
from server.live import Live
from server.operations import select_operation
from server.parameters import Parameters
from server.services import Services, open_services

ROUNDS = 15
ONE = "SELECT code, name FROM organization WHERE tenant_id = $1 AND code = $2"

Work = Callable[[], Awaitable[object]]


async def measure_shares(url: str, folder: Path, operation: Operation, times: int) -> list[Share]:
    """Microseconds of each part; `operation` names one organization by `city` and `code`."""
    services = open_services(secured_settings(folder))
    live = Live(Database(url), engine(url), refresh_seconds=60)
    await live.refresh()
    try:
        gate = Admission(live, services.identity, services.rates, services.trusted)
        request = _request(operation)
        caller = await gate.admit(request, RequestFacts())
        found = [Share(what="identity", us=await _least(lambda: _admit(gate, request), times))]
        found += await _documents(services, gate, caller, operation, times)
        found.append(Share(what="deadline", us=await _least(_deadline, times)))
        found.append(await _isolation(url, live, caller, operation, times))
    finally:
        await live.close()
    return found


async def _least(work: Work, times: int) -> float:
    """Microseconds of one call in the quickest of some rounds: what others do adds, never takes."""
    rounds = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        for _ in range(times):
            await work()
        rounds.append((time.perf_counter() - started) / times * 1e6)
    return round(min(rounds), 1)


async def _admit(gate: Admission, request: Request) -> None:
    await gate.admit(request, RequestFacts())


async def _deadline() -> None:
    async with deadline(10, asyncio.Event().wait):
        pass


async def _documents(
    services: Services, gate: Admission, caller: Caller, operation: Operation, times: int
) -> list[Share]:
    """Of a document that is remembered: its bounds, its cost, and taking that off the rates."""
    schema = graphql_schema()
    bounded, free = Documents(schema, bounds=services.bounds), Documents(schema)
    document = bounded.get(operation.query)
    free.get(operation.query)
    assert isinstance(document, Document)
    parameters = Parameters(operation.query, None, dict(operation.variables), {})
    selected = select_operation(document, parameters)

    async def charge() -> None:
        await gate.charge(caller, document, selected)

    async def cost() -> None:
        bounded.get(operation.query)
        document.cost(selected.definition, selected.variables)

    async def nothing() -> None:
        free.get(operation.query)

    async def price() -> None:
        document.cost(selected.definition, selected.variables)

    bounds = await _least(cost, times) - await _least(nothing, times)
    rates = await _least(charge, times) - await _least(price, times)
    return [
        Share(what="bounds and cost", us=round(max(bounds, 0), 1)),
        Share(what="rates", us=round(rates, 1)),
    ]


async def _isolation(
    url: str, live: Live, caller: Caller, operation: Operation, times: int
) -> Share:
    """The scope's statement and the policies, in an operation of one SQL statement."""
    owner = Database(url, logins=dict.fromkeys(Login, Address(url)))
    await owner.open()
    (tenant_id,) = caller.scope.tenant_ids
    values = [tenant_id, operation.variables["code"]]

    async def read(database: Database, scope: Scope) -> Any:
        async with database.snapshot(scope) as snapshot:
            return await snapshot.fetch(ONE, values)

    try:
        everything = Everything(frozenset({tenant_id}))
        assert len(await read(live.database, caller.scope)) == len(await read(owner, everything))
        secured = await _least(lambda: read(live.database, caller.scope), times // 10)
        free = await _least(lambda: read(owner, everything), times // 10)
    finally:
        await owner.close()
    return Share(what="row-level security", us=round(max(secured - free, 0), 1))


def _request(operation: Operation) -> Request:
    """The head of its request, as the server gets it."""
    headers = [
        (b"host", b"127.0.0.1"),
        (b"accept", b"application/json"),
        (b"content-type", b"application/json"),
        (b"authorization", authorization(operation).encode()),
    ]
    return Request(
        {
            "type": "http",
            "method": "POST",
            "path": "/graphql",
            "query_string": b"",
            "headers": headers,
            "client": ("127.0.0.1", 40000),
        }
    )
