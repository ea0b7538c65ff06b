"""What statistics of issues are asked for, of a city, a subtree or a province, and its bounds."""

import datetime
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any

import strawberry

from schema.access import Permission
from schema.context import Context
from schema.errors import CodedError, ErrorCode
from schema.issue_filters import IssueFilter, Where
from schema.loaders.issue_filter import IssueFilters
from schema.loaders.issue_statistics import Domains, IssueCounts, IssueDimension
from schema.loaders.statement import array_text
from schema.part_key import part_key
from tenants.calendar import CHINA
from tenants.channel import Channel
from tenants.definition import Definition, TenantKind
from tenants.hierarchy import Rung
from tenants.workflow import Phase, Severity

MOST = 3
"""Dimensions of one statistic at most."""

MONTHS = 36
"""Months of one window at most."""

ROWS = 10_000
"""Rows that one statistic may have."""

# what lists can be narrowed by, and cells know nothing of
_UNCOUNTED = (
    "state",
    "handler",
    "deadline",
    "mine",
    "claimable",
    "unrated",
    "text",
)


_NO_SERVICE = ""
"""The code of no service."""


@dataclass(frozen=True)
class IssueStatisticsArguments:
    """Arguments of `issueStatistics` of a city, an organization or a province."""

    by: Annotated[
        list[IssueDimension],
        strawberry.argument(
            description="按哪些维度分行,至多三个;空为只要合计 | what rows are broken down by, at "
            "most three; empty = only the total"
        ),
    ]
    where: Where = None

    def checked(self, context: Context, root: Any) -> IssueCounts:
        """What is to be counted.

        Errors: `CodedError` FORBIDDEN; STATISTICS_EXCEEDED for too many dimensions, a window that
        is too long, has one end or is of no whole months, too many rows, and filters that counted
        issues do not know; BAD_REQUEST for what only a city can be asked; those of the filter.
        """
        tenants, path = part_key(root, context)
        is_tenant = isinstance(root, Definition)
        definition = root if is_tenant else context.registry.by_id[tenants[0]]
        context.demand(Permission.READ_STATISTICS, definition.tenant_id, path)
        given, by = self.where or IssueFilter(), tuple(dict.fromkeys(self.by))
        of_province = definition.kind is TenantKind.PROVINCE and is_tenant
        _demand_few(by)
        _demand_counted(given)
        if of_province:
            _demand_of_province(given, by)
        checked = given.checked(context, definition)
        since, until = _window(checked, by)
        cities = [context.registry.by_id[tenant] for tenant in tenants]
        months = 0 if since is None or until is None else _months(since, until)
        _demand_few_rows(by, cities, context, months)
        channel = None if checked.channel is None else Channel(checked.channel)
        service = None
        if given.service is not None:  # one that is not of the domain asked for is none of any city
            (service,) = checked.services or (_NO_SERVICE,)
        return IssueCounts(
            by=by,
            domains=domains_of(tuple(cities)),
            phase=checked.phase,
            severity=checked.severity,
            channel=channel,
            service=service,
            domain=given.domain,
            under=checked.under,
            since=since,
            until=until,
        )


@lru_cache(maxsize=64)
def domains_of(cities: tuple[Definition, ...]) -> Domains:
    """The domains of all services of cities, as far as they map to one."""
    found = [
        (city.tenant_id, code, service.domain)
        for city in cities
        for code, (_, service) in (city.old_services | city.services).items()
        if service.domain is not None
    ]
    tenants, services, keys = zip(*found, strict=True) if found else ((), (), ())
    return Domains(array_text(tenants), array_text(services), array_text(keys))


def exceeded(bound: str, value: int, limit: int, cost: int, zh: str, en: str) -> CodedError:
    """A statistic above a bound; `cost` is the number of rows that it could have."""
    return CodedError(
        ErrorCode.STATISTICS_EXCEEDED, zh, en, bound=bound, value=value, limit=limit, cost=cost
    )


def _demand_few(by: Sequence[IssueDimension]) -> None:
    if len(by) > MOST:
        raise exceeded(
            "dimensions",
            len(by),
            MOST,
            _product(_SIZES.get(item, 1) for item in by),
            f"by 有 {len(by)} 个维度,至多 {MOST} 个;请分几次查询。",
            f"by has {len(by)} dimensions, {MOST} at most; ask several times.",
        )


