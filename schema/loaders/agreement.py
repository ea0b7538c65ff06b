"""Agreements as the graph reads them: a tenant's copy, whole or only as it was agreed.

Who has READ_AGREEMENTS at one of the tenant's own parties sees the copy whole: its newest version,
whoever has signed it. Everybody else sees an agreement once every party has signed it, and then
the version that all have signed, whatever has been proposed since.
"""

import datetime
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg
from sqlalchemy import Date, Select, and_, case, cast, false, null, or_, select, true
from sqlalchemy.sql.elements import ColumnElement

from schema.loaders.issue import is_there
from schema.loaders.loader import KeyedLoader
from schema.loaders.organization import ORGANIZATION, TODAY, Codes, covered
from schema.tables.agreement import (
    AgreementPartyRow,
    AgreementRow,
    AgreementState,
    AgreementVersionRow,
)

AGREEMENT: Any = AgreementRow.__table__  # type: ignore[attr-defined]
PARTY: Any = AgreementPartyRow.__table__  # type: ignore[attr-defined]
VERSION: Any = AgreementVersionRow.__table__  # type: ignore[attr-defined]

WHOLE, CONTENT = "whole", "content"
"""Columns besides those of the table: whether the viewer sees the copy whole, and what the version
that it sees says, as JSON."""


CONTENT_COLUMNS = (CONTENT, "state", "starts_on", "ends_on", "signed_at", "ended_at")
"""What tells of the commitments of an agreement, and of the time that there is for them."""


class AgreementRecord(asyncpg.Record):
    """A row of `agreement` with the columns that were asked for, always `tenant_id` and `id`.

    All of them are as the viewer sees them.
    """


@dataclass(frozen=True)
class AgreementReach:
    """How far the viewer sees the agreements of a tenant: whole those of parties in `codes`.

    `today` is the day on which terms are looked at, in China.
    """

    today: datetime.date
    codes: Codes = ()

    @property
    def shape(self) -> str:
        """All of it that changes the text of a statement: "all", "some" or "none"."""
        return "all" if self.codes is None else "some" if self.codes else "none"

    def values(self) -> dict[str, Any]:
        """Values of the parameters that the functions below use."""
        return {"today": self.today, "reach_agreements": list(self.codes or ())}


def whole(a: Any, shape: str) -> ColumnElement[bool]:
    """Whether the viewer sees the copy `a` whole."""
    if shape != "some":
        return true() if shape == "all" else false()
    p, o = PARTY.alias("wp"), ORGANIZATION.alias("wo")
    own = and_(p.c.tenant_id == a.c.tenant_id, p.c.agreement_id == a.c.id)
    at = and_(o.c.tenant_id == p.c.tenant_id, o.c.id == p.c.organization_id)
    # by name: `a` may be of a select further out, which SQLAlchemy would not see
    rows = select(true()).where(own, at, covered(o, "reach_agreements")).correlate(a)
    return is_there(rows)


def visible(a: Any, shape: str) -> ColumnElement[bool]:
    """Whether the viewer sees the agreement `a` at all."""
    return true() if shape == "all" else or_(a.c.agreed.is_not(None), whole(a, shape))


def seen_version(a: Any, shape: str) -> ColumnElement[int]:
    """The number of the version that the viewer sees."""
    return _pick(a, shape, _is_agreed(a), a.c.version, a.c.agreed)


def seen(a: Any, name: str, shape: str) -> ColumnElement[Any]:
    """A column of `a` as the viewer sees it; `WHOLE` and `CONTENT` are columns, too."""
    found: ColumnElement[Any]
    if name == WHOLE:
        found = whole(a, shape)
    elif name == CONTENT:
        found = _of_version(a, seen_version(a, shape), lambda v: v.c.content)
    elif name in _AGREED:
        same = a.c.state != AgreementState.PROPOSED.value if name == "state" else _is_agreed(a)
        found = _pick(a, shape, same, a.c[name], _AGREED[name](a))
    elif name in _PRIVATE:
        found = _pick(a, shape, false(), a.c[name], null())
    else:
        found = a.c[name]
    return found


def as_agreed(a: Any, name: str) -> ColumnElement[Any]:
    """A column of `a` as all have signed it, whoever sees more; null where they have not."""
    return _AGREED[name](a)


def taken(a: Any, columns: Sequence[str], shape: str) -> list[Any]:
    """The columns of `a` that are wanted, as the viewer sees them, always `tenant_id` and `id`."""
    wanted = dict.fromkeys((*columns, "tenant_id", "id"))
    names = [name for name in wanted if name in a.c or name in (WHOLE, CONTENT)]
    return [seen(a, name, shape).label(name) for name in names]


def _is_agreed(a: Any) -> ColumnElement[bool]:
    """Whether nothing newer than what all have signed is pending."""
    found: ColumnElement[bool] = a.c.version == a.c.agreed
    return found


