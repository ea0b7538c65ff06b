"""The stated purpose: 2 to 200 printable characters, in UTF-8."""

from contextlib import suppress
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schema.errors import CodedError, ErrorCode
from server.purpose import purpose_of


@pytest.mark.parametrize(
    ("header", "purpose"),
    [
        (None, None),
        ("visit", "visit"),
        ("  home visit ", "home visit"),
        (quote("入户走访"), "入户走访"),
        ("入户走访".encode().decode("latin-1"), "入户走访"),
        (f"{quote('入户')} 100%", "入户 100%"),
        ("%20%20ab%20", "ab"),
        ("ab", "ab"),
        ("a" * 200, "a" * 200),
        (quote("访" * 200), "访" * 200),
    ],
)
def test_purpose(header: str | None, purpose: str | None) -> None:
    """A purpose is read as UTF-8, sent as it is or percent-encoded, without spaces around it."""
    assert purpose_of(header) == purpose


@pytest.mark.parametrize(
    ("header", "zh", "en"),
    [
        ("", "长度为 0", "its length is 0"),
        ("   ", "长度为 0", "its length is 0"),
        ("%20a", "长度为 1", "its length is 1"),
        ("a" * 201, "长度为 201", "its length is 201"),
        ("a%0Ab", "含有控制字符", "it has control characters"),
        ("a%E2%80%8Bb", "含有控制字符", "it has control characters"),
        ("%FF%FE", "不是 UTF-8", "it is not UTF-8"),
        ("\xff\xfe", "不是 UTF-8", "it is not UTF-8"),
        ("访问", "不是 UTF-8", "it is not UTF-8"),
    ],
)
def test_no_purpose(header: str, zh: str, en: str) -> None:
    """Anything else is refused with what is wrong and what was expected."""
    with pytest.raises(CodedError) as caught:
        purpose_of(header)
    error = caught.value
    assert (error.code, error.zh, error.en, error.facts) == (
        ErrorCode.BAD_REQUEST,
        f"请求头 X-Purpose {zh}；应为 2–200 个可见字符，中文可按 UTF-8 百分号编码。",
        f"The header X-Purpose is wrong, {en}; expected 2 to 200 printable characters, in "
        "percent-encoded UTF-8 where they are not ASCII.",
        {"header": "X-Purpose"},
    )


@settings(max_examples=150, deadline=None, database=None)
@given(st.text(st.characters(max_codepoint=255), max_size=300))
def test_any_header(header: str) -> None:
    """Whatever bytes come, the answer is a purpose within its bounds or a coded refusal."""
    purpose = "refused"
    with suppress(CodedError):
        purpose = purpose_of(header) or ""
    assert 2 <= len(purpose) <= 200
    assert purpose.isprintable()
