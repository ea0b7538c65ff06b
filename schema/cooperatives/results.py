"""Recording what a year brought a cooperative, and correcting it; what was recorded is kept."""

import datetime
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select, update
from uuid_utils.compat import uuid7

from schema.cooperative_rollups import COOPERATION
from schema.cooperatives.change import changed_meanwhile, unchanged
from schema.cooperatives.figures import (
    FIELDS,
    MEASURES,
    Figures,
    checked_figures,
    total_of,
)
from schema.cooperatives.led import Led, led
from schema.cooperatives.outcome import Recorded
from schema.events import Event, EventKind
from schema.loaders.annual_result import RESULT
from schema.refusals import Refusal, RefusalCode, Refused
from schema.texts import checked_line
from schema.work import Work
from tenants.definition import DataKind

FIRST_YEAR = 1949
DAY = datetime.timedelta(days=1)
LONGEST_REASON = 500

NOTHING: Mapping[str, Any] = {
    **dict.fromkeys(FIELDS),
    "sales": [],
    "approximate": False,
}
"""The values of a year of which nothing is said."""


@dataclass(frozen=True)
class Record:
    """Record a year of a cooperative (code or id) of which there is nothing yet."""

    cooperative: str
    year: int
    figures: Figures

    async def __call__(self, work: Work) -> Recorded | Refused:
        """Carry it out; the result, or why not."""
        found = await led(work, self.cooperative)
        if isinstance(found, Refused):
            return found
        values = await self._values(work, found)
        if isinstance(values, Refused):
            return values
        await work.count(COOPERATION, [found.id])
        id_ = await _store(work, found.id, {**values, "year": self.year, "revision": 1})
        facts = {"code": found.code, "result": str(id_), "year": self.year, "revision": 1}
        kind = EventKind.COOPERATIVE_RESULT_RECORDED
        work.events.append(Event(kind, found.leader_id, facts, cooperative_id=found.id))
        return Recorded(work.tenant_id, found.id, id_)

    async def _values(self, work: Work, found: Led) -> dict[str, Any] | Refused:
        """The columns of the year's first value, or every reason against it."""
        reasons = list(_wrong_year(found, self.year, work.today))
        if await _current(work, found.id, self.year) is not None:
            reasons.append(_exists(found, self.year))
        said = checked_figures(work.definition, self.figures)
        if isinstance(said, Refused):
            return Refused((*reasons, *said.refusals))
        values = {**NOTHING, **said}
        if is_empty(values):
            reasons.append(_empty())
        return Refused(tuple(reasons)) if reasons else values


@dataclass(frozen=True)
class Correct:
    """Correct what is recorded of a year, at the revision that was seen; `reason` says why.

    What `figures` does not give stays as it is.
    """

    cooperative: str
    year: int
    revision: int
    reason: str
    figures: Figures

    async def __call__(self, work: Work) -> Recorded | Refused:
        """Carry it out; the new value, or why not."""
        found = await led(work, self.cooperative)
        if isinstance(found, Refused):
            return found
        before = await _current(work, found.id, self.year)
        if before is None:
            return Refused((_unknown(found, self.year),))
        if before["revision"] != self.revision:
            return changed_meanwhile(before["revision"])
        values = self._values(work, before)
        if isinstance(values, Refused):
            return values
        return await self._write(work, found, before, values)

    def _values(self, work: Work, before: Mapping[str, Any]) -> dict[str, Any] | Refused:
        """The columns of the new value, or every reason against it."""
        code = RefusalCode.TEXT_MALFORMED
        reason = checked_line(self.reason, code, "reason", longest=LONGEST_REASON)
        said = checked_figures(work.definition, self.figures)
        refused = [item.refusals for item in (reason, said) if isinstance(item, Refused)]
        if isinstance(reason, Refused) or isinstance(said, Refused):
            return Refused(tuple(item for each in refused for item in each))
        kept = {name: before[name] for name in NOTHING}
        values = corrected(kept, said)
        if values == kept:
            return unchanged()
        return Refused((_empty(),)) if is_empty(values) else {**values, "correction": reason}

    async def _write(
        self, work: Work, found: Led, before: Mapping[str, Any], values: Mapping[str, Any]
    ) -> Recorded:
        own = (RESULT.c.tenant_id == work.tenant_id, RESULT.c.id == before["id"])
        await work.count(COOPERATION, [found.id])
        await work.connection.execute(update(RESULT).where(*own).values(superseded_at=work.now))
        revision = self.revision + 1
        row = {**values, "year": self.year, "revision": revision}
        id_ = await _store(work, found.id, row)
        changed = [name for name in FIELDS if values[name] != before[name]]
        facts = {
            "code": found.code,
            "result": str(id_),
            "year": self.year,
            "revision": revision,
            "fields": [FIELDS[name] for name in changed],
        }
        kind = EventKind.COOPERATIVE_RESULT_CORRECTED
        work.events.append(Event(kind, found.leader_id, facts, cooperative_id=found.id))
        return Recorded(work.tenant_id, found.id, id_)


