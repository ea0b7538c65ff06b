"""Issues by the hundred thousand: some are played by the rules, and told again as stamps."""

import datetime
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from schema.issues.numbering import number
from schema.words import places
from seeds.chance import Chance
from seeds.ladders import Ladders
from seeds.pace import WINDOW
from seeds.play import Play, Reports
from seeds.quotas import Quota
from seeds.stamp import Stamp, UnfitError, stories
from seeds.texts import escaped
from seeds.titles import Titles
from tenants.calendar import CHINA

PLAYED = 6
"""Issues that are played for a day at most."""

FEWEST = 240
"""Issues that are played at least, so that every outcome is among them."""

RESIDENTS = 3
"""Issues a sample resident, on average."""

_PERSONA = 20
"""Issues of an order that are the demo's resident's."""

_OFFSET = 8 * 3600
_TRIES = 3
_SEVERAL = 12
_LONG = 5
"""From so many events on a story is told less often."""


@dataclass(frozen=True)
class Order:
    """A set of issues to be made: quotas, the services (None = all), when they were reported.

    They are reported in `days` days before `reported_until`, and lived through until `until`,
    both midnights of China. Another `key` makes others.
    """

    key: tuple[object, ...]
    quotas: Sequence[Quota]
    until: datetime.datetime
    reported_until: datetime.datetime
    days: int = WINDOW
    services: frozenset[str] | None = None

    @property
    def count(self) -> int:
        """Issues in all."""
        return sum(quota.count for quota in self.quotas)


