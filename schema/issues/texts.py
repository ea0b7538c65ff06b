"""What people write about an issue: its title and description, checked."""

import re
import unicodedata

from schema.refusals import Refusal, RefusalCode, wrong
from schema.texts import is_plain

LONGEST_TITLE = 100
LONGEST_DESCRIPTION = 5000
MADE = 30
"""Characters of a title that is made from a description."""

_END = re.compile(r"[。!?！？;；\n]")


def checked_description(given: str | None) -> str | Refusal | None:
    """A description without blank ends, None for a blank one; lines may be broken."""
    text = unicodedata.normalize("NFC", (given or "").replace("\r\n", "\n")).strip()
    if len(text) > LONGEST_DESCRIPTION or not is_plain(text, "\n\t"):
        return wrong(
            RefusalCode.TEXT_MALFORMED,
            f"说明应至多 {LONGEST_DESCRIPTION} 个字符、不含控制字符,现有 {len(text)} 个。",
            f"A description has at most {LONGEST_DESCRIPTION} characters, none of them a control "
            f"character; this one has {len(text)}.",
            "description",
        )
    return text or None


def checked_title(
    given: str | None, description: str | None, otherwise: str | None
) -> str | Refusal:
    """A title of one line; without one the description's beginning, else `otherwise`."""
    title = " ".join(unicodedata.normalize("NFC", given or "").split())
    if given is None:
        title = title_from(description) or otherwise or ""
    if 1 <= len(title) <= LONGEST_TITLE and is_plain(title, ""):
        return title
    return wrong(
        RefusalCode.TITLE_MALFORMED,
        f"标题应为 1 至 {LONGEST_TITLE} 个字符,现有 {len(title)} 个;也可只写说明 description。",
        f"A title has 1 to {LONGEST_TITLE} printable characters, this one has {len(title)}; a "
        "description alone will do as well.",
        "title",
    )


def title_from(description: str | None) -> str:
    """The first sentence of a description, cut where it is long; empty where there is none."""
    sentences = (part.split() for part in _END.split(description or ""))
    first = next((" ".join(parts) for parts in sentences if parts), "")
    return first if len(first) <= MADE else first[: MADE - 1] + "…"
