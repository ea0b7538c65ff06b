"""Merging (并案): an issue that another one settles as well is closed with it."""

import datetime

from schema.actor import Actor
from schema.events import Event, EventKind
from schema.issues.draft import Draft
from schema.issues.party import Party, roles_at
from schema.issues.standing import Standing
from schema.refusals import Refusal, RefusalCode, wrong
from tenants.workflow import FINAL, WorkflowAction


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
    """Whoever reported or joined this one has joined the other."""
    other = draft.named.merge_into
    if other is None or not roles_at(other.path, draft.standing.tenant_id, draft.actor):
        return wrong(
            RefusalCode.ISSUE_UNKNOWN,
            "没有此事项,或不在您可查看之列;请给出事项的全局编号。",
            "There is no such issue within your reach; give the id of an issue.",
            "mergeInto",
        )
    if other.id == draft.row["id"] or other.phase in FINAL or other.merged_into is not None:
        return wrong(
            RefusalCode.MERGE_NOT_ALLOWED,
            f"不能并入 {other.number}:应为另一件未办结的事项。",
            f"It cannot be merged into {other.number}: expected another issue that is open.",
            "mergeInto",
        )
    joined = other.supporters + 1 + draft.row["supporters"]
    sets = {"supporters": joined, "revision": other.revision + 1}
    draft.sets["merged_into"] = other.id
    draft.beside[other.id] = sets
    about = {"number": other.number, "merged": draft.row["number"], "set": sets}
    draft.others.append(Event(EventKind.ISSUE_JOINED, other.organization_id, about, other.id))
    return None
