"""Moments that only are shown: read as the JSON that PostgreSQL makes of them, not decoded.

To decode a moment and spell it again costs a server twenty times what its text costs PostgreSQL.
Connections are set to the clocks of China, so that the text has their offset.
"""

import datetime
from typing import Any

from sqlalchemy import DateTime, Select, Text, func, type_coerce

from schema.scalars import in_china

SUFFIX = "_shown"

_LENGTHS = (27, 34)
"""Of the text of a moment without and with a fraction of six digits, in quotes."""


def shown(column: str) -> str:
    """The name of a column of moments that only are shown."""
    return column + SUFFIX


def spelt(text: str) -> str:
    """The text as `in_china` spells the moment, which writes fractions in full."""
    if len(text) in _LENGTHS:
        return text[1:-1]
    return in_china(datetime.datetime.fromisoformat(text[1:-1]))


def split(columns: tuple[str, ...]) -> tuple[tuple[str, ...], frozenset[str]]:
    """The columns as a table has them, and those of them that are asked for to be shown."""
    bases = frozenset(name.removesuffix(SUFFIX) for name in columns if name.endswith(SUFFIX))
    plain = dict.fromkeys(name for name in columns if not name.endswith(SUFFIX))
    return tuple(sorted({*plain, *bases})), bases


def showing(
    rows: Select[Any], columns: tuple[str, ...], bases: frozenset[str], kept: tuple[str, ...]
) -> Select[Any]:
    """The statement with moments as text; as moments too where `columns` or `kept` name them.

    Errors: `ValueError` where it has no such column of moments.
    """
    found: list[Any] = []
    left = set(bases)
    for column in rows.selected_columns:
        name = column.key or ""
        if name not in bases:
            found.append(column)
            continue
        if not isinstance(column.type, DateTime):
            raise ValueError(f"{name} is no column of moments, but {column.type}")
        left.discard(name)
        found.append(type_coerce(func.to_json(column), Text()).label(shown(name)))
        if name in columns or name in kept:
            found.append(column)
    if left:
        raise ValueError(f"no such columns of moments: {sorted(left)}")
    return rows.with_only_columns(*found, maintain_column_froms=True)
