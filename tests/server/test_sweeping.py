"""Sweeping: all cities in turn, several processes at once, crashes, and what is counted."""

import asyncio
import datetime
import itertools
import re
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from schema.database import Database, engine
from schema.errors import CodedError, ErrorCode
from schema.issues.sweep import Swept
from server.app import create_app
from server.live import Live, stopped
from server.metrics import Metrics
from server.sweeping import Pass, sweep, sweep_for_ever
from tests.conftest import NOW, NewDatabase, services_of
from tests.schema.issues.desk import EVERYTHING, Desk
from tests.schema.issues.site import OTHER_ID, Site, cities, site_at
from tests.schema.organizations.town import ID
from tests.server.processes import onegrid, start
from tests.server.test_metrics import counted

HOUR = datetime.timedelta(hours=1)
LATE: dict[str, Any] = {
    "started_at": NOW,
    "due_at": NOW - HOUR,
    "warn_at": NOW - HOUR,
    "unit": "HOURS",
}


@pytest.fixture
async def url(new_database: NewDatabase) -> str:
    """A database with two cities."""
    return await new_database(cities(EVERYTHING))


@pytest.fixture
async def site(url: str, tmp_path: Path) -> AsyncIterator[Site]:
    """They are served."""
    async with site_at(url, tmp_path) as ready:
        yield ready


async def late(desk: Desk, count: int, tenant_id: int = ID) -> None:
    """So many overdue issues in a city."""
    model = await desk.row(await desk.put(**LATE))
    names = [name for name in model if name not in ("tenant_id", "id", "number")]
    places = ("place_id", "organization_id", "lead_organization_id")
    chosen = ", ".join("o.id" if name in places else f"i.{name}" for name in names)
    await desk.sql(
        f"INSERT INTO issue (tenant_id, id, number, {', '.join(names)}) SELECT o.tenant_id,"
        f" gen_random_uuid(), 'L-' || n, {chosen} FROM issue i, organization o,"
        " generate_series(1, $1) n WHERE i.id = $2 AND o.tenant_id = $3 AND o.code = 'AA'",
        *(count, model["id"], tenant_id),
    )
    await desk.sql("DELETE FROM issue WHERE id = $1", model["id"])


async def marks(desk: Desk) -> list[tuple[Any, ...]]:
    """How many issues of each city have which mark and revision."""
    return await desk.sql(
        "SELECT tenant_id, marked, revision, count(*) FROM issue GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
    )


async def assert_once(desk: Desk, count: int) -> None:
    """Every issue of the city has one mark and one event, and the log has no gap."""
    assert await marks(desk) == [(ID, "OVERDUE", 2, count)]
    ((numbers, issues),) = await desk.sql(
        "SELECT array_agg(seq ORDER BY seq), count(DISTINCT issue_id) FROM event"
        " WHERE tenant_id = $1 AND kind = 'ISSUE_OVERDUE'", ID
    )  # fmt: skip
    assert (numbers, issues) == (list(range(1, count + 1)), count)


def now() -> datetime.datetime:
    return NOW


async def swept(site: Site, **given: Any) -> Pass:
    """One pass over both cities."""
    live = site.graph.live
    keyring = site.graph.services.keyring
    return await sweep(live.database, live.registry.cities, keyring, now, **given)


async def test_all_cities(site: Site) -> None:
    """A pass sweeps every city to its end, and says how often it did what."""
    await late(site.desk, 7)
    await late(site.desk, 3, OTHER_ID)
    done = await swept(site, size=2)
    assert done == Pass(
        {"990100": Counter({Swept.OVERDUE: 7}), "990200": Counter({Swept.OVERDUE: 3})},
        ended_at=NOW,
    )
    assert done.total == {Swept.OVERDUE: 10}
    assert await marks(site.desk) == [(ID, "OVERDUE", 2, 7), (OTHER_ID, "OVERDUE", 2, 3)]
    assert (await swept(site)).total == {}


@pytest.mark.soak
async def test_a_city_that_fails_holds_up_no_other(site: Site) -> None:
    """Where one city cannot be swept, nothing of it is half done and the others are swept."""
    await late(site.desk, 3)
    await late(site.desk, 3, OTHER_ID)
    await site.desk.sql(f"ALTER TABLE event ADD CONSTRAINT broken CHECK (tenant_id <> {ID})")
    done = await swept(site)
    assert (done.failed_cities, done.total) == (["990100"], {Swept.OVERDUE: 3})
    assert await marks(site.desk) == [(ID, None, 1, 3), (OTHER_ID, "OVERDUE", 2, 3)]
    await site.desk.sql("ALTER TABLE event DROP CONSTRAINT broken")
    assert (await swept(site)).total == {Swept.OVERDUE: 3}


async def test_cities_take_turns(site: Site) -> None:
    """A city with few issues need not wait until one with many is done."""
    await late(site.desk, 9)
    await late(site.desk, 1, OTHER_ID)
    seen: list[int] = []
    database = site.graph.live.database
    database.on_commit(seen.append)
    await swept(site, size=3)
    assert seen.index(OTHER_ID) < len(seen) - 1
    assert seen[0] == ID


async def test_database_away(site: Site) -> None:
    """Where the database is away the pass ends with UNAVAILABLE."""
    away = Database("postgresql://nobody@127.0.0.1:1/none")
    keyring = site.graph.services.keyring
    with pytest.raises(CodedError) as caught:
        await sweep(away, site.graph.live.registry.cities, keyring, now)
    assert caught.value.code is ErrorCode.UNAVAILABLE


