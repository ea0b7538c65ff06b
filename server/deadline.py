"""The time an operation may take, and the client who may leave meanwhile: either cancels it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from schema.errors import CodedError, ErrorCode

Receive = Callable[[], Awaitable[Any]]

# operations are over sooner; only a longer one is worth a task that listens for its client
LISTEN_AFTER = 0.05


class ClientLeftError(Exception):
    """The client hung up before its answer was ready."""


@asynccontextmanager
async def deadline(
    seconds: float, receive: Receive | None = None, listen_after: float = LISTEN_AFTER
) -> AsyncIterator[None]:
    """Cancel what runs inside after `seconds`, or as soon as `receive` says the client left.

    Cancelling reaches the database: the running statement is cancelled there. Before
    `listen_after` seconds nobody listens to the client.
    Errors: `CodedError` DEADLINE_EXCEEDED, `ClientLeftError`.
    """
    listener = _Listener(receive, listen_after)
    limit = asyncio.timeout(seconds)
    try:
        async with limit:
            with listener:
                yield
    except TimeoutError as error:
        if not limit.expired():  # another's, of something inside
            raise
        raise CodedError(
            ErrorCode.DEADLINE_EXCEEDED,
            f"请求用时超过 {seconds:g} 秒,已取消;请缩小范围或稍后重试。",
            f"The request took longer than {seconds:g} seconds and was cancelled; ask for less, "
            "or try again later.",
            seconds=seconds,
        ) from error
    except asyncio.CancelledError:
        if not listener.left:
            raise
        task = asyncio.current_task()
        if task is not None:
            task.uncancel()
        raise ClientLeftError from None


class _Listener:
    """Cancels the current task when its client hangs up."""

    def __init__(self, receive: Receive | None, after: float) -> None:
        self._receive = receive
        self._after = after
        self._timer: asyncio.TimerHandle | None = None
        self._listening: asyncio.Task[None] | None = None
        self.left = False

    def __enter__(self) -> None:
        if self._receive is None:
            return
        task = asyncio.current_task()
        assert task is not None
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(self._after, self._start, task, self._receive)

    def __exit__(self, *error: object) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._listening is not None:
            self._listening.cancel()

    def _start(self, task: "asyncio.Task[Any]", receive: Receive) -> None:
        self._listening = asyncio.get_running_loop().create_task(self._listen(task, receive))

    async def _listen(self, task: "asyncio.Task[Any]", receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self.left = True
        task.cancel()
