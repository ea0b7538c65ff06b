"""An invented city whose workflow has every effect, issues put into it, and who may act on them."""

import datetime
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import asyncpg

from schema.actor import PUBLIC, Actor, Grant
from schema.counting import add
from schema.fetching import fetching_directly
from schema.ids import GlobalId
from schema.issue_rollups import ISSUES
from schema.issue_secret import hashed
from schema.issues.advance import Advance, Advanced, locked
from schema.issues.available import available
from schema.issues.draft import Given, Rating
from schema.issues.standing import Standing
from schema.loaders.issue_standing import ISSUE
from schema.recount import rebuild
from schema.refusals import Refused
from schema.work import Work, perform
from tenants.catalogue import Category, Service
from tenants.definition import City, Definition
from tenants.roles import Role
from tenants.workflow import (
    ActionNeed,
    Effect,
    Phase,
    Solved,
    TimeLimit,
    TimeUnit,
    Workflow,
    WorkflowAction,
    WorkflowRules,
    WorkflowState,
    needs,
)
from tests.conftest import NOW
from tests.schema.organizations.town import CITY, ID, PROVINCE, Town, town_at

SECRET = "ABCD-EFGH-2345-6789"
DAY = datetime.timedelta(days=1)
WORKERS = [Role.MEMBER, Role.GRID_WORKER, Role.AGENT, Role.SECRETARY]
STAFF = [*WORKERS, Role.CITY_ADMIN]
REPORTERS = [Role.PUBLIC, Role.RESIDENT, Role.GRID_WORKER]


def _state(key: str, phase: Phase, hours: int | None = None) -> WorkflowState:
    limit = None if hours is None else TimeLimit(amount=hours, unit=TimeUnit.HOURS)
    return WorkflowState(key=key, name=key, phase=phase, time_limit=limit)


def act(
    key: str, start: str, to: str, by: list[Role], effect: Effect | None = None, **more: Any
) -> WorkflowAction:
    """An action from the states that `start` names, with blanks between."""
    return WorkflowAction(
        key=key, name=key, from_=start.split(), to=to, by=by, effect=effect, **more
    )


EVERYTHING = Workflow(
    key="everything",
    name="无所不有",
    states=[
        _state("new", Phase.REPORTED, 24),
        _state("known", Phase.ACCEPTED),
        _state("doing", Phase.IN_PROGRESS, 48),
        _state("done", Phase.RESOLVED),
        _state("closed", Phase.CLOSED),
        _state("rejected", Phase.REJECTED),
        _state("withdrawn", Phase.WITHDRAWN),
    ],
    actions=[
        act("accept", "new", "known", STAFF),
        act("assign", "new known doing", "doing", [Role.SECRETARY, Role.CITY_ADMIN], Effect.ASSIGN),
        act("claim", "new known", "doing", WORKERS, Effect.CLAIM),
        act("escalate", "known doing", "known", STAFF, Effect.ESCALATE, needs=[ActionNeed.NOTE]),
        act("return", "doing", "new", STAFF, Effect.RETURN),
        act("share", "doing", "doing", STAFF, Effect.CO_HANDLE),
        act("merge", "new known doing", "closed", [Role.SECRETARY, Role.CITY_ADMIN], Effect.MERGE),
        act("pause", "doing", "doing", STAFF, Effect.PAUSE),
        act("extend", "doing", "doing", STAFF, Effect.EXTEND),
        act("resolve", "doing", "done", STAFF, Effect.RESOLVE, needs=[ActionNeed.NOTE]),
        act("reject", "new", "rejected", STAFF, Effect.REJECT, needs=[ActionNeed.NOTE]),
        act("rate", "done", "closed", REPORTERS, Effect.RATE),
        act("reopen", "done closed rejected", "known", REPORTERS, Effect.REOPEN),
        act("withdraw", "new known", "withdrawn", REPORTERS, Effect.WITHDRAW),
        act("close", "done", "closed", [Role.SECRETARY, Role.CITY_ADMIN]),
    ],
    rules=WorkflowRules(open_claims=2),
)


