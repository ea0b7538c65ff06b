"""The sweep: what falls due is marked once, pauses end, the city's rule is carried out."""

import asyncio
import datetime
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects.postgresql import asyncpg

from schema.database import Database
from schema.events import EventKind
from schema.issues.clock import clock_columns, clock_of
from schema.issues.sweep import NOTE, SUBJECT, Batch, Sweep, Swept, steps, sweeper
from schema.loaders.issue_wake import FIRST, awake, is_any_awake
from schema.refusals import Refused
from schema.scope import Login, Scope
from schema.work import perform
from tenants.deadline import DeadlineStatus, status
from tenants.definition import Definition
from tenants.roles import Role
from tenants.workflow import (
    ActionNeed,
    Effect,
    Phase,
    TimeLimit,
    TimeUnit,
    Workflow,
    WorkflowRules,
    WorkflowState,
)
from tests.conftest import NOW, NewDatabase
from tests.schema.issues.desk import Desk, act, actor, desk_at, invented
from tests.schema.organizations.town import ID

HOUR = datetime.timedelta(hours=1)


def clocked(
    warn: float = -1,
    due: float = 1,
    paused: float | None = None,
    until: float | None = None,
    marked: str | None = None,
    ended: float | None = None,
) -> dict[str, Any]:
    """Columns of a clock in hours (days never rest) from now."""

    def at(hours: float | None) -> datetime.datetime | None:
        return None if hours is None else NOW + hours * HOUR

    return {
        "started_at": at(-100),
        "warn_at": at(warn),
        "due_at": at(due),
        "unit": "HOURS",
        "paused_at": at(paused),
        "paused_until": at(until),
        "pauses": 0 if paused is None else 1,
        "extensions": 0,
        "marked": marked,
        "ended_at": at(ended),
    }


NO_CLOCK = dict.fromkeys(clocked()) | {"pauses": 0, "extensions": 0}

# the columns, what is done, and what it sets; times in hours from now
TABLE: dict[str, tuple[dict[str, Any], list[tuple[Swept, dict[str, Any]]]]] = {
    "no clock": (NO_CLOCK, []),
    "on time": (clocked(warn=1, due=2), []),
    "to be warned this moment": (clocked(warn=0), [(Swept.DUE_SOON, {"marked": "DUE_SOON"})]),
    "soon": (clocked(), [(Swept.DUE_SOON, {"marked": "DUE_SOON"})]),
    "soon, marked": (clocked(marked="DUE_SOON"), []),
    "due this moment": (clocked(due=0), [(Swept.DUE_SOON, {"marked": "DUE_SOON"})]),
    "due this moment, marked": (clocked(due=0, marked="DUE_SOON"), []),
    "overdue": (
        clocked(due=-0.001, marked="DUE_SOON"),
        [(Swept.OVERDUE, {"marked": "OVERDUE"})],
    ),
    "overdue, never warned": (clocked(-9, -8), [(Swept.OVERDUE, {"marked": "OVERDUE"})]),
    "overdue, marked": (clocked(-9, -8, marked="OVERDUE"), []),
    "met": (clocked(-9, -8, ended=-9), []),
    "missed": (clocked(-9, -8, ended=-1), []),
    "paused": (clocked(-9, -8, paused=-10, until=1), []),
    "paused while due soon": (clocked(-9, -1, paused=-2, until=1, marked="DUE_SOON"), []),
    "paused while overdue": (
        clocked(-9, -8, paused=-2, until=1),
        [(Swept.OVERDUE, {"marked": "OVERDUE"})],
    ),
    "paused while overdue, marked": (clocked(-9, -8, paused=-2, until=1, marked="OVERDUE"), []),
    "paused until this moment": (
        clocked(1, 2, paused=-2, until=0),
        [
            (
                Swept.RESUMED,
                {
                    "due_at": NOW + 4 * HOUR,
                    "warn_at": NOW + 3 * HOUR,
                    "paused_at": None,
                    "paused_until": None,
                },
            )
        ],
    ),
    "pause over long ago, soon": (
        clocked(-9, -8, paused=-20, until=-10.5),
        [
            (
                Swept.RESUMED,
                {
                    "due_at": NOW + 1.5 * HOUR,
                    "warn_at": NOW + 0.5 * HOUR,
                    "paused_at": None,
                    "paused_until": None,
                },
            )
        ],
    ),
    "pause over, overdue since": (
        clocked(-9, -8, paused=-10, until=-9),
        [
            (
                Swept.RESUMED,
                {
                    "due_at": NOW - 7 * HOUR,
                    "warn_at": NOW - 8 * HOUR,
                    "paused_at": None,
                    "paused_until": None,
                },
            ),
            (Swept.OVERDUE, {"marked": "OVERDUE"}),
        ],
    ),
    "pause over, overdue before": (
        clocked(-9, -8, paused=-2, until=-1, marked="OVERDUE"),
        [(Swept.RESUMED, {"paused_at": None, "paused_until": None})],
    ),
    "answered while paused": (clocked(-9, -8, paused=-10, until=-1, ended=-5), []),
}


