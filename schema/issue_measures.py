"""Statistics of issues as an answer has them: rows, their total, and what is held back.

Who may not read the issues that are counted sees no row of few: of such a row somebody could be
told. Where what is held back together would still be few, or would follow from the total, the
next smallest row is held back as well.
"""

import datetime
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from schema.access import Permission, permitted
from schema.context import Context, StaleRegistryError
from schema.issue_statistics import ROWS, exceeded
from schema.levels import level_of
from schema.loaders.issue_statistics import IssueDimension, IssueGroup, IssueSums
from schema.part_key import part_key
from schema.sources import ServiceSource
from tenants.channel import Channel
from tenants.definition import Definition, ServiceDomain
from tenants.hierarchy import Rung
from tenants.workflow import Phase, Severity

Sums = Mapping[str, int]
_NOTHING: Sums = defaultdict(int)


class _Key(NamedTuple):
    """What the issues of a row have in common; None where not asked for, or where there is none.

    `tenant_id` is that of a city, of an organization or of a service; `path` is the organization's.
    """

    tenant_id: int | None = None
    path: str | None = None
    organization_id: uuid.UUID | None = None
    rung: str | None = None
    domain: str | None = None
    service: str | None = None
    phase: str | None = None
    severity: str | None = None
    channel: str | None = None
    month: datetime.date | None = None


@dataclass(frozen=True)
class IssueStatisticsRow:
    """A row: its dimensions, and sums by name."""

    city: Definition | None
    organization: tuple[int, uuid.UUID] | None
    rung: Rung | None
    domain: ServiceDomain | None
    service: ServiceSource | None
    phase: Phase | None
    severity: Severity | None
    channel: Channel | None
    month: datetime.date | None
    sums: Sums


@dataclass(frozen=True)
class IssueAnswer:
    """The rows, their total and what no row shows; what is too few to be shown is None."""

    rows: list[IssueStatisticsRow]
    total: Sums | None
    unmapped: int | None
    suppressed: int
    as_of: datetime.datetime


def issue_answer(found: IssueSums, root: Any, context: Context) -> IssueAnswer:
    """The answer for a city, an organization or a province.

    Errors: `CodedError` STATISTICS_EXCEEDED where there are too many rows; `StaleRegistryError`.
    """
    tenants, path = part_key(root, context)
    by = found.arguments.by
    rows = _rows(found.groups, by, context)
    if by == (IssueDimension.CITY,):
        cities = [_Key(tenant) for tenant in tenants]
        rows = {key: rows.get(key, _NOTHING) for key in cities}
    if len(rows) > ROWS:
        raise exceeded(
            "rows",
            len(rows),
            ROWS,
            len(rows),
            f"共有 {len(rows)} 行,至多 {ROWS} 行;请减少维度或缩小范围。",
            f"There are {len(rows)} rows, {ROWS} at most: take fewer dimensions, or a part.",
        )
    total = _added(group.sums for group in found.groups) or _NOTHING
    words = _Words(tenants, context)
    shown, few = sorted(rows, key=words.place), 0
    if not all(permitted(context.actor, Permission.READ_ISSUES, at, path) for at in tenants):
        few = context.resources.suppression
        shown = _enough({key: rows[key] for key in shown}, few, total["reported"])
    unmapped = found.unmapped
    return IssueAnswer(
        [words.row(key, rows[key], by) for key in shown],
        None if _is_few(total["reported"], few) else total,
        None if unmapped is None or _is_few(unmapped, few) else unmapped,
        len(rows) - len(shown),
        context.now,
    )


def _is_few(count: int, few: int) -> bool:
    return 0 < count < few


def _enough(rows: Mapping[_Key, Sums], few: int, total: int) -> list[_Key]:
    """The rows that may be shown; of rows of one size the first ones are held back.

    Rows of nothing never are.
    """
    by_size = sorted((key for key in rows if rows[key]["reported"]), key=_size(rows))
    sizes = [rows[key]["reported"] for key in by_size]
    held = sum(size < few for size in sizes)
    if held and not _is_few(total, few):
        # what the total tells of the others together must be neither few nor a single row
        while held < len(sizes) and (held == 1 or sum(sizes[:held]) < few):
            held += 1
    hidden = set(by_size[:held])
    return [key for key in rows if key not in hidden]


def _size(rows: Mapping[_Key, Sums]) -> Callable[[_Key], int]:
    return lambda key: rows[key]["reported"]


