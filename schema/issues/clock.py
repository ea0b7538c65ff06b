"""The deadline of an issue between its row and its clock."""

from collections.abc import Mapping
from typing import Any

from tenants.deadline import Clock
from tenants.workflow import TimeUnit

COLUMNS = ("started_at", "due_at", "unit", "warn_at", "paused_at", "pauses", "extensions")


def clock_of(row: Mapping[str, Any]) -> Clock | None:
    """The clock that a row keeps, if its issue has one."""
    if row["due_at"] is None:
        return None
    return Clock(
        started_at=row["started_at"],
        due_at=row["due_at"],
        unit=TimeUnit(row["unit"]),
        warn_at=row["warn_at"],
        paused_at=row["paused_at"],
        pauses=row["pauses"],
        extensions=row["extensions"],
    )


def clock_columns(clock: Clock | None) -> dict[str, Any]:
    """The columns of a clock; all of them empty where there is none."""
    if clock is None:
        return dict.fromkeys(COLUMNS) | {"pauses": 0, "extensions": 0}
    values = {name: getattr(clock, name) for name in COLUMNS}
    return values | {"unit": clock.unit.value}
