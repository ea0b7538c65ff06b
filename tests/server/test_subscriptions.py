"""Subscriptions without a network: what one holds, what ends it, and a database that is away."""

from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from graphql import ExecutionResult, GraphQLError, build_schema
from starlette.requests import Request

from schema.context import Context
from schema.database import unavailable
from schema.errors import CodedError, ErrorCode
from schema.feed import Feed
from schema.stream import Page, Stream
from server.asked import Asked
from server.documents import Document, Documents
from server.facts import RequestFacts
from server.graphql import Gate
from server.operations import Operation, select_operation
from server.parameters import Parameters
from server.subscriptions import Machinery, Subscription, Subscriptions
from tests.server.clock import Clock

SCHEMA = build_schema("type Query { a: Int } type Subscription { n: Int }")
EXPIRED = CodedError(ErrorCode.TOKEN_EXPIRED, "过期", "expired")


class Log(Stream):
    """Numbers up to `newest`, in pages of ten."""

    def __init__(self, newest: int) -> None:
        super().__init__(1, 0)
        self.newest = newest
        self.pages = 0

    async def page(self, context: Context) -> Page:
        self.pages += 1
        end = min(self.position + 10, self.newest)
        found: list[tuple[int, Any]] = [(n, n) for n in range(self.position + 1, end + 1)]
        return Page(found, end, end == self.newest)

    def resume(self, seq: int) -> None:
        self.position = seq


@dataclass
class World(Gate):
    """Everything around a subscription, with what happens to it."""

    log: Log
    clock: Clock = field(default_factory=lambda: Clock(0))
    contexts: int = 0
    open: int = 0
    spent: list[int] = field(default_factory=list)
    away: list[str] = field(default_factory=list)
    expired: bool = False

    async def admit(self, request: Request, facts: RequestFacts) -> Any:
        assert "x-purpose" not in request.headers
        if self.expired:
            raise EXPIRED
        self._fail("admit")
        return "caller"

    async def spend(self, caller: Any, operation: Operation, cost: int) -> dict[str, str]:
        self.spent.append(cost)
        return {}

    @asynccontextmanager
    async def context(self, request: Any, caller: Any) -> AsyncIterator[object]:
        self._fail("context")
        self.contexts += 1
        self.open += 1
        try:
            yield object()
        finally:
            self.open -= 1

    async def begin(self, operation: Operation, context: Any) -> Stream:
        return self.log

    async def execute(self, operation: Operation, context: Any, event: Any) -> ExecutionResult:
        try:
            self._fail("execute")
        except CodedError as error:
            return ExecutionResult({"n": None}, [GraphQLError("", original_error=error)])
        return ExecutionResult({"n": event})

    def _fail(self, where: str) -> None:
        if self.away and self.away[0] == where:
            self.away.pop(0)
            raise unavailable()

    async def subscription(self, feed: Feed) -> Subscription:
        """One over this world."""
        machinery = Machinery(
            feed,
            self.begin,
            self.execute,
            self.context,
            self,
            retry_seconds=0,
            clock=self.clock,
        )
        begun = await Subscriptions(machinery).begin(_asked())
        assert isinstance(begun, Subscription)
        return begun


def _asked() -> Asked:
    document = Documents(SCHEMA).get("subscription { n }")
    assert isinstance(document, Document)
    operation = select_operation(document, Parameters(None, None, {}, {}))
    headers = [(b"x-purpose", b"to%20look")]
    request = Request({"type": "http", "headers": headers, "method": "POST"})
    return Asked(request, "caller", document, operation, RequestFacts())


@pytest.fixture
def feed() -> Feed:
    """A feed that never looks."""
    return Feed(None)  # type: ignore[arg-type]


async def taken(subscription: Subscription, number: int) -> list[int]:
    """The numbers of so many events, then it is left."""
    found: list[int] = []
    async with aclosing(subscription.results()) as results:
        async for seq, result in results:
            assert result.data == {"n": seq}
            found.append(seq)
            if len(found) == number:
                break
    return found


async def test_one_page_is_held(feed: Feed) -> None:
    """Between events one page is held at most, no context is open, and each event has its own."""
    world = World(Log(1000))
    subscription = await world.subscription(feed)
    async with aclosing(subscription.results()) as results:
        for number in range(1, 100):
            seq, _ = await anext(results)
            assert seq == number
            assert (world.log.pages, world.open) == (1 + (number - 1) // 10, 0)
            assert world.contexts == 1 + world.log.pages + number
    cost = world.spent[0] // 10
    assert world.spent == [10 * cost] * 10


async def test_old_pages_are_read_again(feed: Feed) -> None:
    """What a slow reader has not been sent of a page is read again, by the rights of then."""
    world = World(Log(30))
    subscription = await world.subscription(feed)
    found = []
    async with aclosing(subscription.results()) as results:
        async for seq, _ in results:
            found.append(seq)
            world.clock.now += 4
            if seq == 30:
                break
    assert found == list(range(1, 31))
    assert world.log.pages == 15


@pytest.mark.parametrize(
    "away",
    [
        ["admit"],
        ["context", "context"],
        ["execute"],
        ["execute", "execute"],
        ["execute", "admit", "context", "execute"],
    ],
)
async def test_database_away(away: list[str], feed: Feed) -> None:
    """While the database is away nothing is lost, doubled or said."""
    world = World(Log(25))
    subscription = await world.subscription(feed)
    world.away = away
    assert await taken(subscription, 25) == list(range(1, 26))
    assert world.away == []


async def test_never_there(feed: Feed) -> None:
    """An event that says so again and again is sent like that."""
    world = World(Log(2))
    subscription = await world.subscription(feed)
    world.away = ["execute"] * 3
    async with aclosing(subscription.results()) as results:
        seq, result = await anext(results)
        assert (seq, result.data) == (1, {"n": None})
        assert [str(error.original_error) for error in result.errors or ()] == [unavailable().en]


async def test_expiry_in_the_middle_of_a_page(feed: Feed) -> None:
    """A token is looked at before each event."""
    world = World(Log(10))
    subscription = await world.subscription(feed)
    async with aclosing(subscription.results()) as results:
        assert (await anext(results)).seq == 1
        world.expired = True
        with pytest.raises(CodedError) as refused:
            await anext(results)
    assert refused.value is EXPIRED


async def test_expiry_while_nothing_happens(feed: Feed) -> None:
    """And while nothing happens, from time to time."""
    world = World(Log(0))
    machinery = Machinery(
        feed, world.begin, world.execute, world.context, world, check_seconds=0.001
    )
    begun = await Subscriptions(machinery).begin(_asked())
    assert isinstance(begun, Subscription)
    world.expired = True
    world.log.newest = 0
    with pytest.raises(CodedError) as refused:
        await taken(begun, 1)
    assert refused.value is EXPIRED


async def test_counted_until_closed(feed: Feed) -> None:
    """One that is open counts, once, whether it was read or not; one that failed does not."""
    world = World(Log(1))
    machinery = Machinery(feed, world.begin, world.execute, world.context, world)
    open_ = Subscriptions(machinery, limit=2)
    begun = [await open_.begin(_asked()) for _ in range(2)]
    with pytest.raises(CodedError) as refused:
        await open_.begin(_asked())
    assert (refused.value.code, refused.value.facts) == ("OPERATIONS_EXCEEDED", {"limit": 2})
    assert isinstance(begun[0], Subscription)
    for _ in range(2):
        begun[0].close()
    assert len(open_) == 1
    world.away = ["context"]
    with pytest.raises(CodedError):
        await open_.begin(_asked())
    assert len(open_) == 1
