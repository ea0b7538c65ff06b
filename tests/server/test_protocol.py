"""The protocol: real connections whose clients are slow, send too much, or leave."""

import asyncio
import re
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import psutil  # type: ignore[import-untyped]
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from server.door import middleware
from server.protocol import BoundedProtocol
from server.socket_protocol import BoundedSocketProtocol

MAX_BODY = 1000
SECONDS = 30
"""How long anything may take on a busy machine."""


class Patient(BoundedProtocol):
    """Waits longer than any test."""

    HEAD_SECONDS = 1000.0
    LINGER_SECONDS = 1000.0
    LAST_SECONDS = 1000.0


class Hasty(BoundedProtocol):
    """Waits hardly at all."""

    HEAD_SECONDS = 0.05
    LINGER_SECONDS = 0.05


class Hastily(Patient):
    """Stops in no time."""

    LAST_SECONDS = 0.05


async def echo(request: Request) -> Response:
    return Response(await request.body())


async def headers(request: Request) -> Response:
    await request.body()
    return PlainTextResponse(
        "\n".join(f"{name}: {value}" for name, value in request.headers.items())
    )


APP = Starlette(
    routes=[Route("/echo", echo, methods=["GET", "POST"]), Route("/", headers, methods=["POST"])],
    middleware=middleware(max_body=MAX_BODY, body_seconds=SECONDS),
)


@dataclass
class Client:
    """A connection of a client that writes what it likes."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def say(self, text: bytes) -> None:
        self.writer.write(text)
        await self.writer.drain()

    async def answer(self) -> tuple[int, bytes]:
        """The status and the body of the next answer."""
        async with asyncio.timeout(SECONDS):
            head = await self.reader.readuntil(b"\r\n\r\n")
            length = int(re.findall(rb"content-length: (\d+)", head)[0])
            return int(head.split()[1]), await self.reader.readexactly(length)

    async def ended(self) -> bytes:
        """What is still said until the server closes."""
        async with asyncio.timeout(SECONDS):
            try:
                return await self.reader.read()
            except ConnectionResetError:
                return b""


class Started(uvicorn.Server):
    """A server that can be waited for."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.serves = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.serves.set()


@asynccontextmanager
async def connected(protocol: type[BoundedProtocol]) -> AsyncIterator[Client]:
    """A connection to a server that speaks `protocol`."""
    async with serving(protocol) as (port, _), calling(port) as client:
        yield client


@asynccontextmanager
async def calling(port: int) -> AsyncIterator[Client]:
    """A connection to a server."""
    client = Client(*await asyncio.open_connection("127.0.0.1", port))
    try:
        yield client
    finally:
        client.writer.close()


