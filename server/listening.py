"""Listening: how uvicorn is set up, alone or in each worker."""

from typing import Any

from server.protocol import BoundedProtocol
from server.socket_protocol import BoundedSocketProtocol

DRAIN_SECONDS = 10
"""How long requests may run on after the server was told to stop."""

KEEP_ALIVE_SECONDS = 75
"""How long an idle connection is kept: longer than the proxies in front keep theirs."""


def listening(max_message: int, drain_seconds: int = DRAIN_SECONDS) -> dict[str, Any]:
    """Arguments of `uvicorn.Config`; a message on a socket has at most `max_message` bytes."""
    return {
        "ws_max_size": max_message,
        "ws_per_message_deflate": False,  # some 20 KB a socket, for messages that are small
        "log_config": None,  # server/logs.py has set it up
        "log_level": "warning",
        "access_log": False,  # the door writes it
        "server_header": False,
        "timeout_keep_alive": KEEP_ALIVE_SECONDS,
        "timeout_graceful_shutdown": drain_seconds,
    }


def protocols(unread_seconds: float) -> tuple[type[BoundedProtocol], type[BoundedSocketProtocol]]:
    """HTTP and sockets that cut off a client who reads nothing for so long."""

    class Http(BoundedProtocol):
        UNREAD_SECONDS = unread_seconds

    class Socket(BoundedSocketProtocol):
        UNREAD_SECONDS = unread_seconds

    return Http, Socket