def corrected(before: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    """The values after a correction, without sales by channel that no longer give the total."""
    values = {**before, **said}
    if "sales" not in said and total_of(values["sales"]) != values["online_sales"]:
        values["sales"] = []
    return values


def is_empty(values: Mapping[str, Any]) -> bool:
    """Whether no measure is given."""
    return all(values[name] in (None, []) for name in MEASURES)


async def _current(work: Work, cooperative: uuid.UUID, year: int) -> Mapping[str, Any] | None:
    """The value that holds of a year; the cooperative's row, which is locked, keeps it so."""
    r = RESULT
    columns = (r.c.id, r.c.revision, *(r.c[name] for name in NOTHING))
    of = (r.c.tenant_id == work.tenant_id, r.c.cooperative_id == cooperative, r.c.year == year)
    statement = select(*columns).where(*of, r.c.superseded_at.is_(None))
    found = (await work.connection.execute(statement)).first()
    return None if found is None else dict(found._mapping)


async def _store(work: Work, cooperative: uuid.UUID, values: Mapping[str, Any]) -> uuid.UUID:
    """Add a row. What names a document is reported by it, else it is recorded here."""
    kind = DataKind.REAL if values["source"] is None else DataKind.REPORTED
    id_ = uuid7()
    row = {
        "tenant_id": work.tenant_id,
        "id": id_,
        "cooperative_id": cooperative,
        "recorded_at": work.now,
        "data_kind": kind.value,
        **values,
    }
    await work.connection.execute(insert(RESULT).values(row))
    return id_


def _wrong_year(found: Led, year: int, today: datetime.date) -> Iterator[Refusal]:
    first = FIRST_YEAR if found.founded_on is None else found.founded_on.year
    last = today if found.dissolved_on is None else min(today, found.dissolved_on - DAY)
    if not first <= year <= last.year:
        yield _about_year(
            RefusalCode.DATE_OUT_OF_RANGE,
            f"年度 {year} 不可用:应在 {first} 至 {last.year} 之间。",
            f"The year {year} cannot be: expected {first} to {last.year}.",
        )


def _exists(found: Led, year: int) -> Refusal:
    return _about_year(
        RefusalCode.RESULT_EXISTS,
        f"“{found.name}”{year} 年的成效已登记;请用 correctResult 更正。",
        f"The year {year} of {found.name!r} is recorded already; correct it with correctResult.",
    )


def _unknown(found: Led, year: int) -> Refusal:
    return _about_year(
        RefusalCode.RESULT_UNKNOWN,
        f"“{found.name}”{year} 年的成效尚未登记;请用 recordResult 登记。",
        f"The year {year} of {found.name!r} is not recorded; record it with recordResult.",
    )


def _about_year(code: RefusalCode, zh: str, en: str) -> Refusal:
    return Refusal(code, zh, en, ("input", "year"))


def _empty() -> Refusal:
    return Refusal(
        RefusalCode.RESULT_EMPTY,
        "没有任何指标;请至少给出一项。",
        "There is no measure; give one at least.",
    )
