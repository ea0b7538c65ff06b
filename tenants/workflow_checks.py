"""The rules of a workflow that types cannot say: that whatever it lets happen can be carried out,
and that no issue is without a way out."""

from collections.abc import Iterator, Mapping

from tenants.effects import OPEN, OUTLINES, stuck
from tenants.findings import Finding, Known, duplicates, unknown
from tenants.problems import shown
from tenants.sourced import Loc
from tenants.workflow import (
    NEEDS_OF_EFFECT,
    ActionNeed,
    Effect,
    Phase,
    Severity,
    Workflow,
    WorkflowAction,
    WorkflowState,
    dead_ends,
    needs,
    unreachable,
)

FOR_OVERDUE = (Effect.ESCALATE, None)
"""Effects of an action that is carried out by itself when an issue is overdue."""

SUPPLIED = frozenset({ActionNeed.NOTE})
"""What such an action can be given although nobody is there to give it."""

_OWNED = frozenset(need for own in NEEDS_OF_EFFECT.values() for need in own)


def check_workflow(workflow: Workflow, known: Known, at: Loc) -> Iterator[Finding]:
    """Every broken rule of a workflow at `at` of the tree."""
    yield from duplicates(workflow.states, lambda item: item.key, (*at, "states"), "key")
    yield from duplicates(workflow.actions, lambda item: item.key, (*at, "actions"), "key")
    yield from _levels(workflow.levels, known, (*at, "levels"))
    states = {state.key: index for index, state in enumerate(workflow.states)}
    lost = known.lacks((*at, "states"))
    is_whole = not lost and not known.lacks((*at, "actions"))
    for index, action in enumerate(workflow.actions):
        here = (*at, "actions", index)
        ends: list[tuple[Loc, str]] = [
            ((*here, "from", place), key) for place, key in enumerate(action.from_)
        ]
        for end, key in [*ends, ((*here, "to"), action.to)]:
            yield from unknown(key, [*states, *sorted(lost - {""})], end, "state")
            is_whole = is_whole and key in states
        is_whole = is_whole and not known.lacks((*here, "from"))
        yield from _action(action, workflow, known, here)
    yield from _overdue(workflow, known, at)
    if is_whole:
        yield from _ways(workflow, states, at, known)


def _levels(levels: list[str], known: Known, at: Loc) -> Iterator[Finding]:
    yield from duplicates(levels, str, at, None)
    for place, key in enumerate(levels):
        yield from unknown(key, known.levels, (*at, place), "level")


def _action(
    action: WorkflowAction, workflow: Workflow, known: Known, here: Loc
) -> Iterator[Finding]:
    """What an action says, and what its effect can do with it."""
    yield from duplicates(action.severities, str, (*here, "severities"), None)
    yield from _levels(action.levels, known, (*here, "levels"))
    if known.lacks(here) & {"effect"}:
        return
    if action.levels and action.effect is not Effect.ESCALATE:
        expected = f"no `levels`: they are for the effect {Effect.ESCALATE}"
        yield Finding((*here, "levels"), ", ".join(action.levels), expected)
    yield from _doers(action, here)
    yield from _needs(action, here)
    yield from _phases(action, {state.key: state for state in workflow.states}, here)


def _doers(action: WorkflowAction, here: Loc) -> Iterator[Finding]:
    allowed = OUTLINES[action.effect].by
    who = "report issues" if len(allowed) > len(OUTLINES[None].by) else "handle issues"
    for place, role in enumerate(action.by):
        if role not in allowed:
            names = ", ".join(item for item in type(role) if item in allowed)
            expected = f"a role that may {who}: {names}"
            yield Finding((*here, "by", place), shown(str(role)), expected)


def _needs(action: WorkflowAction, here: Loc) -> Iterator[Finding]:
    """Needs that nobody can supply, since they belong to another effect."""
    own = () if action.effect is None else NEEDS_OF_EFFECT.get(action.effect, ())
    for place, need in enumerate(action.needs):
        if need in _OWNED and need not in own:
            effects = " or ".join(e for e, known in NEEDS_OF_EFFECT.items() if need in known)
            expected = f"a need that fits: {need} is for the effect {effects}"
            yield Finding((*here, "needs", place), shown(str(need)), expected)


