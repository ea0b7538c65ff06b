"""Events: what an operation did, written last in its transaction under gapless numbers."""

import datetime
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import insert
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from schema.actor import Actor
from schema.tables.event import EventCounterRow, EventRow


class EventKind(StrEnum):
    """The closed set of kinds."""

    ORGANIZATION_ESTABLISHED = "ORGANIZATION_ESTABLISHED"
    ORGANIZATION_RENAMED = "ORGANIZATION_RENAMED"
    ORGANIZATION_MOVED = "ORGANIZATION_MOVED"
    ORGANIZATION_MERGED = "ORGANIZATION_MERGED"
    ORGANIZATION_DISSOLVED = "ORGANIZATION_DISSOLVED"
    APPOINTED = "APPOINTED"
    RELIEVED = "RELIEVED"
    ISSUE_REPORTED = "ISSUE_REPORTED"
    ISSUE_ADVANCED = "ISSUE_ADVANCED"
    ISSUE_ASSIGNED = "ISSUE_ASSIGNED"
    ISSUE_CLAIMED = "ISSUE_CLAIMED"
    ISSUE_ESCALATED = "ISSUE_ESCALATED"
    ISSUE_RETURNED = "ISSUE_RETURNED"
    ISSUE_SHARED = "ISSUE_SHARED"
    ISSUE_ANSWERED = "ISSUE_ANSWERED"
    ISSUE_MERGED = "ISSUE_MERGED"
    ISSUE_JOINED = "ISSUE_JOINED"
    ISSUE_PAUSED = "ISSUE_PAUSED"
    ISSUE_RESUMED = "ISSUE_RESUMED"
    ISSUE_EXTENDED = "ISSUE_EXTENDED"
    ISSUE_RESOLVED = "ISSUE_RESOLVED"
    ISSUE_REJECTED = "ISSUE_REJECTED"
    ISSUE_RATED = "ISSUE_RATED"
    ISSUE_REOPENED = "ISSUE_REOPENED"
    ISSUE_WITHDRAWN = "ISSUE_WITHDRAWN"
    ISSUE_DUE_SOON = "ISSUE_DUE_SOON"
    ISSUE_OVERDUE = "ISSUE_OVERDUE"
    ISSUE_FOLLOWED_UP = "ISSUE_FOLLOWED_UP"
    COOPERATIVE_FOUNDED = "COOPERATIVE_FOUNDED"
    COOPERATIVE_CHANGED = "COOPERATIVE_CHANGED"
    COOPERATIVE_DISSOLVED = "COOPERATIVE_DISSOLVED"
    COOPERATIVE_JOINED_UNION = "COOPERATIVE_JOINED_UNION"
    COOPERATIVE_LEFT_UNION = "COOPERATIVE_LEFT_UNION"
    COOPERATIVE_HOUSEHOLD_ENROLLED = "COOPERATIVE_HOUSEHOLD_ENROLLED"
    COOPERATIVE_HOUSEHOLD_LEFT = "COOPERATIVE_HOUSEHOLD_LEFT"
    COOPERATIVE_HOUSEHOLD_CHANGED = "COOPERATIVE_HOUSEHOLD_CHANGED"
    COOPERATIVE_RESULT_RECORDED = "COOPERATIVE_RESULT_RECORDED"
    COOPERATIVE_RESULT_CORRECTED = "COOPERATIVE_RESULT_CORRECTED"
    COOPERATIVE_POSTED = "COOPERATIVE_POSTED"
    COOPERATIVE_POSTING_CLOSED = "COOPERATIVE_POSTING_CLOSED"
    COOPERATIVE_DEAL_PROPOSED = "COOPERATIVE_DEAL_PROPOSED"
    COOPERATIVE_DEAL_ADVANCED = "COOPERATIVE_DEAL_ADVANCED"
    ECONOMY_ENTERPRISE_LISTED = "ECONOMY_ENTERPRISE_LISTED"
    ECONOMY_ENTERPRISE_DELISTED = "ECONOMY_ENTERPRISE_DELISTED"
    ECONOMY_ENTERPRISE_POSTED = "ECONOMY_ENTERPRISE_POSTED"
    ECONOMY_POSTING_CLOSED = "ECONOMY_POSTING_CLOSED"
    ECONOMY_MATCHING_HELD = "ECONOMY_MATCHING_HELD"
    ECONOMY_ASSET_TRADED = "ECONOMY_ASSET_TRADED"
    ECONOMY_VILLAGE_LISTED = "ECONOMY_VILLAGE_LISTED"
    ECONOMY_VILLAGE_SUPPORTED = "ECONOMY_VILLAGE_SUPPORTED"
    ECONOMY_VILLAGE_CLEARED = "ECONOMY_VILLAGE_CLEARED"
    AGREEMENT_DRAFTED = "AGREEMENT_DRAFTED"
    AGREEMENT_PROPOSED = "AGREEMENT_PROPOSED"
    AGREEMENT_REVISED = "AGREEMENT_REVISED"
    AGREEMENT_PARTY_SIGNED = "AGREEMENT_PARTY_SIGNED"
    AGREEMENT_SIGNED = "AGREEMENT_SIGNED"
    AGREEMENT_ACTIVATED = "AGREEMENT_ACTIVATED"
    AGREEMENT_DECLINED = "AGREEMENT_DECLINED"
    AGREEMENT_COMPLETED = "AGREEMENT_COMPLETED"
    AGREEMENT_TERMINATED = "AGREEMENT_TERMINATED"
    AGREEMENT_RENEWED = "AGREEMENT_RENEWED"
    AGREEMENT_DELIVERY_RECORDED = "AGREEMENT_DELIVERY_RECORDED"
    AGREEMENT_DELIVERY_CONFIRMED = "AGREEMENT_DELIVERY_CONFIRMED"
    AGREEMENT_DELIVERY_DISPUTED = "AGREEMENT_DELIVERY_DISPUTED"
    AGREEMENT_ACTIVITY_RECORDED = "AGREEMENT_ACTIVITY_RECORDED"
    PERSONAL_DATA_READ = "PERSONAL_DATA_READ"
    PERSONAL_DATA_DENIED = "PERSONAL_DATA_DENIED"
    PERSONAL_DATA_EXPORTED = "PERSONAL_DATA_EXPORTED"
    PERSONAL_DATA_ERASED = "PERSONAL_DATA_ERASED"


