"""Enrolling a household in a cooperative."""

import datetime
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import insert
from uuid_utils.compat import uuid7

from schema.cooperative_rollups import COOPERATION
from schema.cooperatives.belonging import (
    Belonging,
    Home,
    erased_household,
    known_household,
    lasting,
)
from schema.cooperatives.contribution import STEPS, Contribution, checked_contribution
from schema.cooperatives.led import Led, led
from schema.cooperatives.registering import (
    Checked,
    NewHousehold,
    checked_household,
    unrecorded,
)
from schema.cooperatives.shares import exceeding
from schema.events import Event, EventKind
from schema.in_force import demand_in_force
from schema.loaders.membership import MEMBERSHIP
from schema.refusals import Refusal, RefusalCode, Refused
from schema.tables.cooperative import CooperativeKind
from schema.work import Work
from tenants.cooperation import CooperativeMeasure
from tenants.definition import DataKind


@dataclass(frozen=True)
class Member:
    """The membership that an enrolment, a leaving or a change is about."""

    tenant_id: int
    membership: uuid.UUID


@dataclass(frozen=True)
class Enrol:
    """Make a household, known (a global id) or new, a member of a cooperative (code or id).

    `since` None is today. A household is in one cooperative at a time, unless the city's file says
    otherwise, and in the same one never twice at once.
    """

    cooperative: str
    household: str | NewHousehold
    since: datetime.date | None
    contribution: Contribution

    async def __call__(self, work: Work) -> Member | Refused:
        """Carry it out; the membership, or why not.

        Errors: `StaleRegistryError`, `KeyFileError`.
        """
        await demand_in_force(work, "post")
        cooperative = await led(work, self.cooperative)
        if isinstance(cooperative, Refused):
            return cooperative
        since = self.since or work.today
        reasons = list(_against(work, cooperative, since))
        given = checked_contribution(self.contribution)
        household = await self._household(work)
        for item in (given, household):
            if isinstance(item, Refused):
                reasons += item.refusals
        if isinstance(household, Home):
            reasons += await _twice(work, cooperative, household, since)
        if not isinstance(given, Refused):
            share = given.get("share")
            excess = await exceeding(work, cooperative.id, share, since)
            reasons += [] if excess is None else [excess]
        if reasons or isinstance(given, Refused) or isinstance(household, Refused):
            return Refused(tuple(reasons))
        return await _write(work, cooperative, household, since, given)

    async def _household(self, work: Work) -> Home | Checked | Refused:
        if isinstance(self.household, NewHousehold):
            return await checked_household(work, self.household)
        found = await known_household(work, self.household)
        if isinstance(found, Home) and found.is_erased:
            return erased_household()
        return found


def _against(work: Work, cooperative: Led, since: datetime.date) -> Iterator[Refusal]:
    """What of the cooperative, its city and the day stands in the way of any household."""
    # people are counted by household, too
    counted = (CooperativeMeasure.HOUSEHOLDS, CooperativeMeasure.PEOPLE)
    if not any(map(work.definition.cooperation.records, counted)):
        yield unrecorded(work.definition, CooperativeMeasure.HOUSEHOLDS)
    if cooperative.kind == CooperativeKind.UNION:
        yield _reason(
            RefusalCode.UNION_REQUIRED,
            f"“{cooperative.name}”是联合社,不直接吸收农户;请加入其成员社。",
            f"{cooperative.name!r} is a union and takes no households; enrol it in one of the "
            "union's members.",
        )
    if cooperative.dissolved_on is not None:
        yield _reason(
            RefusalCode.COOPERATIVE_DISSOLVED,
            f"“{cooperative.name}”已于 {cooperative.dissolved_on} 解散。",
            f"{cooperative.name!r} was dissolved on {cooperative.dissolved_on}.",
        )
    earliest = cooperative.founded_on or datetime.date.min
    if not earliest <= since <= work.today:
        yield wrong_day(since, cooperative.founded_on, work.today, "since")


def wrong_day(
    day: datetime.date, earliest: datetime.date | None, latest: datetime.date, field: str
) -> Refusal:
    """What is said of a day that lies outside of those that can be."""
    zh = "" if earliest is None else f"不早于 {earliest}、"
    en = "" if earliest is None else f"not before {earliest}, "
    return _reason(
        RefusalCode.DATE_OUT_OF_RANGE,
        f"日期 {day} 不可用:应{zh}不晚于 {latest}。",
        f"The day {day} cannot be: expected {en}not after {latest}.",
        field,
    )


def _reason(code: RefusalCode, zh: str, en: str, field: str = "cooperative") -> Refusal:
    return Refusal(code, zh, en, ("input", field))


async def _twice(
    work: Work, cooperative: Led, household: Home, since: datetime.date
) -> list[Refusal]:
    """Which membership of the household is in the way, if one is."""
    several = work.definition.cooperation.cooperatives.several_memberships
    for other in await lasting(work, household.id, since):
        if other.cooperative_id == cooperative.id:
            return [_member_here(cooperative, other)]
        if not several:
            return [_member_elsewhere(work, other)]
    return []


def _member_here(cooperative: Led, other: Belonging) -> Refusal:
    until = other.until or "—"
    return _reason(
        RefusalCode.ALREADY_MEMBER,
        f"该户已是“{cooperative.name}”的社员({other.since} 至 {until})。",
        f"The household is a member of {cooperative.name!r} already ({other.since} to {until}).",
        "household",
    )


def _member_elsewhere(work: Work, other: Belonging) -> Refusal:
    until, city = other.until or "—", work.definition.tenant.name
    return _reason(
        RefusalCode.ALREADY_MEMBER,
        f"该户在此期间已是另一合作社的社员({other.since} 至 {until});{city}一户同时只能加入一个"
        "合作社(cooperatives.several_memberships)。",
        f"The household is a member of another cooperative then ({other.since} to {until}); in "
        f"{city} a household is in one at a time (cooperatives.several_memberships).",
        "household",
    )


async def _write(
    work: Work,
    cooperative: Led,
    household: Home | Checked,
    since: datetime.date,
    given: dict[str, Decimal | None],
) -> Member:
    if isinstance(household, Checked):
        household_id, head = await household.add(work)
        work.count_new(COOPERATION, [household_id])
    else:
        await work.count(COOPERATION, [household.id])
        household_id, head = household.id, household.head_id
    membership = uuid7()
    await work.connection.execute(
        insert(MEMBERSHIP).values(
            tenant_id=work.tenant_id,
            id=membership,
            cooperative_id=cooperative.id,
            household_id=household_id,
            since=since,
            data_kind=DataKind.REAL.value,
            **dict.fromkeys(STEPS) | given,
        )
    )
    facts = {
        "membership": str(membership),
        "household": str(household_id),
        "person": str(head),
        "since": str(since),
    }
    kind = EventKind.COOPERATIVE_HOUSEHOLD_ENROLLED
    work.events.append(Event(kind, cooperative.leader_id, facts, cooperative_id=cooperative.id))
    return Member(work.tenant_id, membership)