def city_with(*workflows: Workflow) -> Definition:
    """The invented city with these workflows; each has a service named after it."""
    services = [
        Service(code=f"S-{n}", name=workflow.name, workflow=workflow.key)
        for n, workflow in enumerate(workflows)
    ]
    tenant = CITY.tenant.model_copy(
        update={
            "workflows": list(workflows),
            "categories": [Category(key="all", name="全部", services=services)],
        }
    )
    assert isinstance(tenant, City)
    return Definition(tenant, (), workflow_versions={item.key: 1 for item in workflows})


def invented(*workflows: Workflow) -> tuple[Definition, ...]:
    """That city and its province."""
    return (PROVINCE, city_with(*workflows))


def actor(role: Role, organization: str | None = None, subject: str | None = None) -> Actor:
    """Somebody with a role in the city, or in the subtree of one of its organizations."""
    name = subject or f"{role.value} {organization or ''}".strip()
    return Actor(name, role, frozenset({ID}), (Grant(role, ID, organization),))


STRANGER = Actor(
    "stranger", Role.CITY_ADMIN, frozenset({990200}), (Grant(Role.CITY_ADMIN, 990200),)
)
EVERYBODY = (
    PUBLIC,
    actor(Role.RESIDENT, subject="reporter"),
    actor(Role.RESIDENT, subject="neighbour"),
    actor(Role.MEMBER, "AA1"),
    actor(Role.GRID_WORKER, "AA1-1-G1"),
    actor(Role.GRID_WORKER, "AA1-1-G2"),
    actor(Role.GRID_WORKER, "AA1-1"),
    actor(Role.GRID_WORKER, "AA1-1", subject="another worker"),
    actor(Role.AGENT, "AA1-S"),
    actor(Role.SECRETARY, "AA1-1"),
    actor(Role.SECRETARY, "AA1"),
    actor(Role.SECRETARY, "BB"),
    actor(Role.CITY_ADMIN),
    STRANGER,
)


