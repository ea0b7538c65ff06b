"""Loading, twice, interrupted, and after a change."""

import datetime
from pathlib import Path
from typing import Any

import asyncpg

from schema.organizations.dissolve import Dissolve
from schema.organizations.move import Move
from seeds.load import load
from seeds.parts import pending
from server.prepare import apply_tenants
from tenants.definition import Definition
from tests.conftest import NOW, TODAY, NewDatabase, load_all
from tests.schema.organizations.town import CITY, PROVINCE, declared, town_at


def yinchuan(shipped: tuple[Definition, ...]) -> tuple[Definition, ...]:
    """宁夏 and its one city, the smallest tree."""
    return tuple(item for item in shipped if item.tenant.slug in ("ningxia", "yinchuan"))


async def counts(url: str) -> dict[str, int]:
    """Rows of each table that is loaded."""
    connection: Any = await asyncpg.connect(url)
    try:
        tables = ("organization", "succession", "organization_name", "figure", "load")
        return {t: await connection.fetchval(f"SELECT count(*) FROM {t}") for t in tables}
    finally:
        await connection.close()


async def test_a_second_load_has_nothing_to_do(
    new_database: NewDatabase, shipped: tuple[Definition, ...]
) -> None:
    """What is loaded is not loaded again."""
    url = await new_database()
    await load_all(url, yinchuan(shipped))
    before = await counts(url)
    connection: Any = await asyncpg.connect(url)
    try:
        assert await pending(connection, yinchuan(shipped), sample=False) == []
        done = [part async for part in load(connection, yinchuan(shipped), NOW)]
    finally:
        await connection.close()
    assert (done, await counts(url)) == ([], before)


async def test_an_interrupted_load_is_completed(
    new_database: NewDatabase, shipped: tuple[Definition, ...]
) -> None:
    """A load that stops between parts goes on with the rest; the outcome is the same."""
    whole, broken = await new_database(), await new_database()
    await load_all(whole, yinchuan(shipped))
    await apply_tenants(broken, yinchuan(shipped))
    connection: Any = await asyncpg.connect(broken)
    try:
        steps = load(connection, yinchuan(shipped), NOW)
        assert await anext(steps) == (1, 4, "宁夏回族自治区 organizations")
        await steps.aclose()  # type: ignore[attr-defined]
        assert len(await pending(connection, yinchuan(shipped), sample=False)) == 3
    finally:
        await connection.close()
    await load_all(broken, yinchuan(shipped))
    assert await counts(broken) == await counts(whole)


async def test_a_part_is_loaded_whole_or_not_at_all(
    new_database: NewDatabase, shipped: tuple[Definition, ...]
) -> None:
    """A connection lost within a part leaves nothing of it."""
    url = await new_database()
    await apply_tenants(url, yinchuan(shipped))
    before = await counts(url)
    connection: Any = await asyncpg.connect(url)
    transaction = connection.transaction()
    await transaction.start()
    await anext(load(connection, yinchuan(shipped), NOW))
    connection.terminate()
    assert await counts(url) == before


async def test_what_people_changed_is_not_overwritten(
    new_database: NewDatabase, shipped: tuple[Definition, ...]
) -> None:
    """A changed file adds what is new, and leaves existing rows as people left them."""
    url = await new_database()
    await load_all(url, yinchuan(shipped))
    connection: Any = await asyncpg.connect(url)
    try:
        await connection.execute(
            "UPDATE organization SET name = '改过的名字' WHERE code = '640106'"
        )
        await connection.execute("UPDATE load SET content_hash = 'another'")
        await load_all(url, yinchuan(shipped))
        name = await connection.fetchval("SELECT name FROM organization WHERE code = '640106'")
    finally:
        await connection.close()
    assert name == "改过的名字"


async def test_what_is_added_stands_where_people_moved_its_parent(
    new_database: NewDatabase, tmp_path: Path
) -> None:
    """New organizations below moved and dissolved ones keep the tree sound."""
    url = await new_database((PROVINCE, CITY))
    async with town_at(url, tmp_path / "keys.json") as town:
        await town.do(Move("AA1-1", "BB1"))
        await town.do(Dissolve("AA1-2", ("BB1-1",)))
        since = {"valid_from": datetime.date(2026, 3, 20)}
        added = [
            declared("AA1-1-N", "新网格", "grid", "AA1-1"),
            declared("AA1-2-N", "新网格", "grid", "AA1-2"),
            declared("AA1-2-M", "又一网格", "grid", "AA1-2", **since),
        ]
        more = CITY.tenant.model_copy(
            update={"organizations": [*CITY.tenant.organizations, *added]}
        )
        await load_all(url, (PROVINCE, Definition(more, ())))
        rows = {item.code: await town.row(item.code) for item in added}
        assert [(row["path"], row["valid_from"], row["valid_to"]) for row in rows.values()] == [
            ("/990100/BB/BB1/AA1-1/AA1-1-N/", None, None),
            ("/990100/AA/AA1/AA1-2/AA1-2-N/", None, TODAY),
            ("/990100/AA/AA1/AA1-2/AA1-2-M/", None, TODAY),
        ]
        assert await town.faults() == []
