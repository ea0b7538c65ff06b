"""Sums over counted issues (`schema/issue_rollups.py`): one statement for all, which reads cells.

Which table is read follows from what is asked: the fewer keys its cells have, the fewer there are.
"""

import datetime
from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any, NamedTuple

import asyncpg
from sqlalchemy import (
    BigInteger,
    Date,
    Integer,
    Select,
    Text,
    and_,
    bindparam,
    cast,
    func,
    or_,
    select,
)

from schema.database import Snapshot
from schema.loaders.loader import Loader
from schema.loaders.organization import (
    ORGANIZATION,
    OrganizationRef,
    demand_known,
    is_named,
    ref_values,
    within,
)
from schema.loaders.part import PartKey, in_subtrees, part_values, parts
from schema.loaders.statement import Statement, arrays_table, render
from schema.scope import Scope
from schema.tables.issue_rollup import (
    IssueMonthRow,
    IssueOrganizationRow,
    IssuePlaceRow,
    IssueTotalRow,
)
from tenants.channel import Channel
from tenants.workflow import Phase, Severity

TOTAL: Any = IssueTotalRow.__table__  # type: ignore[attr-defined]
MONTH: Any = IssueMonthRow.__table__  # type: ignore[attr-defined]
STANDING: Any = IssueOrganizationRow.__table__  # type: ignore[attr-defined]
PLACE: Any = IssuePlaceRow.__table__  # type: ignore[attr-defined]

UNMAPPED = "unmapped"
"""Asked for like a column: how many issues are of services without a domain."""

OPEN = (Phase.REPORTED, Phase.ACCEPTED, Phase.IN_PROGRESS)
DROPPED = (Phase.REJECTED, Phase.WITHDRAWN)


class IssueDimension(StrEnum):
    """What statistics of issues may be broken down by."""

    CITY = "CITY"
    ORGANIZATION = "ORGANIZATION"
    RUNG = "RUNG"
    DOMAIN = "DOMAIN"
    SERVICE = "SERVICE"
    PHASE = "PHASE"
    SEVERITY = "SEVERITY"
    CHANNEL = "CHANNEL"
    MONTH = "MONTH"


@dataclass(frozen=True, eq=False)
class Domains:
    """The domains that services map to, by tenant and code of the service; one that maps to none
    is not there. Each an `array_text`."""

    tenants: str
    services: str
    keys: str


@dataclass(frozen=True)
class IssueCounts:
    """Which issues are counted, and in which groups; None = whatever.

    `service` is a code, `domain` a key, `under` an organization. `since` and `until` are the first
    days of months, the last one excluded.
    """

    by: tuple[IssueDimension, ...]
    domains: Domains
    phase: Phase | None = None
    severity: Severity | None = None
    channel: Channel | None = None
    service: str | None = None
    domain: str | None = None
    under: OrganizationRef | None = None
    since: datetime.date | None = None
    until: datetime.date | None = None

    def values(self) -> dict[str, Any]:
        """Values of the statement's parameters, but for the keys."""
        return {
            **ref_values(self.under),
            "phase": self.phase,
            "severity": self.severity,
            "channel": self.channel,
            "service": self.service,
            "domain": self.domain,
            "since": self.since,
            "until": self.until,
            "mapped_tenants": self.domains.tenants,
            "mapped_services": self.domains.services,
            "mapped_domains": self.domains.keys,
        }


IssueGroup = Mapping[str, Any]
"""The cells of one tenant that belong together: what they have in common, and their sums.

By name: `tenant_id`, what issues are grouped by, and counters. `domain` is None where a service
maps to none; `path` is the organization's.
"""


class IssueSums(NamedTuple):
    """What was counted for one key: its groups, and what they have by name, each in their order.

    `counters` are the names of sums. `unmapped` is how many issues are of services without a
    domain, None where nobody asked.
    """

    arguments: IssueCounts
    groups: Sequence[IssueGroup]
    columns: Mapping[str, Sequence[Any]]
    counters: tuple[str, ...]
    unmapped: int | None


