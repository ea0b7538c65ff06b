"""Which agreements a list or a statistic has: conditions on them as the viewer sees them."""

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import (
    Boolean,
    Date,
    Integer,
    Select,
    Text,
    and_,
    any_,
    bindparam,
    cast,
    exists,
    func,
    or_,
    select,
    true,
)
from sqlalchemy.sql.elements import ColumnElement

from schema.loaders.agreement import PARTY, VERSION, as_agreed, seen, seen_version
from schema.loaders.agreement_party import content_parties, has_number, of_version
from schema.loaders.organization import ORGANIZATION, OrganizationRef, is_named, ref_values, within

ZONE = "Asia/Shanghai"


@dataclass(frozen=True)
class AgreementFilters:
    """What is asked of agreements; all that is given holds. None = not asked.

    `with_city` is a city's six-digit code, `is_alliance` tells alliances from pairings. `under` is
    an organization of the one tenant `tenant_id`. `role` is that of a party in its subtree, or
    where it is not given of any party of the tenant. `text` is in lower case.
    """

    state: str | None = None
    dimension: str | None = None
    with_city: str | None = None
    alliance: str | None = None
    is_alliance: bool | None = None
    under: OrganizationRef | None = None
    tenant_id: int | None = None
    role: str | None = None
    active_on: datetime.date | None = None
    crosses: bool | None = None
    ending_before: datetime.date | None = None
    text: str | None = None

    @property
    def shape(self) -> frozenset[str]:
        """The names of the filters that are given: all that changes the text of a statement."""
        return frozenset(
            field.name for field in fields(self) if getattr(self, field.name) is not None
        )

    def values(self) -> dict[str, Any]:
        """Values of the parameters of `conditions`."""
        given = {f"where_{name}": getattr(self, name) for name in _CONDITIONS}
        place = {"where_role": self.role, "where_tenant_id": self.tenant_id}
        return {**given, **ref_values(self.under), **place}


def conditions(a: Any, reach: str, given: frozenset[str]) -> list[ColumnElement[bool]]:
    """What holds of the agreements `a` that the filters with these names let through."""
    found = [make(a, reach) for name, make in _CONDITIONS.items() if name in given]
    if given & {"under", "role"}:
        found.append(_has_own_party(a, reach, "under" in given, "role" in given))
    return found


def china_day(moment: Any) -> ColumnElement[datetime.date]:
    """The day in China of a moment."""
    return cast(func.timezone(ZONE, moment), Date())


def near(tenant_id: Any, is_there: Callable[[Any], Any], role: Any = None) -> Select[Any]:
    """The ids of the agreements of which an organization that `is_there` is or was to be a party.

    For `is_party`, which leaves out what is not for the viewer.
    """
    p, o = PARTY.alias("np"), ORGANIZATION.alias("no")
    at = and_(p.c.tenant_id == o.c.tenant_id, p.c.organization_id == o.c.id)
    found = select(p.c.agreement_id).select_from(o.join(p, at))
    found = found.where(o.c.tenant_id == tenant_id, is_there(o))
    return found if role is None else found.where(p.c.role == role)


def is_party(
    a: Any, reach: str, is_there: Callable[[Any], Any], role: Any = None, outer: Sequence[Any] = ()
) -> ColumnElement[bool]:
    """Of one that is `near`, whether the version that the viewer sees has such a party, too.

    Only alliances admit parties after they were proposed, so only these are looked at. `outer`
    are the tables of selects further out, besides `a`, that `is_there` looks at.
    """
    v, p, o = VERSION.alias("pv"), PARTY.alias("pp"), ORGANIZATION.alias("po")
    own = and_(p.c.tenant_id == a.c.tenant_id, p.c.agreement_id == a.c.id)
    at = and_(o.c.tenant_id == p.c.tenant_id, o.c.id == p.c.organization_id)
    named = of_version(v, a, seen_version(a, reach))
    rows = select(1).select_from(p.join(o, at).join(v, named)).where(own, is_there(o))
    rows = rows.where(has_number(v.c.content, p.c.number))
    rows = rows if role is None else rows.where(p.c.role == role)
    return or_(a.c.alliance.is_(None), exists(rows.correlate(a, *outer)))


def _where(name: str, kind: Any) -> Any:
    return bindparam(f"where_{name}", type_=kind)