def _demand_counted(given: IssueFilter) -> None:
    names = [name for name in _UNCOUNTED if getattr(given, name) not in (None, False, "")]
    if names:
        listed = "、".join(names)
        raise exceeded(
            "filters",
            len(names),
            0,
            0,
            f"统计不能按 {listed} 筛选;可用 phase、service、domain、severity、channel、"
            "organization、reportedFrom 与 reportedTo,其余请查询 issues。",
            f"Statistics cannot be filtered by {', '.join(names)}; they can by phase, service, "
            "domain, severity, channel, organization, reportedFrom and reportedTo. Query issues "
            "for the others.",
        )


def _demand_of_province(given: IssueFilter, by: Sequence[IssueDimension]) -> None:
    """A province has no services and organizations with issues: its cities have them."""
    for argument, is_asked in (
        ("where.service", given.service is not None),
        ("where.organization", given.organization is not None),
        ("by", IssueDimension.ORGANIZATION in by),
    ):
        if is_asked:
            raise CodedError(
                ErrorCode.BAD_REQUEST,
                f"{argument}:服务事项与组织属于各市,全省不能以此统计;请在 city 或 organization "
                "下查询,或改用 domain、RUNG。",
                f"{argument}: services and organizations are a city's own; ask below city or "
                "organization, or use domain and RUNG.",
                argument=argument,
            )


def _window(
    filters: IssueFilters, by: Sequence[IssueDimension]
) -> tuple[datetime.date | None, datetime.date | None]:
    """The first days of the first month and of the one after the last; None = all time.

    Errors: `CodedError` STATISTICS_EXCEEDED.
    """
    since, until = _month("reportedFrom", filters.since), _month("reportedTo", filters.until)
    if since is None and until is None and IssueDimension.MONTH not in by:
        return None, None
    if since is None or until is None:
        raise exceeded(
            "months",
            0,
            MONTHS,
            0,
            "统计的时段须同时给出 reportedFrom 与 reportedTo;按 MONTH 分行必须给出。",
            "A window of statistics has both reportedFrom and reportedTo; rows by MONTH need one.",
        )
    months = _months(since, until)
    if not 0 < months <= MONTHS:
        raise exceeded(
            "months",
            months,
            MONTHS,
            max(months, 0),
            f"时段为 {months} 个月,应为 1 至 {MONTHS} 个月。",
            f"The window has {months} months; expected 1 to {MONTHS}.",
        )
    return since, until


def _month(argument: str, given: datetime.datetime | None) -> datetime.date | None:
    """The first day of the month that begins at a moment."""
    if given is None:
        return None
    local = given.astimezone(CHINA)
    if (local.day, local.time()) == (1, datetime.time()):
        return local.date()
    raise exceeded(
        "months",
        0,
        MONTHS,
        0,
        f"统计按整月计:{argument} 应为某月一日零时(北京时间),如 2026-03-01T00:00:00+08:00。",
        f"Statistics are of whole months: {argument} should be the beginning of one in China, as "
        "2026-03-01T00:00:00+08:00.",
    )


def _months(since: datetime.date, until: datetime.date) -> int:
    return (until.year - since.year) * 12 + until.month - since.month


_SIZES = {
    IssueDimension.RUNG: len(Rung),
    IssueDimension.PHASE: len(Phase),
    IssueDimension.SEVERITY: len(Severity),
    IssueDimension.CHANNEL: len(Channel),
    IssueDimension.MONTH: MONTHS,
}


def _demand_few_rows(
    by: Sequence[IssueDimension], cities: Sequence[Definition], context: Context, months: int
) -> None:
    sizes = dict(_sizes(cities, context)) | {IssueDimension.MONTH: months}
    cost = _product(sizes.get(item, 1) for item in by)
    if cost > ROWS:
        raise exceeded(
            "rows",
            cost,
            ROWS,
            cost,
            f"按 {'、'.join(by)} 可能有 {cost} 行,至多 {ROWS} 行;请减少维度,或缩短时段、缩小范围。",
            f"By {', '.join(by)} there may be {cost} rows, {ROWS} at most: take fewer dimensions, "
            "a shorter window, or less of the province.",
        )


def _sizes(cities: Sequence[Definition], context: Context) -> Iterator[tuple[IssueDimension, int]]:
    """How many rows each dimension may make; of organizations nobody knows beforehand."""
    yield from _SIZES.items()
    yield IssueDimension.CITY, len(cities)
    yield IssueDimension.SERVICE, sum(len(city.services) for city in cities)
    if cities:
        yield IssueDimension.DOMAIN, len(context.registry.vocabulary(cities[0]).domains)


def _product(sizes: Iterable[int]) -> int:
    return math.prod(max(size, 1) for size in sizes)
