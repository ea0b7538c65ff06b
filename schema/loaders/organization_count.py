"""How many organizations there are: below one, by level, by tenant."""

import datetime
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Select,
    Text,
    bindparam,
    func,
    select,
    true,
)

from schema.loaders.loader import KeyedLoader
from schema.loaders.organization import (
    ORGANIZATION,
    below,
    existing,
)


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