async def test_for_ever(site: Site) -> None:
    """It sweeps again and again; a pass that fails does not end it."""
    await late(site.desk, 2)
    live, passes = site.graph.live, asyncio.Queue[Pass]()
    turns = itertools.count()

    def failing_first() -> datetime.datetime:
        if next(turns) == 0:
            raise RuntimeError("no time")
        return NOW

    live.ready.set()
    task = asyncio.create_task(
        sweep_for_ever(live, site.graph.services.keyring, 0, failing_first, passes.put_nowait)
    )
    async with asyncio.timeout(30):
        found = [await passes.get() for _ in range(3)]
    await stopped(task)
    assert [item.total for item in found][-1] == {}
    assert sum((item.total for item in found), Counter()) == {Swept.OVERDUE: 2}


async def test_served(url: str, site: Site, tmp_path: Path) -> None:
    """A server sweeps by itself, and its metrics say so; whether it is ready is another matter."""
    await late(site.desk, 2)
    live = Live(Database(url, size=3), engine(url), refresh_seconds=60)
    app = create_app(live, services_of(tmp_path / "served", sweep_seconds=0.01), now)
    overdue = 'onegrid_issues_swept_total{kind="overdue"} 2.0'
    async with app.router.lifespan_context(app), asyncio.timeout(30):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://onegrid") as http:
            while overdue not in (text := (await http.get("/metrics")).text):
                await marks(site.desk)  # lets the server have its turn
            assert (await http.get("/readyz")).json() == {"ready": True}
    (ended,) = re.findall(r"^onegrid_last_sweep_timestamp_seconds (\S+)$", text, re.MULTILINE)
    assert float(ended) == NOW.timestamp()
    await assert_once(site.desk, 2)


def test_metrics() -> None:
    """What passes did is counted by kind, what failed together, and the last one's end is kept."""
    metrics = Metrics()
    metrics.observe_sweep(
        Pass({"990100": Counter({Swept.OVERDUE: 2, Swept.RESUMED: 1})}, 3, ["990200"], NOW)
    )
    metrics.observe_sweep(Pass({"990200": Counter({Swept.OVERDUE: 5})}, ended_at=NOW + HOUR))
    assert counted(metrics) == {
        "issues_swept_total{kind=overdue}": 7,
        "issues_swept_total{kind=resumed}": 1,
        "sweep_failures_total{}": 4,
        "last_sweep_timestamp_seconds{}": (NOW + HOUR).timestamp(),
    }


@pytest.mark.soak
async def test_command(url: str, site: Site, tmp_path: Path) -> None:
    """`onegrid sweep` is one pass: it says what it did, and that there is nothing to do."""
    await late(site.desk, 3)
    keys = site.graph.services.keyring.path
    settings = {"database_url": url, "personal_keys": keys}
    first = await asyncio.to_thread(onegrid, "sweep", cwd=tmp_path, **settings)
    second = await asyncio.to_thread(onegrid, "sweep", cwd=tmp_path, **settings)
    assert (first.code, first.out.splitlines()[-1]) == (0, "990100: 3 overdue")
    assert (second.code, second.out.splitlines()[-1]) == (0, "Nothing was due.")
    await assert_once(site.desk, 3)


async def test_command_that_fails(url: str, site: Site, tmp_path: Path) -> None:
    """A city that could not be swept ends the command with 1, and is named."""
    await late(site.desk, 3)
    await site.desk.sql(f"ALTER TABLE event ADD CONSTRAINT broken CHECK (tenant_id <> {ID})")
    keys = site.graph.services.keyring.path
    done = await asyncio.to_thread(
        onegrid, "sweep", cwd=tmp_path, database_url=url, personal_keys=keys
    )
    assert done.code == 1
    assert done.err.splitlines()[-1] == "0 issues failed; cities not swept: 990100."


@pytest.mark.soak
async def test_killed_and_several_at_once(url: str, site: Site, tmp_path: Path) -> None:
    """Whenever a process is killed, nothing is half done; two others finish it, each issue once."""
    count = 1200
    await late(site.desk, count)
    keys = site.graph.services.keyring.path
    settings: dict[str, Any] = {"database_url": url, "personal_keys": keys}
    for done in (1, 400):
        process = start("sweep", cwd=tmp_path, **settings)
        async with asyncio.timeout(60):
            while len(await site.desk.sql("SELECT seq FROM event")) < done:
                if process.poll() is not None:
                    break
        process.kill()
        process.communicate()
        marked = await site.desk.sql(
            "SELECT count(*) FILTER (WHERE marked = 'OVERDUE' AND revision = 2),"
            " count(*) FILTER (WHERE marked IS NULL AND revision = 1),"
            " (SELECT count(*) FROM event), (SELECT max(seq) FROM event) FROM issue"
        )
        ((settled, left, events, newest),) = marked
        assert settled + left == count
        assert settled == events == newest
    both = [start("sweep", cwd=tmp_path, **settings) for _ in range(2)]
    for process in both:
        said, _ = await asyncio.to_thread(process.communicate)
        assert process.returncode == 0, said
    # rows that a killed process still held then are swept now
    await swept(site)
    await assert_once(site.desk, count)
