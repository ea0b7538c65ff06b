"""Reported figures as the graph reads them: pages by tenants, and who states a subject."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
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
    literal,
    or_,
    select,
    tuple_,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql.elements import ColumnElement

from schema.database import Snapshot
from schema.loaders.loader import KeyedLoader, Loader
from schema.loaders.statement import Statement, render
from schema.paging import Slice, Window, page
from schema.scope import Scope
from schema.tables.figure import FigureRow

FIGURE: Any = FigureRow.__table__  # type: ignore[attr-defined]
SORT = ("code", "tenant_id")


class FigureRecord(asyncpg.Record):
    """A row of `figure` with the columns that were asked for."""


@dataclass(frozen=True)
class FigurePage:
    """A page of figures: part of a subject, a period, and the window."""

    subject: str | None
    period: str | None
    window: Window

    def values(self) -> dict[str, object]:
        """Values of the statement's parameters, but for the tenants and the window."""
        return {"subject": self.subject, "period": self.period}


class FiguresOfTenants(Loader[tuple[int, ...], FigurePage]):
    """Tenants → a page of their figures, in order of code."""

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
        arguments: FigurePage,
        columns: tuple[str, ...],
    ) -> list[Any]:
        """One statement for all keys, each limited in SQL."""
        scope.checked(tenant for key in keys for tenant in key)
        window = arguments.window
        statement = _page_statement(columns, window.position is not None, window.backward)
        position = window.position or ("", "0")
        values = {
            **arguments.values(),
            "groups": [at for at, key in enumerate(keys, start=1) for _ in key],
            "tenants": [tenant for key in keys for tenant in key],
            "numbers": list(range(1, len(keys) + 1)),
            "limit": window.limit + 1,
            "after_code": position[0],
            "after_tenant": _number(position[1]),
        }
        groups: dict[int, list[Any]] = defaultdict(list)
        for row in await snapshot.fetch(statement.sql, statement.values(values), FigureRecord):
            groups[row["n"]].append(row)
        return [_slice(groups[at], arguments, key) for at, key in enumerate(keys, start=1)]


def _slice(rows: list[Any], arguments: FigurePage, key: tuple[int, ...]) -> Slice:
    return page(rows, arguments.window, SORT, key, arguments)


def _number(text: str) -> int:
    return int(text) if text.isdigit() and len(text) < 10 else 0


def _wanted(f: Any) -> ColumnElement[bool]:
    subject, period = bindparam("subject", type_=Text()), bindparam("period", type_=Text())
    return and_(
        or_(subject.is_(None), func.strpos(f.c.subject, subject) > 0),
        or_(period.is_(None), func.strpos(func.coalesce(f.c.period, ""), period) > 0),
    )


@cache
def _page_statement(columns: tuple[str, ...], positioned: bool, backward: bool) -> Statement:
    """Groups of tenants are two parallel arrays: the group's number and a tenant in it."""
    pairs = func.unnest(
        bindparam("groups", type_=ARRAY(Integer())), bindparam("tenants", type_=ARRAY(Integer()))
    )
    g = pairs.table_valued("number", "tenant_id", name="g").render_derived()
    numbers = func.unnest(bindparam("numbers", type_=ARRAY(Integer())))
    k = numbers.table_valued("n", name="k").render_derived()
    f = FIGURE.alias("f")
    names = [name for name in dict.fromkeys((*columns, *SORT)) if name in f.c]
    rows = (
        select(*(f.c[name] for name in names))
        .select_from(g.join(f, f.c.tenant_id == g.c.tenant_id))
        .where(g.c.number == k.c.n, _wanted(f))
    )
    order: list[Any] = [f.c.code, f.c.tenant_id]
    if positioned:
        bound = tuple_(
            bindparam("after_code", type_=Text()), bindparam("after_tenant", type_=Integer())
        )
        rows = rows.where(tuple_(*order) < bound if backward else tuple_(*order) > bound)
    ordering = [part.desc() for part in order] if backward else order
    found = rows.order_by(*ordering).limit(bindparam("limit", type_=Integer())).lateral("r")
    outer: list[Any] = [found.c.code, found.c.tenant_id]
    outer = [part.desc() for part in outer] if backward else outer
    statement = select(k.c.n, *found.c).select_from(k.join(found, literal(True)))
    return render(statement.order_by(k.c.n, *outer))


@dataclass(frozen=True)
class Coverage:
    """Whose figures were asked for, how many there are, and which tenants have any."""

    asked: tuple[int, ...]
    total: int
    tenant_ids: frozenset[int]


class FigureCoverage(Loader[tuple[int, ...], FigurePage]):
    """Tenants → the `Coverage` of a connection over them."""

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
        arguments: FigurePage,
        columns: tuple[str, ...],
    ) -> list[Any]:
        """One statement: counts by tenant, added up a key."""
        tenants = scope.checked(tenant for key in keys for tenant in key)
        statement = _coverage_statement()
        rows: list[asyncpg.Record] = await snapshot.fetch(
            statement.sql, statement.values({**arguments.values(), "tenants": tenants})
        )
        counts = {row["tenant_id"]: row["total"] for row in rows}
        return [
            Coverage(
                key,
                sum(counts.get(tenant, 0) for tenant in key),
                frozenset(tenant for tenant in key if tenant in counts),
            )
            for key in keys
        ]


class FigureTotal(Loader[tuple[int, ...], FigurePage]):
    """Tenants → how many figures a connection over them has in all."""

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
        arguments: FigurePage,
        columns: tuple[str, ...],
    ) -> list[Any]:
        """The coverage's one statement."""
        found = await FigureCoverage.batch(snapshot, scope, keys, arguments, columns)
        return [coverage.total for coverage in found]


@cache
def _coverage_statement() -> Statement:
    f = FIGURE.alias("f")
    tenants = any_(bindparam("tenants", type_=ARRAY(Integer())))
    counted = select(f.c.tenant_id, func.count().label("total"))
    return render(counted.where(f.c.tenant_id == tenants, _wanted(f)).group_by(f.c.tenant_id))


class FigureById(KeyedLoader[None]):
    """(tenant, id) → the figure, or None."""

    record = FigureRecord

    @classmethod
    def select(cls, k: Any, columns: tuple[str, ...], shape: Any) -> Select[Any]:
        """The figures whose ids are the keys."""
        f = FIGURE.alias("f")
        match = and_(f.c.tenant_id == k.c.tenant_id, f.c.id == k.c.id)
        taken = [f.c[name] for name in columns if name in f.c]
        return select(k.c.n, *taken).select_from(k.join(f, match))