def _content(a: Any, reach: str, holds: Callable[[Any], Any]) -> ColumnElement[bool]:
    """Whether the content that the viewer sees `holds` something."""
    v = VERSION.alias("fv")
    named = of_version(v, a, seen_version(a, reach))
    return exists(select(1).select_from(v).where(named, holds(v.c.content)).correlate(a))


def _listed(content: Any, list_: str, key: str, name: str) -> Any:
    """Whether an object of a list has a text under a key."""
    wanted = func.jsonb_build_array(func.jsonb_build_object(key, _where(name, Text())))
    return content[list_].contains(wanted)


def _has_text(a: Any, reach: str) -> ColumnElement[bool]:
    """Whether the title or a party's name has the text."""
    text = _where("text", Text())

    def holds(content: Any) -> Any:
        e = content_parties(content)
        named = select(1).select_from(e).where(func.strpos(func.lower(e.c.name), text) > 0)
        return exists(named)

    titled = func.strpos(func.lower(seen(a, "title", reach)), text) > 0
    return or_(titled, _content(a, reach, holds))


def _is_active(a: Any, reach: str) -> ColumnElement[bool]:
    """Whether what was agreed was in force on the day."""
    on = _where("active_on", Date())
    begins = func.coalesce(as_agreed(a, "starts_on"), china_day(a.c.signed_at))
    ends = as_agreed(a, "ends_on")
    return and_(
        a.c.agreed.is_not(None),
        begins <= on,
        or_(ends.is_(None), ends >= on),
        or_(a.c.ended_at.is_(None), china_day(a.c.ended_at) > on),
    )


def _has_own_party(a: Any, reach: str, by_place: bool, by_role: bool) -> ColumnElement[bool]:
    """Whether the tenant has a party in the subtree that is named, in the role that is asked."""
    role = _where("role", Text()) if by_role else None

    def is_there(o: Any) -> Any:
        u = ORGANIZATION.alias("u")
        named = select(1).where(u.c.tenant_id == o.c.tenant_id, is_named(u), within(o, u.c.path))
        return exists(named.correlate(o)) if by_place else true()

    exactly = is_party(a, reach, is_there, role)
    if not by_place:
        p = PARTY.alias("rp")
        own = and_(p.c.tenant_id == a.c.tenant_id, p.c.agreement_id == a.c.id)
        in_role = and_(p.c.role == role, p.c.organization_id.is_not(None))
        return and_(exists(select(1).where(own, in_role).correlate(a)), exactly)
    u, o, p = ORGANIZATION.alias("ru"), ORGANIZATION.alias("ro"), PARTY.alias("rp")
    at = and_(p.c.tenant_id == o.c.tenant_id, p.c.organization_id == o.c.id)
    inside = and_(o.c.tenant_id == u.c.tenant_id, within(o, u.c.path))
    ids = select(p.c.agreement_id).select_from(u.join(o, inside).join(p, at))
    ids = ids.where(u.c.tenant_id == _where("tenant_id", Integer()), is_named(u))
    ids = ids if role is None else ids.where(p.c.role == role)
    return and_(one_of(a, ids), exactly)


def one_of(a: Any, ids: Select[Any]) -> ColumnElement[bool]:
    """Whether the agreement is one of few: they are found first, then looked up."""
    found: ColumnElement[bool] = a.c.id == any_(func.array(ids.scalar_subquery()))
    return found


_CONDITIONS: Mapping[str, Callable[[Any, str], ColumnElement[bool]]] = {
    "state": lambda a, reach: seen(a, "state", reach) == _where("state", Text()),
    "dimension": lambda a, reach: _content(
        a, reach, lambda content: _listed(content, "dimensions", "key", "dimension")
    ),
    "with_city": lambda a, reach: _content(
        a, reach, lambda content: _listed(content, "parties", "city", "with_city")
    ),
    "alliance": lambda a, reach: seen(a, "alliance", reach) == _where("alliance", Text()),
    "is_alliance": lambda a, reach: (
        seen(a, "alliance", reach).is_not(None) == _where("is_alliance", Boolean())
    ),
    "active_on": _is_active,
    "crosses": lambda a, reach: (a.c.cities > 1) == _where("crosses", Boolean()),
    "ending_before": lambda a, reach: seen(a, "ends_on", reach) < _where("ending_before", Date()),
    "text": _has_text,
}
