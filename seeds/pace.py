"""When people act: in working hours, mostly before something is due, sometimes long after."""

import datetime
from collections.abc import Mapping
from typing import Any

from seeds.chance import Chance
from tenants.calendar import CHINA, is_working
from tenants.workflow import Phase, TimeUnit

WINDOW = 120
"""Days before the day of reference in which sample issues are reported."""

_MINUTE = datetime.timedelta(minutes=1)
_DAY = datetime.timedelta(days=1)
_NEVER = datetime.timedelta(days=10_000)
_HALF = datetime.timedelta(minutes=30)


def reported_at(
    chance: Chance, until: datetime.datetime, window: int = WINDOW
) -> datetime.datetime:
    """A moment of the window, between early morning and late evening, somewhat more of late.

    The window are so many days before `until`, a midnight of China.
    """
    days = int(window * (1 - chance.share() ** 0.8))
    midnight = until - (days + 1) * _DAY
    hour = (chance.share() + chance.share() + chance.share()) / 3
    return midnight + datetime.timedelta(seconds=int((6 + 16.5 * hour) * 3600))


def next_action(
    chance: Chance, row: Mapping[str, Any], now: datetime.datetime
) -> datetime.datetime:
    """When somebody next does something with an issue; far away where nobody ever does."""
    phase = Phase(row["phase"])
    if phase is Phase.RESOLVED:
        return now + _NEVER if chance.is_one_of(0.12) else _awake(chance, now + _some(chance, 3))
    if phase is Phase.CLOSED or phase is Phase.REJECTED:
        seldom = chance.is_one_of(0.05)
        return _awake(chance, now + _some(chance, 5)) if seldom else now + _NEVER
    if phase is Phase.WITHDRAWN:
        return now + _NEVER
    if chance.is_one_of(0.01):
        return now + _NEVER
    at = now + _MINUTE + _work(chance, row, now)
    if row["unit"] == TimeUnit.HOURS:
        return at
    return _office(chance, at)


def _work(chance: Chance, row: Mapping[str, Any], now: datetime.datetime) -> datetime.timedelta:
    """How long it takes: most of the time less than what is left, in one of nine cases more."""
    left = _DAY
    if row["due_at"] is not None and row["ended_at"] is None:
        left = min(max(row["due_at"] - now, _HALF), 20 * _DAY)
    if row["paused_until"] is not None:
        rest: datetime.timedelta = row["paused_until"] - now
        return max(rest, _HALF) + _some(chance, 1)
    if chance.is_one_of(0.11):
        return left * chance.between(1.0, 1.8) + _some(chance, 2)
    return left * chance.between(0.02, 0.35)


def _some(chance: Chance, days: float) -> datetime.timedelta:
    return _MINUTE + days * _DAY * (chance.share() * chance.share() * 2)


def _awake(chance: Chance, at: datetime.datetime) -> datetime.datetime:
    """The same, but at night the next morning."""
    hour = at.astimezone(CHINA).hour
    if 7 <= hour < 22:
        return at
    wait = (8 - hour) % 24
    return at + datetime.timedelta(hours=wait, minutes=int(60 * chance.share()))


def _office(chance: Chance, at: datetime.datetime) -> datetime.datetime:
    """The same, but mostly in working hours: outside them the next morning of a working day."""
    local = at.astimezone(CHINA)
    if is_working(local.date()) and 8 <= local.hour < 18:
        return at
    if chance.is_one_of(0.12):
        return _awake(chance, at)
    day = local.date() if local.hour < 8 else local.date() + _DAY
    while not is_working(day):
        day += _DAY
    begin = datetime.datetime.combine(day, datetime.time(8), CHINA).astimezone(datetime.UTC)
    return begin + datetime.timedelta(seconds=int(4 * 3600 * chance.share() ** 1.5))
