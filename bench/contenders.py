"""The contenders: the server as it is run, the hand-written limit, the server without security."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.bare import BARE, MUCH
from bench.bearers import SECRET, authorization
from bench.client import HOST, post
from bench.operations import Operation
from bench.process import Process, free_port, running
from bench.results import LIMIT, OFF, ON, SERVER
from schema.keyring import FILE_NAME


@dataclass(frozen=True)
class Contender:
    """A running process, what it is sent for an operation, and its memory before any request.

    `suffix` is added to the operation in its rows.
    """

    name: str
    process: Process
    path: Callable[[Operation], str]
    started_mb: float
    suffix: str = ""

    def request(self, operation: Operation) -> bytes:
        """The HTTP request for an operation, with its token."""
        headers = {"authorization": authorization(operation)}
        return post(self.path(operation), operation.body, headers)


@contextmanager
def contenders(url: str, folder: Path) -> "Iterator[tuple[Contender, ...]]":
    """The server and the limit, running over the database at `url`; they log in `folder`."""
    with (
        server(url, folder) as process,
        _module("bench.limit", folder / "limit.log", url) as limit,
    ):
        yield (
            Contender(SERVER, process, _graphql, process.memory_mb()),
            Contender(
                LIMIT, limit, lambda operation: f"/graphql/{operation.key}", limit.memory_mb()
            ),
        )


@contextmanager
def with_and_without(url: str, folder: Path) -> "Iterator[tuple[Contender, ...]]":
    """The server as it is, and made of the same parts without its security, in one process."""
    with _module("bench.bare", folder / "bare.log", url, str(folder)) as both:
        yield (
            Contender(SERVER, both, _graphql, both.memory_mb(), ON),
            Contender(SERVER, both, lambda operation: BARE, both.memory_mb(), OFF),
        )


@contextmanager
def server(url: str, folder: Path, **settings: str) -> Iterator[Process]:
    """`onegrid serve` with its defaults, but for rates that are out of the way."""
    port = free_port()
    environment = {
        "ONEGRID_DATABASE_URL": url,
        "ONEGRID_DATA": str(folder / "var"),
        "ONEGRID_HOST": HOST,
        "ONEGRID_PORT": str(port),
        "ONEGRID_TOKEN_SECRET": SECRET,
        "ONEGRID_RATE_ACTOR": MUCH,
        "ONEGRID_RATE_CITY": MUCH,
        **settings,
    }
    if (keys := folder / FILE_NAME).exists():
        environment["ONEGRID_PERSONAL_KEYS"] = str(keys)
    command = [str(Path(sys.executable).with_name("onegrid")), "serve", "--no-prepare"]
    with running(command, port, environment, folder / "onegrid.log") as process:
        yield process


@contextmanager
def _module(name: str, log: Path, url: str, *more: str) -> Iterator[Process]:
    port = free_port()
    command = [sys.executable, "-m", name, url, str(port), *more]
    with running(command, port, {}, log) as process:
        yield process


def _graphql(operation: Operation) -> str:
    return "/graphql"
