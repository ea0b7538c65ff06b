"""Time limits: against the library's word on single days, and by the laws of clocks."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import chinese_calendar  # type: ignore[import-untyped]
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenants.calendar import (
    CHINA,
    day_of,
    due_at,
    elapsed,
    in_utc,
    is_official,
    is_preliminary,
    is_working,
    length,
    moved,
    shifted,
)
from tenants.workflow import TimeLimit, TimeUnit
from tests.docs.documents import table

HOURS, DAYS, WORKING_DAYS = TimeUnit.HOURS, TimeUnit.DAYS, TimeUnit.WORKING_DAYS
FIRST, LAST = (edge(chinese_calendar.holidays).year for edge in (min, max))
INSTANT = timedelta(microseconds=1)

laws = settings(max_examples=300, deadline=None, database=None)
days = st.dates(date(FIRST - 1, 1, 1), date(LAST + 2, 12, 31))
moments = st.one_of(
    st.datetimes(datetime(FIRST - 1, 1, 1), datetime(LAST + 2, 12, 31), timezones=st.just(UTC)),
    days.map(lambda day: datetime.combine(day, time(), CHINA)),
)
spans = st.timedeltas(timedelta(0), timedelta(days=500)) | st.integers(0, 500).map(timedelta)
units = st.sampled_from(TimeUnit)
limits = st.builds(TimeLimit, amount=st.integers(1, 60) | st.just(10_000), unit=units)


def china(text: str) -> datetime:
    """A moment as clocks in China show it."""
    return datetime.fromisoformat(text).replace(tzinfo=CHINA)


@cache
def worked(day: date) -> bool:
    """What the library says of a day, and of those that it does not know, the week."""
    if FIRST <= day.year <= LAST:
        return bool(chinese_calendar.is_workday(day))
    return day.weekday() < 5


def walked(start: datetime, end: datetime) -> timedelta:
    """The time from `start` to `end` that lies in working days, day by day."""
    found, at, end = timedelta(0), start.astimezone(CHINA), end.astimezone(CHINA)
    while at < end:
        midnight = datetime.combine(at.date() + timedelta(1), time(), CHINA)
        if worked(at.date()):
            found += min(midnight, end) - at
        at = midnight
    return found


@pytest.mark.parametrize(
    ("day", "detail"),
    [
        # 国庆、中秋 2025: 1–8 October, for which a Sunday before and a Saturday after are worked
        (date(2025, 9, 27), (True, None)),
        (date(2025, 9, 28), (False, "National Day")),
        (date(2025, 9, 30), (False, None)),
        (date(2025, 10, 1), (True, "National Day")),
        (date(2025, 10, 6), (True, "Mid-autumn Festival")),
        (date(2025, 10, 8), (True, "National Day")),
        (date(2025, 10, 9), (False, None)),
        (date(2025, 10, 11), (False, "National Day")),
        (date(2025, 10, 12), (True, None)),
        # 元旦 2026: 1–3 January, for which the Sunday after is worked
        (date(2026, 1, 1), (True, "New Year's Day")),
        (date(2026, 1, 3), (True, "New Year's Day")),
        (date(2026, 1, 4), (False, "New Year's Day")),
        # 春节 2026: 15–23 February, for which the Saturdays before and after are worked
        (date(2026, 2, 14), (False, "Spring Festival")),
        (date(2026, 2, 15), (True, "Spring Festival")),
        (date(2026, 2, 23), (True, "Spring Festival")),
        (date(2026, 2, 24), (False, None)),
        (date(2026, 2, 28), (False, "Spring Festival")),
        (date(2026, 3, 1), (True, None)),
    ],
)
def test_days_that_are_exchanged(day: date, detail: tuple[bool, str | None]) -> None:
    """A day off in the week is no working day, a Saturday or Sunday made up for it is one."""
    assert chinese_calendar.get_holiday_detail(day) == detail
    assert is_working(day) is not detail[0]


def test_every_day_that_the_library_knows() -> None:
    """Each day of the years that are announced is worked as the library says."""
    known = chinese_calendar.get_dates(date(FIRST, 1, 1), date(LAST, 12, 31))
    off = [day for day in known if not is_working(day)]
    assert off == chinese_calendar.get_holidays(date(FIRST, 1, 1), date(LAST, 12, 31))
    assert all(map(is_official, known))


@given(st.dates(max_value=date(FIRST - 1, 12, 31)) | st.dates(date(LAST + 1, 1, 1)))
@laws
def test_years_that_are_not_announced(day: date) -> None:
    """Elsewhere weekdays are worked and weekends are not, and the days are not official."""
    assert is_working(day) is (day.weekday() < 5)
    assert not is_official(day)


@pytest.mark.parametrize(
    ("start", "amount", "unit", "due"),
    [
        # a plain week
        ("2026-03-06 16:00", 1, WORKING_DAYS, "2026-03-09 16:00"),
        ("2026-03-07 10:00", 1, WORKING_DAYS, "2026-03-10 00:00"),
        ("2026-03-07 10:00", 5, WORKING_DAYS, "2026-03-14 00:00"),
        ("2026-03-09 00:00", 5, WORKING_DAYS, "2026-03-14 00:00"),
        ("2026-03-09 00:01", 5, WORKING_DAYS, "2026-03-16 00:01"),
        # 国庆 2025
        ("2025-09-26 16:00", 1, WORKING_DAYS, "2025-09-28 16:00"),
        ("2025-09-30 16:00", 1, WORKING_DAYS, "2025-10-09 16:00"),
        ("2025-10-05 12:00", 1, WORKING_DAYS, "2025-10-10 00:00"),
        ("2025-10-10 16:00", 1, WORKING_DAYS, "2025-10-11 16:00"),
        ("2025-10-10 16:00", 2, WORKING_DAYS, "2025-10-13 16:00"),
        # 元旦 2026
        ("2025-12-31 16:00", 1, WORKING_DAYS, "2026-01-04 16:00"),
        # 春节 2026
        ("2026-02-13 16:00", 1, WORKING_DAYS, "2026-02-14 16:00"),
        ("2026-02-13 16:00", 2, WORKING_DAYS, "2026-02-24 16:00"),
        ("2026-02-27 16:00", 1, WORKING_DAYS, "2026-02-28 16:00"),
        ("2026-02-27 16:00", 2, WORKING_DAYS, "2026-03-02 16:00"),
        # days and hours run always
        ("2026-02-13 16:00", 1, DAYS, "2026-02-14 16:00"),
        ("2026-02-13 16:00", 10, DAYS, "2026-02-23 16:00"),
        ("2026-02-13 16:00", 36, HOURS, "2026-02-15 04:00"),
    ],
)
def test_due(start: str, amount: int, unit: TimeUnit, due: str) -> None:
    """Working days leave out weekends and holidays, and take in the days made up for them."""
    assert due_at(china(start), TimeLimit(amount=amount, unit=unit)) == china(due)


def _shown(text: str) -> datetime:
    """A moment as the documents write it, with the right day of the week."""
    moment = china(text.partition(" ")[2])
    assert f"{moment:%A %Y-%m-%d %H:%M}" == text
    return moment


@pytest.mark.parametrize(
    ("reported", "limit", "due", "why"), table("docs/tenants.md", "Time limits 时限")
)
def test_documented_examples(reported: str, limit: str, due: str, why: str) -> None:
    """The guide to tenant files shows when limits are due."""
    amount, unit = limit.replace("`", "").split()
    counted = TimeLimit(amount=int(amount), unit=TimeUnit(unit))
    assert due_at(_shown(reported), counted) == _shown(due), why


def test_a_limit_of_many_years() -> None:
    """Ten thousand working days from the first that is known are counted, not guessed."""
    start = datetime.combine(date(FIRST, 1, 1), time(), CHINA)
    due = due_at(start, TimeLimit(amount=10_000, unit=WORKING_DAYS))
    assert walked(start, due) == timedelta(10_000)
    assert walked(start, due - INSTANT) == timedelta(10_000) - INSTANT


@given(moments, spans)
@laws
def test_elapsed_working_days(start: datetime, span: timedelta) -> None:
    """The clock of working days runs through each of them, and stands still in between."""
    assert elapsed(start, start + span, WORKING_DAYS) == walked(start, start + span)


@given(moments, spans, st.sampled_from([DAYS, HOURS]))
@laws
def test_elapsed_days_and_hours(start: datetime, span: timedelta, unit: TimeUnit) -> None:
    """The clock of days and hours runs always."""
    assert elapsed(start, start + span, unit) == span


@given(moments, limits)
@laws
def test_due_is_the_first_moment_when_the_limit_is_used_up(
    start: datetime, limit: TimeLimit
) -> None:
    """The clock shows the limit's length when it is due, and less an instant before."""
    due = due_at(start, limit)
    assert elapsed(start, due, limit.unit) == length(limit)
    assert elapsed(start, due - INSTANT, limit.unit) == length(limit) - INSTANT
    assert due.tzinfo is UTC


