"""What issues are found by: pairs of neighbouring characters, with their places."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schema.loaders.issue_filter import cover
from schema.words import places, runs, sought, words


@pytest.mark.parametrize(
    ("title", "description", "expected"),
    [
        ("楼道漏水", None, [("楼道", 0), ("道漏", 1), ("漏水", 2)]),
        ("ＷｉＦｉ", None, [("wi", 0), ("if", 1), ("fi", 2)]),
        ("漏水,严重", "漏 水", [("漏水", 0), ("严重", 3)]),
        ("漏水", "严重", [("漏水", 0), ("严重", 3)]),
        ("水", None, []),
        ("", "", []),
    ],
)
def test_pairs_are_of_one_run_and_say_their_place(
    title: str, description: str | None, expected: list[tuple[str, int]]
) -> None:
    """Width and case do not matter, and no pair crosses blanks, punctuation or the two texts."""
    assert places(title, description) == expected
    assert words(title, description) == {pair for pair, _ in expected}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("漏水", ("漏水",)),
        (" 楼道 漏水 楼道", ("楼道", "漏水")),
        ("3 号楼", ("号楼",)),
        ("水", ()),
        ("!? 水", ()),
    ],
)
def test_a_search_is_the_runs_that_have_two_characters(
    text: str, expected: tuple[str, ...]
) -> None:
    """Runs of one character are left out, and none is looked for twice."""
    assert sought(text) == expected


@given(title=st.text(max_size=20), description=st.text(max_size=20), data=st.data())
def test_a_run_is_found_where_its_pairs_follow_each_other(
    title: str, description: str, data: st.DataObject
) -> None:
    """A run's covering pairs stand behind each other in a text exactly where it has the run."""
    alphabet = "".join(runs(title + " " + description)) or "ab"
    (run, *_) = sought(data.draw(st.text(st.sampled_from(alphabet), min_size=2, max_size=6))) or (
        "ab",
    )
    found = set(places(title, description))
    starts = {place for pair, place in found if pair == run[:2]}
    followed = any(
        all((run[at : at + 2], start + at) in found for at in cover(len(run))) for start in starts
    )
    texts = [*runs(title), *runs(description)]
    assert followed == any(run in text for text in texts)


@given(st.integers(2, 60))
def test_covering_pairs_leave_no_character_out(length: int) -> None:
    """The pairs that cover a run begin with its first character and touch each, none beyond."""
    touched = {at + more for at in cover(length) for more in (0, 1)}
    assert touched == set(range(length))
