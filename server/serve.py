"""Serving: a bound port, uvicorn on it, and the addresses on standard output."""

import errno
import gc
import signal
import socket
import sys
from collections.abc import Callable
from functools import partial
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

from server.app import create_app
from server.listening import DRAIN_SECONDS, listening, protocols
from server.services import open_services
from server.settings import Settings
from server.worker import opened
from server.workers import serve_together


class PortError(Exception):
    """A port that cannot be listened on; the text says what to do."""


def bind(host: str, port: int) -> socket.socket:
    """A socket bound to the port, before anything slow is done.

    Errors: `PortError`.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        reason = "is in use" if error.errno == errno.EADDRINUSE else f"failed ({error.strerror})"
        raise PortError(
            f"port {port} on {host} {reason}: stop the other program, or set ONEGRID_PORT "
            "(and ONEGRID_HOST)"
        ) from None
    return listener


def serve(settings: Settings, url: str, listener: socket.socket) -> None:
    """Serve until stopped; a running request is finished first.

    Errors: those of `open_services`; with several workers those of `serve_together` too.
    """
    # uvicorn raises the signal that stopped it once more, which would end this process before
    # the embedded PostgreSQL is stopped
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    say = partial(print, addresses(settings), flush=True)
    if settings.workers > 1:
        serve_together(settings, url, listener, say)
        return
    services = open_services(settings)
    live = opened(settings, url)
    server = Server(
        create_app(live, services),
        live.stop,
        say,
        max_message=settings.max_body,
        unread_seconds=settings.unread_seconds,
    )
    server.run(sockets=[listener])


class Server(uvicorn.Server):
    """Calls `on_start` once it serves, and `on_stop` as soon as it is told to stop.

    Then it takes no new connection, closes those that are idle, and gives running requests
    `drain_seconds`; what runs on after that is cancelled. A message on a socket has at most
    `max_message` bytes; a client that reads nothing for `unread_seconds` is cut off.
    """

    def __init__(
        self,
        app: ASGIApp,
        on_stop: Callable[[], None],
        on_start: Callable[[], None],
        drain_seconds: int = DRAIN_SECONDS,
        max_message: int = 102_400,
        unread_seconds: float = 30.0,
    ) -> None:
        http, ws = protocols(unread_seconds)
        super().__init__(
            uvicorn.Config(app, http=http, ws=ws, **listening(max_message, drain_seconds))
        )
        self._on_stop = on_stop
        self._on_start = on_start

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Take a signal to stop."""
        self._on_stop()
        super().handle_exit(sig, frame)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to serve; keep what stays out of garbage collections."""
        await super().startup(sockets)
        # modules, schema and tenants live as long as the process: looking at them in every
        # collection took a quarter of the processor time of a city page
        gc.collect()
        gc.freeze()
        if self.started:
            self._on_start()


def addresses(settings: Settings) -> str:
    """What a newcomer opens next."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    base = f"http://{host}:{settings.port}"
    return (
        f"OneGrid 一张网 is serving:\n"
        f"  {base}/           cities 城市\n"
        f"  {base}/graphiql   explore 查询\n"
        f"  {base}/graphql    API 接口\n"
        f"Stop with Ctrl+C."
    )
