"""Workers: processes that serve one port together, and agree on what they count and know."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import orjson
import psutil  # type: ignore[import-untyped]
import pytest
from prometheus_client.parser import text_string_to_metric_families as parse_text

from server.prepare import apply_tenants
from tenants.definition import City, Definition
from tenants.posts import PostKind
from tests.conftest import Templates, copied_database
from tests.schema.people.staffed import TENANTS
from tests.server.crew import SECRET, Crew, ask, crew
from tests.server.following import EVENTS, stream
from tests.server.processes import (
    SECONDS,
    free_port,
    onegrid,
    processes_of,
    start,
    start_server,
    wait_ready,
)
from tests.server.wire import Client, connected, request

TREE = """{ city(code: "990100") { organizations(first: 100) { nodes {
  children(first: 10) { nodes { name } } } } } }"""
KINDS = '{ city(code: "990100") { postKinds { key } } }'
APPOINT = """mutation ($name: String!, $kind: String!) {
  appoint(input: {city: "north", organization: "S1", kind: $kind, newPerson: {name: $name}}) {
    post { id } refusals { code message }
  }
}"""

SEAL = """mutation ($phone: String!) {
  appoint(input: {
    city: "north", organization: "S1", kind: "helper", newPerson: {name: "丁", phone: $phone}
  }) { post { id } refusals { code message } }
}"""


@pytest.fixture(scope="module")
def url(server_url: str, templates: Templates) -> Iterator[str]:
    """A database with two invented cities."""
    with copied_database(server_url, asyncio.run(templates.with_(TENANTS))) as made:
        yield made


@pytest.fixture(scope="module")
def ready(url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crew]:
    """A server with two workers, which look for new tenants by themselves only once a minute."""
    folder = tmp_path_factory.mktemp("crew")
    given = {"rate_actor": "5000/day", "max_subscriptions": 3, "refresh_seconds": 60}
    with crew(url, folder, **given) as made:
        yield made


@pytest.fixture
async def both(ready: Crew) -> AsyncIterator[list[Client]]:
    """A connection to each worker."""
    async with ready.clients() as clients:
        yield clients


async def spend(client: Client, token: str) -> tuple[int, int]:
    """Status of the answer to a costly query, and what its actor has left."""
    client.writer.write(request(TREE, {"authorization": token}, {}))
    async with asyncio.timeout(SECONDS):
        head = (await client.reader.readuntil(b"\r\n\r\n")).decode().lower()
        fields = dict(line.split(": ", 1) for line in head.splitlines()[1:] if line)
        await client.reader.readexactly(int(fields["content-length"]))
    return int(head.split()[1]), int(fields["ratelimit-remaining"])


async def test_one_budget(ready: Crew, both: list[Client]) -> None:
    """What an actor spends at one worker is gone at the other, to the last point."""
    token, left, turn = ready.token("spender"), [5000], 0
    while True:
        status, remaining = await spend(both[turn % 2], token)
        if status != 200:
            break
        left.append(remaining)
        turn += 1
    costs = {before - after for before, after in pairwise(left)}
    assert (status, len(costs), left[-1] < max(costs)) == (429, 1, True)
    assert [(await spend(client, token))[0] for client in both] == [429, 429]
    assert [(await spend(client, ready.token("other")))[0] for client in both] == [200, 200]


async def test_events_reach_all(ready: Crew, both: list[Client]) -> None:
    """An event that is written through one worker reaches the subscribers of all."""
    token = ready.token("follower")
    async with AsyncExitStack() as stack:
        followers = []
        for worker in ready.workers():
            with ready.only(worker):
                opening = stream(f"{ready.server.url}/graphql", token, EVENTS, city="990100")
                followers.append(await stack.enter_async_context(opening))
        answers = [
            await ask(client, APPOINT, token, name=f"甲{number}", kind="helper")
            for number, client in enumerate(both)
        ]
        assert [answer["data"]["appoint"]["refusals"] for answer in answers] == [[], []]
        heard = [await follower.seqs(2) for follower in followers]
    assert heard[0] == heard[1]


async def test_subscriptions_of_one_actor(ready: Crew) -> None:
    """An actor has so many subscriptions at all workers together, and may have one more for each
    that ends."""
    token, address = ready.token("many"), f"{ready.server.url}/graphql"
    async with AsyncExitStack() as stack, AsyncExitStack() as first:
        for worker in ready.workers():
            with ready.only(worker):
                await first.enter_async_context(stream(address, token, EVENTS, city="990100"))
        await stack.enter_async_context(stream(address, token, EVENTS, city="990100"))
        for worker in ready.workers():
            with ready.only(worker):
                assert await refusal(address, token) == "OPERATIONS_EXCEEDED"
        await first.aclose()
        async with asyncio.timeout(SECONDS):
            while await refusal(address, token) is not None:
                pass


async def refusal(address: str, token: str) -> str | None:
    """The code with which one more subscription is refused, if it is."""
    async with stream(address, token, EVENTS, city="990100") as tried:
        if "text/event-stream" in tried.response.headers["content-type"]:
            return None
        body = orjson.loads(await tried.response.aread())
    code: str = body["errors"][0]["extensions"]["code"]
    return code


async def test_registered_documents(ready: Crew, both: list[Client]) -> None:
    """A document that was registered at one worker is asked for once more by the other."""
    text = "query Registered { __typename }"
    digest = sha256(text.encode()).hexdigest()

    async def say(client: Client, **body: Any) -> Any:
        body["extensions"] = {"persistedQuery": {"version": 1, "sha256Hash": digest}}
        wire = orjson.dumps(body)
        head = (
            "POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
            f"authorization: {ready.token('persisted')}\r\ncontent-length: {len(wire)}\r\n\r\n"
        )
        client.writer.write(head.encode() + wire)
        answer = (await client.answer())[1]
        return answer.get("data") or answer["errors"][0]["extensions"]["code"]

    unknown, known = "PERSISTED_QUERY_NOT_FOUND", {"__typename": "Query"}
    one, two = both
    assert [await say(one), await say(one, query=text), await say(one)] == [unknown, known, known]
    assert [await say(two), await say(two, query=text), await say(two)] == [unknown, known, known]


def with_kind(definition: Definition, kind: PostKind) -> Definition:
    """A city with one more kind of posts."""
    tenant = definition.tenant
    assert isinstance(tenant, City)
    tenant = tenant.model_copy(update={"posts": [*tenant.posts, kind]})
    return Definition(tenant, definition.values)


async def kinds(client: Client, token: str) -> set[str]:
    """The kinds of posts that one worker knows."""
    answer = await ask(client, KINDS, token)
    return {kind["key"] for kind in answer["data"]["city"]["postKinds"]}


async def test_new_tenants(url: str, ready: Crew, both: list[Client]) -> None:
    """As soon as one worker has served by a new definition, no other serves by the old one."""
    token, definitions = ready.token("administrator"), list(TENANTS)
    for number, (writer, reader) in enumerate((both, both[::-1])):
        key = f"kind_{number}"
        for place, each in enumerate(definitions):
            if each.tenant.code == "990100":
                definitions[place] = with_kind(each, PostKind(key=key, name=f"新岗{number}"))
        await apply_tenants(url, definitions)
        assert key not in await kinds(reader, token)
        answer = await ask(writer, APPOINT, token, name=f"乙{number}", kind=key)
        assert answer["data"]["appoint"]["refusals"] == []
        assert [key in await kinds(client, token) for client in (reader, writer)] == [True, True]


async def test_keys(ready: Crew, both: list[Client]) -> None:
    """A mutation that is sent to both workers under one key has one effect, and one answer."""
    token = ready.token("retrying")
    answers = await asyncio.gather(
        *(ask(client, APPOINT, token, name="丙", kind="helper", key="one") for client in both)
    )
    assert answers[0] == answers[1]
    assert answers[0]["data"]["appoint"]["refusals"] == []
    again = [
        await ask(client, APPOINT, token, name="丙", kind="helper", key="one") for client in both
    ]
    assert again == answers


async def test_personal_keys(url: str, ready: Crew, both: list[Client]) -> None:
    """What one worker sealed the others open and find, also after the keys were changed."""
    token = ready.token("keeper")
    find = """query ($phone: String) { city(code: "990100") { people(phone: $phone, first: 5) {
      nodes { phone } } } }"""
    for number, (writer, reader) in enumerate((both, both[::-1])):
        phone = f"1380013800{number}"
        answer = await ask(writer, SEAL, token, phone=phone)
        assert answer["data"]["appoint"]["refusals"] == []
        found = await ask(reader, find, token, phone=phone, purpose="visit")
        assert found == {"data": {"city": {"people": {"nodes": [{"phone": f"+86{phone}"}]}}}}
        given = {"database_url": url, "token_secret": SECRET}
        done = await asyncio.to_thread(onegrid, "privacy", "rotate", cwd=ready.folder, **given)
        assert (done.code, done.err) == (0, "")


async def metrics(client: Client) -> dict[str, float]:
    """What one worker says of all, without labels that the test has no use for."""
    client.writer.write(b"GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n")
    async with asyncio.timeout(SECONDS):
        head = (await client.reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.partition("content-length: ")[2].split()[0])
        text = (await client.reader.readexactly(length)).decode()
    found: dict[str, float] = {}
    for family in parse_text(text):
        for sample in family.samples:
            found[f"{sample.name}{sorted(sample.labels.values())}"] = sample.value
    return found


async def test_metrics(ready: Crew, both: list[Client]) -> None:
    """Each worker shows the sums of all, and no worker is told from another."""
    token, name = ready.token("counted"), "operations_total['Counted', 'query']"
    for client in (both[0], both[0], both[1]):
        assert "data" in await ask(client, "query Counted { __typename }", token)
    shown: list[dict[str, float]] = []
    async with asyncio.timeout(SECONDS):  # an answer is counted after it was sent
        while [each.get(f"onegrid_{name}") for each in shown] != [3, 3]:
            shown = [await metrics(client) for client in both]
    for each in shown:
        assert each["onegrid_workers[]"] == 2
        assert (each["onegrid_ready[]"], each["onegrid_tenants[]"]) == (1, 3)
        assert each["onegrid_pool_limit['onegrid_city']"] == 20
        assert (
            each["process_resident_memory_bytes[]"]
            > sum(psutil.Process(worker).memory_info().rss for worker in ready.workers()) / 2
        )
        assert not any(str(worker) in name for worker in ready.workers() for name in each)
    async with stream(f"{ready.server.url}/graphql", token, EVENTS, city="990100"):
        async with asyncio.timeout(SECONDS):
            while [(await metrics(each))["onegrid_subscriptions[]"] for each in both] != [1, 1]:
                pass


@pytest.mark.soak
async def test_one_dies(url: str, tmp_path: Path) -> None:
    """A worker that is killed is replaced, which the log says; what it had open is forgotten,
    what it counted is not; when the parent is killed, nobody is left."""
    with crew(url, tmp_path, max_subscriptions=1, rate_actor="5000/day") as ready:
        token, address = ready.token("a"), f"{ready.server.url}/graphql"
        one, two = ready.workers()
        folder = ready.commons()
        with ready.only(one):
            async with connected(ready.port) as client:
                spent = await spend(client, token)
            async with stream(address, token, EVENTS, city="990100") as open_:
                os.kill(one, signal.SIGKILL)
                with pytest.raises(httpx.HTTPError):
                    await open_.hear()
        line = await ready.says("another takes its place")
        assert f"worker={one} code=-9" in line
        workers = await ready.all_work()
        assert (one in workers, two in workers) == (False, True)
        assert await refusal(address, token) is None
        async with ready.clients() as both:
            assert [(await metrics(each))["onegrid_requests_total['2xx', 'POST']"] for each in both]
            lefts = [(await spend(each, token))[1] for each in both]
            assert lefts[1] < lefts[0] < spent[1]
        ready.server.process.kill()
        left = [psutil.Process(worker) for worker in workers]
        gone, alive = psutil.wait_procs(left, timeout=SECONDS)
        assert (len(gone), alive) == (2, [])
        assert "is gone; this one stops" in await ready.says("is gone")
        assert not folder.exists()


@pytest.mark.soak
async def test_the_sweep_goes_on(url: str, tmp_path: Path) -> None:
    """Whichever worker is gone, another one sweeps for all."""

    async def swept_at(ready: Crew) -> float:
        async with ready.clients() as both:
            found = {
                (await metrics(each))["onegrid_last_sweep_timestamp_seconds[]"] for each in both
            }
        return max(found)

    with crew(url, tmp_path, sweep_seconds=0.2) as ready:
        for worker in ready.workers():
            os.kill(worker, signal.SIGKILL)
            await ready.says(f"worker={worker} code=-9")
            await ready.all_work()
            before = await swept_at(ready)
            async with asyncio.timeout(SECONDS):
                while await swept_at(ready) <= before:
                    pass


def test_too_many(url: str, tmp_path: Path) -> None:
    """More workers than the database has connections for are refused before they start."""
    done = onegrid("serve", "--workers", "64", cwd=tmp_path, database_url=url, port=free_port())
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        "ONEGRID_WORKERS=64: they need 394 connections to the database at least, and it allows "
        "97; expected 14 workers at most, or a higher max_connections in postgresql.conf\n"
    )


@pytest.mark.soak
@pytest.mark.parametrize(
    ("wanted", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)], ids=["SIGTERM", "SIGINT"]
)
def test_stop(tmp_path: Path, url: str, wanted: signal.Signals, code: int) -> None:
    """A service manager's stop is no failure, Ctrl+C is an interruption; neither says a word."""
    server = start_server(cwd=tmp_path, database_url=url, log_level="error", workers=2)
    wait_ready(server)
    os.killpg(server.process.pid, wanted)  # as a terminal does
    said, _ = server.process.communicate(timeout=SECONDS)
    assert (server.process.returncode, said) == (code, "")


