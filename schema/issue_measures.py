"""Statistics of issues as an answer has them: rows, their total, and what is held back.

Who may not read the issues that are counted sees no row of few: of such a row somebody could be
told. Where what is held back together would still be few, or would follow from the total, the
next smallest row is held back as well.
"""

import datetime
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import repeat
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


_Place = tuple[Any, ...]
"""Of a row: for each of its dimensions what sorts by it, and tells apart."""

_NOWHERE = None
"""The place of groups that are in no row."""


class IssueStatisticsRow(NamedTuple):
    """A row: sums by name, and its dimensions; None where not asked for, or where there is none."""

    sums: Sums
    city: Definition | None = None
    organization: tuple[int, uuid.UUID] | None = None
    rung: Rung | None = None
    domain: ServiceDomain | None = None
    phase: Phase | None = None
    severity: Severity | None = None
    channel: Channel | None = None
    service: ServiceSource | None = None
    month: datetime.date | None = None


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
    dimensions = [*_dimensions(found, tenants, context)]
    rows = _rows(found, dimensions, tenants)
    if len(rows) > ROWS:
        raise exceeded(
            "rows",
            len(rows),
            ROWS,
            len(rows),
            f"共有 {len(rows)} 行,至多 {ROWS} 行;请减少维度或缩小范围。",
            f"There are {len(rows)} rows, {ROWS} at most: take fewer dimensions, or a part.",
        )
    total = {name: sum(found.columns[name]) for name in found.counters}
    shown, few = sorted(rows), 0
    if not all(permitted(context.actor, Permission.READ_ISSUES, at, path) for at in tenants):
        few = context.resources.suppression
        shown = _enough(shown, rows, few, total["reported"])
    unmapped = found.unmapped
    return IssueAnswer(
        _shown(shown, rows, dimensions),
        None if _is_few(total["reported"], few) else total,
        None if unmapped is None or _is_few(unmapped, few) else unmapped,
        len(rows) - len(shown),
        context.now,
    )


def _is_few(count: int, few: int) -> bool:
    return 0 < count < few


def _enough(
    places: Sequence[_Place], rows: Mapping[_Place, Sums], few: int, total: int
) -> list[_Place]:
    """The places of rows that may be shown; of rows of one size the first ones are held back.

    Rows of nothing never are.
    """
    sizes = {place: rows[place]["reported"] for place in places}
    by_size = sorted((place for place in places if sizes[place]), key=sizes.__getitem__)
    held = sum(sizes[place] < few for place in by_size)
    if held and not _is_few(total, few):
        # what the total tells of the others together must be neither few nor a single row
        added = sum(sizes[place] for place in by_size[:held])
        while held < len(by_size) and (held == 1 or added < few):
            added += sizes[by_size[held]]
            held += 1
    hidden = set(by_size[:held])
    return [place for place in places if place not in hidden]


def _added(groups: Sequence[IssueGroup], counters: Sequence[str]) -> Sums:
    return {name: sum([group[name] for group in groups]) for name in counters}


class _Dimension(NamedTuple):
    """A dimension of rows: their field, the place of each group, and the words of places."""

    field: str
    places: Sequence[Any]
    words: Mapping[Any, Any]


def _rows(
    found: IssueSums, dimensions: Sequence[_Dimension], tenants: Sequence[int]
) -> Mapping[_Place, Sums]:
    """The sums of each row; by city alone cities without issues have one too."""
    if not dimensions:
        return {}
    parts: dict[_Place, list[IssueGroup]] = defaultdict(list)
    if found.arguments.by == (IssueDimension.CITY,):
        parts.update(((tenant,), []) for tenant in tenants)
    places = zip(*(each.places for each in dimensions), strict=True)
    for place, group in zip(places, found.groups, strict=True):
        parts[place].append(group)
    return {
        place: groups[0] if len(groups) == 1 else _added(groups, found.counters)
        for place, groups in parts.items()
        if _NOWHERE not in place
    }


def _shown(
    places: Sequence[_Place], rows: Mapping[_Place, Sums], dimensions: Sequence[_Dimension]
) -> list[IssueStatisticsRow]:
    """The rows at the places; made field by field, for there may be thousands."""
    if not places:
        return []
    fields: dict[str, Iterable[Any]] = {"sums": map(rows.__getitem__, places)}
    for each, at in zip(dimensions, zip(*places, strict=True), strict=True):
        fields[each.field] = map(each.words.get, at)
    values = [fields.get(name, repeat(None)) for name in IssueStatisticsRow._fields]
    return list(map(IssueStatisticsRow._make, zip(*values)))  # noqa: B905


