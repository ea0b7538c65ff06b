"""Escalating (上报): up to the nearest organization above whose level may handle the issue."""

import datetime

from schema.actor import Actor
from schema.issues.draft import Draft
from schema.issues.party import Party
from schema.issues.reasons import cannot
from schema.issues.standing import Above, Standing
from schema.refusals import Refusal, RefusalCode
from tenants.workflow import WorkflowAction


def target(standing: Standing, action: WorkflowAction) -> Above | None:
    """The nearest organization above whose level the action, or else the workflow, names."""
    levels = action.levels or standing.workflow.levels
    for above in standing.above:
        if not levels or above.level in levels:
            return above
    return None


def impossible(
    standing: Standing,
    action: WorkflowAction,
    party: Party,
    actor: Actor,
    now: datetime.datetime,
) -> Refusal | None:
    """There is nobody above who may handle it."""
    if target(standing, action) is not None:
        return None
    levels = action.levels or standing.workflow.levels
    names = "、".join(levels) or "任何层级"
    return cannot(
        RefusalCode.NOBODY_ABOVE,
        f"上级中没有可办理此事的组织(层级:{names})。",
        f"No organization above may handle it (levels: {', '.join(levels) or 'any'}).",
    )


def carry_out(draft: Draft) -> Refusal | None:
    """The issue stands above; whoever had it stays responsible until somebody there takes over."""
    above = target(draft.standing, draft.action)
    assert above is not None
    draft.move(above.id)
    draft.sets["handed"] = True
    return None
