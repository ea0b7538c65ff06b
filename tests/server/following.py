"""What the tests of subscriptions stand on: a served city whose log grows, and who follows it."""

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from schema.actor import Actor, Grant
from schema.database import Database, engine
from schema.events import Event, EventKind, append
from schema.feed import Feed, Watch
from schema.ids import derived_uuid
from schema.scope import Login, Scope
from server.app import create_app
from server.claims import Claims
from server.identity import open_identity
from server.live import Live
from server.services import Services
from server.socket import PROTOCOL
from tenants.roles import Role
from tests.conftest import NOW, Graph, services_of
from tests.server.wire import HOST, SECONDS, served

NORTH, SOUTH = 990100, 990200
CODES = {NORTH: "990100", SOUTH: "990200"}
EVENTS = """subscription Follow($city: ID!, $organization: ID, $after: Int) {
  events(city: $city, organization: $organization, after: $after) { seq }
}"""
ADMIN = Actor("someone", Role.CITY_ADMIN, frozenset({NORTH}), (Grant(Role.CITY_ADMIN, NORTH),))


@dataclass
class Followed:
    """A served application over two invented cities."""

    port: int
    live: Live
    services: Services
    feed: Feed
    app: Any

    @property
    def url(self) -> str:
        """The address of the API."""
        return f"http://{HOST}:{self.port}/graphql"

    def token(self, role: str = "CITY_ADMIN", tenant: int = NORTH, **given: Any) -> str:
        """What the Authorization header says of somebody."""
        assert self.services.mint is not None
        hours = given.pop("hours", 1)
        named = Role(role) if role else None
        claims = Claims("someone", named, (f"{tenant:06}",), **given)
        return f"Bearer {self.services.mint.token(claims, hours)}"

    async def has_watchers(self, number: int) -> None:
        """Wait until so many subscriptions are open."""
        async with asyncio.timeout(SECONDS):
            while self.feed.watchers != number:  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    async def happen(self, *places: str | None, tenant: int = NORTH, **given: Any) -> int:
        """Events of these organizations, in one transaction; the number of the last."""
        return await happen(self.live.database, places, tenant, **given)


@asynccontextmanager
async def to_the_end(graph: Graph) -> AsyncIterator[Graph]:
    """The same application, whose subscriptions end with what there is."""
    app = create_app(graph.live, graph.services, lambda: NOW, OneReading())
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://onegrid") as http:
        yield replace(graph, http=http)


async def streamed(who: Graph, query: str, **variables: Any) -> str:
    """All that the stream of a subscription says."""
    headers = {"accept": "text/event-stream", **who.headers}
    body = {"query": query, "variables": variables}
    response = await who.http.post("/graphql", json=body, headers=headers)
    assert response.status_code == 200
    return response.text


def results(text: str) -> list[Any]:
    """The results in a stream."""
    lines = [line.removeprefix("data: ") for line in text.splitlines()]
    return [json.loads(line) for line in lines if line.startswith("{")]


class OneReading(Feed):
    """A feed that ends every subscription as soon as it has nothing more to read."""

    def __init__(self) -> None:
        super().__init__(None)  # type: ignore[arg-type]

    @contextmanager
    def watch(self, tenant_id: int) -> Iterator[Watch]:
        """Watch a log until its end."""
        self.ended.clear()
        with super().watch(tenant_id) as watch:
            yield _ToTheEnd(self, watch._known)


class _ToTheEnd(Watch):
    async def grown(self, beyond: int, seconds: float) -> bool:
        """Wait for nothing."""
        self._feed.ended.set()
        return False


async def happen(
    database: Database,
    places: Sequence[str | None],
    tenant: int = NORTH,
    kind: EventKind = EventKind.ORGANIZATION_RENAMED,
    about: dict[str, Any] | None = None,
) -> int:
    """Write events of organizations, by their codes; the number of the last."""
    scope = Scope(frozenset({tenant}), Login.CITY)
    events = [
        Event(
            kind, None if code is None else derived_uuid("Organization", tenant, code), about or {}
        )
        for code in places
    ]
    async with database.unit_of_work(scope) as connection:
        return await append(connection.fetch, tenant, ADMIN, events, NOW)


