"""What source rows add to cells by spans of days: from one day on, until another.

The definitions of rollups over time are SQL texts: rows with a first day (null = always) and the
day on which it is over (null = never), spread here over years, months and days.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, column, select, text

from schema.tables.span import Span

_SPANS = ", ".join(f"({sign}, '{span}')" for sign in (1, -1) for span in Span)


def spread(rows: str, keys: Sequence[str], counters: Sequence[str]) -> Select[Any]:
    """The contributions to cells of `rows`: what begins is added, what is over is taken off.

    `rows` is a select of `tenant_id`, `source_id`, the keys but for `span` and `since`, `first`,
    `until` and the counters. A row that is over before it begins adds nothing.
    """
    listed = ", ".join(f"d.{name}" for name in ("tenant_id", "source_id", *keys))
    signed = ", ".join(f"s.sign * d.{name} AS {name}" for name in counters)
    sql = f"""
        SELECT {listed}, s.span,
            CASE s.span
                WHEN '{Span.YEAR}' THEN coalesce(date_trunc('year', s.day), '-infinity')
                WHEN '{Span.MONTH}' THEN date_trunc('month', s.day)
                ELSE s.day
            END::date AS since,
            {signed}
        FROM ({rows}) d
        CROSS JOIN LATERAL (
            SELECT v.sign, v.span,
                (CASE v.sign WHEN 1 THEN d.first ELSE d.until END)::timestamp AS day
            FROM (VALUES {_SPANS}) v(sign, span)
        ) s
        WHERE (s.day IS NOT NULL OR (s.sign = 1 AND s.span = '{Span.YEAR}'))
            AND coalesce(d.first < d.until, true)
    """
    names = ("tenant_id", "source_id", *keys, "span", "since", *counters)
    found = text(sql).columns(*(column(name) for name in names)).subquery("spread")
    return select(*found.c)
