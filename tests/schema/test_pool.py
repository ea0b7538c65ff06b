"""The pool under stress: clients that leave, backends that die, and never a wrong answer."""

import asyncio
import gc
import random
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg
import psutil  # type: ignore[import-untyped]
import pytest

from schema.database import Database, PoolSize
from schema.errors import CodedError
from schema.scope import Login, Scope
from server.claims import Claims
from server.settings import Settings
from server.tokens import open_mint
from tenants.definition import Definition
from tenants.roles import Role
from tests.conftest import opened, services_of
from tests.schema.lent import lent
from tests.server.processes import Server, start_server, wait_ready
from tests.server.wire import connected

SIZE = 5
CLIENTS = 40
"""Operations at a time: many times what the pool holds."""
LEAVING = 0.7
"""How many of all clients mean to leave; some are answered before."""
DEADLY = 0.03
"""Before how many of all operations a backend is killed."""
PATIENCE = 60.0
"""Seconds that anything may take on a busy machine."""
SOAK = (pytest.mark.soak, pytest.mark.timeout(1200))

SECRET = "a secret for tests that is long enough"

PAGE = """query ($tenant: ID!) { city(code: $tenant) { code name organizations(first: 4) {
  totalCount pageInfo { endCursor }
  nodes { code name level { name } parent { code } ancestors { code } descendantCount
    children(first: 2) { nodes { code } } } } } }"""
STATED = """query ($tenant: ID!) { city(code: $tenant) { code dataKinds
  figures(first: 5) { nodes { subject value source } } staffing { post { key } held } } }"""
RUNGS = """query ($tenant: ID!) { province(code: $tenant) { code
  rungs { rung total cities { city { code } count } } figures(first: 5) { nodes { value } } } }"""
PEOPLE = """query ($tenant: ID!) { city(code: $tenant) { code people(first: 5) { nodes {
  id city { code } posts(first: 2) { nodes { kind { key } organization { code } } } } } } }"""
EVERYBODY = """{ cities { code organizations(first: 1) { nodes { code } } } }"""

SEEN = """SELECT coalesce(current_setting('app.tenant_id', true), '') AS city,
  coalesce(current_setting('app.tenant_ids', true), '') AS provinces,
  (SELECT array_agg(DISTINCT tenant_id ORDER BY tenant_id) FROM organization) AS seen,
  pg_sleep($1)::text AS slept"""


@dataclass(frozen=True)
class Question:
    """What somebody asks, and the whole answer that they must get."""

    ask: Callable[[], Coroutine[Any, Any, Any]]
    expected: Any


@dataclass
class Stress:
    """Many clients at once, of whom many leave, while backends die."""

    questions: Sequence[Question]
    owner: asyncpg.Connection
    spared: frozenset[int]
    chance: random.Random
    outcomes: Counter[str] = field(default_factory=Counter)
    killing: asyncio.Lock = field(default_factory=asyncio.Lock)
    latest: float = 0.1

    async def run(self, number: int) -> None:
        """Ask so often; any answer that is neither right nor UNAVAILABLE is an error."""
        turns = iter(range(number))
        async with asyncio.TaskGroup() as clients:
            for _ in range(CLIENTS):
                clients.create_task(self._client(turns))

    async def _client(self, turns: Iterator[int]) -> None:
        for _ in turns:
            if self.chance.random() < DEADLY:
                await self._kill()
            leaving = self.chance.random() < LEAVING
            seconds = self.chance.uniform(0, self.latest) if leaving else None
            self.outcomes[await self._ask(self.chance.choice(self.questions), seconds)] += 1

    async def _ask(self, question: Question, seconds: float | None) -> str:
        started = time.perf_counter()
        try:
            async with asyncio.timeout(seconds):
                answer = await question.ask()
        except TimeoutError:
            return "left"
        self.latest = time.perf_counter() - started
        return verdict(answer, question.expected)

    async def _kill(self) -> None:
        kill = "SELECT pg_terminate_backend($1)::int"
        async with self.killing:
            if found := await backends(self.owner, self.spared):
                pid = self.chance.choice(found)
                self.outcomes["killed"] += await self.owner.fetchval(kill, pid)


