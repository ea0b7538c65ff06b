"""Streams of server-sent events: the form of graphql-sse, resuming, slow and leaving readers."""

import asyncio
import socket as net
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from server.claims import Claims
from server.protocol import BoundedProtocol
from server.settings import Settings
from server.socket_protocol import BoundedSocketProtocol
from server.tokens import open_mint
from tenants.roles import Role
from tests.conftest import Graph, run_sql, services_of
from tests.server.clock import Clock
from tests.server.following import (
    EVENTS,
    Followed,
    Sent,
    Stream,
    followed,
    services_by,
    socket,
    stream,
)
from tests.server.processes import serving
from tests.server.wire import HOST, SECONDS, request

TERMINATE = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
EVENT_STREAM = {"accept": "text/event-stream"}


async def test_a_subscription(city: Followed) -> None:
    """A subscription is a stream of results, each under the number of its event."""
    await city.happen("S1", "S2")
    async with stream(city.url, city.token(), city="north", after=1) as client:
        assert client.response.status_code == 200
        headers = client.response.headers
        assert headers["content-type"] == "text/event-stream; charset=utf-8"
        assert (headers["cache-control"], headers["x-accel-buffering"]) == ("no-store", "no")
        assert await client.hear() == Sent("next", "2", {"data": {"events": {"seq": 2}}})
        await city.happen("S1")
        assert await client.seqs(1) == [3]


async def test_resuming(city: Followed) -> None:
    """Last-Event-ID reads on after that event, whatever `after` says."""
    await city.happen(*["S1"] * 5)
    headers = {"last-event-id": "3"}
    async with stream(city.url, city.token(), city="north", after=0, headers=headers) as client:
        assert await client.seqs(2) == [4, 5]


@pytest.mark.parametrize("last", ["6", "-1", "x", "9" * 30])
async def test_resuming_elsewhere(last: str, city: Followed) -> None:
    """A Last-Event-ID that the log never gave is refused."""
    await city.happen(*["S1"] * 5)
    headers = {"last-event-id": last}
    async with stream(city.url, city.token(), city="north", headers=headers) as client:
        body = await client.response.aread()
        assert (client.response.status_code, b"BAD_REQUEST" in body) == (400, True)


async def test_by_get(city: Followed) -> None:
    """A page's EventSource asks by GET."""
    await city.happen("S1")
    params = {"query": 'subscription { events(city: "north", after: 0) { seq } }'}
    headers = {**EVENT_STREAM, "authorization": city.token()}
    async with (
        httpx.AsyncClient(timeout=SECONDS) as http,
        http.stream("GET", city.url, params=params, headers=headers) as response,
    ):
        assert await Stream(response).seqs(1) == [1]


@pytest.mark.parametrize(
    ("query", "variables", "code"),
    [
        ("{", {}, "PARSE_FAILED"),
        ("{ nobody }", {}, "VALIDATION_FAILED"),
        (EVENTS, {}, "VARIABLES_INVALID"),
        (EVENTS, {"city": "elsewhere"}, "CITY_UNKNOWN"),
        (EVENTS, {"city": "south"}, "FORBIDDEN"),
    ],
)
async def test_errors(query: str, variables: dict[str, Any], code: str, city: Followed) -> None:
    """What is wrong with the operation is said in a stream, which an EventSource can read."""
    async with stream(city.url, city.token(), query, **variables) as client:
        sent = await client.hear()
        assert sent is not None
        assert [e["extensions"]["code"] for e in sent.data["errors"]] == [code]
        assert await client.hear() == Sent("complete")
        assert await client.hear() is None


async def test_wrong_token(city: Followed) -> None:
    """A wrong token is refused by the status."""
    async with stream(city.url, "Bearer x", city="north") as client:
        await client.response.aread()
        assert client.response.status_code == 401
        assert client.response.json()["errors"][0]["extensions"]["code"] == "TOKEN_INVALID"


async def test_other_operations(city: Followed) -> None:
    """Who takes nothing but streams gets any answer as one; a mutation not by GET."""
    query = 'query { city(code: "north") { name } }'
    async with stream(city.url, None, query) as client:
        assert await client.hear() == Sent("next", None, {"data": {"city": {"name": "虚构北市"}}})
        assert await client.hear() == Sent("complete")
    async with httpx.AsyncClient() as http:
        params = {"query": "mutation { __typename }"}
        response = await http.get(city.url, params=params, headers=EVENT_STREAM)
        assert response.status_code == 405


@pytest.mark.parametrize("accept", ["*/*", "application/json", "text/event-stream;q=0, */*"])
async def test_not_accepted(accept: str, city: Followed) -> None:
    """Who does not say that streams are taken is told how to subscribe."""
    async with httpx.AsyncClient() as http:
        headers = {"accept": accept, "authorization": city.token()}
        body = {"query": EVENTS, "variables": {"city": "north"}}
        response = await http.post(city.url, json=body, headers=headers)
    (error,) = response.json()["errors"]
    assert (response.status_code, error["extensions"]) == (
        406,
        {"code": "NOT_ACCEPTABLE", "given": accept, "expected": ["text/event-stream"]},
    )


async def test_both_accepted(graph: Graph) -> None:
    """Who takes JSON too gets a query's answer in JSON."""
    headers = {"accept": "application/graphql-response+json, text/event-stream"}
    response = await graph.http.post("/graphql", json={"query": "{ __typename }"}, headers=headers)
    assert response.headers["content-type"].startswith("application/graphql-response+json")


