"""What an issue is found by: every two neighbouring characters of what was written.

Chinese has no spaces between words, so a text is cut into runs of letters and digits, and a run
into its pairs: 楼道漏水 is 楼道, 道漏 and 漏水. Pairs are kept with their places, so that a longer
text is found where its pairs follow each other, and nowhere else.
"""

import re
import unicodedata
from collections.abc import Iterator

LONGEST = 50
"""Characters of a search at most."""

_RUN = re.compile(r"[^\W_]+")

INDEXED = 30_000
"""Places of an issue's texts that can be found at most; what is written is shorter."""


def words(title: str, description: str | None) -> frozenset[str]:
    """The pairs of neighbouring letters and digits of both texts, in one case and width."""
    return frozenset(pair for pair, _ in places(title, description))


def places(title: str, description: str | None) -> list[tuple[str, int]]:
    """Every pair of both texts with its place, where no pair of one run follows another run's."""
    found: list[tuple[str, int]] = []
    start = 0
    for text in (title, description or ""):
        for run in runs(text):
            found += [(run[at : at + 2], start + at) for at in range(len(run) - 1)]
            start += len(run) + 1
    return found if start <= INDEXED else [item for item in found if item[1] < INDEXED]


def runs(text: str) -> Iterator[str]:
    """The runs of letters and digits in a text, in one case and width."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    yield from _RUN.findall(folded)


def sought(text: str) -> tuple[str, ...]:
    """The runs of a search that can be found: each has two characters or more."""
    return tuple(dict.fromkeys(run for run in runs(text) if len(run) > 1))
