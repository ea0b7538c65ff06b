"""Answers are equal where they say the same, however it is spelt."""

from dataclasses import replace

import pytest

from bench.answers import DifferentAnswersError, canonical, check_equal
from bench.operations import load_operations

ONE = load_operations()[0]


def test_moments_and_cursors_are_spelt_in_any_way() -> None:
    """A moment is the same in any zone, and cursors are each contender's own."""
    left = {"at": "2026-03-15T12:00:00+08:00", "pageInfo": {"endCursor": "a"}, "rows": [1]}
    right = {"at": "2026-03-15T04:00:00.000+00:00", "pageInfo": {"endCursor": "b"}, "rows": [1]}
    assert canonical(left) == canonical(right)
    check_equal(ONE, "limit", [left], [right])


def test_different_answers_are_not_timed() -> None:
    """Answers that differ stop the bench, and are shown."""
    with pytest.raises(DifferentAnswersError, match=r"by limit at .a:\n1\n2"):
        check_equal(ONE, "limit", [{"a": 1}], [{"a": 2}])


def test_a_report_has_a_number_of_its_own() -> None:
    """What a write makes anew is not compared; what it says of it is."""
    report = replace(ONE, key="M1")
    check_equal(report, "limit", [{"number": 1, "phase": "A"}], [{"number": 2, "phase": "A"}])
    with pytest.raises(DifferentAnswersError):
        check_equal(report, "limit", [{"phase": "A"}], [{"phase": "B"}])
