"""Telephone numbers as people write them, and the one form in which they are kept."""

import re
import unicodedata
from dataclasses import dataclass, field
from enum import StrEnum

import phonenumbers
from phonenumbers import (
    NumberParseException,
    PhoneNumber,
    PhoneNumberFormat,
    PhoneNumberType,
    ValidationResult,
)

REGION = "CN"
CHINA = 86
MAX_LENGTH = 40
MOBILE_LENGTH = 11

_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−ー"), "-")
_WRITTEN = re.compile(r"\(?\+?[0-9 ().-]+")
_EXTENSION = re.compile(r"转|轉|分机|分機|#|ext|x", re.IGNORECASE)
_MOBILE = re.compile(r"1[3-9]")
_LOCAL = re.compile(r"[2-8][0-9]{6,7}")
_DIGIT = re.compile(r"[0-9]")


class PhoneKind(StrEnum):
    """What a number reaches; SERVICE is 400 and 800 and what else has no area in China."""

    MOBILE = "MOBILE"
    LANDLINE = "LANDLINE"
    SERVICE = "SERVICE"
    FOREIGN = "FOREIGN"


@dataclass(frozen=True)
class Phone:
    """A number that can exist, in E.164: `+`, country and number, at most 15 digits.

    The digits are not in its `repr`, so that no log shows them.
    """

    e164: str = field(repr=False)
    kind: PhoneKind


class PhoneProblem(StrEnum):
    """Why a text is no number."""

    EMPTY = "EMPTY"
    CHARACTERS = "CHARACTERS"
    EXTENSION = "EXTENSION"
    COUNTRY = "COUNTRY"
    AREA_CODE = "AREA_CODE"
    TOO_SHORT = "TOO_SHORT"
    TOO_LONG = "TOO_LONG"
    UNASSIGNED = "UNASSIGNED"


@dataclass(frozen=True)
class PhoneRefused:
    """A text that is no number: why, and two sentences, none of which holds a digit of it."""

    problem: PhoneProblem
    zh: str
    en: str

    def __bool__(self) -> bool:
        return False


_SAID: dict[PhoneProblem, tuple[str, str]] = {
    PhoneProblem.EMPTY: (
        "电话号码为空;请填写手机号,或带区号的座机号。",
        "The phone number is empty; give a mobile number, or a landline with its area code.",
    ),
    PhoneProblem.CHARACTERS: (
        "电话号码含有数字、空格、括号、连字符和开头的“+”以外的字符;请只填一个号码。",
        "The phone number has characters other than digits, spaces, brackets, hyphens and a "
        'leading "+"; give one number alone.',
    ),
    PhoneProblem.EXTENSION: (
        "电话号码带有分机号;请只填总机号码。",
        "The phone number has an extension; give the number without it.",
    ),
    PhoneProblem.COUNTRY: (
        "电话号码的国家代码不存在;中国号码以 +86 开头,或不带国家代码。",
        "The phone number's country code does not exist; numbers of China begin with +86 or "
        "have none.",
    ),
    PhoneProblem.AREA_CODE: (
        "座机号缺少区号;请按“区号-号码”填写。",
        "The landline lacks its area code; write it before the number.",
    ),
    PhoneProblem.TOO_SHORT: (
        "电话号码位数太少;手机号为 11 位,座机号须带区号。",
        "The phone number has too few digits; a mobile number has 11, a landline needs its "
        "area code.",
    ),
    PhoneProblem.TOO_LONG: (
        "电话号码位数太多;手机号为 11 位,请只填一个号码,不带分机号。",
        "The phone number has too many digits; a mobile number has 11: give one number, without "
        "an extension.",
    ),
    PhoneProblem.UNASSIGNED: (
        "没有这样的电话号码(号段、区号或位数不对);请核对。",
        "There is no such phone number (its prefix, area code or length is wrong); check it.",
    ),
}

_KINDS = {
    PhoneNumberType.MOBILE: PhoneKind.MOBILE,
    PhoneNumberType.FIXED_LINE_OR_MOBILE: PhoneKind.MOBILE,
    PhoneNumberType.FIXED_LINE: PhoneKind.LANDLINE,
}

_PARSING = {
    NumberParseException.INVALID_COUNTRY_CODE: PhoneProblem.COUNTRY,
    NumberParseException.TOO_LONG: PhoneProblem.TOO_LONG,
}


def parse_phone(text: str) -> Phone | PhoneRefused:
    """The number that `text` writes; without a country code it is one of China.

    Full-width digits, spaces, brackets, any dash and invisible marks of copied text are taken.
    """
    written = _plain(text)
    if not written:
        return _refused(PhoneProblem.EMPTY)
    if len(written) > MAX_LENGTH:
        return _refused(PhoneProblem.TOO_LONG)
    if not _WRITTEN.fullmatch(written):
        return _refused(_not_written(written))
    try:
        number = phonenumbers.parse(written, REGION)
    except NumberParseException as error:
        problem = _PARSING.get(error.error_type, PhoneProblem.TOO_SHORT)
    else:
        if phonenumbers.is_valid_number(number):
            return Phone(phonenumbers.format_number(number, PhoneNumberFormat.E164), _kind(number))
        problem = _misfit(number)
    return _refused(problem)


def _plain(text: str) -> str:
    """`text` in ASCII where it can be: no width, no invisible marks, one kind of dash."""
    # longer ones are refused anyway, and one character may become 18
    folded = unicodedata.normalize("NFKC", text[: MAX_LENGTH * 2]).translate(_DASHES)
    shown = "".join(sign for sign in folded if unicodedata.category(sign) != "Cf")
    return " ".join(shown.split())


def _not_written(written: str) -> PhoneProblem:
    head = _EXTENSION.split(written, maxsplit=1)[0]
    is_number = len(_DIGIT.findall(head)) > 6 and _WRITTEN.fullmatch(head)
    return PhoneProblem.EXTENSION if is_number else PhoneProblem.CHARACTERS


def _misfit(number: PhoneNumber) -> PhoneProblem:
    """What is wrong with a number of a country that exists."""
    digits = str(number.national_number)
    reason = phonenumbers.is_possible_number_with_reason(number)
    if number.country_code == CHINA and _MOBILE.match(digits):
        return _length(len(digits), MOBILE_LENGTH)
    if number.country_code == CHINA and _LOCAL.fullmatch(digits):
        return PhoneProblem.AREA_CODE
    if reason == ValidationResult.TOO_LONG:
        return PhoneProblem.TOO_LONG
    is_short = reason in (ValidationResult.TOO_SHORT, ValidationResult.IS_POSSIBLE_LOCAL_ONLY)
    return PhoneProblem.TOO_SHORT if is_short else PhoneProblem.UNASSIGNED


def _length(given: int, expected: int) -> PhoneProblem:
    if given == expected:
        return PhoneProblem.UNASSIGNED
    return PhoneProblem.TOO_SHORT if given < expected else PhoneProblem.TOO_LONG


def _kind(number: PhoneNumber) -> PhoneKind:
    if phonenumbers.region_code_for_number(number) != REGION:
        return PhoneKind.FOREIGN
    return _KINDS.get(phonenumbers.number_type(number), PhoneKind.SERVICE)


def _refused(problem: PhoneProblem) -> PhoneRefused:
    return PhoneRefused(problem, *_SAID[problem])
