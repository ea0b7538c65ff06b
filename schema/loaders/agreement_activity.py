"""Meetings and activities of agreements: counts for everybody, rows for who sees the copy whole."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import asyncpg
from sqlalchemy import Select, Text, and_, bindparam, func, select

from schema.loaders.loader import KeyedLoader
from schema.loaders.pages import Listing, Pages
from schema.tables.agreement import ActivityKind, AgreementActivityRow

ACTIVITY: Any = AgreementActivityRow.__table__  # type: ignore[attr-defined]


class AgreementActivityRecord(asyncpg.Record):
    """A row of `agreement_activity` with the columns that were asked for."""


class MeetingsOfAgreement(KeyedLoader[None]):
    """(tenant, agreement) → how many meetings its parties held."""

    counts = True

    @classmethod
    def select(cls, k: Any, columns: tuple[str, ...], shape: Any) -> Select[Any]:
        """One row an agreement that has any."""
        x = ACTIVITY.alias("x")
        own = and_(x.c.tenant_id == k.c.tenant_id, x.c.agreement_id == k.c.id)
        found = select(k.c.n, func.count().label("meetings")).select_from(k.join(x, own))
        return found.where(x.c.kind == ActivityKind.MEETING.value).group_by(k.c.n)

    @classmethod
    def gather(cls, rows: list[Any], key: tuple[Any, ...], arguments: None) -> int:
        """The number."""
        return rows[0]["meetings"] if rows else 0


@dataclass(frozen=True)
class ActivityListing(Listing):
    """A page of activities, of one kind or of all."""

    kind: str | None = None

    @property
    def shape(self) -> Hashable:
        """Whether there is a filter."""
        return self.kind is not None

    def values(self) -> dict[str, Any]:
        """Of the filter."""
        return {"kind": self.kind}


class ActivitiesOfAgreement(Pages):
    """(tenant, agreement) → a page of what its parties did together, the newest day first.

    Only for who is known to see the copy whole.
    """

    table = ACTIVITY
    record = AgreementActivityRecord
    names: ClassVar[tuple[str, ...]] = ("tenant_id", "agreement_id")
    sort: ClassVar[tuple[str, ...]] = ("held_on", "id")
    newest_first = True

    @classmethod
    def narrow(cls, t: Any, shape: Any) -> Sequence[Any]:
        """Of one kind."""
        return [t.c.kind == bindparam("kind", type_=Text())] if shape else []
