"""Cycles: a request and its answer on a connection, as uvicorn has them, but faster.

uvicorn looks at each header of each answer by itself, which took a tenth of a short query. Nearly
all answers have the same names in the same order: what their head looks like is known after the
first one.
"""

from functools import lru_cache
from typing import Any, NamedTuple

from uvicorn.protocols.http.httptools_impl import (
    HEADER_RE,
    STATUS_LINE,
    RequestResponseCycle,
)

_SPECIAL = frozenset({b"connection", b"transfer-encoding"})
_CONTROLS = bytes([*range(9), *range(10, 32), 127])
"""What no value may hold."""


class Head(NamedTuple):
    """How the head with certain names is written; `length` is where its Content-Length stands."""

    pattern: bytes
    length: int


class Cycle(RequestResponseCycle):
    """One request and its answer."""

    async def send(self, message: Any) -> None:
        """Send one message; what is not ordinary as uvicorn does."""
        if self.disconnected or self.flow.write_paused or not self.keep_alive:
            await super().send(message)
        elif self.response_started:
            if not self._ended(message):
                await super().send(message)
        elif not self._began(message):
            await super().send(message)

    def _began(self, message: Any) -> bool:
        """Send a head, if it is ordinary."""
        if message["type"] != "http.response.start":
            return False
        headers = [*self.default_headers, *message.get("headers", ())]
        names: tuple[bytes, ...]
        values: tuple[bytes, ...]
        names, values = zip(*headers, strict=True) if headers else ((), ())
        head = _head(names)
        if head is None:
            return False
        every = b"".join(values)
        if len(every.translate(None, _CONTROLS)) != len(every):
            return False
        self.response_started = True
        self.waiting_for_100_continue = False
        self.chunked_encoding = False
        self.expected_content_length = int(values[head.length])
        self.transport.write(STATUS_LINE[message["status"]] + head.pattern % values)
        return True

    def _ended(self, message: Any) -> bool:
        """Send the whole body, if that is all, and of the length that was said."""
        body = message.get("body", b"")
        is_whole = len(body) == self.expected_content_length and not message.get("more_body")
        if not is_whole or self.chunked_encoding or self.response_complete:
            return False
        if message["type"] != "http.response.body" or self.scope["method"] == "HEAD":
            return False
        self.transport.write(body)
        self.expected_content_length = 0
        self.response_complete = True
        self.message_event.set()
        self.on_response()
        return True


@lru_cache(256)
def _head(names: tuple[bytes, ...]) -> Head | None:
    """The head with these names; None where uvicorn has to look at what they say."""
    lower = [name.lower() for name in names]
    if lower.count(b"content-length") != 1 or not _SPECIAL.isdisjoint(lower):
        return None
    if any(HEADER_RE.search(name) for name in names):
        return None
    lines = [b"%s: %%b\r\n" % name.replace(b"%", b"%%") for name in lower]
    return Head(b"".join([*lines, b"\r\n"]), lower.index(b"content-length"))
