"""The client of the bench: whole answers, each looked at."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import repeat

import pytest

from bench.client import Exchange, ask, burst, post

REQUEST = post("/graphql", b"{}")


@asynccontextmanager
async def answering(answer: Callable[[int], bytes]) -> AsyncIterator[int]:
    """A server that sends its n-th answer in two pieces; its port."""
    count = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal count
        while await reader.read(4096):
            body = answer(count)
            count += 1
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body[:1])
            await writer.drain()
            writer.write(body[1:])
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def test_whole_answers_are_read() -> None:
    """An answer in pieces is one answer; each connection asks at least once."""
    async with answering(lambda n: b"same") as port:
        assert (await ask(port, REQUEST)).body == b"same"
        found = await burst(port, repeat(Exchange(REQUEST, b"same")), connections=3, seconds=0)
        assert found.count == 3
        assert found.percentile(50) <= found.percentile(99)


async def test_answers_are_compared_under_load() -> None:
    """An answer unlike the first ends the burst with an error that shows it."""
    async with answering(lambda n: b"%04d" % n) as port:
        with pytest.raises(ValueError, match="0001"):
            await burst(port, repeat(Exchange(REQUEST, b"0000")), connections=1, seconds=60)


async def test_answers_that_differ_hold_what_was_asked_for() -> None:
    """Of each request's answer its own part is looked for; what lacks it ends the burst."""
    exchanges = [Exchange(REQUEST, part=b"0"), Exchange(REQUEST, part=b"1")]
    async with answering(lambda n: b"<%d>" % min(n, 1)) as port:
        with pytest.raises(ValueError, match="<1>"):
            await burst(port, iter([*exchanges, exchanges[0]]), connections=1, seconds=60)
