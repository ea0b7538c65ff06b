"""What a cooperative, a household, a deal … adds to the counted cooperatives.

Of whatever the statement behind live statistics counts (`schema/loaders/cooperative_families.py`)
the same: a recount of the cells and that statement agree on every day.
"""

from typing import Any

from sqlalchemy import Select

from schema.rollup import Rollup, Source
from schema.spans import spread
from schema.tables.cooperative_cell import CooperativeCellRow
from schema.tables.market import DealState

CELLS = Rollup(CooperativeCellRow.__table__)  # type: ignore[attr-defined]

KEYS = ("measure", "kind", "industry", "year", "data_kind")
COUNTERS = ("known", "total")

_AT_WORK: list[DealState] = [state for state in DealState if state is not DealState.FAILED]


def _since(state: DealState) -> str:
    """The states of deals that have come so far, as SQL."""
    return ", ".join(f"'{one}'" for one in _AT_WORK[_AT_WORK.index(state) :])


_COOPERATIVES = """
    SELECT c.tenant_id, c.id AS source_id, 'cooperatives' AS measure, c.kind, c.industry,
        0 AS year, c.data_kind, NULL::date AS first, c.dissolved_on AS until,
        1::bigint AS known, 1::numeric AS total
    FROM cooperative c
"""

_RESULTS = """
    SELECT c.tenant_id, c.id, m.measure, c.kind, c.industry, r.year, r.data_kind,
        NULL, c.dissolved_on, 1, m.value
    FROM cooperative c
    JOIN annual_result r ON r.tenant_id = c.tenant_id AND r.cooperative_id = c.id
        AND r.superseded_at IS NULL
    CROSS JOIN LATERAL (VALUES
        ('results', 1::numeric),
        ('revenue', r.revenue),
        ('collective_income', r.collective_income),
        ('online_sales', r.online_sales),
        ('jobs', r.jobs),
        ('gain', r.mean_household_gain * r.households),
        ('gain_households', CASE WHEN r.mean_household_gain IS NOT NULL THEN r.households END),
        ('households_reached', r.households),
        ('people_reached', r.people)
    ) m(measure, value)
    WHERE m.value IS NOT NULL
"""

_DEALS = f"""
    SELECT c.tenant_id, d.id, m.measure, c.kind, c.industry, 0, d.data_kind,
        NULL, c.dissolved_on, 1, m.value
    FROM deal d
    JOIN cooperative c ON c.tenant_id = d.tenant_id AND c.id = d.cooperative_id
    CROSS JOIN LATERAL (VALUES
        ('deals', d.state IN ({_since(DealState.PROPOSED)}), 1::numeric),
        ('intended_deals', d.state IN ({_since(DealState.INTENDED)}), 1),
        ('settled_deals', d.state IN ({_since(DealState.SETTLED)}), 1),
        ('deal_amount', d.state IN ({_since(DealState.CONTRACTED)}), d.amount),
        ('deal_collective_income', d.state IN ({_since(DealState.DELIVERED)}), d.collective_income),
        ('deal_household_income', d.state IN ({_since(DealState.DELIVERED)}), d.household_income)
    ) m(measure, has_come, value)
    WHERE m.value IS NOT NULL AND m.has_come
"""

# in each of: all cooperatives, those of its kinds, of its industries, of both; there it counts
# once while it is a member of one at least
_HOUSEHOLDS = """
    SELECT g.tenant_id, g.household_id, m.measure, g.kind, g.industry, 0, '',
        lower(r.days), upper(r.days), 1, m.value
    FROM (
        SELECT m.tenant_id, m.household_id,
            CASE WHEN grain.by_kind THEN c.kind ELSE '' END AS kind,
            CASE WHEN grain.by_industry THEN c.industry ELSE '' END AS industry,
            range_agg(daterange(m.since, least(m.until, c.dissolved_on))) AS days
        FROM membership m
        JOIN cooperative c ON c.tenant_id = m.tenant_id AND c.id = m.cooperative_id
        CROSS JOIN (VALUES (false, false), (true, false), (false, true), (true, true))
            grain(by_kind, by_industry)
        WHERE coalesce(m.since < least(m.until, c.dissolved_on), true)
        GROUP BY 1, 2, 3, 4
    ) g
    CROSS JOIN LATERAL unnest(g.days) r(days)
    JOIN household h ON h.tenant_id = g.tenant_id AND h.id = g.household_id
    CROSS JOIN LATERAL (VALUES ('households', 1::numeric), ('people', h.people)) m(measure, value)
    WHERE m.value IS NOT NULL
"""

_MEMBERSHIPS = """
    SELECT m.tenant_id, m.household_id, 'memberships', '', '', 0, m.data_kind,
        m.since, least(m.until, c.dissolved_on), 1, 1
    FROM membership m
    JOIN cooperative c ON c.tenant_id = m.tenant_id AND c.id = m.cooperative_id
"""

_ENTERPRISES = """
    SELECT e.tenant_id, e.id, 'enterprises', '', '', 0, e.data_kind, e.joined_on, e.left_on, 1, 1
    FROM enterprise e
"""

_TRADES = """
    SELECT t.tenant_id, t.id, m.measure, '', '', 0, t.data_kind, NULL, NULL, 1, m.value
    FROM asset_trade t
    CROSS JOIN LATERAL (VALUES
        ('asset_trades', 1::numeric),
        ('asset_amount', t.deal_price),
        ('asset_premium', t.deal_price - t.reserve_price)
    ) m(measure, value)
    WHERE m.value IS NOT NULL
"""

# a village that was listed several times is weak until the last of them is cleared
_VILLAGES = """
    SELECT w.tenant_id, w.organization_id, m.measure, '', '', 0, '', m.first, m.until, 1, m.value
    FROM (
        SELECT tenant_id, organization_id, sum(support) AS support,
            CASE WHEN bool_and(cleared_on IS NOT NULL) THEN max(cleared_on) END AS cleared
        FROM weak_village
        GROUP BY tenant_id, organization_id
    ) w
    CROSS JOIN LATERAL (VALUES
        ('weak_villages', NULL::date, w.cleared, 1::numeric),
        ('weak_villages_cleared', w.cleared, NULL, CASE WHEN w.cleared IS NOT NULL THEN 1 END),
        ('support_funds', NULL, NULL, w.support)
    ) m(measure, first, until, value)
    WHERE m.value IS NOT NULL
"""

_ENTRIES = """
    SELECT tenant_id, organization_id, 'village_entries', '', '', 0, data_kind, NULL, NULL, 1, 1
    FROM weak_village
"""


def contributions() -> Select[Any]:
    """Rows of cooperatives, of deals, of households, of enterprises, of trades, and of villages.

    `source_id` is the id of the one that they are of, a village's that of its organization.
    """
    families = (
        _COOPERATIVES,
        _RESULTS,
        _DEALS,
        _HOUSEHOLDS,
        _MEMBERSHIPS,
        _ENTERPRISES,
        _TRADES,
        _VILLAGES,
        _ENTRIES,
    )
    return spread(" UNION ALL ".join(families), KEYS, COUNTERS)


COOPERATION = Source(
    "cooperation",
    contributions,
    (CELLS,),
    (
        "cooperative",
        "annual_result",
        "deal",
        "household",
        "membership",
        "enterprise",
        "asset_trade",
        "weak_village",
    ),
)
"""Whoever changes a cooperative's industry or its last day has its households and its deals counted
too (`schema/cooperatives/counted.py`); the lock of its row keeps others from adding to these."""
