"""Planning and applying changed tenant files on live data."""

import asyncio
import shutil
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from schema.database import engine
from schema.definitions.actions import LossError, apply
from seeds.divisions import divisions_of, load_divisions
from server.prepare import apply_tenants, plan_tenants
from tenants.definition import Definition
from tenants.files import SHIPPED, load_tenants
from tests.conftest import NOW, Graph, NewDatabase, load_all, opened


def tenants_with(folder: Path, city: Path) -> tuple[Definition, ...]:
    """辽宁 and one city's file."""
    for kind in ("provinces", "cities"):
        (folder / kind).mkdir(exist_ok=True)
    shutil.copy(SHIPPED / "provinces" / "liaoning.yaml", folder / "provinces")
    shutil.copy(city, folder / "cities" / "city.yaml")
    return load_tenants([folder])


async def rows(url: str, table: str) -> list[Any]:
    """A whole table, in order."""
    connection: Any = await asyncpg.connect(url)
    try:
        return [
            tuple(row) for row in await connection.fetch(f"SELECT * FROM {table} ORDER BY 1, 2")
        ]
    finally:
        await connection.close()


TREE = """query ($after: String) { city(code: "fushun") { depth levels { key name }
  definition { version }
  organizations(first: 100, after: $after) { totalCount pageInfo { hasNextPage endCursor }
    nodes { id code name level { key name } parent { code } } } } }"""


async def whole_tree(graph: Graph) -> tuple[Any, dict[str, Any]]:
    """The city without its organizations, and its organizations by code."""
    found: dict[str, Any] = {}
    after = None
    while True:
        city = (await graph.data(TREE, after=after))["city"]
        page = city.pop("organizations")
        found |= {node["code"]: node for node in page["nodes"]}
        if not page["pageInfo"]["hasNextPage"]:
            assert len(found) == page["totalCount"]
            return city, found
        after = page["pageInfo"]["endCursor"]


async def test_fushun_goes_from_four_levels_to_five_with_every_organization(
    new_database: NewDatabase, tmp_path: Path
) -> None:
    """The five-level file is planned and applied over the live four-level tree; none is lost."""
    url = await new_database()
    four = tenants_with(tmp_path, SHIPPED / "examples" / "fushun-four-levels.yaml")
    await load_all(url, four)
    five = tenants_with(tmp_path, SHIPPED / "cities" / "fushun.yaml")
    async with opened(url) as graph:
        city, before = await whole_tree(graph)
        assert (city["depth"], city["definition"]["version"]) == (4, 1)
        assert len(before) > 2000

        plans = {item.definition.tenant.slug: item for item in await plan_tenants(url, five)}
        assert not plans["liaoning"].is_change
        assert plans["fushun"].losses == ()
        assert "~ levels.community.name: 社区党委 → 社区大党委" in plans["fushun"].changes
        assert "~ levels.building.name: 楼栋党小组 → 楼道党小组" in plans["fushun"].changes
        assert "+ levels.station.key = station" in plans["fushun"].changes
        assert (await whole_tree(graph))[0] == city, "a plan changes nothing"

        await apply_tenants(url, five)
        await graph.live.refresh()
        city, after = await whole_tree(graph)
        assert (city["depth"], city["definition"]["version"]) == (5, 2)
        assert {code: node["id"] for code, node in after.items()} == {
            code: node["id"] for code, node in before.items()
        }
        assert after["210411002"]["level"] == {"key": "street", "name": "街道党工委"}
        names = {level["key"]: level["name"] for level in city["levels"]}
        assert {node["level"]["name"] for node in after.values()} <= set(names.values())

        await load_all(url, five)
        _, loaded = await whole_tree(graph)
    assert after.items() <= loaded.items()
    stations = [node for node in loaded.values() if node["level"]["key"] == "station"]
    assert len(stations) == len(loaded) - len(after) == 1194
    assert [row[1] for row in await rows(url, "tenant_version") if row[0] == 210400] == [1, 2]


