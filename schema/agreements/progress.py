"""How far commitments are fulfilled: pure functions of what was delivered and of the day.

Only confirmed quantities count as done. A target for every year is looked at a calendar year at a
time: the present one, or the last one of the commitment's time once that is over.
"""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from schema.agreement_measures import ProgressStatus
from schema.agreements.content import ContentCommitment, day
from schema.tables.agreement import AgreementState, Every

_ENDED = frozenset({AgreementState.COMPLETED, AgreementState.TERMINATED, AgreementState.DECLINED})


@dataclass(frozen=True)
class Term:
    """When an agreement runs, as days in China.

    `begins` is its first day, or where it names none the day on which all had signed; `ended` the
    day on which it was ended. None = none (yet).
    """

    state: AgreementState
    begins: datetime.date | None = None
    ends: datetime.date | None = None
    ended: datetime.date | None = None

    def is_over(self, today: datetime.date) -> bool:
        """Whether it was ended, or its last day has passed."""
        return self.state in _ENDED or (self.ends is not None and self.ends < today)


class YearSum(NamedTuple):
    """What was delivered on a commitment in a calendar year.

    `done` is the sum of the confirmed quantities; the rest are numbers of deliveries.
    """

    year: int
    done: Decimal
    confirmed: int
    recorded: int
    disputed: int


class YearProgress(NamedTuple):
    """A year of a commitment; target and rate are None but for a target for every year."""

    year: int
    done: Decimal
    target: Decimal | None
    rate: float | None


@dataclass(frozen=True)
class Progress:
    """How a commitment stands.

    `rate` is done / target, above 1 where more was delivered than promised; None without a
    target. The numbers of deliveries are of all years.
    """

    done: Decimal
    target: Decimal | None
    rate: float | None
    status: ProgressStatus
    confirmed: int
    recorded: int
    disputed: int
    years: tuple[YearProgress, ...]


@dataclass(frozen=True)
class Together:
    """How several commitments stand.

    `rate` is the mean of their rates, each counted up to 1, so that more of one never stands for
    less of another; None where none has a target.
    """

    commitments: int
    with_target: int
    fulfilled: int
    rate: float | None
    status: ProgressStatus


def progress(
    commitment: ContentCommitment, term: Term, sums: Sequence[YearSum], today: datetime.date
) -> Progress:
    """How a commitment stands on a day; `sums` has each year once at most."""
    target = None if commitment["quantity"] is None else Decimal(commitment["quantity"])
    due = day(commitment["dueOn"])
    yearly = commitment["every"] == Every.YEAR and target is not None
    year = year_of(term, due, today)
    looked_at = [item for item in sums if not yearly or item.year == year]
    done = sum((item.done for item in looked_at), Decimal(0))
    begun = any(item.confirmed or item.recorded for item in looked_at)
    return Progress(
        done=done,
        target=target,
        rate=rate(done, target),
        status=_status(done, target, begun, term.is_over(today), due is not None and due < today),
        confirmed=sum(item.confirmed for item in sums),
        recorded=sum(item.recorded for item in sums),
        disputed=sum(item.disputed for item in sums),
        years=tuple(_years(term, target if yearly else None, year, sums)),
    )


def year_of(term: Term, due: datetime.date | None, today: datetime.date) -> int:
    """The calendar year at which a target for every year is looked at.

    That of the day, but none after the last year of the commitment's time (which ends with the
    agreement, or when it is due), and none before the first one of the agreement.
    """
    ends = [last.year for last in (term.ends, term.ended, due) if last is not None]
    year = min([today.year, *ends])
    return year if term.begins is None else max(year, term.begins.year)


def rate(done: Decimal, target: Decimal | None) -> float | None:
    """Done / target; None without a target."""
    return None if target is None else float(done / target)


def together(items: Sequence[Progress]) -> Together:
    """How commitments stand together, those of a dimension or of an agreement."""
    rates = [min(item.rate, 1.0) for item in items if item.rate is not None]
    statuses = [item.status for item in items if item.target is not None]
    return Together(
        commitments=len(items),
        with_target=len(statuses),
        fulfilled=statuses.count(ProgressStatus.FULFILLED),
        rate=sum(rates) / len(rates) if rates else None,
        status=_common(statuses),
    )


def _status(
    done: Decimal, target: Decimal | None, begun: bool, over: bool, late: bool
) -> ProgressStatus:
    if target is None:
        return ProgressStatus.NO_TARGET
    if done >= target:
        return ProgressStatus.FULFILLED
    if over:
        return ProgressStatus.MISSED
    if late:
        return ProgressStatus.OVERDUE
    return ProgressStatus.IN_PROGRESS if begun else ProgressStatus.NOT_STARTED


def _common(statuses: Sequence[ProgressStatus]) -> ProgressStatus:
    """The worst where one is late; fulfilled, or not started, where all of them are."""
    if not statuses:
        return ProgressStatus.NO_TARGET
    for late in (ProgressStatus.MISSED, ProgressStatus.OVERDUE):
        if late in statuses:
            return late
    kinds = set(statuses)
    return kinds.pop() if len(kinds) == 1 else ProgressStatus.IN_PROGRESS


def _years(
    term: Term, target: Decimal | None, year: int, sums: Sequence[YearSum]
) -> list[YearProgress]:
    """The years with deliveries; of a target for every year all from its first one on."""
    found = {item.year: item.done for item in sums}
    if target is not None:
        first = year if term.begins is None else term.begins.year
        found = {at: Decimal(0) for at in range(first, year + 1)} | found
    return [
        YearProgress(at, done, target, rate(done, target)) for at, done in sorted(found.items())
    ]
