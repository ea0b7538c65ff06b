"""Server-sent events as a response, in the form of graphql-sse."""

from collections.abc import AsyncIterator, Callable, Mapping

import anyio
import orjson
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from server.payloads import Payload

PING_SECONDS = 15
"""A comment is sent so often, so that proxies do not take the connection for idle."""

STOP_SECONDS = 5
"""How long a stream may take to end by itself when the server stops."""

COMPLETE = ServerSentEvent(event="complete", data="", sep="\n")
"""No more results will come."""

_OF_BODY = ("content-type", "content-length")


class EventStream(Response):
    """A response of events; `on_end` is called once it is over, whether it was sent or not."""

    def __init__(
        self,
        events: AsyncIterator[ServerSentEvent],
        headers: Mapping[str, str],
        on_end: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(headers=headers)
        self._on_end = on_end
        self._sending = EventSourceResponse(
            events,
            headers=headers,
            ping=PING_SECONDS,
            ping_message_factory=lambda: ServerSentEvent(comment="ping", sep="\n"),
            sep="\n",
            # the feed ends subscriptions when the server stops; the library waits for that
            shutdown_event=anyio.Event(),
            shutdown_grace_period=STOP_SECONDS,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        try:
            await self._sending(scope, receive, send)
        finally:
            self._on_end()


def next_event(payload: Payload, id_: str | None = None) -> ServerSentEvent:
    """A result; with an `id_` the client can come again where the stream broke off."""
    return ServerSentEvent(event="next", data=orjson.dumps(payload).decode(), id=id_, sep="\n")


def one_event(response: Response) -> Response:
    """Any answer in JSON as a stream of one result; a stream as it is."""
    if isinstance(response, EventStream):
        return response

    async def events() -> AsyncIterator[ServerSentEvent]:
        yield ServerSentEvent(event="next", data=bytes(response.body).decode(), sep="\n")
        yield COMPLETE

    headers = {name: value for name, value in response.headers.items() if name not in _OF_BODY}
    return EventStream(events(), headers)
