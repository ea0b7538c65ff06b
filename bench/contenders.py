"""The contenders: the server as it is run, and the hand-written limit beside it."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.client import HOST, post
from bench.operations import Operation
from bench.process import Process, free_port, running
from bench.results import LIMIT, SERVER


@dataclass(frozen=True)
class Contender:
    """A running process, what it is sent for an operation, and its memory before any request."""

    name: str
    process: Process
    path: Callable[[Operation], str]
    started_mb: float

    def request(self, operation: Operation) -> bytes:
        """The HTTP request for an operation."""
        return post(self.path(operation), operation.body)


@contextmanager
def contenders(url: str, folder: Path) -> "Iterator[tuple[Contender, ...]]":
    """Both, running over the database at `url`; they log in `folder`."""
    with ExitStack() as stack:
        port = free_port()
        server = stack.enter_context(
            running(
                [str(Path(sys.executable).with_name("onegrid")), "serve", "--no-prepare"],
                port,
                {"ONEGRID_DATABASE_URL": url, "ONEGRID_HOST": HOST, "ONEGRID_PORT": str(port)},
                folder / "onegrid.log",
            )
        )
        port = free_port()
        limit = stack.enter_context(
            running(
                [sys.executable, "-m", "bench.limit", url, str(port)],
                port,
                {},
                folder / "limit.log",
            )
        )
        yield (
            Contender(SERVER, server, lambda operation: "/graphql", server.memory_mb()),
            Contender(
                LIMIT, limit, lambda operation: f"/graphql/{operation.key}", limit.memory_mb()
            ),
        )
