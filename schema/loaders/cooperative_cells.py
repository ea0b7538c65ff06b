"""The statement behind statistics of whole tenants' cooperatives: it reads cells, no rows of them.

Its rows are those of the statement that counts live (`schema/loaders/cooperative_families.py`).
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    Integer,
    Select,
    Text,
    and_,
    any_,
    bindparam,
    case,
    func,
    literal,
    not_,
    or_,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql.elements import ColumnElement

from schema.loaders.cooperative_families import MEASURES, VILLAGES, Shape, measures_of, row_columns
from schema.loaders.span import sums
from schema.loaders.statement import Statement, arrays_table, render
from schema.tables.cooperative_cell import CooperativeCellRow

CELL: Any = CooperativeCellRow.__table__  # type: ignore[attr-defined]

OF_HOUSEHOLDS = tuple(MEASURES["members"])
"""Measures that are no sums over cooperatives: each group has a cell of its own."""

ROWS_OF = {"members": "memberships", "results": "results", "villages": "village_entries"}
"""Further measures of families: how many rows of a kind of data they are made of."""

OF_A_YEAR = (*MEASURES["results"], ROWS_OF["results"])


@lru_cache(maxsize=256)
def reading(asked: tuple[str, ...], shape: Shape) -> Statement:
    """The statement that reads these families; rendered once for its shape.

    Nothing may be narrowed: neither filters nor a subtree.
    """
    d = _counts(_places(), shape).cte("d")
    selects = [_sums(d, asked, shape, whole) for whole in _extents(shape)]
    if shape.kinds:
        selects.append(_kinds(d, asked))
    if shape.tells_year:
        year = select(*row_columns(asked, d.c.key, year=d.c.newest)).distinct()
        selects.append(year.where(d.c.newest.is_not(None)))
    return render(union_all(*selects))


def _extents(shape: Shape) -> Sequence[bool]:
    """Whether sums are of groups (False), of each tenant as a whole (True)."""
    if not shape.by:
        return (False,)
    return sorted({*(shape.extents or (False,)), True})  # what is of villages has no groups


def _measures(asked: tuple[str, ...]) -> set[str]:
    return {*measures_of(asked), *(name for family, name in ROWS_OF.items() if family in asked)}


def _places() -> Any:
    return arrays_table("p", key=("keys", Integer()), tenant_id=("tenant_ids", Integer()))


def needed(asked: tuple[str, ...], shape: Shape, columns: tuple[str, ...]) -> list[str]:
    """The measures that are read, a value of the statement: those among `columns`, what tells
    groups, the year and kinds of data; all else stays null."""
    found = {"cooperatives", *columns} & {*measures_of(asked)}
    if shape.kinds:
        found |= _measures(asked)
    if shape.tells_year or found & {*OF_A_YEAR}:
        found.add(ROWS_OF["results"])
    return sorted(found)


def _counts(p: Any, shape: Shape) -> Select[Any]:
    """What is so today, by all that cells have."""
    c, names = CELL.alias("c"), ("tenant_id", "measure", "kind", "industry", "year", "data_kind")
    measures = any_(bindparam("measures", type_=ARRAY(Text())))
    own = (c.c.tenant_id == p.c.tenant_id, c.c.measure == measures)
    source, x = sums(p, c, names, ("known", "total"), *own, _in_grains(c, shape))
    columns = [p.c.key, *(x.c[name] for name in names)]
    total, newest = func.sum(x.c.total).label("total"), _newest(p.c.key, x, shape).label("newest")
    found = select(*columns, total, newest).select_from(source)
    return found.group_by(*columns).having(func.sum(x.c.known) != 0)


def _among(column: Any, names: Sequence[str]) -> ColumnElement[bool]:
    found: ColumnElement[bool] = column == any_(literal([*names], ARRAY(Text())))
    return found


def _in_grains(c: Any, shape: Shape) -> ColumnElement[bool]:
    """Of cells of households those of all, and those of the groups."""
    grains = [_is_grain(c, ()), _is_grain(c, shape.by)]
    return or_(not_(_among(c.c.measure, OF_HOUSEHOLDS)), *grains)


def _is_grain(c: Any, by: tuple[str, ...]) -> ColumnElement[bool]:
    return and_(*(c.c[name] != "" if name in by else c.c[name] == "" for name in _GROUPS))


_GROUPS = ("kind", "industry")


def _newest(key: Any, x: Any, shape: Shape) -> ColumnElement[Any]:
    """The year of results: the one that is given, or the newest that a key has."""
    if shape.year:
        return bindparam("year", type_=Integer())
    of_results = case((x.c.measure == ROWS_OF["results"], x.c.year))
    newest: ColumnElement[Any] = func.max(of_results).over(partition_by=[key])
    return newest


def _of_year(d: Any) -> ColumnElement[bool]:
    return or_(not_(_among(d.c.measure, OF_A_YEAR)), d.c.year == d.c.newest)


def _sums(d: Any, asked: tuple[str, ...], shape: Shape, whole: bool) -> Select[Any]:
    """A row each group, or (`whole`) each tenant."""
    by = {name: d.c[name] for name in shape.by if not whole}
    only_villages = whole and shape.by and True not in shape.extents
    where = [
        not_(_among(d.c.measure, [*ROWS_OF.values()])),
        _of_year(d),
        or_(not_(_among(d.c.measure, OF_HOUSEHOLDS)), _is_grain(d, (*by,))),
    ]
    if by:
        where.append(not_(_among(d.c.measure, sorted(VILLAGES))))
    elif only_villages:
        where.append(_among(d.c.measure, sorted(VILLAGES)))
    measures = {name: _sum(d, name) for name in measures_of(asked)}
    found = row_columns(
        asked, d.c.key, tenant_id=d.c.tenant_id, whole=literal(whole), **by, **measures
    )
    rows = select(*found).select_from(d).where(*where)
    return rows.group_by(d.c.key, d.c.tenant_id, *by.values())


def _sum(d: Any, name: str) -> ColumnElement[Any]:
    is_it = d.c.measure == literal(name)
    if name == "people":
        recorded = d.c.tenant_id == any_(bindparam("people", type_=ARRAY(Integer())))
        is_it = and_(is_it, recorded)
    found: ColumnElement[Any] = func.sum(d.c.total).filter(is_it)
    return found


def _kinds(d: Any, asked: tuple[str, ...]) -> Select[Any]:
    """The kinds of data of all rows that are counted, in rows of no group."""
    kinds = func.array_agg(d.c.data_kind.distinct())
    found = row_columns(asked, d.c.key, tenant_id=d.c.tenant_id, data_kinds=kinds)
    rows = select(*found).select_from(d)
    told = _among(d.c.measure, sorted(_measures(asked)))
    rows = rows.where(told, d.c.data_kind != "", _of_year(d))
    return rows.group_by(d.c.key, d.c.tenant_id)
