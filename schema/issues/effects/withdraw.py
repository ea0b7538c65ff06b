"""Withdrawing: whoever reported an issue takes it back."""

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
    """Never."""
    return None


def carry_out(draft: Draft) -> Refusal | None:
    """Nothing beside the change of state."""
    return None
