"""Orders that hundreds claim at once, of two servers, while some hang up: one has each."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from server.claims import Claims
from server.settings import Settings
from server.tokens import open_mint
from tenants.roles import Role
from tenants.workflow import WorkflowRules
from tests.conftest import NewDatabase
from tests.schema.issues.desk import EVERYTHING, Desk, desk_at, global_id, invented
from tests.server.processes import Server, start_server, wait_ready
from tests.server.wire import Client, connected

SECRET = "a secret of thirty-two characters"
CLAIM = (
    'mutation ($issue: ID!) { advanceIssue(input: {issue: $issue, action: "claim"}) '
    "{ issue { viewerIsLead } refusals { code } } }"
)
UNLIMITED = EVERYTHING.model_copy(update={"rules": WorkflowRules()})
GONE = "gone"


@dataclass
class Claimant:
    """One who claims, by a connection of its own that it may cut."""

    port: int
    headers: dict[str, str]
    stack: AsyncExitStack
    client: Client | None = None

    async def claim(self, issue: str, leaves: bool) -> str:
        """What the claim came to: a refusal's code, "" for won, GONE where it hung up."""
        if self.client is None:
            self.client = await self.stack.enter_async_context(connected(self.port))
        await self.client.ask(CLAIM, self.headers, issue=issue)
        if leaves:
            self.client.leave()
            self.client = None
            return GONE
        status, answer = await self.client.answer()
        assert (status, answer.get("errors")) == (200, None)
        payload = answer["data"]["advanceIssue"]
        if payload["issue"] is not None:
            assert payload == {"issue": {"viewerIsLead": True}, "refusals": []}
            return ""
        (refusal,) = payload["refusals"]
        return str(refusal["code"])


@asynccontextmanager
async def two_servers(desk: Desk, folder: Path) -> AsyncIterator[list[int]]:
    """The ports of two servers of one database."""
    rates = {"rate_actor": "1000000000/minute", "rate_city": "1000000000/minute"}
    started: list[Server] = []
    try:
        for name in ("one", "two"):
            (folder / name).mkdir()
            settings = {"database_url": desk.town.url, "token_secret": SECRET, "log_level": "error"}
            started.append(start_server(cwd=folder / name, **settings, **rates))
        for server in started:
            await asyncio.to_thread(wait_ready, server)
        yield [int(server.url.rpartition(":")[2]) for server in started]
    finally:
        for server in started:
            server.stop()


async def contest(desk: Desk, folder: Path, claimants: int, orders: int) -> None:
    """Everybody claims each order at once; a tenth of them hang up before the answer."""
    chances = random.Random(7)
    mint = open_mint(Settings(_env_file=None, data=folder, token_secret=SECRET))
    assert mint is not None
    async with two_servers(desk, folder) as ports, AsyncExitStack() as stack:
        everybody = []
        for n in range(claimants):
            token = mint.token(Claims(f"member {n}", Role.MEMBER, ("990100",)), 2)
            headers = {"authorization": f"Bearer {token}"}
            everybody.append(Claimant(ports[n % 2], headers, stack))
        won: Counter[int] = Counter()
        for _ in range(orders):
            issue = await desk.put()
            leaving = set(chances.sample(range(claimants), claimants // 10))
            named = global_id("Issue", issue)
            answers = await asyncio.gather(
                *(who.claim(named, n in leaving) for n, who in enumerate(everybody))
            )
            won[Counter(answers)[""]] += 1
            assert set(answers) <= {"", GONE, "TAKEN_OVER", "ACTION_NOT_AVAILABLE"}
        await _settled(desk, orders)
    assert set(won) <= {0, 1}
    assert won[1] > 0
    rows = await desk.sql(
        "SELECT i.lead_subject = e.actor, e.kind, i.revision FROM issue i"
        " JOIN event e ON e.tenant_id = i.tenant_id AND e.issue_id = i.id"
    )
    assert rows == [(True, "ISSUE_CLAIMED", 2)] * orders
    assert await desk.sql("SELECT min(seq), max(seq), count(*) FROM event") == [(1, orders, orders)]


async def _settled(desk: Desk, orders: int) -> None:
    """Wait for the claims of those who hung up: a mutation is finished all the same."""
    while await desk.sql("SELECT count(*) FROM event") != [(orders,)]:
        await desk.sql("SELECT pg_sleep(0.05)")


@pytest.mark.soak
async def test_few(new_database: NewDatabase, tmp_path: Path) -> None:
    """One of twenty has each of three orders, with one event."""
    url = await new_database(invented(UNLIMITED))
    async with desk_at(url, tmp_path / "keys.json") as desk:
        await contest(desk, tmp_path, claimants=20, orders=3)


@pytest.mark.soak
async def test_many(new_database: NewDatabase, tmp_path: Path) -> None:
    """One of two hundred has each of a hundred orders, with one event."""
    url = await new_database(invented(UNLIMITED))
    async with desk_at(url, tmp_path / "keys.json") as desk:
        await contest(desk, tmp_path, claimants=200, orders=100)
