"""Pinyin of names: the key that sorts them and that people type.

As a process (`python -m schema.pinyin`) it reads a JSON list of names on standard input, and
writes a list of pairs: syllables and initials.
"""

import json
import re
import sys
from typing import Any

from pypinyin import Style, lazy_pinyin, load_phrases_dict

# places that the dictionary reads as ordinary words
load_phrases_dict({"朝阳": [["cháo"], ["yáng"]], "长兴": [["cháng"], ["xīng"]]})


def syllables(name: str) -> str:
    """Syllables of `name`, apart by spaces, without tones; sorts as a Chinese directory does.

    Numbers are padded, so that 第2网格 stands before 第10网格.
    """
    chunks: Any = _chunks  # pypinyin takes a list here; its annotation says text only
    parts = lazy_pinyin(name, style=Style.NORMAL, errors=chunks)
    return " ".join(part.lower() for part in parts if part.strip())


def initials(syllables: str) -> str:
    """First letters of the syllables: `fs` of `fu shun`."""
    return "".join(part[0] for part in syllables.split() if part[0].isalpha())


def _chunks(text: str) -> list[str]:
    return [
        chunk.zfill(6) if chunk.isdigit() else chunk
        for chunk in re.split(r"(\d+)|[^0-9A-Za-z]+", text)
        if chunk
    ]


def main() -> None:
    """Answer for a server, which does not keep the dictionary itself (schema/spelling.py)."""
    spelled = [syllables(name) for name in json.load(sys.stdin)]
    json.dump([[pinyin, initials(pinyin)] for pinyin in spelled], sys.stdout)


if __name__ == "__main__":
    main()