@pytest.mark.parametrize("name", TABLE)
def test_steps(name: str) -> None:
    """What falls due follows from the clock, the pause and what was marked before."""
    row, expected = TABLE[name]
    assert [(step.did, dict(step.sets)) for step in steps(row, NOW)] == expected


HOURS = st.integers(-50, 50)


@st.composite
def rows(draw: st.DrawFn) -> dict[str, Any]:
    """Columns of any clock."""
    warn = draw(HOURS)
    due = warn + draw(st.integers(0, 20))
    paused = draw(st.none() | HOURS)
    until = None if paused is None else paused + draw(st.integers(1, 60))
    marked = draw(st.sampled_from([None, "DUE_SOON", "OVERDUE"]))
    return clocked(warn, due, paused, until, marked, draw(st.none() | HOURS))


@given(rows())
def test_nothing_is_left_over(row: dict[str, Any]) -> None:
    """Once its steps are taken, an issue is marked as its clock says, and no step is left."""
    after = dict(row)
    for step in steps(row, NOW):
        after |= step.sets
    assert steps(after, NOW) == []
    clock = clock_of(after)
    assert clock is not None
    said = status(clock, NOW)
    if row["ended_at"] is None and said is DeadlineStatus.OVERDUE:
        assert after["marked"] == "OVERDUE"
    if row["ended_at"] is None and said is DeadlineStatus.DUE_SOON:
        assert after["marked"] in ("DUE_SOON", "OVERDUE")


@given(rows())
def test_only_the_end_of_a_pause_touches_the_clock(row: dict[str, Any]) -> None:
    """Marks set nothing else; the end of a pause gives back what it lasted, and nothing more."""
    for step in steps(row, NOW):
        if step.did is not Swept.RESUMED:
            assert set(step.sets) == {"marked"}
            continue
        clock = clock_of(row)
        assert clock is not None
        resumed = clock_columns(clock.resume(row["paused_until"]))
        assert {**row, **step.sets} == {**row, **resumed, "paused_until": None}


def _state(key: str, phase: Phase, hours: int | None = None) -> WorkflowState:
    limit = None if hours is None else TimeLimit(amount=hours, unit=TimeUnit.HOURS)
    return WorkflowState(key=key, name=key, phase=phase, time_limit=limit)


def workflow(
    key: str, overdue: str | None, levels: Sequence[str] = (), needs: Sequence[ActionNeed] = ()
) -> Workflow:
    """New issues go up where they are overdue; what has gone up has two days more."""
    by = [Role.GRID_WORKER, Role.SECRETARY]
    return Workflow(
        key=key,
        name=key,
        levels=list(levels),
        states=[
            _state("new", Phase.REPORTED, 24),
            _state("raised", Phase.IN_PROGRESS, 48),
            _state("urged", Phase.REPORTED),
            _state("closed", Phase.CLOSED),
        ],
        actions=[
            act("escalate", "new raised", "raised", by, Effect.ESCALATE, needs=list(needs)),
            act("urge", "new", "urged", by),
            act("close", "new raised urged", "closed", by),
        ],
        rules=WorkflowRules(overdue=overdue),
    )


WORKFLOWS = (
    workflow("silent", None),
    workflow("rising", "escalate"),
    workflow("noted", "escalate", needs=[ActionNeed.NOTE]),
    workflow("proving", "escalate", needs=[ActionNeed.EVIDENCE]),
    workflow("urging", "urge"),
    workflow("to_streets", "escalate", ["street", "county"]),
    workflow("to_counties", "escalate", ["county"]),
)
LATE = clocked(-9, -8)


@pytest.fixture
async def desk(new_database: NewDatabase, tmp_path: Path) -> AsyncIterator[Desk]:
    """The invented city with these workflows, in a database of its own."""
    url = await new_database(invented(*WORKFLOWS))
    async with desk_at(url, tmp_path / "keys.json") as ready:
        yield ready


