"""Memberships of households in cooperatives: of either end, and by id."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import asyncpg
from sqlalchemy import Select, and_, or_, select
from sqlalchemy.sql.elements import ColumnElement

from schema.loaders.cooperative import COOPERATIVE
from schema.loaders.household import HOUSEHOLD, ByHouseholdReach, inside, seen
from schema.loaders.organization import TODAY
from schema.loaders.pages import Listing, Pages
from schema.tables.cooperative import MembershipRow

MEMBERSHIP: Any = MembershipRow.__table__  # type: ignore[attr-defined]


class MembershipRecord(asyncpg.Record):
    """A row of `membership` with the columns that were asked for."""


def current(m: Any) -> ColumnElement[bool]:
    """Whether the membership holds on the day `today`."""
    return and_(m.c.since <= TODAY, or_(m.c.until.is_(None), m.c.until > TODAY))


@dataclass(frozen=True)
class MembershipPage(Listing):
    """A page of memberships: those of a day, or with `past` all that ever were."""

    today: datetime.date
    past: bool = False

    @property
    def shape(self) -> bool:
        """Whether all are asked for."""
        return self.past

    def values(self) -> dict[str, Any]:
        """The day."""
        return {"today": self.today}


class _Memberships(Pages):
    """In order of id, never of a name: who may not see names must not learn them by sorting."""

    table = MEMBERSHIP
    record = MembershipRecord

    @classmethod
    def narrow(cls, t: Any, shape: Any) -> Sequence[Any]:
        """Those of the day, unless all are asked for."""
        return () if shape else (current(t),)


class MembershipsOfCooperative(_Memberships):
    """(tenant, cooperative) → a page of its memberships, for who may see people at its leader."""

    names: ClassVar[tuple[str, ...]] = ("tenant_id", "cooperative_id")


class MembershipsOfHousehold(_Memberships):
    """(tenant, household) → a page of its memberships, for who sees the household."""

    names: ClassVar[tuple[str, ...]] = ("tenant_id", "household_id")


class MembershipById(ByHouseholdReach):
    """(tenant, id) → the membership, or None where the viewer may see neither the household nor
    people at the cooperative's leader.
    """

    record = MembershipRecord

    @classmethod
    def select(cls, k: Any, columns: tuple[str, ...], shape: Any) -> Select[Any]:
        """The memberships whose ids are the keys."""
        m, h, c = MEMBERSHIP.alias("m"), HOUSEHOLD.alias("h"), COOPERATIVE.alias("c")
        match = and_(m.c.tenant_id == k.c.tenant_id, m.c.id == k.c.id)
        member = and_(h.c.tenant_id == m.c.tenant_id, h.c.id == m.c.household_id)
        of = and_(c.c.tenant_id == m.c.tenant_id, c.c.id == m.c.cooperative_id)
        columns_ = [m.c[name] for name in dict.fromkeys(columns) if name in m.c]
        found = select(k.c.n, *columns_).select_from(k.join(m, match).join(h, member).join(c, of))
        led = inside(c, "leader_id", shape.visible, "reach_visible")
        return found.where(or_(seen(h, shape), led))
