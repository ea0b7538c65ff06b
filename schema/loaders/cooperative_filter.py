"""Which cooperatives a list or a statistic is about, as conditions on their rows."""

import datetime
import uuid
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Date, Text, Uuid, bindparam, func, or_, select
from sqlalchemy.sql.elements import ColumnElement

from schema.loaders.cooperative import COOPERATIVE
from schema.loaders.organization import ORGANIZATION, OrganizationRef, within
from schema.loaders.union_member import MEMBER, belonging
from schema.tables.cooperative import CooperativeKind

Condition = ColumnElement[bool]

TODAY = bindparam("today", type_=Date())


class FilterShape(NamedTuple):
    """Which of the filters there are."""

    kind: bool = False
    industry: bool = False
    leader: bool = False
    village: bool = False
    search: bool = False
    union: bool = False
    all: bool = False


@dataclass(frozen=True)
class CooperativeFilters:
    """What is asked for; all that is given holds.

    `leader` and `village` stand for their subtrees, `union` is the code or the id of one. Without
    `include_dissolved` it is those that are in being on the day `today`, which is also the day of
    memberships.
    """

    today: datetime.date
    kind: CooperativeKind | None = None
    industry: str | None = None
    leader: OrganizationRef | None = None
    village: OrganizationRef | None = None
    search: str | None = None
    union: str | uuid.UUID | None = None
    include_dissolved: bool = False

    @property
    def shape(self) -> FilterShape:
        """All that changes the text of a statement."""
        return FilterShape(
            self.kind is not None,
            self.industry is not None,
            self.leader is not None,
            self.village is not None,
            self.search is not None,
            self.union is not None,
            self.include_dissolved,
        )

    def values(self) -> dict[str, Any]:
        """Values of the parameters of `conditions`."""
        leader, village = self.leader or OrganizationRef(), self.village or OrganizationRef()
        by_id = isinstance(self.union, uuid.UUID)
        return {
            "today": self.today,
            "kind": None if self.kind is None else self.kind.value,
            "industry": self.industry,
            "leader_code": leader.code,
            "leader_ref": leader.id,
            "village_code": village.code,
            "village_ref": village.id,
            "search": self.search,
            "union_code": None if by_id else self.union,
            "union_ref": self.union if by_id else None,
        }


def conditions(c: Any, k: Any, shape: FilterShape) -> list[Condition]:
    """All of the filters on rows `c` of `cooperative`; `k` has the tenant (`k.c.tenant_id`).

    What organizations and unions name is looked up once a key, not once a row.
    """
    found = own_conditions(c, shape)
    for name in ("leader", "village"):
        if getattr(shape, name):
            found.append(standing(c, k, (f"{name}_id",), named_path(k, name)))
    if shape.union:
        m = MEMBER.alias("m")
        of = (m.c.tenant_id == k.c.tenant_id, m.c.union_id == named_union(k))
        members = select(m.c.member_id).where(*of, belonging(m)).correlate(k)
        found.append(c.c.id.in_(members))
    return found


def own_conditions(c: Any, shape: FilterShape) -> list[Condition]:
    """Those of the filters that look at the row alone."""
    found: list[Condition] = []
    if not shape.all:
        found.append(in_being(c))
    if shape.kind:
        found.append(c.c.kind == bindparam("kind", type_=Text()))
    if shape.industry:
        found.append(c.c.industry == bindparam("industry", type_=Text()))
    if shape.search:
        text = bindparam("search", type_=Text())
        found.append(or_(func.strpos(c.c.name, text) > 0, c.c.code.op("^@")(text)))
    return found


def in_being(c: Any) -> Condition:
    """Whether the cooperative is not dissolved on the day `today`."""
    return or_(c.c.dissolved_on.is_(None), c.c.dissolved_on > TODAY)


def standing(c: Any, k: Any, columns: tuple[str, ...], path: Any) -> Condition:
    """Whether one of the organizations in these columns has the path or stands below it."""
    o = ORGANIZATION.alias("s")
    there = select(o.c.id).where(o.c.tenant_id == k.c.tenant_id, within(o, path)).correlate(k)
    return or_(*(c.c[column].in_(there) for column in columns))


def named_path(k: Any, name: str) -> Any:
    """The path of the organization that the filter `name` (leader or village) gives."""
    u = ORGANIZATION.alias("u")
    code = bindparam(f"{name}_code", type_=Text())
    ref = bindparam(f"{name}_ref", type_=Uuid())
    rows = select(u.c.path).where(
        u.c.tenant_id == k.c.tenant_id, or_(u.c.code == code, u.c.id == ref)
    )
    return rows.correlate(k).scalar_subquery()


def named_union(k: Any) -> Any:
    """The id of the union that the filter gives."""
    u = COOPERATIVE.alias("u")
    code = bindparam("union_code", type_=Text())
    ref = bindparam("union_ref", type_=Uuid())
    rows = select(u.c.id).where(
        u.c.tenant_id == k.c.tenant_id, or_(u.c.code == code, u.c.id == ref)
    )
    return rows.correlate(k).scalar_subquery()
