"""Reading cells by spans of days (`schema/tables/span.py`): what is true on a day."""

import datetime
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Date, Text, and_, func, select, true
from sqlalchemy.sql.elements import ColumnElement

from schema.loaders.statement import arrays_table
from schema.tables.span import Span

DAY = datetime.timedelta(days=1)


def spans() -> Any:
    """A table `s` of the ranges of cells that add up to a day; `span_values` has its values."""
    return arrays_table(
        "s",
        span=("spans", Text()),
        first=("span_firsts", Date()),
        end=("span_ends", Date()),
    )


def span_values(today: datetime.date) -> dict[str, Any]:
    """The years before that of the day, the months before its own, and the days up to it."""
    year, month = today.replace(month=1, day=1), today.replace(day=1)
    return {
        "spans": [span.value for span in (Span.YEAR, Span.MONTH, Span.DAY)],
        "span_firsts": [datetime.date.min, year, month],  # the first one is -infinity in SQL
        "span_ends": [year, month, today + DAY],
    }


def sums(
    k: Any, c: Any, groups: Sequence[str], counters: Sequence[str], *where: ColumnElement[bool]
) -> tuple[Any, Any]:
    """What is so on the day, of the cells `c` that belong to a row of `k`.

    Gives a source that joins `k` with sums, and these: of the `counters`, for each of the
    `groups` in each range of days. To be summed up once more over the ranges.
    """
    s = spans()
    inside = and_(c.c.span == s.c.span, c.c.since >= s.c.first, c.c.since < s.c.end)
    columns = [c.c[name] for name in groups]
    found = select(*columns, *(func.sum(c.c[name]).label(name) for name in counters))
    # summed up for itself, each range is looked up in the index: its size cannot be guessed from
    # arrays, and all cells of all days would be read
    ranges = found.where(inside, *where).group_by(*columns).lateral("x")
    return k.join(s, true()).join(ranges, true()), ranges
