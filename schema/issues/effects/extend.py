"""Extending (延期): the issue is due later."""

import datetime

from schema.actor import Actor
from schema.issues.clock import clock_columns, clock_of
from schema.issues.draft import Draft
from schema.issues.party import Party
from schema.issues.reasons import cannot
from schema.issues.standing import Standing
from schema.refusals import Refusal, RefusalCode, wrong
from tenants.deadline import ExtensionRefused
from tenants.workflow import WorkflowAction


def impossible(
    standing: Standing,
    action: WorkflowAction,
    party: Party,
    actor: Actor,
    now: datetime.datetime,
) -> Refusal | None:
    """No deadline runs, or it was extended as often as may be."""
    if not standing.has_clock:
        return cannot(
            RefusalCode.NO_DEADLINE, "没有正在计时的时限。", "It has no deadline to extend."
        )
    most = standing.workflow.rules.extensions
    if standing.row["extensions"] >= most:
        return cannot(
            RefusalCode.EXTENSIONS_EXCEEDED,
            f"至多延期 {most} 次,已延期 {standing.row['extensions']} 次。",
            f"It may be extended {most} times, and was {standing.row['extensions']} times.",
        )
    return None


def carry_out(draft: Draft) -> Refusal | None:
    """It is due at `until`, and no longer marked as late."""
    clock, until = clock_of(draft.row), draft.given.until
    assert clock is not None
    assert until is not None
    extended = clock.extend(draft.now, until)
    if isinstance(extended, ExtensionRefused):
        return wrong(RefusalCode.DATE_OUT_OF_RANGE, extended.zh, extended.en, "until")
    draft.sets |= clock_columns(extended) | {"marked": None}
    return None