@given(moments, moments, moments, units)
@laws
def test_elapsed_adds_up(a: datetime, b: datetime, c: datetime, unit: TimeUnit) -> None:
    """Stretches of time add up on each clock, those that go back too."""
    assert elapsed(a, b, unit) + elapsed(b, c, unit) == elapsed(a, c, unit)
    assert elapsed(b, a, unit) == -elapsed(a, b, unit)


@given(moments, moments, limits, st.integers(0, 30))
@laws
def test_due_keeps_order(a: datetime, b: datetime, limit: TimeLimit, more: int) -> None:
    """What begins later or has more time is never due earlier."""
    a, b = min(a, b), max(a, b)
    longer = limit.model_copy(update={"amount": limit.amount + more})
    assert due_at(a, limit) <= due_at(b, limit) <= due_at(b, longer)


@given(moments, spans, spans, units)
@laws
def test_moves_add_up(start: datetime, one: timedelta, other: timedelta, unit: TimeUnit) -> None:
    """Two moves are one, and a move back undoes a move on the clock."""
    there = moved(start, one, unit)
    assert moved(there, other, unit) == moved(start, one + other, unit)
    back = moved(there, -one, unit)
    assert elapsed(start, back, unit) == timedelta(0)
    assert moved(back, one, unit) == there


