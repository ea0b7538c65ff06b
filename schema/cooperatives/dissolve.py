"""Dissolving a cooperative."""

import datetime
import uuid
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from sqlalchemy import func, or_, select, update

from schema.cooperatives.change import dissolved
from schema.cooperatives.counted import count_with_deals
from schema.cooperatives.enrol import wrong_day
from schema.cooperatives.led import COLUMNS, Led, led
from schema.cooperatives.outcome import Changed
from schema.cooperatives.ties import Tie, end, ties_of_member, ties_of_union
from schema.cooperatives.unions import tell_left
from schema.events import Event, EventKind
from schema.loaders.annual_result import RESULT
from schema.loaders.cooperative import COOPERATIVE, leader_path
from schema.loaders.membership import MEMBERSHIP
from schema.personal import scrub
from schema.refusals import Refusal, RefusalCode, Refused
from schema.texts import checked_text
from schema.work import Work

DAY = datetime.timedelta(days=1)
LONGEST_REASON = 500


@dataclass(frozen=True)
class Dissolve:
    """Let a cooperative (code or id) be no more: `on` is the first day without it.

    None is today, or tomorrow where it was founded today. Households and, of a union, members have
    to be gone by then; it leaves the unions that it belongs to. Whatever is known of it, a result
    or that it joined a union, is from a day on which there was one.
    """

    cooperative: str
    on: datetime.date | None = None
    reason: str | None = None

    async def __call__(self, work: Work) -> Changed | Refused:
        """Carry it out; the cooperative, or why not."""
        found = await led(work, self.cooperative)
        if isinstance(found, Refused):
            return found
        if found.dissolved_on is not None:
            return dissolved(found)
        ties = await ties_of_member(work, found.id, datetime.date.min)
        begun = [found.founded_on, *(tie.since for tie in ties), await _last_year(work, found)]
        earliest = max((day + DAY for day in begun if day is not None), default=None)
        latest = max(earliest or work.today, work.today)
        day = self.on or latest
        reason = checked_text(self.reason, "reason", longest=LONGEST_REASON)
        reasons = [item async for item in _remaining(work, found, day)]
        if not (earliest or day) <= day <= latest:
            reasons.append(wrong_day(day, earliest, latest, "on"))
        if isinstance(reason, Refused):
            reasons += reason.refusals
        if reasons or isinstance(reason, Refused):
            return Refused(tuple(reasons))
        return await _write(work, found, ties, day, reason)


async def _last_year(work: Work, found: Led) -> datetime.date | None:
    """The first day of the last year of which something is recorded."""
    own = (RESULT.c.tenant_id == work.tenant_id, RESULT.c.cooperative_id == found.id)
    year = await work.connection.scalar(select(func.max(RESULT.c.year)).where(*own))
    return None if year is None else datetime.date(year, 1, 1)


async def _remaining(work: Work, found: Led, day: datetime.date) -> AsyncIterator[Refusal]:
    """Who belongs to it on the day or later."""
    m = MEMBERSHIP
    of = (m.c.tenant_id == work.tenant_id, m.c.cooperative_id == found.id)
    lasts = or_(m.c.until.is_(None), m.c.until > day)
    counted = select(func.count()).select_from(m).where(*of, lasts)
    households = int(await work.connection.scalar(counted) or 0)
    members = len(await ties_of_union(work, found.id, day))
    if households:
        yield _remain(f"{households} 户社员", f"households are members ({households})")
    if members:
        yield _remain(f"{members} 个成员社", f"cooperatives are members ({members})")


def _remain(zh: str, en: str) -> Refusal:
    return Refusal(
        RefusalCode.MEMBERS_REMAIN,
        f"自该日起还有 {zh};请先办理退出。",
        f"On that day or later {en}: let them leave first.",
        ("input", "cooperative"),
    )


async def _write(
    work: Work, found: Led, ties: Sequence[Tie], day: datetime.date, reason: str | None
) -> Changed:
    own = (COOPERATIVE.c.tenant_id == work.tenant_id, COOPERATIVE.c.id == found.id)
    values = {"dissolved_on": day, "revision": found.revision + 1}
    await count_with_deals(work, found.id)  # its households have left by then
    await work.connection.execute(update(COOPERATIVE).where(*own).values(values))
    unions = await _unions(work, [tie.union_id for tie in ties])
    for tie in ties:
        if tie.until is None or tie.until > day:
            await end(work, tie, day)
        if tie.until is None:
            tell_left(work, unions[tie.union_id], found, day)
    facts = {"code": found.code, "name": found.name, "on": str(day)}
    if reason is not None:
        facts["reason"] = scrub(reason)
    kind = EventKind.COOPERATIVE_DISSOLVED
    work.events.append(Event(kind, found.leader_id, facts, cooperative_id=found.id))
    return Changed(work.tenant_id, found.id)


async def _unions(work: Work, ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, Led]:
    c = COOPERATIVE
    columns = [*(c.c[name] for name in COLUMNS), leader_path(c).label("path")]
    statement = select(*columns).where(c.c.tenant_id == work.tenant_id, c.c.id.in_(ids))
    rows = await work.connection.execute(statement)
    return {row.id: Led(**row._mapping) for row in rows}
