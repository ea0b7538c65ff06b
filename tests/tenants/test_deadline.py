"""The clock of a deadline: what each transition changes, and what none may change."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenants.calendar import CHINA, elapsed, length
from tenants.deadline import (
    FURTHEST,
    Clock,
    DeadlineStatus,
    ExtensionRefused,
    start,
    status,
)
from tenants.workflow import TimeLimit, TimeUnit

HOURS, DAYS, WORKING_DAYS = TimeUnit.HOURS, TimeUnit.DAYS, TimeUnit.WORKING_DAYS
ZERO, INSTANT = timedelta(0), timedelta(microseconds=1)

laws = settings(max_examples=300, deadline=None, database=None)
gaps = st.one_of(
    st.timedeltas(ZERO, timedelta(days=12)),
    st.integers(0, 12).map(timedelta),
    st.just(ZERO),
)
limits = st.builds(TimeLimit, amount=st.integers(1, 40), unit=st.sampled_from(TimeUnit))
begins = st.one_of(
    st.datetimes(datetime(2025, 8, 1), datetime(2026, 12, 31), timezones=st.just(UTC)),
    st.dates(datetime(2025, 8, 1).date(), datetime(2026, 12, 31).date()).map(
        lambda day: datetime.combine(day, time(), CHINA)
    ),
)
steps = st.lists(
    st.tuples(st.sampled_from(["pause", "resume", "extend", "look"]), gaps, gaps), max_size=12
)


def china(text: str) -> datetime:
    """A moment as clocks in China show it."""
    return datetime.fromisoformat(text).replace(tzinfo=CHINA)


def started(now: datetime, amount: int, unit: TimeUnit, due_soon: int = 20) -> Clock:
    """A clock of a limit."""
    clock = start(now, TimeLimit(amount=amount, unit=unit), due_soon)
    assert clock is not None
    return clock


def taken(clock: Clock, step: str, now: datetime, more: timedelta) -> Clock:
    """The clock after a step; an extension that is refused is none."""
    if step == "pause":
        return clock.pause(now)
    if step == "resume":
        return clock.resume(now)
    if step == "extend":
        extended = clock.extend(now, max(clock.resume(now).due_at, now) + more)
        return clock if isinstance(extended, ExtensionRefused) else extended
    return clock


FRIDAY = started(china("2026-03-06 16:00"), 5, WORKING_DAYS)


def test_start() -> None:
    """A clock starts with its due date, and the moment when a fifth of the limit remains."""
    assert started(china("2026-03-06 16:00"), 5, WORKING_DAYS) == Clock(
        started_at=china("2026-03-06 16:00"),
        due_at=china("2026-03-13 16:00"),
        unit=WORKING_DAYS,
        warn_at=china("2026-03-12 16:00"),
        paused_at=None,
        pauses=0,
        extensions=0,
    )


def test_no_limit() -> None:
    """Where there is no limit there is no clock."""
    assert start(china("2026-03-06 16:00"), None) is None


@pytest.mark.parametrize(
    ("due_soon", "warn_at"),
    [
        (0, "2026-03-13 16:00"),
        (10, "2026-03-13 04:00"),
        (50, "2026-03-11 04:00"),
        (100, "2026-03-06 16:00"),
    ],
)
def test_the_share_that_warns(due_soon: int, warn_at: str) -> None:
    """The warning comes when the city's share of the limit remains, on the clock."""
    clock = started(china("2026-03-06 16:00"), 5, WORKING_DAYS, due_soon)
    assert clock == replace(FRIDAY, warn_at=china(warn_at))


@pytest.mark.parametrize("due_soon", [-1, 101])
def test_a_share_that_is_none(due_soon: int) -> None:
    """A share below nothing or above everything is refused, without a limit too."""
    said = rf"^due_soon: got {due_soon}; expected a percentage from 0 to 100$"
    with pytest.raises(ValueError, match=said):
        start(china("2026-03-06 16:00"), None, due_soon)


def test_a_pause_over_a_weekend() -> None:
    """A pause gives back the working time that it took: six hours of Friday, eight of Monday."""
    paused = FRIDAY.pause(china("2026-03-06 18:00"))
    assert paused == replace(FRIDAY, paused_at=china("2026-03-06 18:00"), pauses=1)
    assert paused.resume(china("2026-03-09 08:00")) == replace(
        FRIDAY,
        due_at=china("2026-03-16 06:00"),
        warn_at=china("2026-03-13 06:00"),
        pauses=1,
    )


def test_an_extension() -> None:
    """An extension sets the due date; the warning keeps its distance on the clock."""
    assert FRIDAY.extend(china("2026-03-10 09:00"), china("2026-03-16 12:00")) == replace(
        FRIDAY,
        due_at=china("2026-03-16 12:00"),
        warn_at=china("2026-03-13 12:00"),
        extensions=1,
    )