def verdict(answer: Any, expected: Any) -> str:
    """Whether an answer is right, or says that the database was not there."""
    if answer == expected:
        return "right"
    codes = {error["extensions"]["code"] for error in answer.get("errors", ())}
    assert codes == {"UNAVAILABLE"}, (answer, expected)
    assert is_part(answer.get("data"), expected.get("data")), (answer, expected)
    return "unavailable"


def is_part(given: Any, whole: Any) -> bool:
    """Whether `given` is `whole`, but for places that are null."""
    if given is None:
        return True
    if isinstance(given, dict) and isinstance(whole, dict):
        return all(is_part(value, whole[name]) for name, value in given.items())
    if isinstance(given, list) and isinstance(whole, list):
        return len(given) == len(whole) and all(map(is_part, given, whole))
    return bool(given == whole)


async def backends(owner: asyncpg.Connection, spared: frozenset[int]) -> list[int]:
    """The server processes of the login roles in this database, but for those spared."""
    rows = await owner.fetch(
        "SELECT pid FROM pg_stat_activity WHERE usename = ANY($1::text[])"
        " AND datname = current_database() AND pid <> ALL($2::int[]) ORDER BY pid",
        [*Login],
        spared,
    )
    return [row["pid"] for row in rows]


async def assert_idle(owner: asyncpg.Connection, spared: frozenset[int]) -> None:
    """Soon every backend is idle, outside of any transaction."""
    busy = (
        "SELECT pid, state, query FROM pg_stat_activity WHERE pid = ANY($1::int[])"
        " AND state <> 'idle'"
    )
    found: list[asyncpg.Record] = []
    try:
        async with asyncio.timeout(PATIENCE):
            while found := await owner.fetch(busy, await backends(owner, spared)):
                pass
    except TimeoutError:
        raise AssertionError(found) from None


async def assert_healed(database: Database) -> None:
    """Each login gives all of its connections at once; they work, and hold nobody's scope."""
    for login in Login:
        async with asyncio.timeout(PATIENCE), AsyncExitStack() as stack:
            taken = [await stack.enter_async_context(lent(database, login)) for _ in range(SIZE)]
            rows = await asyncio.gather(*(each.fetch(SEEN, 0.0) for each in taken))
            assert [tuple(row)[:3] for (row,) in rows] == [("", "", None)] * SIZE
    for pool in database.pools().values():
        assert pool == PoolSize(SIZE, SIZE, SIZE, 0)


