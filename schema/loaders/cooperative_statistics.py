"""Sums over cooperatives, their members, results and deals, and over what their villages trade.

One statement for any number of cities or subtrees; of whole cities, where nothing is filtered, it
reads the cells that are kept of them. Sums are by tenant, so that what a city does
not record can be left out when cities are added up.
"""

import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

import asyncpg

from schema.database import Snapshot
from schema.loaders.cooperative import CooperativeByCode, CooperativeById
from schema.loaders.cooperative_cells import needed, reading
from schema.loaders.cooperative_families import (
    KINDS,
    OF_VILLAGES,
    ROWS,
    TOTAL,
    YEAR,
    Shape,
    counting,
    families,
    measures_of,
)
from schema.loaders.cooperative_filter import CooperativeFilters
from schema.loaders.loader import Loader
from schema.loaders.organization import (
    OrganizationByCode,
    OrganizationById,
    unknown_organization,
)
from schema.loaders.span import span_values
from schema.loaders.union_member import unknown_union
from schema.scope import Scope


class CooperativeDimension(StrEnum):
    """What statistics of cooperatives may be broken down by."""

    CITY = "CITY"
    KIND = "KIND"
    INDUSTRY = "INDUSTRY"


@dataclass(frozen=True)
class StatisticsArguments:
    """Which cooperatives are counted, in groups of which of their columns, and of which year.

    `year` None is the last one of which any of them has results. `people` are the tenants that
    record how many people belong to households. Whether tenants are told apart (`by_tenant`) is
    for who adds them up.
    """

    filters: CooperativeFilters
    by: tuple[str, ...] = ()
    by_tenant: bool = False
    year: int | None = None
    people: tuple[int, ...] = ()

    @property
    def is_narrowed(self) -> bool:
        """Whether filters leave cooperatives out, which says nothing of villages."""
        return any(self.filters.shape._replace(all=False))

    @property
    def is_kept(self) -> bool:
        """Whether cells are kept of these sums of whole tenants, so that nothing is counted."""
        return not any(self.filters.shape)


class Group(NamedTuple):
    """Sums of one tenant: of its cooperatives of a kind and an industry, as far as asked for.

    A value is None where no row says anything; a count that is not there is 0.
    """

    tenant_id: int
    kind: str | None
    industry: str | None
    values: Mapping[str, Any]


class CooperativeSums(NamedTuple):
    """What was counted for one key: its groups, and each tenant's own sums over all of them.

    `names` are the measures that were counted. `year` is that of the results, None where there
    are none. `kinds` are the kinds of data.
    """

    arguments: StatisticsArguments
    names: tuple[str, ...]
    groups: list[Group]
    totals: dict[int, Mapping[str, Any]]
    year: int | None
    kinds: frozenset[str]


class StatisticsOfTenants(Loader[tuple[int, ...], StatisticsArguments]):
    """Tenants → their `CooperativeSums`, each tenant by itself."""

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
        arguments: StatisticsArguments,
        columns: tuple[str, ...],
    ) -> list[Any]:
        """One statement; more where nothing was found by an organization or union that is named.

        Errors: `CodedError` ORGANIZATION_UNKNOWN, or BAD_REQUEST for an unknown union.
        """
        places = [(at, tenant, None) for at, key in enumerate(keys) for tenant in key]
        return await _counted(snapshot, scope, len(keys), places, arguments, columns)


class StatisticsOfOrganizations(Loader[tuple[int, str], StatisticsArguments]):
    """(tenant, path) → the `CooperativeSums` of what is led or works there or below."""

    counts = True

    @classmethod
    async def batch(
        cls,
        snapshot: Snapshot,
        scope: Scope,
        keys: Sequence[tuple[int, str]],
        arguments: StatisticsArguments,
        columns: tuple[str, ...],
    ) -> list[Any]:
        """One statement; more where nothing was found by an organization or union that is named.

        Errors: `CodedError` ORGANIZATION_UNKNOWN, or BAD_REQUEST for an unknown union.
        """
        places = [(at, tenant, path) for at, (tenant, path) in enumerate(keys)]
        return await _counted(snapshot, scope, len(keys), places, arguments, columns)


