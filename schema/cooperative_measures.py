"""Statistics of cooperatives: what clients ask for, and how tenants' sums become rows."""

import datetime
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any

import strawberry

from schema.access import Permission
from schema.context import Context
from schema.cooperative_filters import CooperativeFilter, CooperativeWhere
from schema.errors import CodedError, ErrorCode
from schema.loaders.cooperative_families import MEASURES, VILLAGES
from schema.loaders.cooperative_statistics import (
    CooperativeDimension,
    CooperativeSums,
    StatisticsArguments,
)
from schema.tables.cooperative import CooperativeKind
from tenants.cooperation import CooperativeMeasure, Industry
from tenants.definition import DataKind, Definition

FIRST_YEAR, LAST_YEAR = 1949, 2200

_GROUPED = {CooperativeDimension.KIND: "kind", CooperativeDimension.INDUSTRY: "industry"}

RECORDED: Mapping[str, CooperativeMeasure] = {
    "households": CooperativeMeasure.HOUSEHOLDS,
    "people": CooperativeMeasure.PEOPLE,
    "revenue": CooperativeMeasure.REVENUE,
    "collective_income": CooperativeMeasure.COLLECTIVE_INCOME,
    "online_sales": CooperativeMeasure.ONLINE_SALES,
    "jobs": CooperativeMeasure.JOBS,
    "gain": CooperativeMeasure.HOUSEHOLD_GAIN,
    "gain_households": CooperativeMeasure.HOUSEHOLD_GAIN,
    "households_reached": CooperativeMeasure.HOUSEHOLDS,
    "people_reached": CooperativeMeasure.PEOPLE,
    **dict.fromkeys(MEASURES["deals"], CooperativeMeasure.DEALS),
    **dict.fromkeys(MEASURES["trades"], CooperativeMeasure.ASSET_TRADES),
}
"""Which measure a city must record for a sum to count it; the others every city has."""

COUNTS = frozenset(
    {
        "cooperatives",
        "households",
        "gain_households",
        "deals",
        "intended_deals",
        "settled_deals",
        "enterprises",
        "asset_trades",
        "weak_villages",
        "weak_villages_cleared",
    }
)
"""Sums that are 0 where there is nothing; of the others nothing is then known."""

_MEASURES = [*CooperativeMeasure]


@dataclass(frozen=True)
class CooperativeStatisticsRow:
    """A group: its dimensions (None where it is not broken down by one) and its sums.

    A sum is None where no city of the group records it, or nothing is known. `unrecorded` are the
    measures that a city of the group does not record, so that they leave it out.
    """

    city: Definition | None
    kind: CooperativeKind | None
    industry: Industry | None
    values: Mapping[str, Any]
    unrecorded: tuple[CooperativeMeasure, ...]


@dataclass(frozen=True)
class Unrecorded:
    """What one city does not record."""

    city: Definition
    measures: tuple[CooperativeMeasure, ...]


@dataclass(frozen=True)
class CooperativeStatistics:
    """The answer to one question; `kinds` are the kinds of data that were counted."""

    rows: list[CooperativeStatisticsRow]
    total: Mapping[str, Any]
    year: int | None
    unrecorded: list[Unrecorded]
    kinds: list[DataKind]
    as_of: datetime.datetime


@dataclass(frozen=True)
class CooperativeStatisticsArguments:
    """Arguments of `cooperativeStatistics` of a city, an organization or a province."""

    by: Annotated[
        list[CooperativeDimension],
        strawberry.argument(
            description="按哪些维度分行;空为只要合计 | what to break down by; none = one row of all"
        ),
    ]
    where: CooperativeWhere = None
    year: Annotated[
        int | None,
        strawberry.argument(
            description="成效取哪一年,缺省为所统计合作社有登记的最近一年 | of which year results "
            "are; by default the last one of which any of the cooperatives has some"
        ),
    ] = None

    def checked(self, context: Context, root: Any) -> StatisticsArguments:
        """What the loader counts.

        Errors: `CodedError` FORBIDDEN, BAD_REQUEST for another year than 1949 to 2200, or those
        of the filter.
        """
        is_tenant = isinstance(root, Definition)
        definition = root if is_tenant else context.registry.by_id[root["tenant_id"]]
        path = None if is_tenant else root["path"]
        context.demand(Permission.READ_STATISTICS, definition.tenant_id, path)
        return StatisticsArguments(
            filters=(self.where or CooperativeFilter()).checked(context, definition),
            by=tuple(column for dimension, column in _GROUPED.items() if dimension in self.by),
            by_tenant=CooperativeDimension.CITY in self.by,
            year=_known_year(self.year),
            people=_counting_people(context),
        )


def _known_year(given: int | None) -> int | None:
    if given is None or FIRST_YEAR <= given <= LAST_YEAR:
        return given
    raise CodedError(
        ErrorCode.BAD_REQUEST,
        f"年度应在 {FIRST_YEAR} 至 {LAST_YEAR} 之间,现为 {given}。",
        f"A year is from {FIRST_YEAR} to {LAST_YEAR}; this one is {given}.",
        argument="year",
        given=given,
    )


