"""What is counted of issues is what a recount gives, whatever happens, and is mended where not."""

import asyncio
import random
import re
import uuid
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from schema.database import engine
from schema.fetching import fetching_directly
from schema.issue_rollups import ISSUES
from schema.migrate import migrate
from schema.recount import rebuild
from schema.rollups import SOURCES
from server.prepare import apply_tenants
from tenants.definition import City, Definition
from tests.conftest import NewDatabase, database_at, run_sql
from tests.rollups import differences
from tests.schema.issues.desk import EVERYTHING, Desk, desk_at, invented
from tests.schema.issues.ledger import OTHER, TENANTS, drawn
from tests.schema.issues.restless import Restless, restless_in_a_process
from tests.schema.organizations.town import ID
from tests.server.processes import onegrid

CELLS = ("issue_total", "issue_month", "issue_organization", "issue_place")
COUNTERS = (
    "reported, resolved, handled, handled_seconds, rated, solved, satisfied, ended, on_time,"
    " overdue"
)


async def sums(desk: Desk) -> list[tuple[Any, ...]]:
    """The sums of every counter over all cells, one tuple for each table."""
    added = ", ".join(f"sum({name})" for name in COUNTERS.split(", "))
    return [(await desk.sql(f"SELECT {added} FROM {table}"))[0] for table in CELLS]


@pytest.mark.parametrize(
    "seed", [*range(4), *(pytest.param(n, marks=pytest.mark.soak) for n in range(4, 40))]
)
async def test_random_walks(desk: Desk, seed: int) -> None:
    """After any history the cells are those of a recount, and every table has the same sums."""
    somebody = Restless(desk, random.Random(seed))
    while somebody.changed < 150:
        await somebody.change()
    assert await differences(desk.town.url, [ISSUES]) == []
    first, *others = await sums(desk)
    assert all(found == first for found in others)
    ((count,),) = await desk.sql("SELECT count(*) FROM issue")
    assert first[0] == count
    assert min(first[:4]) > 0, first


@pytest.mark.soak
async def test_recounting_meanwhile_changes_nothing(
    new_database: NewDatabase, tmp_path: Path
) -> None:
    """Cells are right where they are counted anew again and again while several write."""
    url = await new_database(invented(EVERYTHING))
    desks = [desk_at(url, tmp_path / f"{n}.json") for n in range(3)]
    async with desks[0] as one, desks[1] as two, desks[2] as three:
        writing = asyncio.gather(*(_written(desk, n) for n, desk in enumerate((one, two))))
        while not writing.done():
            async with three.owner.transaction():
                await rebuild(fetching_directly(three.owner), SOURCES, ID)
        await writing
    assert await differences(url, [ISSUES]) == []


async def _written(desk: Desk, seed: int) -> None:
    somebody = Restless(desk, random.Random(seed))
    while somebody.changed < 60:
        await somebody.change()
    assert somebody.deadlocks == 0


@pytest.mark.soak
@pytest.mark.timeout(1200)
async def test_many_at_once(new_database: NewDatabase, tmp_path: Path) -> None:
    """After 20,000 changes by chance from four processes at once cells equal the recount."""
    url = await new_database(invented(EVERYTHING))
    async with desk_at(url, tmp_path / "keys.json") as desk:
        for _ in range(30):
            await desk.put()
    context = get_context("spawn")
    processes = [
        context.Process(
            target=restless_in_a_process, args=(url, str(tmp_path / "keys.json"), seed, 5000)
        )
        for seed in range(4)
    ]
    for process in processes:
        process.start()
    for process in processes:
        await asyncio.to_thread(process.join)
    assert [process.exitcode for process in processes] == [0, 0, 0, 0]
    assert await differences(url, [ISSUES]) == []


def _relevelled(definition: Definition) -> Definition:
    """The city whose grids are called otherwise, and whose stations compare with another rung."""
    tenant = definition.tenant
    assert isinstance(tenant, City)
    body = tenant.model_dump(mode="json", by_alias=True)
    for level in body["levels"]:
        if level["key"] == "grid":
            level |= {"key": "cell", "formerly": ["grid"]}
    for item in body["organizations"]:
        if item["level"] == "grid":
            item["level"] = "cell"
    return Definition(City.model_validate(body), ())


async def test_levels_with_a_new_key(new_database: NewDatabase, tmp_path: Path) -> None:
    """Where levels are renamed, issues are counted at the new ones, and nothing is lost."""
    tenants = invented(EVERYTHING)
    url = await new_database(tenants)
    async with desk_at(url, tmp_path / "keys.json") as desk:
        somebody = Restless(desk, random.Random(5))
        while somebody.changed < 40:
            await somebody.change()
        before = await sums(desk)
        await apply_tenants(url, (tenants[0], _relevelled(tenants[1])))
        assert await sums(desk) == before
        levels = await desk.sql("SELECT DISTINCT level FROM issue_total WHERE reported > 0")
        assert ("cell",) in levels
        assert ("grid",) not in levels
    assert await differences(url, [ISSUES]) == []


