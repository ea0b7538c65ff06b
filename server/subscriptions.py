"""Subscriptions: each reads its stream page by page, and executes once for each event."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NamedTuple

from graphql import ExecutionResult

from schema.errors import CodedError, ErrorCode
from schema.feed import Feed, Watch
from schema.stream import Page, Stream
from server.asked import Asked, request_like
from server.deadline import deadline
from server.graphql import Gate, OpenContext
from server.operations import Operation
from server.tally import Tally

Begin = Callable[[Operation, Any], Awaitable[Stream | ExecutionResult]]
ExecuteEvent = Callable[[Operation, Any, Any], Awaitable[ExecutionResult]]

ATTEMPTS = 3
"""How often an event is executed whose result says UNAVAILABLE, before it is sent like that."""


class Delivered(NamedTuple):
    """What a subscription selects of one event; `seq` is the event's number."""

    seq: int
    result: ExecutionResult


@dataclass(frozen=True)
class Machinery:
    """What every subscription of a process uses.

    An event is executed within `timeout` seconds. Every `check_seconds` the token is looked at
    anew, and a page that is older is read again; after `retry_seconds` a database that was away
    is tried again.
    """

    feed: Feed
    begin: Begin
    execute: ExecuteEvent
    open_context: OpenContext
    gate: Gate
    timeout: float = 10.0
    check_seconds: float = 5.0
    retry_seconds: float = 1.0
    clock: Callable[[], float] = time.monotonic


class Subscriptions:
    """Those of one process that are open: at most `limit` of one actor, as `tally` counts them."""

    def __init__(self, machinery: Machinery, limit: int = 20, tally: Tally | None = None) -> None:
        self._machinery = machinery
        self._limit = limit
        self._tally = Tally() if tally is None else tally
        self._open = 0

    @property
    def feed(self) -> Feed:
        """What wakes them."""
        return self._machinery.feed

    def __len__(self) -> int:
        return self._open

    async def begin(
        self, asked: Asked, last: str | None = None
    ) -> "Subscription | ExecutionResult":
        """Begin one, which has to be closed; or the errors for which there is none.

        `last` is what Last-Event-ID says: the number after which to read on.
        Errors: `CodedError` OPERATIONS_EXCEEDED, BAD_REQUEST, DEADLINE_EXCEEDED, those of contexts.
        """
        owner = self._machinery.gate.owner(asked.caller)
        if not self._tally.take(owner, self._limit):
            raise _too_many(self._limit)
        self._open += 1
        subscription = None
        try:
            subscription = await self._begun(asked, last, owner)
        finally:
            if not isinstance(subscription, Subscription):
                self._closed(owner)
        return subscription

    async def _begun(
        self, asked: Asked, last: str | None, owner: str
    ) -> "Subscription | ExecutionResult":
        machinery, facts = self._machinery, asked.facts
        async with (
            deadline(machinery.timeout),
            machinery.open_context(asked.request, asked.caller) as context,
        ):
            stream = await machinery.begin(asked.operation, context)
            facts.statements += getattr(context, "statements", 0)
            facts.sql_seconds += getattr(context, "sql_seconds", 0.0)
        if isinstance(stream, ExecutionResult):
            return stream
        if last:
            stream.resume(_number(last))
        return Subscription(machinery, asked, stream, lambda: self._closed(owner))

    def _closed(self, owner: str) -> None:
        self._open -= 1
        self._tally.give_back(owner)