def _dimensions(found: IssueSums, tenants: Sequence[int], context: Context) -> Iterator[_Dimension]:
    """The dimensions, the one that rows are sorted by first at first.

    Organizations and services are a city's own: their rows stand by city, shown or not.
    """
    by = found.arguments.by
    is_own = IssueDimension.ORGANIZATION in by or IssueDimension.SERVICE in by
    if IssueDimension.CITY in by or is_own:
        places = found.columns["tenant_id"]
        shown = tenants if IssueDimension.CITY in by else ()
        yield _Dimension("city", places, {at: context.registry.by_id[at] for at in shown})
    for dimension, reader in _READERS.items():
        if dimension in by:
            values = [*zip(*(found.columns[name] for name in reader.columns), strict=True)]
            known = {value: reader.entry(context, tenants, *value) for value in {*values}}
            places = [known[value][0] for value in values]
            yield _Dimension(reader.field, places, dict(known.values()))


_Entry = tuple[Any, Any]
"""The place of a value of some columns, and the word for it."""


class _Reader(NamedTuple):
    """How a field of rows is made of columns of groups.

    `entry` takes the context, the tenants and a value of each of the columns.
    """

    field: str
    columns: tuple[str, ...]
    entry: Callable[..., _Entry]


def _organization(
    context: Context, tenants: Sequence[int], tenant: int, path: str, id_: uuid.UUID
) -> _Entry:
    """Organizations stand as in the tree."""
    return (tenant, path), (tenant, id_)


def _rung(context: Context, tenants: Sequence[int], tenant: int, level: str) -> _Entry:
    """Levels without a rung stand last, together."""
    rung = level_of(context, tenant, level).level.rung
    return (len(_RUNGS), None) if rung is None else (_RUNGS.index(rung), rung)


_RUNGS = [*Rung]


def _domain(context: Context, tenants: Sequence[int], key: str | None) -> _Entry:
    """The domain in force; one that the province no longer has keeps its key for a name.

    What has none is in no row.
    """
    if key is None:
        return _NOWHERE, None
    domains = context.registry.vocabulary(context.registry.by_id[tenants[0]]).domains
    for at, domain in enumerate(domains):
        if domain.key == key:
            return (at, key), domain
    return (len(domains), key), ServiceDomain.model_construct(key=key, name=key)


def _service(context: Context, tenants: Sequence[int], tenant: int, code: str) -> _Entry:
    """The service as it is, or as it last was, which stands last.

    Errors: `StaleRegistryError` where the row is newer than the registry.
    """
    definition = context.registry.by_id[tenant]
    found = definition.service(code)
    if found is None:
        raise StaleRegistryError
    codes = [*definition.services]
    at = codes.index(code) if code in definition.services else len(codes)
    return (tenant, at, code), ServiceSource(definition, *found)


def _month(context: Context, tenants: Sequence[int], first: datetime.date) -> _Entry:
    return first, first


def _member(kind: type[StrEnum]) -> Callable[[Context, Sequence[int], str], _Entry]:
    entries = {member.value: (at, member) for at, member in enumerate(kind)}
    return lambda context, tenants, value: entries[value]


_READERS: Mapping[IssueDimension, _Reader] = {
    IssueDimension.ORGANIZATION: _Reader(
        "organization", ("tenant_id", "path", "organization_id"), _organization
    ),
    IssueDimension.RUNG: _Reader("rung", ("tenant_id", "level"), _rung),
    IssueDimension.DOMAIN: _Reader("domain", ("domain",), _domain),
    IssueDimension.PHASE: _Reader("phase", ("phase",), _member(Phase)),
    IssueDimension.SEVERITY: _Reader("severity", ("severity",), _member(Severity)),
    IssueDimension.CHANNEL: _Reader("channel", ("channel",), _member(Channel)),
    IssueDimension.SERVICE: _Reader("service", ("tenant_id", "service"), _service),
    IssueDimension.MONTH: _Reader("month", ("month",), _month),
}
"""By dimension, in the order that rows are sorted by; CITY comes before all."""
