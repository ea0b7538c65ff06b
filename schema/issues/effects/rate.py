"""Rating (评价): whether it was solved and how satisfied the reporter is are two answers."""

import datetime

from schema.actor import Actor
from schema.issues.draft import Draft
from schema.issues.party import Party
from schema.issues.standing import Standing
from schema.refusals import Refusal, RefusalCode, wrong
from tenants.workflow import WorkflowAction

SATISFIED = range(1, 6)
LONGEST = 2000


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
    """Both answers are kept with the issue."""
    rating = draft.given.rating
    assert rating is not None
    if rating.satisfied not in SATISFIED:
        return wrong(
            RefusalCode.RATING_OUT_OF_RANGE,
            f"满意度 {rating.satisfied} 不可:应为 1 至 5。",
            f"Satisfied {rating.satisfied} cannot be: expected 1 to 5.",
            "rating",
            "satisfied",
        )
    if rating.comment is not None and len(rating.comment) > LONGEST:
        return wrong(
            RefusalCode.TEXT_MALFORMED,
            f"评语 {len(rating.comment)} 个字符,至多 {LONGEST} 个。",
            f"The comment has {len(rating.comment)} characters; {LONGEST} are the most.",
            "rating",
            "comment",
        )
    draft.sets |= {
        "solved": rating.solved.value,
        "satisfied": rating.satisfied,
        "comment": rating.comment,
        "rated_at": draft.now,
    }
    return None
