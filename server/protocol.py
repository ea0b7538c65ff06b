"""HTTP as uvicorn speaks it, with bounds on clients that are slow or send too much."""

import asyncio
from enum import Enum, auto

from uvicorn._types import ASGI3Application
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)
from uvicorn.server import ServerState

from server.cycle import Cycle
from server.unread import Unread

_TEXTS = {
    408: b"The head of the request did not arrive in time.",
    431: b"The head of the request is too big.",
}


class _Stage(Enum):
    """Where in a client's stream of requests its last byte stood."""

    BETWEEN = auto()
    HEAD = auto()
    BODY = auto()


class BoundedProtocol(Unread, HttpToolsProtocol):
    """One connection; uvicorn's own protocol would wait for ever, and take any head.

    A head that is too late is answered 408, or not at all where none was begun; one that is too
    big 431. A refused body is read to its end, so that its sender can read the refusal, but not
    for long.
    """

    HEAD_SECONDS = 10.0
    """How long a client may take for the head of a request, from connecting or its first byte."""

    HEAD_BYTES = 65_536
    """How big a head may be: address and headers together."""

    FRAME_BYTES = 1_048_576
    """How much a request may have besides head and body: the sizes of its chunks, and trailers."""

    LINGER_SECONDS = 5.0
    """How long a request that is answered already may go on arriving before it is cut off."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, object],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._stage = _Stage.BETWEEN
        self._begun_now = False
        self._upgraded = False
        self._chunk_bytes = 0
        self._first_bytes = 0
        self._head_bytes = 0
        self._frame_bytes = 0
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first head."""
        super().connection_made(transport)
        self._wait(self.HEAD_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on; what is of an unfinished request is counted, and a head waited for so long."""
        self._begun_now = False
        self._chunk_bytes = len(data)
        before = self._stage
        super().data_received(data)
        if self._upgraded or self.transport.is_closing():
            return
        if self._stage is before and not self._begun_now:
            self._count(len(data))
        if self._stage is not _Stage.BODY and self._timer is None and self._answered:
            self._wait(self.HEAD_SECONDS)

    def _count(self, size: int) -> None:
        """Count bytes that neither began nor ended anything."""
        if self._stage is _Stage.HEAD:
            self._head_bytes += size
            if self._head_bytes > self.HEAD_BYTES:
                self._give_up(431)
        elif self._stage is _Stage.BODY:
            self._frame_bytes += size
            if self._frame_bytes > self.FRAME_BYTES:
                self._give_up(431)

    def on_message_begin(self) -> None:
        """A head begins."""
        super().on_message_begin()
        self._stage, self._begun_now = _Stage.HEAD, True
        self._first_bytes = self._chunk_bytes
        self._head_bytes = self._frame_bytes = 0

    def on_headers_complete(self) -> None:
        """A head has ended: its request runs."""
        most = self._first_bytes + self._head_bytes + self._chunk_bytes
        if most > self.HEAD_BYTES:  # it may be too big; it seldom is
            self._check_head()
        self._stage = _Stage.BODY
        self._stop_waiting()
        super().on_headers_complete()
        if not self.parser.should_upgrade():
            self.headers = []  # trailers are no headers of the request

    def _check_head(self) -> None:
        size = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
        if size > self.HEAD_BYTES:
            self._give_up(431)
            raise ValueError(f"a head of {size} bytes")  # ends the reading

    def send_400_response(self, msg: str) -> None:
        """Refuse what cannot be read, unless it is refused already."""
        if not self.transport.is_closing():
            super().send_400_response(msg)

    def on_body(self, body: bytes) -> None:
        """A part of the body has arrived; the application counts it."""
        self._frame_bytes -= len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """A request has arrived as a whole."""
        self._stage = _Stage.BETWEEN
        self._stop_waiting()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """A request is answered; it may not have arrived as a whole."""
        super().on_response_complete()
        if self._stage is _Stage.BODY:
            self._wait(self.LINGER_SECONDS)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        cycle.__class__ = Cycle  # uvicorn makes its own, and leaves no way to say of which class
        super()._start_asgi_task(cycle, app)

    def handle_websocket_upgrade(self) -> None:
        """Hand the connection over to a socket, which has bounds of its own."""
        self._upgraded = True
        self._stop_waiting()
        super().handle_websocket_upgrade()

    def _unsupported_upgrade_warning(self) -> None:
        """Say nothing: a client may ask for what it likes, and is answered as any other."""

    @property
    def _answered(self) -> bool:
        """Whether no request is running; else the answer to it sets a timer."""
        return self.cycle is None or self.cycle.response_complete

    def _wait(self, seconds: float) -> None:
        self._stop_waiting()
        self._timer = self.loop.call_later(seconds, self._give_up, 408)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _give_up(self, status: int) -> None:
        self._stop_waiting()
        if self.transport.is_closing():
            return
        if self._stage is _Stage.HEAD and self._answered:
            self.transport.write(_refusal(status))
        self.transport.close()


def _refusal(status: int) -> bytes:
    text = _TEXTS[status]
    return (
        b"%scontent-type: text/plain; charset=utf-8\r\ncontent-length: %d\r\n"
        b"connection: close\r\n\r\n%s" % (STATUS_LINE[status], len(text), text)
    )
