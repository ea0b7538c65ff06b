"""Chance that is the same in every process, on every machine."""

import datetime
import random
import uuid
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")

SEED = 1
"""Another number makes other issues everywhere."""


class Chance:
    """Numbers that follow from the words it begins with.

    Only `random.Random.random` is used: Python promises that the others may change, this not.
    """

    def __init__(self, *about: object) -> None:
        words = "/".join(map(str, (SEED, *about)))
        self._next = random.Random(words).random

    def share(self) -> float:
        """A number from 0 up to 1."""
        return self._next()

    def is_one_of(self, share: float) -> bool:
        """True in `share` of all cases, from 0 to 1."""
        return self._next() < share

    def between(self, low: float, high: float) -> float:
        """A number from `low` up to `high`."""
        return low + (high - low) * self._next()

    def number(self, end: int) -> int:
        """A whole number from 0 up to `end`."""
        return int(self._next() * end)

    def pick(self, of: Sequence[T]) -> T:
        """One of them.

        Errors: `IndexError` where there is none.
        """
        return of[int(self._next() * len(of))]

    def weighted(self, of: Sequence[T], weights: Sequence[float]) -> T:
        """One of them, each as often as its weight says.

        Errors: `IndexError` where there is none.
        """
        point = self._next() * sum(weights)
        for item, weight in zip(of, weights, strict=True):
            point -= weight
            if point < 0:
                return item
        return of[-1]

    def uuid7(self, at: datetime.datetime) -> uuid.UUID:
        """An id with the moment at its beginning, as the application makes them."""
        moment = int(at.timestamp() * 1000) << 80
        low, high = int(self._next() * 2**52), int(self._next() * 2**22)
        return uuid.UUID(
            int=moment | 7 << 76 | (high & 0xFFF) << 64 | 2 << 62 | high >> 12 << 52 | low
        )
