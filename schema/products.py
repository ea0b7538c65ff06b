"""Names of products: checked, and in the form in which they are compared.

The key of a name is what is left of it without what does not tell products apart: full-width and
compatible signs are made plain (NFKC), letters small, blanks and punctuation left out, and words
of praise at the beginning too ("优质 大米" and "大米" are one product). Nothing else is known
about words: whether 红富士 is an apple is left to people.

Two products match where their keys are equal, or where one holds the other and that has at least
two characters: "巨峰葡萄" is what who seeks "葡萄" may want; "米" is part of too many names.
"""

import unicodedata

from schema.refusals import RefusalCode, Refused, refuse
from schema.texts import checked_line

PRAISE = ("新鲜", "优质", "精品", "特级")
"""Words at the beginning of a name that do not tell products apart."""

LONGEST_PRODUCT = 40
SHORTEST_PART = 2
"""The fewest characters by which a product is found inside of another."""


def product_key(name: str) -> str:
    """The form in which a name is compared; empty where it has neither letters nor numbers."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    key = "".join(sign for sign in folded if unicodedata.category(sign)[0] in "LMN")
    while (rest := _without_praise(key)) != key:
        key = rest
    return key


def _without_praise(key: str) -> str:
    for word in PRAISE:
        if key.startswith(word) and len(key) >= len(word) + SHORTEST_PART:
            return key[len(word) :]
    return key


def products_match(one: str, other: str) -> bool:
    """Whether two keys may be of one product, as the list of matches has it."""
    short, long = sorted((one, other), key=len)
    return one == other or (len(short) >= SHORTEST_PART and short in long)


def checked_product(given: str, *path: str) -> str | Refused:
    """The name of a product, 1 to 40 characters with a letter or number; `path` leads to it."""
    line = checked_line(given, RefusalCode.PRODUCT_MALFORMED, *path, longest=LONGEST_PRODUCT)
    if isinstance(line, Refused) or product_key(line):
        return line
    return refuse(
        RefusalCode.PRODUCT_MALFORMED,
        f"产品名称“{line}”没有文字或数字。",
        f"The name {line!r} has neither a letter nor a number.",
        *path,
    )
