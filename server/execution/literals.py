"""Literals: what in a text may differ while its shape stays, found without parsing."""

import re
from typing import NamedTuple

MOST = 256
"""Literals and comments of a text at most; one with more is left as it stands."""

_LITERAL = re.compile(
    r'(["#\-0-9](?:'  # begins with a set, so that the search between literals is fast
    r'(?<=")[^"\\\n\r\ud800-\udfff]*+"(?!")'  # a string without escapes
    r"|(?<=#)[^\n\r\ud800-\udfff]*+"  # a comment, which hides what looks like literals
    r"|(?:(?<=-)(?:0|[1-9][0-9]*+)|(?<![0-9A-Za-z_.][0-9])(?:(?<=0)|(?<=[1-9])[0-9]*+))"
    r"(?:\.[0-9]++)?+(?:[eE][+-]?+[0-9]++)?+(?![0-9A-Za-z_.])"  # a number
    r"))"
)

STRING, COMMENT, INT, FLOAT = "s", "c", "i", "f"
_KINDS = {'"': STRING, "#": COMMENT}


class Literals(NamedTuple):
    """The literals of a text, comments among them, as they are written and in their order.

    `key` is all the rest, with the kinds of the literals. Texts with the same key, one of which
    is known to be `read` rightly, have the same tokens but for the literals themselves.
    """

    key: str
    raws: list[str]

    @property
    def kinds(self) -> str:
        """STRING, COMMENT, INT or FLOAT for each."""
        return self.key[: len(self.raws)]


def literals_of(text: str) -> Literals | None:
    """The literals of a text; None where it has none, too many, or some that are not plain.

    Those that are not plain are block strings and strings with escapes. Takes time linear in the
    text, also where it is no GraphQL.
    """
    if "\\" in text or '"""' in text:
        return None
    parts = _LITERAL.split(text, MOST + 1)
    raws = parts[1::2]
    if not raws or len(raws) > MOST:
        return None
    kinds = "".join([_KINDS.get(raw[0]) or _number(raw) for raw in raws])
    # a valid text has no NUL between its literals, so keys of valid texts are unequivocal
    return Literals("\0".join([kinds, *parts[::2]]), raws)


def starts_of(text: str) -> tuple[int, ...]:
    """The offsets of the literals of `literals_of`, in characters."""
    return tuple(match.start() for match in _LITERAL.finditer(text))


def _number(raw: str) -> str:
    return FLOAT if "." in raw or "e" in raw or "E" in raw else INT
