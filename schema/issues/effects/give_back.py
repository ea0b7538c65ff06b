"""Returning (退回, 退单): back to where the issue was, for somebody else to take."""

import datetime

from schema.actor import Actor
from schema.issues.draft import Draft
from schema.issues.party import Party
from schema.issues.standing import Standing
from schema.refusals import Refusal
from tenants.workflow import WorkflowAction


def impossible(
    standing: Standing,
    action: WorkflowAction,
    party: Party,
    actor: Actor,
    now: datetime.datetime,
) -> Refusal | None:
    """Never: what stood nowhere else stays where it is."""
    return None


def carry_out(draft: Draft) -> Refusal | None:
    """The issue stands where it stood before, and nobody has it."""
    *before, last = draft.row["trail"] or [draft.row["organization_id"]]
    draft.sets |= {
        "trail": before,
        "organization_id": last,
        "lead_organization_id": last,
        "lead_subject": None,
        "lead_person_id": None,
        "handed": False,
    }
    return None
