"""Sums over agreements, their commitments, deliveries and activities: one statement for all.

An agreement counts once for a key, of whichever of its copies: those of a province's cities say
the same. In rows by city it counts once in the row of each city that has a copy, in rows by
dimension once in the row of each of its dimensions, and so on. Of whole tenants, where nothing is
filtered, cells are read that are kept of them; all else is counted here.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    Date,
    Integer,
    Numeric,
    Select,
    Text,
    and_,
    cast,
    column,
    extract,
    func,
    literal,
    null,
    or_,
    select,
    true,
    union_all,
)

from schema.agreement_measures import AgreementDimension
from schema.database import Snapshot
from schema.loaders.agreement import (
    AGREEMENT,
    VERSION,
    AgreementReach,
    seen,
    seen_version,
    visible,
)
from schema.loaders.agreement_activity import ACTIVITY
from schema.loaders.agreement_cells import KEPT_OF, reading
from schema.loaders.agreement_delivery import DELIVERY
from schema.loaders.agreement_filter import (
    AgreementFilters,
    china_day,
    conditions,
    is_party,
    near,
)
from schema.loaders.loader import Loader
from schema.loaders.organization import TODAY, demand_known, within
from schema.loaders.part import PartKey, in_subtrees, part_values, parts
from schema.loaders.span import span_values
from schema.loaders.statement import Statement, render
from schema.scope import Scope
from schema.tables.agreement import ActivityKind, AgreementState, DeliveryState, Every


class AgreementSums(NamedTuple):
    """What is counted of agreements; `funds` in 元, of confirmed deliveries and of activities."""

    agreements: int = 0
    active: int = 0
    completed: int = 0
    cross_city: int = 0
    commitments: int = 0
    with_target: int = 0
    fulfilled: int = 0
    deliveries: int = 0
    confirmed: int = 0
    funds: Decimal = Decimal(0)
    activities: int = 0
    meetings: int = 0
    solved: int = 0


class AgreementGroup(NamedTuple):
    """The agreements of one row; what is not asked for is None.

    `city_a` and `city_b` are tenants in order of code, the same one where all parties are of one
    city. `year` is None also where nobody knows when they were signed.
    """

    city: int | None
    state: str | None
    dimension: str | None
    dimension_name: str | None
    city_a: int | None
    city_b: int | None
    alliance: str | None
    year: int | None
    sums: AgreementSums


@dataclass(frozen=True)
class AgreementCounts:
    """What is counted: as far as the viewer sees agreements, filtered, by what."""

    reach: AgreementReach
    filters: AgreementFilters
    by: tuple[AgreementDimension, ...]


class AgreementTotals(NamedTuple):
    """The groups in no order, and the sums over all agreements."""

    groups: tuple[AgreementGroup, ...]
    total: AgreementSums


class AgreementStatistics(Loader[PartKey, AgreementCounts]):
    """(tenants, path or None) → the sums of their agreements, drafts excepted."""

    counts = True

    @classmethod
    def tenants_of(cls, key: Any) -> tuple[int, ...]:
        """All of them."""
        tenants: tuple[int, ...] = key[0]
        return tenants

    @classmethod
    async def batch(
        cls,
        snapshot: Snapshot,
        scope: Scope,
        keys: Sequence[PartKey],
        arguments: AgreementCounts,
        columns: tuple[str, ...],
    ) -> list[Any]:
        """One statement; a second where nothing was found of an organization that is named.

        Errors: `CodedError` ORGANIZATION_UNKNOWN.
        """
        scope.checked(tenant for tenants, _ in keys for tenant in tenants)
        filters, reach = arguments.filters, arguments.reach
        by = frozenset(arguments.by)
        live = in_subtrees(keys)
        if live or filters.shape or reach.shape not in KEPT_OF:
            statement = counting(by, reach.shape, filters.shape, live)
        else:
            statement = reading(by, reach.shape)
        given = {
            **reach.values(),
            **filters.values(),
            **part_values(keys),
            **span_values(reach.today),
        }
        rows: list[Any] = await snapshot.fetch(statement.sql, statement.values(given))
        found = _gathered(rows, len(keys))
        if filters.under is not None and not any(each.total.agreements for each in found):
            await demand_known(snapshot, scope, keys[0][0][0], filters.under)
        return found


def _gathered(rows: Sequence[Any], keys: int) -> list[AgreementTotals]:
    groups: dict[int, list[AgreementGroup]] = defaultdict(list)
    totals: dict[int, AgreementSums] = {}
    for row in rows:
        sums = AgreementSums(*(row[name] for name in AgreementSums._fields))
        if row["is_total"]:
            totals[row["at"]] = sums
        else:
            named = {name: row[name] for name in _GROUPS}
            groups[row["at"]].append(AgreementGroup(**named, sums=sums))
    return [
        AgreementTotals(tuple(groups[at]), totals.get(at, AgreementSums())) for at in range(keys)
    ]


@cache
def counting(
    by: frozenset[AgreementDimension], reach: str, given: frozenset[str], in_subtrees: bool
) -> Statement:
    """The statement that counts live, for a shape of reach and filters."""
    copies = _copies(reach, given, in_subtrees).cte("copies")
    one = select(copies).where(copies.c.place == 1).cte("one")
    texts = _texts(one).cte("texts")
    sums = _sums(one).cte("sums")
    commitments = _commitments(texts, sums).cte("commitments")
    did = _activities(one).cte("did")
    agreements = _agreements(one, commitments, sums, did).cte("agreements")
    units = agreements
    if AgreementDimension.DIMENSION in by:
        units = _of_dimensions(texts, agreements, commitments).cte("units")
    total = _summed(agreements, {}, is_total=True)
    if not by:
        return render(total)
    return render(union_all(_rows(by, units, copies, texts), total))


def _copies(reach: str, given: frozenset[str], in_subtrees: bool) -> Select[Any]:
    """Every copy that a key has, as the viewer sees it; `place` 1 is the one that is counted."""
    k, a = parts(), AGREEMENT.alias("a")
    state, begins = seen(a, "state", reach), seen(a, "starts_on", reach)
    signed = china_day(a.c.signed_at)
    found = select(
        k.c.at,
        a.c.tenant_id,
        a.c.id,
        a.c.cities,
        state.label("state"),
        seen(a, "alliance", reach).label("alliance"),
        seen_version(a, reach).label("version"),
        _year(signed).label("year"),
        func.coalesce(begins, signed).label("begins"),
        seen(a, "ends_on", reach).label("ends"),
        china_day(a.c.ended_at).label("ended"),
        func.row_number()
        .over(partition_by=[k.c.at, a.c.id], order_by=a.c.tenant_id)
        .label("place"),
    )
    own = a.c.tenant_id == k.c.tenant
    rows = found.where(visible(a, reach), a.c.state != AgreementState.DRAFT.value)
    rows = rows.where(*conditions(a, reach, given))
    if not in_subtrees:
        return rows.select_from(k.join(a, own))
    ids = near(k.c.tenant, lambda o: within(o, k.c.path)).distinct().lateral("i")
    rows = rows.select_from(k.join(ids, true()).join(a, and_(own, a.c.id == ids.c.agreement_id)))
    return rows.where(is_party(a, reach, lambda o: within(o, k.c.path), outer=[k]))


def _texts(one: Any) -> Select[Any]:
    """What the version says that the viewer sees."""
    v = VERSION.alias("v")
    version = and_(
        v.c.tenant_id == one.c.tenant_id,
        v.c.agreement_id == one.c.id,
        v.c.version == one.c.version,
    )
    names = ("at", "id", "begins", "ends", "ended")
    return select(*(one.c[name] for name in names), v.c.content).select_from(one.join(v, version))


def _sums(one: Any) -> Select[Any]:
    """A row a commitment and year with deliveries."""
    d = DELIVERY.alias("d")
    own = and_(d.c.tenant_id == one.c.tenant_id, d.c.agreement_id == one.c.id)
    confirmed = d.c.state == DeliveryState.CONFIRMED.value
    year = _year(d.c.delivered_on)
    found = select(
        one.c.at,
        one.c.id,
        d.c.commitment,
        year.label("year"),
        func.count().label("deliveries"),
        func.count().filter(confirmed).label("confirmed"),
        func.sum(d.c.quantity).filter(confirmed).label("done"),
        func.sum(d.c.funds).filter(confirmed).label("funds"),
    )
    return found.select_from(one.join(d, own)).group_by(one.c.at, one.c.id, d.c.commitment, year)


def _commitments(texts: Any, sums: Any) -> Select[Any]:
    """A row a commitment, as `schema/agreements/progress.py` has it."""
    e = _records(texts.c.content, "commitments", "key", "dimension", "quantity", "every", "dueOn")
    own = and_(_same(sums, texts), sums.c.commitment == e.c["key"])
    year = func.least(
        _year(TODAY), _year(texts.c.ends), _year(texts.c.ended), _year(cast(e.c.dueOn, Date()))
    )
    looked_at = or_(
        e.c.every.is_distinct_from(Every.YEAR.value),
        sums.c.year == func.greatest(year, _year(texts.c.begins)),
    )
    done = func.coalesce(func.sum(sums.c.done).filter(looked_at), 0)
    target = cast(e.c.quantity, Numeric())
    found = select(
        texts.c.at,
        texts.c.id,
        e.c.dimension,
        target.label("target"),
        (done >= target).label("is_fulfilled"),
        *(func.sum(sums.c[name]).label(name) for name in ("deliveries", "confirmed", "funds")),
    )
    rows = found.select_from(texts.join(e, true()).outerjoin(sums, own))
    return rows.group_by(texts.c.at, texts.c.id, e.c["key"], e.c.dimension, e.c.quantity)


def _activities(one: Any) -> Select[Any]:
    """A row an agreement with activities."""
    x = ACTIVITY.alias("x")
    own = and_(x.c.tenant_id == one.c.tenant_id, x.c.agreement_id == one.c.id)
    meeting = x.c.kind == ActivityKind.MEETING.value
    found = select(
        one.c.at,
        one.c.id,
        func.count().label("activities"),
        func.count().filter(meeting).label("meetings"),
        func.sum(x.c.funds).label("funds"),
        func.sum(x.c.solved).label("solved"),
    )
    return found.select_from(one.join(x, own)).group_by(one.c.at, one.c.id)


def _counted(commitments: Any, *by: str) -> Any:
    """The commitments of an agreement, or of each of its dimensions, counted."""
    groups = [commitments.c[name] for name in ("at", "id", *by)]
    found = select(
        *groups,
        func.count().label("commitments"),
        func.count(commitments.c.target).label("with_target"),
        func.count().filter(commitments.c.is_fulfilled).label("fulfilled"),
        *_delivered(commitments),
    )
    return found.group_by(*groups).subquery("c")


def _delivered(table: Any) -> list[Any]:
    return [func.sum(table.c[name]).label(name) for name in ("deliveries", "confirmed", "funds")]


def _agreements(one: Any, commitments: Any, sums: Any, did: Any) -> Select[Any]:
    """A row an agreement; also what was delivered on commitments that it no longer has counts."""
    c = _counted(commitments)
    groups = (sums.c.at, sums.c.id)
    d = select(*groups, *_delivered(sums)).group_by(*groups).subquery("d")
    source = (
        one.outerjoin(c, _same(c, one)).outerjoin(d, _same(d, one)).outerjoin(did, _same(did, one))
    )
    names = ("at", "id", "state", "alliance", "cities", "year")
    return select(
        *(one.c[name] for name in names),
        *(func.coalesce(c.c[name], 0).label(name) for name in _COMMITTED),
        *(func.coalesce(d.c[name], 0).label(name) for name in ("deliveries", "confirmed")),
        *(func.coalesce(did.c[name], 0).label(name) for name in _DONE),
        func.coalesce(did.c.funds, 0).label("own_funds"),
        (func.coalesce(d.c.funds, 0) + func.coalesce(did.c.funds, 0)).label("funds"),
    ).select_from(source)


_COMMITTED = ("commitments", "with_target", "fulfilled")
_DONE = ("activities", "meetings", "solved")


def _of_dimensions(texts: Any, agreements: Any, commitments: Any) -> Select[Any]:
    """A row a dimension of an agreement: its own commitments, and all of the activities."""
    e = _records(texts.c.content, "dimensions", "key", "name")
    c = _counted(commitments, "dimension")
    own = and_(_same(c, texts), c.c.dimension == e.c["key"])
    source = texts.join(e, true()).join(agreements, _same(agreements, texts)).outerjoin(c, own)
    names = ("at", "id", "state", "alliance", "cities", "year", *_DONE)
    return select(
        *(agreements.c[name] for name in names),
        e.c["key"].label("dimension"),
        e.c.name.label("dimension_name"),
        *(
            func.coalesce(c.c[name], 0).label(name)
            for name in (*_COMMITTED, "deliveries", "confirmed")
        ),
        (func.coalesce(c.c.funds, 0) + agreements.c.own_funds).label("funds"),
    ).select_from(source)


def _rows(by: frozenset[AgreementDimension], units: Any, copies: Any, texts: Any) -> Select[Any]:
    """The sums of the groups that are asked for."""
    source: Any = units
    groups: dict[str, Any] = {}
    if AgreementDimension.CITY in by:
        source = source.join(copies, _same(copies, units))
        groups["city"] = copies.c.tenant_id
    if AgreementDimension.CITY_PAIR in by:
        pairs = _pairs(texts)
        source = source.join(pairs, _same(pairs, units))
        groups |= {"city_a": pairs.c.a, "city_b": pairs.c.b}
    for dimension, name in _OF_UNITS.items():
        if dimension in by:
            groups[name] = units.c[name]
    return _summed(units, groups, is_total=False, source=source)


_OF_UNITS = {
    AgreementDimension.STATE: "state",
    AgreementDimension.DIMENSION: "dimension",
    AgreementDimension.ALLIANCE: "alliance",
    AgreementDimension.YEAR: "year",
}
_TYPES = {"city": Integer(), "city_a": Integer(), "city_b": Integer(), "year": Integer()}


def _pairs(texts: Any) -> Any:
    """The pairs of cities of an agreement's parties; one city with itself where there is one."""
    e = _records(texts.c.content, "parties", "city")
    cities = select(texts.c.at, texts.c.id, cast(e.c.city, Integer()).label("city")).distinct()
    found = cities.select_from(texts.join(e, true())).cte("cities")
    x, y = found.alias("x"), found.alias("y")
    several = select(x.c.at, x.c.id, x.c.city.label("a"), y.c.city.label("b"))
    several = several.select_from(x.join(y, and_(_same(x, y), x.c.city < y.c.city)))
    alone = select(found.c.at, found.c.id, func.min(found.c.city), func.min(found.c.city))
    alone = alone.group_by(found.c.at, found.c.id).having(func.count() == 1)
    return union_all(several, alone).subquery("pairs")