@pytest.mark.soak
def test_stopped_early(tmp_path: Path, url: str) -> None:
    """A server that is told to stop before it serves stops, and nobody is left."""
    process = start("serve", cwd=tmp_path, database_url=url, workers=2, port=free_port())
    parent = psutil.Process(process.pid)
    while len(children := parent.children()) < 2:
        pass
    process.terminate()
    process.communicate(timeout=SECONDS)
    _, alive = psutil.wait_procs(children, timeout=SECONDS)
    assert (process.returncode, alive) == (0, [])


@pytest.mark.soak
async def test_one_hangs(url: str, tmp_path: Path) -> None:
    """A worker that does not answer its parent any more is killed and replaced."""
    with crew(url, tmp_path) as ready:
        hung = ready.workers()[0]
        os.kill(hung, signal.SIGSTOP)
        assert f"worker={hung} code=-9" in await ready.says("another takes its place")
        assert hung not in await ready.all_work()


@pytest.mark.soak
async def test_replaced_by_hangup(url: str, tmp_path: Path) -> None:
    """SIGHUP replaces the workers one after the other; meanwhile every request is answered."""
    with crew(url, tmp_path) as ready:
        before = set(ready.workers())
        ready.server.process.send_signal(signal.SIGHUP)
        async with httpx.AsyncClient(base_url=ready.server.url) as http, asyncio.timeout(SECONDS):
            while set(ready.workers()) & before:
                headers = {"connection": "close"}
                assert (await http.get("/readyz", headers=headers)).status_code in (200, 503)
        assert len(await ready.all_work()) == 2
    assert ready.said == []


@pytest.mark.soak
def test_embedded_database(tmp_path: Path, data: Path) -> None:
    """The parent starts the embedded PostgreSQL once, and stops it with the workers."""
    server = start_server("--no-prepare", "--workers", "2", cwd=tmp_path, data=data)
    assert server.process.stdout is not None
    for line in server.process.stdout:
        if line.startswith("Stop with"):
            break
    running = [each for each in processes_of(data) if "-D" in each.cmdline()]
    assert (len(running), server.stop(), processes_of(data)) == (1, 0, [])