@dataclass
class Desk:
    """Issues of one town; `now` goes on as the tests have it."""

    town: Town
    owner: Any
    now: datetime.datetime = NOW

    async def sql(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Rows as the owner of the tables sees them."""
        return [tuple(row) for row in await self.owner.fetch(statement, *values)]

    async def put(self, place: str = "AA1-1-G1", workflow: str = "", **more: Any) -> Any:
        """A new issue, of the first workflow where none is named; its id. `more` are columns."""
        definition = self.town.definition
        workflow = workflow or next(iter(definition.workflows))
        known = definition.workflows[workflow]
        first = known.states[0]
        ((place_id,),) = await self.sql(
            "SELECT id FROM organization WHERE tenant_id = $1 AND code = $2", ID, place
        )
        count = len(await self.sql("SELECT 1 FROM issue"))
        service = next(
            code for code, (_, item) in definition.services.items() if item.workflow == workflow
        )
        values: dict[str, Any] = {
            "tenant_id": ID,
            "id": uuid.uuid4(),
            "number": f"XX-20260315-{count + 1:06}",
            "service": service,
            "workflow": workflow,
            "workflow_version": 1,
            "state": first.key,
            "phase": first.phase.value,
            "severity": "ORDINARY",
            "channel": "WEB",
            "title": "路灯不亮",
            "answers": "{}",
            "place_id": place_id,
            "organization_id": place_id,
            "trail": [],
            "lead_organization_id": place_id,
            "handed": False,
            "reporter_subject": "reporter",
            "secret_hash": hashed(SECRET),
            "supporters": 0,
            "reported_at": self.now,
            "pauses": 0,
            "extensions": 0,
            "reopenings": 0,
            "revision": 1,
            "data_kind": "GENERATED",
            **more,
        }
        names = ", ".join(values)
        places = ", ".join(f"${n}" for n in range(1, len(values) + 1))
        async with self.owner.transaction():
            await self.sql(f"INSERT INTO issue ({names}) VALUES ({places})", *values.values())
            await add(fetching_directly(self.owner), ID, ISSUES, [values["id"]])
        return values["id"]

    async def recount(self) -> None:
        """Count anew, where a test has changed issues by its own hand."""
        async with self.owner.transaction():
            await rebuild(fetching_directly(self.owner), [ISSUES], ID)

    async def do(
        self, issue: uuid.UUID, action: str, who: Actor, given: Given | None = None, **more: Any
    ) -> Advanced | Refused:
        """Advance an issue; where nothing is given, what the action needs."""
        dry_run = more.pop("dry_run", False)
        if given is None:
            given = await self.supplied(issue, action, who)
        secret = SECRET if who is PUBLIC else None
        advance = Advance(issue, action, given, secret=secret, **more)
        outcome: Advanced | Refused = await self._perform(advance, who, dry_run)
        return outcome

    async def _perform(self, action: Any, who: Actor, dry_run: bool = False) -> Any:
        today = self.now.date()
        return await perform(
            self.town.database.unit_of_work,
            action,
            who,
            self.town.definition,
            self.now,
            today,
            self.town.keyring,
            dry_run,
        )

    async def standing(self, issue: uuid.UUID, who: Actor) -> Standing | None:
        """How an issue stands for somebody; None where they may not see it."""

        async def look(work: Work) -> Any:
            return await locked(work, issue, SECRET if who is PUBLIC else None)

        found: Standing | None = await self._perform(look, who, dry_run=True)
        return found

    async def available(self, issue: uuid.UUID, who: Actor) -> list[str]:
        """Keys of the actions that somebody may do."""
        found = await self.standing(issue, who)
        return [] if found is None else [a.key for a in available(found, who, self.now)]

    async def supplied(self, issue: uuid.UUID, key: str, who: Actor) -> Given:
        """What an action needs, so that it is not refused for what is given with it."""
        row = await self.row(issue)
        workflow = self.town.definition.workflows[row["workflow"]]
        action = workflow.action(key)
        if action is None:
            return Given()
        values = {need: await self._value(need, action, row, who) for need in needs(action)}
        return replace(Given(), **{_FIELDS[need]: value for need, value in values.items()})

    async def _value(
        self, need: ActionNeed, action: WorkflowAction, row: Mapping[str, Any], who: Actor
    ) -> Any:
        own = [grant.organization for grant in who.grants]
        if need is ActionNeed.ASSIGNEE:
            return own[0] if own and own[0] else "AA1-1"
        if need is ActionNeed.CO_HANDLERS:
            free = await self.sql(
                "SELECT code FROM organization o WHERE tenant_id = $1 AND code LIKE 'BB%' AND"
                " id NOT IN (SELECT organization_id FROM issue_handler WHERE issue_id = $2)"
                " ORDER BY length(code), code LIMIT 1",
                *(ID, row["id"]),
            )
            return tuple(code for (code,) in free)
        if need is ActionNeed.UNTIL:
            due = row["due_at"] or self.now
            late = max(due, self.now) + 60 * DAY  # a pause is given back
            return late if action.effect is Effect.EXTEND else self.now + DAY
        if need is ActionNeed.MERGE_INTO:
            return await self.other(own[0] if own and own[0] else "AA1-1-G1")
        return {
            ActionNeed.NOTE: "已到现场查看",
            ActionNeed.EVIDENCE: ("https://files.invalid/a.jpg",),
            ActionNeed.RATING: Rating(Solved.YES, 5, "好"),
        }[need]

    async def other(self, place: str = "AA1-1-G1") -> str:
        """The global id of another issue, that is open."""
        return global_id("Issue", await self.put(place, reporter_subject="somebody else"))

    async def row(self, issue: uuid.UUID) -> dict[str, Any]:
        """All columns of an issue."""
        names = [column.name for column in ISSUE.c]
        ((*values,),) = await self.sql(
            f"SELECT {', '.join(names)} FROM issue WHERE tenant_id = $1 AND id = $2", ID, issue
        )
        return dict(zip(names, values, strict=True))


@asynccontextmanager
async def desk_at(url: str, keys: Path) -> AsyncIterator[Desk]:
    """The invented city of a database that is loaded already."""
    owner = await asyncpg.connect(url)
    try:
        async with town_at(url, keys) as town:
            yield Desk(town, owner)
    finally:
        await owner.close()


def global_id(type_: str, id_: uuid.UUID, tenant_id: int = ID) -> str:
    """A global id of the city, or another one."""
    return str(GlobalId(type_, tenant_id, str(id_)))


_FIELDS = {
    ActionNeed.NOTE: "note",
    ActionNeed.EVIDENCE: "evidence",
    ActionNeed.ASSIGNEE: "assignee",
    ActionNeed.CO_HANDLERS: "co_handlers",
    ActionNeed.MERGE_INTO: "merge_into",
    ActionNeed.UNTIL: "until",
    ActionNeed.RATING: "rating",
}