async def test_changes_that_would_lose_data_are_refused(
    new_database: NewDatabase, shipped: tuple[Definition, ...]
) -> None:
    """A level in use removed, a child without an allowed parent: counted, named, nothing done."""
    url = await new_database()
    fushun = tuple(item for item in shipped if item.tenant.slug in ("liaoning", "fushun"))
    await load_all(url, fushun)
    before = [await rows(url, table) for table in ("tenant", "tenant_version", "organization")]
    for changed, reasons in _losing(fushun[-1]):
        with pytest.raises(LossError) as refused:
            await apply_tenants(url, (fushun[0], changed))
        losses = refused.value.plans[0].losses
        assert [(loss.reason, loss.count) for loss in losses] == reasons
        assert all(0 < len(loss.first) <= 5 for loss in losses)
        after = [await rows(url, table) for table in ("tenant", "tenant_version", "organization")]
        assert after == before


def _losing(city: Definition) -> list[tuple[Definition, list[tuple[str, int]]]]:
    levels = city.tenant.levels
    own = divisions_of(city.tenant, load_divisions())
    villages = [item for item in own if len(item.code) == 12 and item.code[9] in "235"]
    in_streets = sum(item.code[6] in "04" for item in villages)
    without_station = [level for level in levels if level.key != "station"]
    generated = [item for item in city.tenant.generated if item.level != "station"]
    strict_villages = [
        level.model_copy(update={"under": ["township"]}) if level.key == "village" else level
        for level in levels
    ]
    top_counties = [
        level.model_copy(update={"under": []}) if level.key == "county" else level
        for level in levels
    ]
    return [
        (
            _with(city, levels=without_station, generated=generated),
            [("level 'station' is in use, but no longer declared (or `formerly`)", 1194)],
        ),
        (
            _with(city, levels=strict_villages),
            [
                (
                    "level 'village' stands under 'street', but may stand only under township",
                    in_streets,
                )
            ],
        ),
        (
            _with(city, levels=top_counties),
            [("level 'county' stands under 'city', but may stand only under (the top)", 7)],
        ),
    ]


def _with(city: Definition, **changes: Any) -> Definition:
    return Definition(city.tenant.model_copy(update=changes), city.values)


async def test_a_renamed_level_takes_its_organizations_along(
    new_database: NewDatabase, shipped: tuple[Definition, ...]
) -> None:
    """A level that says what it was `formerly` keeps the organizations, and may change rung."""
    url = await new_database()
    fushun = tuple(item for item in shipped if item.tenant.slug in ("liaoning", "fushun"))
    await load_all(url, fushun)
    levels = [
        level.model_copy(update={"key": "home", "formerly": ["station"], "rung": None})
        if level.key == "station"
        else level
        for level in fushun[-1].tenant.levels
    ]
    generated = [
        item.model_copy(update={"level": "home"}) if item.level == "station" else item
        for item in fushun[-1].tenant.generated
    ]
    changed = _with(fushun[-1], levels=levels, generated=generated)
    plan = (await plan_tenants(url, (changed,)))[0]
    assert (plan.moved, plan.regraded, plan.losses) == (
        {("station", "home"): 1194},
        {"home": 1194},
        (),
    )
    async with opened(url) as graph:
        await apply_tenants(url, (changed,))
        query = """{ city(code: "fushun") {
          organizations(level: "home", first: 1) { totalCount nodes { level { key rung } } } } }"""
        await graph.live.refresh()
        found = await graph.data(query)
    assert found["city"]["organizations"] == {
        "totalCount": 1194,
        "nodes": [{"level": {"key": "home", "rung": None}}],
    }


