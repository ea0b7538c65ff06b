"""Stamps: an issue that was played by the rules, to be told again of others, fast.

Everything that was written of the played issue is text with gaps: ids, organizations and people
(by their step of the ladder), the reporter, the number, moments. What fills them moves the whole
story to another ladder of the same levels and some minutes to and fro on the same days, so that
it is as lawful as it was: the same actions by people of the same posts, with the same deadlines.
"""

import datetime
import re
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from seeds.chance import Chance
from seeds.events import Happened, event_rows
from seeds.issues import HANDLER_ROW, ISSUE_ROW, NOTE_ROW
from seeds.ladders import Ladder
from seeds.rows import columns_of
from seeds.texts import json_text, line
from tenants.calendar import CHINA, is_working
from tenants.catalogue import Category, Service
from tenants.workflow import TimeUnit

FURTHEST = 3 * 3600
"""Seconds by which a story is moved at most."""

_DAY = 24 * 3600
_TITLE, _DESCRIPTION = "\x01title\x01", "\x01description\x01"
_GAPS = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    r"|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?\+00:00"
    r"|sample-resident-[0-9]+|demo-resident-[a-z]+|sample-desk-[0-9A-Za-z-]+"
    r"|[A-Z]+-[0-9]{8}-[0-9]{6}|\x01[a-z]+\x01"
)


class UnfitError(ValueError):
    """A story that tells of something that other ladders do not have."""


@dataclass(frozen=True)
class Story:
    """A played issue: its row, its notes and co-handlers, its events in order."""

    row: Mapping[str, Any]
    category: Category
    service: Service
    notes: Sequence[Mapping[str, Any]]
    handlers: Sequence[Mapping[str, Any]]
    events: Sequence[Happened]


@dataclass(frozen=True)
class Text:
    """A line with gaps; `gaps` picks what fills them."""

    format: str
    gaps: Any

    def filled(self, values: Sequence[str]) -> str:
        """The line with these values."""
        line: str = self.format % self.gaps(values)
        return line


class Stamp:
    """One story as text with gaps.

    Errors: `UnfitError` where it is not only of its ladder.
    """

    def __init__(self, story: Story, ladder: Ladder, tenant_id: int) -> None:
        self.row, self.category, self.service = story.row, story.category, story.service
        self.levels = tuple(step.place.level for step in ladder)
        self._known = _known(ladder)
        self._number = str(story.row["number"])
        self._tokens: dict[str, int] = {self._number: 0, _TITLE: 2, _DESCRIPTION: 3}
        self._fillers: list[tuple[Any, ...]] = [()] * 4
        self._moments: list[datetime.datetime] = []
        hidden = {"title": _TITLE, "description": _DESCRIPTION}
        row = {**story.row, **hidden, "answers": json_text(story.row["answers"])}
        self.issue = self._text(line(columns_of([row], ISSUE_ROW)[0]))
        self.notes = [self._text(line(row)) for row in columns_of(story.notes, NOTE_ROW)]
        self.handlers = [self._text(line(row)) for row in columns_of(story.handlers, HANDLER_ROW)]
        word = (tenant_id, "\x02", story.row["reported_at"], story.row["id"], "")
        self.words = self._text(line(word))
        rows = event_rows(tenant_id, story.events, 0)
        self.events = [
            (_seconds(row[2]), self._text(line((row[0],)) + "\t\x02\t" + line(row[2:])))
            for row in rows
        ]
        self.day = story.row["reported_at"].astimezone(CHINA).date()
        self.reported = _seconds(story.row["reported_at"])
        self.low, self.high = (0, 0) if _stands_still(story) else self._room()
        self._known = {}

    def values(
        self, ladder: Ladder, shift: int, chance: Chance, number: str, reporter: str,
        title: str, description: str | None,
    ) -> list[str]:  # fmt: skip
        """What fills the gaps for another issue, in order."""
        given = [number, reporter, title, "\\N" if description is None else description]
        return given + [fill(part, ladder, shift, chance) for fill, part in self._fillers[4:]]

    def _text(self, text: str) -> Text:
        """A line with its gaps found.

        Errors: `UnfitError`.
        """
        gaps: list[int] = []

        def found(match: "re.Match[str]") -> str:
            gaps.append(self._gap(match[0]))
            return "%s"

        return Text(_GAPS.sub(found, text.replace("%", "%%")), _picking(gaps))

    def _gap(self, token: str) -> int:
        """The place of what fills a gap."""
        known = self._tokens.get(token)
        if known is None:
            if "resident" in token:
                known = 1
            else:
                known = len(self._fillers)
                self._fillers.append(self._filler(token))
            self._tokens[token] = known
        return known

    def _filler(self, token: str) -> tuple[Any, ...]:
        if token in self._known:
            return self._known[token]
        if token[10] == "T":
            moment = datetime.datetime.fromisoformat(token)
            self._moments.append(moment)
            return _moved, moment
        id_ = uuid.UUID(token) if len(token) == 36 else None
        if id_ is None or id_.version != 7:
            raise UnfitError(f"{token} is not on the ladder of {self._number}")
        return _new_id, id_.int >> 80

    def _room(self) -> tuple[int, int]:
        """By how many seconds everything can be moved without leaving its day."""
        places = [_seconds(moment) + 8 * 3600 for moment in self._moments]
        low = min(FURTHEST, *(int(place % _DAY) for place in places))
        high = min(FURTHEST, *(int(_DAY - 1 - place % _DAY) for place in places))
        return -low, high


