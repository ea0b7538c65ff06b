"""The time an operation may take, and the client who may leave meanwhile: either cancels it."""

import asyncio
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any

from schema.errors import CodedError, ErrorCode

Receive = Callable[[], Awaitable[Any]]

# operations are over sooner; only a longer one is worth a task that listens for its client
LISTEN_AFTER = 0.05


class ClientLeftError(Exception):
    """The client hung up before its answer was ready."""


class deadline:  # noqa: N801 - used like a function, as asyncio.timeout is
    """Cancel what runs inside after `seconds`, or as soon as `receive` says the client left.

    Cancelling reaches the database: the running statement is cancelled there. Before
    `listen_after` seconds nobody listens to the client, nor looks at the clock.
    Errors: `CodedError` DEADLINE_EXCEEDED, `ClientLeftError`.
    """

    __slots__ = ("_left", "_limit", "_listen_after", "_listening", "_receive", "_seconds", "_timer")

    def __init__(
        self, seconds: float, receive: Receive | None = None, listen_after: float = LISTEN_AFTER
    ) -> None:
        self._seconds = seconds
        self._receive = receive
        self._listen_after = min(listen_after, seconds)
        self._limit = asyncio.timeout(None)
        self._timer: asyncio.TimerHandle | None = None
        self._listening: asyncio.Task[None] | None = None
        self._left = False

    async def __aenter__(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(self._listen_after, self._start, task, loop.time())
        await self._limit.__aenter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._timer is not None
        self._timer.cancel()
        if self._listening is not None:
            self._listening.cancel()
        try:
            await self._limit.__aexit__(kind, error, trace)
        except TimeoutError:
            raise self._exceeded() from error
        if kind is asyncio.CancelledError and self._left:
            task = asyncio.current_task()
            if task is not None:
                task.uncancel()
            raise ClientLeftError from None

    def _exceeded(self) -> CodedError:
        seconds = self._seconds
        return CodedError(
            ErrorCode.DEADLINE_EXCEEDED,
            f"请求用时超过 {seconds:g} 秒,已取消;请缩小范围或稍后重试。",
            f"The request took longer than {seconds:g} seconds and was cancelled; ask for less, "
            "or try again later.",
            seconds=seconds,
        )

    def _start(self, task: "asyncio.Task[Any]", began: float) -> None:
        self._limit.reschedule(began + self._seconds)
        if self._receive is not None:
            listening = self._listen(task, self._receive)
            self._listening = asyncio.get_running_loop().create_task(listening)

    async def _listen(self, task: "asyncio.Task[Any]", receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self._left = True
        task.cancel()