def test_an_extension_during_a_pause() -> None:
    """The new due date stands as given; what the pause lasts from then on is added to it."""
    paused = FRIDAY.pause(china("2026-03-09 12:00"))
    extended = paused.extend(china("2026-03-10 12:00"), china("2026-03-18 12:00"))
    assert extended == replace(
        FRIDAY,
        due_at=china("2026-03-18 12:00"),
        warn_at=china("2026-03-17 12:00"),
        paused_at=china("2026-03-10 12:00"),
        pauses=1,
        extensions=1,
    )
    assert isinstance(extended, Clock)
    assert extended.resume(china("2026-03-10 15:00")).due_at == china("2026-03-18 15:00")


@pytest.mark.parametrize(
    ("clock", "now", "until", "after"),
    [
        (FRIDAY, "2026-03-10 09:00", "2026-03-13 16:00", "2026-03-13 16:00"),
        (FRIDAY, "2026-03-20 09:00", "2026-03-20 09:00", "2026-03-20 09:00"),
        (FRIDAY, "2026-03-10 09:00", "9999-12-31 00:00", "2026-03-13 16:00"),
        (
            FRIDAY.pause(china("2026-03-09 12:00")),
            "2026-03-10 12:00",
            "2026-03-14 00:00",
            "2026-03-16 16:00",
        ),
    ],
)
def test_an_extension_that_is_none(clock: Clock, now: str, until: str, after: str) -> None:
    """An end that is not later than it is due, or past, or beyond all measure, is refused."""
    first = china(after)
    refused = ExtensionRefused(china(until), first, first + FURTHEST)
    assert clock.extend(china(now), china(until)) == refused
    assert not refused


def test_what_a_refused_extension_says() -> None:
    """It names what was given and what may be, in Chinese and English, by the time of China."""
    refused = FRIDAY.extend(china("2026-03-10 09:00"), china("2026-03-13 16:00"))
    assert isinstance(refused, ExtensionRefused)
    assert refused.zh == (
        "不能延期至2026-03-13 16:00:00;"
        "请选择晚于2026-03-13 16:00:00、不晚于2053-07-29 16:00:00的时间(北京时间)。"
    )
    assert refused.en == (
        "An extension until 2026-03-13 16:00:00 is not possible; give a time after "
        "2026-03-13 16:00:00 and not after 2053-07-29 16:00:00 (China time)."
    )


PAUSED = FRIDAY.pause(china("2026-03-09 12:00"))
OVERDUE = FRIDAY.pause(china("2026-03-13 16:01"))


@pytest.mark.parametrize("now", ["2026-03-06 16:00", "2026-03-10 12:00", "2026-04-01 12:00"])
def test_what_does_not_concern_a_clock(now: str) -> None:
    """A pause of a paused clock, and a resumption or stop of a running one, change nothing."""
    assert PAUSED.pause(china(now)) is PAUSED
    assert FRIDAY.resume(china(now)) is FRIDAY
    assert FRIDAY.stop(china(now)) is FRIDAY


def test_a_server_whose_time_is_behind() -> None:
    """A resumption before the pause began gives nothing back, and takes nothing away."""
    assert PAUSED.resume(china("2026-03-09 11:00")) == replace(FRIDAY, pauses=1)


def test_a_pause_of_an_overdue_clock() -> None:
    """A pause that begins too late gives nothing back."""
    assert OVERDUE.resume(china("2026-03-20 16:00")) == replace(FRIDAY, pauses=1)


def test_a_pause_at_the_last_moment() -> None:
    """A pause that begins when it is due begins in time, and is given back."""
    resumed = FRIDAY.pause(FRIDAY.due_at).resume(china("2026-03-16 08:00"))
    assert resumed == replace(
        FRIDAY, due_at=china("2026-03-16 08:00"), warn_at=china("2026-03-13 08:00"), pauses=1
    )


def test_a_due_date_on_a_day_off() -> None:
    """Extended to a Sunday and paused until the evening, it is due when it resumes."""
    extended = FRIDAY.extend(china("2026-03-10 09:00"), china("2026-03-15 12:00"))
    assert isinstance(extended, Clock)
    resumed = extended.pause(china("2026-03-14 10:00")).resume(china("2026-03-15 20:00"))
    assert resumed == replace(extended, due_at=china("2026-03-15 20:00"), pauses=1)


