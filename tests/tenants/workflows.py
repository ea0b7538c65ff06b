"""Workflows of every shape for property tests: any at all, and such as the checks let pass."""

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from tenants.effects import OPEN, OUTLINES, stuck
from tenants.findings import Finding, Known
from tenants.roles import HANDLERS, Role
from tenants.workflow import (
    FINAL,
    NEEDS_OF_EFFECT,
    ActionNeed,
    Effect,
    Phase,
    Severity,
    TimeLimit,
    TimeUnit,
    Workflow,
    WorkflowAction,
    WorkflowRules,
    WorkflowState,
    unreachable,
)
from tenants.workflow_checks import FOR_OVERDUE, SUPPLIED, check_workflow

LEVELS = ("county", "street", "community", "grid")
EFFECTS: Sequence[Effect | None] = (None, *Effect)
FREE_NEEDS = (ActionNeed.NOTE, ActionNeed.EVIDENCE)
"""Needs that go with every effect."""


def findings(workflow: Workflow, levels: Sequence[str] = LEVELS) -> list[Finding]:
    """What the checks of tenant files say of a workflow in a city with these levels."""
    known = Known(levels, (), (), (), lambda loc: frozenset())
    return list(check_workflow(workflow, known, ("workflows", 0)))


@st.composite
def workflows(draw: st.DrawFn) -> Workflow:
    """Any workflow whose references exist, right or wrong."""
    states = [_state(f"s{n}", draw(_of(Phase)), draw) for n in range(draw(st.integers(1, 6)))]
    keys = [state.key for state in states]
    actions = [
        WorkflowAction(
            key=f"a{n}",
            name=f"A{n}",
            from_=draw(_some(keys, least=1)),
            to=draw(_of(keys)),
            by=draw(_some(list(Role), least=1)),
            needs=draw(_some(list(ActionNeed), most=1)),
            effect=draw(_of(EFFECTS)),
            severities=draw(_some(list(Severity), most=2)),
            levels=draw(_some(LEVELS, most=1)),
        )
        for n in range(draw(st.integers(0, 8)))
    ]
    overdue = draw(st.none() | _of([action.key for action in actions])) if actions else None
    return Workflow(
        key="w",
        name="W",
        states=states,
        actions=actions,
        rules=WorkflowRules(overdue=overdue),
    )


@st.composite
def sound_workflows(
    draw: st.DrawFn, levels: Sequence[str] = LEVELS, key: str = "w", most_actions: int = 14
) -> Workflow:
    """A workflow without a mistake, of any effects, severities and levels.

    What is drawn may lack ways in or out; those are laid at the end, by ordinary actions.
    """
    states = _states(draw)
    actions = [
        action
        for n in range(draw(st.integers(0, most_actions)))
        if (action := _action(f"a{n}", states, levels, draw)) is not None
    ]
    found = Workflow(
        key=key,
        name=key.upper(),
        states=states,
        actions=actions,
        levels=draw(_some(levels, most=2)),
        rules=_rules(states, actions, draw),
    )
    return _with_ways(found, draw)


def _states(draw: st.DrawFn) -> list[WorkflowState]:
    """The first is open, and one at least is final."""
    open_ = [draw(_of(sorted(OPEN))) for _ in range(draw(st.integers(1, 4)))]
    rest = draw(_some([Phase.RESOLVED, *sorted(FINAL)], least=1))
    if not FINAL & set(rest):
        rest.append(Phase.CLOSED)
    return [_state(f"s{n}", phase, draw) for n, phase in enumerate([*open_, *rest])]


def _state(key: str, phase: Phase, draw: st.DrawFn) -> WorkflowState:
    limits = st.builds(TimeLimit, amount=st.integers(1, 72), unit=_of(list(TimeUnit)))
    limit = draw(st.none() | limits) if phase in OPEN else None
    return WorkflowState(key=key, name=key.upper(), phase=phase, time_limit=limit)


def _action(
    key: str, states: Sequence[WorkflowState], levels: Sequence[str], draw: st.DrawFn
) -> WorkflowAction | None:
    """An action of an effect that fits the states; None where none does."""
    effect = draw(_of(EFFECTS))
    outline = OUTLINES[effect]
    starts = [state.key for state in states if state.phase in outline.from_]
    ends = [state.key for state in states if state.phase in outline.to]
    if not starts or not ends:
        return None
    from_, to = draw(_some(starts, least=1)), draw(_of(ends))
    if outline.stays or (outline.may_stay and draw(st.booleans())):
        from_ = [to := draw(_of(starts))]
    needed = () if effect is None else NEEDS_OF_EFFECT.get(effect, ())
    return WorkflowAction(
        key=key,
        name=key.upper(),
        from_=from_,
        to=to,
        by=draw(_some(sorted(outline.by), least=1)),
        needs=draw(_some([*FREE_NEEDS, *needed], most=2)),
        effect=effect,
        severities=draw(st.just([]) | _some(list(Severity), most=2)),
        levels=draw(_some(levels, most=2)) if effect is Effect.ESCALATE else [],
    )


def _rules(
    states: Sequence[WorkflowState], actions: Sequence[WorkflowAction], draw: st.DrawFn
) -> WorkflowRules:
    open_ = {state.key for state in states if state.phase in OPEN}
    fitting = [
        action.key
        for action in actions
        if action.effect in FOR_OVERDUE and action.to in open_ and {*action.needs} <= SUPPLIED
    ]
    return WorkflowRules(
        open_claims=draw(st.none() | st.integers(1, 3)),
        reopen_days=draw(st.integers(0, 30)),
        pauses=draw(st.integers(0, 2)),
        extensions=draw(st.integers(0, 2)),
        overdue=draw(st.none() | _of(fitting)) if fitting else None,
    )


def _with_ways(workflow: Workflow, draw: st.DrawFn) -> Workflow:
    """The workflow with ways into each state and out of each that is not final."""
    first, by = workflow.states[0].key, draw(_some(sorted(HANDLERS), least=1))
    for n, key in enumerate(unreachable(workflow)):
        workflow = _added(workflow, f"in{n}", first, key, by)
    final = [state.key for state in workflow.states if state.phase in FINAL]
    for n, (key, _) in enumerate(stuck(workflow)):
        workflow = _added(workflow, f"out{n}", key, draw(_of(final)), by)
    return workflow


def _added(workflow: Workflow, key: str, from_: str, to: str, by: list[Role]) -> Workflow:
    action = WorkflowAction(key=key, name=key.upper(), from_=[from_], to=to, by=by)
    return workflow.model_copy(update={"actions": [*workflow.actions, action]})


def _of(items: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from(list(items))


def _some(items: Any, least: int = 0, most: int = 3) -> st.SearchStrategy[list[Any]]:
    return st.lists(_of(items), min_size=least, max_size=most, unique=True)
