"""Where each effect of an action may lead from and to, who may do it, and which ways are sure."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from tenants.roles import HANDLERS, REPORTERS, Role
from tenants.workflow import (
    FINAL,
    Effect,
    Phase,
    Severity,
    Workflow,
    WorkflowAction,
    reaching,
)

OPEN = frozenset({Phase.REPORTED, Phase.ACCEPTED, Phase.IN_PROGRESS})
"""Phases in which an issue waits for somebody to handle it."""

_PENDING = OPEN | {Phase.RESOLVED}
_SETTLED = frozenset({Phase.RESOLVED, Phase.CLOSED})


@dataclass(frozen=True)
class Outline:
    """What a workflow may do with an effect.

    `from_` and `to` are phases of the states that its actions may lead from and to, `by` the roles
    that may do them. An action that `stays` leads to the one state that it comes from; one that
    `may_stay` does so, or leads to `to`.
    """

    from_: frozenset[Phase]
    to: frozenset[Phase]
    by: frozenset[Role] = HANDLERS
    stays: bool = False
    may_stay: bool = False


_PASSED_ON = Outline(_PENDING, OPEN)
_LATER = Outline(OPEN, OPEN, stays=True)

OUTLINES: Mapping[Effect | None, Outline] = {
    None: Outline(frozenset(Phase), frozenset(Phase)),
    Effect.ASSIGN: _PASSED_ON,
    Effect.CLAIM: _PASSED_ON,
    Effect.ESCALATE: _PASSED_ON,
    Effect.RETURN: _PASSED_ON,
    Effect.CO_HANDLE: Outline(OPEN, OPEN),
    Effect.MERGE: Outline(_PENDING, FINAL),
    Effect.PAUSE: _LATER,
    Effect.EXTEND: _LATER,
    Effect.RESOLVE: Outline(_PENDING, frozenset({Phase.RESOLVED}), may_stay=True),
    Effect.REJECT: Outline(_PENDING, frozenset({Phase.REJECTED})),
    Effect.RATE: Outline(_SETTLED, _SETTLED, by=REPORTERS),
    Effect.REOPEN: Outline(_SETTLED | {Phase.REJECTED}, OPEN, by=REPORTERS),
    Effect.WITHDRAW: Outline(_PENDING, frozenset({Phase.WITHDRAWN}), by=REPORTERS),
}
"""Every effect; None is an action without one."""

_BY_REPORTER = frozenset({Effect.RATE, Effect.REOPEN, Effect.WITHDRAW})
_UNSURE = frozenset({Effect.ESCALATE, Effect.MERGE})
"""Effects that may be impossible whoever asks: nobody stands above, no other issue is alike."""


def is_by_reporter(action: WorkflowAction) -> bool:
    """Whether only whoever reported an issue may do it."""
    return action.effect in _BY_REPORTER


def is_sure(action: WorkflowAction) -> bool:
    """Whether those who handle issues can always do it, wherever the issue stands."""
    return action.effect not in _BY_REPORTER | _UNSURE and not HANDLERS.isdisjoint(action.by)


def takes(action: WorkflowAction, severity: Severity) -> bool:
    """Whether it may be done with an issue of this severity."""
    return not action.severities or severity in action.severities


def stuck(workflow: Workflow) -> Iterator[tuple[str, tuple[Severity, ...]]]:
    """States in which an issue may stay for ever, with the severities for which that is so.

    From them no final state is reached by actions that those who handle issues can always do.
    A state that an issue of the severity never comes to does not count.
    """
    final = {state.key for state in workflow.states if state.phase in FINAL}
    first = {workflow.states[0].key}
    without_end: dict[str, list[Severity]] = {}
    for severity in Severity:
        own = [action for action in workflow.actions if takes(action, severity)]
        ways = _ways(own)
        back = {(end, start) for start, end in _ways(action for action in own if is_sure(action))}
        for key in reaching(first, ways) - reaching(final, back):
            without_end.setdefault(key, []).append(severity)
    for state in workflow.states:
        if state.key in without_end:
            yield state.key, tuple(without_end[state.key])


def _ways(actions: Collection[WorkflowAction] | Iterator[WorkflowAction]) -> set[tuple[str, str]]:
    return {(start, action.to) for action in actions for start in action.from_}
