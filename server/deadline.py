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


class Alarm:
    """Cancels the task that sets it after so many seconds, unless it is put off before.

    What `asyncio.timeout` does, for a third of the time; every request needs two.
    """

    __slots__ = ("_cancelling", "_loop", "_rang", "_task", "_timer")

    def __init__(self, seconds: float) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._task = task
        self._cancelling = task.cancelling()
        self._rang = False
        self._loop = asyncio.get_running_loop()
        self._timer = self._loop.call_later(seconds, self._ring)

    def off(self) -> None:
        """Put it off."""
        self._timer.cancel()

    def explains(self, error: BaseException | None) -> bool:
        """Whether this alarm alone is why the task was cancelled by `error`; to be asked once."""
        if not self._rang:
            return False
        is_alone = self._task.uncancel() <= self._cancelling
        return is_alone and isinstance(error, asyncio.CancelledError)

    def _ring(self) -> None:
        self._rang = True
        self._task.cancel()


class deadline(Alarm):  # noqa: N801 - as asyncio.timeout is written
    """Cancel what runs inside after `seconds`, or as soon as `receive` says the client left.

    Cancelling reaches the database: the running statement is cancelled there. Before
    `listen_after` seconds nobody listens to the client.
    Errors: `CodedError` DEADLINE_EXCEEDED, `ClientLeftError`.
    """

    __slots__ = ("_after", "_has_left", "_listening", "_receive", "_seconds")

    def __init__(
        self, seconds: float, receive: Receive | None = None, listen_after: float = LISTEN_AFTER
    ) -> None:
        self._seconds = seconds
        self._after = listen_after
        self._receive = receive if listen_after < seconds else None
        self._listening: asyncio.Task[None] | None = None
        self._has_left = False

    async def __aenter__(self) -> None:
        super().__init__(self._seconds if self._receive is None else self._after)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.off()
        if self._listening is not None:
            self._listening.cancel()
        if self.explains(error):
            raise _exceeded(self._seconds) from error
        if self._has_left and isinstance(error, asyncio.CancelledError):
            self._task.uncancel()
            raise ClientLeftError from None

    def _ring(self) -> None:
        """Listen first, for the rest of the time: one timer is enough for most operations."""
        if self._receive is None or self._listening is not None:
            super()._ring()
            return
        self._listening = self._loop.create_task(self._listen(self._receive))
        self._timer = self._loop.call_later(self._seconds - self._after, self._ring)

    async def _listen(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self._has_left = True
        self._task.cancel()


def _exceeded(seconds: float) -> CodedError:
    return CodedError(
        ErrorCode.DEADLINE_EXCEEDED,
        f"请求用时超过 {seconds:g} 秒,已取消;请缩小范围或稍后重试。",
        f"The request took longer than {seconds:g} seconds and was cancelled; ask for less, "
        "or try again later.",
        seconds=seconds,
    )
