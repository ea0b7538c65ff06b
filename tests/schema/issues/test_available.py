"""What is available is exactly what is accepted."""

import asyncio
import random
import uuid
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from schema.actor import Actor
from schema.refusals import Refused
from tenants.definition import City, Definition
from tenants.workflow import FINAL, Workflow, WorkflowAction
from tests.conftest import NewDatabase, Templates, copied_database
from tests.schema.issues.desk import DAY, EVERYBODY, EVERYTHING, Desk, city_with, desk_at, invented
from tests.tenants.workflows import sound_workflows

STEPS = 14
TRIED = 5


async def walk(desk: Desk, workflow: Workflow, chances: random.Random) -> list[str]:
    """A history by chance; at each step some of what somebody may do, and may not do, is tried."""
    history: list[str] = []
    issue = await desk.put(chances.choice(["AA1-1-G1", "AA1-1", "AA1-S", "990100"]), workflow.key)
    final = {state.key for state in workflow.states if state.phase in FINAL}
    for _ in range(STEPS):
        who = await _somebody(desk, issue, chances)
        offered = await desk.available(issue, who)
        before = await desk.row(issue)
        for action in chances.sample(workflow.actions, min(TRIED, len(workflow.actions))):
            outcome = await desk.do(issue, action.key, who, dry_run=True)
            accepted = not isinstance(outcome, Refused)
            assert accepted == (action.key in offered), (history, who, action.key, outcome)
        assert await desk.row(issue) == before
        going = [a.key for a in workflow.actions if a.key in offered and a.to not in final]
        chosen = going if going or chances.random() < 0.8 else offered
        if chosen:
            key = chances.choice(chosen)
            outcome = await desk.do(issue, key, who)
            assert not isinstance(outcome, Refused), (history, who, key, outcome)
            history.append(key)
        desk.now += chances.choice([DAY / 24, DAY, 10 * DAY])
    return history


async def _somebody(desk: Desk, issue: uuid.UUID, chances: random.Random) -> Actor:
    """Mostly somebody who may do something now."""
    for who in chances.sample(EVERYBODY, len(EVERYBODY)):
        if chances.random() < 0.2 or await desk.available(issue, who):
            return who
    return EVERYBODY[0]


@pytest.mark.parametrize("seed", range(6))
async def test_offered_is_accepted(desk: Desk, seed: int) -> None:
    """Of any workflow step, each actor is offered what is accepted, and nothing else."""
    assert await walk(desk, EVERYTHING, random.Random(seed))


@pytest.mark.parametrize("times", [8, pytest.param(150, marks=pytest.mark.soak)])
def test_offered_is_accepted_in_any_workflow(
    server_url: str, templates: Templates, tmp_path: Path, times: int
) -> None:
    """So it is in workflows of any shape that the checks let pass, through histories by chance."""
    template = asyncio.run(templates.with_(invented(EVERYTHING)))
    lengths = []

    with copied_database(server_url, template) as url:
        # an example takes a while: to make it smaller would take minutes
        @settings(max_examples=times, deadline=None, database=None, phases=[Phase.generate])
        @given(sound_workflows(key=EVERYTHING.key), st.integers(0, 2**32))
        def check(workflow: Workflow, seed: int) -> None:
            lengths.append(len(asyncio.run(_walked(url, tmp_path / "keys.json", workflow, seed))))

        check()
    assert sum(lengths) > times


async def _walked(url: str, keys: Path, workflow: Workflow, seed: int) -> list[str]:
    """A history in a city that has this workflow alone, and no other issue."""
    async with desk_at(url, keys) as desk:
        await desk.sql("TRUNCATE issue CASCADE")
        desk.town.definition = city_with(workflow)
        return await walk(desk, workflow, random.Random(seed))


def _workflows(shipped: tuple[Definition, ...]) -> list[Workflow]:
    found = {}
    for definition in shipped:
        if isinstance(definition.tenant, City):
            for workflow in definition.tenant.workflows:
                found[workflow.key] = workflow.model_copy(
                    update={"levels": [], "actions": [_anywhere(a) for a in workflow.actions]}
                )
    return list(found.values())


def _anywhere(action: WorkflowAction) -> WorkflowAction:
    """The action without the levels of its own city."""
    return action.model_copy(update={"levels": []})


@pytest.mark.soak
async def test_offered_is_accepted_in_every_city(
    new_database: NewDatabase, tmp_path: Path, shipped: tuple[Definition, ...]
) -> None:
    """So it is in the workflow of every shipped city."""
    workflows = _workflows(shipped)
    histories = []
    url = await new_database(invented(*workflows))
    async with desk_at(url, tmp_path / "keys.json") as desk:
        for seed, workflow in enumerate(workflows):
            histories.append(await walk(desk, workflow, random.Random(seed)))
    assert sum(map(len, histories)) > 3 * len(workflows)
