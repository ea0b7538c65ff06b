"""What may be done with an issue now, by whom: the one question to a workflow.

`availableActions` and `advanceIssue` ask it alike, so that what a front end is offered is what it
may do: for an action that is available, only what is given with it can still be refused.
"""

import datetime

from schema.actor import Actor
from schema.issues.effects.registry import EFFECTS
from schema.issues.effects.resolve import answers_only
from schema.issues.party import Party, party, roles_at
from schema.issues.reasons import cannot
from schema.issues.standing import Standing
from schema.refusals import Refusal, RefusalCode
from tenants.roles import Role
from tenants.workflow import Effect, WorkflowAction

_OUTSIDE = frozenset({Role.PUBLIC, Role.RESIDENT})


def available(standing: Standing, actor: Actor, now: datetime.datetime) -> list[WorkflowAction]:
    """The actions that `actor` may do now, in the order of the workflow."""
    who = party(standing, actor)
    return [
        action
        for action in standing.workflow.actions
        if unavailable(standing, action, who, actor, now) is None
    ]


def unavailable(
    standing: Standing,
    action: WorkflowAction,
    who: Party,
    actor: Actor,
    now: datetime.datetime,
) -> Refusal | None:
    """Why the actor cannot do the action now, if so."""
    entry = EFFECTS[action.effect]
    return (
        _wrong_state(standing, action)
        or _wrong_severity(standing, action)
        or (_not_reporter if entry.by_reporter else _not_handler)(standing, action, who, actor)
        or entry.rule.impossible(standing, action, who, actor, now)
    )


def _wrong_state(standing: Standing, action: WorkflowAction) -> Refusal | None:
    if standing.row["state"] in action.from_:
        return None
    names = [state.name for state in standing.workflow.states if state.key in action.from_]
    here = standing.state.name
    return cannot(
        RefusalCode.ACTION_NOT_AVAILABLE,
        f"“{action.name}”须在“{'”或“'.join(names)}”状态,现为“{here}”。",
        f"{action.name!r} needs the state {' or '.join(map(repr, names))}; it is {here!r} now.",
    )


def _wrong_severity(standing: Standing, action: WorkflowAction) -> Refusal | None:
    if not action.severities or standing.severity in action.severities:
        return None
    names = ", ".join(action.severities)
    return cannot(
        RefusalCode.ACTION_NOT_AVAILABLE,
        f"“{action.name}”用于难度 {names},此事项为 {standing.severity}。",
        f"{action.name!r} is for the severity {names}; this issue has {standing.severity}.",
    )


def _not_reporter(
    standing: Standing, action: WorkflowAction, who: Party, actor: Actor
) -> Refusal | None:
    if who.is_reporter:
        own = roles_at(standing.place_path, standing.tenant_id, actor) | who.roles
        if own & set(action.by) or Role.PUBLIC in action.by:
            return None
        return _wrong_role(action)
    return cannot(
        RefusalCode.FORBIDDEN,
        f"“{action.name}”须由上报人办理。",
        f"{action.name!r} is for whoever reported the issue.",
    )


def _not_handler(
    standing: Standing, action: WorkflowAction, who: Party, actor: Actor
) -> Refusal | None:
    if action.effect is Effect.RESOLVE and answers_only(who):
        return None
    if not (who.roles - _OUTSIDE) & set(action.by):
        return _wrong_role(action)
    row = standing.row
    taken = row["lead_subject"] is not None or row["lead_person_id"] is not None
    if not taken or row["handed"] or who.is_lead or who.is_superior:
        return None
    return cannot(
        RefusalCode.TAKEN_OVER,
        "已由他人承办,仅承办人及其上级可办理。",
        "Somebody else has taken it over: only they and their superiors may do this.",
    )


def _wrong_role(action: WorkflowAction) -> Refusal:
    roles = ", ".join(action.by)
    return cannot(
        RefusalCode.FORBIDDEN,
        f"“{action.name}”须由事项所在组织的 {roles} 办理。",
        f"{action.name!r} is for {roles} of the organization where the issue stands.",
    )
