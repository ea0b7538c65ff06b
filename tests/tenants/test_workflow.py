"""Workflows: states without a way in or out, against a computation of another kind."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tenants.roles import Role
from tenants.workflow import (
    FINAL,
    Phase,
    Workflow,
    WorkflowAction,
    WorkflowState,
    dead_ends,
    unreachable,
)


def state(key: str, phase: Phase) -> WorkflowState:
    return WorkflowState(key=key, name=key.upper(), phase=phase)


def action(key: str, from_: list[str], to: str) -> WorkflowAction:
    return WorkflowAction(key=key, name=key.upper(), from_=from_, to=to, by=[Role.SECRETARY])


@st.composite
def workflows(draw: st.DrawFn) -> Workflow:
    keys = [f"s{at}" for at in range(draw(st.integers(1, 7)))]
    phases = st.sampled_from(list(Phase))
    ends = st.lists(st.sampled_from(keys), min_size=1, max_size=3, unique=True)
    return Workflow(
        key="w",
        name="W",
        states=[state(key, draw(phases)) for key in keys],
        actions=[
            action(f"a{at}", draw(ends), draw(st.sampled_from(keys)))
            for at in range(draw(st.integers(0, 8)))
        ],
    )


def connected(workflow: Workflow) -> dict[str, set[str]]:
    """What each state leads to, itself included: every pair over every middle."""
    keys = [item.key for item in workflow.states]
    ways = {(key, key) for key in keys}
    ways |= {(start, item.to) for item in workflow.actions for start in item.from_}
    for middle in keys:
        ways |= {
            (start, end)
            for start in keys
            for end in keys
            if (start, middle) in ways and (middle, end) in ways
        }
    return {key: {end for end in keys if (key, end) in ways} for key in keys}


@settings(max_examples=200, deadline=None, database=None)
@given(workflows())
def test_states_without_a_way_in_or_out(workflow: Workflow) -> None:
    """Unreachable: not led to from the first state; a dead end: leads to no final state."""
    ways = connected(workflow)
    keys = [item.key for item in workflow.states]
    final = {item.key for item in workflow.states if item.phase in FINAL}
    assert unreachable(workflow) == [key for key in keys if key not in ways[keys[0]]]
    assert dead_ends(workflow) == [key for key in keys if not ways[key] & final]


def test_an_issue_without_end() -> None:
    """A state that leads only in circles is a dead end though actions leave it."""
    workflow = Workflow(
        key="w",
        name="W",
        states=[
            state("reported", Phase.REPORTED),
            state("handling", Phase.IN_PROGRESS),
            state("waiting", Phase.IN_PROGRESS),
            state("closed", Phase.CLOSED),
            state("lost", Phase.RESOLVED),
        ],
        actions=[
            action("close", ["reported", "lost"], "closed"),
            action("handle", ["reported", "waiting"], "handling"),
            action("wait", ["handling"], "waiting"),
        ],
    )
    assert dead_ends(workflow) == ["handling", "waiting"]
    assert unreachable(workflow) == ["lost"]
