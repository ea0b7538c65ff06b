"""Claiming (抢单): one of those who may takes an open order, and nobody else."""

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
    """Somebody has it already, or the actor has too many."""
    row = standing.row
    taken = row["lead_subject"] is not None or row["lead_person_id"] is not None
    if taken and not row["handed"] and not party.is_lead:
        return cannot(
            RefusalCode.TAKEN_OVER,
            "已被他人认领或承办。",
            "Somebody else has taken it over already.",
        )
    limit = standing.workflow.rules.open_claims
    if limit is not None and standing.claims >= limit and not party.is_lead:
        return cannot(
            RefusalCode.CLAIMS_EXCEEDED,
            f"您手上未办结的已有 {standing.claims} 件,至多 {limit} 件;请先办结或退回。",
            f"You have {standing.claims} open ones, and {limit} are the most: settle one or give "
            "it back first.",
        )
    return None


def carry_out(draft: Draft) -> Refusal | None:
    """The actor has it from now on, where it stands."""
    draft.move(draft.row["organization_id"])
    draft.sets |= {
        "lead_organization_id": draft.row["organization_id"],
        "lead_subject": draft.actor.subject,
        "lead_person_id": draft.actor.person,
        "handed": False,
    }
    return None