@asynccontextmanager
async def serving(
    protocol: type[BoundedProtocol], drain_seconds: int = 1
) -> AsyncIterator[tuple[int, Started]]:
    """A server that speaks `protocol`, and its port."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        APP,
        http=protocol,
        ws=BoundedSocketProtocol,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=drain_seconds,
    )
    server = Started(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        async with asyncio.timeout(SECONDS):
            await server.serves.wait()
        yield listener.getsockname()[1], server
    finally:
        server.should_exit = True
        await task


def post(path: str, body: bytes, *more: str) -> bytes:
    lines = [f"POST {path} HTTP/1.1", "host: test", f"content-length: {len(body)}", *more]
    return "\r\n".join([*lines, "", ""]).encode() + body


async def test_requests_on_one_connection() -> None:
    """Requests follow each other on one connection, whole, in parts or several at once."""
    async with connected(Patient) as client:
        for body in (b"one", b"", b"x" * MAX_BODY):
            await client.say(post("/echo", body))
            assert await client.answer() == (200, body)
        for byte in post("/echo", b"slow"):
            await client.say(bytes([byte]))
        assert await client.answer() == (200, b"slow")
        await client.say(post("/echo", b"two") + post("/echo", b"three"))
        assert [await client.answer(), await client.answer()] == [(200, b"two"), (200, b"three")]


@pytest.mark.parametrize("before", [0, 1])
@pytest.mark.parametrize("said", [0, 10])
async def test_last_request(before: int, said: int) -> None:
    """A request that is on its way as the server stops is answered, and is its connection's last;
    only a connection that rests between two requests is closed."""
    async with serving(Patient, SECONDS) as (port, server), calling(port) as client:
        for _ in range(before):
            await client.say(post("/echo", b"first"))
            assert await client.answer() == (200, b"first")
        request = post("/echo", b"last")
        await client.say(request[:said])
        await stopped(server, port)
        if before and not said:
            assert await client.ended() == b""
            return
        await client.say(request[said:])
        assert await client.answer() == (200, b"last")
        assert await client.ended() == b""


async def test_no_last_request() -> None:
    """A new connection on which nothing comes is closed soon after the server was told to stop."""
    async with serving(Hastily, SECONDS) as (port, server), calling(port) as client:
        await stopped(server, port)
        assert await client.ended() == b""


async def stopped(server: Started, port: int) -> None:
    """Come back when the server takes no connection any more."""
    server.should_exit = True
    async with asyncio.timeout(SECONDS):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except ConnectionRefusedError:
                return
            except ConnectionResetError:  # it waited to be taken
                continue
            writer.close()


async def test_silent_client() -> None:
    """A client that connects and says nothing is cut off without a word."""
    async with connected(Hasty) as client:
        assert await client.ended() == b""


async def test_silent_lines() -> None:
    """Empty lines are no request, and keep no connection."""
    async with connected(Hasty) as client:
        await client.say(b"\r\n\r\n")
        assert await client.ended() == b""


async def test_slow_head() -> None:
    """A head that does not end in time is answered 408 and cut off, however busily it goes on."""
    async with connected(Hasty) as client:
        await client.say(b"GET /echo HTTP/1.1\r\n")
        drip = asyncio.create_task(drip_headers(client))
        assert await client.answer() == (408, b"The head of the request did not arrive in time.")
        assert await client.ended() == b""
        drip.cancel()


async def drip_headers(client: Client) -> None:
    while True:
        await client.say(b"x: y\r\n")
        await asyncio.sleep(0.001)


async def test_slow_head_of_a_later_request() -> None:
    """The second head on a connection has no more time than the first."""
    async with connected(Hasty) as client:
        await client.say(post("/echo", b"one"))
        assert await client.answer() == (200, b"one")
        await client.say(b"GET /echo HTTP/1.1\r\n")
        assert (await client.answer())[0] == 408
        assert await client.ended() == b""


async def test_time_for_the_head_is_not_for_the_body() -> None:
    """A body may take longer than a head."""
    async with connected(Hasty) as client:
        request = post("/echo", b"body")
        await client.say(request[:-4])
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(client.reader.read(1), Hasty.HEAD_SECONDS * 3)
        await client.say(request[-4:])
        assert await client.answer() == (200, b"body")


@pytest.mark.parametrize("what", ["address", "name", "value", "headers"])
async def test_big_head(what: str) -> None:
    """A head that is too big is refused with 431, whichever part of it is."""
    begin = {
        "address": b"GET /",
        "name": b"GET / HTTP/1.1\r\n",
        "value": b"GET / HTTP/1.1\r\nx: ",
        "headers": b"GET / HTTP/1.1\r\n",
    }
    more = {"address": b"x", "name": b"x", "value": b"x", "headers": b"x: y\r\n"}
    async with connected(Patient) as client:
        await client.say(begin[what])
        pour = asyncio.create_task(pour_out(client, more[what] * 10_000))
        assert await client.answer() == (431, b"The head of the request is too big.")
        await client.ended()
        await pour


async def pour_out(client: Client, text: bytes) -> None:
    """Send without end, until the server cuts the connection."""
    with pytest.raises(OSError):  # noqa: PT011
        while True:
            await client.say(text)


@pytest.mark.parametrize("size", [70_000, 200_000])
async def test_big_head_at_once(size: int) -> None:
    """So is one that arrives at once."""
    async with connected(Patient) as client:
        await client.say(post("/echo", b"x", f"cookie: {'c' * size}"))
        assert (await client.answer())[0] == 431
        assert await client.ended() == b""


@pytest.mark.parametrize("first", [10_000, 40_000, 60_000])
async def test_big_head_in_two_parts(first: int) -> None:
    """So is one whose parts are within the bound each."""
    request = post("/echo", b"x", f"cookie: {'c' * 70_000}")
    async with connected(Patient) as client:
        await client.say(request[:first])
        for _ in range(20):  # until the server has read it
            await asyncio.sleep(0)
        await client.say(request[first:])
        assert (await client.answer())[0] == 431


async def test_large_head_within_the_bound() -> None:
    """A head of 60 KB, as big tokens and cookies make it, is taken."""
    async with connected(Patient) as client:
        await client.say(post("/echo", b"x", f"cookie: {'c' * 60_000}"))
        assert await client.answer() == (200, b"x")


async def test_refused_body_is_read_to_its_end() -> None:
    """The sender of a body that is too big can read why, and then ask again."""
    async with connected(Patient) as client:
        body = b"x" * 10 * 1024 * 1024
        await client.say(post("/echo", body))
        status, text = await client.answer()
        assert (status, b"BODY_TOO_LARGE" in text) == (413, True)
        await client.say(post("/echo", b"small"))
        assert await client.answer() == (200, b"small")


async def test_refused_body_in_chunks_is_read_to_its_end() -> None:
    """So can one who sends it in chunks."""
    async with connected(Patient) as client:
        await client.say(b"POST /echo HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n")
        for _ in range(100):
            await client.say(b"%x\r\n%s\r\n" % (100_000, b"x" * 100_000))
        await client.say(b"0\r\n\r\n")
        assert (await client.answer())[0] == 413
        await client.say(post("/echo", b"small"))
        assert await client.answer() == (200, b"small")


async def test_refused_body_without_end() -> None:
    """A refused body that does not end is cut off."""
    async with connected(Hasty) as client:
        await client.say(b"POST /echo HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n")
        pour = asyncio.create_task(pour_out(client, b"%x\r\n%s\r\n" % (9999, b"x" * 9999)))
        assert (await client.answer())[0] == 413
        await client.ended()
        await pour


async def test_body_that_nobody_reads() -> None:
    """A body that a route does not read, or that is half there, does not hold its connection."""
    async with connected(Hasty) as client:
        await client.say(b"GET /none HTTP/1.1\r\nhost: x\r\ncontent-length: 900\r\n\r\nhalf")
        assert (await client.answer())[0] == 404
        assert await client.ended() == b""


async def test_endless_trailers() -> None:
    """Trailers without end are cut off, and cost no memory."""
    process = psutil.Process()
    async with connected(Patient) as client:
        await client.say(
            b"POST /echo HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n"
        )
        before = process.memory_info().rss
        await pour_out(client, b"x: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n" * 10_000)
        assert process.memory_info().rss - before < 20_000_000


async def test_trailers_are_no_headers() -> None:
    """What comes after a body says nothing of the request."""
    async with connected(Patient) as client:
        await client.say(
            b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n"
            b"authorization: Bearer x\r\n\r\n"
        )
        assert await client.answer() == (200, b"host: x\ntransfer-encoding: chunked")


async def test_small_chunks() -> None:
    """A body in chunks of one byte is as good as any."""
    async with connected(Patient) as client:
        await client.say(b"POST /echo HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n")
        for _ in range(MAX_BODY):
            await client.say(b"1\r\nx\r\n")
        await client.say(b"0\r\n\r\n")
        assert await client.answer() == (200, b"x" * MAX_BODY)


async def test_expected_body() -> None:
    """A client that waits with a big body until it is asked for it never sends it."""
    async with connected(Patient) as client:
        expects = f"content-length: {10**9}\r\nexpect: 100-continue"
        await client.say(f"POST /echo HTTP/1.1\r\nhost: x\r\n{expects}\r\n\r\n".encode())
        assert (await client.answer())[0] == 413
        assert await client.ended() == b""


@pytest.mark.parametrize("protocol", ["h2c", "TLS/1.3"])
async def test_upgrades(protocol: str, caplog: pytest.LogCaptureFixture) -> None:
    """Who asks for another protocol is answered in this one, and the log says nothing of it."""
    async with connected(Patient) as client:
        upgrade = f"connection: upgrade\r\nupgrade: {protocol}"
        await client.say(f"GET /echo HTTP/1.1\r\nhost: x\r\n{upgrade}\r\n\r\n".encode())
        assert await client.answer() == (200, b"")
        await client.say(post("/echo", b"again"))
        assert await client.answer() == (200, b"again")
    assert caplog.messages == []


async def test_malformed_handshakes() -> None:
    """Who asks for a socket without its headers is refused, and the connection closed."""
    async with connected(Patient) as client:
        upgrade = "connection: upgrade\r\nupgrade: websocket"
        await client.say(f"GET /echo HTTP/1.1\r\nhost: x\r\n{upgrade}\r\n\r\n".encode())
        assert (await client.ended()).startswith(b"HTTP/1.1 400 ")


async def test_malformed_requests() -> None:
    """What is no HTTP is answered 400, and its connection closed."""
    for text in (b"\x16\x03\x01\x02\x00", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"{}\r\n\r\n"):
        async with connected(Patient) as client:
            await client.say(text)
            assert (await client.answer())[0] == 400
            assert await client.ended() == b""


async def test_clients_that_leave() -> None:
    """Clients that hang up anywhere in a request leave nothing behind."""
    request = post("/echo", b"body")
    async with serving(Patient) as (port, _):
        for at in range(len(request) + 1):
            client = Client(*await asyncio.open_connection("127.0.0.1", port))
            await client.say(request[:at])
            client.writer.transport.abort()
        last = Client(*await asyncio.open_connection("127.0.0.1", port))
        await last.say(request)
        assert await last.answer() == (200, b"body")
        last.writer.close()


async def test_large_body_is_cheap() -> None:
    """A refused body of 10 MiB costs less than 50 ms of processor time, the client's share too."""
    async with connected(Patient) as client:
        body = post("/echo", b"x" * 10 * 1024 * 1024)
        spent = []
        for _ in range(3):
            began = time.process_time()
            await client.say(body)
            assert (await client.answer())[0] == 413
            spent.append(time.process_time() - began)
        assert min(spent) < 0.05