async def swept(
    desk: Desk,
    size: int = 200,
    definition: Definition | None = None,
    database: Database | None = None,
) -> Batch:
    """One pass over the city; what its transactions did, together."""
    whole, after = Batch(), FIRST
    while True:
        batch = await perform(
            (database or desk.town.database).unit_of_work,
            Sweep(after, size),
            sweeper(ID),
            definition or desk.town.definition,
            desk.now,
            desk.now.date(),
            desk.town.keyring,
        )
        assert not isinstance(batch, Refused)
        whole.counts.update(batch.counts)
        whole.failures += batch.failures
        if batch.last is None:
            return whole
        after = batch.last


async def events(desk: Desk) -> list[dict[str, Any]]:
    """The log of the city, but for what loading it wrote."""
    names = "seq, kind, actor, role, person_id, organization_id, issue_id, about::text, at"
    found = await desk.sql(f"SELECT {names} FROM event WHERE tenant_id = $1 ORDER BY seq", ID)
    return [dict(zip(names.split(", "), row, strict=True)) for row in found]


async def code(desk: Desk, organization: uuid.UUID) -> str:
    ((found,),) = await desk.sql("SELECT code FROM organization WHERE id = $1", organization)
    return str(found)


async def many(desk: Desk, count: int, **more: Any) -> None:
    """So many issues like one that is put, due one second after another."""
    first = await desk.put(**more)
    row = await desk.row(first)
    own = {"id", "number", "due_at"}
    names = ", ".join(name for name in row if name not in own)
    await desk.sql(
        f"INSERT INTO issue (id, number, due_at, {names}) SELECT gen_random_uuid(),"
        f" 'XX-20260316-' || lpad(n::text, 6, '0'), due_at + n * interval '1 second', {names}"
        " FROM issue, generate_series(1, $2) n WHERE id = $1",
        first,
        count - 1,
    )


async def test_every_clock(desk: Desk) -> None:
    """In the database each issue of the table is done to as the table has it, once."""
    ids = {name: await desk.put(**row) for name, (row, _) in TABLE.items()}
    before = {name: await desk.row(id_) for name, id_ in ids.items()}
    done = await swept(desk)
    for name, (_, expected) in TABLE.items():
        sets = {"revision": 1 + len(expected)}
        for _, columns in expected:
            sets |= columns
        assert await desk.row(ids[name]) == before[name] | sets, name
    assert done.counts == Counter(did for _, rest in TABLE.values() for did, _ in rest)
    assert (await swept(desk)).counts == Counter()
    assert len(await events(desk)) == done.counts.total()


async def test_what_is_awake(desk: Desk) -> None:
    """The index finds an issue exactly where it has steps to take, or is due this moment."""
    for row, _ in TABLE.values():
        id_ = await desk.put(**row)
        scope = Scope(frozenset({ID}), Login.CITY)
        async with desk.town.database.snapshot(scope) as snapshot:
            found = await is_any_awake(snapshot, scope, ID, NOW)
        assert found == (bool(steps(row, NOW)) or (row["due_at"] == NOW)), row
        await desk.sql("DELETE FROM issue WHERE id = $1", id_)


async def test_the_look_is_by_an_index(desk: Desk) -> None:
    """Looking for what is awake reads the index of what the sweep has not done with."""
    await many(desk, 2000, **clocked(1, 2))
    await desk.sql("ANALYZE issue")
    statement = awake(ID, NOW, FIRST, 200)
    dialect = asyncpg.dialect()  # type: ignore[no-untyped-call]
    sql = statement.compile(dialect=dialect, compile_kwargs={"literal_binds": True})
    async with desk.town.database.unit_of_work(Scope(frozenset({ID}), Login.CITY)) as connection:
        for way in ("seqscan", "bitmapscan", "sort"):  # cheaper for so few rows
            await connection.fetch(f"SET LOCAL enable_{way} = off")
        plan = await connection.fetch(f"EXPLAIN {sql}")
        lines = [line for (line,) in plan]
    assert any("using issue_wake" in line for line in lines), lines
    (condition,) = [line for line in lines if "Index Cond" in line]
    assert "tenant_id" in condition
    assert "CASE" in condition


