"""What an organization adds to the counted organizations: that it is there, and who holds posts."""

from typing import Any

from sqlalchemy import Select

from schema.rollup import Rollup, Source
from schema.spans import spread
from schema.tables.organization_cell import OrganizationCellRow

CELLS = Rollup(OrganizationCellRow.__table__)  # type: ignore[attr-defined]

_THERE = """
    SELECT o.tenant_id, o.id AS source_id, o.level, '' AS post, 0 AS holders,
        o.valid_from AS first, o.valid_to AS until, 1::bigint AS organizations
    FROM organization o
"""

# from each day on which somebody takes up or leaves a post, until the next one: how many hold it
_HELD = """
    SELECT h.tenant_id, h.organization_id, o.level, h.kind, h.holders,
        greatest(h.day, o.valid_from), least(h.next, o.valid_to), 1
    FROM (
        SELECT d.tenant_id, d.organization_id, d.kind, d.day,
            (sum(d.change) OVER days)::integer AS holders, lead(d.day) OVER days AS next
        FROM (
            SELECT p.tenant_id, p.organization_id, p.kind, e.day, sum(e.change) AS change
            FROM post p
            CROSS JOIN LATERAL (VALUES (p.valid_from, 1), (p.valid_to, -1)) e(day, change)
            WHERE e.day IS NOT NULL
            GROUP BY p.tenant_id, p.organization_id, p.kind, e.day
        ) d
        WINDOW days AS (PARTITION BY d.tenant_id, d.organization_id, d.kind ORDER BY d.day)
    ) h
    JOIN organization o ON o.tenant_id = h.tenant_id AND o.id = h.organization_id
    WHERE h.holders > 0
"""


def contributions() -> Select[Any]:
    """Rows of organizations, by id."""
    keys = ("level", "post", "holders")
    return spread(f"{_THERE} UNION ALL {_HELD}", keys, ("organizations",))


ORGANIZATIONS = Source("organization", contributions, (CELLS,), ("organization", "post"))
"""Whoever fills or ends a post holds the row of its organization."""