async def test_command(new_database: NewDatabase, tmp_path: Path) -> None:
    """A differing counter is named by key with both values and code 1, until it is rebuilt."""
    url = await new_database(invented(EVERYTHING))
    async with desk_at(url, tmp_path / "keys.json") as desk:
        for _ in range(3):
            await desk.put()
        assert await _ran(url, tmp_path, "check") == (
            0,
            ["N cells of 2 tenants; no difference."],
            [],
        )
        await desk.sql("UPDATE issue_total SET reported = 7, overdue = 1")
        await desk.sql("DELETE FROM issue_month")
        place = (await desk.sql("SELECT organization_id FROM issue_place"))[0][0]
        await desk.sql("INSERT INTO issue_organization SELECT 2, 0, 0, 0, 0, 0, 0, 0, 0, 0,"
                       f" {ID}, organization_id, 'CLOSED' FROM issue_place")  # fmt: skip
    month = "month=2026-03-01 level=grid service=S-0 phase=REPORTED severity=ORDINARY channel=WEB"
    lines = [
        f"{ID} issue_total [level=grid service=S-0 phase=REPORTED] reported: kept 7, recounted 3",
        f"{ID} issue_total [level=grid service=S-0 phase=REPORTED] overdue: kept 1, recounted 0",
        f"{ID} issue_month [{month}] reported: kept 0, recounted 3",
        f"{ID} issue_organization [organization_id={place} phase=CLOSED] reported: kept 2, "
        "recounted 0",
    ]
    said = ["N cells of 2 tenants; differences: 4."]
    assert await _ran(url, tmp_path, "check") == (1, lines, said)
    assert await _ran(url, tmp_path, "check", "--city", "nowhere") == (
        0,
        ["N cells of 1 tenants; no difference."],
        [],
    )
    done = ["N cells of 1 tenants counted anew."]
    assert await _ran(url, tmp_path, "rebuild", "--city", "invented") == (0, done, [])
    assert await _ran(url, tmp_path, "check", "--city", f"{ID}") == (
        0,
        ["N cells of 1 tenants; no difference."],
        [],
    )
    unknown = ["--city atlantis: no tenant has this code or slug"]
    assert await _ran(url, tmp_path, "check", "--city", "atlantis") == (2, [], unknown)


async def _ran(url: str, folder: Path, *words: str) -> tuple[int, list[str], list[str]]:
    """Code and lines of a command, without the bar and how many cells there are of other rows."""
    done = await asyncio.to_thread(onegrid, "statistics", *words, cwd=folder, database_url=url)
    said = [re.sub(r"^\d+ cells", "N cells", line) for line in done.err.splitlines()]
    lines = [re.sub(r"^\d+ cells", "N cells", line) for line in done.out.splitlines()]
    return done.code, lines, [line for line in said if "━" not in line]


async def test_issues_of_an_earlier_version_are_counted(
    server_url: str, new_database: NewDatabase
) -> None:
    """A database that has issues is migrated with their numbers."""
    name = f"old_{uuid.uuid4().hex}"
    await run_sql(server_url, f"CREATE DATABASE {name}")
    url = database_at(server_url, name)
    writer = engine(url)
    await migrate(writer, "0005")
    await _copied(await new_database(TENANTS), url)
    await migrate(writer)
    await writer.dispose()
    assert await differences(url, [ISSUES]) == []
    connection: Any = await asyncpg.connect(url)
    assert await connection.fetchval("SELECT sum(reported) FROM issue_place") == 200
    await connection.close()
    await run_sql(server_url, f"DROP DATABASE {name} WITH (FORCE)")


async def _copied(source: str, target: str) -> None:
    """Put tenants, workflows and organizations of a database into another, and issues beside."""
    old: Any = await asyncpg.connect(target)
    new: Any = await asyncpg.connect(source)
    try:
        for table in ("tenant", "workflow_version", "organization"):
            rows = await new.fetch(f"SELECT * FROM {table}")
            async with old.transaction():
                await _inserted(old, table, [dict(row) for row in rows])
            if table == "organization":
                places = {
                    tenant: [(row["id"], row["code"]) for row in rows if row["tenant_id"] == tenant]
                    for tenant in (ID, OTHER)
                }
        await _inserted(old, "issue", drawn(random.Random(9), 200, places))
    finally:
        await old.close()
        await new.close()


async def _inserted(connection: Any, table: str, rows: list[dict[str, Any]]) -> None:
    names = list(rows[0])
    marks = ", ".join(f"${at}" for at in range(1, len(names) + 1))
    statement = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})"
    await connection.executemany(statement, [tuple(row.values()) for row in rows])
