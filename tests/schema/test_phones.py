"""Telephone numbers."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schema.phones import Phone, PhoneKind, PhoneProblem, PhoneRefused, parse_phone

MOBILE = Phone("+8613812345678", PhoneKind.MOBILE)
LANDLINE = Phone("+862452345678", PhoneKind.LANDLINE)

WIDE = str.maketrans("0123456789+-()", "０１２３４５６７８９＋－（）")

national = st.one_of(
    st.from_regex(r"(138|150|166|173|189|199)[0-9]{8}", fullmatch=True),
    st.from_regex(r"0(24|411|415|851)[58][0-9]{6}", fullmatch=True).filter(parse_phone),
    st.from_regex(r"400[16][0-9]{6}", fullmatch=True),
)


@pytest.mark.parametrize(
    "text",
    [
        "13812345678",
        " 138 1234 5678\n",
        "138-1234-5678",
        "138—1234−5678",
        "138.1234.5678",
        "1 3 8 1 2 3 4 5 6 7 8",
        "+8613812345678",
        "+86 138 1234 5678",
        "+86-138-1234-5678",
        "(+86)13812345678",
        "008613812345678",
        "8613812345678",
        "013812345678",
        "１３８１２３４５６７８",
        "＋８６ １３８ １２３４ ５６７８",
        "138\u00a01234\u30005678",
        "\u202d138\u200b1234\u200b5678\u202c",
    ],
)
def test_a_mobile_number_is_one_number(text: str) -> None:
    """However a mobile number is written, it is kept in one form."""
    assert parse_phone(text) == MOBILE


@pytest.mark.parametrize(
    "text",
    [
        "024-52345678",
        "02452345678",
        "(024)5234-5678",
        "（０２４）５２３４５６７８",
        "+86 24 5234 5678",
        "+86(0)24 5234 5678",
        "86-24-52345678",
    ],
)
def test_a_landline_is_one_number(text: str) -> None:
    """However a landline is written, it is kept in one form."""
    assert parse_phone(text) == LANDLINE


@pytest.mark.parametrize(
    ("text", "phone"),
    [
        ("0415-2345678", Phone("+864152345678", PhoneKind.LANDLINE)),
        ("0411-82345678", Phone("+8641182345678", PhoneKind.LANDLINE)),
        ("0851 8234 5678", Phone("+8685182345678", PhoneKind.LANDLINE)),
        ("400-123-4567", Phone("+864001234567", PhoneKind.SERVICE)),
        ("800-810-1234", Phone("+868008101234", PhoneKind.SERVICE)),
        ("+852 2345 6789", Phone("+85223456789", PhoneKind.FOREIGN)),
        ("+1 650 253 0000", Phone("+16502530000", PhoneKind.FOREIGN)),
        ("0039 06 698 12345", Phone("+390669812345", PhoneKind.FOREIGN)),
        ("+39 06 698 12345", Phone("+390669812345", PhoneKind.FOREIGN)),
    ],
)
def test_kinds(text: str, phone: Phone) -> None:
    """A number says what it reaches; one of another country needs its country code."""
    assert parse_phone(text) == phone


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", PhoneProblem.EMPTY),
        (" \u3000\u200b", PhoneProblem.EMPTY),
        ("电话13812345678", PhoneProblem.CHARACTERS),
        ("13812345678,13912345678", PhoneProblem.CHARACTERS),
        ("13812345678/13912345678", PhoneProblem.CHARACTERS),
        ("1-800-FLOWERS", PhoneProblem.CHARACTERS),
        ("138****5678", PhoneProblem.CHARACTERS),
        ("++8613812345678", PhoneProblem.CHARACTERS),
        ("+", PhoneProblem.CHARACTERS),
        ("١٣٨١٢٣٤٥٦٧٨", PhoneProblem.CHARACTERS),
        ("\ud800", PhoneProblem.CHARACTERS),
        ("024-52345678转801", PhoneProblem.EXTENSION),
        ("024-52345678 分机 801", PhoneProblem.EXTENSION),
        ("024-52345678 ext. 801", PhoneProblem.EXTENSION),
        ("13800138000#1", PhoneProblem.EXTENSION),
        ("+999 12345678", PhoneProblem.COUNTRY),
        ("52345678", PhoneProblem.AREA_CODE),
        ("5234-567", PhoneProblem.AREA_CODE),
        ("110", PhoneProblem.TOO_SHORT),
        ("12345", PhoneProblem.TOO_SHORT),
        ("1381234567", PhoneProblem.TOO_SHORT),
        ("+1 650 253", PhoneProblem.TOO_SHORT),
        ("-", PhoneProblem.TOO_SHORT),
        ("138123456789", PhoneProblem.TOO_LONG),
        ("13812345678 13912345678", PhoneProblem.TOO_LONG),
        ("024-52345678-801", PhoneProblem.TOO_LONG),
        ("1" * 100_000, PhoneProblem.TOO_LONG),
        ("ﷺ" * 100_000, PhoneProblem.TOO_LONG),
        ("14412345678", PhoneProblem.UNASSIGNED),
        ("0413-5234567", PhoneProblem.UNASSIGNED),
        ("024-5234567", PhoneProblem.UNASSIGNED),
    ],
    ids=lambda value: ascii(value)[:30],
)
def test_what_is_no_number_is_refused(text: str, problem: PhoneProblem) -> None:
    """A text that is no number is refused with what is wrong with it."""
    found = parse_phone(text)
    assert isinstance(found, PhoneRefused)
    assert found.problem is problem
    assert not found


@given(st.text() | st.text("0123456789 +-()#x转", max_size=30))
def test_a_refusal_shows_no_digits(text: str) -> None:
    """Any text is a number or is refused, and what is said holds none of its digits."""
    found = parse_phone(text)
    if isinstance(found, PhoneRefused):
        assert set(re.findall(r"[0-9]+", found.zh + found.en)) <= {"11", "86"}
        assert "一" <= found.zh[0] <= "龥"
        assert found.zh.endswith("。")
        assert found.en.endswith(".")
    else:
        assert re.fullmatch(r"\+[1-9][0-9]{4,14}", found.e164)


@given(national, st.data())
def test_writing_does_not_matter(number: str, data: st.DataObject) -> None:
    """Country code, separators and width change nothing."""
    gaps = data.draw(
        st.lists(
            st.sampled_from(["", "", " ", "-", "."]), min_size=len(number), max_size=len(number)
        )
    )
    written = "".join(digit + gap for digit, gap in zip(number, gaps, strict=True))
    head = data.draw(st.sampled_from(["", "+86 ", "+86", "0086-", "+86-"]))
    stem = written.removeprefix("0") if head else written
    text = data.draw(st.sampled_from([head + stem, (head + stem).translate(WIDE)]))
    assert parse_phone(text) == parse_phone(number)


@given(national)
def test_the_kept_form_is_stable(number: str) -> None:
    """A kept number read again is itself."""
    found = parse_phone(number)
    assert isinstance(found, Phone)
    assert parse_phone(found.e164) == found


def test_a_number_does_not_show_itself() -> None:
    """What is printed of a number holds no digit of it."""
    assert repr(MOBILE) == "Phone(kind=<PhoneKind.MOBILE: 'MOBILE'>)"
    assert f"{MOBILE}" == repr(MOBILE)
