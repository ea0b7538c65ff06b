"""Quotas: how many issues of which outcome make a recorded number or rate come out exactly."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from tenants.workflow import Phase, Solved

SATISFIED = 4
"""From this rating on a reporter counts as satisfied, as in statistics."""

RATED = Fraction(4, 5)
"""The share of closed issues that somebody rated, where no document says more."""

_OPEN = frozenset({Phase.REPORTED, Phase.ACCEPTED, Phase.IN_PROGRESS})

Fits = Callable[[Mapping[str, Any]], bool]


@dataclass(frozen=True)
class Quota:
    """So many issues whose row fits; `recent` ones are of the last days."""

    count: int
    fits: Fits
    recent: bool = False


@dataclass(frozen=True)
class Outcome:
    """What a set of issues has to come to.

    `reported` issues in all, or `answered` ones that were answered, besides open ones. Shares are
    from 0 to 1, None = as it comes: `closed` and `replied` of all, `satisfied` and `solved` of
    those that were rated. `open` is the share of open issues beside `answered`. Issues were
    answered within `days` give or take a half, None = as it comes.
    """

    reported: int | None = None
    answered: int | None = None
    closed: Fraction | None = None
    replied: Fraction | None = None
    satisfied: Fraction | None = None
    solved: Fraction | None = None
    open: Fraction = Fraction(0)
    days: int | None = None

    def times(self, scale: Fraction) -> "Outcome":
        """The same rates of so many times the issues."""
        return replace(
            self,
            reported=None if self.reported is None else round(self.reported * scale),
            answered=None if self.answered is None else round(self.answered * scale),
        )


def quotas(outcome: Outcome) -> list[Quota]:
    """The quotas of an outcome; those of 0 issues are left out.

    Errors: `ValueError` where it says neither how many are reported nor answered.
    """
    if outcome.answered is not None:
        found = _of_answered(outcome.answered, outcome)
    elif outcome.reported is None:
        raise ValueError("an outcome needs the number of issues: reported or answered")
    elif outcome.closed is not None:
        found = _of_closed(outcome.reported, outcome.closed, outcome.satisfied)
    elif outcome.replied is not None:
        found = _of_replied(outcome.reported, outcome.replied)
    elif outcome.solved is not None:
        found = _of_solved(outcome.reported, outcome.solved, outcome.days)
    else:
        found = [Quota(outcome.reported, lambda row: True)]
    return [quota for quota in found if quota.count > 0]


def exact(total: int, share: Fraction) -> tuple[int, int]:
    """(of, part): the largest `of` up to `total` of which `share` is a whole number.

    Where there is none but 0, `total` and the nearest whole number.
    """
    of = total // share.denominator * share.denominator
    return (of, int(of * share)) if of else (total, round(total * share))


def split(quotas: list[Quota], parts: int) -> list[list[Quota]]:
    """The same in so many parts, in order of time: what is recent in the last one."""
    found: list[list[Quota]] = [[] for _ in range(parts)]
    for quota in quotas:
        for at in range(parts):
            share = (at + 1) * quota.count // parts - at * quota.count // parts
            if quota.recent:
                share = quota.count if at == parts - 1 else 0
            if share:
                found[at].append(replace(quota, count=share))
    return found


def _of_closed(reported: int, share: Fraction, satisfied: Fraction | None) -> list[Quota]:
    closed = round(reported * share)
    rated, content = exact(int(closed * RATED), satisfied or Fraction(9, 10))
    return [
        Quota(content, _rated(True)),
        Quota(rated - content, _rated(False)),
        Quota(closed - rated, lambda row: _is_closed(row) and row["rated_at"] is None),
        Quota(reported - closed, _is_unfinished, recent=True),
    ]


def _of_answered(answered: int, outcome: Outcome) -> list[Quota]:
    return [
        Quota(answered, _is_answered),
        Quota(round(answered * outcome.open), _is_open, recent=True),
    ]


def _of_replied(reported: int, share: Fraction) -> list[Quota]:
    replied = -int(-reported * share // 1)  # rounded up: documents say "more than"
    return [Quota(replied, _is_answered), Quota(reported - replied, _is_open, recent=True)]


def _of_solved(reported: int, share: Fraction, days: int | None) -> list[Quota]:
    """All of them rated."""
    solved = round(reported * share)
    return [
        Quota(count, lambda row, yes=yes: _is_solved(row, yes) and _lasted(row, days))  # type: ignore[misc]
        for count, yes in ((solved, True), (reported - solved, False))
    ]


def _rated(satisfied: bool) -> Fits:
    def fits(row: Mapping[str, Any]) -> bool:
        if not _is_closed(row) or row["rated_at"] is None:
            return False
        return (row["satisfied"] >= SATISFIED) is satisfied

    return fits


def _is_closed(row: Mapping[str, Any]) -> bool:
    return bool(row["phase"] == Phase.CLOSED)


def _is_answered(row: Mapping[str, Any]) -> bool:
    return _is_closed(row) or bool(row["phase"] == Phase.RESOLVED)


def _is_open(row: Mapping[str, Any]) -> bool:
    return row["phase"] in _OPEN and row["resolved_at"] is None and row["rated_at"] is None


def _is_unfinished(row: Mapping[str, Any]) -> bool:
    """Open, or answered and not closed yet."""
    unrated = row["rated_at"] is None
    return unrated and (row["phase"] in _OPEN or row["phase"] == Phase.RESOLVED)


def _is_solved(row: Mapping[str, Any], yes: bool) -> bool:
    rated = _is_closed(row) and row["rated_at"] is not None
    return rated and (row["solved"] == Solved.YES) is yes


def _lasted(row: Mapping[str, Any], days: int | None) -> bool:
    """Whether it was answered after so many days, give or take 0.45."""
    if days is None:
        return True
    lasted = (row["resolved_at"] or row["closed_at"]) - row["reported_at"]
    return bool(abs(lasted.total_seconds() / 86400 - days) < 0.45)