class IssueStatistics(Loader[PartKey, IssueCounts]):
    """Tenants, or a subtree of one → their `IssueSums`."""

    counts = True

    @classmethod
    def tenants_of(cls, key: PartKey) -> tuple[int, ...]:
        """All of the key."""
        return key[0]

    @classmethod
    async def batch(
        cls,
        snapshot: Snapshot,
        scope: Scope,
        keys: Sequence[PartKey],
        arguments: IssueCounts,
        columns: tuple[str, ...],
    ) -> list[Any]:
        """One statement; a second where nothing was found of an organization that is named.

        Errors: `CodedError` ORGANIZATION_UNKNOWN.
        """
        scope.checked(tenant for tenants, _ in keys for tenant in tenants)
        shape = _shape(arguments, in_subtrees(keys), columns)
        statement = _statement(shape)
        given = {**arguments.values(), **part_values(keys)}
        rows: list[asyncpg.Record] = await snapshot.fetch(statement.sql, statement.values(given))
        if not rows and arguments.under is not None:
            await demand_known(snapshot, scope, keys[0][0][0], arguments.under)
        by_key: dict[int, list[asyncpg.Record]] = defaultdict(list)
        for row in rows:
            by_key[row["at"]].append(row)
        return [_gathered(by_key[at], arguments, shape) for at in range(len(keys))]


class _Shape(NamedTuple):
    """All that changes the text of the statement."""

    by: tuple[IssueDimension, ...]
    counters: tuple[str, ...]
    unmapped: bool
    subtree: bool
    under: bool
    phase: bool
    severity: bool
    channel: bool
    service: bool
    domain: bool
    window: bool

    @property
    def mapped(self) -> bool:
        """Whether domains are looked up."""
        return self.unmapped or self.domain or IssueDimension.DOMAIN in self.by

    @property
    def placed(self) -> bool:
        """Whether organizations are looked at."""
        return self.subtree or self.under or IssueDimension.ORGANIZATION in self.by

    @property
    def table(self) -> Any:
        """The cells that answer it, of those the ones with the fewest keys."""
        fine = {IssueDimension.MONTH, IssueDimension.SEVERITY, IssueDimension.CHANNEL}
        is_fine = bool(fine & set(self.by)) or self.window or self.severity or self.channel
        if not self.placed:
            return MONTH if is_fine else TOTAL
        of_services = self.mapped or self.service or IssueDimension.SERVICE in self.by
        return PLACE if is_fine or of_services else STANDING


def _shape(arguments: IssueCounts, subtree: bool, columns: tuple[str, ...]) -> _Shape:
    return _Shape(
        by=arguments.by,
        counters=tuple(name for name in _COUNTERS if name == "reported" or name in columns),
        unmapped=UNMAPPED in columns,
        subtree=subtree,
        under=arguments.under is not None,
        phase=arguments.phase is not None,
        severity=arguments.severity is not None,
        channel=arguments.channel is not None,
        service=arguments.service is not None,
        domain=arguments.domain is not None,
        window=arguments.since is not None,
    )


_GROUPED: dict[str, IssueDimension] = {
    "organization_id": IssueDimension.ORGANIZATION,
    "path": IssueDimension.ORGANIZATION,
    "level": IssueDimension.RUNG,
    "domain": IssueDimension.DOMAIN,
    "service": IssueDimension.SERVICE,
    "phase": IssueDimension.PHASE,
    "severity": IssueDimension.SEVERITY,
    "channel": IssueDimension.CHANNEL,
    "month": IssueDimension.MONTH,
}
"""What cells are grouped by for a dimension; for CITY they always are."""

# how a counter is made of the cells' own: all of one, or those of some phases
_COUNTERS: dict[str, tuple[str, tuple[Phase, ...]]] = {
    "reported": ("reported", ()),
    "open": ("reported", OPEN),
    "closed": ("reported", (Phase.CLOSED,)),
    "dropped": ("reported", DROPPED),
    **{
        name: (name, ())
        for name in (
            "resolved",
            "handled",
            "handled_seconds",
            "rated",
            "solved",
            "satisfied",
            "ended",
            "on_time",
            "overdue",
        )
    },
}


