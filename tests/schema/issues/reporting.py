"""Two invented cities whose catalogues ask for everything, and reporting there."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg

from schema.actor import Actor, Grant
from schema.database import Database
from schema.issues.answers import Answer
from schema.issues.contact import Contact
from schema.issues.join import Join
from schema.issues.report import Report
from schema.keyring import Keyring
from schema.work import Action, perform
from tenants.catalogue import Category, QuestionKind, Service, ServiceQuestion
from tenants.definition import City, DeclaredOrganization, Definition, Province
from tenants.hierarchy import Level, Rung
from tenants.roles import Role
from tenants.workflow import (
    Effect,
    Phase,
    TimeLimit,
    TimeUnit,
    Workflow,
    WorkflowAction,
    WorkflowState,
)
from tests.conftest import NOW, TODAY

PROVINCE = Definition(
    Province(
        code="990000",
        slug="nowhere",
        name="虚构省",
        levels=[Level(key="province", name="省", rung=Rung.PROVINCE)],
    ),
    (),
)

LEVELS = [
    Level(key="city", name="市", rung=Rung.CITY),
    Level(key="street", name="街道", rung=Rung.STREET, under=["city"]),
    Level(key="community", name="社区", rung=Rung.COMMUNITY, under=["street"]),
    Level(key="grid", name="网格", rung=Rung.GRID, under=["community"]),
]


def _workflow(key: str, levels: list[str], hours: int | None) -> Workflow:
    limit = None if hours is None else TimeLimit(amount=hours, unit=TimeUnit.HOURS)
    return Workflow(
        key=key,
        name=key,
        levels=levels,
        states=[
            WorkflowState(key="new", name="待受理", phase=Phase.REPORTED, time_limit=limit),
            WorkflowState(key="done", name="已办结", phase=Phase.CLOSED),
        ],
        actions=[
            WorkflowAction.model_validate(
                {
                    "key": "finish",
                    "name": "办结",
                    "from": ["new"],
                    "to": "done",
                    "by": [Role.GRID_WORKER, Role.SECRETARY, Role.CITY_ADMIN],
                    "effect": Effect.RESOLVE,
                }
            )
        ],
    )


WORKFLOWS = [_workflow("quick", [], 24), _workflow("standard", ["street"], None)]

CATEGORIES = [
    Category(
        key="environment",
        name="环境卫生",
        workflow="quick",
        handled_by="community",
        services=[
            Service(
                code="A1",
                name="垃圾清运",
                priority_groups=["低保户", "残疾人"],
                questions=[
                    ServiceQuestion(
                        key="kind",
                        label="类别",
                        kind=QuestionKind.CHOICE,
                        required=True,
                        choices=["乱堆乱放", "污水外溢"],
                    ),
                    ServiceQuestion(key="photo", label="照片", kind=QuestionKind.PHOTO),
                    ServiceQuestion(key="bags", label="袋数", kind=QuestionKind.NUMBER),
                    ServiceQuestion(key="since", label="自何日", kind=QuestionKind.DATE),
                    ServiceQuestion(key="smells", label="有无异味", kind=QuestionKind.BOOLEAN),
                    ServiceQuestion(key="more", label="其他"),
                ],
            ),
            Service(code="A2", name="道路清扫"),
        ],
    ),
    Category(
        key="other",
        name="其他",
        workflow="standard",
        time_limit=TimeLimit(amount=3, unit=TimeUnit.DAYS),
        services=[
            Service(code="B1", name="党员议题", audience=[Role.MEMBER, Role.SECRETARY]),
            Service(code="B2", name="社情民意"),
        ],
    ),
]


def _organizations(code: str) -> list[DeclaredOrganization]:
    made = [
        DeclaredOrganization(code=code, name="虚构", level="city"),
        DeclaredOrganization(code="S1", name="一街", level="street", parent=code),
    ]
    for community in ("S1-C1", "S1-C2"):
        made.append(
            DeclaredOrganization(code=community, name=community, level="community", parent="S1")
        )
        made += [
            DeclaredOrganization(
                code=f"{community}-G{n}", name=f"第{n}网格", level="grid", parent=community
            )
            for n in (1, 2)
        ]
    made.append(
        DeclaredOrganization(
            code="S1-C1-G8",
            name="已撤网格",
            level="grid",
            parent="S1-C1",
            valid_from=TODAY.replace(year=2020),
            valid_to=TODAY.replace(year=2025),
        )
    )
    made.append(
        DeclaredOrganization(
            code="S1-C1-G9",
            name="将设网格",
            level="grid",
            parent="S1-C1",
            valid_from=TODAY + timedelta(days=9),
        )
    )
    return made


def city(code: str, slug: str, name: str) -> Definition:
    """A city of the invented province."""
    return Definition(
        City(
            code=code,
            slug=slug,
            name=name,
            province="990000",
            levels=LEVELS,
            workflows=WORKFLOWS,
            categories=CATEGORIES,
            organizations=_organizations(code),
        ),
        (),
    )


NORTH = city("990100", "north", "虚构北市")
SOUTH = city("990200", "south", "虚构南市")
TENANTS = (PROVINCE, NORTH, SOUTH)

PHONE = "13800138000"


def holder(role: Role, organization: str | None = None, subject: str = "someone") -> Actor:
    """Who holds a role in the northern city."""
    grants = (Grant(role, NORTH.tenant_id, organization),)
    return Actor(subject, role, frozenset({NORTH.tenant_id}), grants)


RESIDENT = holder(Role.RESIDENT)
WORKER = holder(Role.GRID_WORKER, "S1-C1-G1", "worker")


@dataclass
class Town:
    """The northern city, and a database to look into."""

    database: Database
    keyring: Keyring
    url: str
    definition: Definition

    async def do(
        self,
        action: Action[Any],
        actor: Actor = RESIDENT,
        *,
        now: datetime = NOW,
        dry_run: bool = False,
    ) -> Any:
        """The outcome of an action."""
        return await perform(
            self.database.unit_of_work,
            action,
            actor,
            self.definition,
            now,
            now.date(),
            self.keyring,
            dry_run,
        )

    async def report(self, actor: Actor = RESIDENT, **given: Any) -> Any:
        """The outcome of a report of rubbish in a grid, where nothing else is said."""
        now, dry_run = given.pop("now", NOW), given.pop("dry_run", False)
        return await self.do(sample(actor, **given), actor, now=now, dry_run=dry_run)

    async def join(self, issue: str, actor: Actor = RESIDENT, **given: Any) -> Any:
        """The outcome of joining."""
        contact = Contact(phone=given["phone"]) if "phone" in given else None
        return await self.do(Join(issue, contact), actor)

    async def rows(self, statement: str, *values: Any) -> list[dict[str, Any]]:
        """What is in the database."""
        connection: Any = await asyncpg.connect(self.url)
        try:
            return [dict(row) for row in await connection.fetch(statement, *values)]
        finally:
            await connection.close()

    async def counts(self) -> dict[str, int]:
        """How many rows reporting and joining have written."""
        tables = (
            "issue", "issue_word", "issue_supporter", "issue_counter", "person", "event",
            "event_counter",
        )  # fmt: skip
        found = {}
        for table in tables:
            (row,) = await self.rows(f"SELECT count(*) FROM {table}")
            found[table] = row["count"]
        return found


def sample(actor: Actor, **given: Any) -> Report:
    """A report of rubbish in a grid, where nothing else is said."""
    filled: dict[str, Any] = {
        "service": "A1",
        "title": "三号楼前垃圾成堆",
        "organization": "S1-C1-G1",
        "answers": (Answer("kind", "乱堆乱放"),),
    }
    if actor.tenant_ids is None:
        filled["contact"] = Contact("王小二", PHONE)
    return replace(Report(), **(filled | given))


NOTHING = dict.fromkeys(
    ("issue", "issue_word", "issue_supporter", "issue_counter", "person", "event", "event_counter"),
    0,
)


@asynccontextmanager
async def reporting_at(url: str, keys: Path, size: int = 4) -> AsyncIterator[Town]:
    """The northern city in a database that has been loaded."""
    database = Database(url, size)
    await database.open()
    versions = {workflow.key: 1 for workflow in NORTH.tenant.workflows}
    definition = Definition(NORTH.tenant, (), 1, NOW, versions)
    try:
        yield Town(database, Keyring(keys), url, definition)
    finally:
        await database.close()


def codes(outcome: Any) -> list[tuple[str, tuple[str, ...]]]:
    """Code and path of each refusal."""
    return [(refusal.code.value, refusal.path) for refusal in outcome.refusals]
