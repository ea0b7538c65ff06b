"""How far commitments are fulfilled: what counts, of which year, and how several stand together."""

import datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schema.agreement_measures import ProgressStatus
from schema.agreements.content import ContentCommitment
from schema.agreements.progress import (
    Progress,
    Term,
    Together,
    YearProgress,
    YearSum,
    progress,
    together,
    year_of,
)
from schema.tables.agreement import AgreementState

TODAY = datetime.date(2026, 3, 15)
FIRST, LAST = datetime.date(2025, 7, 1), datetime.date(2027, 6, 30)
ACTIVE = Term(AgreementState.ACTIVE, FIRST, LAST)


def _commitment(
    quantity: str | None = "10", every: str | None = "ALL", due: str | None = None
) -> ContentCommitment:
    return {
        "key": "c1",
        "dimension": "industry",
        "owner": 1,
        "text": "采购农产品",
        "quantity": quantity,
        "unit": None if quantity is None else "吨",
        "every": every,
        "dueOn": due,
    }


def _sum(year: int, done: Any, confirmed: int = 1, recorded: int = 0, disputed: int = 0) -> YearSum:
    return YearSum(year, Decimal(done), confirmed, recorded, disputed)


@pytest.mark.parametrize(
    ("commitment", "sums", "expected"),
    [
        pytest.param(
            _commitment(),
            [_sum(2025, 4), _sum(2026, "2.5", 2, 1, 3)],
            Progress(
                Decimal("6.5"), Decimal(10), 0.65, ProgressStatus.IN_PROGRESS, 3, 1, 3,
                (YearProgress(2025, Decimal(4), None, None),
                 YearProgress(2026, Decimal("2.5"), None, None)),
            ),
            id="of all years, by year",
        ),
        pytest.param(
            _commitment(every="YEAR"),
            [_sum(2025, 12), _sum(2026, 5)],
            Progress(
                Decimal(5), Decimal(10), 0.5, ProgressStatus.IN_PROGRESS, 2, 0, 0,
                (YearProgress(2025, Decimal(12), Decimal(10), 1.2),
                 YearProgress(2026, Decimal(5), Decimal(10), 0.5)),
            ),
            id="of this year, the years before beside it",
        ),
        pytest.param(
            _commitment(every="YEAR"),
            [],
            Progress(
                Decimal(0), Decimal(10), 0.0, ProgressStatus.NOT_STARTED, 0, 0, 0,
                (YearProgress(2025, Decimal(0), Decimal(10), 0.0),
                 YearProgress(2026, Decimal(0), Decimal(10), 0.0)),
            ),
            id="every year from the first one on, with nothing delivered",
        ),
        pytest.param(
            _commitment(None, None),
            [_sum(2026, 3)],
            Progress(
                Decimal(3), None, None, ProgressStatus.NO_TARGET, 1, 0, 0,
                (YearProgress(2026, Decimal(3), None, None),),
            ),
            id="no quantity promised",
        ),
    ],
)  # fmt: skip
def test_what_is_told_of_a_commitment(
    commitment: ContentCommitment, sums: list[YearSum], expected: Progress
) -> None:
    """Sums, target, rate, status, numbers of deliveries and the history by year."""
    assert progress(commitment, ACTIVE, sums, TODAY) == expected


ENDED = Term(AgreementState.TERMINATED, FIRST, LAST, datetime.date(2026, 2, 1))
EXPIRED = Term(AgreementState.ACTIVE, FIRST, datetime.date(2026, 3, 14))
COMPLETED = Term(AgreementState.COMPLETED, FIRST, LAST, datetime.date(2026, 2, 1))


