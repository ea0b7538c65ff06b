"""How many organizations there are: below one, by level, by tenant."""

import datetime
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import asyncpg
from sqlalchemy import (
    Integer,
    Text,
    any_,
    bindparam,
    func,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY

from schema.database import Snapshot
from schema.loaders.loader import Loader
from schema.loaders.organization import (
    ORGANIZATION,
    below,
    existing,
)
from schema.loaders.statement import Statement, key_values, keys_table, render
from schema.scope import Scope


@dataclass(frozen=True)
class CountArguments:
    """Count descendants on a day, of one rung or (None) of all levels."""

    rung: str | None
    as_of: datetime.date


class OrganizationDescendantCount(Loader[tuple[int, str], CountArguments]):
    """(tenant, path) → how many organizations of the rung stand anywhere below."""

    @classmethod
    async def batch(
        cls,
        snapshot: Snapshot,
        scope: Scope,
        keys: Sequence[tuple[int, str]],
        arguments: CountArguments,
        columns: tuple[str, ...],
    ) -> list[Any]:
        """One statement for all subtrees."""
        scope.checked(tenant for tenant, _ in keys)
        names = ("tenant_id", "path")
        statement = _count_statement(arguments.rung is not None)
        given = {"rung": arguments.rung, "today": arguments.as_of, **key_values(names, keys)}
        rows: list[asyncpg.Record] = await snapshot.fetch(statement.sql, statement.values(given))
        found = {row["n"]: row["total"] for row in rows}
        return [found[at] for at in range(1, len(keys) + 1)]


@cache
def _count_statement(of_rung: bool) -> Statement:
    k, o = keys_table("tenant_id", "path"), ORGANIZATION.alias("o")
    counting = (
        select(func.count().label("total"))
        .select_from(o)
        .where(o.c.tenant_id == k.c.tenant_id, below(o, k.c.path), existing(o))
    )
    if of_rung:
        counting = counting.where(o.c.rung == bindparam("rung", type_=Text()))
    counted = counting.lateral("t")
    return render(select(k.c.n, counted.c.total).select_from(k.join(counted, true())))


@dataclass(frozen=True)
class LevelCount:
    """How many organizations a level has."""

    tenant_id: int
    level: str
    rung: str | None
    count: int


class OrganizationLevelCounts(Loader[tuple[int, str], datetime.date]):
    """(tenant, path) → a `LevelCount` for each level that has organizations below the path.

    The path `/` is the whole tenant.
    """

    @classmethod
    async def batch(
        cls,
        snapshot: Snapshot,
        scope: Scope,
        keys: Sequence[tuple[int, str]],
        arguments: datetime.date,
        columns: tuple[str, ...],
    ) -> list[Any]:
        """One statement for all subtrees."""
        scope.checked(tenant for tenant, _ in keys)
        statement = _level_counts_statement()
        given = {"today": arguments, **key_values(("tenant_id", "path"), keys)}
        rows: list[asyncpg.Record] = await snapshot.fetch(statement.sql, statement.values(given))
        groups: dict[int, list[LevelCount]] = defaultdict(list)
        for row in rows:
            groups[row["n"]].append(
                LevelCount(row["tenant_id"], row["level"], row["rung"], row["total"])
            )
        return [groups[at] for at in range(1, len(keys) + 1)]


@cache
def _level_counts_statement() -> Statement:
    k, o = keys_table("tenant_id", "path"), ORGANIZATION.alias("o")
    counted = (
        select(o.c.level, o.c.rung, func.count().label("total"))
        .select_from(o)
        .where(o.c.tenant_id == k.c.tenant_id, below(o, k.c.path), existing(o))
        .group_by(o.c.level, o.c.rung)
        .lateral("t")
    )
    return render(
        select(k.c.n, k.c.tenant_id, counted.c.level, counted.c.rung, counted.c.total).select_from(
            k.join(counted, true())
        )
    )


class TenantLevelCounts(Loader[tuple[int, ...], datetime.date]):
    """Tenants → a `LevelCount` for each level of each that has organizations."""

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
        counts = [
            LevelCount(row["tenant_id"], row["level"], row["rung"], row["total"]) for row in rows
        ]
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
