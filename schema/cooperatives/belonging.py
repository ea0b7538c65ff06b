"""Households and their memberships inside a writing transaction.

Rows are locked in one order everywhere: the cooperative, then the household, then memberships.
"""

import datetime
import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import and_, exists, func, literal, or_, select

from schema.access import Permission, permitted, subtrees
from schema.cooperatives.led import Led, led
from schema.ids import uuid_in
from schema.loaders.held_post import PERSON, POST
from schema.loaders.household import HOUSEHOLD
from schema.loaders.membership import MEMBERSHIP
from schema.loaders.organization import ORGANIZATION
from schema.refusals import RefusalCode, Refused, refuse
from schema.work import Work

COLUMNS = ("id", "cooperative_id", "household_id", "since", "until", "land", "capital", "share")


@dataclass(frozen=True)
class Belonging:
    """A membership as the transaction sees it."""

    id: uuid.UUID
    cooperative_id: uuid.UUID
    household_id: uuid.UUID
    since: datetime.date
    until: datetime.date | None
    land: Decimal | None
    capital: Decimal | None
    share: Decimal | None


@dataclass(frozen=True)
class Home:
    """A household as the transaction sees it; `path` is that of the organization where it is.

    `is_erased` says that its head was erased: it is counted as before, and nothing is added.
    """

    id: uuid.UUID
    organization_id: uuid.UUID
    head_id: uuid.UUID
    people: int | None
    path: str
    is_erased: bool


async def known_household(work: Work, given: str, *path: str) -> Home | Refused:
    """The household that the input names (a global id) at `path`, locked.

    Only one where the actor may read people.
    """
    id_ = uuid_in(given, "Household", work.tenant_id)
    if id_ is None:
        return unknown_household(*path)
    own = (HOUSEHOLD.c.tenant_id == work.tenant_id, HOUSEHOLD.c.id == id_)
    await work.connection.execute(select(HOUSEHOLD.c.id).where(*own).with_for_update())
    h, o, x = HOUSEHOLD.alias("h"), ORGANIZATION.alias("o"), PERSON.alias("x")
    at = and_(o.c.tenant_id == h.c.tenant_id, o.c.id == h.c.organization_id)
    head = and_(x.c.tenant_id == h.c.tenant_id, x.c.id == h.c.head_id)
    columns = [h.c[name] for name in ("id", "organization_id", "head_id", "people")]
    erased = x.c.erased_at.is_not(None).label("is_erased")
    statement = select(*columns, o.c.path, erased).select_from(h.join(o, at).join(x, head))
    own = (h.c.tenant_id == work.tenant_id, h.c.id == id_)
    found = (await work.connection.execute(statement.where(*own))).first()
    reads = Permission.READ_PEOPLE
    if found is None or not permitted(work.actor, reads, work.tenant_id, found.path):
        return unknown_household(*path)
    return Home(**found._mapping)


def unknown_household(*path: str) -> Refused:
    """What is said of a household that is not there, or not for the actor."""
    return refuse(
        RefusalCode.HOUSEHOLD_UNKNOWN,
        "没有此农户,或不在可查看的组织中;请用 Organization.households 查找,"
        "或以 newHousehold 登记。",
        "There is no such household within your reach; find one with Organization.households, or "
        "give newHousehold.",
        *(path or ("household",)),
    )


def erased_household(*path: str) -> Refused:
    """What is said of a household whose head was erased: nothing may be added to it."""
    return refuse(
        RefusalCode.HOUSEHOLD_UNKNOWN,
        "该户户主的个人信息已注销,不能再登记其信息;请另以 newHousehold 登记新户主的户。",
        "The head of this household was erased, so nothing is recorded of it any more; register "
        "the household of the new head with newHousehold.",
        *(path or ("household",)),
    )


async def headed_by(work: Work, person: uuid.UUID) -> bool:
    """Whether the person heads a household."""
    found = exists().where(HOUSEHOLD.c.tenant_id == work.tenant_id, HOUSEHOLD.c.head_id == person)
    return bool(await work.connection.scalar(select(found)))


