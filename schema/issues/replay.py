"""Replaying: the events of an issue, in order, give its row."""

from collections.abc import Iterable, Mapping
from typing import Any

from schema.issues.values import PEOPLE, TEXTS
from schema.loaders.issue_standing import ISSUE

REPLAYED = tuple(column.name for column in ISSUE.columns if column.name not in TEXTS | PEOPLE)
"""The columns that events tell: all but what people wrote, and what would let somebody in."""


def replay(abouts: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The columns `REPLAYED` of an issue, as `values.plain` writes them.

    `abouts` are the `about` of its own events by `seq`, the first that of its report; those that
    set nothing change nothing.
    """
    row: dict[str, Any] = dict.fromkeys(REPLAYED)
    for about in abouts:
        row |= about.get("set") or {}
    return row
