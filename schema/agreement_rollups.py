"""What a copy of an agreement adds to the counted agreements of its tenant.

The same as the statement behind live statistics (`schema/loaders/agreement_statistics.py`) counts,
for who sees agreements whole and for who sees them as they were agreed, on every day.
"""

from typing import Any

from sqlalchemy import Select

from schema.rollup import Rollup, Source
from schema.spans import spread
from schema.tables.agreement import ActivityKind, AgreementState, DeliveryState, Every
from schema.tables.agreement_cell import AgreementCellRow, SeenBy

CELLS = Rollup(AgreementCellRow.__table__)  # type: ignore[attr-defined]

KEYS = ("seen_by", "dimension", "dimension_name", "cities", "state", "alliance", "year")


def _day(moment: str) -> str:
    """The day in China of a moment."""
    return f"({moment} AT TIME ZONE 'Asia/Shanghai')::date"


def _year(day: str) -> str:
    return f"extract(year FROM {day})::integer"


# an agreement as somebody sees it: a row for each of those who see it differently, each of its
# states with the days of it, and each grain of cells that it is in
_SEEN = f"""
    SELECT a.tenant_id, a.id, v.seen_by, t.content, g.dimension, g.dimension_name,
        (
            SELECT string_agg(DISTINCT p.city, ',' ORDER BY p.city)
            FROM jsonb_to_recordset(t.content -> 'parties') p(city text)
        ) AS cities,
        s.state, s.first, s.until,
        coalesce(
            CASE v.seen_by WHEN '{SeenBy.OTHERS}' THEN t.content ->> 'alliance' ELSE a.alliance END,
            ''
        ) AS alliance,
        coalesce({_year(_day("a.signed_at"))}, 0) AS year,
        (a.cities > 1)::integer AS cross_city,
        {_year(f"coalesce(v.starts_on, {_day('a.signed_at')})")} AS begins,
        least({_year("v.ends_on")}, {_year(_day("a.ended_at"))}) AS ends
    FROM agreement a
    CROSS JOIN LATERAL (
        SELECT coalesce(a.version = a.agreed, false) AND a.state <> '{AgreementState.PROPOSED}'
            AS is_agreed
    ) w
    CROSS JOIN LATERAL (VALUES
        ('{SeenBy.EVERYBODY}', a.version, w.is_agreed),
        ('{SeenBy.PARTIES}', a.version, NOT w.is_agreed),
        ('{SeenBy.OTHERS}', a.agreed, NOT w.is_agreed AND a.agreed IS NOT NULL)
    ) n(seen_by, version, is_seen)
    JOIN agreement_version t
        ON t.tenant_id = a.tenant_id AND t.agreement_id = a.id AND t.version = n.version
    CROSS JOIN LATERAL (
        SELECT n.seen_by,
            CASE n.seen_by WHEN '{SeenBy.OTHERS}' THEN (t.content ->> 'startsOn')::date
                ELSE a.starts_on END AS starts_on,
            CASE n.seen_by WHEN '{SeenBy.OTHERS}' THEN (t.content ->> 'endsOn')::date
                ELSE a.ends_on END AS ends_on
    ) v
    CROSS JOIN LATERAL (
        SELECT a.state, NULL::date AS first, NULL::date AS until
        WHERE v.seen_by <> '{SeenBy.OTHERS}' OR a.state <> '{AgreementState.PROPOSED}'
        UNION ALL
        SELECT x.state, x.first, x.until
        FROM (VALUES
            ('{AgreementState.SIGNED}', NULL::date, v.starts_on),
            ('{AgreementState.ACTIVE}', v.starts_on, NULL)
        ) x(state, first, until)
        WHERE v.seen_by = '{SeenBy.OTHERS}' AND a.state = '{AgreementState.PROPOSED}'
            AND (x.state = '{AgreementState.ACTIVE}' OR v.starts_on IS NOT NULL)
    ) s
    CROSS JOIN LATERAL (
        SELECT '' AS dimension, '' AS dimension_name
        UNION ALL
        SELECT d.key, d.name
        FROM jsonb_to_recordset(t.content -> 'dimensions') d(key text, name text)
    ) g
    WHERE a.state <> '{AgreementState.DRAFT}' AND n.is_seen
"""

