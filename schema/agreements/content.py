"""What parties agree on: one JSON object, its canonical form, and the hash that they sign.

A version of an agreement is its whole content. Everything in it is text, a whole number, null, a
list or an object: no floats, and decimals as texts in one form, so that the same content has the
same hash whoever writes it down.
"""

import datetime
import hashlib
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, TypedDict


class ContentParty(TypedDict):
    """A party; `city` is the city's six-digit code, `role` a `PartyRole`."""

    number: int
    city: str
    cityName: str
    code: str
    name: str
    role: str


class ContentDimension(TypedDict):
    """A dimension, with its name in the initiator's province."""

    key: str
    name: str


class ContentMember(TypedDict):
    """A place in the working group: a duty, and the title of a post of a party; never a person."""

    party: int
    duty: str
    title: str


class ContentCommitment(TypedDict):
    """What is to be delivered: `owner` is a party's number, null = all of them jointly.

    `key` stays the same through all versions. `quantity` as `quantity_text` writes it, `every` an
    `Every`, `dueOn` an ISO date.
    """

    key: str
    dimension: str
    owner: int | None
    text: str
    quantity: str | None
    unit: str | None
    every: str | None
    dueOn: str | None


class Content(TypedDict):
    """The whole; `alliance` is the key of a kind of alliance, the days are ISO dates."""

    title: str
    alliance: str | None
    facilitator: str | None
    parties: list[ContentParty]
    dimensions: list[ContentDimension]
    workingGroup: list[ContentMember]
    commitments: list[ContentCommitment]
    startsOn: str | None
    endsOn: str | None


def canonical(content: Mapping[str, Any]) -> bytes:
    """The one form of a content that is hashed: keys sorted, no blanks, UTF-8.

    Errors: `TypeError` where it holds anything but texts, whole numbers, booleans, null, lists
    and objects; `UnicodeEncodeError` where a text is none.
    """
    _demand_plain(content)
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode("utf-8")


def content_hash(content: Mapping[str, Any]) -> str:
    """The SHA-256 of the canonical form, 64 hex digits.

    Errors: those of `canonical`.
    """
    return hashlib.sha256(canonical(content)).hexdigest()


def quantity_text(quantity: Decimal) -> str:
    """A finite decimal in the one form that a content has: 2, not 2.0 or 2E+0.

    Errors: `ValueError` where it is not finite.
    """
    if not quantity.is_finite():
        raise ValueError(f"a quantity is a finite number, not {quantity}")
    text = f"{quantity:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def day(text: str | None) -> datetime.date | None:
    """A day as a content has it."""
    return None if text is None else datetime.date.fromisoformat(text)


def day_text(given: datetime.date | None) -> str | None:
    """A day for a content."""
    return None if given is None else given.isoformat()


def _demand_plain(value: object) -> None:
    if value is None or isinstance(value, (str, int)):  # a bool is an int
        return
    if isinstance(value, Mapping):
        for key, item in value.items():
            if not isinstance(key, str):
                raise TypeError(f"a content's keys are texts, not {type(key).__name__}")
            _demand_plain(item)
        return
    if isinstance(value, (list, tuple)):
        for item in value:
            _demand_plain(item)
        return
    raise TypeError(f"a content holds no {type(value).__name__}")
