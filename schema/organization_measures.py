"""Statistics of organizations: what clients ask for, and how cells and rules become rows."""

import datetime
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple

import strawberry

from schema.access import Permission
from schema.arguments import known_level
from schema.context import Context
from schema.errors import CodedError, ErrorCode
from schema.issue_statistics import exceeded
from schema.loaders.organization_statistics import (
    LevelCell,
    OrganizationCells,
    OrganizationCounts,
    OrganizationDimension,
)
from schema.part_key import part_key
from schema.sources import LevelSource, PostKindSource
from tenants.definition import Definition, TenantKind
from tenants.hierarchy import Rung
from tenants.posts import Employment
from tenants.roles import Role

MOST = 3
"""Dimensions of one statistic at most."""


class OrganizationSums(NamedTuple):
    """What is counted of organizations; `organizations` is 0 where rows are by post.

    `held` posts are filled; `full_time` and `part_time`, `agents` and `grid_workers` are some of
    them. `required` is what rules of staffing ask for, `gap` what lacks of it, organization by
    organization, `short` how many lack somebody of a post.
    """

    organizations: int = 0
    held: int = 0
    full_time: int = 0
    part_time: int = 0
    agents: int = 0
    grid_workers: int = 0
    required: int = 0
    gap: int = 0
    short: int = 0


@dataclass(frozen=True)
class OrganizationStatisticsRow:
    """A group: its dimensions, None where it is not broken down by one, and its sums."""

    city: Definition | None
    rung: Rung | None
    level: LevelSource | None
    post: PostKindSource | None
    sums: OrganizationSums


@dataclass(frozen=True)
class OrganizationStatistics:
    """The answer to one question; `unranked` organizations are of levels that have no rung."""

    rows: list[OrganizationStatisticsRow]
    total: OrganizationSums
    unranked: int
    as_of: datetime.datetime


@strawberry.input(
    description="统计哪些组织;所给的条件须同时满足。 | Which organizations are counted; all that "
    "is given holds."
)
class OrganizationFilter:
    """Of `organizationStatistics`."""

    rung: Rung | None = strawberry.field(default=None, description="可比层级 | rung")
    level: str | None = strawberry.field(
        default=None, description="层级键,由各市自定 | key of a level, a city's own"
    )


@dataclass(frozen=True)
class OrganizationStatisticsArguments:
    """Arguments of `organizationStatistics` of a city, an organization or a province."""

    by: Annotated[
        list[OrganizationDimension],
        strawberry.argument(
            description="按哪些维度分行,至多三个;空为只要合计。层级与岗位由各市自定,按其分行即按市"
            "分行 | what rows are broken down by, at most three; empty = only the total. Levels "
            "and posts are a city's own: rows by these are by city"
        ),
    ]
    where: Annotated[
        OrganizationFilter | None, strawberry.argument(description="条件 | which are counted")
    ] = None

    def checked(self, context: Context, root: Any) -> OrganizationCounts:
        """What is to be counted.

        Errors: `CodedError` FORBIDDEN, STATISTICS_EXCEEDED for more than three dimensions,
        LEVEL_UNKNOWN, or BAD_REQUEST for a level that no city of a province has.
        """
        tenants, path = part_key(root, context)
        is_tenant = isinstance(root, Definition)
        definition = root if is_tenant else context.registry.by_id[tenants[0]]
        context.demand(Permission.READ_STATISTICS, definition.tenant_id, path)
        by, given = tuple(dict.fromkeys(self.by)), self.where or OrganizationFilter()
        cities = [context.registry.by_id[tenant] for tenant in tenants]
        if len(by) > MOST:
            raise _too_many(by, cities)
        return OrganizationCounts(context.today, by, given.rung, _known(definition, given, cities))


def _too_many(by: Sequence[OrganizationDimension], cities: Sequence[Definition]) -> CodedError:
    return exceeded(
        "dimensions",
        len(by),
        MOST,
        sum(len([*city.hierarchy]) * len(city.posts) for city in cities),
        f"by 有 {len(by)} 个维度,至多 {MOST} 个;请分几次查询。",
        f"by has {len(by)} dimensions, {MOST} at most; ask several times.",
    )


def _known(
    definition: Definition, given: OrganizationFilter, cities: Sequence[Definition]
) -> str | None:
    if given.level is None or definition.kind is TenantKind.CITY:
        return known_level(definition, given.level)
    if any(given.level in city.hierarchy for city in cities):
        return given.level
    raise CodedError(
        ErrorCode.BAD_REQUEST,
        f"没有城市有层级“{given.level[:40]}”;请用可比层级 rung 筛选。",
        f"No city has a level {given.level[:40]!r}; filter by rung.",
        argument="where.level",
        given=given.level[:40],
    )


