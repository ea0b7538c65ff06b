"""The purpose that a request states for reading personal data, in its X-Purpose header."""

from urllib.parse import unquote_to_bytes

from schema.errors import CodedError, ErrorCode

SHORTEST, LONGEST = 2, 200


def purpose_of(header: str | None) -> str | None:
    """The stated purpose, 2 to 200 printable characters; None without the header.

    `header` is text as servers give it, a character a byte (latin-1): UTF-8 comes through as it
    is, or percent-encoded.
    Errors: `CodedError` BAD_REQUEST.
    """
    if header is None:
        return None
    try:
        text = unquote_to_bytes(header.encode("latin-1")).decode().strip()
    except UnicodeError:
        raise _wrong("不是 UTF-8", "it is not UTF-8") from None
    if not SHORTEST <= len(text) <= LONGEST:
        raise _wrong(f"长度为 {len(text)}", f"its length is {len(text)}")
    if not text.isprintable():
        raise _wrong("含有控制字符", "it has control characters")
    return text


def _wrong(zh: str, en: str) -> CodedError:
    return CodedError(
        ErrorCode.BAD_REQUEST,
        f"请求头 X-Purpose {zh}；应为 {SHORTEST}–{LONGEST} 个可见字符，中文可按 UTF-8 百分号编码。",
        f"The header X-Purpose is wrong, {en}; expected {SHORTEST} to {LONGEST} printable "
        "characters, in percent-encoded UTF-8 where they are not ASCII.",
        header="X-Purpose",
    )
