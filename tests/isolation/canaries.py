"""Canaries: values that say whose they are, wherever and in whatever form they turn up.

A tenant has a letter, a to e, and what it holds is of one kind: of its definition, a row that
everybody may read, or a private row. A word is `zq`, letter, kind, `q` and a number; a UUID begins
with `ca9a21`, letter and kind; decimals, phone numbers and surnames have places for both.
"""

import base64
import binascii
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

LETTERS = "abcde"
# the first letters of names show through their masks
SURNAMES = "龘龗爩麤灪"


class Kind(StrEnum):
    """What a canary was put into; the letters are hexadecimal digits."""

    DEFINITION = "d"
    PUBLIC = "e"
    PRIVATE = "f"


@dataclass(frozen=True, order=True)
class Sighting:
    """A canary that was found: whose, of which kind, and the text of it."""

    letter: str
    kind: Kind
    text: str


def word(letter: str, kind: Kind, number: int) -> str:
    """A word that is a key, a slug, part of any text, and in capitals a code."""
    return f"zq{letter}{kind.value}q{number}"


def identifier(letter: str, kind: Kind, number: int) -> uuid.UUID:
    """A UUID; `number` is below 2^48."""
    return uuid.UUID(hex=f"ca9a21{letter}{kind.value}000040008000{number:012x}")


def amount(letter: str, kind: Kind, number: int) -> Decimal:
    """A number; `number` is below 1000."""
    return Decimal(f"7707{LETTERS.index(letter)}{list(Kind).index(kind)}077{number:03}")


def phone(letter: str, number: int) -> str:
    """A mobile number in E.164; `number` is below 100."""
    at = LETTERS.index(letter)
    return f"+861390{at}08{at}7{number:02}"


def surname(letter: str) -> str:
    """The first letter of the names of a tenant's people."""
    return SURNAMES[LETTERS.index(letter)]


_WORD = re.compile(r"zq([a-e])([def])q[0-9]+", re.IGNORECASE)
_UUID = re.compile(r"ca9a21([a-e])([def])-?0000-?4000-?8000-?[0-9a-f]{12}", re.IGNORECASE)
_NUMBER = re.compile(r"7707([0-4])([0-2])077[0-9]{3}")
_PHONE = re.compile(r"1390([0-4])08[0-4]7[0-9]{2}|139\*{4}([0-4])7[0-9]{2}")
_SURNAME = re.compile(f"[{SURNAMES}]")
# ids and cursors are base64 of what they name
_ENCODED = re.compile(r"[A-Za-z0-9_-]{8,}")


def seen(text: str) -> frozenset[Sighting]:
    """All canaries in a text, also inside ids and cursors."""
    return frozenset(found for reading in _readings(text) for found in _plain(reading))


def _readings(text: str) -> Iterator[str]:
    yield text
    for part in set(_ENCODED.findall(text)):
        try:
            yield base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)).decode()
        except (ValueError, binascii.Error):
            continue


def _plain(text: str) -> Iterator[Sighting]:
    for pattern in (_WORD, _UUID):
        for found in pattern.finditer(text):
            plain = found[0].lower().replace("-", "")
            yield Sighting(found[1].lower(), Kind(found[2].lower()), plain)
    for found in _NUMBER.finditer(text):
        yield Sighting(LETTERS[int(found[1])], list(Kind)[int(found[2])], found[0])
    for found in _PHONE.finditer(text):
        yield Sighting(LETTERS[int(found[1] or found[2])], Kind.PRIVATE, found[0])
    for found in _SURNAME.finditer(text):
        yield Sighting(LETTERS[SURNAMES.index(found[0])], Kind.PRIVATE, found[0])