@pytest.mark.parametrize(
    ("clock", "now", "ended_at", "expected"),
    [
        (FRIDAY, "2026-03-06 16:00", None, DeadlineStatus.ON_TIME),
        (FRIDAY, "2026-03-12 15:59", None, DeadlineStatus.ON_TIME),
        (FRIDAY, "2026-03-12 16:00", None, DeadlineStatus.DUE_SOON),
        (FRIDAY, "2026-03-13 16:00", None, DeadlineStatus.DUE_SOON),
        (FRIDAY, "2026-03-13 16:01", None, DeadlineStatus.OVERDUE),
        (PAUSED, "2026-03-09 12:00", None, DeadlineStatus.PAUSED),
        (PAUSED, "2026-05-01 12:00", None, DeadlineStatus.PAUSED),
        (OVERDUE, "2026-03-13 17:00", None, DeadlineStatus.OVERDUE),
        (FRIDAY, "2026-05-01 12:00", "2026-03-06 16:00", DeadlineStatus.MET),
        (FRIDAY, "2026-05-01 12:00", "2026-03-13 16:00", DeadlineStatus.MET),
        (FRIDAY, "2026-05-01 12:00", "2026-03-13 16:01", DeadlineStatus.MISSED),
        (PAUSED, "2026-05-01 12:00", "2026-04-01 12:00", DeadlineStatus.MET),
        (OVERDUE, "2026-05-01 12:00", "2026-04-01 12:00", DeadlineStatus.MISSED),
    ],
)
def test_status(clock: Clock, now: str, ended_at: str | None, expected: DeadlineStatus) -> None:
    """Open issues are on time, due soon, overdue or paused; answered ones met it or missed it."""
    ended = None if ended_at is None else china(ended_at)
    assert status(clock, china(now), ended) is expected


@given(begins, limits, steps)
@laws
def test_a_history(
    now: datetime, limit: TimeLimit, history: list[tuple[str, timedelta, timedelta]]
) -> None:
    """What is left on the clock shrinks while it runs, or is overdue, and extensions set it."""
    clock = started(now, limit.amount, limit.unit)
    left, ahead = length(limit), elapsed(clock.warn_at, clock.due_at, limit.unit)
    for step, gap, more in history:
        before, then, now = clock, now, now + gap
        left -= ZERO if before.paused_at else elapsed(then, now, limit.unit)
        clock = taken(before, step, now, more)
        if before.paused_at and not clock.paused_at and before.paused_at > before.due_at:
            left -= elapsed(before.paused_at, now, limit.unit)
        if clock.extensions > before.extensions:
            left = elapsed(now, clock.due_at, limit.unit)
        assert elapsed(clock.paused_at or now, clock.due_at, limit.unit) == left
        assert elapsed(clock.warn_at, clock.due_at, limit.unit) == ahead
        assert clock.due_at >= before.due_at
        assert (clock.started_at, clock.unit) == (before.started_at, before.unit)
        assert clock.pauses - before.pauses == (step == "pause" and before.paused_at is None)


@given(begins, limits, steps, gaps)
@laws
def test_a_pause_is_fair(
    now: datetime,
    limit: TimeLimit,
    history: list[tuple[str, timedelta, timedelta]],
    gap: timedelta,
) -> None:
    """A pause neither makes an issue late nor brings it back in time; so says its end as well."""
    clock = started(now, limit.amount, limit.unit)
    for step, after, more in history:
        now += after
        clock = taken(clock, step, now, more)
    late = status(clock.pause(now), now) is DeadlineStatus.OVERDUE
    end = now + gap
    resumed = clock.pause(now).resume(end)
    assert (status(resumed, end) is DeadlineStatus.OVERDUE) is late
    ended = status(clock.pause(now).stop(end), end, end)
    assert ended is (DeadlineStatus.MISSED if late else DeadlineStatus.MET)
    assert status(clock.pause(now), end, end) is ended


@given(begins, limits, gaps, gaps)
@laws
def test_status_goes_one_way(
    now: datetime, limit: TimeLimit, one: timedelta, other: timedelta
) -> None:
    """An issue that nobody touches goes from on time to due soon to overdue, never back."""
    clock = started(now, limit.amount, limit.unit)
    order = [DeadlineStatus.ON_TIME, DeadlineStatus.DUE_SOON, DeadlineStatus.OVERDUE]
    found = [order.index(status(clock, at)) for at in (now, now + one, now + one + other)]
    assert found == sorted(found)
    assert found[0] == 0


NAIVE = datetime(2026, 3, 6, 16)


@pytest.mark.parametrize(
    "call",
    [
        lambda: start(NAIVE, TimeLimit(amount=1, unit=DAYS)),
        lambda: FRIDAY.pause(NAIVE),
        lambda: PAUSED.pause(NAIVE),
        lambda: FRIDAY.resume(NAIVE),
        lambda: FRIDAY.stop(NAIVE),
        lambda: FRIDAY.extend(NAIVE, china("2026-03-20 12:00")),
        lambda: FRIDAY.extend(china("2026-03-10 12:00"), NAIVE),
    ],
)
def test_moments_without_an_offset(call: Callable[[], object]) -> None:
    """A moment without an offset is refused by every transition, as it could be any."""
    with pytest.raises(ValueError, match=r"^got 2026-03-06 16:00:00, without an offset; expected"):
        call()
