"""Answers to typed questions: what is taken, in which form it is kept, and what is expected."""

import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schema.issues.answers import MOST, Answer, Answers, checked_answers
from tenants.catalogue import QuestionKind, Service, ServiceQuestion

KINDS = {kind.value.lower(): kind for kind in QuestionKind}
SERVICE = Service(
    code="X1",
    name="样样都问",
    questions=[
        ServiceQuestion(
            key=key,
            label=f"问{key}",
            kind=kind,
            choices=["甲", "乙"] if kind is QuestionKind.CHOICE else [],
        )
        for key, kind in KINDS.items()
    ],
)
DEMANDING = Service(
    code="X2",
    name="必答",
    questions=[ServiceQuestion(key="name", label="企业名称", required=True)],
)


def said(found: Answers) -> list[tuple[str, tuple[str, ...]]]:
    """Code and path of each refusal."""
    return [(refusal.code.value, refusal.path) for refusal in found.refusals]


@pytest.mark.parametrize(
    ("key", "value", "kept"),
    [
        ("text", " 一行\r\n二行\t ", "一行\n二行"),
        ("text", "长" * 1000, "长" * 1000),
        ("number", "3", "3"),
        ("number", " -3.50 ", "-3.5"),
        ("number", "+007.000", "7"),
        ("number", "100", "100"),
        ("number", "-0.0", "0"),
        ("number", "12.5", "12.5"),
        ("number", "9" * 15 + ".123456", "9" * 15 + ".123456"),
        ("date", "2024-02-29", "2024-02-29"),
        ("date", "2026-03-15", "2026-03-15"),
        ("boolean", "true", "true"),
        ("boolean", "FALSE", "false"),
        ("boolean", "是", "true"),
        ("boolean", " 否", "false"),
        ("choice", " 乙 ", "乙"),
        ("photo", "https://files.invalid/a/b.JPG?x=1", "https://files.invalid/a/b.JPG?x=1"),
    ],
)
def test_an_answer_is_kept_in_one_form(key: str, value: str, kept: str) -> None:
    """Each kind takes what people write, in full width too, and keeps one spelling of it."""
    assert checked_answers(SERVICE, [Answer(key, value)]) == Answers({key: kept})


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("text", "长" * 1001, "at most 1000 characters"),
        ("text", "a\x00b", "none of them a control character"),
        ("number", "三", "a number"),
        ("number", "1e5", "a number"),
        ("number", "1,000", "a number"),
        ("number", "NaN", "a number"),
        ("number", "9" * 16, "15 digits"),
        ("number", "0.1234567", "6 after it"),
        ("date", "2026-02-29", "a day as 2026-03-15"),
        ("date", "15.3.2026", "a day as 2026-03-15"),
        ("date", "20260315", "a day as 2026-03-15"),
        ("boolean", "1", "true or false"),
        ("choice", "丙", "one of: 甲、乙"),
        ("photo", "http://files.invalid/a.jpg", "an https address"),
        ("photo", "https://files.invalid/a.pdf", "jpg, jpeg, png"),
        ("photo", "https://files.invalid/a\n.jpg", "an https address"),
        ("photo", "javascript:alert(1)//a.jpg", "an https address"),
        ("photo", "https://files.invalid/" + "a" * 500 + ".jpg", "an https address"),
    ],
)
def test_a_wrong_answer_says_what_was_expected(key: str, value: str, expected: str) -> None:
    """The refusal names question, answer and expectation, and points at the value."""
    found = checked_answers(SERVICE, [Answer("text", " "), Answer(key, value)])
    (first, *_) = found.refusals
    assert (found.values, said(found)[:1]) == (
        {},
        [("ANSWER_MALFORMED", ("input", "answers", "1", "value"))],
    )
    assert expected in first.en
    assert f"问{key}" in first.zh


def test_all_that_is_wrong_is_said_at_once() -> None:
    """Unknown, malformed, doubled and missing ones in the order of what was given."""
    given_ = [Answer("age", "3"), Answer("name", "甲厂"), Answer("name", "乙厂")]
    assert said(checked_answers(DEMANDING, given_)) == [
        ("QUESTION_UNKNOWN", ("input", "answers", "0", "key")),
        ("ANSWER_MALFORMED", ("input", "answers", "2", "key")),
    ]


@pytest.mark.parametrize("given_", [[], [Answer("name", "")], [Answer("name", " \n")]])
def test_a_blank_answer_is_none(given_: list[Answer]) -> None:
    """What is required must be answered with something; the refusal names the question."""
    found = checked_answers(DEMANDING, given_)
    assert said(found) == [("ANSWER_REQUIRED", ("input", "answers"))]
    assert "企业名称" in found.refusals[0].zh
    assert checked_answers(DEMANDING, given_, demanded=False) == Answers({})
    assert checked_answers(SERVICE, [Answer("number", " ")]) == Answers({})


def test_a_service_that_asks_nothing_takes_no_answer() -> None:
    """The refusal says that there is nothing to answer."""
    found = checked_answers(Service(code="X3", name="不问"), [Answer("name", "甲")])
    assert said(found) == [("QUESTION_UNKNOWN", ("input", "answers", "0", "key"))]
    assert "nothing" in found.refusals[0].en


def test_there_is_an_end_to_answers() -> None:
    """Thousands of answers are one refusal, not thousands."""
    found = checked_answers(SERVICE, [Answer("text", "好")] * (MOST + 1))
    assert said(found) == [("ANSWER_MALFORMED", ("input", "answers"))]


ANSWERS = st.lists(st.builds(Answer, st.sampled_from([*KINDS, "other"]), st.text(max_size=40)))


@given(ANSWERS)
def test_answers_are_taken_whole_or_not_at_all(given_: list[Answer]) -> None:
    """Whatever is sent: values and refusals exclude each other, and what is kept is taken again as
    it is."""
    found = checked_answers(SERVICE, given_)
    assert not (found.values and found.refusals)
    again = [Answer(key, value) for key, value in found.values.items()]
    assert checked_answers(SERVICE, again) == Answers(found.values)


@given(st.decimals(-(10**14), 10**14, places=6))
def test_numbers_keep_their_value(number: Any) -> None:
    """Every number of up to six places is kept exactly, without needless digits."""
    kept = checked_answers(SERVICE, [Answer("number", f"{number:f}")]).values["number"]
    assert type(number)(kept) == number
    assert "." not in kept or not kept.endswith("0")


@given(st.dates())
def test_days_keep_their_value(day: datetime.date) -> None:
    """Every day that there is."""
    found = checked_answers(SERVICE, [Answer("date", day.isoformat())])
    assert found == Answers({"date": day.isoformat()})
