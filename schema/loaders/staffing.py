"""Staffing: how many holders of a post there are, against how many there should be."""

import datetime
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import asyncpg
from sqlalchemy import (
    Integer,
    Select,
    Text,
    and_,
    any_,
    bindparam,
    func,
    or_,
    select,
    true,
    tuple_,
)
from sqlalchemy import cast as sql_cast
from sqlalchemy.dialects.postgresql import ARRAY

from schema.database import Snapshot
from schema.loaders.held_post import POST, held
from schema.loaders.loader import KeyedLoader, Loader
from schema.loaders.organization import (
    ORGANIZATION,
    OrganizationRef,
    below,
    demand_known,
    existing,
    is_named,
    ref_values,
)
from schema.loaders.statement import Statement, render
from schema.paging import Window, page
from schema.scope import Scope


@dataclass(frozen=True)
class Rule:
    """A staffing rule of a tenant: each organization of `level` needs `required` of `post`."""

    tenant_id: int
    level: str
    post: str
    required: int


Rules = tuple[Rule, ...]


class HeldCounts(KeyedLoader[datetime.date]):
    """(tenant, organization) → how many hold each kind of post on the day, by kind."""

    @classmethod
    def values(cls, arguments: datetime.date) -> dict[str, Any]:
        """The day."""
        return {"today": arguments}

    @classmethod
    def select(cls, k: Any, columns: tuple[str, ...], shape: Any) -> Select[Any]:
        """A count for each kind."""
        p = POST.alias("p")
        own = and_(p.c.tenant_id == k.c.tenant_id, p.c.organization_id == k.c.id, held(p))
        counted = select(k.c.n, p.c.kind, func.count().label("held"))
        return counted.select_from(k.join(p, own)).group_by(k.c.n, p.c.kind)

    @classmethod
    def gather(cls, rows: list[Any], key: tuple[Any, ...], arguments: datetime.date) -> Any:
        """The counts by kind."""
        return {row["kind"]: row["held"] for row in rows}


@dataclass(frozen=True)
class StaffingArguments:
    """The rules to hold organizations against, the day, and the subtree or None."""

    rules: Rules
    today: datetime.date
    under: OrganizationRef | None = None

    def values(self) -> dict[str, Any]:
        """Values of the statement's parameters."""
        return {
            "today": self.today,
            "rule_tenants": [rule.tenant_id for rule in self.rules],
            "rule_levels": [rule.level for rule in self.rules],
            "rule_posts": [rule.post for rule in self.rules],
            "rule_required": [rule.required for rule in self.rules],
            **ref_values(self.under),
        }


@dataclass(frozen=True)
class StaffingTotal:
    """A rule over many organizations: `short` of `organizations` lack `gap` holders in all."""

    rule: Rule
    organizations: int
    required: int
    held: int
    gap: int
    short: int


class StaffingTotals(Loader[tuple[int, ...], StaffingArguments]):
    """Tenants → a `StaffingTotal` for each rule of each, in the order of the rules."""

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
        arguments: StaffingArguments,
        columns: tuple[str, ...],
    ) -> list[Any]:
        """One statement, however many tenants and rules."""
        tenants = scope.checked(tenant for key in keys for tenant in key)
        asked = tuple(rule for rule in arguments.rules if rule.tenant_id in tenants)
        given = replace(arguments, rules=asked)
        statement = _totals_statement(arguments.under is not None)
        rows: list[asyncpg.Record] = await snapshot.fetch(
            statement.sql, statement.values(given.values())
        )
        if not rows and arguments.under is not None:
            await demand_known(snapshot, scope, tenants[0], arguments.under)
        found = {row["number"]: row for row in rows}
        totals = [_total(rule, found.get(at)) for at, rule in enumerate(asked, start=1)]
        return [[total for total in totals if total.rule.tenant_id in key] for key in keys]


def _total(rule: Rule, row: Any) -> StaffingTotal:
    if row is None:
        return StaffingTotal(rule, 0, 0, 0, 0, 0)
    count = row["organizations"]
    return StaffingTotal(rule, count, count * rule.required, row["held"], row["gap"], row["short"])


def _rules() -> Any:
    names = ("rule_tenants", "rule_levels", "rule_posts", "rule_required")
    kinds: tuple[Any, ...] = (Integer(), Text(), Text(), Integer())
    arrays = [bindparam(name, type_=ARRAY(kind)) for name, kind in zip(names, kinds, strict=True)]
    table = func.unnest(*arrays).table_valued(
        "tenant_id", "level", "post", "required", with_ordinality="number", name="r"
    )
    return table.render_derived()


