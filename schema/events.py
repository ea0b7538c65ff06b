"""Events: what an operation did, written last in its transaction under gapless numbers."""

import datetime
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import orjson
from sqlalchemy import BigInteger, Integer, Text, bindparam, cast, insert, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import insert as upsert

from schema.actor import Actor
from schema.fetching import Fetch
from schema.loaders.statement import Statement, arrays_table, render
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
    fetch: Fetch,
    tenant_id: int,
    actor: Actor,
    events: Sequence[Event],
    now: datetime.datetime,
) -> int:
    """Write events as the last thing of a transaction; the number of the newest.

    The counter's row stays locked until the commit, so numbers are in the order of commits.
    """
    told = [orjson.dumps(event.about).decode() for event in events]  # while nothing is locked
    counted = await fetch(_COUNTER.sql, _COUNTER.values({"tenant": tenant_id, "n": len(events)}))
    newest = int(counted[0]["seq"])
    if events:
        given = {
            "tenant": tenant_id,
            "now": now,
            "subject": actor.subject,
            "as_role": actor.role.value,
            "person": actor.person,
            "seqs": range(newest - len(events) + 1, newest + 1),
            "kinds": [event.kind.value for event in events],
            "abouts": told,
            **{f"{name}s": [getattr(event, name) for event in events] for name in _REFERENCES},
        }
        await fetch(_EVENTS.sql, _EVENTS.values(given))
    return newest


def _counting() -> Statement:
    """Takes so many numbers."""
    table: Any = EventCounterRow.__table__  # type: ignore[attr-defined]
    n = bindparam("n", type_=BigInteger())
    first = upsert(table).values(tenant_id=bindparam("tenant", type_=Integer()), seq=n)
    more = first.on_conflict_do_update(index_elements=["tenant_id"], set_={"seq": table.c.seq + n})
    return render(more.returning(table.c.seq))


def _inserting() -> Statement:
    """Writes any number of events of one actor at one moment."""
    table: Any = EventRow.__table__  # type: ignore[attr-defined]
    own = {
        "tenant_id": "tenant",
        "at": "now",
        "actor": "subject",
        "role": "as_role",
        "person_id": "person",
    }
    each = {"seq": "seqs", "kind": "kinds", **{name: f"{name}s" for name in _REFERENCES}}
    arrays: dict[str, Any] = {name: (array, table.c[name].type) for name, array in each.items()}
    listed = arrays_table("e", **arrays, about=("abouts", Text()))
    chosen = [bindparam(given, type_=table.c[name].type) for name, given in own.items()]
    rows = select(*chosen, *(listed.c[name] for name in each), cast(listed.c.about, JSONB()))
    return render(insert(table).from_select([*own, *each, "about"], rows))


_REFERENCES = ("organization_id", "issue_id", "cooperative_id", "agreement_id")
_COUNTER = _counting()
_EVENTS = _inserting()
