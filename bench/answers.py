"""Whether contenders say the same, however each spells moments and cursors."""

import datetime
import re
from collections.abc import Sequence
from typing import Any

import orjson

from bench.operations import Operation

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d.*")

OWN = frozenset({"endCursor"})
"""What each contender spells in its own way."""

NEW = OWN | {"number", "reportedAt"}
"""Of what a write makes anew."""


class DifferentAnswersError(Exception):
    """The contenders do not do the same work; the text shows both answers."""


def check_equal(
    operation: Operation, name: str, expected: Sequence[Any], own: Sequence[Any]
) -> None:
    """Nothing, where the answers of the contender `name` are those that are expected.

    Errors: `DifferentAnswersError`.
    """
    left_out = NEW if operation.key == "M1" else OWN
    for left, right in zip(expected, own, strict=True):
        difference = _difference(canonical(left, left_out), canonical(right, left_out))
        if difference is not None:
            where, one, other = difference
            raise DifferentAnswersError(
                f"{operation.key} is answered differently by {name} at {where or 'the top'}:\n"
                f"{_shown(one)}\n{_shown(other)}"
            )


def canonical(value: Any, left_out: frozenset[str] = OWN) -> Any:
    """JSON without the names that are left out, its moments in UTC, its rates to twelve digits."""
    if isinstance(value, dict):
        return {
            name: canonical(item, left_out) for name, item in value.items() if name not in left_out
        }
    if isinstance(value, float):  # PostgreSQL divides decimals, the server binary numbers
        return float(f"{value:.12g}")
    if isinstance(value, list):
        return [canonical(item, left_out) for item in value]
    if isinstance(value, str) and _MOMENT.fullmatch(value):
        return datetime.datetime.fromisoformat(value).astimezone(datetime.UTC).isoformat()
    return value


def _difference(one: Any, other: Any, where: str = "") -> tuple[str, Any, Any] | None:
    """The first place where two values differ, and what is there; None where they are equal."""
    if one == other:
        return None
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        pairs = [(f"{where}.{name}", one[name], other[name]) for name in one]
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        pairs = [(f"{where}[{at}]", *pair) for at, pair in enumerate(zip(one, other, strict=True))]
    else:
        return where, one, other
    found = (_difference(left, right, place) for place, left, right in pairs)
    return next(item for item in found if item is not None)


def _shown(value: Any) -> str:
    return orjson.dumps(value)[:2000].decode(errors="replace")
