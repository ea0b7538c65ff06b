"""Answers to the typed questions of a service: checked, and in the one form in which they are kept.

Every answer is text, as people and forms send it; the question's kind says what it means. They are
kept as text too: numbers without needless digits, days as YYYY-MM-DD, BOOLEAN as true or false.
"""

import datetime
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from schema.evidence import EVIDENCE, LONGEST_ADDRESS
from schema.refusals import Refusal, RefusalCode, wrong
from tenants.catalogue import QuestionKind, Service, ServiceQuestion

MOST = 100
LONGEST_TEXT = 1000
PICTURES = ("jpg", "jpeg", "png", "webp", "heic", "gif")
NUMBER = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,6})?")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
BOOLEANS = {"true": "true", "false": "false", "是": "true", "否": "false"}


@dataclass(frozen=True)
class Answer:
    """An answer as it was sent: the question's key, and the text."""

    key: str
    value: str


@dataclass(frozen=True)
class Answers:
    """Answers by the keys of their questions, or every reason why they cannot be."""

    values: Mapping[str, str]
    refusals: tuple[Refusal, ...] = ()


def checked_answers(service: Service, given: Sequence[Answer], *, demanded: bool = True) -> Answers:
    """The answers to a service's questions; blank ones count as left out.

    `demanded` False lets required ones be missing: of a service that the reporter did not choose.
    """
    if len(given) > MOST:
        return Answers({}, (_too_many(len(given)),))
    questions = {question.key: question for question in service.questions}
    values: dict[str, str] = {}
    refusals: list[Refusal] = []
    for at, answer in enumerate(given):
        question = questions.get(answer.key)
        if question is None:
            refusals.append(_unknown(service, answer.key, at))
            continue
        if not answer.value.strip():
            continue
        found = _READ[question.kind](answer.value, question)
        if answer.key in values:
            refusals.append(_twice(question, at))
        elif found is None:
            refusals.append(_malformed(question, answer.value, at))
        else:
            values[answer.key] = found
    if demanded:
        tried = {answer.key for answer in given if answer.value.strip()}
        refusals += [
            _required(question)
            for question in service.questions
            if question.required and question.key not in tried
        ]
    return Answers({} if refusals else values, tuple(refusals))


def _text(value: str, question: ServiceQuestion) -> str | None:
    text = unicodedata.normalize("NFC", value.replace("\r\n", "\n")).strip()
    plain = all(sign in "\n\t" or unicodedata.category(sign) not in ("Cc", "Cs") for sign in text)
    return text if plain and len(text) <= LONGEST_TEXT else None


def _number(value: str, question: ServiceQuestion) -> str | None:
    text = _narrow(value)
    if not NUMBER.fullmatch(text):
        return None
    number = Decimal(text)
    if not number:
        return "0"
    whole = f"{number:f}"
    return whole.rstrip("0").rstrip(".") if "." in whole else whole


def _day(value: str, question: ServiceQuestion) -> str | None:
    text = _narrow(value)
    if not DAY.fullmatch(text):
        return None
    try:
        return datetime.date.fromisoformat(text).isoformat()
    except ValueError:
        return None


def _boolean(value: str, question: ServiceQuestion) -> str | None:
    return BOOLEANS.get(_narrow(value).casefold())


def _choice(value: str, question: ServiceQuestion) -> str | None:
    return value.strip() if value.strip() in question.choices else None


def _photo(value: str, question: ServiceQuestion) -> str | None:
    address = value.strip()
    match = EVIDENCE.fullmatch(address)
    fits = match and match[1].lower() in PICTURES and len(address) <= LONGEST_ADDRESS
    return address if fits and address.isprintable() else None


_READ: Mapping[QuestionKind, Callable[[str, ServiceQuestion], str | None]] = {
    QuestionKind.TEXT: _text,
    QuestionKind.NUMBER: _number,
    QuestionKind.DATE: _day,
    QuestionKind.BOOLEAN: _boolean,
    QuestionKind.CHOICE: _choice,
    QuestionKind.PHOTO: _photo,
}

_EXPECTED: Mapping[QuestionKind, tuple[str, str]] = {
    QuestionKind.TEXT: (
        f"至多 {LONGEST_TEXT} 个字符、不含控制字符的文字",
        f"text of at most {LONGEST_TEXT} characters, none of them a control character",
    ),
    QuestionKind.NUMBER: (
        "数字,至多 15 位整数、6 位小数",
        "a number with at most 15 digits before the point and 6 after it",
    ),
    QuestionKind.DATE: ("日期,如 2026-03-15", "a day as 2026-03-15"),
    QuestionKind.BOOLEAN: ("true 或 false(是、否)", "true or false"),
    QuestionKind.PHOTO: (
        f"照片的 https 地址,类型为 {'、'.join(PICTURES)}",
        f"an https address of a picture of the type {', '.join(PICTURES)}",
    ),
}


def _narrow(value: str) -> str:
    return unicodedata.normalize("NFKC", value).strip()


def _expected(question: ServiceQuestion) -> tuple[str, str]:
    if question.kind is QuestionKind.CHOICE:
        listed = "、".join(question.choices)
        return f"以下之一:{listed}", f"one of: {listed}"
    return _EXPECTED[question.kind]


def _malformed(question: ServiceQuestion, value: str, at: int) -> Refusal:
    zh, en = _expected(question)
    return wrong(
        RefusalCode.ANSWER_MALFORMED,
        f"“{question.label}”({question.key})的答案“{value[:40]}”不可用:应为{zh}。",
        f"The answer {value[:40]!r} to {question.label!r} ({question.key}) cannot be: "
        f"expected {en}.",
        "answers",
        str(at),
        "value",
    )


def _twice(question: ServiceQuestion, at: int) -> Refusal:
    return wrong(
        RefusalCode.ANSWER_MALFORMED,
        f"“{question.label}”({question.key})只答一次。",
        f"{question.label!r} ({question.key}) is answered once only.",
        "answers",
        str(at),
        "key",
    )


def _unknown(service: Service, key: str, at: int) -> Refusal:
    known = ", ".join(question.key for question in service.questions)
    return wrong(
        RefusalCode.QUESTION_UNKNOWN,
        f"“{service.name}”没有问题“{key[:40]}”;可答:{known or '无'}。",
        f"{service.name!r} does not ask {key[:40]!r}; it asks: {known or 'nothing'}.",
        "answers",
        str(at),
        "key",
    )


def _required(question: ServiceQuestion) -> Refusal:
    zh, en = _expected(question)
    return wrong(
        RefusalCode.ANSWER_REQUIRED,
        f"请回答“{question.label}”({question.key}),应为{zh}。",
        f"Answer {question.label!r} ({question.key}): expected {en}.",
        "answers",
    )


def _too_many(given: int) -> Refusal:
    return wrong(
        RefusalCode.ANSWER_MALFORMED,
        f"答案 {given} 个,至多 {MOST} 个。",
        f"There are {given} answers; {MOST} are the most.",
        "answers",
    )
