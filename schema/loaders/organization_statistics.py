"""How many organizations there are, and how many of them so many people hold a post in.

One statement for any number of tenants, which reads cells, or of subtrees, which counts.
"""

import datetime
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any, NamedTuple

import asyncpg
from sqlalchemy import (
    Integer,
    Text,
    and_,
    cast,
    func,
    literal,
    select,
    union_all,
)

from schema.database import Snapshot
from schema.loaders.held_post import POST, held
from schema.loaders.loader import Loader
from schema.loaders.organization import ORGANIZATION, existing, within
from schema.loaders.part import PartKey, in_subtrees, part_values, parts
from schema.loaders.span import span_values, sums
from schema.loaders.statement import Statement, render
from schema.scope import Scope
from schema.tables.organization_cell import OrganizationCellRow
from tenants.hierarchy import Rung

CELL: Any = OrganizationCellRow.__table__  # type: ignore[attr-defined]


class OrganizationDimension(StrEnum):
    """What statistics of organizations may be broken down by."""

    CITY = "CITY"
    RUNG = "RUNG"
    LEVEL = "LEVEL"
    POST = "POST"


@dataclass(frozen=True)
class OrganizationCounts:
    """What is counted on a day, by what; of one rung or one level where they are given."""

    today: datetime.date
    by: tuple[OrganizationDimension, ...] = ()
    rung: Rung | None = None
    level: str | None = None


class LevelCell(NamedTuple):
    """How many organizations of a level there are, or in how many `holders` people hold a post.

    `post` '' (and `holders` 0) are all of them.
    """

    tenant_id: int
    level: str
    post: str
    holders: int
    organizations: int


class OrganizationCells(NamedTuple):
    """What was counted for one key."""

    arguments: OrganizationCounts
    cells: tuple[LevelCell, ...]


class OrganizationStatistics(Loader[PartKey, OrganizationCounts]):
    """(tenants, path or None) → the `OrganizationCells` of the tenants, or of the subtree."""

    counts = True

    @classmethod
    def tenants_of(cls, key: PartKey) -> tuple[int, ...]:
        """All of them."""
        return key[0]

    @classmethod
    async def batch(
        cls,
        snapshot: Snapshot,
        scope: Scope,
        keys: Sequence[PartKey],
        arguments: OrganizationCounts,
        columns: tuple[str, ...],
    ) -> list[Any]:
        """One statement."""
        scope.checked(tenant for tenants, _ in keys for tenant in tenants)
        statement = counting() if in_subtrees(keys) else reading()
        today = arguments.today
        given = {**part_values(keys), "today": today, **span_values(today)}
        found: dict[int, list[LevelCell]] = defaultdict(list)
        rows: list[asyncpg.Record] = await snapshot.fetch(statement.sql, statement.values(given))
        for at, *cell in rows:
            found[at].append(LevelCell(*cell))
        return [OrganizationCells(arguments, tuple(found[at])) for at in range(len(keys))]


@cache
def reading() -> Statement:
    """The statement that reads the cells of whole tenants."""
    k, c, names = parts(), CELL.alias("c"), ("tenant_id", "level", "post", "holders")
    source, x = sums(k, c, names, ("organizations",), c.c.tenant_id == k.c.tenant)
    groups = [k.c.at, *(x.c[name] for name in names)]
    number = func.sum(x.c.organizations)
    found = select(*groups, cast(number, Integer()).label("organizations")).select_from(source)
    return render(found.group_by(*groups).having(number != 0))


@cache
def counting() -> Statement:
    """The statement that counts the organizations of subtrees, and who holds posts there."""
    k, o, p = parts(), ORGANIZATION.alias("o"), POST.alias("p")
    inside = and_(o.c.tenant_id == k.c.tenant, within(o, k.c.path), existing(o))
    there = k.join(o, inside)
    level = [k.c.at, o.c.tenant_id, o.c.level]
    all_ = select(*level, literal("", Text()), literal(0, Integer()), func.count())
    own = and_(p.c.tenant_id == o.c.tenant_id, p.c.organization_id == o.c.id, held(p))
    holding = select(*level, p.c.kind, func.count().label("holders"))
    each = holding.select_from(there.join(p, own)).group_by(*level, p.c.kind, o.c.id).subquery("h")
    groups = [each.c[name] for name in ("at", "tenant_id", "level", "kind", "holders")]
    return render(
        union_all(
            all_.select_from(there).group_by(*level),
            select(*groups, func.count()).group_by(*groups),
        )
    )
