"""The clocks that time limits count on: hours and days, and China's working days.

Days are those of Asia/Shanghai, eight hours before UTC: China has had no summer time since 1991.
The clock of working days runs through the 24 hours of each and stands still in between. Which days
are worked is what the State Council announces each autumn for the year to come (调休 included), as
the library `chinesecalendar` knows it; in other years, Monday to Friday.

Moments have an offset, any; those given back are in UTC.
"""

from bisect import bisect_left
from datetime import UTC, date, datetime, timedelta, timezone

from chinese_calendar import holidays, workdays  # type: ignore[import-untyped]

from tenants.workflow import TimeLimit, TimeUnit

CHINA = timezone(timedelta(hours=8), "Asia/Shanghai")


def due_at(start: datetime, limit: TimeLimit) -> datetime:
    """The moment at which a limit that counts from `start` is used up, the earliest such.

    What ends with a working day ends at its midnight, not when the next one begins.

    Errors: `ValueError` where `start` has no offset; `OverflowError` after the year 9999.
    """
    return moved(start, length(limit), limit.unit)


def length(limit: TimeLimit) -> timedelta:
    """How long a limit is on its clock; a working day has 24 hours."""
    if limit.unit == TimeUnit.HOURS:
        return timedelta(hours=limit.amount)
    return timedelta(days=limit.amount)


def elapsed(start: datetime, end: datetime, unit: TimeUnit) -> timedelta:
    """How far the clock of `unit` runs from `start` to `end`; less than 0 if `end` is earlier.

    Errors: `ValueError` where a moment has no offset.
    """
    start, end = in_utc(start), in_utc(end)
    if unit == TimeUnit.WORKING_DAYS:
        return _reading(end) - _reading(start)
    return end - start


def moved(moment: datetime, span: timedelta, unit: TimeUnit) -> datetime:
    """The earliest moment when the clock of `unit` shows `span` more than at `moment`, or less.

    A span of 0 is `moment` itself.

    Errors: `ValueError` where `moment` has no offset; `OverflowError` outside the years 1–9999.
    """
    moment = in_utc(moment)
    if span and unit == TimeUnit.WORKING_DAYS:
        return _moment(_reading(moment) + span)
    return moment + span


def shifted(due: datetime, start: datetime, end: datetime, unit: TimeUnit) -> datetime:
    """The due date after a pause from `start` to `end`: what the clock ran meanwhile is given back.

    Errors: `ValueError` where the pause ends before it begins, or a moment has no offset.
    """
    if in_utc(end) < in_utc(start):
        raise ValueError(f"got a pause from {start} to {end}; expected one that ends later")
    return moved(due, elapsed(start, end, unit), unit)


def is_working(day: date) -> bool:
    """Whether `day`, of Asia/Shanghai, is a working day; where not announced, Monday to Friday.

    Errors: `TypeError` where `day` is a moment.
    """
    number = _number(day)
    return _before(number + 1) > _before(number)


def is_official(day: date) -> bool:
    """Whether the working days of the year of `day` are announced, and known to the library.

    Where they are not, a deadline in working days is preliminary. The announcement of the next
    year may still exchange the last days of this one (as it did on 29 and 31 December 2018).

    Errors: `TypeError` where `day` is a moment.
    """
    return _plain(day).year in _OFFICIAL


def is_preliminary(due: datetime, unit: TimeUnit) -> bool:
    """Whether a deadline counts on working days that are not announced yet.

    Errors: `ValueError` where `due` has no offset.
    """
    return unit == TimeUnit.WORKING_DAYS and not is_official(day_of(due - _INSTANT))


def day_of(moment: datetime) -> date:
    """The day that it is in Asia/Shanghai.

    Errors: `ValueError` where `moment` has no offset.
    """
    return in_utc(moment).astimezone(CHINA).date()


def in_utc(moment: datetime) -> datetime:
    """The same moment in UTC.

    Errors: `ValueError` where `moment` has no offset, and so could be any.
    """
    if moment.tzinfo is UTC:
        return moment
    if moment.utcoffset() is None:
        raise ValueError(f"got {moment}, without an offset; expected one, e.g. {moment}+00:00")
    return moment.astimezone(UTC)


# Days have numbers: 0 is the Monday that begins at _ORIGIN.
_ORIGIN = datetime(2001, 1, 1, tzinfo=CHINA).astimezone(UTC)
_INSTANT = timedelta(microseconds=1)
_HOLIDAYS: frozenset[date] = frozenset(holidays)
_MADE_UP: frozenset[date] = frozenset(workdays)
# a year's announcement has its national day; a stray January may come with the year before
_OFFICIAL = frozenset(day.year for day in _HOLIDAYS if (day.month, day.day) == (10, 1))


def _plain(day: date) -> date:
    if isinstance(day, datetime):
        raise TypeError(f"got the moment {day!r}; expected a day: day_of(moment)")
    return day


def _number(day: date) -> int:
    return (_plain(day) - date(2001, 1, 1)).days


def _announced() -> tuple[int, list[int], int]:
    """The first day of the years that the library knows, their working days, the day after."""
    years = [day.year for day in _HOLIDAYS | _MADE_UP]
    first, end = _number(date(min(years), 1, 1)), _number(date(max(years) + 1, 1, 1))
    off, on = {_number(day) for day in _HOLIDAYS}, {_number(day) for day in _MADE_UP}
    days = range(first, end)
    return first, [at for at in days if at in on or (at % 7 < 5 and at not in off)], end


def _weekdays(day: int) -> int:
    """How many days from Monday to Friday there are before `day`, counted from day 0."""
    weeks, rest = divmod(day, 7)
    return 5 * weeks + min(rest, 5)


def _weekday(count: int) -> int:
    """The day from Monday to Friday before which there are `count`."""
    weeks, rest = divmod(count, 5)
    return 7 * weeks + rest


_FIRST, _WORKING, _END = _announced()
_OFFSET = _weekdays(_FIRST)
_OFFSET_AFTER = _weekdays(_END) - len(_WORKING)


def _before(day: int) -> int:
    """How many working days there are before `day`, counted from the first that is known."""
    if day < _FIRST:
        return _weekdays(day) - _OFFSET
    if day >= _END:
        return _weekdays(day) - _OFFSET_AFTER
    return bisect_left(_WORKING, day)


def _working(count: int) -> int:
    """The working day before which there are `count`."""
    if count < 0:
        return _weekday(count + _OFFSET)
    if count >= len(_WORKING):
        return _weekday(count + _OFFSET_AFTER)
    return _WORKING[count]


def _reading(moment: datetime) -> timedelta:
    """What the clock of working days shows; at 0 the first known year begins."""
    passed = moment - _ORIGIN
    count = _before(passed.days)
    if _before(passed.days + 1) == count:
        return timedelta(count)
    return timedelta(count, passed.seconds, passed.microseconds)


def _moment(reading: timedelta) -> datetime:
    """The earliest moment at which the clock of working days shows `reading`."""
    within = timedelta(0, reading.seconds, reading.microseconds)
    if within:
        return _ORIGIN + timedelta(_working(reading.days)) + within
    return _ORIGIN + timedelta(_working(reading.days - 1) + 1)
