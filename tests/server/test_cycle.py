"""Cycles: the bytes on the wire are those of uvicorn's own, whatever an application sends."""

import asyncio
import logging
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from server.cycle import Cycle

DATE = (b"date", b"Sun, 22 Nov 2026 21:50:00 GMT")


class Wire:
    """A transport and a flow that keep what is written."""

    write_paused = False

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.is_closed = False

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def close(self) -> None:
        self.is_closed = True


async def sent(kind: type[RequestResponseCycle], messages: list[Any], method: str) -> object:
    """What a cycle writes for some messages, how it ends, and what it says of a wrong one."""
    wire, answered = Wire(), []
    log = logging.getLogger("uvicorn.error")
    cycle = kind(
        scope={"method": method},  # type: ignore[typeddict-item]
        transport=wire,  # type: ignore[arg-type]
        flow=wire,  # type: ignore[arg-type]
        logger=log,
        access_logger=log,
        access_log=False,
        default_headers=[DATE],
        message_event=asyncio.Event(),
        expect_100_continue=False,
        keep_alive=True,
        on_response=lambda: answered.append(True),
    )
    error = None
    try:
        for message in messages:
            await cycle.send(message)
    except RuntimeError as raised:
        error = str(raised)
    return b"".join(wire.written), wire.is_closed, answered, cycle.response_complete, error


def start(*headers: tuple[bytes, bytes], status: int = 200) -> dict[str, Any]:
    return {"type": "http.response.start", "status": status, "headers": headers}


def body(data: bytes, more: bool = False) -> dict[str, Any]:
    return {"type": "http.response.body", "body": data, "more_body": more}


LENGTH = (b"Content-Length", b"2")


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    "messages",
    [
        [start(LENGTH), body(b"ab")],
        [start(LENGTH, (b"x-100%", b"%d")), body(b"a", True), body(b"b")],
        [start(LENGTH), body(b"abc")],
        [start(LENGTH), body(b"a")],
        [start(LENGTH), body(b"ab"), body(b"")],
        [start(LENGTH), start(LENGTH)],
        [start(LENGTH, (b"a", b"b\r\nc: d")), body(b"ab")],
        [start(LENGTH, (b"a", b"\x00")), body(b"ab")],
        [start(LENGTH, (b"a:b", b"c")), body(b"ab")],
        [start(LENGTH, (b"connection", b"close")), body(b"ab")],
        [start(LENGTH, LENGTH), body(b"ab")],
        [start(status=204), body(b"")],
        [start(), body(b"ab", True), body(b"")],
        [start((b"transfer-encoding", b"chunked")), body(b"ab")],
        [body(b"ab")],
        [{"type": "http.response.start", "status": 404}, {"type": "http.response.body"}],
    ],
)
async def test_like_uvicorn(messages: list[Any], method: str) -> None:
    """Ordinary answers and others are written, or refused, as uvicorn does."""
    expected = await sent(RequestResponseCycle, messages, method)
    assert await sent(Cycle, messages, method) == expected


@given(st.lists(st.tuples(st.sampled_from([b"a", b"B", b"c"]), st.binary(max_size=4)), max_size=3))
async def test_any_headers(headers: list[tuple[bytes, bytes]]) -> None:
    """Whatever a header says, its line is uvicorn's, or its refusal is."""
    messages = [start(LENGTH, *headers), body(b"ab")]
    assert await sent(Cycle, messages, "GET") == await sent(RequestResponseCycle, messages, "GET")
