"""The deadline of one issue: a clock that starts, pauses, resumes, is extended and stops.

Each transition gives a new clock, or the same one where it changes nothing. How long before the
due date a warning is due stays the same on the clock, whatever happens to it.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from tenants.calendar import CHINA, elapsed, in_utc, length, moved, shifted
from tenants.workflow import TimeLimit, TimeUnit

DUE_SOON = 20
"""The percentage of a limit that remains when it is due soon, where the city says nothing."""

FURTHEST = timedelta(days=10_000)
"""How far one extension may reach: as far as the longest limit in days."""


class DeadlineStatus(StrEnum):
    """How an issue stands with its deadline: the first four while it is open, then the others."""

    ON_TIME = "ON_TIME"
    DUE_SOON = "DUE_SOON"
    OVERDUE = "OVERDUE"
    PAUSED = "PAUSED"
    MET = "MET"
    MISSED = "MISSED"


@dataclass(frozen=True)
class ExtensionRefused:
    """An end that is no extension: it has to lie after `after`, and not after `latest`."""

    until: datetime
    after: datetime
    latest: datetime

    def __bool__(self) -> bool:
        return False

    @property
    def zh(self) -> str:
        """The reason in Chinese; times are those of China."""
        given, after, latest = self._said()
        return f"不能延期至{given};请选择晚于{after}、不晚于{latest}的时间(北京时间)。"

    @property
    def en(self) -> str:
        """The reason in English; times are those of China."""
        given, after, latest = self._said()
        return (
            f"An extension until {given} is not possible; "
            f"give a time after {after} and not after {latest} (China time)."
        )

    def _said(self) -> tuple[str, ...]:
        moments = (self.until, self.after, self.latest)
        return tuple(at.astimezone(CHINA).strftime("%Y-%m-%d %H:%M:%S") for at in moments)


@dataclass(frozen=True, slots=True)
class Clock:
    """The state of a deadline, as a row keeps it; every moment is in UTC.

    `pauses` and `extensions` count those since the start, one that is not over included. While it
    is paused, `due_at` and `warn_at` are what they were when the pause began.
    """

    started_at: datetime
    due_at: datetime
    unit: TimeUnit
    warn_at: datetime
    paused_at: datetime | None = None
    pauses: int = 0
    extensions: int = 0

    def pause(self, now: datetime) -> "Clock":
        """Paused from `now` on; a paused clock stays as it is.

        Errors: `ValueError` where `now` has no offset.
        """
        now = in_utc(now)
        if self.paused_at is not None:
            return self
        return replace(self, paused_at=now, pauses=self.pauses + 1)

    def resume(self, now: datetime) -> "Clock":
        """Running again from `now` on, with the pause given back; a running clock stays as it is.

        A clock that was paused in time is in time when it resumes, and one that was overdue stays
        as it was due. A `now` before the pause, from a server whose time is behind, is taken for
        its beginning.

        Errors: `ValueError` where `now` has no offset.
        """
        now = in_utc(now)
        if self.paused_at is None:
            return self
        if self.paused_at > self.due_at:
            return replace(self, paused_at=None)
        end = max(now, self.paused_at)
        due = shifted(self.due_at, self.paused_at, end, self.unit)
        warn = shifted(self.warn_at, self.paused_at, end, self.unit)
        # due on a day off, a pause until then gives nothing back: the clock stood anyway
        return replace(self, due_at=max(due, end), warn_at=warn, paused_at=None)

    def extend(self, now: datetime, until: datetime) -> "Clock | ExtensionRefused":
        """Due at `until`, or why it cannot be: that is not later than it is due, or in the past.

        A paused clock remains paused; `until` takes the pause until `now` into account, and what
        the pause lasts from `now` on is added when it resumes.

        Errors: `ValueError` where a moment has no offset.
        """
        now, until = in_utc(now), in_utc(until)
        resumed = self.resume(now)
        after = max(resumed.due_at, now)
        if not after < until <= after + FURTHEST:
            return ExtensionRefused(until, after, after + FURTHEST)
        ahead = elapsed(self.warn_at, self.due_at, self.unit)
        return replace(
            self,
            due_at=until,
            warn_at=moved(until, -ahead, self.unit),
            paused_at=None if self.paused_at is None else max(now, self.paused_at),
            extensions=self.extensions + 1,
        )

    def stop(self, now: datetime) -> "Clock":
        """As it is kept when the issue is answered at `now`: a pause is over, nothing else changes.

        Errors: `ValueError` where `now` has no offset.
        """
        return self.resume(now)


def start(now: datetime, limit: TimeLimit | None, due_soon: int = DUE_SOON) -> Clock | None:
    """A clock that begins at `now`, whatever clock there was; none where there is no limit.

    `due_soon` is the percentage (0–100) of the limit that remains when it is due soon.

    Errors: `ValueError` where `due_soon` is another number or `now` has no offset.
    """
    if not 0 <= due_soon <= 100:
        raise ValueError(f"due_soon: got {due_soon}; expected a percentage from 0 to 100")
    if limit is None:
        return None
    now, whole = in_utc(now), length(limit)
    return Clock(
        started_at=now,
        due_at=moved(now, whole, limit.unit),
        unit=limit.unit,
        warn_at=moved(now, whole * (100 - due_soon) / 100, limit.unit),
    )


def status(clock: Clock, now: datetime, ended_at: datetime | None = None) -> DeadlineStatus:
    """How the issue of a clock stands at `now`, or stood when it was answered at `ended_at`.

    The very moment at which it is due is in time. A pause hides nothing: a clock that was overdue
    when it was paused stays OVERDUE.

    Errors: `TypeError` where a moment has no offset.
    """
    in_time = (clock.paused_at or ended_at or now) <= clock.due_at
    if ended_at is not None:
        return DeadlineStatus.MET if in_time else DeadlineStatus.MISSED
    if not in_time:
        return DeadlineStatus.OVERDUE
    if clock.paused_at is not None:
        return DeadlineStatus.PAUSED
    return DeadlineStatus.DUE_SOON if now >= clock.warn_at else DeadlineStatus.ON_TIME
