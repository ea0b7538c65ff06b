"""The application behind real sockets in this process, and clients that leave when they like."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import orjson
import uvicorn
from starlette.types import ASGIApp

from server.protocol import BoundedProtocol
from server.socket_protocol import BoundedSocketProtocol

HOST = "127.0.0.1"
SECONDS = 60
"""How long anything may take on a busy machine."""
MAX_MESSAGE = 102_400
"""Bytes of a message on a socket."""
_LENGTH = re.compile(rb"content-length: (\d+)")


class _Server(uvicorn.Server):
    """Can be waited for."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.serves = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.serves.set()


@asynccontextmanager
async def served(
    app: ASGIApp,
    http: type[BoundedProtocol] = BoundedProtocol,
    ws: type[BoundedSocketProtocol] = BoundedSocketProtocol,
    buffer: int | None = None,
) -> AsyncIterator[int]:
    """The application on a port, without its lifespan; the port.

    `buffer` is how many bytes the operating system holds of what a client has not read.
    """
    listener = socket.create_server((HOST, 0))
    if buffer is not None:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, buffer)
    config = uvicorn.Config(
        app,
        http=http,
        ws=ws,
        ws_max_size=MAX_MESSAGE,
        ws_per_message_deflate=False,
        lifespan="off",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=SECONDS,
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        async with asyncio.timeout(SECONDS):
            await server.serves.wait()
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        await task


@dataclass
class Client:
    """A connection of its own."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def ask(self, query: str, headers: Mapping[str, str], **variables: Any) -> None:
        """Send an operation, and do not wait."""
        self.writer.write(request(query, headers, variables))
        await self.writer.drain()

    async def answer(self) -> tuple[int, Any]:
        """Status and JSON of the next answer."""
        async with asyncio.timeout(SECONDS):
            head = await self.reader.readuntil(b"\r\n\r\n")
            found = _LENGTH.search(head)
            assert found is not None, head
            body = await self.reader.readexactly(int(found[1]))
        return int(head.split()[1]), orjson.loads(body)

    def leave(self) -> None:
        """Hang up at once."""
        self.writer.transport.abort()


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[Client]:
    """A connection to a port; hung up at the end."""
    client = Client(*await asyncio.open_connection(HOST, port))
    try:
        yield client
    finally:
        client.leave()


def request(query: str, headers: Mapping[str, str], variables: Mapping[str, Any]) -> bytes:
    """A POST of an operation as it goes over the wire."""
    body = orjson.dumps({"query": query, "variables": variables})
    lines = [
        "POST /graphql HTTP/1.1",
        f"host: {HOST}",
        "accept: application/graphql-response+json",
        "content-type: application/json",
        f"content-length: {len(body)}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body
