"""Weak villages as the graph reads them: the list of a city, and how a village stands on it."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import asyncpg
from sqlalchemy import Select, and_, func, select, true

from schema.loaders.loader import KeyedLoader
from schema.loaders.pages import Listing, Pages
from schema.loaders.row import RowByKey
from schema.tables.market import WeakVillageRow

WEAK_VILLAGE: Any = WeakVillageRow.__table__  # type: ignore[attr-defined]


class WeakVillageRecord(asyncpg.Record):
    """A row of `weak_village` with the columns that were asked for."""


class WeakVillageById(RowByKey):
    """(tenant, id) → the entry, or None."""

    table = WEAK_VILLAGE
    record = WeakVillageRecord


class WeakVillageOfOrganization(KeyedLoader[None]):
    """(tenant, organization) → its newest entry, or None where it never was on the list."""

    names: ClassVar[tuple[str, ...]] = ("tenant_id", "organization_id")
    record = WeakVillageRecord

    @classmethod
    def select(cls, k: Any, columns: tuple[str, ...], shape: Any) -> Select[Any]:
        """The newest one a key."""
        t = WEAK_VILLAGE.alias("t")
        taken = [t.c[name] for name in dict.fromkeys((*columns, "tenant_id")) if name in t.c]
        match = and_(*(t.c[name] == k.c[name] for name in cls.names))
        newest = select(*taken).where(match).order_by(t.c.listed_on.desc()).limit(1).lateral("r")
        return select(k.c.n, *newest.c).select_from(k.join(newest, true()))


@dataclass(frozen=True)
class WeakVillageListing(Listing):
    """Those that are weak no more, those that still are, or all."""

    cleared: bool | None = None

    @property
    def shape(self) -> Hashable:
        """The filter."""
        return self.cleared


class WeakVillagesOfTenant(Pages):
    """(tenant,) → a page of its list, in the order of listing."""

    table = WEAK_VILLAGE
    record = WeakVillageRecord
    names: ClassVar[tuple[str, ...]] = ("tenant_id",)
    sort = ("listed_on", "id")

    @classmethod
    def narrow(cls, t: Any, shape: Any) -> Sequence[Any]:
        """Cleared or not."""
        if shape is None:
            return []
        return [t.c.cleared_on.is_not(None) if shape else t.c.cleared_on.is_(None)]

    @classmethod
    def sums(cls, t: Any) -> Sequence[Any]:
        """What was paid to support them."""
        return [func.sum(t.c.support).label("support")]
