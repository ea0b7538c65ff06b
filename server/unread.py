"""What clients leave unread: a connection whose client takes nothing any more is cut off."""

import asyncio


class Unread(asyncio.Protocol):
    """A part of a protocol of uvicorn, to be put before it.

    What a client does not read stands in this process's memory, for ever if nobody looks. Where
    nothing of it was taken for `UNREAD_SECONDS`, the connection is cut off without a word, for it
    would not be read. A client that reads slowly is left alone: the buffer holds only what was
    sent at once.
    """

    UNREAD_SECONDS = 30.0
    """How long a client may read nothing of what is sent to it."""

    transport: asyncio.Transport
    loop: asyncio.AbstractEventLoop
    _unread = 0
    _unread_timer: asyncio.TimerHandle | None = None

    def pause_writing(self) -> None:
        """The client has much to read: look whether it does."""
        super().pause_writing()
        self._look_later()

    def resume_writing(self) -> None:
        """The client has read most of it."""
        self._look_no_more()
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Look no more."""
        self._look_no_more()
        super().connection_lost(exc)

    def cut_off_unless_read(self) -> None:
        """Look from now on, also at little: the connection is to close once all is read."""
        if self._unread_timer is None:
            self._look_later()

    def _look_later(self) -> None:
        self._look_no_more()
        self._unread = self.transport.get_write_buffer_size()
        self._unread_timer = self.loop.call_later(self.UNREAD_SECONDS, self._look)

    def _look_no_more(self) -> None:
        if self._unread_timer is not None:
            self._unread_timer.cancel()
            self._unread_timer = None

    def _look(self) -> None:
        self._unread_timer = None
        unread = self.transport.get_write_buffer_size()
        if unread and unread >= self._unread:
            self.transport.abort()
        elif unread:
            self._look_later()
