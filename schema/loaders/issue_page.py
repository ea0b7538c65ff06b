"""Pages of issues: a tenant's, and those that stand in an organization's subtree.

A page is found in two steps: its ids by the ways of `issue_ways`, then their rows.
"""

import datetime
import uuid
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

from sqlalchemy import Select, Text, and_, func, select, true, union
from sqlalchemy import cast as sql_cast

from schema.database import Snapshot
from schema.loaders.issue import (
    IssueReach,
    IssueRecord,
    taken,
)
from schema.loaders.issue_filter import (
    IssueFilters,
)
from schema.loaders.issue_order import IssueOrder
from schema.loaders.issue_standing import ISSUE
from schema.loaders.issue_ways import (
    BOUNDS,
    USUAL,
    Effort,
    IssueList,
    Outer,
    PageShape,
    bounds,
    ids_of,
    is_walked,
    walked,
    ways,
)
from schema.loaders.loader import KeyedLoader, Loader
from schema.loaders.organization import OrganizationRef, demand_known
from schema.loaders.statement import Statement, key_values, keys_table, render
from schema.paging import CURSOR, Slice, Window, page
from schema.scope import Scope

SIZES = (6, 21, 51, 101)
"""Rows that a statement asks an index for: written into it, so that it is planned for few."""

SORT = ("rank", "at", "id")
"""The sort values of a cursor: a group of the order, a moment within it, an id."""


@dataclass(frozen=True)
class IssuePage:
    """A page of issues as the viewer sees them; `now` is when deadlines are looked at.

    The position of the window holds the values of `SORT`.
    """

    reach: IssueReach
    filters: IssueFilters
    now: datetime.datetime
    window: Window
    order: IssueOrder = IssueOrder.REPORTED_AT_DESC
    effort: Effort = USUAL

    @property
    def shape(self) -> "PageShape":
        """All that changes the text of the statement."""
        position = self.window.position
        return PageShape(
            self.reach.shape,
            self.filters.shape,
            self.order,
            None if position is None else int(position[0]),
            self.window.backward,
            next(size for size in SIZES if size > self.window.limit),
            self.effort,
        )

    def values(self) -> dict[str, Any]:
        """Values of the statement's parameters, but for the keys."""
        position = self.window.position
        return {
            **self.reach.values(),
            **self.filters.values(),
            "now": self.now,
            "limit": self.window.limit + 1,
            "after_at": datetime.datetime.fromisoformat(position[1]) if position else None,
            "after_id": uuid.UUID(position[2]) if position else None,
        }


class _Pages(KeyedLoader[IssuePage]):
    """A page of issues a key: limited in SQL, by lateral joins."""

    record = IssueRecord
    private = True
    shows = True
    is_below: ClassVar[bool]

    @classmethod
    def is_open(cls, key: Any, arguments: Any, proven: frozenset[uuid.UUID]) -> bool:
        """Who has no token sees no list."""
        return False

    @classmethod
    def shape(cls, arguments: IssuePage) -> Hashable:
        """Of the page."""
        return arguments.shape

    @classmethod
    def values(cls, arguments: IssuePage) -> dict[str, Any]:
        """Of the page."""
        return arguments.values()

    @classmethod
    def select(cls, k: Any, columns: tuple[str, ...], shape: Any) -> Select[Any]:
        """Up to one row more than the page, a key."""
        return _page_select(k, columns, shape, cls.is_below)

    @classmethod
    async def batch(
        cls,
        snapshot: Snapshot,
        scope: Scope,
        keys: Sequence[tuple[Any, ...]],
        arguments: IssuePage,
        columns: tuple[str, ...],
    ) -> list[Any]:
        """One statement; a second where nothing was found of an organization that is named.

        Errors: `CodedError` ORGANIZATION_UNKNOWN.
        """
        if arguments.reach.is_nowhere:
            scope.checked(key[0] for key in keys)
            return [cls.gather([], key, arguments) for key in keys]
        slices = await super().batch(snapshot, scope, keys, arguments, columns)
        if not any(found.rows for found in slices):
            for named in (arguments.filters.under, arguments.filters.handler):
                if isinstance(named, OrganizationRef):
                    await demand_known(snapshot, scope, keys[0][0], named)
        return slices

    @classmethod
    def gather(cls, rows: list[Any], key: tuple[Any, ...], arguments: IssuePage) -> Slice:
        """The slice of one key."""
        return page(rows, arguments.window, SORT, (cls, key), arguments)


