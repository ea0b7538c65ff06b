"""Changed workflows and catalogues against the issues that are open: none is stranded."""

import datetime
import uuid
from typing import Any

import asyncpg

from schema.database import engine
from schema.loaders.tenant import read_definitions
from server.prepare import apply_tenants, plan_tenants
from tenants.catalogue import Category, Service
from tenants.definition import City, Definition, Province
from tenants.hierarchy import Level
from tenants.roles import Role
from tenants.workflow import Effect, Phase, Workflow, WorkflowAction, WorkflowState
from tests.conftest import NewDatabase

CODE = 219800
NOW = datetime.datetime(2026, 3, 2, tzinfo=datetime.UTC)


def workflow(key: str, name: str = "流程", level: str = "grid") -> Workflow:
    """Two states, and levels that it goes up to."""
    up = {"effect": Effect.ESCALATE, "levels": [level]}
    return Workflow(
        key=key,
        name=name,
        states=[
            WorkflowState(key="new", name="待办", phase=Phase.REPORTED),
            WorkflowState(key="closed", name="已办结", phase=Phase.CLOSED),
        ],
        actions=[
            WorkflowAction(key="up", name="上报", from_=["new"], to="new", by=[Role.AGENT], **up),
            WorkflowAction(key="end", name="办结", from_=["new"], to="closed", by=[Role.AGENT]),
        ],
        levels=[level],
    )


def category(key: str, *services: Service) -> Category:
    """A category whose services are handled in grids, by the workflow `w` unless they say."""
    return Category(
        key=key, name=f"类别{key}", workflow="w", handled_by="grid", services=list(services)
    )


def service(code: str, workflow: str | None = None) -> Service:
    return Service(code=code, name=f"事项{code}", workflow=workflow)


def defined(
    workflows: list[Workflow], categories: list[Category], grid: str = "grid"
) -> list[Definition]:
    """A province and its city 云江市 with one grid, whose level may have another key."""
    formerly = ["grid"] if grid != "grid" else []
    city = City(
        code=str(CODE),
        slug="yunjiang",
        name="云江市",
        province="990000",
        levels=[
            Level(key="city", name="市"),
            Level(key=grid, name="网格", under=["city"], formerly=formerly),
        ],
        workflows=workflows,
        categories=categories,
        organizations=[
            {"code": str(CODE), "name": "云江市", "level": "city"},
            {"code": f"{CODE}-A", "name": "网格A", "level": grid, "parent": str(CODE)},
        ],
    )
    province = Province(code="990000", slug="sheng", name="某省")
    return [Definition(province, ()), Definition(city, ())]


BEFORE = defined(
    [workflow("same"), workflow("w"), workflow("x")],
    [
        category("a", service("A"), service("B", "x"), service("S", "same")),
        category("gone", service("G")),
    ],
)


def changed(grid: str = "grid") -> list[Definition]:
    """`w` has another name, `x` is gone, and with it B, and the category of G."""
    same = BEFORE[1].workflows["same"]
    kept = category("a", service("A"), service("S", "same"))
    kept = kept.model_copy(update={"name": "新名", "handled_by": grid})
    return defined([same, workflow("w", "新流程", grid)], [kept], grid)


async def put(url: str, service: str, workflow: str, phase: Phase = Phase.REPORTED) -> None:
    """An issue in the grid."""
    connection: Any = await asyncpg.connect(url)
    try:
        place = await connection.fetchval(
            "SELECT id FROM organization WHERE tenant_id = $1 AND code = $2", CODE, f"{CODE}-A"
        )
        id_ = uuid.uuid4()
        await connection.execute(
            "INSERT INTO issue (tenant_id, id, number, service, workflow, workflow_version, state,"
            " phase, severity, channel, title, answers, place_id, organization_id, trail,"
            " lead_organization_id, handed, supporters, reported_at, pauses, extensions,"
            " reopenings, revision, data_kind)"
            " VALUES ($1, $2, $3, $4, $5, 1, 'new', $6, 'ORDINARY', 'WEB', '路灯', '{}', $7, $7,"
            " '{}', $7, false, 0, $8, 0, 0, 0, 1, 'GENERATED')",
            CODE,
            id_,
            str(id_),
            service,
            workflow,
            phase.value,
            place,
            NOW,
        )
    finally:
        await connection.close()


