"""Subscriptions over HTTP: streams of server-sent events."""

from collections.abc import AsyncIterator
from contextlib import aclosing

from graphql import ExecutionResult
from sse_starlette import ServerSentEvent
from starlette.responses import Response

from server.answers import HEADERS, Answers
from server.asked import Asked
from server.event_stream import COMPLETE, EventStream, next_event
from server.payloads import Payloads
from server.subscriptions import Subscription, Subscriptions


class EventSource:
    """Answers subscriptions over HTTP, by graphql-sse's distinct connections mode.

    The id of each event is its number, so that Last-Event-ID resumes. Where a stream is refused
    later, a last `next` has the error. Where the server stops, no `complete` is sent: clients
    that see none come again.
    """

    def __init__(self, subscriptions: Subscriptions) -> None:
        self._subscriptions = subscriptions

    async def __call__(self, asked: Asked, answers: Answers, payloads: Payloads) -> Response:
        """The stream of a subscription, or the answer to one that cannot begin.

        Errors: those of `Subscriptions.begin`.
        """
        last = asked.request.headers.get("last-event-id")
        begun = await self._subscriptions.begin(asked, last)
        if isinstance(begun, ExecutionResult):
            return answers.result(begun)
        headers = {**HEADERS, **asked.headers}
        return EventStream(_events(begun, payloads), headers, begun.close)


async def _events(subscription: Subscription, payloads: Payloads) -> AsyncIterator[ServerSentEvent]:
    try:
        async with aclosing(subscription.results()) as results:
            async for seq, result in results:
                yield next_event(payloads.result(result), str(seq))
    except Exception as error:
        yield next_event({"errors": payloads.error(error)})
        yield COMPLETE
