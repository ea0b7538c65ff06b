"""Statistics of issues as an answer has them: rows, their total, and what is held back.

Who may not read the issues that are counted sees no row of few: of such a row somebody could be
told. Where what is held back together would still be few, or would follow from the total, the
next smallest row is held back as well.
"""

import datetime
import uuid
from bisect import bisect_left
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


_Place = tuple[int, ...]
"""Of a row: its number in each of its dimensions, which sorts rows and tells them apart."""


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
    places, few = sorted(rows), 0
    if not all(permitted(context.actor, Permission.READ_ISSUES, at, path) for at in tenants):
        few = context.resources.suppression
        places = _enough(places, rows, few, total["reported"])
    unmapped = found.unmapped
    return IssueAnswer(
        _shown(places, rows, dimensions),
        None if _is_few(total["reported"], few) else total,
        None if unmapped is None or _is_few(unmapped, few) else unmapped,
        len(rows) - len(places),
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
    sizes = [rows[place]["reported"] for place in places]
    by_size = [at for at in sorted(range(len(sizes)), key=sizes.__getitem__) if sizes[at]]
    held = bisect_left(by_size, few, key=sizes.__getitem__)
    if held and not _is_few(total, few):
        # what the total tells of the others together must be neither few nor a single row
        added = sum([sizes[at] for at in by_size[:held]])
        while held < len(by_size) and (held == 1 or added < few):
            added += sizes[by_size[held]]
            held += 1
    hidden = {*by_size[:held]}
    return [place for at, place in enumerate(places) if at not in hidden]


def _added(groups: Sequence[IssueGroup], counters: Sequence[str]) -> Sums:
    return {name: sum([group[name] for group in groups]) for name in counters}


class _Dimension(NamedTuple):
    """A dimension of rows: their field, the place of each group, and what places stand for.

    Groups whose place is None are in no row.
    """

    field: str
    places: Sequence[int | None]
    words: Mapping[int, Any]


def _rows(
    found: IssueSums, dimensions: Sequence[_Dimension], tenants: Sequence[int]
) -> Mapping[_Place, Sums]:
    """The sums of each row; by city alone cities without issues have one too."""
    if not dimensions:
        return {}
    places: list[Any] = [*zip(*(each.places for each in dimensions), strict=True)]
    rows: dict[_Place, Sums] = dict(zip(places, found.groups, strict=True))
    if len(rows) < len(places):
        parts: dict[_Place, list[IssueGroup]] = defaultdict(list)
        for place, group in zip(places, found.groups, strict=True):
            parts[place].append(group)
        rows = {place: _added(groups, found.counters) for place, groups in parts.items()}
    if found.arguments.by == (IssueDimension.CITY,):
        return {(at,): rows.get((at,)) or _added((), found.counters) for at in tenants}
    if IssueDimension.DOMAIN in found.arguments.by:
        return {place: sums for place, sums in rows.items() if None not in place}
    return rows


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
    if not _OF_CITIES.isdisjoint(by):
        shown = tenants if IssueDimension.CITY in by else ()
        cities = {at: context.registry.by_id[at] for at in shown}
        yield _Dimension("city", found.columns["tenant_id"], cities)
    for dimension, reader in _READERS.items():
        if dimension in by:
            columns = [found.columns[name] for name in reader.columns]
            values = columns[0] if len(columns) == 1 else [*zip(*columns, strict=True)]
            yield _dimension(reader, values, tenants, context)


_OF_CITIES = {IssueDimension.CITY, IssueDimension.ORGANIZATION, IssueDimension.SERVICE}


def _dimension(
    reader: "_Reader", values: Sequence[Any], tenants: Sequence[int], context: Context
) -> _Dimension:
    """The dimension by which groups have the values; what these stand for is found once."""
    entry = reader.entries(tenants, context)
    known = {value: entry(value) for value in {*values}}
    words = dict(entry for entry in known.values() if entry is not None)
    numbers = {place: at for at, place in enumerate(sorted(words))}
    of_values = {
        value: None if entry is None else numbers[entry[0]] for value, entry in known.items()
    }
    places = [*map(of_values.__getitem__, values)]
    return _Dimension(reader.field, places, {at: words[place] for place, at in numbers.items()})


_Entry = tuple[Any, Any]
"""What sorts a value among the others of its column and tells it apart, and the word for it."""

_Entries = Callable[[Any], _Entry | None]
"""Takes a value, of several columns a tuple; None = of no row."""


class _Reader(NamedTuple):
    """How a field of rows is made of columns of groups: their entries for tenants and a context."""

    field: str
    columns: tuple[str, ...]
    entries: Callable[[Sequence[int], Context], _Entries]


def _organizations(tenants: Sequence[int], context: Context) -> _Entries:
    """Organizations stand as in the tree."""

    def entry(value: tuple[int, str, uuid.UUID]) -> _Entry:
        tenant, path, id_ = value
        return (tenant, path), (tenant, id_)

    return entry


def _rungs(tenants: Sequence[int], context: Context) -> _Entries:
    """Levels without a rung stand last, together."""
    order = [*Rung]

    def entry(value: tuple[int, str]) -> _Entry:
        rung = level_of(context, *value).level.rung
        return (len(order), None) if rung is None else (order.index(rung), rung)

    return entry


def _domains(tenants: Sequence[int], context: Context) -> _Entries:
    """The domains in force; one that the province no longer has keeps its key for a name."""
    domains = context.registry.vocabulary(context.registry.by_id[tenants[0]]).domains
    known = {domain.key: ((at, ""), domain) for at, domain in enumerate(domains)}

    def entry(key: str | None) -> _Entry | None:
        if key is None:
            return None
        gone = ServiceDomain.model_construct
        return known.get(key) or ((len(known), key), gone(key=key, name=key))

    return entry


def _services(tenants: Sequence[int], context: Context) -> _Entries:
    """Services as they are, or as they last were, which stand last.

    Errors: `StaleRegistryError` where a row is newer than the registry.
    """

    def entry(value: tuple[int, str]) -> _Entry:
        tenant, code = value
        definition = context.registry.by_id[tenant]
        found = definition.service(code)
        if found is None:
            raise StaleRegistryError
        codes = [*definition.services]
        at = codes.index(code) if code in definition.services else len(codes)
        return (tenant, at, code), ServiceSource(definition, *found)

    return entry


def _months(tenants: Sequence[int], context: Context) -> _Entries:
    return lambda first: (first, first)


def _members(kind: type[StrEnum]) -> Callable[[Sequence[int], Context], _Entries]:
    entries = {member.value: (at, member) for at, member in enumerate(kind)}
    return lambda tenants, context: entries.__getitem__


_READERS: Mapping[IssueDimension, _Reader] = {
    IssueDimension.ORGANIZATION: _Reader(
        "organization", ("tenant_id", "path", "organization_id"), _organizations
    ),
    IssueDimension.RUNG: _Reader("rung", ("tenant_id", "level"), _rungs),
    IssueDimension.DOMAIN: _Reader("domain", ("domain",), _domains),
    IssueDimension.PHASE: _Reader("phase", ("phase",), _members(Phase)),
    IssueDimension.SEVERITY: _Reader("severity", ("severity",), _members(Severity)),
    IssueDimension.CHANNEL: _Reader("channel", ("channel",), _members(Channel)),
    IssueDimension.SERVICE: _Reader("service", ("tenant_id", "service"), _services),
    IssueDimension.MONTH: _Reader("month", ("month",), _months),
}
"""By dimension, in the order that rows are sorted by; CITY comes before all."""