async def in_force(url: str) -> Definition:
    """The city as a server reads it."""
    writer = engine(url)
    try:
        async with writer.connect() as connection:
            found = await read_definitions(connection)
    finally:
        await writer.dispose()
    return next(item for item in found if item.tenant_id == CODE)


async def with_issues(new_database: NewDatabase) -> str:
    """A database with the city as it was before, and six issues."""
    url = await new_database(tuple(BEFORE))
    for code, key in (("A", "w"), ("A", "w"), ("B", "x"), ("G", "w"), ("S", "same")):
        await put(url, code, key)
    await put(url, "B", "x", Phase.CLOSED)
    return url


async def test_a_plan_counts_open_issues(new_database: NewDatabase) -> None:
    """Open issues in changed or removed workflows and of removed services are counted."""
    url = await with_issues(new_database)
    plan = (await plan_tenants(url, changed()))[1]
    assert plan.left_in_workflows == {"w": 3, "x": 1}
    assert plan.left_in_services == {"B": 1, "G": 1}
    assert plan.losses == ()


async def test_a_plan_without_issues_counts_none(new_database: NewDatabase) -> None:
    """Where no issue is open, a change of workflows and services concerns none."""
    url = await new_database(tuple(BEFORE))
    await put(url, "B", "x", Phase.WITHDRAWN)
    plan = (await plan_tenants(url, changed()))[1]
    assert (plan.is_change, plan.left_in_workflows, plan.left_in_services) == (True, {}, {})


async def test_an_open_issue_keeps_its_workflow_and_service(new_database: NewDatabase) -> None:
    """What is changed or removed stays readable at the version that issues began with."""
    url = await with_issues(new_database)
    await apply_tenants(url, changed())
    city = await in_force(url)
    assert list(city.services) == ["A", "S"]
    assert list(city.workflows) == ["same", "w"]
    before = BEFORE[1].workflows
    assert [city.workflow(key, 1) for key in ("w", "x", "same")] == [
        before["w"],
        before["x"],
        before["same"],
    ]
    assert city.workflow("w", 2).name == "新流程"
    assert city.newest_workflow("x") == (before["x"], 1)
    assert city.service("B") == (
        city.tenant.categories[0],
        service("B", "x").model_copy(update={"handled_by": "grid"}),
    )
    gone = city.service("G")
    assert gone is not None
    assert (gone[0].key, gone[0].name, gone[0].services) == ("gone", "类别gone", [])
    assert (gone[1].workflow, gone[1].handled_by) == ("w", "grid")
    assert city.service("Z") is None


async def test_old_workflows_follow_levels_to_their_new_keys(new_database: NewDatabase) -> None:
    """An old workflow goes up to the levels that took over those that it names."""
    url = await with_issues(new_database)
    await apply_tenants(url, changed("cell"))
    old = (await in_force(url)).workflow("x", 1)
    assert (old.levels, [action.levels for action in old.actions]) == (["cell"], [["cell"], []])


async def test_a_service_that_comes_back_is_in_force(new_database: NewDatabase) -> None:
    """Applied again, a removed service is as the file has it; one removed twice as it last was."""
    url = await with_issues(new_database)
    await apply_tenants(url, changed())
    back = defined(
        [workflow("same"), workflow("w"), workflow("x")],
        [category("a", service("A"), service("B", "w"), service("S", "same"))],
    )
    await apply_tenants(url, back)
    city = await in_force(url)
    assert (city.services["B"][1].workflow, list(city.old_services)) == ("w", ["G"])
    await apply_tenants(url, changed())
    city = await in_force(url)
    assert list(city.old_services) == ["B", "G"]
    assert city.old_services["B"][1].workflow == "w"


async def test_a_workflow_stored_before_a_key_was_thought_of_has_not_changed(
    new_database: NewDatabase,
) -> None:
    """A stored workflow that lacks a key means its default, so it gets no new version."""
    url = await with_issues(new_database)
    connection: Any = await asyncpg.connect(url)
    try:
        await connection.execute(
            "UPDATE workflow_version SET content = content - 'rules' WHERE tenant_id = $1", CODE
        )
    finally:
        await connection.close()
    await apply_tenants(url, changed())
    assert (await in_force(url)).workflow_versions == {"same": 1, "w": 2, "x": 1}