async def test_events(desk: Desk) -> None:
    """An event of each step says what it set, in the name of the sweep."""
    row = clocked(-9, -8, paused=-10, until=-9)
    id_ = await desk.put(**row)
    await swept(desk)
    place = (await desk.row(id_))["organization_id"]
    common = {
        "actor": SUBJECT,
        "role": "CITY_ADMIN",
        "person_id": None,
        "organization_id": place,
        "issue_id": id_,
        "at": NOW,
    }
    resumed = (
        '{"set": {"due_at": "2026-03-14T21:00:00+00:00", "warn_at": "2026-03-14T20:00:00+00:00",'
        ' "revision": 2, "paused_at": null, "paused_until": null}, "number": "XX-20260315-000001"}'
    )
    overdue = '{"set": {"marked": "OVERDUE", "revision": 3}, "number": "XX-20260315-000001"}'
    assert await events(desk) == [
        {**common, "seq": 1, "kind": EventKind.ISSUE_RESUMED.value, "about::text": resumed},
        {**common, "seq": 2, "kind": EventKind.ISSUE_OVERDUE.value, "about::text": overdue},
    ]


async def test_many_in_small_batches(desk: Desk) -> None:
    """However many fall due, and however few a transaction takes, none is missed."""
    await many(desk, 41, **LATE)
    done = await swept(desk, size=4)
    assert done.counts == {Swept.OVERDUE: 41}
    marks = await desk.sql("SELECT marked, revision, count(*) FROM issue GROUP BY 1, 2")
    assert marks == [("OVERDUE", 2, 41)]


async def test_four_sweep_at_once(desk: Desk, tmp_path: Path, new_database: NewDatabase) -> None:
    """Of four who sweep the same 2,000 issues, one marks each: one event each, without a gap."""
    await many(desk, 2000, workflow="silent", **clocked(-9, -8))
    found = await asyncio.gather(*(swept(desk, size=50) for _ in range(4)))
    whole: Counter[Swept] = sum((batch.counts for batch in found), Counter())
    assert whole == {Swept.OVERDUE: 2000}
    marks = await desk.sql("SELECT marked, revision, count(*) FROM issue GROUP BY 1, 2")
    assert marks == [("OVERDUE", 2, 2000)]
    log = await events(desk)
    assert [event["seq"] for event in log] == list(range(1, 2001))
    assert len({event["issue_id"] for event in log}) == 2000
    assert {event["kind"] for event in log} == {"ISSUE_OVERDUE"}


async def test_what_others_hold_is_passed_over(desk: Desk) -> None:
    """An issue that somebody is changing does not hold up the sweep; the next pass has it."""
    held, free = await desk.put(**LATE), await desk.put(**LATE)
    async with desk.owner.transaction():
        await desk.sql("SELECT 1 FROM issue WHERE id = $1 FOR UPDATE", held)
        first = await swept(desk)
        assert (await desk.row(held))["marked"] is None
        assert (await desk.row(free))["marked"] == "OVERDUE"
    second = await swept(desk)
    assert (first.counts, second.counts) == ({Swept.OVERDUE: 1}, {Swept.OVERDUE: 1})


async def test_an_unknown_version_holds_up_nothing(desk: Desk) -> None:
    """An issue whose workflow cannot be read is left as it was; the others are swept."""
    ids = [await desk.put(workflow=key, **LATE) for key in ("silent", "rising", "silent")]
    before = await desk.row(ids[1])
    known = desk.town.definition
    definition = Definition(
        known.tenant, (), known.version, workflow_versions={**known.workflow_versions, "rising": 2}
    )
    for _ in range(2):
        done = await swept(desk, definition=definition)
        assert [failure.issue for failure in done.failures] == [ids[1]]
        assert await desk.row(ids[1]) == before
    assert [(await desk.row(id_))["marked"] for id_ in ids] == ["OVERDUE", None, "OVERDUE"]
    assert (await swept(desk)).counts == {Swept.OVERDUE: 1, Swept.RULE_CARRIED_OUT: 1}


async def test_a_faulty_rule_undoes_its_issue_only(desk: Desk) -> None:
    """Where the rule's action fails in the database, neither it nor the mark is there."""
    ids = [await desk.put(workflow="noted", **clocked(-9 + n / 10, -8)) for n in range(3)]
    await desk.sql(f"ALTER TABLE issue_note ADD CONSTRAINT broken CHECK (issue_id <> '{ids[1]}')")
    before = await desk.row(ids[1])
    done = await swept(desk)
    assert done.counts == {Swept.OVERDUE: 2, Swept.RULE_CARRIED_OUT: 2}
    assert [failure.issue for failure in done.failures] == [ids[1]]
    assert await desk.row(ids[1]) == before
    log = await events(desk)
    assert [(event["seq"], event["issue_id"]) for event in log] == [
        (1, ids[0]), (2, ids[0]), (3, ids[2]), (4, ids[2])
    ]  # fmt: skip
    await desk.sql("ALTER TABLE issue_note DROP CONSTRAINT broken")
    assert (await swept(desk)).counts == {Swept.OVERDUE: 1, Swept.RULE_CARRIED_OUT: 1}


