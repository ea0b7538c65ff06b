"""Resolving (反馈, 办复): the lead answers; who handles it jointly gives an answer of its own."""

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


def answers_only(party: Party) -> bool:
    """Whether the actor gives its part's answer, and the issue stays as it is."""
    return party.co_handler is not None and not party.is_lead


def carry_out(draft: Draft) -> Refusal | None:
    """The answer of a part is kept with it; that of the lead settles the issue."""
    part = draft.party.co_handler
    if part is None or not answers_only(draft.party):
        return None
    draft.stays = True
    draft.facts["answered"] = str(part.id)
    draft.answered = part
    return None