def _phases(
    action: WorkflowAction, states: Mapping[str, WorkflowState], here: Loc
) -> Iterator[Finding]:
    """States that an action of this effect cannot lead from or to; unknown ones are told before."""
    outline, effect = OUTLINES[action.effect], action.effect
    stays = set(action.from_) == {action.to}
    if outline.stays and not stays:
        expected = f"the one state that it comes from, since {effect} lets an issue stay as it is"
        yield Finding((*here, "to"), shown(action.to), expected)
    for place, key in enumerate(action.from_):
        if key in states and states[key].phase not in outline.from_:
            value = f"{shown(key)} ({states[key].phase})"
            expected = f"a state that {effect} may lead from: {_names(outline.from_)}"
            yield Finding((*here, "from", place), value, expected)
    if action.to in states and states[action.to].phase not in outline.to:
        if outline.may_stay and stays:
            return
        value = f"{shown(action.to)} ({states[action.to].phase})"
        expected = f"a state that {effect} may lead to: {_names(outline.to)}"
        yield Finding((*here, "to"), value, expected)


def _names(phases: frozenset[Phase]) -> str:
    return ", ".join(phase for phase in Phase if phase in phases)


def _overdue(workflow: Workflow, known: Known, at: Loc) -> Iterator[Finding]:
    """The action that is carried out by itself: one that there is, and that needs nobody."""
    key, here = workflow.rules.overdue, (*at, "rules", "overdue")
    lost = known.lacks((*at, "actions"))
    if key is None or "" in lost:
        return
    action = workflow.action(key)
    if action is None:
        names = [*(item.key for item in workflow.actions), *sorted(lost)]
        yield from unknown(key, names, here, "action")
        return
    place = (*at, "actions", workflow.actions.index(action))
    if known.lacks(place) & {"effect", "needs"} or known.lacks((*place, "needs")):
        return
    state = workflow.state(action.to)
    missing = [need for need in needs(action) if need not in SUPPLIED]
    if action.effect not in FOR_OVERDUE:
        value = f"{shown(key)} (effect {action.effect})"
        expected = f"an action with the effect {Effect.ESCALATE}, or without one"
        yield Finding(here, value, expected)
    elif missing:
        value = f"{shown(key)} (needs {', '.join(missing)})"
        yield Finding(
            here, value, "an action that needs nothing but NOTE: nobody is there to give it"
        )
    elif state is not None and state.phase not in OPEN:
        value = f"{shown(key)} (leads to {state.phase})"
        expected = f"an action that leads to {_names(OPEN)}: no issue is settled by being late"
        yield Finding(here, value, expected)


def _ways(
    workflow: Workflow, states: Mapping[str, int], at: Loc, known: Known
) -> Iterator[Finding]:
    """States without a way in or out."""
    first, *_ = workflow.states
    if first.phase not in OPEN:
        value, expected = (
            f"{shown(first.key)} ({first.phase})",
            f"a state to begin in: {_names(OPEN)}",
        )
        yield Finding((*at, "states", 0), value, expected)
    for key in unreachable(workflow):
        yield Finding(
            (*at, "states", states[key]),
            shown(key),
            "a state that actions reach from the first state; no action leads to this one",
        )
    closed = dead_ends(workflow)
    for key in closed:
        yield Finding(
            (*at, "states", states[key]),
            shown(key),
            "a state from which a final one (CLOSED, REJECTED, WITHDRAWN) can be reached",
        )
    if closed or _is_doubtful(workflow, known, at):
        return
    for key, severities in stuck(workflow):
        limits = "" if len(severities) == len(Severity) else f" (severity {', '.join(severities)})"
        yield Finding(
            (*at, "states", states[key]),
            f"{shown(key)}{limits}",
            "a state from which those who handle issues can reach a final one, "
            "also where nobody stands above",
        )


def _is_doubtful(workflow: Workflow, known: Known, at: Loc) -> bool:
    """Whether an action was left in part as broken: what it allows is not known then."""
    lists = ("by", "severities")
    return any(
        known.lacks((*at, "actions", index))
        or any(known.lacks((*at, "actions", index, name)) for name in lists)
        for index in range(len(workflow.actions))
    )