async def test_expired_token(cities: str, tmp_path: Path, clock: Clock) -> None:
    """Once the token's time is over the stream says so and ends."""
    async with followed(cities, services_by(clock, tmp_path)) as city:
        await city.happen("S1")
        async with stream(city.url, city.token(), city="north", after=0) as client:
            assert await client.seqs(1) == [1]
            clock.now += 2 * 3600
            await city.happen("S1")
            sent = await client.hear()
            assert sent is not None
            assert sent.id is None
            assert [e["extensions"]["code"] for e in sent.data["errors"]] == ["TOKEN_EXPIRED"]
            assert await client.hear() == Sent("complete")
            assert await client.hear() is None


async def test_too_many(cities: str, tmp_path: Path) -> None:
    """Streams and sockets of an actor are counted together; a closed stream is free."""
    async with followed(cities, services_of(tmp_path, max_subscriptions=1)) as city:
        await city.happen("S1")
        async with socket(city.port, city.token()) as client:
            await client.ask("a", city="north", after=0)
            assert await client.seqs(1) == [1]
            async with stream(city.url, city.token(), city="north") as other:
                await other.response.aread()
                assert other.response.status_code == 429
                (error,) = other.response.json()["errors"]
                assert error["extensions"] == {"code": "OPERATIONS_EXCEEDED", "limit": 1}


async def test_stop(cities: str) -> None:
    """When the server stops a stream ends without `complete`: its client comes again."""
    stopping = followed(cities)
    city = await stopping.__aenter__()
    await city.happen("S1")
    async with stream(city.url, city.token(), city="north", after=0) as client:
        assert await client.seqs(1) == [1]
        _, sent = await asyncio.gather(stopping.__aexit__(None, None, None), client.hear())
        assert sent is None


class _Impatient(BoundedProtocol):
    UNREAD_SECONDS = 0.3


class _ImpatientSocket(BoundedSocketProtocol):
    UNREAD_SECONDS = 0.3


BIG = {"before": "旧" * 10_000, "after": "新" * 10_000}
WIDE = """subscription ($city: ID!, $after: Int) {
  events(city: $city, after: $after) { seq ... on OrganizationEvent { before after } }
}"""
SMALL = 65_536
MIB = 1024 * 1024


async def _connected(port: int) -> net.socket:
    """A connection on which the operating system holds little for its reader."""
    made = net.socket()
    made.setsockopt(net.SOL_SOCKET, net.SO_RCVBUF, SMALL)
    made.setblocking(False)
    await asyncio.get_running_loop().sock_connect(made, (HOST, port))
    return made


async def test_slow_stream(cities: str) -> None:
    """A reader who reads nothing holds back only itself, little is held for it, and it is cut."""
    async with followed(cities, http=_Impatient, buffer=SMALL) as city:
        for _ in range(6):
            await city.happen(*["S1"] * 50, about=BIG)
        made = await _connected(city.port)
        reader, writer = await asyncio.open_connection(sock=made, limit=1024)
        headers = {"accept": "text/event-stream", "authorization": city.token()}
        sent = request(WIDE, headers, {"city": "north", "after": 0})
        writer.write(sent.replace(b"accept: application/graphql-response+json\r\n", b""))
        async with stream(city.url, city.token(), city="north", after=0) as quick:
            assert await quick.seqs(300) == list(range(1, 301))
            await city.has_watchers(1)  # the quick one
        received = 0
        with suppress(ConnectionError):
            while chunk := await reader.read(SMALL):
                received += len(chunk)
        assert 0 < received < 2 * MIB  # of 18
        writer.transport.abort()


async def test_slow_socket(cities: str) -> None:
    """So it is on a socket."""
    async with followed(cities, ws=_ImpatientSocket, buffer=SMALL) as city:
        for _ in range(6):
            await city.happen(*["S1"] * 50, about=BIG)
        made = await _connected(city.port)
        received = 0
        async with socket(city.port, city.token(), sock=made, max_queue=1) as slow:
            await slow.ask("a", WIDE, city="north", after=0)
            await city.has_watchers(1)
            async with socket(city.port, city.token()) as quick:
                await quick.ask("a", city="north", after=0)
                assert await quick.seqs(300) == list(range(1, 301))
                await city.has_watchers(1)
            with suppress(ConnectionClosed):
                while text := await slow.connection.recv():
                    received += len(str(text).encode())
        assert 0 < received < 2 * MIB


RENAME = """mutation Rename($name: String!) {
  renameOrganization(input: {tenant: "north", organization: "S1", name: $name}) {
    refusals { code }
  }
}"""


@pytest.mark.soak
@pytest.mark.parametrize("kills", [False, True])
async def test_two_processes(kills: bool, cities: str, tmp_path: Path) -> None:
    """What is written through one process is read at the other, whatever happens to connections."""
    given = {"database_url": cities, "token_secret": "s" * 40, "log_level": "error"}
    mint = open_mint(Settings(_env_file=None, token_secret="s" * 40))
    assert mint is not None
    token = f"Bearer {mint.token(Claims('someone', Role.CITY_ADMIN, ('990100',)), 1)}"
    with serving(cwd=tmp_path, **given) as one, serving(cwd=tmp_path, **given) as two:
        port = int(two.url.rpartition(":")[2])
        async with socket(port, token) as client, httpx.AsyncClient(timeout=SECONDS) as http:
            await client.ask("a", city="north", after=0)
            for seq in range(1, 3):
                body = {"query": RENAME, "variables": {"name": f"名{seq}"}}
                headers = {"authorization": token}
                if kills and seq > 1:
                    await run_sql(cities, TERMINATE)
                while True:
                    answer = await http.post(f"{one.url}/graphql", json=body, headers=headers)
                    if "errors" not in answer.json():  # the connection that was killed
                        break
                assert answer.json() == {"data": {"renameOrganization": {"refusals": []}}}
                assert await client.seqs(1) == [seq]
