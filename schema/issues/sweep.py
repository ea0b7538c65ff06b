"""The sweep of one tenant: what falls due is marked, pauses end, the city's rule is carried out.

Nothing here happens twice, however many sweep at once: what is to be done is read from rows that
are locked, and done in the transaction that read it.
"""

import datetime
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from sqlalchemy import bindparam, update
from uuid_utils.compat import uuid7

from schema.actor import Actor, Grant
from schema.events import Event, EventKind
from schema.issue_rollups import ISSUES
from schema.issues.advance import carried_out, service_limit
from schema.issues.available import unavailable
from schema.issues.clock import clock_columns, clock_of
from schema.issues.draft import Draft, Given
from schema.issues.needs import refused
from schema.issues.party import party
from schema.issues.standing import standing
from schema.issues.values import plain
from schema.loaders.issue_standing import ISSUE, standings_of
from schema.loaders.issue_wake import FIRST, Wake, awake
from schema.refusals import Refused
from schema.work import Work
from tenants.deadline import DeadlineStatus, status
from tenants.roles import Role
from tenants.workflow import ActionNeed, Workflow, WorkflowAction, needs

SUBJECT = "sweep"
BATCH = 100
"""Issues in one transaction: whoever changes one of them waits until it ends, half a second."""

NOTE = "已逾期,按流程规则自动办理。"
"""What the note says where the action of a city's rule needs one."""


class Swept(StrEnum):
    """What the sweep did to an issue."""

    DUE_SOON = "due_soon"
    OVERDUE = "overdue"
    RESUMED = "resumed"
    RULE_CARRIED_OUT = "rule_carried_out"
    RULE_NOT_AVAILABLE = "rule_not_available"


@dataclass(frozen=True)
class Failure:
    """An issue that could not be swept: it is as it was, and the next pass tries again."""

    issue: uuid.UUID
    error: Exception


@dataclass
class Batch:
    """What one transaction did: how often each, what failed, and the place after which to go on.

    `last` is None where nothing is left.
    """

    counts: Counter[Swept] = field(default_factory=Counter)
    failures: list[Failure] = field(default_factory=list)
    last: Wake | None = None


@dataclass(frozen=True)
class Step:
    """Something that falls due for an issue: the event, and the columns that it sets."""

    did: Swept
    kind: EventKind
    sets: Mapping[str, Any]


def sweeper(tenant_id: int, *roles: Role) -> Actor:
    """Who sweeps: an administrator of the city, with what other roles the city's rule lends."""
    grants = tuple(Grant(role, tenant_id) for role in dict.fromkeys((Role.CITY_ADMIN, *roles)))
    return Actor(SUBJECT, Role.CITY_ADMIN, frozenset({tenant_id}), grants)


def steps(row: Mapping[str, Any], now: datetime.datetime) -> list[Step]:
    """What falls due for an issue by `now`: first the end of its pause, then a mark.

    Its deadline is touched only by the end of a pause, which gives back what the pause lasted,
    whenever the sweep comes to it.
    Errors: `ValueError` where `now` has no offset.
    """
    clock = clock_of(row)
    if clock is None or row["ended_at"] is not None:
        return []
    found = []
    until = row["paused_until"]
    if clock.paused_at is not None and until is not None and until <= now:
        resumed = clock.resume(until)
        old, new = clock_columns(clock), clock_columns(resumed)
        sets = {name: value for name, value in new.items() if value != old[name]}
        found.append(Step(Swept.RESUMED, EventKind.ISSUE_RESUMED, sets | {"paused_until": None}))
        clock = resumed
    mark, said = status(clock, now), row["marked"]
    if mark is DeadlineStatus.DUE_SOON and said is None:
        found.append(_mark(Swept.DUE_SOON, EventKind.ISSUE_DUE_SOON, mark))
    if mark is DeadlineStatus.OVERDUE and said != mark.value:
        found.append(_mark(Swept.OVERDUE, EventKind.ISSUE_OVERDUE, mark))
    return found


def _mark(did: Swept, kind: EventKind, mark: DeadlineStatus) -> Step:
    return Step(did, kind, {"marked": mark.value})