def _gathered(rows: Sequence[Any], arguments: IssueCounts, shape: _Shape) -> IssueSums:
    names = _names(shape)
    values = zip(*rows, strict=True) if rows else [()] * len(names)
    columns = dict(zip(names, values, strict=True))
    unmapped = sum(columns[UNMAPPED]) if shape.unmapped else None
    return IssueSums(arguments, rows, columns, shape.counters, unmapped)


@cache
def _names(shape: Hashable) -> tuple[str, ...]:
    """The columns of the statement, in order."""
    assert isinstance(shape, _Shape)
    more = (UNMAPPED,) if shape.unmapped else ()
    return ("at", "tenant_id", *_grouped(shape), *shape.counters, *more)


def _grouped(shape: _Shape) -> list[str]:
    return [name for name, dimension in _GROUPED.items() if dimension in shape.by]


@cache
def _statement(shape: Hashable) -> Statement:
    assert isinstance(shape, _Shape)
    return render(_select(shape))


def _select(shape: _Shape) -> Select[Any]:
    c, o, k = shape.table.alias("c"), ORGANIZATION.alias("o"), parts()
    m = _domains()
    source = k.join(c, c.c.tenant_id == k.c.tenant)
    if shape.placed:
        own = and_(o.c.tenant_id == c.c.tenant_id, o.c.id == c.c.organization_id)
        source = source.join(o, own)
    if shape.mapped:
        own = and_(m.c.tenant_id == c.c.tenant_id, m.c.service == c.c.service)
        source = source.outerjoin(m, own)
    columns = {
        **{name: c.c[name] for name in _GROUPED if name in c.c},
        **{"domain": m.c.domain, "path": o.c.path},
        **({"level": o.c.level} if shape.placed else {}),
    }
    grouped = [columns[name].label(name) for name in _grouped(shape)]
    sums = [_sum(c, *_COUNTERS[name]).label(name) for name in shape.counters]
    if shape.unmapped:
        unmapped = func.sum(c.c.reported).filter(m.c.domain.is_(None))
        sums.append(cast(func.coalesce(unmapped, 0), BigInteger()).label(UNMAPPED))
    statement = select(k.c.at, c.c.tenant_id, *grouped, *sums).select_from(source)
    statement = statement.where(*_conditions(shape, c, o, k, m))
    return statement.group_by(k.c.at, c.c.tenant_id, *grouped).having(func.sum(c.c.reported) > 0)


def _sum(c: Any, name: str, phases: tuple[Phase, ...]) -> Any:
    added: Any = func.sum(c.c[name])
    if phases:
        # written out: the values are of a closed set
        added = added.filter(or_(*(c.c.phase == phase.value for phase in phases)))
    return cast(func.coalesce(added, 0), BigInteger())


def _conditions(shape: _Shape, c: Any, o: Any, k: Any, m: Any) -> Iterator[Any]:
    if shape.subtree:
        yield within(o, k.c.path)
    if shape.under:
        u = ORGANIZATION.alias("u")
        path = select(u.c.path).where(u.c.tenant_id == k.c.tenant, is_named(u))
        root = path.correlate(k).scalar_subquery()
        yield within(o, root)
    for name in ("phase", "severity", "channel", "service"):
        if getattr(shape, name):
            yield c.c[name] == bindparam(name, type_=Text())
    if shape.domain:
        yield m.c.domain == bindparam("domain", type_=Text())
    if shape.window:
        yield c.c.month >= bindparam("since", type_=Date())
        yield c.c.month < bindparam("until", type_=Date())


def _domains() -> Any:
    """A table `m`: tenant, service, domain."""
    return arrays_table(
        "m",
        in_text=True,
        tenant_id=("mapped_tenants", Integer()),
        service=("mapped_services", Text()),
        domain=("mapped_domains", Text()),
    )