async def visible_person(work: Work, given: str) -> uuid.UUID | None:
    """The id of a person, locked, who is not erased, and holds a post or heads a household where
    the actor may read people.
    """
    id_ = uuid_in(given, "Person", work.tenant_id)
    if id_ is None:
        return None
    x = PERSON.alias("x")
    statement = select(x.c.id).where(
        x.c.tenant_id == work.tenant_id, x.c.id == id_, x.c.erased_at.is_(None)
    )
    codes = subtrees(work.actor, Permission.READ_PEOPLE, work.tenant_id)
    if codes is not None:
        statement = statement.where(or_(_posted(x, work, codes), _heading(x, codes)))
    found = await work.connection.scalar(statement.with_for_update(key_share=True, of=x))
    return found if isinstance(found, uuid.UUID) else None


def _posted(x: Any, work: Work, codes: tuple[str, ...]) -> Any:
    p, o = POST.alias("p"), ORGANIZATION.alias("po")
    lasts = or_(p.c.valid_to.is_(None), p.c.valid_to > work.today)
    return exists().where(
        p.c.tenant_id == x.c.tenant_id,
        p.c.person_id == x.c.id,
        p.c.valid_from <= work.today,
        lasts,
        o.c.tenant_id == p.c.tenant_id,
        o.c.id == p.c.organization_id,
        _inside(o, codes),
    )


def _heading(x: Any, codes: tuple[str, ...]) -> Any:
    h, o = HOUSEHOLD.alias("h"), ORGANIZATION.alias("ho")
    return exists().where(
        h.c.tenant_id == x.c.tenant_id,
        h.c.head_id == x.c.id,
        o.c.tenant_id == h.c.tenant_id,
        o.c.id == h.c.organization_id,
        _inside(o, codes),
    )


def _inside(o: Any, codes: tuple[str, ...]) -> Any:
    """Whether an organization stands in one of the subtrees."""
    return or_(*(func.strpos(o.c.path, f"/{code}/") > 0 for code in codes), literal(False))


async def held(work: Work, given: str) -> tuple[Led, Belonging] | Refused:
    """The membership that the input names (a global id), locked after cooperative and household.

    Only for who may change cooperatives at the leader of that.
    """
    m = MEMBERSHIP.c
    id_ = uuid_in(given, "Membership", work.tenant_id)
    if id_ is None:
        return unknown_membership()
    own = (m.tenant_id == work.tenant_id, m.id == id_)
    of = (
        await work.connection.execute(select(m.cooperative_id, m.household_id).where(*own))
    ).first()
    if of is None:
        return unknown_membership()
    cooperative = await led(work, of.cooperative_id, "membership")
    if isinstance(cooperative, Refused):
        return cooperative
    h = HOUSEHOLD.c
    same = (h.tenant_id == work.tenant_id, h.id == of.household_id)
    await work.connection.execute(select(h.id).where(*same).with_for_update())
    columns = [m[name] for name in COLUMNS]
    locked = select(*columns).where(*own).with_for_update()
    found = (await work.connection.execute(locked)).one()
    return cooperative, Belonging(**found._mapping)


def unknown_membership() -> Refused:
    """What is said of a membership that is not there, or not for the actor."""
    return refuse(
        RefusalCode.NOT_MEMBER,
        "没有此社员;请用 Cooperative.memberships 查找。",
        "There is no such membership; find one with Cooperative.memberships.",
        "membership",
    )


async def head_of(work: Work, household: uuid.UUID) -> uuid.UUID:
    """The person who heads a household that there is."""
    own = (HOUSEHOLD.c.tenant_id == work.tenant_id, HOUSEHOLD.c.id == household)
    found = (await work.connection.execute(select(HOUSEHOLD.c.head_id).where(*own))).scalar_one()
    return uuid.UUID(str(found))


async def lasting(work: Work, household: uuid.UUID, since: datetime.date) -> list[Belonging]:
    """The memberships of a household that do not end by `since`."""
    m = MEMBERSHIP
    statement = select(*(m.c[name] for name in COLUMNS)).where(
        m.c.tenant_id == work.tenant_id,
        m.c.household_id == household,
        or_(m.c.until.is_(None), m.c.until > since),
    )
    rows = await work.connection.execute(statement.order_by(m.c.since, m.c.id))
    return [Belonging(**row._mapping) for row in rows]