_STARTS = ("started_at", "service_started_at")


def _stands_still(story: Story) -> bool:
    """Whether a clock of working days begins, or may be paused, on a day off.

    It stands still then: moving the beginning would not move the end.
    """
    sets = [story.row, *(happened.event.about["set"] for happened in story.events)]
    if all(own.get("unit") != TimeUnit.WORKING_DAYS for own in sets):
        return False
    starts = {own[name] for own in sets for name in _STARTS if own.get(name) is not None}
    if story.row["pauses"]:
        starts |= {happened.at for happened in story.events}
    return not all(is_working(_day(moment)) for moment in starts)


def _day(moment: datetime.datetime | str) -> datetime.date:
    if isinstance(moment, str):
        moment = datetime.datetime.fromisoformat(moment)
    return moment.astimezone(CHINA).date()


def _known(ladder: Ladder) -> dict[str, tuple[Any, ...]]:
    """What may stand in a story besides its own ids: organizations, people and desks."""
    known: dict[str, tuple[Any, ...]] = {}
    for at, step in enumerate(ladder):
        known[step.id] = (_organization, at)
        known[f"sample-desk-{step.place.code}"] = (_desk, at)
        for kind, people in step.staff.items():
            for number, person in enumerate(people):
                known[person] = (_person, (at, kind, number))
    return known


def _organization(at: int, ladder: Ladder, shift: int, chance: Chance) -> str:
    return ladder[at].id


def _desk(at: int, ladder: Ladder, shift: int, chance: Chance) -> str:
    return f"sample-desk-{ladder[at].place.code}"


def _person(part: tuple[int, str, int], ladder: Ladder, shift: int, chance: Chance) -> str:
    at, kind, number = part
    return ladder[at].staff[kind][number]


def _moved(moment: datetime.datetime, ladder: Ladder, shift: int, chance: Chance) -> str:
    return (moment + datetime.timedelta(0, shift)).isoformat()


def _new_id(moment: int, ladder: Ladder, shift: int, chance: Chance) -> str:
    """An id of the seventh kind, whose beginning is a moment in milliseconds."""
    begin = f"{moment + 1000 * shift:012x}"
    one, other = int(chance.share() * 2**50), int(chance.share() * 2**24)
    return (
        f"{begin[:8]}-{begin[8:]}-7{one & 0xFFF:03x}-"
        f"{8 | one >> 12 & 3:x}{one >> 14 & 0xFFF:03x}-{one >> 26:06x}{other:06x}"
    )


def _picking(gaps: Sequence[int]) -> Any:
    """What picks the values of gaps, as a tuple."""
    if len(gaps) == 1:
        (only,) = gaps
        return lambda values: (values[only],)
    return itemgetter(*gaps) if gaps else lambda values: ()


def _seconds(moment: Any) -> float:
    found: float = moment.timestamp()
    return found


def stories(
    rows: Iterable[Mapping[str, Any]],
    notes: Iterable[Mapping[str, Any]],
    handlers: Iterable[Mapping[str, Any]],
    events: Iterable[Happened],
    services: Mapping[str, tuple[Category, Service]],
) -> Iterator[Story]:
    """The stories of a play, each whole; those that meet others are left out."""
    of_notes, of_handlers = _grouped(notes), _grouped(handlers)
    told: dict[Any, list[Happened]] = {}
    for happened in events:
        told.setdefault(happened.event.issue_id, []).append(happened)
    for row in rows:
        id_, own = row["id"], told[row["id"]]
        if row["merged_into"] is None and not row["supporters"]:
            pair = services[row["service"]]
            yield Story(row, *pair, of_notes.get(id_, []), of_handlers.get(id_, []), own)


def _grouped(rows: Iterable[Mapping[str, Any]]) -> dict[Any, list[Mapping[str, Any]]]:
    found: dict[Any, list[Mapping[str, Any]]] = {}
    for row in rows:
        found.setdefault(row["issue_id"], []).append(row)
    return found