def _pick(
    a: Any,
    shape: str,
    same: ColumnElement[bool],
    newest: ColumnElement[Any],
    agreed: ColumnElement[Any],
) -> ColumnElement[Any]:
    """What the newest version has for who sees it whole, what the agreed one has for others.

    Who sees what is looked up, which costs more, only where the two are not the `same`.
    """
    if shape == "all":
        return newest
    if shape == "none":
        return agreed
    return case((same, newest), (whole(a, shape), newest), else_=agreed)


def _of_version(a: Any, number: Any, pick: Callable[[Any], Any]) -> ColumnElement[Any]:
    """Something of one version of the agreement."""
    v = VERSION.alias("sv")
    own = and_(v.c.tenant_id == a.c.tenant_id, v.c.agreement_id == a.c.id, v.c.version == number)
    return select(pick(v)).where(own).correlate(a).scalar_subquery()


def _agreed_text(a: Any, name: str, key: str) -> ColumnElement[Any]:
    """A text of the agreed version, which a newer one may have changed in the row."""
    old = _of_version(a, a.c.agreed, lambda v: v.c.content[key].astext)
    return case((_is_agreed(a), a.c[name]), else_=old)


def _agreed_day(a: Any, name: str, key: str) -> ColumnElement[Any]:
    old = _of_version(a, a.c.agreed, lambda v: cast(v.c.content[key].astext, Date()))
    return case((_is_agreed(a), a.c[name]), else_=old)


def _agreed_hash(a: Any) -> ColumnElement[Any]:
    old = _of_version(a, a.c.agreed, lambda v: v.c.content_hash)
    return case((_is_agreed(a), a.c.content_hash), else_=old)


def _agreed_state(a: Any) -> ColumnElement[Any]:
    """What was agreed stays in force while a newer version is proposed."""
    begins = _agreed_day(a, "starts_on", "startsOn")
    return case(
        (a.c.state != AgreementState.PROPOSED.value, a.c.state),
        (begins > TODAY, AgreementState.SIGNED.value),
        else_=AgreementState.ACTIVE.value,
    )


_AGREED: dict[str, Callable[[Any], ColumnElement[Any]]] = {
    "title": lambda a: _agreed_text(a, "title", "title"),
    "alliance": lambda a: _agreed_text(a, "alliance", "alliance"),
    "starts_on": lambda a: _agreed_day(a, "starts_on", "startsOn"),
    "ends_on": lambda a: _agreed_day(a, "ends_on", "endsOn"),
    "content_hash": _agreed_hash,
    "state": _agreed_state,
    "version": lambda a: a.c.agreed,
}
"""Columns that may tell of a version that is not agreed yet, as they are in the agreed one."""

_PRIVATE = frozenset({"end_text", "revision"})
"""Columns that are the parties' own affair."""


class ByAgreement(KeyedLoader[AgreementReach]):
    """A loader of what belongs to agreements, as far as the viewer sees these."""

    @classmethod
    def shape(cls, arguments: AgreementReach) -> Hashable:
        """Of the reach."""
        return arguments.shape

    @classmethod
    def values(cls, arguments: AgreementReach) -> dict[str, Any]:
        """Of the reach."""
        return arguments.values()


class AgreementById(ByAgreement):
    """(tenant, id) → the tenant's copy of the agreement, or None."""

    record = AgreementRecord

    @classmethod
    def select(cls, k: Any, columns: tuple[str, ...], shape: Any) -> Select[Any]:
        """The agreements with the ids that the viewer sees."""
        a = AGREEMENT.alias("a")
        match = and_(a.c.tenant_id == k.c.tenant_id, a.c.id == k.c.id)
        found = select(k.c.n, *taken(a, columns, shape)).select_from(k.join(a, match))
        return found.where(visible(a, shape))


class ContentOfAgreement(AgreementById):
    """(tenant, id) → the agreement's content and term, whatever is selected of what they make."""

    @classmethod
    def select(cls, k: Any, columns: tuple[str, ...], shape: Any) -> Select[Any]:
        """The columns that a commitment needs."""
        return super().select(k, CONTENT_COLUMNS, shape)


class RenewalOfAgreement(ByAgreement):
    """(tenant, id) → the newest agreement that goes on with it and was not declined, or None."""

    record = AgreementRecord

    @classmethod
    def select(cls, k: Any, columns: tuple[str, ...], shape: Any) -> Select[Any]:
        """The renewals that the viewer sees."""
        a = AGREEMENT.alias("a")
        match = and_(a.c.tenant_id == k.c.tenant_id, a.c.renews == k.c.id)
        found = select(k.c.n, *taken(a, columns, shape)).select_from(k.join(a, match))
        stands = a.c.state != AgreementState.DECLINED.value
        rows = found.where(visible(a, shape), stands)
        return rows.order_by(k.c.n, a.c.created_at.desc(), a.c.id.desc())