@dataclass(frozen=True)
class Sweep:
    """Sweep the issues of the tenant that have fallen due, the first `size` after `after`."""

    after: Wake = FIRST
    size: int = BATCH

    async def __call__(self, work: Work) -> Batch:
        """Carry it out; an issue that fails is left as it was, and the others go on."""
        statement = awake(work.tenant_id, work.now, self.after, self.size)
        rows = (await work.connection.execute(statement)).mappings().all()
        batch = Batch()
        if len(rows) == self.size:
            batch.last = max(Wake(row["wake"], row["id"]) for row in rows)
        found: dict[bool, list[_Due]] = {False: [], True: []}
        for row in rows:
            try:
                due = _due(work, row)
            except Exception as error:  # one issue must not hold up the others
                batch.failures.append(Failure(row["id"], error))
            else:
                found[due.rule is not None].append(due)
        await work.count(ISSUES, [due.row["id"] for due in (*found[False], *found[True])])
        await _write(work, found[False], batch)
        await _carry_out_rules(work, found[True], batch)
        return batch


@dataclass(frozen=True)
class _Due:
    """An issue with what falls due for it, and the action that the city's rule then names."""

    row: Mapping[str, Any]
    steps: list[Step]
    workflow: Workflow
    rule: WorkflowAction | None

    @property
    def sets(self) -> dict[str, Any]:
        """All columns that the steps set."""
        sets: dict[str, Any] = {"revision": self.row["revision"] + len(self.steps)}
        for step in self.steps:
            sets |= step.sets
        return sets

    def tell(self, work: Work, batch: Batch) -> None:
        """An event of each step; the last one has the revision that the row has then."""
        row = self.row
        for revision, step in enumerate(self.steps, start=row["revision"] + 1):
            sets = plain({**step.sets, "revision": revision})
            about = {"number": row["number"], "set": sets}
            work.events.append(Event(step.kind, row["organization_id"], about, row["id"]))
            batch.counts[step.did] += 1


def _due(work: Work, row: Mapping[str, Any]) -> _Due:
    """What falls due for an issue.

    Errors: `KeyError` where its version of the workflow is not known.
    """
    workflow = work.definition.workflow(row["workflow"], row["workflow_version"])
    found = steps(row, work.now)
    key = workflow.rules.overdue
    is_overdue = any(step.did is Swept.OVERDUE for step in found)
    rule = None if key is None or not is_overdue else workflow.action(key)
    return _Due(row, found, workflow, rule)


async def _write(work: Work, due: Sequence[_Due], batch: Batch) -> None:
    """Set the columns, those of all issues that have the same ones in one message."""
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for one in due:
        if one.steps:
            sets = one.sets
            groups.setdefault(tuple(sorted(sets)), []).append({"id_": one.row["id"], **sets})
            one.tell(work, batch)
    for rows in groups.values():
        await work.connection.execute(
            update(ISSUE).where(
                ISSUE.c.tenant_id == work.tenant_id, ISSUE.c.id == bindparam("id_")
            ),
            rows,
        )


async def _carry_out_rules(work: Work, due: Sequence[_Due], batch: Batch) -> None:
    """Mark each issue and carry out the city's rule: both, or where that fails neither."""
    if not due:
        return
    standings = await _standings(work, [one.row["id"] for one in due])
    for one in due:
        events, counts = len(work.events), Counter(batch.counts)
        try:
            async with work.connection.begin_nested():
                await _write(work, [one], batch)
                batch.counts[await _by_rule(work, one, standings[one.row["id"]])] += 1
        except Exception as error:  # one issue must not hold up the others
            del work.events[events:]
            batch.counts = counts
            batch.failures.append(Failure(one.row["id"], error))


async def _standings(work: Work, ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, Mapping[str, Any]]:
    values = {"tenant": work.tenant_id, "ids": list(ids)}
    rows = await work.connection.execute(standings_of(counted=False), values)
    return {row["id"]: row for row in rows.mappings()}


async def _by_rule(work: Work, due: _Due, row: Mapping[str, Any]) -> Swept:
    """Carry out the action that the rule names, as far as it can be done now.

    The rule stands in for who may do it otherwise, and where a note is needed says so itself.
    """
    action = due.rule
    assert action is not None
    found = standing({**row, **due.sets}, due.workflow)
    actor = sweeper(work.tenant_id, *action.by)
    given = Given(note=NOTE if ActionNeed.NOTE in needs(action) else None)
    who = party(found, actor)
    if unavailable(found, action, who, actor, work.now) or refused(action, given):
        return Swept.RULE_NOT_AVAILABLE
    draft = Draft(
        found,
        action,
        who,
        given,
        work.now,
        service_limit(work.definition, found.row["service"]),
        uuid7() if given.note else None,
        by_rule=True,
    )
    outcome = await carried_out(replace(work, actor=actor), draft)
    return Swept.RULE_NOT_AVAILABLE if isinstance(outcome, Refused) else Swept.RULE_CARRIED_OUT
