"""Joining a union of cooperatives, and leaving it."""

import datetime
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

from sqlalchemy import func, insert, select

from schema.access import Permission
from schema.cooperatives.change import dissolved
from schema.cooperatives.enrol import wrong_day
from schema.cooperatives.led import Led
from schema.cooperatives.outcome import Changed
from schema.cooperatives.ties import Tie, end, pair, reaches, ties_of_union
from schema.events import Event, EventKind
from schema.loaders.union_member import MEMBER
from schema.refusals import Refusal, RefusalCode, Refused, refuse
from schema.tables.cooperative import CooperativeKind
from schema.work import Work

# the first key of the advisory lock on who belongs to a tenant's unions; the second is the tenant:
# two who join at once could each see no ring, and make one together
UNION_LOCK = 7_201_105

MOST_MEMBERS = 500
"""More are in no union; so `Cooperative.members` has an end."""

DAY = datetime.timedelta(days=1)


@dataclass(frozen=True)
class Join:
    """Let a cooperative belong to a union (codes or ids) from a day on; None is today.

    It needs the permission at both leaders. A union may belong to another one, never in a ring.
    """

    union: str
    cooperative: str
    on: datetime.date | None = None

    async def __call__(self, work: Work) -> Changed | Refused:
        """Carry it out; the cooperative, or why not."""
        lock = select(func.pg_advisory_xact_lock(UNION_LOCK, work.tenant_id))
        await work.connection.execute(lock)
        found = await pair(work, self.union, self.cooperative)
        if isinstance(found, Refused):
            return found
        union, member = found
        sides = {"union": union, "cooperative": member}
        denied = [_denied(work, side, field) for field, side in sides.items()]
        if reasons := tuple(reason for each in denied if each for reason in each.refusals):
            return Refused(reasons)
        day = self.on or work.today
        if reasons := (*_against(work, union, member, day),):
            return Refused(reasons)
        if reasons := tuple([reason async for reason in _standing(work, union, member, day)]):
            return Refused(reasons)
        return await _join(work, union, member, day)


@dataclass(frozen=True)
class Leave:
    """End that a cooperative belongs to a union: `on` is the first day on which it does not.

    None is today, or tomorrow where it joined today. The permission at either leader is enough.
    """

    union: str
    cooperative: str
    on: datetime.date | None = None

    async def __call__(self, work: Work) -> Changed | Refused:
        """Carry it out; the cooperative, or why not."""
        found = await pair(work, self.union, self.cooperative)
        if isinstance(found, Refused):
            return found
        union, member = found
        denied = [_denied(work, side, "cooperative") for side in (member, union)]
        if denied[0] is not None and denied[1] is not None:
            return denied[0]
        ties = await ties_of_union(work, union.id, work.today)
        tie = next((one for one in ties if one.member_id == member.id and not one.until), None)
        if tie is None:
            return refuse(
                RefusalCode.NOT_MEMBER,
                f"“{member.name}”现在不是“{union.name}”的成员。",
                f"{member.name!r} is no member of {union.name!r} now.",
                "cooperative",
            )
        earliest = tie.since + DAY
        latest = max(earliest, work.today)
        day = self.on or latest
        if not earliest <= day <= latest:
            return Refused((wrong_day(day, earliest, latest, "on"),))
        await end(work, tie, day)
        tell_left(work, union, member, day)
        return Changed(work.tenant_id, member.id)


def _denied(work: Work, side: Led, field: str) -> Refused | None:
    return work.denial(Permission.MANAGE_COOPERATIVES, side.path, field)


def _against(work: Work, union: Led, member: Led, day: datetime.date) -> Iterator[Refusal]:
    """What of the two themselves and the day stands in the way."""
    if union.kind != CooperativeKind.UNION:
        yield _reason(
            RefusalCode.UNION_REQUIRED,
            f"“{union.name}”不是联合社。",
            f"{union.name!r} is no union.",
        )
    if union.id == member.id:
        yield _itself(union, member)
    for field, side in (("union", union), ("cooperative", member)):
        if side.dissolved_on is not None:
            yield from dissolved(side, field).refusals
    founded = [side.founded_on for side in (union, member) if side.founded_on is not None]
    earliest = max(founded, default=None)
    if not (earliest or day) <= day <= work.today:
        yield wrong_day(day, earliest, work.today, "on")


async def _standing(
    work: Work, union: Led, member: Led, day: datetime.date
) -> AsyncIterator[Refusal]:
    """What of who belongs to them already stands in the way."""
    ties = await ties_of_union(work, union.id, day)
    for tie in ties:
        if tie.member_id == member.id:
            yield _member_already(union, member, tie)
    if len(ties) >= MOST_MEMBERS:
        yield _reason(
            RefusalCode.COUNT_OUT_OF_RANGE,
            f"“{union.name}”已有 {len(ties)} 个成员,至多 {MOST_MEMBERS} 个。",
            f"{union.name!r} has {len(ties)} members; {MOST_MEMBERS} are the most.",
        )
    is_union = member.kind == CooperativeKind.UNION
    if is_union and await reaches(work, member.id, union.id, day):
        yield _itself(union, member)


def _member_already(union: Led, member: Led, tie: Tie) -> Refusal:
    until_zh = f"至 {tie.until}(不含)" if tie.until else ""
    until_en = f" until {tie.until}" if tie.until else ""
    return _reason(
        RefusalCode.ALREADY_MEMBER,
        f"“{member.name}”自 {tie.since} 起{until_zh}已是“{union.name}”的成员。",
        f"{member.name!r} is a member of {union.name!r} from {tie.since} on{until_en} already.",
        "cooperative",
    )


def _itself(union: Led, member: Led) -> Refusal:
    return _reason(
        RefusalCode.UNDER_ITSELF,
        f"“{member.name}”不能加入“{union.name}”:那就是它自己,或是它的成员。",
        f"{member.name!r} cannot join {union.name!r}: it is that itself, or that belongs to it.",
    )


def _reason(code: RefusalCode, zh: str, en: str, field: str = "union") -> Refusal:
    return Refusal(code, zh, en, ("input", field))


async def _join(work: Work, union: Led, member: Led, day: datetime.date) -> Changed:
    tie = {"union_id": union.id, "member_id": member.id, "since": day}
    await work.connection.execute(insert(MEMBER).values(tenant_id=work.tenant_id, **tie))
    _tell(work, EventKind.COOPERATIVE_JOINED_UNION, union, member, day)
    return Changed(work.tenant_id, member.id)


def tell_left(work: Work, union: Led, member: Led, day: datetime.date) -> None:
    """Put into the log that a cooperative left a union."""
    _tell(work, EventKind.COOPERATIVE_LEFT_UNION, union, member, day)


def _tell(work: Work, kind: EventKind, union: Led, member: Led, day: datetime.date) -> None:
    """An event for each of the two: it belongs to the history of both."""
    facts = {"union": str(union.id), "member": str(member.id), "on": str(day)}
    for side in (member, union):
        about = {"code": side.code, **facts}
        work.events.append(Event(kind, side.leader_id, about, cooperative_id=side.id))
