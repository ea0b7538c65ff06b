"""Mutations under keys while the server is killed: each has one effect, before or after commit."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from schema.ids import GlobalId
from server.claims import Claims
from server.settings import Settings
from server.tokens import open_mint
from tenants.definition import City, DeclaredOrganization, Definition
from tenants.roles import Role
from tests.conftest import NewDatabase
from tests.schema.people.staffed import LEVELS, POSTS, PROVINCE
from tests.server.processes import SECONDS, Server, start_server, wait_ready

CALLERS, KEYS, KILLS = 50, 100, 10
NORTH = 990100
CITY = Definition(
    City(
        code="990100",
        slug="north",
        name="北虚市",
        province="990000",
        levels=LEVELS,
        posts=POSTS,
        organizations=[
            DeclaredOrganization(code="990100", name="北虚市", level="city"),
            # a street a caller: who is appointed in one place waits for nobody elsewhere
            *(
                DeclaredOrganization(
                    code=f"S{caller}", name=f"第{caller}街道", level="street", parent="990100"
                )
                for caller in range(CALLERS)
            ),
        ],
    ),
    (),
)
SECRET = "a secret of thirty-two characters"
TEMPORARY = {"UNAVAILABLE", "DEADLINE_EXCEEDED"}

APPOINT = """mutation ($name: String!, $organization: ID!, $slow: Boolean!) {
  appoint(input: {
    city: "north", organization: $organization, kind: "helper", newPerson: {name: $name}
  }) {
    post { id organization @include(if: $slow) { formerNames { name } } }
    refusals { code }
  }
}"""


@pytest.fixture
async def url(new_database: NewDatabase) -> str:
    """The address of a database with the invented city."""
    return await new_database((PROVINCE, CITY))


@dataclass
class Site:
    """A server that is killed and started again, and its clients, who wait for it."""

    url: str
    folder: Path
    client: httpx.AsyncClient
    server: Server | None = None
    up: asyncio.Event = field(default_factory=asyncio.Event)
    running: set[str] = field(default_factory=set)
    answered: int = 0
    goal: int = 0
    reached: asyncio.Event = field(default_factory=asyncio.Event)

    async def start(self) -> None:
        """Start a server and let the clients at it."""
        settings = {"database_url": self.url, "token_secret": SECRET, "log_level": "warning",
                    "statement_timeout": 60, "request_timeout": 120}  # fmt: skip
        self.server = start_server(cwd=self.folder, **settings)
        await asyncio.to_thread(wait_ready, self.server)
        self.up.set()

    def kill(self) -> frozenset[str]:
        """`kill -9`; the keys whose answers were awaited."""
        assert self.server is not None
        self.up.clear()
        awaited = frozenset(self.running)
        self.server.kill(group=True)
        self.server = None
        return awaited

    def bearer(self, subject: str) -> str:
        """The header of an administrator of the city."""
        settings = Settings(_env_file=None, data=self.folder, token_secret=SECRET)
        mint = open_mint(settings)
        assert mint is not None
        return f"Bearer {mint.token(Claims(subject, Role.CITY_ADMIN, ('990100',)), 1)}"

    async def appoint(
        self, key: str, bearer: str, organization: str = "S1", slow: bool = False
    ) -> Any:
        """Somebody with the key for a name, appointed: sent until there is an answer.

        With `slow` the answer waits for the table `organization_name`.
        """
        variables = {"name": key, "organization": organization, "slow": slow}
        body = {"query": APPOINT, "variables": variables}
        headers = {"authorization": bearer, "idempotency-key": key}
        while True:
            await self.up.wait()
            assert self.server is not None
            self.running.add(key)
            try:
                response = await self.client.post(
                    f"{self.server.url}/graphql", json=body, headers=headers
                )
                answer = response.json()
            except httpx.TransportError:
                continue
            finally:
                self.running.discard(key)
            if not {error["extensions"]["code"] for error in answer.get("errors", ())} & TEMPORARY:
                self._count()
                return answer

    def _count(self) -> None:
        self.answered += 1
        if self.answered == self.goal:
            self.reached.set()

    async def answers(self, more: int) -> None:
        """Wait until so many more requests are answered."""
        self.goal = self.answered + more
        self.reached.clear()
        async with asyncio.timeout(SECONDS):
            await self.reached.wait()

    async def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """Rows as the owner sees them."""
        connection: Any = await asyncpg.connect(self.url)
        try:
            return [tuple(row) for row in await connection.fetch(statement)]
        finally:
            await connection.close()

    async def effects(self) -> dict[str, tuple[str, ...]]:
        """By name, what was made: for each person, post and event the post's global id."""
        found = await self.rows(
            "SELECT p.name, t.id, e.about->>'post' FROM person p"
            " LEFT JOIN post t ON t.tenant_id = p.tenant_id AND t.person_id = p.id"
            " LEFT JOIN event e ON e.tenant_id = p.tenant_id AND e.kind = 'APPOINTED'"
            " AND e.about->>'person' = p.id::text"
        )
        made: dict[str, tuple[str, ...]] = {}
        for name, post, told in found:
            assert str(post) == told
            made[name] = (*made.get(name, ()), str(GlobalId("Post", NORTH, post.hex)))
        return made

    async def settled(self) -> set[str]:
        """Wait until the connections of a dead server have ended; the names that are there."""
        busy = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database()" \
               " AND application_name = 'onegrid'"  # fmt: skip
        async with asyncio.timeout(SECONDS):
            while await self.rows(busy):
                pass
        return {name for (name,) in await self.rows("SELECT name FROM person")}


