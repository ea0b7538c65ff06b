"""Columns of an issue as an event holds them, and back."""

import datetime
import uuid
from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Any

TEXTS = frozenset({"title", "description", "answers", "comment", "latitude", "longitude"})
"""What people wrote, or where exactly they are: never in an event, which is kept for ever."""

PEOPLE = frozenset({"secret_hash"})
"""What would let somebody in."""


def plain(sets: Mapping[str, Any]) -> dict[str, Any]:
    """Columns as JSON: what people wrote is left out, moments are ISO 8601 in UTC."""
    return {
        name: value if value.__class__ in _AS_IT_IS else _plain(value)
        for name, value in sets.items()
        if name not in _HIDDEN
    }


_HIDDEN = TEXTS | PEOPLE
_AS_IT_IS = frozenset({str, int, bool, type(None)})


def _plain(value: Any) -> Any:
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.UTC).isoformat()
    if isinstance(value, (uuid.UUID, Decimal)):
        return str(value)
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value
