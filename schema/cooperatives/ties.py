"""Who belongs to which union, inside a writing transaction.

Rows of cooperatives are locked first, in order of id, then those of `union_member`.
"""

import datetime
import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import exists, or_, select, update

from schema.cooperatives.led import COLUMNS, Led, unknown_cooperative
from schema.loaders.cooperative import COOPERATIVE, leader_path
from schema.loaders.union_member import MEMBER
from schema.references import row_key
from schema.refusals import Refused
from schema.work import Work


@dataclass(frozen=True)
class Tie:
    """A cooperative in a union, until the day before `until`."""

    union_id: uuid.UUID
    member_id: uuid.UUID
    since: datetime.date
    until: datetime.date | None


async def pair(work: Work, union: str, cooperative: str) -> tuple[Led, Led] | Refused:
    """The union and the cooperative that the input names (code or id), both locked.

    Who may change them is for the caller to ask. Both are the same where the input says so.
    """
    c, keys = COOPERATIVE, {"union": union, "cooperative": cooperative}
    known = {field: row_key(given, "Cooperative", work.tenant_id) for field, given in keys.items()}
    named = [
        c.c.id == key if isinstance(key, uuid.UUID) else c.c.code == key for key in known.values()
    ]
    own = (c.c.tenant_id == work.tenant_id, or_(*named))
    # locked first: what is read together with a row that one waited for may be older than it
    await work.connection.execute(select(c.c.id).where(*own).order_by(c.c.id).with_for_update())
    columns = [*(c.c[name] for name in COLUMNS), leader_path(c).label("path")]
    rows = (await work.connection.execute(select(*columns).where(*own))).mappings()
    found: dict[str | uuid.UUID | None, Led] = {}
    for row in rows:
        found[row["id"]] = found[row["code"]] = Led(**row)
    unknown = [
        unknown_cooperative(keys[field], field) for field, key in known.items() if key not in found
    ]
    if unknown:
        return Refused(tuple(reason for each in unknown for reason in each.refusals))
    return found[known["union"]], found[known["cooperative"]]


async def ties_of_union(work: Work, union: uuid.UUID, day: datetime.date) -> list[Tie]:
    """Who belongs to a union on `day` or later."""
    return await _lasting(work, MEMBER.c.union_id == union, day)


async def ties_of_member(work: Work, member: uuid.UUID, day: datetime.date) -> list[Tie]:
    """The unions to which a cooperative belongs on `day` or later."""
    return await _lasting(work, MEMBER.c.member_id == member, day)


async def _lasting(work: Work, own: Any, day: datetime.date) -> list[Tie]:
    m = MEMBER
    lasts = or_(m.c.until.is_(None), m.c.until > day)
    columns = (m.c.union_id, m.c.member_id, m.c.since, m.c.until)
    statement = select(*columns).where(m.c.tenant_id == work.tenant_id, own, lasts)
    rows = await work.connection.execute(statement.order_by(m.c.union_id, m.c.member_id))
    return [Tie(**row._mapping) for row in rows]


async def reaches(work: Work, start: uuid.UUID, goal: uuid.UUID, day: datetime.date) -> bool:
    """Whether `goal` belongs to `start`, or to a union in it, at any depth, on `day` or later."""
    m = MEMBER
    lasts = or_(m.c.until.is_(None), m.c.until > day)
    members = (m.c.tenant_id == work.tenant_id, lasts)
    below = select(m.c.member_id).where(*members, m.c.union_id == start).cte("b", recursive=True)
    deeper = select(m.c.member_id).where(*members, m.c.union_id == below.c.member_id)
    every = below.union(deeper)
    found = exists().select_from(every).where(every.c.member_id == goal)
    return bool(await work.connection.scalar(select(found)))


async def end(work: Work, tie: Tie, day: datetime.date) -> None:
    """Let a tie be no more from a day on."""
    m = MEMBER
    same = (
        m.c.tenant_id == work.tenant_id,
        m.c.union_id == tie.union_id,
        m.c.member_id == tie.member_id,
        m.c.since == tie.since,
    )
    await work.connection.execute(update(m).where(*same).values(until=day))