@asynccontextmanager
async def site_at(url: str, folder: Path) -> AsyncIterator[Site]:
    """A running site, stopped at the end."""
    limits = httpx.Limits(max_connections=CALLERS, max_keepalive_connections=CALLERS)
    async with httpx.AsyncClient(limits=limits, timeout=SECONDS) as client:
        site = Site(url, folder, client)
        try:
            await site.start()
            yield site
        finally:
            if site.server is not None:
                site.server.stop()


async def check(site: Site, answers: Mapping[str, Any]) -> None:
    """Every key has one person, post and event, which its answer names; no event is missing."""
    assert {str(answer) for answer in answers.values() if "errors" in answer} == set()
    told = {key: (answer["data"]["appoint"]["post"]["id"],) for key, answer in answers.items()}
    assert await site.effects() == told
    numbers = [seq for (seq,) in await site.rows("SELECT seq FROM event ORDER BY seq")]
    assert numbers == list(range(1, len(answers) + 1))
    kept = await site.rows("SELECT count(*) FROM idempotency WHERE outcomes ? 'appoint'")
    assert kept == [(len(answers),)]


@pytest.mark.soak
async def test_killed_before_and_after_the_commit(url: str, tmp_path: Path) -> None:
    """One change is cut off before its commit, one after it: sent again each is there once."""
    async with site_at(url, tmp_path) as site:
        bearer = site.bearer("caller")
        reading: Any = await asyncpg.connect(url)
        writing: Any = await asyncpg.connect(url)
        await reading.execute("BEGIN; LOCK TABLE organization_name")
        after = asyncio.create_task(site.appoint("after", bearer, slow=True))
        await _seen(site, "SELECT 1 FROM event")
        await writing.execute("BEGIN; SELECT FROM event_counter FOR UPDATE")
        before = asyncio.create_task(site.appoint("before", bearer))
        await _seen(
            site,
            "SELECT 1 FROM pg_stat_activity WHERE datname = current_database()"
            " AND wait_event_type = 'Lock' AND query LIKE '%event_counter%'",
        )
        assert site.kill() == {"before", "after"}
        await reading.close()
        await writing.close()
        assert await site.settled() == {"after"}
        await site.start()
        await check(site, {"after": await after, "before": await before})


async def _seen(site: Site, statement: str) -> None:
    """Wait until a statement gives a row."""
    async with asyncio.timeout(SECONDS):
        while not await site.rows(statement):
            pass


@dataclass
class Killer:
    """Kills the server so many times while the callers are at work."""

    site: Site
    kills: int
    total: int
    found: Counter[str] = field(default_factory=Counter)

    async def run(self) -> None:
        """Kill it at random, and look what of the awaited was there."""
        for _ in range(self.kills):
            await self.site.answers(random.randint(1, self.total // (self.kills + 1)))
            awaited = self.site.kill()
            there = await self.site.settled()
            self.found["before the commit"] += len(awaited - there)
            self.found["after the commit"] += len(awaited & there)
            await self.site.start()


@pytest.mark.soak
@pytest.mark.timeout(600)
async def test_fifty_callers(url: str, tmp_path: Path) -> None:
    """Fifty callers with a hundred keys each, sent until answered: one effect a key."""
    answers: dict[str, Any] = {}

    async def call(site: Site, caller: int) -> None:
        bearer = site.bearer(f"caller {caller}")
        for n in range(KEYS):
            key = f"{caller}-{n}"
            answers[key] = await site.appoint(key, bearer, f"S{caller}")

    async with site_at(url, tmp_path) as site:
        killer = Killer(site, KILLS, CALLERS * KEYS)
        async with asyncio.TaskGroup() as group:
            group.create_task(killer.run())
            for caller in range(CALLERS):
                group.create_task(call(site, caller))
        assert len(answers) == CALLERS * KEYS
        await check(site, answers)
    assert killer.found["before the commit"] > 0
    assert killer.found["after the commit"] > 0