@asynccontextmanager
async def followed(
    url: str,
    services: Services | None = None,
    poll: float = 1.0,
    size: int = 5,
    now: Callable[[], datetime] = lambda: NOW,
    **wire: Any,
) -> AsyncIterator[Followed]:
    """The application over a database, served, with its feed."""
    live = Live(Database(url, size), engine(url), refresh_seconds=60)
    with tempfile.TemporaryDirectory(prefix="onegrid-keys-") as folder:
        services = services or services_of(Path(folder))
        feed = Feed(live.engine, poll)
        app = create_app(live, services, now, feed)
        async with app.router.lifespan_context(app), served(app, **wire) as port:
            try:
                yield Followed(port, live, services, feed, app)
            finally:
                live.stop()  # or the server would wait for streams


class Socket:
    """A client of graphql-transport-ws, message by message."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def say(self, type_: str, **given: Any) -> None:
        """Send a message."""
        await self.connection.send(json.dumps({"type": type_, **given}))

    async def ask(self, id_: str, query: str = EVENTS, **variables: Any) -> None:
        """Send a `subscribe`."""
        await self.say("subscribe", id=id_, payload={"query": query, "variables": variables})

    async def hear(self) -> Any:
        """The next message."""
        async with asyncio.timeout(SECONDS):
            return json.loads(await self.connection.recv())

    async def seqs(self, number: int) -> list[int]:
        """The numbers of so many events."""
        return [(await self.hear())["payload"]["data"]["events"]["seq"] for _ in range(number)]

    async def end(self) -> tuple[list[Any], int, str]:
        """The messages until the server closes, and how it does."""
        heard = []
        try:
            while True:
                heard.append(await self.hear())
        except ConnectionClosed as closed:
            code = closed.rcvd.code if closed.rcvd else 1006
            return heard, code, closed.rcvd.reason if closed.rcvd else ""


@asynccontextmanager
async def socket(
    port: int,
    token: str | None = None,
    *,
    init: bool = True,
    protocols: Sequence[str] = (PROTOCOL,),
    **given: Any,
) -> AsyncIterator[Socket]:
    """A socket, with its handshake over unless `init` is False."""
    wanted = [Subprotocol(name) for name in protocols]
    # else a client that leaves with much unread waits for a close that it does not come to
    given = {"max_queue": None, **given}
    async with connect(
        f"ws://{HOST}:{port}/graphql", subprotocols=wanted or None, compression=None, **given
    ) as connection:
        client = Socket(connection)
        if init:
            await client.say("connection_init", payload={"authorization": token} if token else {})
            assert await client.hear() == {"type": "connection_ack"}
        yield client


@dataclass
class Sent:
    """One server-sent event."""

    event: str = ""
    id: str | None = None
    data: Any = None


@dataclass
class Stream:
    """A response of server-sent events."""

    response: httpx.Response
    _lines: AsyncIterator[str] = field(init=False)

    def __post_init__(self) -> None:
        self._lines = self.response.aiter_lines()

    async def hear(self) -> Sent | None:
        """The next event, comments left out; None at the end."""
        sent = Sent()
        async with asyncio.timeout(SECONDS):
            async for line in self._lines:
                name, _, value = line.partition(": ")
                if name == "event":
                    sent.event = value
                elif name == "id":
                    sent.id = value
                elif name.startswith("data"):
                    sent.data = json.loads(value) if value else None
                elif not line and sent.event:
                    return sent
        return None

    async def seqs(self, number: int) -> list[int]:
        """The numbers of so many events, which are their ids too."""
        found = []
        for _ in range(number):
            sent = await self.hear()
            assert sent is not None
            assert sent.event == "next"
            assert sent.id == str(sent.data["data"]["events"]["seq"])
            found.append(int(sent.id))
        return found


@asynccontextmanager
async def stream(
    url: str, token: str | None, query: str = EVENTS, **given: Any
) -> AsyncIterator[Stream]:
    """A stream of an operation, sent by POST."""
    headers = {"accept": "text/event-stream", **given.pop("headers", {})}
    if token is not None:
        headers["authorization"] = token
    body = {"query": query, "variables": given}
    async with (
        httpx.AsyncClient(timeout=SECONDS) as http,
        http.stream("POST", url, json=body, headers=headers) as response,
    ):
        yield Stream(response)


def services_by(clock: Callable[[], float], folder: Path, **settings: Any) -> Services:
    """Services that check the time of tokens by another clock."""
    services = services_of(folder, **settings)
    return replace(services, identity=open_identity(services.settings, clock))
