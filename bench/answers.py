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
        if canonical(left, left_out) != canonical(right, left_out):
            raise DifferentAnswersError(
                f"{operation.key} is answered differently by {name}:\n"
                f"{_shown(left)}\n{_shown(right)}"
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


def _shown(value: Any) -> str:
    return orjson.dumps(value)[:2000].decode(errors="replace")