class IssuesOfTenant(_Pages):
    """(tenant,) → a page of its issues."""

    names: ClassVar[tuple[str, ...]] = ("tenant_id",)
    is_below = False


class IssuesOfOrganization(_Pages):
    """(tenant, path) → a page of the issues that stand in the organization or below it."""

    names: ClassVar[tuple[str, ...]] = ("tenant_id", "path")
    is_below = True


@dataclass(frozen=True)
class TotalOfIssues:
    """Which pages are counted: the loader that gives them, and their filters.

    The loader is an argument, because keys of two loaders must never meet in one batch.
    """

    pages: type[_Pages]
    page: IssuePage


class IssueTotal(Loader[tuple[Any, ...], TotalOfIssues]):
    """A key of the pages' loader → how many issues all its pages have."""

    counts = True
    private = True

    @classmethod
    def is_open(cls, key: Any, arguments: Any, proven: frozenset[uuid.UUID]) -> bool:
        """Who has no token sees no list."""
        return False

    @classmethod
    async def batch(
        cls,
        snapshot: Snapshot,
        scope: Scope,
        keys: Sequence[tuple[Any, ...]],
        arguments: TotalOfIssues,
        columns: tuple[str, ...],
    ) -> list[Any]:
        """One statement for all keys."""
        scope.checked(key[0] for key in keys)
        pages: Any = arguments.pages
        if arguments.page.reach.is_nowhere:
            return [0] * len(keys)
        statement = _total_statement(pages, arguments.page.shape)
        values = {**arguments.page.values(), **key_values(pages.names, keys)}
        rows: list[Any] = await snapshot.fetch(statement.sql, statement.values(values))
        found = {row["n"]: row["total"] for row in rows}
        return [found.get(at, 0) for at in range(1, len(keys) + 1)]


@cache
def _total_statement(pages: Any, shape: PageShape) -> Statement:
    k = keys_table(*pages.names)
    keys = select(*k.c).subquery("k")
    b = bounds(shape, pages.is_below)
    one = IssueList(Outer("b", BOUNDS), shape, pages.is_below, 0, is_counted=True)
    every: Any = union(*ways(one)).subquery("u")
    total = select(func.count().label("total")).select_from(every).lateral("t")
    source = keys.join(b, true()).join(total, true())
    return render(select(keys.c.n, total.c.total).select_from(source))


def _page_select(k: Any, columns: tuple[str, ...], shape: PageShape, is_below: bool) -> Select[Any]:
    """The rows of each key's page: those of an index, or of the ids that `ids_of` finds."""
    keys = select(*k.c).subquery("k")
    i: Any = ISSUE.alias("i")
    if is_walked(shape, is_below):
        i = ids = walked(Outer("k", BOUNDS), shape).lateral("i")
        source = keys.join(i, true())
    else:
        b = bounds(shape, is_below)
        ids = ids_of(Outer("b", BOUNDS), shape, is_below).lateral("p")
        own = and_(i.c.tenant_id == b.c.tenant_id, i.c.id == ids.c.id)
        source = keys.join(b, true()).join(ids, true()).join(i, own)
    found = select(keys.c.n, *taken(i, columns, shape.reach))
    if CURSOR in columns:
        found = found.add_columns(ids.c.rank, sql_cast(ids.c.at, Text()).label("at"))
    moment = ids.c.at.desc() if shape.descending else ids.c.at
    id_ = ids.c.id.desc() if shape.descending else ids.c.id
    rank = ids.c.rank.desc() if shape.backward else ids.c.rank
    return found.select_from(source).order_by(keys.c.n, rank, moment, id_)