_Place = tuple[int, int, str | None]
"""The position of a key, one of its tenants, and a path or None for all of it."""


async def _counted(
    snapshot: Snapshot,
    scope: Scope,
    number: int,
    places: Sequence[_Place],
    arguments: StatisticsArguments,
    columns: tuple[str, ...],
) -> list[Any]:
    """The sums of each of `number` keys over its places."""
    tenants = scope.checked(tenant for _, tenant, _ in places)
    asked = families(columns)
    if arguments.is_narrowed:
        asked = tuple(family for family in asked if family not in OF_VILLAGES)
    shape = _shape(arguments, places, columns)
    make = reading if arguments.is_kept and not shape.subtree else counting
    statement, given = make(asked, shape), _values(arguments, places)
    rows: list[asyncpg.Record] = await snapshot.fetch(
        statement.sql, statement.values({**given, "measures": needed(asked, shape, columns)})
    )
    if not any(row["tenant_id"] for row in rows):
        await _demand_named(snapshot, scope, tenants, arguments.filters)
    by_key: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        by_key[row["key"]].append(row)
    names = tuple(measures_of(asked))
    return [_gathered(by_key[at], names, arguments) for at in range(number)]


def _shape(
    arguments: StatisticsArguments, places: Sequence[_Place], columns: tuple[str, ...]
) -> Shape:
    extents = {ROWS: False, TOTAL: True}
    return Shape(
        filters=arguments.filters.shape,
        by=arguments.by,
        extents=tuple(whole for name, whole in extents.items() if name in columns),
        subtree=any(path is not None for _, _, path in places),
        year=arguments.year is not None,
        people="people" in columns and any(at[1] in arguments.people for at in places),
        kinds=KINDS in columns,
        tells_year=YEAR in columns and arguments.year is None,
    )


def _values(arguments: StatisticsArguments, places: Sequence[_Place]) -> dict[str, Any]:
    return {
        **arguments.filters.values(),
        **span_values(arguments.filters.today),
        "keys": [at for at, _, _ in places],
        "tenant_ids": [tenant for _, tenant, _ in places],
        "paths": [path for _, _, path in places],
        "year": arguments.year,
        "people": list(arguments.people),
    }


def _gathered(
    rows: list[Any], names: tuple[str, ...], arguments: StatisticsArguments
) -> CooperativeSums:
    groups: dict[tuple[int, str | None, str | None], dict[str, Any]] = defaultdict(dict)
    totals: dict[int, dict[str, Any]] = defaultdict(dict)
    kinds: set[str] = set()
    year = arguments.year
    for row in rows:
        tenant = row["tenant_id"]
        if tenant is None:
            year = row[YEAR]
            continue
        kinds.update(row[KINDS] or ())
        values = {name: row[name] for name in names if row[name] is not None}
        if row["whole"] is False:
            groups[tenant, row["kind"], row["industry"]].update(values)
        if row["whole"] or not arguments.by:
            totals[tenant].update(values)
    found = [Group(*key, values) for key, values in groups.items()]
    return CooperativeSums(arguments, names, found, dict(totals), year, frozenset(kinds))


async def _demand_named(
    snapshot: Snapshot, scope: Scope, tenants: Sequence[int], filters: CooperativeFilters
) -> None:
    """Refuse filters that name what none of the tenants has; for answers that came out empty."""
    for ref in (filters.leader, filters.village):
        if ref is not None:
            named = ref.code or ref.id
            by_code: Any = OrganizationByCode if ref.code else OrganizationById
            if not await _exists(snapshot, scope, by_code, tenants, named):
                raise unknown_organization(str(named))
    union = filters.union
    if union is None:
        return
    by_id: Any = CooperativeById if isinstance(union, uuid.UUID) else CooperativeByCode
    if not await _exists(snapshot, scope, by_id, tenants, union):
        raise unknown_union(str(union))


async def _exists(
    snapshot: Snapshot, scope: Scope, loader: Any, tenants: Sequence[int], named: object
) -> bool:
    keys = [(tenant, named) for tenant in tenants]
    return any(await loader.batch(snapshot, scope, keys, None, ("id",)))