def organization_answer(
    found: OrganizationCells, root: Any, context: Context
) -> OrganizationStatistics:
    """The statistics of a city, a subtree, or all cities of a province."""
    tenants, _ = part_key(root, context)
    arguments = found.arguments
    units = [
        unit
        for tenant in tenants
        for unit in _units(context.registry.by_id[tenant], found.cells)
        if arguments.rung in (None, unit.rung) and arguments.level in (None, unit.level)
    ]
    total = _added(unit.sums for unit in units)
    ranks = (unit.sums.organizations for unit in units if unit.rung is None)
    return OrganizationStatistics(
        rows=_rows(units, arguments.by) if arguments.by else [],
        total=total,
        unranked=sum(ranks),
        as_of=context.now,
    )


class _Unit(NamedTuple):
    """What is counted of a level, and (`post` not None) of one post there; they add up."""

    city: Definition
    level: str
    rung: Rung | None
    post: str | None
    sums: OrganizationSums


def _units(city: Definition, cells: Sequence[LevelCell]) -> Iterator[_Unit]:
    """The units of a city: a level and its posts, each post that is held or required there."""
    levels: dict[str, int] = defaultdict(int)
    holders: dict[tuple[str, str], dict[int, int]] = defaultdict(dict)
    for cell in cells:
        if cell.tenant_id != city.tenant_id:
            continue
        if cell.post:
            holders[cell.level, cell.post][cell.holders] = cell.organizations
        else:
            levels[cell.level] = cell.organizations
    rules = {
        (level.key, rule.post): rule.required
        for level in city.hierarchy
        for rule in level.staffing
        if level.key in levels
    }
    for key, number in levels.items():
        yield _Unit(city, key, _rung(city, key), None, OrganizationSums(organizations=number))
    for key, post in dict.fromkeys((*holders, *rules)):
        numbers, required = holders[key, post], rules.get((key, post), 0)
        sums = _posts(city, post, numbers)
        if required:
            sums = sums._replace(**_lacks(levels[key], numbers, required))
        yield _Unit(city, key, _rung(city, key), post, sums)


def _rung(city: Definition, level: str) -> Rung | None:
    return city.hierarchy[level].rung if level in city.hierarchy else None


def _posts(city: Definition, post: str, numbers: Mapping[int, int]) -> OrganizationSums:
    held, kind = sum(each * number for each, number in numbers.items()), city.posts.get(post)
    if kind is None:
        return OrganizationSums(held=held)
    return OrganizationSums(
        held=held,
        full_time=held if kind.employment is Employment.FULL_TIME else 0,
        part_time=held if kind.employment is Employment.PART_TIME else 0,
        agents=held if kind.role is Role.AGENT else 0,
        grid_workers=held if kind.role is Role.GRID_WORKER else 0,
    )


def _lacks(organizations: int, numbers: Mapping[int, int], required: int) -> dict[str, int]:
    """What a rule asks of so many organizations, of which `numbers` have how many holders."""
    there = sum(min(each, required) * number for each, number in numbers.items())
    enough = sum(number for each, number in numbers.items() if each >= required)
    needed = organizations * required
    return {"required": needed, "gap": needed - there, "short": organizations - enough}


def _added(sums: Iterable[OrganizationSums]) -> OrganizationSums:
    return OrganizationSums(*map(sum, zip(*sums, OrganizationSums(), strict=True)))


def _rows(
    units: Sequence[_Unit], by: Sequence[OrganizationDimension]
) -> list[OrganizationStatisticsRow]:
    """A row for each group: cities by code, rungs and levels from the top, posts as declared."""
    groups: dict[tuple[Any, ...], list[_Unit]] = defaultdict(list)
    for unit in units:
        if OrganizationDimension.POST not in by or unit.post is not None:
            groups[_place(unit, by)].append(unit)
    return [_row(groups[place], by) for place in sorted(groups)]


_OWN = {OrganizationDimension.CITY, OrganizationDimension.LEVEL, OrganizationDimension.POST}
_RUNGS = [*Rung]


def _place(unit: _Unit, by: Sequence[OrganizationDimension]) -> tuple[Any, ...]:
    """What tells groups apart, in their order; what is not known (any more) comes last."""
    dimension, city = OrganizationDimension, unit.city
    return (
        0 if _OWN.isdisjoint(by) else city.tenant_id,
        _at(_RUNGS, unit.rung) if dimension.RUNG in by else (),
        _at([level.key for level in city.hierarchy], unit.level) if dimension.LEVEL in by else (),
        _at([*city.posts], unit.post) if dimension.POST in by else (),
    )


def _at(known: Sequence[Any], value: Any) -> tuple[int, str]:
    return (known.index(value), "") if value in known else (len(known), str(value))


def _row(group: Sequence[_Unit], by: Sequence[OrganizationDimension]) -> OrganizationStatisticsRow:
    dimension, first = OrganizationDimension, group[0]
    city = first.city
    level = post = None
    if dimension.LEVEL in by and first.level in city.hierarchy:
        level = LevelSource(city, city.hierarchy[first.level])
    if dimension.POST in by and first.post in city.posts:
        post = PostKindSource(city, city.posts[first.post])
    return OrganizationStatisticsRow(
        city=None if _OWN.isdisjoint(by) or city.kind is not TenantKind.CITY else city,
        rung=first.rung if dimension.RUNG in by else None,
        level=level,
        post=post,
        sums=first.sums if len(group) == 1 else _added(unit.sums for unit in group),
    )