class Subscription:
    """One of them: read once, it gives what is selected of each event, in order.

    Between two events it holds a position and at most one page, no context and no connection.
    While the database is away it waits. It ends by itself where the process stops.
    Errors, while it is read: `CodedError` TOKEN_EXPIRED and other refusals of the gate, FORBIDDEN
    where the viewer may see nothing any more, RATE_LIMITED, DEADLINE_EXCEEDED.
    """

    def __init__(
        self, machinery: Machinery, asked: Asked, stream: Stream, on_close: Callable[[], None]
    ) -> None:
        self._machinery = machinery
        self._asked = asked
        # personal data are always masked here: to show them would be an event that is shown
        self._request = request_like(asked.request.scope, {"x-purpose": None})
        self._stream = stream
        self._on_close: Callable[[], None] | None = on_close
        operation = asked.operation
        cost = asked.document.cost(operation.definition, operation.variables)
        self._cost = cost.cost
        self._failed = 0

    def close(self) -> None:
        """Count it no more."""
        on_close, self._on_close = self._on_close, None
        if on_close is not None:
            on_close()

    async def results(self) -> AsyncGenerator[Delivered]:
        """What is selected of each event.

        Errors: those of the class.
        """
        machinery, stream = self._machinery, self._stream
        with machinery.feed.watch(stream.tenant_id) as watch:
            while not machinery.feed.ended.is_set():
                page = await self._available(self._page())
                read_at = machinery.clock()
                for seq, event in page.events if page else ():
                    result = await self._available(self._result(event))
                    if result is None:
                        break
                    yield Delivered(seq, result)
                    stream.position = seq
                    if machinery.clock() - read_at > machinery.check_seconds:
                        break  # its reader is slow: what may be seen can have changed
                else:
                    if page is not None:
                        stream.position = page.position
                        await self._rest(page, watch)

    async def _available(self, reading: Awaitable[Any]) -> Any:
        """What was read; None, and a while later, where the database is away."""
        try:
            return await reading
        except CodedError as error:
            if error.code is not ErrorCode.UNAVAILABLE:
                raise
        with suppress(TimeoutError):
            async with asyncio.timeout(self._machinery.retry_seconds):
                await self._machinery.feed.ended.wait()
        return None

    async def _page(self) -> Page:
        """The next page, paid for."""
        caller = await self._admitted()
        async with (
            deadline(self._machinery.timeout),
            self._machinery.open_context(self._request, caller) as context,
        ):
            page = await self._stream.page(context)
            self._count(context)
        if page.events:
            cost = self._cost * len(page.events)
            await self._machinery.gate.spend(caller, self._asked.operation, cost)
        return page

    async def _result(self, event: Any) -> ExecutionResult:
        """What is selected of an event, in a context of its own."""
        caller = await self._admitted()
        async with (
            deadline(self._machinery.timeout),
            self._machinery.open_context(self._request, caller) as context,
        ):
            result = await self._machinery.execute(self._asked.operation, context, event)
            self._count(context)
        away = _unavailable(result)
        self._failed = self._failed + 1 if away else 0
        if away is not None and self._failed < ATTEMPTS:
            raise away
        return result

    async def _rest(self, page: Page, watch: Watch) -> None:
        """Wait for more events, looking at the token meanwhile."""
        if not page.is_last:
            return
        beyond = self._stream.position
        while not await watch.grown(beyond, self._machinery.check_seconds):
            if self._machinery.feed.ended.is_set():
                return
            try:
                await self._admitted()
            except CodedError as error:
                if error.code is not ErrorCode.UNAVAILABLE:
                    raise

    async def _admitted(self) -> Any:
        return await self._machinery.gate.admit(self._request, self._asked.facts)

    def _count(self, context: Any) -> None:
        self._asked.facts.statements += getattr(context, "statements", 0)
        self._asked.facts.sql_seconds += getattr(context, "sql_seconds", 0.0)


def _unavailable(result: ExecutionResult) -> CodedError | None:
    """The first error of a result that says that the database went away."""
    for error in result.errors or ():
        cause = error.original_error
        if isinstance(cause, CodedError) and cause.code is ErrorCode.UNAVAILABLE:
            return cause
    return None


def _number(last: str) -> int:
    if last.isascii() and last.isdecimal() and len(last) < 19:
        return int(last)
    raise CodedError(
        ErrorCode.BAD_REQUEST,
        f"请求头 Last-Event-ID 为 {last[:40]};应为收到过的事件序号。",
        f"The header Last-Event-ID is {last[:40]}; expected the number of an event that was "
        "received.",
        given=last[:40],
    )


def _too_many(limit: int) -> CodedError:
    return CodedError(
        ErrorCode.OPERATIONS_EXCEEDED,
        f"您已有 {limit} 个订阅打开,不能再多;请先关闭不用的订阅。",
        f"You have {limit} subscriptions open, and may not have more; close one first.",
        limit=limit,
    )
