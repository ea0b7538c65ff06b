"""The clock of an issue from step to step: what begins it anew, and what never does."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from schema.issues.draft import Given
from tenants.roles import Role
from tenants.workflow import Effect, Phase, TimeLimit, TimeUnit, Workflow, WorkflowState
from tests.conftest import NOW, NewDatabase
from tests.schema.issues.desk import DAY, STAFF, Desk, act, actor, desk_at, invented

WORKER = actor(Role.SECRETARY, "AA1")
PLAIN = Workflow(
    key="plain",
    name="服务时限",
    states=[
        WorkflowState(key="new", name="new", phase=Phase.REPORTED),
        WorkflowState(key="known", name="known", phase=Phase.ACCEPTED),
        WorkflowState(key="doing", name="doing", phase=Phase.IN_PROGRESS),
        WorkflowState(
            key="urgent",
            name="urgent",
            phase=Phase.IN_PROGRESS,
            time_limit=TimeLimit(amount=1, unit=TimeUnit.DAYS),
        ),
        WorkflowState(key="done", name="done", phase=Phase.RESOLVED),
        WorkflowState(key="closed", name="closed", phase=Phase.CLOSED),
    ],
    actions=[
        act("accept", "new", "known", STAFF),
        act("start", "known", "doing", STAFF),
        act("hurry", "known doing", "urgent", STAFF),
        act("calm", "urgent", "doing", STAFF),
        act("pause", "known doing", "known", STAFF, Effect.PAUSE),
        act("extend", "known doing", "known", STAFF, Effect.EXTEND),
        act("resolve", "doing urgent", "done", STAFF, Effect.RESOLVE),
        act("close", "done", "closed", STAFF),
    ],
)


@pytest.fixture
async def desk(new_database: NewDatabase, tmp_path: Path) -> AsyncIterator[Desk]:
    """The invented city with this workflow, whose service has a limit of five days."""
    url = await new_database(invented(PLAIN))
    async with desk_at(url, tmp_path / "keys.json") as ready:
        yield ready


async def put(desk: Desk) -> object:
    """A new issue whose service's clock runs."""
    return await desk.put(started_at=NOW, due_at=NOW + 5 * DAY, warn_at=NOW + 4 * DAY, unit="DAYS")


async def clock(desk: Desk, issue: object) -> dict[str, object]:
    """The columns of the clock."""
    row = await desk.row(issue)  # type: ignore[arg-type]
    names = ("started_at", "due_at", "warn_at", "paused_at", "paused_until", "marked", "ended_at")
    return {name: row[name] for name in (*names, "pauses", "extensions")}


async def step(desk: Desk, issue: object, action: str, **given: object) -> None:
    done = await desk.do(issue, action, WORKER, Given(**given) if given else None)  # type: ignore[arg-type]
    assert not hasattr(done, "refusals"), done
    desk.now += DAY / 24


async def test_steps_leave_the_service_clock_alone(desk: Desk) -> None:
    """Steps between states without limits of their own change nothing of the deadline."""
    issue = await put(desk)
    before = await clock(desk, issue)
    for action in ("accept", "start"):
        await step(desk, issue, action)
        assert await clock(desk, issue) == before


async def test_an_extension_outlasts_the_next_step(desk: Desk) -> None:
    """What was extended stays extended, with its warning, in the next state."""
    issue = await put(desk)
    await step(desk, issue, "accept")
    await step(desk, issue, "extend", until=NOW + 20 * DAY)
    extended = await clock(desk, issue)
    assert (extended["due_at"], extended["extensions"]) == (NOW + 20 * DAY, 1)
    await step(desk, issue, "start")
    assert await clock(desk, issue) == extended


async def test_a_mark_outlasts_the_next_step(desk: Desk) -> None:
    """An issue that was said to be overdue is not said to be so once more after a step."""
    issue = await desk.put(
        started_at=NOW - 9 * DAY,
        due_at=NOW - 4 * DAY,
        warn_at=NOW - 5 * DAY,
        unit="DAYS",
        marked="OVERDUE",
    )
    before = await clock(desk, issue)
    await step(desk, issue, "accept")
    assert await clock(desk, issue) == before


async def test_a_limit_of_a_state_begins_anew(desk: Desk) -> None:
    """A state with a limit of its own has a clock of its own, unmarked and not paused."""
    issue = await put(desk)
    await step(desk, issue, "accept")
    begun = desk.now
    await step(desk, issue, "hurry")
    assert await clock(desk, issue) == {
        "started_at": begun,
        "due_at": begun + DAY,
        "warn_at": begun + 0.8 * DAY,
        "paused_at": None,
        "paused_until": None,
        "marked": None,
        "ended_at": None,
        "pauses": 0,
        "extensions": 0,
    }


async def test_the_service_clock_goes_on_beside_it(desk: Desk) -> None:
    """After a state with a limit of its own the service's clock is as it was, extended or not."""
    issue = await put(desk)
    await step(desk, issue, "accept")
    await step(desk, issue, "extend", until=NOW + 20 * DAY)
    extended = await clock(desk, issue)
    await step(desk, issue, "hurry")
    assert (await clock(desk, issue))["due_at"] == desk.now - DAY / 24 + DAY
    await step(desk, issue, "calm")
    assert await clock(desk, issue) == extended
    row = await desk.row(issue)  # type: ignore[arg-type]
    assert {row[f"service_{name}"] for name in ("started_at", "due_at", "warn_at")} == {None}


async def test_a_pause_before_it_is_given_back(desk: Desk) -> None:
    """A pause that a state with a limit of its own ends counts for the service's clock."""
    issue = await put(desk)
    await step(desk, issue, "accept")
    await step(desk, issue, "pause", until=NOW + 3 * DAY)
    desk.now = NOW + 2 * DAY
    await step(desk, issue, "hurry")
    await step(desk, issue, "calm")
    found = await clock(desk, issue)
    assert found["due_at"] == NOW + 7 * DAY - DAY / 24
    assert (found["paused_at"], found["pauses"]) == (None, 1)


@pytest.mark.parametrize("marked", [None, "OVERDUE"])
async def test_its_mark_is_kept_aside(marked: str | None, desk: Desk) -> None:
    """What the sweep has said of the service's clock it need not say again, what not it must."""
    issue = await desk.put(
        state="doing",
        phase="IN_PROGRESS",
        started_at=NOW - 9 * DAY,
        due_at=NOW - 4 * DAY,
        warn_at=NOW - 5 * DAY,
        unit="DAYS",
        marked=marked,
    )
    for action in ("hurry", "calm"):
        await step(desk, issue, action)
    assert (await clock(desk, issue))["marked"] == marked


async def test_settling_ends_it(desk: Desk) -> None:
    """Resolving ends the clock where it is; closing later leaves that be."""
    issue = await put(desk)
    for action in ("accept", "start"):
        await step(desk, issue, action)
    ended = desk.now
    await step(desk, issue, "resolve")
    settled = await clock(desk, issue)
    assert (settled["due_at"], settled["ended_at"]) == (NOW + 5 * DAY, ended)
    await step(desk, issue, "close")
    assert await clock(desk, issue) == settled