@pytest.fixture
async def owner(demo_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection of the owner."""
    connection = await asyncpg.connect(demo_url)
    yield connection
    await connection.close()


@asynccontextmanager
async def nothing_left() -> AsyncIterator[None]:
    """Inside, no task is left over and no exception goes unseen."""
    loop = asyncio.get_running_loop()
    said: list[dict[str, Any]] = []
    before = asyncio.all_tasks()
    loop.set_exception_handler(lambda _, context: said.append(context))
    yield
    if left := asyncio.all_tasks() - before:
        _, pending = await asyncio.wait(left, timeout=PATIENCE)
        assert pending == set()
    del left
    gc.collect()
    await asyncio.sleep(0)
    assert said == []
    loop.set_exception_handler(None)


def assert_stressed(outcomes: Counter[str], number: int) -> None:
    """It was what it says: many right answers, many who left, many backends killed."""
    assert outcomes.total() - outcomes["killed"] == number
    assert outcomes["right"] > number / 4
    assert outcomes["left"] > number / 4
    assert outcomes["killed"] > 0


async def wait_asleep(owner: asyncpg.Connection, spared: frozenset[int]) -> int:
    """The one server process that sleeps in a statement, as soon as there is one."""
    running = (
        "SELECT pid FROM pg_stat_activity WHERE pid = ANY($1::int[]) AND wait_event = 'PgSleep'"
    )
    async with asyncio.timeout(PATIENCE):
        while (pid := await owner.fetchval(running, await backends(owner, spared))) is None:
            pass
    return int(pid)


async def sleep_in(database: Database) -> None:
    """An operation with a statement that never ends."""
    scope = Scope(frozenset({210400}), Login.CITY)
    async with database.snapshot(scope) as snapshot:
        await snapshot.fetch("SELECT pg_sleep(1000)", [])


async def test_who_is_cancelled_twice_keeps_nothing(
    demo_url: str, owner: asyncpg.Connection
) -> None:
    """An operation that is cancelled again while it ends gives its connection back all the same."""
    async with nothing_left():
        spared = frozenset(await backends(owner, frozenset()))
        async with pooled(demo_url) as database:
            for turns in range(8):
                sleeping = asyncio.create_task(sleep_in(database))
                await wait_asleep(owner, spared)
                sleeping.cancel()
                for _ in range(turns):
                    await asyncio.sleep(0)
                sleeping.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await sleeping
                await assert_idle(owner, spared)
            await assert_healed(database)


@pytest.mark.soak
@pytest.mark.skipif(sys.platform != "linux", reason="processes are stopped by their numbers")
async def test_a_backend_that_hangs_is_given_up(demo_url: str, owner: asyncpg.Connection) -> None:
    """Where the server does not even cancel any more, the operation ends and the pool heals."""
    async with nothing_left():
        spared = frozenset(await backends(owner, frozenset()))
        async with pooled(demo_url) as database:
            sleeping = asyncio.create_task(sleep_in(database))
            hanging = psutil.Process(await wait_asleep(owner, spared))
            hanging.suspend()
            try:
                sleeping.cancel()
                async with asyncio.timeout(PATIENCE):
                    with pytest.raises(asyncio.CancelledError):
                        await sleeping
                await assert_healed(database)
            finally:
                hanging.resume()
        await assert_idle(owner, spared)


@asynccontextmanager
async def pooled(url: str) -> AsyncIterator[Database]:
    """A database of `SIZE` connections a login."""
    database = Database(url, SIZE)
    await database.open()
    try:
        yield database
    finally:
        await database.close()


async def seen(database: Database, scope: Scope) -> Any:
    """What row-level security alone lets a scope see, in a statement that takes its time."""
    try:
        async with database.snapshot(scope) as snapshot:
            rows: list[asyncpg.Record] = await snapshot.fetch(SEEN, [0.005])
    except CodedError as error:
        return {"errors": [{"extensions": {"code": error.code}}]}
    (row,) = rows
    return {"data": {name: row[name] for name in ("city", "provinces", "seen")}}


def scopes(shipped: Sequence[Definition]) -> list[Scope]:
    """Every city's own scope, every province's, and everybody's."""
    ids = [definition.tenant_id for definition in shipped]
    cities = [at for at in ids if at % 10000]
    own = [Scope(frozenset({at}), Login.CITY) for at in cities]
    provinces = [
        Scope(frozenset(each for each in ids if each // 10000 == at // 10000))
        for at in ids
        if not at % 10000
    ]
    return [*own, *provinces, Scope(frozenset(ids))]


def seen_by(scope: Scope) -> Any:
    """The right answer of `seen`."""
    ids = sorted(scope.tenant_ids)
    listed = ",".join(map(str, ids))
    is_city = scope.login is Login.CITY
    setting = {"city": listed if is_city else "", "provinces": "" if is_city else listed}
    return {"data": {**setting, "seen": ids}}


@pytest.mark.parametrize("number", [150, pytest.param(10_000, marks=SOAK)])
async def test_scopes_on_one_pool(
    demo_url: str, owner: asyncpg.Connection, shipped: tuple[Definition, ...], number: int
) -> None:
    """Row-level security alone keeps tenants apart on a shared pool, whoever leaves or dies."""
    async with nothing_left():
        spared = frozenset(await backends(owner, frozenset()))
        async with pooled(demo_url) as database:
            questions = [
                Question(partial(seen, database, scope), seen_by(scope))
                for scope in scopes(shipped)
            ]
            stress = Stress(questions, owner, spared, random.Random(number))
            await stress.run(number)
            assert_stressed(stress.outcomes, number)
            await assert_idle(owner, spared)
            await assert_healed(database)


class Inquiry(NamedTuple):
    """An operation, and the token that it comes with: a role at a tenant, or none."""

    query: str
    variables: Mapping[str, str]
    bearer: tuple[str, str] | None = None


def inquiries(shipped: Sequence[Definition]) -> Iterator[Inquiry]:
    """Cities ask of themselves and of others, provinces of themselves, and everybody of all."""
    codes = [f"{definition.tenant_id:06}" for definition in shipped]
    cities = [code for code in codes if not code.endswith("0000")]
    for at, code in enumerate(cities):
        admin = ("CITY_ADMIN", code)
        yield Inquiry(PAGE, {"tenant": code}, admin)
        yield Inquiry(STATED, {"tenant": code}, admin)
        yield Inquiry(PEOPLE, {"tenant": code}, admin)
        yield Inquiry(PAGE, {"tenant": cities[at - 1]}, admin)
        yield Inquiry(PAGE, {"tenant": code})
    for code in codes:
        if code.endswith("0000"):
            yield Inquiry(RUNGS, {"tenant": code}, ("PROVINCE_ANALYST", code))
            yield Inquiry(RUNGS, {"tenant": code})
    yield Inquiry(EVERYBODY, {})


@pytest.mark.parametrize("number", [150, pytest.param(10_000, marks=SOAK)])
async def test_operations_on_one_pool(
    demo_url: str,
    owner: asyncpg.Connection,
    shipped: tuple[Definition, ...],
    tmp_path: Path,
    number: int,
) -> None:
    """Operations of many tenants' tokens get their own answers, whoever leaves or dies."""
    async with nothing_left():
        spared = frozenset(await backends(owner, frozenset()))
        services = services_of(tmp_path)
        # a machine that stands still for seconds is not what is asked for here
        async with opened(
            demo_url, services=services, size=SIZE, statement_timeout=PATIENCE
        ) as graph:
            questions = []
            for query, variables, bearer in inquiries(shipped):
                client = graph.as_(*bearer) if bearer else graph
                ask = partial(client, query, **variables)
                questions.append(Question(ask, await ask()))
            stress = Stress(questions, owner, spared, random.Random(number))
            await stress.run(number)
            assert_stressed(stress.outcomes, number)
            await assert_idle(owner, spared)
            await assert_healed(graph.live.database)


@pytest.mark.parametrize("number", [150, pytest.param(10_000, marks=SOAK)])
async def test_a_server_whose_clients_hang_up(
    demo_url: str,
    owner: asyncpg.Connection,
    demo_keys: Path,
    shipped: tuple[Definition, ...],
    tmp_path: Path,
    number: int,
) -> None:
    """A real server gives right answers, heals, and logs nothing, whoever hangs up or dies."""
    spared = frozenset(await backends(owner, frozenset()))
    server = start_server(
        cwd=tmp_path,
        database_url=demo_url,
        pool_size=SIZE,
        personal_keys=demo_keys,
        token_secret=SECRET,
        log_level="warning",
        rate_actor="1000000000/minute",
        rate_city="1000000000/minute",
    )
    try:
        wait_ready(server)
        questions = [
            Question(ask, await ask())
            for ask in (partial(ask_server, server, each) for each in inquiries(shipped))
        ]
        stress = Stress(questions, owner, spared, random.Random(number))
        await stress.run(number)
        assert_stressed(stress.outcomes, number)
        await assert_idle(owner, spared)
        await assert_all_at_once(demo_url, owner, spared, questions[0])
        await assert_idle(owner, spared)
    finally:
        server.process.terminate()
        said, _ = server.process.communicate(timeout=PATIENCE)
    assert said == ""


async def ask_server(server: Server, inquiry: Inquiry) -> Any:
    """The answer to an inquiry on a connection of its own, which is hung up when cancelled."""
    headers = {}
    if inquiry.bearer is not None:
        role, code = inquiry.bearer
        mint = open_mint(Settings(_env_file=None, token_secret=SECRET))
        assert mint is not None
        token = mint.token(Claims("someone", Role(role), (code,)), 1)
        headers["authorization"] = f"Bearer {token}"
    port = int(server.url.rpartition(":")[2])
    async with connected(port) as client:
        await client.ask(inquiry.query, headers, **inquiry.variables)
        _, answer = await client.answer()
    return answer


async def assert_all_at_once(
    url: str, owner: asyncpg.Connection, spared: frozenset[int], question: Question
) -> None:
    """Where every operation has to wait, all connections of a pool wait, and then all answer."""
    locking = await asyncpg.connect(url)
    waiting = (
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE pid = ANY($1::int[]) AND wait_event_type = 'Lock'"
    )
    async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as clients, locking.transaction():
        await locking.execute("LOCK TABLE organization IN ACCESS EXCLUSIVE MODE")
        asked = [clients.create_task(question.ask()) for _ in range(2 * SIZE)]
        while await owner.fetchval(waiting, await backends(owner, spared)) < SIZE:
            pass
    await locking.close()
    assert [task.result() for task in asked] == [question.expected] * (2 * SIZE)
