"""The statement behind statistics of cooperatives: a select for each family of measures.

All families are of the same cooperatives, or of the same places; their rows have the same columns
(`key`, those of `_HEAD`, and the measures of the families), each null where a family has none.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    Boolean,
    Integer,
    Numeric,
    Select,
    Text,
    and_,
    any_,
    bindparam,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql.elements import ColumnElement

from schema.loaders.annual_result import RESULT
from schema.loaders.asset_trade import ASSET_TRADE
from schema.loaders.cooperative import COOPERATIVE
from schema.loaders.cooperative_filter import FilterShape, conditions, named_path
from schema.loaders.deal import DEAL
from schema.loaders.enterprise import ENTERPRISE
from schema.loaders.household import HOUSEHOLD
from schema.loaders.membership import MEMBERSHIP, current
from schema.loaders.organization import ORGANIZATION, TODAY, within
from schema.loaders.statement import Statement, arrays_table, render
from schema.loaders.weak_village import WEAK_VILLAGE
from schema.tables.market import DealState

KINDS = "data_kinds"
"""A column that says which kinds of data were counted."""

YEAR = "year"
"""A column that says of which year the results are."""

ROWS, TOTAL = "rows", "total"
"""Columns that say whether groups are asked for, and sums over all of them."""

AT_WORK = (DealState.INTENDED, DealState.CONTRACTED, DealState.DELIVERED, DealState.SETTLED)
PRICED = AT_WORK[1:]
PAYING = AT_WORK[2:]

_COUNT, _SUM = BigInteger(), Numeric()
MEASURES: Mapping[str, Mapping[str, Any]] = {
    "cooperatives": {"cooperatives": _COUNT},
    "members": {"households": _COUNT, "people": _COUNT},
    "results": {
        "revenue": _SUM,
        "collective_income": _SUM,
        "online_sales": _SUM,
        "jobs": _COUNT,
        "gain": _SUM,
        "gain_households": _COUNT,
        "households_reached": _COUNT,
        "people_reached": _COUNT,
    },
    "deals": {
        "deals": _COUNT,
        "intended_deals": _COUNT,
        "settled_deals": _COUNT,
        "deal_amount": _SUM,
        "deal_collective_income": _SUM,
        "deal_household_income": _SUM,
    },
    "enterprises": {"enterprises": _COUNT},
    "trades": {"asset_trades": _COUNT, "asset_amount": _SUM, "asset_premium": _SUM},
    "villages": {"weak_villages": _COUNT, "weak_villages_cleared": _COUNT, "support_funds": _SUM},
}
"""The measures of each family, with the type of their sums."""

OF_VILLAGES = ("enterprises", "trades", "villages")
"""Families that belong to places, not to cooperatives: they are never in groups."""

VILLAGES = frozenset(name for family in OF_VILLAGES for name in MEASURES[family])
"""The measures of those."""


def families(columns: tuple[str, ...]) -> tuple[str, ...]:
    """The families that have any of these measures, and that of the cooperatives themselves."""
    return tuple(
        family
        for family, measures in MEASURES.items()
        if family == "cooperatives" or not measures.keys().isdisjoint(columns)
    )


def measures_of(names: tuple[str, ...]) -> dict[str, Any]:
    """All measures of these families, with their types."""
    return {name: kind for family in names for name, kind in MEASURES[family].items()}


class Shape(NamedTuple):
    """All but the measures that changes the text of the statement.

    `by` are the columns of cooperatives that make groups; `extents` whether sums are of groups
    (False), of each tenant as a whole (True), or both. `subtree` limits places to their paths,
    `year` is given, `people` of households are counted, `kinds` of data told, the year too.
    """

    filters: FilterShape
    by: tuple[str, ...]
    extents: tuple[bool, ...]
    subtree: bool
    year: bool
    people: bool
    kinds: bool
    tells_year: bool


class _Parts(NamedTuple):
    """What the families are made from: places, their cooperatives, and the years of results."""

    shape: Shape
    p: Any
    c: Any
    y: Any


class _Family(NamedTuple):
    """Rows to be summed up: where they come from, the cooperatives or places that they are of.

    `measures` are expressions over a group, and so is `kinds`, the kinds of data of its rows.
    """

    rows: Any
    of: Any
    measures: Mapping[str, ColumnElement[Any]]
    kinds: ColumnElement[Any]
    where: tuple[Any, ...] = ()


@lru_cache(maxsize=256)
def counting(asked: tuple[str, ...], shape: Shape) -> Statement:
    """The statement that counts these families; rendered once for its shape.

    Whole families, and not for ever: clients must not make the server keep a statement for each
    choice of measures. Rows without a tenant tell a key's year, those whose `whole` is null kinds
    of data alone.
    """
    p = _places(shape)
    c = _cooperatives(p, shape)
    parts = _Parts(shape, p, c, _years(c, shape))
    selects = [
        _select(family, asked, shape, whole)
        for name in asked
        for whole in _extents(name, shape)
        for family in (_FAMILIES[name](parts, whole),)
    ]
    if shape.kinds and "members" in asked:
        selects.append(_kinds_of_members(c, asked))
    if shape.tells_year:
        y = parts.y
        selects.append(select(*row_columns(asked, y.c.key, year=y.c.year)))
    return render(union_all(*selects))


def _extents(family: str, shape: Shape) -> tuple[bool, ...]:
    """Whether a family is summed up for each group (False), for each tenant as a whole (True)."""
    if not shape.by:
        return (False,)
    if family in OF_VILLAGES:
        return (True,)
    return shape.extents or (False,)


def _places(shape: Shape) -> Any:
    """The places with their keys, and the paths of the leader and village that filters name."""
    k = arrays_table(
        "k",
        key=("keys", Integer()),
        tenant_id=("tenant_ids", Integer()),
        path=("paths", Text()),
    )
    named = [named_path(k, name).label(name) for name in _named(shape)]
    return select(k.c.key, k.c.tenant_id, k.c.path, *named).cte("place")


def _named(shape: Shape) -> list[str]:
    return [name for name in ("leader", "village") if getattr(shape.filters, name)]


def _cooperatives(p: Any, shape: Shape) -> Any:
    """The cooperatives that are counted, each with its key."""
    c, led, village = COOPERATIVE.alias("c"), ORGANIZATION.alias("l"), ORGANIZATION.alias("v")
    source = p.join(c, c.c.tenant_id == p.c.tenant_id)
    # looked up by path below: here a lookup of each row would go through the whole subtree
    where = conditions(c, p, shape.filters._replace(leader=False, village=False))
    if shape.subtree or shape.filters.leader:
        source = source.join(led, _is(led, c, "leader_id"))
    if shape.subtree or shape.filters.village:
        source = source.outerjoin(village, _is(village, c, "village_id"))
    if shape.subtree:
        where.append(or_(within(led, p.c.path), within(village, p.c.path)))
    ends = {"leader": led, "village": village}
    where += [within(ends[name], p.c[name]) for name in _named(shape)]
    names = ("tenant_id", "id", "kind", "industry", "data_kind")
    columns = [p.c.key, *(c.c[name] for name in names)]
    return select(*columns).select_from(source).where(*where).cte("counted")


def _is(o: Any, t: Any, column: str) -> ColumnElement[bool]:
    return and_(o.c.tenant_id == t.c.tenant_id, o.c.id == t.c[column])


def _years(c: Any, shape: Shape) -> Any:
    """The year of each key that has results."""
    if shape.year:
        year = bindparam("year", type_=Integer())
        return select(c.c.key, year.label("year")).distinct().cte("years")
    r = RESULT.alias("r")
    of = and_(_belongs(r, c), r.c.superseded_at.is_(None))
    newest = select(c.c.key, func.max(r.c.year).label("year"))
    return newest.select_from(c.join(r, of)).group_by(c.c.key).cte("years")


def _belongs(t: Any, c: Any) -> ColumnElement[bool]:
    return and_(t.c.tenant_id == c.c.tenant_id, t.c.cooperative_id == c.c.id)


def _select(family: _Family, asked: tuple[str, ...], shape: Shape, whole: bool) -> Select[Any]:
    """The sums of a family: of each group, or (`whole`) of each tenant."""
    of = family.of
    by = {name: of.c[name] for name in shape.by if not whole}
    kinds = family.kinds if shape.kinds else null()
    found = row_columns(
        asked,
        of.c.key,
        tenant_id=of.c.tenant_id,
        whole=literal(whole),
        data_kinds=kinds,
        **by,
        **family.measures,
    )
    rows = select(*found).select_from(family.rows).where(*family.where)
    return rows.group_by(of.c.key, of.c.tenant_id, *by.values())


_HEAD: Mapping[str, Any] = {
    "tenant_id": Integer(),
    "kind": Text(),
    "industry": Text(),
    "whole": Boolean(),
    YEAR: Integer(),
    KINDS: ARRAY(Text()),
}
"""What each row says besides its key and its sums."""


def row_columns(asked: tuple[str, ...], key: Any, **given: Any) -> list[Any]:
    """The columns that every select has alike; null where nothing is given."""
    types = {**_HEAD, **measures_of(asked)}
    rest = [cast(given.get(name, null()), kind).label(name) for name, kind in types.items()]
    return [key, *rest]


def _kinds_of_members(c: Any, asked: tuple[str, ...]) -> Select[Any]:
    """The kinds of data that memberships are, in rows of no group: read from the index alone."""
    m = MEMBERSHIP.alias("m")
    found = select(c.c.key, c.c.tenant_id, m.c.data_kind).select_from(c.join(m, _belongs(m, c)))
    d = found.where(current(m)).distinct().subquery("d")
    kinds = func.array_agg(d.c.data_kind)
    rows = select(*row_columns(asked, d.c.key, tenant_id=d.c.tenant_id, data_kinds=kinds))
    return rows.group_by(d.c.key, d.c.tenant_id)


def _kinds(column: Any) -> ColumnElement[Any]:
    return func.array_agg(column.distinct())


def _of_cooperatives(parts: _Parts, whole: bool) -> _Family:
    c = parts.c
    return _Family(c, c, {"cooperatives": func.count()}, _kinds(c.c.data_kind))


def _of_members(parts: _Parts, whole: bool) -> _Family:
    """Each household once in a group, however many cooperatives it is in."""
    c, m, shape = parts.c, MEMBERSHIP.alias("m"), parts.shape
    columns = [c.c.key, c.c.tenant_id, *(c.c[name] for name in shape.by if not whole)]
    once = select(*columns, m.c.household_id).select_from(c.join(m, _belongs(m, c)))
    e = once.where(current(m)).group_by(*columns, m.c.household_id).subquery("e")
    rows: Any = e
    measures: dict[str, ColumnElement[Any]] = {"households": func.count()}
    if shape.people:
        h = HOUSEHOLD.alias("h")
        recorded = h.c.tenant_id == any_(bindparam("people", type_=ARRAY(Integer())))
        rows = e.outerjoin(h, and_(_is(h, e, "household_id"), recorded))
        measures["people"] = func.sum(h.c.people)
    return _Family(rows, e, measures, null())


def _of_results(parts: _Parts, whole: bool) -> _Family:
    """Those that hold of the year; a mean gain weighs as much as the households that it is of."""
    c, y, r = parts.c, parts.y, RESULT.alias("r")
    of = and_(_belongs(r, c), r.c.superseded_at.is_(None), r.c.year == y.c.year)
    gain, households = r.c.mean_household_gain, r.c.households
    both = and_(gain.is_not(None), households.is_not(None))
    measures = {
        "revenue": func.sum(r.c.revenue),
        "collective_income": func.sum(r.c.collective_income),
        "online_sales": func.sum(r.c.online_sales),
        "jobs": func.sum(r.c.jobs),
        "gain": func.sum(gain * households),
        "gain_households": func.sum(households).filter(both),
        "households_reached": func.sum(households),
        "people_reached": func.sum(r.c.people),
    }
    return _Family(c.join(y, y.c.key == c.c.key).join(r, of), c, measures, _kinds(r.c.data_kind))


def _of_deals(parts: _Parts, whole: bool) -> _Family:
    """Those that did not fail."""
    c, d = parts.c, DEAL.alias("d")
    of = and_(_belongs(d, c), d.c.state != DealState.FAILED.value)
    priced, paying = _among(d, PRICED), _among(d, PAYING)
    measures = {
        "deals": func.count(),
        "intended_deals": func.count().filter(_among(d, AT_WORK)),
        "settled_deals": func.count().filter(d.c.state == DealState.SETTLED.value),
        "deal_amount": func.sum(d.c.amount).filter(priced),
        "deal_collective_income": func.sum(d.c.collective_income).filter(paying),
        "deal_household_income": func.sum(d.c.household_income).filter(paying),
    }
    return _Family(c.join(d, of), c, measures, _kinds(d.c.data_kind))


def _among(d: Any, states: Sequence[DealState]) -> ColumnElement[bool]:
    found: ColumnElement[bool] = d.c.state == any_(
        literal([state.value for state in states], ARRAY(Text()))
    )
    return found


def _of_enterprises(parts: _Parts, whole: bool) -> _Family:
    """Those that are in the directory."""
    e = ENTERPRISE.alias("e")
    began = or_(e.c.joined_on.is_(None), e.c.joined_on <= TODAY)
    where = (began, or_(e.c.left_on.is_(None), e.c.left_on > TODAY))
    measures = {"enterprises": func.count()}
    return _Family(_there(parts, e), parts.p, measures, _kinds(e.c.data_kind), where)


def _of_trades(parts: _Parts, whole: bool) -> _Family:
    """All trades; a premium where both prices are known."""
    t = ASSET_TRADE.alias("t")
    measures = {
        "asset_trades": func.count(),
        "asset_amount": func.sum(t.c.deal_price),
        "asset_premium": func.sum(t.c.deal_price - t.c.reserve_price),
    }
    return _Family(_there(parts, t), parts.p, measures, _kinds(t.c.data_kind))


def _of_villages(parts: _Parts, whole: bool) -> _Family:
    """Villages that are weak, and those that were and are no more; what supported either."""
    w = WEAK_VILLAGE.alias("w")
    listed = func.count(w.c.organization_id.distinct())
    weak = listed.filter(or_(w.c.cleared_on.is_(None), w.c.cleared_on > TODAY))
    measures = {
        "weak_villages": weak,
        "weak_villages_cleared": listed - weak,
        "support_funds": func.sum(w.c.support),
    }
    return _Family(_there(parts, w), parts.p, measures, _kinds(w.c.data_kind))


def _there(parts: _Parts, t: Any) -> Any:
    """Places with the rows of `t` that belong to organizations there."""
    p = parts.p
    if not parts.shape.subtree:
        return p.join(t, t.c.tenant_id == p.c.tenant_id)
    o = ORGANIZATION.alias("o")
    inside = and_(o.c.tenant_id == p.c.tenant_id, within(o, p.c.path))
    at = and_(t.c.tenant_id == o.c.tenant_id, t.c.organization_id == o.c.id)
    return p.join(o, inside).join(t, at)


_FAMILIES: Mapping[str, Callable[[_Parts, bool], _Family]] = {
    "cooperatives": _of_cooperatives,
    "members": _of_members,
    "results": _of_results,
    "deals": _of_deals,
    "enterprises": _of_enterprises,
    "trades": _of_trades,
    "villages": _of_villages,
}
