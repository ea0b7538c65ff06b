"""The statement behind statistics of whole tenants' agreements: it reads cells, no agreements.

Its rows are those of the statement that counts live (`schema/loaders/agreement_statistics.py`). A
copy is counted in the cells of its tenant; of agreements with the same cities, those of the first
city that is asked for are taken, so that each counts once.
"""

from functools import cache
from typing import Any

from sqlalchemy import (
    Integer,
    Select,
    Text,
    and_,
    any_,
    cast,
    column,
    func,
    literal,
    null,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql.elements import ColumnElement

from schema.agreement_measures import AgreementDimension
from schema.loaders.part import parts
from schema.loaders.span import sums
from schema.loaders.statement import Statement, render
from schema.tables.agreement import AgreementState
from schema.tables.agreement_cell import AgreementCellRow, SeenBy

CELL: Any = AgreementCellRow.__table__  # type: ignore[attr-defined]

SUMS = (
    *("agreements", "cross_city", "commitments", "with_target", "fulfilled", "deliveries"),
    *("confirmed", "funds", "activities", "meetings", "solved"),
)

KEPT_OF = {"all": (SeenBy.EVERYBODY, SeenBy.PARTIES), "none": (SeenBy.EVERYBODY, SeenBy.OTHERS)}
"""Which cells are of what is seen by who sees all agreements whole, and by who sees none so."""

_OF_CELLS = {
    AgreementDimension.STATE: "state",
    AgreementDimension.DIMENSION: "dimension",
    AgreementDimension.ALLIANCE: "alliance",
    AgreementDimension.YEAR: "year",
}
_TYPES = {"city": Integer(), "city_a": Integer(), "city_b": Integer(), "year": Integer()}
_GROUPS = (
    *("city", "state", "dimension", "dimension_name", "city_a", "city_b", "alliance", "year"),
)


@cache
def reading(by: frozenset[AgreementDimension], reach: str) -> Statement:
    """The statement for a reach of `KEPT_OF`: a row a group, and one a key that is the total."""
    d = _counts(by, reach).cte("d")
    is_whole = d.c.dimension == ""
    total = _summed(d, {}, where=and_(is_whole, d.c.is_first), is_total=True)
    if not by:
        return render(total)
    groups: dict[str, Any] = {name: d.c[name] for key, name in _OF_CELLS.items() if key in by}
    source: Any = d
    where = [~is_whole if AgreementDimension.DIMENSION in by else is_whole]
    if AgreementDimension.CITY in by:
        groups["city"] = d.c.tenant_id
    else:
        where.append(d.c.is_first)
    if AgreementDimension.CITY_PAIR in by:
        pairs = _pairs(d)
        source = source.join(pairs, true())
        groups |= {"city_a": pairs.c.a, "city_b": pairs.c.b}
    rows = _summed(d, groups, where=and_(*where), is_total=False, source=source)
    return render(union_all(rows, total))


def _counts(by: frozenset[AgreementDimension], reach: str) -> Select[Any]:
    """What is so today, by all that cells have; and whether it is the first copy of a key."""
    k, c = parts(), CELL.alias("c")
    seen = any_(literal([one.value for one in KEPT_OF[reach]], ARRAY(Text())))
    own = [c.c.tenant_id == k.c.tenant, c.c.seen_by == seen]
    if AgreementDimension.DIMENSION not in by:
        own.append(c.c.dimension == "")
    names = ("tenant_id", "dimension", "dimension_name", "cities", "state", "alliance", "year")
    source, x = sums(k, c, names, SUMS, *own)
    groups = [k.c.at, *(x.c[name] for name in names)]
    first = func.min(x.c.tenant_id).over(partition_by=[k.c.at, x.c.cities])
    found = select(
        *groups,
        (first == x.c.tenant_id).label("is_first"),
        *(func.sum(x.c[name]).label(name) for name in SUMS),
    ).select_from(source)
    return found.group_by(*groups).having(func.sum(x.c.agreements) != 0)


def _pairs(d: Any) -> Any:
    """The pairs of cities of a cell; one city with itself where there is one."""
    cities = cast(func.string_to_array(d.c.cities, ","), ARRAY(Integer()))
    x, y = (func.unnest(cities).table_valued(column("city", Integer()), name=n) for n in "xy")
    a, b = x.render_derived(), y.render_derived()
    alone = func.cardinality(cities) == 1
    pairs = select(a.c.city.label("a"), b.c.city.label("b")).select_from(
        a.join(b, or_(a.c.city < b.c.city, alone))
    )
    return pairs.correlate(d).lateral("pairs")


def _summed(
    d: Any,
    groups: dict[str, Any],
    *,
    where: ColumnElement[bool],
    is_total: bool,
    source: Any = None,
) -> Select[Any]:
    """One row a group, or one a key."""
    named = {name: groups.get(name, null()) for name in _GROUPS}
    if "dimension" in groups:
        named["dimension_name"] = func.min(d.c.dimension_name)
    if "alliance" in groups:
        named["alliance"] = func.nullif(d.c.alliance, "")
    if "year" in groups:
        named["year"] = func.nullif(d.c.year, 0)
    found = select(
        d.c.at,
        literal(is_total).label("is_total"),
        *(cast(made, _TYPES.get(name, Text())).label(name) for name, made in named.items()),
        *(func.sum(d.c[name]).label(name) for name in SUMS),
        *(_in_state(d, state).label(name) for name, state in _STATES.items()),
    )
    rows = found.select_from(d if source is None else source).where(where)
    return rows.group_by(d.c.at, *groups.values())


_STATES = {"active": AgreementState.ACTIVE, "completed": AgreementState.COMPLETED}


def _in_state(d: Any, state: AgreementState) -> ColumnElement[Any]:
    agreements = func.sum(d.c.agreements).filter(d.c.state == state.value)
    found: ColumnElement[Any] = func.coalesce(agreements, 0)
    return found
