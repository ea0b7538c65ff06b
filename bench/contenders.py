"""The contenders: the server in two ways, the hand-written limit, and PostGraphile."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import orjson

from bench.bare import BARE, MUCH
from bench.bearers import SECRET, authorization
from bench.client import HOST, Exchange, ask, post
from bench.drawn import TENANT, Drawn
from bench.foreign import Names, load_questions, reshaped
from bench.node import Installed
from bench.operations import Operation, Question, Walk
from bench.process import Process, free_port, running
from bench.results import GENERAL, LIMIT, POSTGRAPHILE, SERVER, Name
from schema.keyring import FILE_NAME
from schema.logins import addresses
from schema.scope import Login

Request = Callable[[Mapping[str, Any]], bytes]
"""Makes a request of some variables."""

HOUR = "3600"
"""Seconds between sweeps: what is asked for must stay as it is while it is measured."""


@dataclass(frozen=True)
class Contender:
    """A running process, and how it is asked: GraphQL with the token of the operation's city.

    `started_mb` is its memory before any request.
    """

    name: Name
    process: Process
    started_mb: float
    path: str = "/graphql"

    def question(self, operation: Operation) -> Question | None:
        """What it is asked for an operation; None where it does not answer that."""
        return operation.question

    def requests(self, operation: Operation, question: Question) -> Request:
        """What makes the HTTP request of an operation with some variables."""
        headers = {"authorization": authorization(operation)}
        return lambda given: post(self.path, question.body(given), headers)

    def data(self, operation: Operation, body: bytes) -> Any:
        """What an answer says, in the shape of the server's.

        Errors: `ValueError` where it holds errors.
        """
        answer = orjson.loads(body)
        if "errors" in answer:
            raise ValueError(f"{self.name} answers {operation.key} with {body[:2000].decode()}")
        return answer["data"]

    async def exchanges(self, operation: Operation, drawn: Drawn) -> Iterator[Exchange] | None:
        """Its requests, endlessly; None where it does not answer the operation."""
        question = self.question(operation)
        if question is None:
            return None
        request, common = self.requests(operation, question), question.variables
        if question.walk is not None:
            common = {**common, "after": await self._walked(request, common, question.walk)}
        return (
            Exchange(request(given), part=_part(operation, given))
            for given in drawn.variables(operation.key, common)
        )

    async def _walked(self, request: Request, common: Mapping[str, Any], walk: Walk) -> str:
        """The cursor after so many pages."""
        after = None
        for _ in range(walk.pages):
            answer = await ask(self.process.port, request({**common, "after": after}))
            found = orjson.loads(answer.body)["data"]
            for name in walk.path:
                found = found[name]
            after = found["pageInfo"]["endCursor"]
        assert after is not None
        return str(after)


class LimitContender(Contender):
    """The limit: it knows the operations by their keys, and is given variables only."""

    def requests(self, operation: Operation, question: Question) -> Request:
        """The variables, to the address of the operation."""
        path = f"/graphql/{operation.key}"
        return lambda given: post(path, orjson.dumps({"variables": given}))


@dataclass(frozen=True)
class ForeignContender(Contender):
    """PostGraphile: documents of its own, the tenant in a header, names that are keys."""

    names: Names = field(default_factory=dict)
    questions: Mapping[str, Question] = field(default_factory=load_questions)

    def question(self, operation: Operation) -> Question | None:
        """Its own document, if there is one."""
        return self.questions.get(operation.key)

    def requests(self, operation: Operation, question: Question) -> Request:
        """With the tenant that its settings are to carry."""
        headers = {"x-tenant": str(TENANT)}
        return lambda given: post(self.path, question.body(given), headers)

    def data(self, operation: Operation, body: bytes) -> Any:
        """Put into the server's shape, its keys replaced by names."""
        return reshaped(operation.key, super().data(operation, body), self.names)


