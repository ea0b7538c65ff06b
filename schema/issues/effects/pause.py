"""Pausing (挂起): the deadline does not run until a time; then it goes on by itself."""

import datetime

from schema.actor import Actor
from schema.issues.clock import clock_columns, clock_of
from schema.issues.draft import Draft
from schema.issues.party import Party
from schema.issues.reasons import cannot
from schema.issues.standing import Standing
from schema.refusals import Refusal, RefusalCode, wrong
from tenants.workflow import WorkflowAction

LONGEST = datetime.timedelta(days=366)


def impossible(
    standing: Standing,
    action: WorkflowAction,
    party: Party,
    actor: Actor,
    now: datetime.datetime,
) -> Refusal | None:
    """No deadline runs, or it was paused as often as may be."""
    if not standing.has_clock or standing.is_paused:
        return cannot(
            RefusalCode.NO_DEADLINE,
            "没有正在计时的时限,或已挂起。",
            "No deadline runs, or it is paused already.",
        )
    most = standing.workflow.rules.pauses
    if standing.row["pauses"] >= most:
        return cannot(
            RefusalCode.PAUSES_EXCEEDED,
            f"至多挂起 {most} 次,已挂起 {standing.row['pauses']} 次。",
            f"It may be paused {most} times, and was {standing.row['pauses']} times.",
        )
    return None


def carry_out(draft: Draft) -> Refusal | None:
    """The deadline rests until `until`."""
    until = draft.given.until
    if until is None or not draft.now < until <= draft.now + LONGEST:
        return wrong(
            RefusalCode.DATE_OUT_OF_RANGE,
            f"挂起至 {until} 不可:应在现在之后、一年之内。",
            f"It cannot rest until {until}: expected a time after now and within a year.",
            "until",
        )
    clock = clock_of(draft.row)
    assert clock is not None
    draft.sets |= clock_columns(clock.pause(draft.now)) | {"paused_until": until}
    return None
