"""Trees under many random changes, one after another and at once: always one sound tree."""

import asyncio
import json
import sys
from collections import Counter
from pathlib import Path

import pytest

from schema.loaders.organization_count import CountArguments, OrganizationDescendantCount
from schema.refusals import Refused
from schema.scope import Login, Scope
from tenants.definition import Definition
from tests.conftest import NewDatabase, load_all
from tests.schema.organizations.chances import Chances, change, living
from tests.schema.organizations.town import CITY, PROVINCE, Town, counts, town_at

FUSHUN = 210400
PROCESSES = 4
CHANGES = 1_000


async def recounted(town: Town) -> tuple[Counter[str], Counter[str]]:
    """How many organizations stand below each: as the API counts, and from parents alone."""
    tenant_id = town.definition.tenant_id
    rows = await town.sql(
        "SELECT o.code, p.code, o.valid_from, o.valid_to, o.path FROM organization o"
        " LEFT JOIN organization p ON p.tenant_id = o.tenant_id AND p.id = o.parent_id"
        " WHERE o.tenant_id = $1",
        tenant_id,
    )
    scope = Scope(frozenset({tenant_id}), Login.CITY)
    arguments = CountArguments(None, town.today)
    async with town.database.snapshot(scope) as snapshot:
        keys = [(tenant_id, row[4]) for row in rows]
        totals = await OrganizationDescendantCount.batch(snapshot, scope, keys, arguments, ())
    shown = Counter({row[0]: total for row, total in zip(rows, totals, strict=True) if total})
    return shown, counts([row[:4] for row in rows], town.today)


async def check(town: Town, changes: int) -> None:
    """One tree, no cycle, no orphan; paths and counts equal a recount; no event is missing."""
    assert await town.faults() == []
    shown, recount = await recounted(town)
    assert shown == recount
    tops = await town.sql(
        "SELECT count(*) FROM organization WHERE tenant_id = $1 AND parent_id IS NULL"
        " AND (valid_to IS NULL OR valid_to > $2)",
        town.definition.tenant_id,
        town.today,
    )
    assert tops == [(1,)]
    numbers = [row[0] for row in await town.events()]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) >= changes


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.soak)])
async def test_every_change_leaves_a_sound_tree(
    new_database: NewDatabase, tmp_path: Path, seed: int
) -> None:
    """After each of many random changes the tree is sound, and each refusal left it as it was."""
    url = await new_database((PROVINCE, CITY))
    async with town_at(url, tmp_path / "keys.json") as town:
        chances = Chances(seed, town.definition)
        carried_out = 0
        for _ in range(60):
            chances.see(await living(town))
            before = await town.everything()
            outcome = await town.do(chances.action())
            if isinstance(outcome, Refused):
                assert await town.everything() == before
            else:
                carried_out += 1
                assert await town.faults() == []
        assert carried_out > 15
        await check(town, carried_out)


async def test_changes_at_once_leave_a_sound_tree(
    new_database: NewDatabase, tmp_path: Path
) -> None:
    """Three writers change one small tree at the same time, on stale views of it."""
    url = await new_database((PROVINCE, CITY))
    async with town_at(url, tmp_path / "keys.json") as town:
        writers = [change(town, seed, 20) for seed in (11, 12, 13)]
        outcomes = sum(await asyncio.gather(*writers), Counter[str]())
        await check(town, 60)
    assert outcomes["Move"] > 10


@pytest.mark.soak
@pytest.mark.timeout(1200)
async def test_a_thousand_changes_from_four_processes(
    new_database: NewDatabase, shipped: tuple[Definition, ...], tmp_path: Path
) -> None:
    """A real city's tree is sound after a thousand random changes from several processes."""
    url = await new_database()
    own = tuple(item for item in shipped if item.tenant.slug in ("liaoning", "fushun"))
    await load_all(url, own)
    each = str(CHANGES // PROCESSES)
    keys = tmp_path / "keys.json"
    async with town_at(url, keys, tenant_id=FUSHUN) as town:
        module = "tests.schema.organizations.chances"
        processes = [
            await asyncio.create_subprocess_exec(
                sys.executable, "-m", module, url, str(keys), str(FUSHUN), str(seed), each,
                stdout=asyncio.subprocess.PIPE,
            )
            for seed in range(PROCESSES)
        ]  # fmt: skip
        answers = [(await process.communicate())[0] for process in processes]
        assert [process.returncode for process in processes] == [0] * PROCESSES
        outcomes = sum((Counter(json.loads(answer)) for answer in answers), Counter[str]())
        await check(town, CHANGES)
    kinds = ("Move", "Merge", "Dissolve", "Establish", "Rename")
    assert sum(outcomes[kind] for kind in kinds) == CHANGES
    assert all(outcomes[kind] for kind in kinds)