@contextmanager
def contenders(
    url: str, folder: Path, names: Names, foreign: Installed | None = None
) -> "Iterator[tuple[Contender, ...]]":
    """All of them, running over the database at `url`; they log in `folder`.

    `names` are those of the city that is asked. PostGraphile only where it is installed.
    """
    with ExitStack() as stack:
        found = [*stack.enter_context(pair(url, folder))]
        general = stack.enter_context(server(url, folder, GENERAL, ONEGRID_EXECUTOR="general"))
        found.append(Contender(GENERAL, general, general.memory_mb()))
        if foreign is not None:
            node = stack.enter_context(_postgraphile(url, folder, foreign))
            found.append(ForeignContender(POSTGRAPHILE, node, node.memory_mb(), names=names))
        yield tuple(found)


@contextmanager
def pair(url: str, folder: Path) -> "Iterator[tuple[Contender, ...]]":
    """Of them the server and the limit only."""
    with (
        server(url, folder) as own,
        _module("bench.limit", folder / "limit.log", url) as limit,
    ):
        yield (
            Contender(SERVER, own, own.memory_mb()),
            LimitContender(LIMIT, limit, limit.memory_mb()),
        )


@contextmanager
def with_and_without(url: str, folder: Path) -> "Iterator[tuple[Contender, Contender]]":
    """The server as it is, and made of the same parts without its security, in one process."""
    with _module("bench.bare", folder / "bare.log", url, str(folder)) as both:
        memory = both.memory_mb()
        yield Contender(SERVER, both, memory), Contender(SERVER, both, memory, BARE)


@contextmanager
def server(url: str, folder: Path, name: str = SERVER, **settings: str) -> Iterator[Process]:
    """`onegrid serve` with its defaults, but for rates that are out of the way.

    It sweeps once at its start, and then not for an hour.
    """
    port = free_port()
    environment = {
        "ONEGRID_DATABASE_URL": url,
        "ONEGRID_DATA": str(folder / f"{name}-var"),
        "ONEGRID_HOST": HOST,
        "ONEGRID_PORT": str(port),
        "ONEGRID_TOKEN_SECRET": SECRET,
        "ONEGRID_RATE_ACTOR": MUCH,
        "ONEGRID_RATE_CITY": MUCH,
        "ONEGRID_SWEEP_SECONDS": HOUR,
        **settings,
    }
    if (keys := folder / FILE_NAME).exists():
        environment["ONEGRID_PERSONAL_KEYS"] = str(keys)
    command = [str(Path(sys.executable).with_name("onegrid")), "serve", "--no-prepare"]
    with running(command, port, environment, folder / f"{name}.log") as process:
        yield process


def _part(operation: Operation, given: Mapping[str, Any]) -> bytes:
    """What each answer must hold, where it is not the same for all requests."""
    if operation.is_write:
        return b'"refusals":[]'
    return b'"%b"' % given["number"].encode() if "number" in given else b""


@contextmanager
def _module(name: str, log: Path, url: str, *more: str) -> Iterator[Process]:
    port = free_port()
    command = [sys.executable, "-m", name, url, str(port), *more]
    with running(command, port, {}, log) as process:
        yield process


@contextmanager
def _postgraphile(url: str, folder: Path, installed: Installed) -> Iterator[Process]:
    port = free_port()
    command: Sequence[str] = [
        str(installed.node),
        str(installed.server),
        login_url(url, Login.CITY),
        str(port),
    ]
    production = {"NODE_ENV": "production", "GRAPHILE_ENV": "production"}
    with running(command, port, production, folder / "postgraphile.log") as process:
        yield process


def login_url(url: str, login: Login) -> str:
    """The address of the database with a login role's user and password in it."""
    address = addresses(url)[login]
    parts = urlsplit(address.url)
    place = parts.netloc.rpartition("@")[2]
    secret = f":{quote(address.password, safe='')}" if address.password else ""
    return urlunsplit(parts._replace(netloc=f"{address.user}{secret}@{place}"))
