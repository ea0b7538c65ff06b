"""A client that keeps connections busy: HTTP/1.1 with keep-alive, one request at a time each."""

import asyncio
import re
import statistics
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from itertools import repeat
from typing import cast

HOST = "127.0.0.1"
PATIENCE = 30.0
"""Seconds that an answer may take."""
_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)", re.IGNORECASE)


@dataclass(frozen=True)
class Answer:
    """An HTTP answer; `head` is its status line and headers as sent."""

    head: str
    body: bytes


@dataclass(frozen=True)
class Exchange:
    """A request, and the body of its answer: all of it where it is known, or what it must hold."""

    request: bytes
    whole: bytes | None = None
    part: bytes = b""

    def expects(self, answer: Answer) -> bool:
        """Whether the answer is as it must be, and its status 200."""
        if int(answer.head.split(" ", 2)[1]) != HTTPStatus.OK:
            return False
        return answer.body == self.whole if self.whole is not None else self.part in answer.body


@dataclass(frozen=True)
class Burst:
    """What a burst of requests gave: seconds that each took, and all together."""

    latencies: tuple[float, ...]
    seconds: float

    @property
    def count(self) -> int:
        """How many requests."""
        return len(self.latencies)

    @property
    def rps(self) -> float:
        """Requests a second."""
        return self.count / self.seconds

    def percentile(self, percent: int) -> float:
        """Milliseconds within which so many of a hundred requests were answered."""
        return statistics.quantiles(self.latencies, n=100, method="inclusive")[percent - 1] * 1000


def post(path: str, body: bytes, headers: Mapping[str, str] | None = None) -> bytes:
    """A POST of JSON as it goes over the wire."""
    head = (
        f"POST {path} HTTP/1.1\r\nhost: {HOST}\r\naccept: application/json\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n"
    )
    more = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
    return f"{head}{more}\r\n".encode() + body


async def ask(port: int, request: bytes) -> Answer:
    """The answer to one request.

    Errors: `ConnectionError`, `TimeoutError`; `ValueError` where its status is not 200.
    """
    caller = await _call(port, _Caller(repeat(Exchange(request)), until=0), PATIENCE)
    assert caller.answer is not None
    return caller.answer


async def burst(
    port: int, exchanges: Iterator[Exchange], connections: int, seconds: float
) -> Burst:
    """Send the requests in turn, on each connection the next when the one before is answered.

    Errors: `ConnectionError`, `TimeoutError`; `ValueError` where an answer is not as expected.
    """
    started = time.perf_counter()
    callers = [_Caller(exchanges, started + seconds) for _ in range(connections)]
    await asyncio.gather(*(_call(port, caller, seconds + PATIENCE) for caller in callers))
    latencies = tuple(latency for caller in callers for latency in caller.latencies)
    return Burst(latencies, time.perf_counter() - started)


async def _call(port: int, caller: "_Caller", seconds: float) -> "_Caller":
    async with asyncio.timeout(seconds):
        await asyncio.get_running_loop().create_connection(lambda: caller, HOST, port)
        await caller.done
    return caller


class _Caller(asyncio.Protocol):
    """One connection: sends a request at least once, and the next ones until the time `until`."""

    def __init__(self, exchanges: Iterator[Exchange], until: float) -> None:
        self._exchanges = exchanges
        self._until = until
        self._received = bytearray()
        self._sent = 0.0
        self.answer: Answer | None = None
        self.latencies: list[float] = []
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass
        self._send()

    def data_received(self, data: bytes) -> None:
        self._received += data
        answer = _read(self._received)
        if answer is None:
            return
        now = time.perf_counter()
        self.latencies.append(now - self._sent)
        self._received.clear()
        self.answer = answer
        if not self._exchange.expects(answer):
            self._end(ValueError(f"unexpected answer: {answer.head}\n{answer.body[:500]!r}"))
        elif now < self._until:
            self._send()
        else:
            self._end(None)

    def connection_lost(self, error: Exception | None) -> None:
        self._end(error or ConnectionResetError("the server closed the connection"))

    def _send(self) -> None:
        self._exchange = next(self._exchanges)
        self._sent = time.perf_counter()
        self._transport.write(self._exchange.request)

    def _end(self, error: Exception | None) -> None:
        if self.done.done():
            return
        self._transport.close()
        if error is None:
            self.done.set_result(None)
        else:
            self.done.set_exception(error)


def _read(received: bytearray) -> Answer | None:
    """The answer, once all of it has come."""
    end = received.find(b"\r\n\r\n")
    if end < 0:
        return None
    length = _LENGTH.search(received, 0, end + 2)
    if length is None:
        raise ValueError(f"an answer without content-length: {bytes(received[:end])!r}")
    start = end + 4
    if len(received) < start + int(length[1]):
        return None
    return Answer(received[:end].decode(), bytes(received[start:]))