def _counted(r: Any, o: Any, under: bool) -> tuple[Any, Any, list[Any]]:
    """Rules with their organizations, how many hold the post there, and which are asked for."""
    p, where = POST.alias("p"), []
    tenants = any_(bindparam("rule_tenants", type_=ARRAY(Integer())))
    posts = (
        select(p.c.tenant_id, p.c.organization_id, p.c.kind, func.count().label("held"))
        .where(p.c.tenant_id == tenants, held(p))
        .group_by(p.c.tenant_id, p.c.organization_id, p.c.kind)
        .subquery("h")
    )
    own = and_(o.c.tenant_id == r.c.tenant_id, o.c.level == r.c.level, existing(o))
    source = r.join(o, own)
    if under:
        u = ORGANIZATION.alias("u")
        source = source.join(u, and_(u.c.tenant_id == r.c.tenant_id, is_named(u)))
        where.append(or_(o.c.id == u.c.id, below(o, u.c.path)))
    same = and_(
        posts.c.tenant_id == o.c.tenant_id,
        posts.c.organization_id == o.c.id,
        posts.c.kind == r.c.post,
    )
    return source.outerjoin(posts, same), func.coalesce(posts.c.held, 0), where


@cache
def _totals_statement(under: bool) -> Statement:
    r, o = _rules(), ORGANIZATION.alias("o")
    source, count, where = _counted(r, o, under)
    lacking = func.greatest(r.c.required - count, 0)
    totals = select(
        r.c.number,
        func.count().label("organizations"),
        sql_cast(func.sum(count), Integer()).label("held"),
        sql_cast(func.sum(lacking), Integer()).label("gap"),
        func.count().filter(lacking > 0).label("short"),
    )
    return render(totals.select_from(source).where(*where).group_by(r.c.number))


@dataclass(frozen=True)
class GapPage:
    """A page of gaps: what to hold organizations against, and the window."""

    staffing: StaffingArguments
    window: Window


class StaffingGaps(KeyedLoader[GapPage]):
    """(tenant,) → a page of organizations that lack holders of a post, in order of the tree.

    Its rows have `organization_id`, `path`, `post`, `required` and `held`.
    """

    counts = True
    names = ("tenant_id",)

    @classmethod
    def shape(cls, arguments: GapPage) -> Hashable:
        """How the page lies."""
        window = arguments.window
        return arguments.staffing.under is not None, window.position is not None, window.backward

    @classmethod
    def values(cls, arguments: GapPage) -> dict[str, Any]:
        """Of the rules and the window."""
        position = arguments.window.position or (None, None)
        return {
            **arguments.staffing.values(),
            "limit": arguments.window.limit + 1,
            "after_path": position[0],
            "after_post": position[1],
        }

    @classmethod
    def select(cls, k: Any, columns: tuple[str, ...], shape: Any) -> Select[Any]:
        """Up to one row more than the page, a tenant."""
        under, positioned, backward = shape
        r, o = _rules(), ORGANIZATION.alias("o")
        source, count, where = _counted(r, o, under)
        order = [o.c.path, r.c.post]
        rows = (
            select(
                o.c.tenant_id,
                o.c.id.label("organization_id"),
                o.c.path,
                r.c.post,
                r.c.required,
                sql_cast(count, Integer()).label("held"),
            )
            .select_from(source)
            .where(r.c.tenant_id == k.c.tenant_id, count < r.c.required, *where)
        )
        if positioned:
            bound = tuple_(
                bindparam("after_path", type_=Text()), bindparam("after_post", type_=Text())
            )
            rows = rows.where(tuple_(*order) < bound if backward else tuple_(*order) > bound)
        ordering = [part.desc() for part in order] if backward else order
        found = rows.order_by(*ordering).limit(bindparam("limit", type_=Integer())).lateral("g")
        outer = [found.c.path, found.c.post]
        statement = select(k.c.n, *found.c).select_from(k.join(found, true()))
        return statement.order_by(k.c.n, *([part.desc() for part in outer] if backward else outer))

    @classmethod
    async def batch(
        cls,
        snapshot: Snapshot,
        scope: Scope,
        keys: Sequence[tuple[Any, ...]],
        arguments: GapPage,
        columns: tuple[str, ...],
    ) -> list[Any]:
        """One statement; a second where nothing was found below an organization."""
        slices = await super().batch(snapshot, scope, keys, arguments, columns)
        under = arguments.staffing.under
        if under is not None and not any(found.rows for found in slices):
            await demand_known(snapshot, scope, keys[0][0], under)
        return slices

    @classmethod
    def gather(cls, rows: list[Any], key: tuple[Any, ...], arguments: GapPage) -> Any:
        """The slice of one tenant."""
        return page(rows, arguments.window, ("path", "post"), key, arguments)