def _rows(
    groups: Iterable[IssueGroup], by: Sequence[IssueDimension], context: Context
) -> dict[_Key, Sums]:
    """The sums of each row; groups without a domain belong to none where rows are by domain."""
    if not by:
        return {}
    parts: dict[_Key, list[Sums]] = defaultdict(list)
    for group in groups:
        if IssueDimension.DOMAIN not in by or group.domain is not None:
            parts[_key(group, by, context)].append(group.sums)
    return {key: sums[0] if len(sums) == 1 else _added(sums) for key, sums in parts.items()}


_OF_TENANTS = {IssueDimension.CITY, IssueDimension.ORGANIZATION, IssueDimension.SERVICE}


def _key(group: IssueGroup, by: Sequence[IssueDimension], context: Context) -> _Key:
    return _Key(
        None if _OF_TENANTS.isdisjoint(by) else group.tenant_id,
        group.path,
        group.organization_id,
        None if group.level is None else _rung(group.tenant_id, group.level, context),
        group.domain,
        group.service,
        group.phase,
        group.severity,
        group.channel,
        group.month,
    )


def _rung(tenant_id: int, level: str, context: Context) -> str | None:
    return level_of(context, tenant_id, level).level.rung


def _added(parts: Iterable[Sums]) -> dict[str, int]:
    total: dict[str, int] = {}
    for sums in parts:
        for name, value in sums.items():
            total[name] = total.get(name, 0) + value
    return total


class _Words:
    """What the keys of rows stand for, and in which order."""

    def __init__(self, tenants: Sequence[int], context: Context) -> None:
        self._registry = context.registry
        domains = (context.registry.vocabulary(self._registry.by_id[at]) for at in tenants[:1])
        self._domains = {item.key: item for found in domains for item in found.domains}
        self._orders = [list(self._domains), *([*kind] for kind in (Phase, Severity, Channel))]

    def place(self, key: _Key) -> tuple[Any, ...]:
        """Where a row stands: cities by code, organizations as in the tree, words as declared."""
        words = (key.domain, key.phase, key.severity, key.channel)
        return (
            key.tenant_id or 0,
            key.path or "",
            _at(_RUNGS, key.rung),
            *(_at(order, word) for order, word in zip(self._orders, words, strict=True)),
            self._service_place(key),
            key.month or datetime.date.min,
        )

    def row(self, key: _Key, sums: Sums, by: Sequence[IssueDimension]) -> IssueStatisticsRow:
        """The row of a key."""
        tenant = None if key.tenant_id is None else self._registry.by_id[key.tenant_id]
        return IssueStatisticsRow(
            city=tenant if IssueDimension.CITY in by else None,
            organization=_organization(key),
            rung=None if key.rung is None else Rung(key.rung),
            domain=self._domain(key.domain),
            service=_service(tenant, key.service),
            phase=None if key.phase is None else Phase(key.phase),
            severity=None if key.severity is None else Severity(key.severity),
            channel=None if key.channel is None else Channel(key.channel),
            month=key.month,
            sums=sums,
        )

    def _domain(self, key: str | None) -> ServiceDomain | None:
        """The domain in force; one that the province no longer has keeps its key for a name."""
        if key is None:
            return None
        return self._domains.get(key) or ServiceDomain.model_construct(key=key, name=key)

    def _service_place(self, key: _Key) -> tuple[int, str]:
        if key.service is None or key.tenant_id is None:
            return 0, ""
        codes = [*self._registry.by_id[key.tenant_id].services]
        return _at(codes, key.service), key.service


_RUNGS = [*Rung]


def _at(order: Sequence[str], word: str | None) -> int:
    """The place of a word; what is not in the order comes last, and what is None after it."""
    if word is None:
        return len(order) + 1
    return order.index(word) if word in order else len(order)


def _organization(key: _Key) -> tuple[int, uuid.UUID] | None:
    if key.tenant_id is None or key.organization_id is None:
        return None
    return key.tenant_id, key.organization_id


def _service(tenant: Definition | None, code: str | None) -> ServiceSource | None:
    """The service as it is, or as it last was.

    Errors: `StaleRegistryError` where the row is newer than the registry.
    """
    if tenant is None or code is None:
        return None
    found = tenant.service(code)
    if found is None:
        raise StaleRegistryError
    return ServiceSource(tenant, *found)