def _counting_people(context: Context) -> tuple[int, ...]:
    """Cities within the scope that record people: the same for all neighbours of a field."""
    found = (context.registry.by_id.get(tenant_id) for tenant_id in context.scope.tenant_ids)
    people = CooperativeMeasure.PEOPLE
    return tuple(
        sorted(
            one.tenant_id for one in found if one is not None and one.cooperation.records(people)
        )
    )


def statistics_of_tenants(
    sums: CooperativeSums, root: Definition, context: Context
) -> CooperativeStatistics:
    """The statistics of a city, or of all cities of a province."""
    cities = (root,) if root.kind == "CITY" else context.registry.cities_of(root)
    return _statistics(sums, cities, context)


def statistics_of_organization(sums: CooperativeSums, root: Any, context: Context) -> Any:
    """The statistics of an organization's subtree."""
    return _statistics(sums, (context.registry.by_id[root["tenant_id"]],), context)


def _statistics(
    sums: CooperativeSums, tenants: Sequence[Definition], context: Context
) -> CooperativeStatistics:
    own = [(tenant, sums.totals.get(tenant.tenant_id, {})) for tenant in tenants]
    without = [Unrecorded(tenant, lacking(tenant)) for tenant in tenants if tenant.kind == "CITY"]
    return CooperativeStatistics(
        rows=_rows(sums, own, context),
        total=_added(sums.names, own),
        year=sums.year,
        unrecorded=[item for item in without if item.measures],
        kinds=[kind for kind in DataKind if kind in sums.kinds],
        as_of=context.now,
    )


@lru_cache(maxsize=256)
def lacking(tenant: Definition) -> tuple[CooperativeMeasure, ...]:
    """The measures that a city does not record."""
    return tuple(item for item in CooperativeMeasure if not tenant.cooperation.records(item))


_Part = tuple[Definition, Mapping[str, Any]]
_Key = tuple[int | None, str | None, str | None]


def _rows(
    sums: CooperativeSums, own: Sequence[_Part], context: Context
) -> list[CooperativeStatisticsRow]:
    """A row for each group, in order of cities, kinds and industries."""
    parts: dict[_Key, list[_Part]] = defaultdict(list)
    for tenant, kind, industry, values in _groups(sums, own):
        at = tenant.tenant_id if sums.arguments.by_tenant else None
        parts[at, kind, industry].append((tenant, values))
    names = [name for name in sums.names if not sums.arguments.by or name not in VILLAGES]
    industries = {
        word.key: word
        for tenant, _ in own
        for word in context.registry.vocabulary(tenant).industries
    }
    order = _order([*industries])
    return [_row(key, parts[key], names, industries) for key in sorted(parts, key=order)]


def _groups(
    sums: CooperativeSums, own: Sequence[_Part]
) -> Iterator[tuple[Definition, str | None, str | None, Mapping[str, Any]]]:
    """The groups of each tenant; where cooperatives are in none, every tenant is one."""
    tenants = {tenant.tenant_id: tenant for tenant, _ in own}
    if sums.arguments.by:
        for group in sums.groups:
            yield tenants[group.tenant_id], group.kind, group.industry, group.values
    else:
        for tenant, values in own:
            yield tenant, None, None, values


def _order(industries: Sequence[str]) -> Callable[[_Key], tuple[int, int, int, str]]:
    kinds = [kind.value for kind in CooperativeKind]

    def place(key: _Key) -> tuple[int, int, int, str]:
        city, kind, industry = key
        known = industries.index(industry) if industry in industries else len(industries)
        return city or 0, kinds.index(kind) if kind else 0, known, industry or ""

    return place


def _row(
    key: _Key,
    parts: Sequence[_Part],
    names: Sequence[str],
    industries: Mapping[str, Industry],
) -> CooperativeStatisticsRow:
    at, kind, industry = key
    (first, _), *_ = parts
    unrecorded = {measure for tenant, _ in parts for measure in lacking(tenant)}
    known = None if industry is None else industries.get(industry)
    if industry is not None and known is None:  # one that the province no longer has
        known = Industry.model_construct(key=industry, name=industry)
    return CooperativeStatisticsRow(
        city=first if at is not None and first.kind == "CITY" else None,
        kind=None if kind is None else CooperativeKind(kind),
        industry=known,
        values=_added(names, parts),
        unrecorded=tuple(measure for measure in _MEASURES if measure in unrecorded),
    )


def _added(names: Iterable[str], parts: Sequence[_Part]) -> dict[str, Any]:
    """Sums over several tenants, each over those that record the measure."""
    values = [(_left_out(tenant), own) for tenant, own in parts]
    return {name: _sum(name, values) for name in names}


def _sum(name: str, parts: Sequence[tuple[frozenset[str], Mapping[str, Any]]]) -> Any:
    counted = [values for left_out, values in parts if name not in left_out]
    known = [values[name] for values in counted if name in values]
    if known:
        return sum(known)
    return 0 if counted and name in COUNTS else None


@lru_cache(maxsize=256)
def _left_out(tenant: Definition) -> frozenset[str]:
    """The sums that a city is no part of, because it does not record them."""
    return frozenset(name for name, measure in RECORDED.items() if measure in lacking(tenant))