@dataclass(frozen=True)
class Event:
    """One thing that happened; `about` holds ids, codes and facts of organizations, no person's."""

    kind: EventKind
    organization_id: uuid.UUID | None = None
    about: dict[str, Any] = field(default_factory=dict)
    issue_id: uuid.UUID | None = None
    cooperative_id: uuid.UUID | None = None
    agreement_id: uuid.UUID | None = None


async def append(
    connection: AsyncConnection,
    tenant_id: int,
    actor: Actor,
    events: Sequence[Event],
    now: datetime.datetime,
) -> int:
    """Write events as the last thing of a transaction; the number of the newest.

    The counter's row stays locked until the commit, so numbers are in the order of commits.
    """
    counter = upsert(EventCounterRow).values(tenant_id=tenant_id, seq=len(events))
    counter = counter.on_conflict_do_update(
        index_elements=["tenant_id"],
        set_={"seq": col(EventCounterRow.seq) + len(events)},
    )
    taken = await connection.execute(counter.returning(col(EventCounterRow.seq)))
    newest = int(taken.scalar_one())
    rows = [
        {
            "tenant_id": tenant_id,
            "seq": newest - len(events) + at,
            "at": now,
            "kind": event.kind.value,
            "actor": actor.subject,
            "role": actor.role.value,
            "person_id": actor.person,
            "organization_id": event.organization_id,
            "issue_id": event.issue_id,
            "cooperative_id": event.cooperative_id,
            "agreement_id": event.agreement_id,
            "about": event.about,
        }
        for at, event in enumerate(events, start=1)
    ]
    if rows:
        await connection.execute(insert(EventRow), rows)
    return newest
