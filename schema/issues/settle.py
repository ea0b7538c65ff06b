"""What an action makes of an issue, worked out in memory: neither read nor written here."""

import datetime
from collections.abc import Mapping
from typing import Any

from schema.events import Event, EventKind
from schema.issues.clock import clock_columns, clock_of
from schema.issues.draft import Draft
from schema.issues.effects.registry import EFFECTS
from schema.issues.values import plain
from schema.refusals import Refusal
from tenants.deadline import Clock, DeadlineStatus, start, status
from tenants.workflow import FINAL, Phase, TimeUnit, WorkflowState


def settle(draft: Draft) -> Refusal | None:
    """The effect, whose issue it is, the state and the clock, put into the draft in this order.

    That the action is available and has what it needs was asked before; the refusal says why what
    was given does not fit.
    """
    entry = EFFECTS[draft.action.effect]
    reason = entry.rule.carry_out(draft)
    if reason is not None:
        return reason
    if entry.takes_over and not draft.stays and not draft.by_rule:
        _take_over(draft)
    if not draft.stays:
        _enter(draft)
    draft.sets["revision"] = draft.row["revision"] + 1
    return None


def told(draft: Draft) -> list[Event]:
    """The event of a settled draft, then those of other issues that it changes."""
    row, action = draft.row, draft.action
    kind = EventKind.ISSUE_ANSWERED if draft.stays else EFFECTS[action.effect].event
    about: dict[str, Any] = {
        "number": row["number"],
        "action": action.key,
        "from": row["state"],
        "to": draft.sets.get("state", row["state"]),
        **draft.facts,
        "set": plain(draft.sets),
    }
    if draft.note_id is not None:
        about["note"] = str(draft.note_id)
    place = draft.sets.get("organization_id", row["organization_id"])
    return [Event(kind, place, about, row["id"]), *draft.others]


def _take_over(draft: Draft) -> None:
    """Whoever works on an issue that nobody has, or that was passed on, has it from then on."""
    row = draft.row
    taken = row["lead_subject"] is not None or row["lead_person_id"] is not None
    if draft.party.is_lead or (taken and not row["handed"]):
        return
    draft.sets |= {
        "lead_organization_id": row["organization_id"],
        "lead_subject": draft.actor.subject,
        "lead_person_id": draft.actor.person,
    }
    draft.sets.setdefault("handed", False)


def _enter(draft: Draft) -> None:
    """The state that the action leads to, with its phase, moments and clock."""
    workflow, now = draft.standing.workflow, draft.now
    state = workflow.state(draft.action.to)
    assert state is not None
    draft.sets |= {"state": state.key, "phase": state.phase.value}
    draft.sets |= _moments(draft, state.phase)
    if state.key == draft.row["state"]:
        return
    ended = state.phase in FINAL or state.phase is Phase.RESOLVED
    clock = clock_of(draft.row)
    if ended:
        if clock is not None and draft.row["ended_at"] is None:
            draft.sets |= clock_columns(clock.stop(now)) | {"ended_at": now}
        draft.sets["paused_until"] = None
        return
    if _runs_on(draft, clock, state):
        return
    aside = _set_aside(draft, clock)
    is_own = state.time_limit is not None
    begun = _begun(draft, state, aside)
    marked = None if is_own or aside is None else aside["service_marked"]
    if draft.by_rule and begun is not None and status(begun, now) is DeadlineStatus.OVERDUE:
        # the rule that leads here is the one that the sweep would at once carry out once more
        marked = DeadlineStatus.OVERDUE.value
    draft.sets |= clock_columns(begun) | {
        # how often is counted an issue, not a step
        "pauses": draft.row["pauses"],
        "extensions": draft.row["extensions"],
        "ended_at": None,
        "marked": marked,
        "paused_until": None,
        **(aside if is_own and aside is not None else NOTHING_ASIDE),
    }


def _runs_on(draft: Draft, clock: Clock | None, state: WorkflowState) -> bool:
    """Whether the service's clock runs, and goes on with its pauses, extensions and marks."""
    if clock is None or draft.row["ended_at"] is not None:
        return False
    return draft.standing.state.time_limit is None and state.time_limit is None


NOTHING_ASIDE: Mapping[str, Any] = dict.fromkeys(
    ("service_started_at", "service_due_at", "service_unit", "service_warn_at", "service_marked")
)


def _set_aside(draft: Draft, clock: Clock | None) -> Mapping[str, Any] | None:
    """The service's clock as it stands, with its pauses, extensions and mark, if it ever ran.

    A settled issue that is taken up again has a new one.
    """
    row = draft.row
    if draft.standing.settled_at is not None:
        return None
    if draft.standing.state.time_limit is not None:
        has_one = row["service_due_at"] is not None
        return {name: row[name] for name in NOTHING_ASIDE} if has_one else None
    if clock is None:
        return None
    clock = clock.stop(draft.now)
    return {
        "service_started_at": clock.started_at,
        "service_due_at": clock.due_at,
        "service_unit": clock.unit.value,
        "service_warn_at": clock.warn_at,
        "service_marked": row["marked"],
    }


def _begun(draft: Draft, state: WorkflowState, aside: Mapping[str, Any] | None) -> Clock | None:
    """The clock of a state: of its own limit, else the service's, which went on meanwhile."""
    rules = draft.standing.workflow.rules
    if state.time_limit is not None:
        return start(draft.now, state.time_limit, rules.due_soon)
    if aside is not None:
        started, due, unit, warn, _ = (aside[name] for name in NOTHING_ASIDE)
        return Clock(started_at=started, due_at=due, unit=TimeUnit(unit), warn_at=warn)
    since = draft.now if draft.standing.settled_at else draft.row["reported_at"]
    return start(since, draft.service_limit, rules.due_soon)


def _moments(draft: Draft, phase: Phase) -> dict[str, datetime.datetime | None]:
    """When the issue was resolved and closed, as the phase that it enters has it."""
    row, now = draft.row, draft.now
    if phase is Phase.RESOLVED:
        return {"resolved_at": row["resolved_at"] or now, "closed_at": None}
    if phase in FINAL:
        return {"closed_at": now}
    return {"resolved_at": None, "closed_at": None}
