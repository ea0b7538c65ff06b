"""Documents as the tests read them: fenced blocks, tables, and what commands name."""

import json
import re
import shlex
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent

_FENCE = re.compile(r"^```(?P<info>[^\n]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_CELL = re.compile(r"(?<!\\)\|")


@dataclass(frozen=True)
class Block:
    """A fenced block: the words after the fence, and its text."""

    words: tuple[str, ...]
    text: str

    @property
    def language(self) -> str:
        """The first word, else ''."""
        return self.words[0] if self.words else ""

    def json(self) -> Any:
        """The text as JSON."""
        return json.loads(self.text)


def document(name: str) -> str:
    """The text of a document of the repository."""
    return (ROOT / name).read_text("utf-8")


def blocks(name: str) -> list[Block]:
    """The fenced blocks of a document, in order."""
    return [
        Block(tuple(found["info"].split()), found["text"])
        for found in _FENCE.finditer(document(name))
    ]


def section(name: str, heading: str) -> str:
    """What stands between a heading and the next one.

    Errors: `AssertionError` where the document has no such heading.
    """
    found = re.search(
        rf"^#+ {re.escape(heading)}\n(.*?)(?=^#+ |\Z)", document(name), re.MULTILINE | re.DOTALL
    )
    assert found is not None, f"{name} has no heading {heading!r}"
    return found[1]


def anchors(name: str) -> set[str]:
    """What links into a document may name: its headings, as GitHub writes them in addresses."""
    headings = re.findall(r"^#+ (.+)$", _FENCE.sub("", document(name)), re.MULTILINE)
    found: set[str] = set()
    for heading in headings:
        plain = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        numbered = (f"{plain}-{n}" for n in count(1))
        found.add(plain if plain not in found else next(a for a in numbered if a not in found))
    return found


def table(name: str, heading: str) -> list[tuple[str, ...]]:
    """The rows of the first table below a heading, without its head."""
    lines = [line for line in section(name, heading).splitlines() if line.startswith("|")]
    return [tuple(map(_cell, _CELL.split(line)[1:-1])) for line in lines[2:]]


def _cell(text: str) -> str:
    """The text of a cell; without backticks where it is one span of code."""
    plain = text.strip().replace("\\|", "|")
    return plain.strip("`") if re.fullmatch(r"`[^`]*`", plain) else plain


def curl_query(text: str) -> str:
    """The GraphQL document that a curl command posts."""
    words = shlex.split(text)
    query: str = json.loads(words[words.index("-d") + 1])["query"]
    return query


def shell_lines(name: str) -> list[str]:
    """The lines of a document's `sh` blocks."""
    return [
        line
        for block in blocks(name)
        if block.language == "sh"
        for line in block.text.splitlines()
        if line and not line.startswith("#")
    ]
