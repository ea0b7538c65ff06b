"""Reopening (重办): within the city's window the reporter has it handled once more."""

import datetime

from schema.actor import Actor
from schema.issues.draft import Draft
from schema.issues.party import Party
from schema.issues.reasons import cannot
from schema.issues.standing import Standing
from schema.refusals import Refusal, RefusalCode
from tenants.workflow import WorkflowAction


def impossible(
    standing: Standing,
    action: WorkflowAction,
    party: Party,
    actor: Actor,
    now: datetime.datetime,
) -> Refusal | None:
    """The window is past, or the issue was merged into another one."""
    if standing.row["merged_into"] is not None:
        return cannot(
            RefusalCode.REOPENING_TOO_LATE,
            "已并入另一件事项,请在该事项上办理。",
            "It was merged into another issue: go on with that one.",
        )
    days = standing.workflow.rules.reopen_days
    settled = standing.row["closed_at"] or standing.row["resolved_at"]
    if settled is None or now > settled + datetime.timedelta(days=days):
        return cannot(
            RefusalCode.REOPENING_TOO_LATE,
            f"办结已超过 {days} 天,不能重新办理;请另行上报。",
            f"It was settled more than {days} days ago and cannot be reopened: report it anew.",
        )
    return None


def carry_out(draft: Draft) -> Refusal | None:
    """What was said of the first outcome stays in the log; the row waits for another answer."""
    draft.sets |= {
        "reopenings": draft.row["reopenings"] + 1,
        "solved": None,
        "satisfied": None,
        "comment": None,
        "rated_at": None,
        "asked_at": None,
        "merged_into": None,
    }
    return None