@pytest.mark.parametrize(
    ("term", "commitment", "sums", "status"),
    [
        (ACTIVE, _commitment(), [], "NOT_STARTED"),
        (ACTIVE, _commitment(), [_sum(2026, 0, 0, 0, 2)], "NOT_STARTED"),
        (ACTIVE, _commitment(), [_sum(2026, 0, 0, 1)], "IN_PROGRESS"),
        (ACTIVE, _commitment(), [_sum(2026, 9)], "IN_PROGRESS"),
        (ACTIVE, _commitment(), [_sum(2026, 10)], "FULFILLED"),
        (ACTIVE, _commitment(due="2026-03-15"), [], "NOT_STARTED"),
        (ACTIVE, _commitment(due="2026-03-14"), [], "OVERDUE"),
        (ACTIVE, _commitment(due="2026-03-14"), [_sum(2026, 9)], "OVERDUE"),
        (ACTIVE, _commitment(due="2026-03-14"), [_sum(2026, 10)], "FULFILLED"),
        (ACTIVE, _commitment(None, None, "2026-03-14"), [], "NO_TARGET"),
        (ENDED, _commitment(), [_sum(2026, 9)], "MISSED"),
        (ENDED, _commitment(due="2026-01-01"), [], "MISSED"),
        (ENDED, _commitment(), [_sum(2026, 10)], "FULFILLED"),
        (ENDED, _commitment(None, None), [], "NO_TARGET"),
        (COMPLETED, _commitment(), [], "MISSED"),
        (EXPIRED, _commitment(), [_sum(2026, 9)], "MISSED"),
        (ACTIVE, _commitment(every="YEAR"), [_sum(2025, 10)], "NOT_STARTED"),
        (ACTIVE, _commitment(every="YEAR"), [_sum(2025, 0), _sum(2026, 10)], "FULFILLED"),
        (Term(AgreementState.PROPOSED), _commitment(), [], "NOT_STARTED"),
        (Term(AgreementState.DECLINED), _commitment(), [], "MISSED"),
    ],
)
def test_status(
    term: Term, commitment: ContentCommitment, sums: list[YearSum], status: str
) -> None:
    """The status follows from what is done, from due date and term, and from the state."""
    assert progress(commitment, term, sums, TODAY).status == status


@pytest.mark.parametrize(
    ("term", "due", "today", "year"),
    [
        (ACTIVE, None, TODAY, 2026),
        (ACTIVE, None, datetime.date(2025, 1, 1), 2025),
        (ACTIVE, None, datetime.date(2024, 12, 31), 2025),
        (ACTIVE, None, datetime.date(2030, 1, 1), 2027),
        (ENDED, None, datetime.date(2030, 1, 1), 2026),
        (ACTIVE, datetime.date(2025, 12, 31), TODAY, 2025),
        (Term(AgreementState.PROPOSED), None, TODAY, 2026),
        (Term(AgreementState.TERMINATED, LAST, LAST, FIRST), None, TODAY, 2027),
    ],
)
def test_year_that_is_looked_at(
    term: Term, due: datetime.date | None, today: datetime.date, year: int
) -> None:
    """It is the present one within the commitment's time, else the nearest of that time."""
    assert year_of(term, due, today) == year


def _stands(status: str, rate: float | None) -> Progress:
    target = None if rate is None else Decimal(10)
    return Progress(Decimal(0), target, rate, ProgressStatus(status), 0, 0, 0, ())


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ([], Together(0, 0, 0, None, ProgressStatus.NO_TARGET)),
        ([("NO_TARGET", None)], Together(1, 0, 0, None, ProgressStatus.NO_TARGET)),
        (
            [("FULFILLED", 3.0), ("NOT_STARTED", 0.0), ("NO_TARGET", None)],
            Together(3, 2, 1, 0.5, ProgressStatus.IN_PROGRESS),
        ),
        (
            [("FULFILLED", 1.0), ("FULFILLED", 2.0)],
            Together(2, 2, 2, 1.0, ProgressStatus.FULFILLED),
        ),
        (
            [("NOT_STARTED", 0.0), ("NO_TARGET", None)],
            Together(2, 1, 0, 0.0, ProgressStatus.NOT_STARTED),
        ),
        (
            [("FULFILLED", 1.0), ("OVERDUE", 0.5)],
            Together(2, 2, 1, 0.75, ProgressStatus.OVERDUE),
        ),
        (
            [("OVERDUE", 0.5), ("MISSED", 0.5)],
            Together(2, 2, 0, 0.5, ProgressStatus.MISSED),
        ),
    ],
)
def test_several_together(items: list[tuple[str, float | None]], expected: Together) -> None:
    """Those without a target count as commitments alone; more of one is no less of another."""
    assert together([_stands(status, rate) for status, rate in items]) == expected