_HEAD = """
    o.tenant_id, o.id AS source_id, o.seen_by, o.dimension, o.dimension_name, o.cities, o.state,
    o.alliance, o.year
"""

_COUNTED = f"""
    SELECT {_HEAD}, o.first, o.until,
        1::bigint AS agreements, o.cross_city::bigint AS cross_city, c.commitments, c.with_target,
        0::bigint AS fulfilled, d.deliveries, d.confirmed, d.funds + x.funds AS funds,
        x.activities, x.meetings, x.solved
    FROM ({_SEEN}) o
    CROSS JOIN LATERAL (
        SELECT count(*) AS commitments, count(e.quantity) AS with_target,
            array_agg(e.key) AS keys
        FROM jsonb_to_recordset(o.content -> 'commitments')
            e(key text, dimension text, quantity text)
        WHERE o.dimension IN ('', e.dimension)
    ) c
    CROSS JOIN LATERAL (
        SELECT count(*) AS deliveries,
            count(*) FILTER (WHERE d.state = '{DeliveryState.CONFIRMED}') AS confirmed,
            coalesce(
                sum(d.funds) FILTER (WHERE d.state = '{DeliveryState.CONFIRMED}'), 0
            ) AS funds
        FROM agreement_delivery d
        WHERE d.tenant_id = o.tenant_id AND d.agreement_id = o.id
            AND (o.dimension = '' OR d.commitment = ANY (c.keys))
    ) d
    CROSS JOIN LATERAL (
        SELECT count(*) AS activities,
            count(*) FILTER (WHERE x.kind = '{ActivityKind.MEETING}') AS meetings,
            coalesce(sum(x.funds), 0) AS funds, coalesce(sum(x.solved), 0)::bigint AS solved
        FROM agreement_activity x
        WHERE x.tenant_id = o.tenant_id AND x.agreement_id = o.id
    ) x
"""

# A target for every year is looked at a year at a time: from the first year of the agreement, and
# before, to the last year of the commitment's time, and after. A year in which it was reached
# counts from its first day to its last, the first year always before too, the last one after.
_FULFILLED = f"""
    SELECT {_HEAD}, greatest(o.first, y.first), least(o.until, y.until),
        0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0
    FROM ({_SEEN}) o
    CROSS JOIN LATERAL jsonb_to_recordset(o.content -> 'commitments')
        e(key text, dimension text, quantity text, every text, "dueOn" text)
    CROSS JOIN LATERAL (
        SELECT least(o.ends, {_year('e."dueOn"::date')}) AS ends,
            e.every IS NOT DISTINCT FROM '{Every.YEAR}' AS is_yearly
    ) l
    CROSS JOIN LATERAL (
        SELECT
            CASE WHEN l.is_yearly AND d.year IS DISTINCT FROM o.begins
                THEN make_date(d.year, 1, 1) END AS first,
            CASE WHEN l.is_yearly AND coalesce(d.year < l.ends, true)
                THEN make_date(d.year + 1, 1, 1) END AS until
        FROM (
            SELECT CASE WHEN l.is_yearly THEN {_year("d.delivered_on")} END AS year,
                sum(d.quantity) AS done
            FROM agreement_delivery d
            WHERE d.tenant_id = o.tenant_id AND d.agreement_id = o.id AND d.commitment = e.key
                AND d.state = '{DeliveryState.CONFIRMED}'
            GROUP BY 1
        ) d
        WHERE d.done >= e.quantity::numeric AND (
            NOT l.is_yearly OR d.year = o.begins
            OR (coalesce(d.year > o.begins, true) AND coalesce(d.year <= l.ends, true))
        )
    ) y
    WHERE o.dimension IN ('', e.dimension)
"""


def contributions() -> Select[Any]:
    """Rows of agreements, by id; that of a commitment which is fulfilled counts nothing else."""
    counters = CELLS.counters
    return spread(f"{_COUNTED} UNION ALL {_FULFILLED}", KEYS, counters)


AGREEMENTS = Source(
    "agreement",
    contributions,
    (CELLS,),
    ("agreement", "agreement_version", "agreement_delivery", "agreement_activity"),
)
"""Who changes an agreement holds the row of each copy (`schema/agreements/copies.py`)."""
