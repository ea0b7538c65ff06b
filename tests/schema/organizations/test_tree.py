"""The tree held still while it is changed: against changes, applied files and appointments."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest

from schema.context import StaleRegistryError
from schema.database import Database, engine
from schema.definitions.actions import apply
from schema.errors import CodedError, ErrorCode
from schema.organizations.dissolve import Dissolve
from schema.organizations.establish import Establish, New
from schema.organizations.move import Move
from schema.organizations.outcome import Changed
from schema.organizations.tree import TREE_LOCK
from schema.refusals import Refused
from tenants.definition import City, Definition
from tenants.roles import Role
from tests.conftest import NOW, TODAY
from tests.rollups import recounted
from tests.schema.organizations.town import (
    CITY,
    ID,
    LEVELS,
    PROVINCE_ID,
    Town,
    actor,
    spelled,
    town_at,
)

# the hierarchy of the town without stations under streets
CHANGED = Definition(
    City.model_validate(
        CITY.content
        | {
            "levels": [
                level.model_dump() | ({"under": ["street"]} if level.key == "station" else {})
                for level in LEVELS
            ]
        }
    ),
    (),
)


@asynccontextmanager
async def holding(town: Town, *statements: str) -> AsyncIterator[Any]:
    """The owner's transaction that ran the statements and has not ended."""
    connection: Any = await asyncpg.connect(town.url)
    try:
        async with connection.transaction():
            for statement in statements:
                await connection.execute(statement)
            yield connection
    finally:
        await connection.close()


async def waits(town: Town) -> None:
    """Return when a statement of the application waits for a lock."""
    while not await town.sql(
        "SELECT 1 FROM pg_stat_activity, pg_sleep(0.01) WHERE datname = current_database()"
        " AND wait_event_type = 'Lock' AND application_name = 'onegrid'"
    ):
        pass


async def test_a_newer_definition_is_noticed(town: Town) -> None:
    """A change with a definition that is not in force (any more) ends before it writes."""
    before = await town.everything()
    old = Definition(town.definition.tenant, (), town.definition.version - 1)
    with pytest.raises(StaleRegistryError):
        await town.do(Move("AA1", "BB"), definition=old)
    assert await town.everything() == before


async def test_a_change_waits_for_applied_files(town: Town) -> None:
    """While a changed hierarchy is being applied a change waits, and then is not carried out."""
    owner = engine(town.url)
    async with owner.begin() as connection:
        (plan,) = await apply(connection, (CHANGED,), NOW)
        assert plan.is_change
        station = Establish(New(spelled("社区便民站")), "station", "AA1-1")
        change = asyncio.create_task(town.do(station))
        await waits(town)
    with pytest.raises(StaleRegistryError):
        await change
    await owner.dispose()
    async with town_at(town.url, town.keyring.path) as fresh:
        refused = await fresh.do(station)
    assert isinstance(refused, Refused)
    assert [reason.code for reason in refused.refusals] == ["PARENT_NOT_ALLOWED"]


async def test_applied_files_wait_for_a_change(town: Town) -> None:
    """While a tree is being changed no file is applied to it."""
    async with holding(town, "LOCK TABLE organization IN ROW EXCLUSIVE MODE") as change:
        owner = engine(town.url)

        async def applying() -> None:
            async with owner.begin() as connection:
                await apply(connection, (CHANGED,), NOW)

        task = asyncio.create_task(applying())
        found = "SELECT 1 FROM pg_locks, pg_sleep(0.01) WHERE NOT granted"
        while not await change.fetch(found):
            pass
        assert not task.done()
    await task
    await owner.dispose()


async def test_a_change_waits_its_turn_for_a_time(town: Town) -> None:
    """Where another change takes too long, the answer is a coded error, and nothing is written."""
    before = await town.everything()
    async with holding(town, f"SELECT pg_advisory_xact_lock({TREE_LOCK}, {ID})"):
        hasty = Database(town.url, size=1, statement_timeout=0.2)
        await hasty.open()
        town.database, patient = hasty, town.database
        with pytest.raises(CodedError) as late:
            await town.do(Move("AA1", "BB"))
        town.database = patient
        await hasty.close()
    assert late.value.code == ErrorCode.DEADLINE_EXCEEDED
    assert await town.everything() == before


async def test_other_tenants_do_not_wait(town: Town) -> None:
    """One change at a time is per tenant: the province's bodies change meanwhile."""
    async with (
        holding(town, f"SELECT pg_advisory_xact_lock({TREE_LOCK}, {ID})"),
        town_at(town.url, town.keyring.path, tenant_id=PROVINCE_ID) as province,
    ):
        body = Establish(New(spelled("省直机关工委")), "provincial_body", "990000")
        admin = actor(Role.PROVINCE_ADMIN, tenant_id=PROVINCE_ID)
        assert isinstance(await province.do(body, actor=admin), Changed)


async def test_whoever_was_just_appointed_is_relieved_too(town: Town) -> None:
    """A dissolution waits for an appointment there that holds the row, and ends that post."""
    await town.appoint("AA1-1-G2", NOW.date().replace(day=1))
    async with holding(
        town,
        f"SELECT 1 FROM organization WHERE tenant_id = {ID} AND code = 'AA1-1-G1' FOR SHARE",
        "INSERT INTO post SELECT p.tenant_id, gen_random_uuid(), person_id, o.id, kind,"
        " p.valid_from, p.valid_to, p.data_kind FROM post p, organization o"
        f" WHERE o.tenant_id = {ID} AND o.code = 'AA1-1-G1'",
    ):
        ending = asyncio.create_task(town.do(Dissolve("AA1-1-G1")))
        await waits(town)
    assert isinstance(await ending, Changed)
    await recounted(town.url)  # the appointment was none that counts
    assert [(code, until) for code, _, until in await town.posts()] == [
        ("AA1-1-G1", TODAY),
        ("AA1-1-G2", None),
    ]


async def test_a_child_cannot_slip_under_what_is_being_dissolved(town: Town) -> None:
    """Of a dissolution and a move into it at the same time one comes first, and stops the other."""
    for code in ("AA1-1-G1", "AA1-1-G2"):
        await town.do(Dissolve(code))
    results = await asyncio.gather(town.do(Dissolve("AA1-1")), town.do(Move("BB1-1-G1", "AA1-1")))
    refused = [result for result in results if isinstance(result, Refused)]
    assert len(refused) == 1
    assert await town.faults() == []


async def test_many_at_once_get_codes_of_their_own(town: Town) -> None:
    """Numbers are given out one after another, whoever asks at the same time."""
    names = [f"并发{number}" for number in range(12)]
    done = await asyncio.gather(
        *(town.do(Establish(New(spelled(name)), "grid", "AA1-1")) for name in names)
    )
    codes = [result.changes[0].code for result in done if isinstance(result, Changed)]
    assert sorted(codes) == [f"AA1-1-{number:02d}" for number in range(1, 13)]
