"""Problems: how a mistake is said."""

import datetime
from pathlib import Path

import pytest

from tenants.problems import InvalidTenantsError, Place, Problem, relative, shown


def test_a_problem_says_where_what_and_what_instead() -> None:
    """A problem reads: file, line, key, what was given, what was expected."""
    problem = Problem(Place("c.yaml", 7), "levels.grid.name", "5", "text; put it in quotes")
    assert str(problem) == "c.yaml:7: levels.grid.name: got 5; expected text; put it in quotes"


def test_a_problem_of_a_whole_file() -> None:
    """Line 0 and no key: the problem is the file's as a whole."""
    problem = Problem(Place("c.yaml"), "", "Permission denied", "a file that can be read")
    assert str(problem) == "c.yaml: got Permission denied; expected a file that can be read"


def test_problems_are_told_once_in_order_of_the_files() -> None:
    """The error has every problem once, by file and line, one on each line of its text."""
    late = Problem(Place("b.yaml", 9), "name", "5", "text")
    early = Problem(Place("b.yaml", 2), "name", "5", "text")
    other = Problem(Place("a.yaml", 30), "name", "5", "text")
    error = InvalidTenantsError([late, other, early, late])
    assert error.problems == (other, early, late)
    assert str(error) == f"{other}\n{early}\n{late}"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "nothing"),
        (True, "true"),
        (False, "false"),
        (0, "0"),
        ("街道", "'街道'"),
        ("two\nlines", "'two\\nlines'"),
        (datetime.date(2023, 7, 1), "2023-07-01"),
        (["a", 1], "['a', 1]"),
        ("长" * 100, "'" + "长" * 58 + "…"),
    ],
)
def test_a_value_is_shown_short_on_one_line(value: object, text: str) -> None:
    """What was given is quoted on one line, cut at sixty characters."""
    assert shown(value) == text


def test_paths_are_shown_as_people_type_them(tmp_path: Path) -> None:
    """A file below the working folder is named relative to it, another one in full."""
    assert relative(Path.cwd() / "tenants" / "cities" / "x.yaml") == "tenants/cities/x.yaml"
    assert relative(tmp_path / "x.yaml") == str(tmp_path / "x.yaml")