DAYS = st.dates(datetime.date(2020, 1, 1), datetime.date(2030, 12, 31))
AMOUNTS = st.decimals(Decimal(0), Decimal(1000), places=3)
COMMITMENTS = st.builds(
    _commitment,
    st.none() | st.decimals(Decimal("0.001"), Decimal(1000), places=3).map(str),
    st.sampled_from(["YEAR", "ALL"]),
    st.none() | DAYS.map(str),
)
SUMS = st.lists(
    st.builds(_sum, st.integers(2020, 2030), AMOUNTS, *[st.integers(0, 5)] * 3),
    unique_by=lambda item: item.year,
    max_size=5,
)
TERMS = st.builds(
    Term, st.sampled_from(AgreementState), st.none() | DAYS, st.none() | DAYS, st.none() | DAYS
)


@given(COMMITMENTS, TERMS, SUMS, DAYS)
def test_rate_and_status_follow_from_done(
    commitment: ContentCommitment, term: Term, sums: list[YearSum], today: datetime.date
) -> None:
    """The rate is done / target, and 1 or more exactly where it is fulfilled."""
    found = progress(commitment, term, sums, today)
    if found.target is None:
        assert (found.rate, found.status) == (None, "NO_TARGET")
        return
    assert found.rate == float(found.done / found.target)
    assert (found.done >= found.target) == (found.status is ProgressStatus.FULFILLED)
    assert found.status is not ProgressStatus.NO_TARGET
    late = (ProgressStatus.MISSED, ProgressStatus.FULFILLED)
    assert (found.status in late) or not term.is_over(today)


@given(COMMITMENTS, TERMS, SUMS, DAYS, st.integers(2020, 2030), AMOUNTS)
def test_a_confirmed_delivery_never_makes_less(
    commitment: ContentCommitment,
    term: Term,
    sums: list[YearSum],
    today: datetime.date,
    year: int,
    quantity: Decimal,
) -> None:
    """Neither `done` nor any year's gets smaller, and what is fulfilled stays so."""
    by_year = {item.year: item for item in sums}
    old = by_year.get(year, _sum(year, 0, 0))
    by_year[year] = old._replace(done=old.done + quantity, confirmed=old.confirmed + 1)
    before = progress(commitment, term, sums, today)
    after = progress(commitment, term, list(by_year.values()), today)
    assert before.done <= after.done
    years = {item.year: item.done for item in after.years}
    assert all(item.done <= years[item.year] for item in before.years)
    fulfilled = ProgressStatus.FULFILLED
    assert before.status is not fulfilled or after.status is fulfilled
    assert after.confirmed == before.confirmed + 1


@given(COMMITMENTS, TERMS, SUMS, DAYS)
def test_only_confirmed_quantities_count(
    commitment: ContentCommitment, term: Term, sums: list[YearSum], today: datetime.date
) -> None:
    """Deliveries that are recorded or disputed change neither sums nor rates."""
    more = [item._replace(recorded=item.recorded + 1, disputed=9) for item in sums]
    before, after = (progress(commitment, term, each, today) for each in (sums, more))
    assert (before.done, before.rate, before.years) == (after.done, after.rate, after.years)


@given(st.lists(st.tuples(COMMITMENTS, SUMS), max_size=4), TERMS, DAYS)
def test_together_follows_from_each(
    items: list[tuple[ContentCommitment, list[YearSum]]], term: Term, today: datetime.date
) -> None:
    """Counts are those of the commitments; the rate is 1 exactly where all are fulfilled."""
    each = [progress(commitment, term, sums, today) for commitment, sums in items]
    found = together(each)
    fulfilled = [item for item in each if item.status is ProgressStatus.FULFILLED]
    with_target = [item for item in each if item.target is not None]
    assert (found.commitments, found.with_target, found.fulfilled) == (
        len(each),
        len(with_target),
        len(fulfilled),
    )
    if not with_target:
        assert (found.rate, found.status) == (None, "NO_TARGET")
        return
    assert found.rate is not None
    assert 0 <= found.rate <= 1
    all_done = len(fulfilled) == len(with_target)
    assert (found.rate == 1) >= all_done
    assert (found.status is ProgressStatus.FULFILLED) == all_done
