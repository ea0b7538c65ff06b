"""How many organizations there are: below one, by level, by tenant."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import asyncpg
from sqlalchemy import (
    Integer,
    Select,
    Text,
    any_,
    bindparam,
    func,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY

from schema.database import Snapshot
from schema.loaders.loader import KeyedLoader, Loader
from schema.loaders.organization import (
    ORGANIZATION,
    below,
    existing,
)
from schema.loaders.statement import Statement, render
from schema.scope import Scope


@dataclass(frozen=True)
class CountArguments:
    """Count descendants on a day, of one rung or (None) of all levels."""

    rung: str | None
    as_of: datetime.date


class OrganizationDescendantCount(KeyedLoader[CountArguments]):
    """(tenant, path) → how many organizations of the rung stand anywhere below."""

    counts = True
    names = ("tenant_id", "path")

    @classmethod
    def shape(cls, arguments: CountArguments) -> bool:
        """Whether one rung is counted."""
        return arguments.rung is not None

    @classmethod
    def values(cls, arguments: CountArguments) -> dict[str, Any]:
        """The rung and the day."""
        return {"rung": arguments.rung, "today": arguments.as_of}

    @classmethod
    def select(cls, k: Any, columns: tuple[str, ...], shape: Any) -> Select[Any]:
        """A count for each subtree."""
        o = ORGANIZATION.alias("o")
        counting = (
            select(func.count().label("total"))
            .select_from(o)
            .where(o.c.tenant_id == k.c.tenant_id, below(o, k.c.path), existing(o))
        )
        if shape:
            counting = counting.where(o.c.rung == bindparam("rung", type_=Text()))
        counted = counting.lateral("t")
        return select(k.c.n, counted.c.total).select_from(k.join(counted, true()))

    @classmethod
    def gather(cls, rows: list[Any], key: tuple[Any, ...], arguments: CountArguments) -> Any:
        """The number."""
        return rows[0]["total"]


@dataclass(frozen=True)
class LevelCount:
    """How many organizations a level has."""

    tenant_id: int
    level: str
    rung: str | None
    count: int


class OrganizationLevelCounts(KeyedLoader[datetime.date]):
    """(tenant, path) → a `LevelCount` for each level that has organizations below the path.

    The path `/` is the whole tenant.
    """

    counts = True
    names = ("tenant_id", "path")

    @classmethod
    def values(cls, arguments: datetime.date) -> dict[str, Any]:
        """The day."""
        return {"today": arguments}

    @classmethod
    def select(cls, k: Any, columns: tuple[str, ...], shape: Any) -> Select[Any]:
        """Counts by level for each subtree."""
        o = ORGANIZATION.alias("o")
        counted = (
            select(o.c.level, o.c.rung, func.count().label("total"))
            .select_from(o)
            .where(o.c.tenant_id == k.c.tenant_id, below(o, k.c.path), existing(o))
            .group_by(o.c.level, o.c.rung)
            .lateral("t")
        )
        taken = select(k.c.n, k.c.tenant_id, counted.c.level, counted.c.rung, counted.c.total)
        return taken.select_from(k.join(counted, true()))

    @classmethod
    def gather(cls, rows: list[Any], key: tuple[Any, ...], arguments: datetime.date) -> Any:
        """All counts of the subtree."""
        return [_level_count(row) for row in rows]


def _level_count(row: Any) -> LevelCount:
    return LevelCount(row["tenant_id"], row["level"], row["rung"], row["total"])


class TenantLevelCounts(Loader[tuple[int, ...], datetime.date]):
    """Tenants → a `LevelCount` for each level of each that has organizations."""

    counts = True

    @classmethod
    def tenants_of(cls, key: tuple[int, ...]) -> tuple[int, ...]:
        """The whole key."""
        return key

    @classmethod
    async def batch(
        cls,
        snapshot: Snapshot,
        scope: Scope,
        keys: Sequence[tuple[int, ...]],
        arguments: datetime.date,
        columns: tuple[str, ...],
    ) -> list[Any]:
        """One statement, however many tenants."""
        tenants = scope.checked(tenant for key in keys for tenant in key)
        statement = _tenant_counts_statement()
        given = {"today": arguments, "tenants": tenants}
        rows: list[asyncpg.Record] = await snapshot.fetch(statement.sql, statement.values(given))
        counts = [_level_count(row) for row in rows]
        return [[count for count in counts if count.tenant_id in key] for key in keys]


@cache
def _tenant_counts_statement() -> Statement:
    o = ORGANIZATION.alias("o")
    tenants = any_(bindparam("tenants", type_=ARRAY(Integer())))
    counted = select(o.c.tenant_id, o.c.level, o.c.rung, func.count().label("total"))
    return render(
        counted.where(o.c.tenant_id == tenants, existing(o)).group_by(
            o.c.tenant_id, o.c.level, o.c.rung
        )
    )
