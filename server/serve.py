"""Serving: a bound port, uvicorn on it, and the addresses on standard output."""

import errno
import gc
import signal
import socket
import sys

import uvicorn

from schema.database import Database, engine
from server.app import create_app
from server.live import Live
from server.settings import Settings


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
    """Serve until stopped; a running request is finished first."""
    # uvicorn raises the signal that stopped it once more, which would end this process before
    # the embedded PostgreSQL is stopped
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    database = Database(url, settings.pool_size, settings.statement_timeout)
    live = Live(database, engine(url), settings.refresh_seconds)
    config = uvicorn.Config(
        create_app(live),
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=10,
    )
    _Server(config, settings).run(sockets=[listener])


class _Server(uvicorn.Server):
    """Prints where it serves once it does, and keeps what stays out of garbage collections."""

    def __init__(self, config: uvicorn.Config, settings: Settings) -> None:
        super().__init__(config)
        self._settings = settings

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        # modules, schema and tenants live as long as the process: looking at them in every
        # collection took a quarter of the processor time of a city page
        gc.collect()
        gc.freeze()
        if self.started:
            print(addresses(self._settings), flush=True)


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
