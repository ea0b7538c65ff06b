"""What people write, checked: lines and texts that can be stored and shown."""

import unicodedata

from schema.refusals import RefusalCode, Refused, refuse

LONGEST_LINE = 100
LONGEST_TEXT = 2000


def checked_line(
    given: str, code: RefusalCode, *path: str, longest: int = LONGEST_LINE
) -> str | Refused:
    """One line without needless spaces, 1 to `longest` printable characters; `path` leads to it."""
    line = " ".join(unicodedata.normalize("NFC", given).split())
    if 1 <= len(line) <= longest and is_plain(line, ""):
        return line
    return refuse(
        code,
        f"应为 1 至 {longest} 个可见字符,现有 {len(line)} 个。",
        f"Expected 1 to {longest} printable characters; this has {len(line)}.",
        *path,
    )


def checked_text(
    given: str | None, *path: str, longest: int = LONGEST_TEXT
) -> str | Refused | None:
    """A text without blank ends, None for a blank one; lines may be broken."""
    text = unicodedata.normalize("NFC", (given or "").replace("\r\n", "\n")).strip()
    if len(text) <= longest and is_plain(text, "\n\t"):
        return text or None
    return refuse(
        RefusalCode.TEXT_MALFORMED,
        f"文字应至多 {longest} 个字符、不含控制字符,现有 {len(text)} 个。",
        f"A text has at most {longest} characters, none of them a control character; this one "
        f"has {len(text)}.",
        *path,
    )


def is_plain(text: str, taken: str) -> bool:
    """Whether a text has no control characters but those in `taken`, and can be stored."""
    return all(sign in taken or unicodedata.category(sign) not in ("Cc", "Cs") for sign in text)
