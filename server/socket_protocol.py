"""WebSockets as uvicorn speaks them, with bounds on clients that do not read."""

from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from server.unread import Unread

RESTART = 1012
"""The code of sockets that are closed because the server stops."""


class BoundedSocketProtocol(Unread, WebSocketsSansIOProtocol):
    """One socket.

    Where the server stops, the application is told so by a disconnect of code `RESTART`, and
    closes the socket itself once what runs on it is answered; uvicorn's own protocol closes it at
    once.
    """

    def shutdown(self) -> None:
        """Tell the application that the server stops."""
        if self.handshake_complete and not self.close_sent:
            self.stop_keepalive()
            self.queue.put_nowait({"type": "websocket.disconnect", "code": RESTART})
        else:
            super().shutdown()

    async def send(self, message: Any) -> None:
        """Send a message; a close is not held back by what a client left unread before it."""
        if message["type"] == "websocket.close":
            self.writable.set()
        await super().send(message)

    async def run_asgi(self) -> None:
        """Run the application; then the client has to read what is left."""
        await super().run_asgi()
        self.cut_off_unless_read()

    def keepalive_timeout(self) -> None:
        """The client does not answer any more: close, and do not wait for it."""
        super().keepalive_timeout()
        self.cut_off_unless_read()
