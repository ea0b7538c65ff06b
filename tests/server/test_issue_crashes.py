"""Issues under load while the server is killed and PostgreSQL stops at once: nothing is lost."""

import asyncio
import json
import random
import signal
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from server.claims import Claims
from server.settings import Settings
from server.tokens import open_mint
from tenants.roles import Role
from tests.server.processes import SECONDS, Server, processes_of, start_server, wait_ready
from tests.server.test_crashes import embedded_url

FUSHUN = "210400"
SECRET = "a secret of thirty-two characters"
REPORT = """mutation ($place: ID!) {
  reportIssue(input: {city: "210400", service: "FS-GL-04", title: "路灯不亮",
    organization: $place}) {
    issue { id number } refusals { code }
  }
}"""
ACCEPT = """mutation ($issue: ID!) {
  advanceIssue(input: {issue: $issue, action: "accept"}) { issue { id } refusals { code } }
}"""


@dataclass
class Load:
    """Clients that report and accept issues, and what they were told is done."""

    url: str
    bearers: tuple[str, str]
    place: str
    reported: set[str] = field(default_factory=set)
    accepted: set[str] = field(default_factory=set)
    wanted: int = 0
    enough: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self, clients: int, until: asyncio.Event) -> None:
        """Many at once, each one after another, until told to stop."""
        limits = httpx.Limits(max_connections=clients)
        async with httpx.AsyncClient(base_url=self.url, limits=limits, timeout=30) as http:
            await asyncio.gather(*(self._client(http, until) for _ in range(clients)))

    async def _client(self, http: httpx.AsyncClient, until: asyncio.Event) -> None:
        resident, secretary = self.bearers
        while not until.is_set():
            made = await self._post(http, REPORT, resident, place=self.place)
            issue = made.get("issue")
            if not issue:
                continue
            self.reported.add(issue["number"])
            done = await self._post(http, ACCEPT, secretary, issue=issue["id"])
            if done.get("issue"):
                self.accepted.add(issue["number"])
                if len(self.accepted) >= self.wanted:
                    self.enough.set()

    async def _post(
        self, http: httpx.AsyncClient, query: str, bearer: str, **variables: Any
    ) -> Any:
        """The payload of an answer; empty where there was none."""
        body = {"query": query, "variables": variables}
        try:
            answer = (
                await http.post("/graphql", json=body, headers={"authorization": bearer})
            ).json()
        except (httpx.TransportError, json.JSONDecodeError):
            return {}
        return next(iter((answer.get("data") or {}).values()), None) or {}


def bearers(folder: Path) -> tuple[str, str]:
    """A resident and a secretary of the city."""
    mint = open_mint(Settings(_env_file=None, data=folder, token_secret=SECRET))
    assert mint is not None
    resident = mint.token(Claims("resident", Role.RESIDENT, (FUSHUN,)), 5)
    secretary = mint.token(Claims("secretary", Role.SECRETARY, (FUSHUN,)), 5)
    return f"Bearer {resident}", f"Bearer {secretary}"


async def rows(data: Path, statement: str) -> list[tuple[Any, ...]]:
    """Rows of the embedded database."""
    connection: Any = await asyncpg.connect(embedded_url(data))
    try:
        return [tuple(row) for row in await connection.fetch(statement)]
    finally:
        await connection.close()


def stop_at_once(data: Path) -> None:
    """PostgreSQL's immediate shutdown: as after a crash, it recovers when it starts."""
    (postmaster,) = (
        process
        for process in processes_of(data)
        if "-D" in process.cmdline() and process.name().startswith("postgres")
    )
    postmaster.send_signal(signal.SIGQUIT)
    postmaster.wait(30)


async def crash(load: Load, server: Server, data: Path, seconds: float, both: bool) -> None:
    """Load until some changes are acknowledged, and a crash some seconds later."""
    until = asyncio.Event()
    load.wanted, load.enough = len(load.accepted) + 5, asyncio.Event()
    task = asyncio.create_task(load.run(16, until))
    async with asyncio.timeout(SECONDS):
        await load.enough.wait()
    done, _ = await asyncio.wait({task}, timeout=seconds)
    assert not done
    if both:
        await asyncio.to_thread(stop_at_once, data)
    await asyncio.to_thread(server.kill, group=True)
    until.set()
    await task


async def kept(data: Path, load: Load) -> None:
    """Every acknowledged change is there, the log has no gap, and each issue is one of its own."""
    found = {row[0]: row[1] for row in await rows(data, "SELECT number, state FROM issue")}
    assert load.reported <= set(found)
    assert {found[number] for number in load.accepted} <= {"accepted"}
    ((count, first, last),) = await rows(
        data, "SELECT count(*), min(seq), max(seq) FROM event WHERE tenant_id = 210400"
    )
    assert (first, last) == (1, count)
    ((reports, accepts),) = await rows(
        data,
        "SELECT count(*) FILTER (WHERE kind = 'ISSUE_REPORTED'),"
        " count(*) FILTER (WHERE kind = 'ISSUE_ADVANCED') FROM event WHERE tenant_id = 210400",
    )
    assert reports == len(found)
    assert accepts == sum(state == "accepted" for state in found.values())


def starts(folder: Path, data: Path) -> Iterator[Server]:
    """One server after another over the same data."""
    rates = {"rate_actor": "1000000000/minute", "rate_city": "1000000000/minute"}
    while True:
        server = start_server(
            cwd=folder, data=data, token_secret=SECRET, log_level="error", demo=0, **rates
        )
        wait_ready(server)
        yield server


async def endure(folder: Path, data: Path, crashes: int) -> None:
    """So many crashes under load; then what was acknowledged is looked for."""
    chances = random.Random(3)
    servers = starts(folder, data)
    server = await asyncio.to_thread(next, servers)
    ((place,),) = await rows(
        data,
        "SELECT min(code) FROM organization WHERE tenant_id = 210400 AND level = 'station'",
    )
    load = Load(server.url, bearers(folder), place)
    for at in range(crashes):
        await crash(load, server, data, chances.uniform(0, 1), both=at % 2 == 0)
        server = await asyncio.to_thread(next, servers)
        load.url = server.url
        await kept(data, load)
    assert len(load.accepted) >= 5 * crashes
    assert await asyncio.to_thread(server.stop) == 0


@pytest.mark.soak
async def test_a_crash(tmp_path: Path, data: Path) -> None:
    """After a crash everything is there that was acknowledged, and the log is gapless."""
    await endure(tmp_path, data, crashes=1)


@pytest.mark.soak
async def test_twenty_crashes(tmp_path: Path, data: Path) -> None:
    """So it is after twenty."""
    await endure(tmp_path, data, crashes=20)
