"""Shares of a cooperative: on no day more than 100 % in all.

Whoever asks holds the cooperative's row, so that two who each fit do not pass together.
"""

import datetime
import uuid
from decimal import Decimal
from typing import Any

from sqlalchemy import CompoundSelect, Date, cast, func, literal, or_, select, union_all

from schema.loaders.membership import MEMBERSHIP
from schema.refusals import Refusal, RefusalCode
from schema.work import Work

WHOLE = Decimal(100)


async def highest_shares(
    work: Work,
    cooperative: uuid.UUID,
    since: datetime.date,
    until: datetime.date | None = None,
    without: uuid.UUID | None = None,
) -> Decimal:
    """The most that the members have in all, in %, on a day from `since` to before `until`.

    `without` is a membership that does not count. The sum rises only on days on which somebody
    joins: those are looked at.
    """
    steps = _steps(work, cooperative, since, until, without).subquery()
    days = select(steps.c.day, func.sum(steps.c.step).label("step")).group_by(steps.c.day)
    by_day = days.subquery()
    totals = select(func.sum(by_day.c.step).over(order_by=by_day.c.day).label("total")).subquery()
    found = await work.connection.scalar(select(func.max(totals.c.total)))
    return Decimal(0) if found is None else Decimal(found)


def _steps(
    work: Work,
    cooperative: uuid.UUID,
    since: datetime.date,
    until: datetime.date | None,
    without: uuid.UUID | None,
) -> CompoundSelect[Any]:
    m = MEMBERSHIP
    where = [
        m.c.tenant_id == work.tenant_id,
        m.c.cooperative_id == cooperative,
        m.c.share.is_not(None),
        or_(m.c.until.is_(None), m.c.until > since),
    ]
    if until is not None:
        where.append(m.c.since < until)
    if without is not None:
        where.append(m.c.id != without)
    first = func.greatest(m.c.since, cast(literal(since), Date()))
    joins = select(first.label("day"), m.c.share.label("step")).where(*where)
    leaves = select(m.c.until, -m.c.share).where(*where, m.c.until.is_not(None))
    return union_all(joins, leaves)


async def exceeding(
    work: Work,
    cooperative: uuid.UUID,
    share: Decimal | None,
    since: datetime.date,
    until: datetime.date | None = None,
    without: uuid.UUID | None = None,
) -> Refusal | None:
    """Why a member cannot have a share from `since` to before `until`, if so."""
    if not share:
        return None
    others = await highest_shares(work, cooperative, since, until, without)
    if others + share <= WHOLE:
        return None
    left = max(WHOLE - others, Decimal(0)).normalize()
    return Refusal(
        RefusalCode.SHARE_EXCEEDED,
        f"股份 {share:f}% 过多:自 {since} 起至多还余 {left:f}%,全社合计不得超过 100%。",
        f"A share of {share:f} % is too much: from {since} on {left:f} % are left at most; all "
        "shares of a cooperative are 100 % together.",
        ("input", "share"),
    )