@dataclass
class Printed:
    """Lines of some days by table; those of events lack their number (`\\x02` in its place)."""

    issues: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    handlers: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
    numbers: dict[datetime.date, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Printer:
    """Prints the orders of one city."""

    ladders: Ladders
    titles: Titles

    def print(self, order: Order, taken: Mapping[datetime.date, int]) -> Iterator[Printed]:
        """The issues day by day; `taken` are the last numbers that days have given already.

        Events come in order of time over all that is yielded.
        Errors: `RuntimeError` where no played issue fits a quota.
        """
        chance = Chance("bulk", *order.key, self.ladders.scene.tenant_id)
        days = self._drawn(order, chance)
        pending: defaultdict[int, list[tuple[float, int, str]]] = defaultdict(list)
        run = _Run(self, order, chance, pending)
        for day in sorted(days):
            printed = Printed()
            run.day(day, days[day], taken.get(day, 0), printed)
            for past in sorted(at for at in pending if at <= _day_number(day)):
                printed.events += _in_order(pending.pop(past))
            yield printed
        rest = Printed()
        for past in sorted(pending):
            rest.events += _in_order(pending[past])
        yield rest

    def _drawn(self, order: Order, chance: Chance) -> Mapping[datetime.date, list[Stamp]]:
        """Which stories are told again of which day, as often as the quotas say."""
        found = self._fitting(order)
        days: defaultdict[datetime.date, list[Stamp]] = defaultdict(list)
        for fitting, quota in zip(found, order.quotas, strict=True):
            bounds = list(accumulate(self._weights(fitting)))
            total = bounds[-1]
            for _ in range(quota.count):
                at = min(bisect_right(bounds, chance.share() * total), len(fitting) - 1)
                days[fitting[at].day].append(fitting[at])
        return days

    def _fitting(self, order: Order) -> list[list[Stamp]]:
        """The stories that fit each quota, several different ones if there are any."""
        played = max(FEWEST, min(PLAYED * order.days, order.count))
        for attempt in range(_TRIES):
            stamps = self._stamps(order, played * 3**attempt)
            found = [[s for s in stamps if quota.fits(s.row)] for quota in order.quotas]
            wanted = (min(_SEVERAL, quota.count) for quota in order.quotas)
            if all(len(own) >= least for own, least in zip(found, wanted, strict=True)):
                return found
        if all(found):
            return found
        raise RuntimeError(f"no issue of {order.key} came out as one of its quotas wants it")

    def _stamps(self, order: Order, count: int) -> list[Stamp]:
        scene = self.ladders.scene
        reports = Reports(order.services, order.reported_until, order.days, order.key)
        play = Play(scene, self.titles, 0, count, order.until, reports=reports).run()
        services = scene.definition.services
        made: list[Stamp] = []
        for story in stories(play.issues, play.notes, play.handlers, play.events, services):
            ladder = self.ladders.by_place[story.row["place_id"]]
            levels, ends = (step.place.level for step in ladder), story.row["organization_id"]
            below = any(step.place.id == ends for step in ladder[self.ladders.floor :])
            if below and tuple(levels) in self.ladders.by_levels:
                try:
                    made.append(Stamp(story, ladder, scene.tenant_id))
                except UnfitError:
                    continue
        return made

    def _weights(self, stamps: Sequence[Stamp]) -> Iterator[float]:
        """More for what many ladders have in common, less for what takes very long to tell."""
        alike: defaultdict[tuple[str, ...], int] = defaultdict(int)
        for stamp in stamps:
            alike[stamp.levels] += 1
        for stamp in stamps:
            ladders = len(self.ladders.by_levels[stamp.levels])
            longer = max(0, len(stamp.events) - _LONG)
            yield ladders / alike[stamp.levels] * 0.6**longer


@dataclass
class _Run:
    """One order being printed; events wait in `pending` by the number of their day."""

    printer: Printer
    order: Order
    chance: Chance
    pending: defaultdict[int, list[tuple[float, int, str]]]
    told: int = 0

    def day(
        self, day: datetime.date, stamps: Sequence[Stamp], taken: int, printed: Printed
    ) -> None:
        """All that is reported on one day, in order of time."""
        chance = self.chance
        moved = []
        for at, stamp in enumerate(stamps):
            shift = stamp.low + chance.number(stamp.high - stamp.low + 1)
            moved.append((stamp.reported + shift, at, shift))
        moved.sort()
        for _, at, shift in moved:
            taken += 1
            self._tell(stamps[at], shift, day, taken, printed)
        if moved:
            printed.numbers[day] = taken

    def _tell(
        self, stamp: Stamp, shift: int, day: datetime.date, taken: int, printed: Printed
    ) -> None:
        """One issue."""
        chance, titles, ladders = self.chance, self.printer.titles, self.printer.ladders
        ladder = chance.pick(ladders.by_levels[stamp.levels])
        place, definition = ladder[-1].place, ladders.scene.definition
        title = titles.title(stamp.category, stamp.service, place, chance)
        text = None
        if stamp.row["description"] is not None:
            text = titles.description(stamp.service, place, chance)
        values = stamp.values(
            ladder, shift, chance, number(definition, day, taken), self._reporter(),
            escaped(title), None if text is None else escaped(text),
        )  # fmt: skip
        printed.issues.append(stamp.issue.filled(values))
        printed.notes += [note.filled(values) for note in stamp.notes]
        printed.handlers += [handler.filled(values) for handler in stamp.handlers]
        head, tail = stamp.words.filled(values).split("\x02")
        printed.words += [f"{head}{pair}{tail}{at}" for pair, at in places(title, text)]
        for moment, event in stamp.events:
            at = moment + shift
            self.told += 1
            self.pending[int(at + _OFFSET) // 86400].append((at, self.told, event.filled(values)))

    def _reporter(self) -> str:
        count = self.order.count
        # whoever tries the demo as its resident finds some issues of its own
        if self.chance.is_one_of(min(0.02, _PERSONA / count)):
            return f"demo-resident-{self.printer.ladders.scene.definition.tenant.slug}"
        return f"sample-resident-{1 + self.chance.number(max(1, count // RESIDENTS))}"


def _in_order(told: list[tuple[float, int, str]]) -> list[str]:
    told.sort()
    return [line for _, _, line in told]


def _day_number(day: datetime.date) -> int:
    """The same number for a day as for the moments of it in China."""
    midnight = datetime.datetime.combine(day, datetime.time(), CHINA)
    return int(midnight.timestamp() + _OFFSET) // 86400