def _summed(
    units: Any, groups: dict[str, Any], *, is_total: bool, source: Any = None
) -> Select[Any]:
    """One row a group of the units, or one a key."""
    named = {name: groups.get(name, cast(null(), _TYPES.get(name, Text()))) for name in _GROUPS}
    if "dimension" in groups:
        named["dimension_name"] = func.min(units.c.dimension_name)
    found = select(
        units.c.at,
        literal(is_total).label("is_total"),
        *(made.label(name) for name, made in named.items()),
        func.count().label("agreements"),
        func.count().filter(units.c.state == AgreementState.ACTIVE.value).label("active"),
        func.count().filter(units.c.state == AgreementState.COMPLETED.value).label("completed"),
        func.count().filter(units.c.cities > 1).label("cross_city"),
        *(func.sum(units.c[name]).label(name) for name in AgreementSums._fields[4:]),
    )
    return found.select_from(units if source is None else source).group_by(
        units.c.at, *groups.values()
    )


_GROUPS = AgreementGroup._fields[:-1]


def _records(content: Any, list_: str, *names: str) -> Any:
    """The objects of a list of a content as rows `e` of texts."""
    columns: list[Any] = [column(name, Text()) for name in names]
    rows = func.jsonb_to_recordset(content[list_]).table_valued(*columns, name="e")
    return rows.render_derived(with_types=True)


def _same(one: Any, other: Any) -> Any:
    """Whether both rows are of one agreement of one key."""
    return and_(one.c.at == other.c.at, one.c.id == other.c.id)


def _year(day: Any) -> Any:
    """The calendar year of a day."""
    return cast(extract("year", day), Integer())