RISES = [
    # workflow, where it stands, where it is after each pass in which it is overdue
    ("rising", "AA1-1-G1", ["AA1-1", "AA1", "AA", "990100", "990100"]),
    ("rising", "AA1-S", ["AA1", "AA", "990100", "990100"]),
    ("rising", "AA3-2-G2", ["AA3-2", "AA3", "AA", "990100", "990100"]),
    ("rising", "AA", ["990100", "990100"]),
    ("rising", "990100", ["990100", "990100"]),
    ("to_streets", "AA1-1-G1", ["AA1", "AA", "AA"]),
    ("to_streets", "AA3-1-G1", ["AA", "AA"]),
    ("to_counties", "BB1-1-G1", ["BB", "BB"]),
    ("noted", "AA1-1-G1", ["AA1-1", "AA1"]),
    ("proving", "AA1-1-G1", ["AA1-1-G1"]),
    ("silent", "AA1-1-G1", ["AA1-1-G1"]),
]


@pytest.mark.parametrize(("workflow", "place", "rises"), RISES, ids=lambda given: str(given)[:20])
async def test_overdue_rises(desk: Desk, workflow: str, place: str, rises: list[str]) -> None:
    """An overdue issue goes up to the nearest above that may handle it, as often as it is late."""
    id_ = await desk.put(place, workflow, **LATE)
    last = place
    for above in rises:
        done = await swept(desk)
        row = await desk.row(id_)
        assert await code(desk, row["organization_id"]) == above
        rule = Swept.RULE_CARRIED_OUT if above != last else Swept.RULE_NOT_AVAILABLE
        expected = {Swept.OVERDUE: 1} if workflow == "silent" else {Swept.OVERDUE: 1, rule: 1}
        assert done.counts == expected
        assert (await swept(desk)).counts == {}
        if above == last:
            break
        last = above
        # in its new state the issue is late once more
        late = clocked(-9, -8)
        sets = "due_at = $2, warn_at = $3, marked = NULL"
        await desk.sql(
            f"UPDATE issue SET {sets} WHERE id = $1", id_, late["due_at"], late["warn_at"]
        )


async def test_whoever_has_it_stays_responsible(desk: Desk) -> None:
    """The rule takes nothing over: the lead stays, a note says why, and somebody can take it."""
    worker = actor(Role.GRID_WORKER, "AA1-1-G1")
    id_ = await desk.put(workflow="noted", lead_subject=worker.subject, **LATE)
    before = await desk.row(id_)
    await swept(desk)
    row = await desk.row(id_)
    assert row == before | {
        "state": "raised",
        "phase": "IN_PROGRESS",
        "organization_id": row["organization_id"],
        "trail": [before["organization_id"]],
        "handed": True,
        "started_at": NOW,
        "due_at": NOW + 48 * HOUR,
        "warn_at": NOW + 38.4 * HOUR,
        "marked": None,
        "revision": 3,
    }
    notes = await desk.sql("SELECT issue_id, author, person_id, text, evidence FROM issue_note")
    assert notes == [(id_, SUBJECT, None, NOTE, [])]
    overdue, raised = await events(desk)
    assert (overdue["kind"], raised["kind"]) == ("ISSUE_OVERDUE", "ISSUE_ESCALATED")
    assert raised["organization_id"] == row["organization_id"]


async def test_nobody_has_what_nobody_took(desk: Desk) -> None:
    """An issue that nobody took is not taken by the rule either."""
    id_ = await desk.put(workflow="urging", **LATE)
    assert (await swept(desk)).counts == {Swept.OVERDUE: 1, Swept.RULE_CARRIED_OUT: 1}
    row = await desk.row(id_)
    assert (row["state"], row["lead_subject"], row["handed"]) == ("urged", None, False)


async def test_a_rule_that_does_not_fit_is_left(desk: Desk) -> None:
    """In a state that the rule's action does not start from, the issue is marked and left."""
    id_ = await desk.put(workflow="urging", state="urged", **LATE)
    before = await desk.row(id_)
    assert (await swept(desk)).counts == {Swept.OVERDUE: 1, Swept.RULE_NOT_AVAILABLE: 1}
    assert await desk.row(id_) == before | {"marked": "OVERDUE", "revision": 2}
    assert (await swept(desk)).counts == {}
