"""Joint handling (协办, 联动处置): others give an answer of their own, the lead closes."""

import datetime

from schema.actor import Actor
from schema.issues.draft import Draft
from schema.issues.handlers import Handler
from schema.issues.party import Party
from schema.issues.standing import Standing
from schema.refusals import Refusal, RefusalCode, wrong
from tenants.workflow import WorkflowAction

MOST = 20
"""Co-handlers of one issue."""


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
    """Each of those named takes part, besides those who do already."""
    parts = [(part.organization_id, part.person_id) for part in draft.standing.co_handlers]
    named: list[dict[str, object]] = []
    for found in draft.named.co_handlers:
        if (found.organization_id, found.person_id) in parts or _is_lead(draft, found):
            return wrong(
                RefusalCode.HANDLER_NOT_ALLOWED,
                f"“{found.name}”已参与办理。",
                f"{found.name!r} handles it already.",
                "coHandlers",
            )
        parts.append((found.organization_id, found.person_id))
        named.append(_row(draft, found))
    if len(parts) > MOST:
        return wrong(
            RefusalCode.HANDLER_NOT_ALLOWED,
            f"协办至多 {MOST} 个,此次之后为 {len(parts)} 个。",
            f"At most {MOST} handle one issue jointly; this would make {len(parts)}.",
            "coHandlers",
        )
    draft.parts += named
    draft.facts["co_handlers"] = [
        {name: str(row[name]) for name in ("id", "organization_id", "person_id") if row[name]}
        for row in named
    ]
    return None


def _is_lead(draft: Draft, found: Handler) -> bool:
    lead = (draft.row["lead_organization_id"], draft.row["lead_person_id"])
    return lead == (found.organization_id, found.person_id)


def _row(draft: Draft, found: Handler) -> dict[str, object]:
    return {
        "tenant_id": draft.standing.tenant_id,
        "issue_id": draft.row["id"],
        "id": draft.new_id(),
        "organization_id": found.organization_id,
        "person_id": found.person_id,
        "added_at": draft.now,
    }