@given(moments, moments, spans, spans, units)
@laws
def test_adjacent_pauses(
    due: datetime, start: datetime, one: timedelta, other: timedelta, unit: TimeUnit
) -> None:
    """Two pauses, one right after the other, give back what one pause gives; no more, no less."""
    middle, end = start + one, start + one + other
    shift = shifted(due, start, end, unit)
    assert shifted(shifted(due, start, middle, unit), middle, end, unit) == shift
    assert elapsed(due, shift, unit) == elapsed(start, end, unit)


@given(moments, spans, limits)
@laws
def test_a_pause_as_if_the_start_were_later(
    start: datetime, span: timedelta, limit: TimeLimit
) -> None:
    """A limit that is paused at once is due as if it began when the pause ends."""
    end = start + span
    shift = shifted(due_at(start, limit), start, end, limit.unit)
    assert shift == due_at(end, limit)


@given(moments, moments, moments, spans, units)
@laws
def test_pauses_keep_order(
    a: datetime, b: datetime, start: datetime, span: timedelta, unit: TimeUnit
) -> None:
    """A pause never brings a deadline forward, nor changes which of two is earlier."""
    a, b = min(a, b), max(a, b)
    end = start + span
    assert a <= shifted(a, start, end, unit) <= shifted(b, start, end, unit)


@pytest.mark.parametrize(
    ("due", "unit", "preliminary"),
    [
        (f"{LAST}-12-31 23:59", WORKING_DAYS, False),
        (f"{LAST + 1}-01-01 00:00", WORKING_DAYS, False),
        (f"{LAST + 1}-01-01 00:01", WORKING_DAYS, True),
        (f"{LAST + 1}-01-01 00:01", DAYS, False),
        (f"{LAST + 1}-01-01 00:01", HOURS, False),
    ],
)
def test_preliminary(due: str, unit: TimeUnit, preliminary: bool) -> None:
    """A deadline is preliminary where it counts on days of a year that is not announced."""
    assert is_preliminary(china(due), unit) is preliminary
    assert is_preliminary(china(due).astimezone(UTC), unit) is preliminary


@given(st.datetimes(datetime(1992, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)))
@laws
def test_china_has_no_summer_time(moment: datetime) -> None:
    """Days begin when they begin in Asia/Shanghai, in every season."""
    assert day_of(moment) == moment.astimezone(ZoneInfo("Asia/Shanghai")).date()


def test_another_place_on_earth() -> None:
    """A moment may have any offset: a day in which clocks elsewhere skip an hour has 24 too."""
    start = datetime(2026, 3, 7, 12, tzinfo=ZoneInfo("America/New_York"))
    due = due_at(start, TimeLimit(amount=1, unit=DAYS))
    assert due == datetime(2026, 3, 8, 17, tzinfo=UTC)
    assert elapsed(start, due.astimezone(ZoneInfo("America/New_York")), DAYS) == timedelta(1)


NAIVE, AWARE = datetime(2026, 3, 6, 16), datetime(2026, 3, 6, 16, tzinfo=UTC)


@pytest.mark.parametrize(
    "call",
    [
        lambda unit: due_at(NAIVE, TimeLimit(amount=1, unit=unit)),
        lambda unit: elapsed(NAIVE, AWARE, unit),
        lambda unit: elapsed(AWARE, NAIVE, unit),
        lambda unit: moved(NAIVE, timedelta(0), unit),
        lambda unit: shifted(NAIVE, AWARE, AWARE, unit),
        lambda unit: shifted(AWARE, NAIVE, AWARE, unit),
        lambda unit: shifted(AWARE, AWARE, NAIVE, unit),
        lambda unit: day_of(NAIVE),
        lambda unit: in_utc(NAIVE),
    ],
)
@pytest.mark.parametrize("unit", list(TimeUnit))
def test_moments_without_an_offset(call: Callable[[TimeUnit], object], unit: TimeUnit) -> None:
    """A moment without an offset is refused by name, as it could be any."""
    said = (
        "got 2026-03-06 16:00:00, without an offset; expected one, e.g. 2026-03-06 16:00:00+00:00"
    )
    with pytest.raises(ValueError, match=f"^{re.escape(said)}$"):
        call(unit)


def test_a_pause_that_ends_before_it_begins() -> None:
    """Such a pause is refused, as it would bring the deadline forward."""
    said = "got a pause from 2026-03-06 16:00:00+00:00 to 2026-03-06 15:59:59+00:00; expected"
    with pytest.raises(ValueError, match=re.escape(said)):
        shifted(AWARE, AWARE, AWARE - timedelta(seconds=1), WORKING_DAYS)


@pytest.mark.parametrize("ask", [is_working, is_official])
def test_a_moment_is_not_a_day(ask: Callable[[date], bool]) -> None:
    """A moment instead of a day is refused: which day it is depends on the place."""
    with pytest.raises(TypeError, match=r"expected a day: day_of\(moment\)$"):
        ask(AWARE)
