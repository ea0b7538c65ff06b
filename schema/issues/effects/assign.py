"""Assigning (派单, 交办): a superior names the organization or the person that handles it."""

import datetime

from schema.actor import Actor
from schema.issues.draft import Draft
from schema.issues.party import Party, roles_at
from schema.issues.standing import Standing
from schema.refusals import Refusal, RefusalCode, wrong
from tenants.workflow import WorkflowAction


def impossible(
    standing: Standing,
    action: WorkflowAction,
    party: Party,
    actor: Actor,
    now: datetime.datetime,
) -> Refusal | None:
    """Never."""
    return None


def carry_out(draft: Draft) -> Refusal | None:
    """The issue goes to the assignee, who has it from now on.

    The assignee stands where a role that may do the action covers it.
    """
    found = draft.named.assignee
    assert found is not None
    if not roles_at(found.path, draft.standing.tenant_id, draft.actor) & set(draft.action.by):
        return wrong(
            RefusalCode.HANDLER_NOT_ALLOWED,
            f"不能交办给“{found.name}”:不在您可交办的组织之内。",
            f"{found.name!r} is not among the organizations that you may assign to.",
            "assignee",
        )
    draft.move(found.organization_id)
    draft.sets |= {
        "lead_organization_id": found.organization_id,
        "lead_person_id": found.person_id,
        "lead_subject": None,
        "handed": False,
    }
    return None