async def test_a_query_meets_a_level_that_was_applied_a_moment_ago(
    new_database: NewDatabase, shipped: tuple[Definition, ...]
) -> None:
    """A row of a level newer than the server's registry makes it read the tenants and try again."""
    url = await new_database()
    fushun = tuple(item for item in shipped if item.tenant.slug in ("liaoning", "fushun"))
    await load_all(url, fushun)
    async with opened(url) as graph:
        levels = [
            level.model_copy(update={"key": "home", "formerly": ["station"]})
            if level.key == "station"
            else level
            for level in fushun[-1].tenant.levels
        ]
        await apply_tenants(url, (_with(fushun[-1], levels=levels, generated=[]),))
        found = await graph.data(
            """{ city(code: "fushun") { organizations(rung: STATION, first: 1) {
              nodes { level { key } } } } }"""
        )
    assert found["city"]["organizations"]["nodes"] == [{"level": {"key": "home"}}]


async def test_workflows_have_versions_of_their_own(
    new_database: NewDatabase, shipped: tuple[Definition, ...]
) -> None:
    """Only a workflow whose content changed gets a new version; the old one is kept."""
    url = await new_database()
    fushun = tuple(item for item in shipped if item.tenant.slug in ("liaoning", "fushun"))
    await apply_tenants(url, fushun)
    workflows = [
        workflow.model_copy(update={"name": "改名流程"}) if workflow.key == "app" else workflow
        for workflow in fushun[-1].tenant.workflows
    ]
    async with opened(url) as graph:
        await apply_tenants(url, (_with(fushun[-1], workflows=workflows),))
        await graph.live.refresh()
        found = await graph.data('{ city(code: "fushun") { workflows { key version } } }')
    versions = {item["key"]: item["version"] for item in found["city"]["workflows"]}
    assert versions == {"standard": 1, "agency": 1, "app": 2}
    kept = [(row[1], row[2]) for row in await rows(url, "workflow_version") if row[0] == 210400]
    assert sorted(kept) == [("agency", 1), ("app", 1), ("app", 2), ("standard", 1)]


async def test_applying_twice_changes_nothing(
    new_database: NewDatabase, shipped: tuple[Definition, ...]
) -> None:
    """The same files again are no change, and make no version."""
    url = await new_database()
    assert len(await apply_tenants(url, shipped)) == 21
    assert await apply_tenants(url, shipped) == ()
    assert {row[1] for row in await rows(url, "tenant_version")} == {1}


async def test_two_applies_at_once_make_one_version(
    new_database: NewDatabase, shipped: tuple[Definition, ...]
) -> None:
    """Of two operators at the same moment, one applies and the other finds nothing to do."""
    url = await new_database()
    done = await asyncio.gather(*(apply_tenants(url, shipped) for _ in range(3)))
    assert sorted(len(plans) for plans in done) == [0, 0, 21]


async def test_an_interrupted_apply_leaves_everything_as_it_was(
    new_database: NewDatabase, shipped: tuple[Definition, ...]
) -> None:
    """Apply is part of its caller's transaction: rolled back, nothing of it remains."""
    url = await new_database()
    writer = engine(url)
    try:
        async with writer.connect() as connection:
            await apply(connection, shipped, NOW)
            await connection.rollback()
    finally:
        await writer.dispose()
    assert await rows(url, "tenant") == []


async def test_a_plan_names_organizations_that_a_file_adds_changes_or_drops(
    new_database: NewDatabase, shipped: tuple[Definition, ...]
) -> None:
    """What a file says of organizations is part of the plan, though rows that exist stay."""
    url = await new_database()
    before = next(item for item in shipped if item.tenant.slug == "huludao")
    await apply_tenants(url, (before,))
    first, second, *rest = before.tenant.organizations
    added = first.model_copy(update={"code": "211403-NEW"})
    changed = second.model_copy(update={"name": "另一个名字"})
    (plan,) = await plan_tenants(url, (_with(before, organizations=[changed, *rest, added]),))
    assert plan.changes == (
        f"- organizations.{first.code} (its organization stays)",
        f"~ organizations.{second.code} (an organization that is loaded stays as it is)",
        "+ organizations.211403-NEW",
    )
