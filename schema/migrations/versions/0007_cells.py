"""Counted organizations, cooperatives and agreements: cells of the statistics."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

CITY = "tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::int"
PROVINCE = (
    "tenant_id = ANY (string_to_array(NULLIF(current_setting('app.tenant_ids', true), ''), ',')"
    "::int[])"
)

TYPES = {
    "since": sa.Date,
    "year": sa.Integer,
    "holders": sa.Integer,
    "total": sa.Numeric,
    "funds": sa.Numeric,
}
KEYS = {
    "organization_cell": ("span", "since", "level", "post", "holders"),
    "cooperative_cell": ("measure", "span", "since", "kind", "industry", "year", "data_kind"),
    "agreement_cell": (
        *("seen_by", "span", "since", "dimension", "dimension_name", "cities", "state"),
        *("alliance", "year"),
    ),
}
COUNTERS = {
    "organization_cell": ("organizations",),
    "cooperative_cell": ("known", "total"),
    "agreement_cell": (
        *("agreements", "cross_city", "commitments", "with_target", "fulfilled", "deliveries"),
        *("confirmed", "funds", "activities", "meetings", "solved"),
    ),
}
VALUES = {
    "organization_cell": {"span": "'YEAR', 'MONTH', 'DAY'"},
    "cooperative_cell": {"span": "'YEAR', 'MONTH', 'DAY'"},
    "agreement_cell": {
        "span": "'YEAR', 'MONTH', 'DAY'",
        "seen_by": "'EVERYBODY', 'PARTIES', 'OTHERS'",
        "state": "'DRAFT', 'PROPOSED', 'SIGNED', 'ACTIVE', 'COMPLETED', 'TERMINATED', 'DECLINED'",
    },
}


# what a source row adds, as it was defined at this revision
CONTRIBUTIONS = {
    "organization_cell": """
        SELECT d.tenant_id, d.source_id, d.level, d.post, d.holders, s.span,
            CASE s.span
                WHEN 'YEAR' THEN coalesce(date_trunc('year', s.day), '-infinity')
                WHEN 'MONTH' THEN date_trunc('month', s.day)
                ELSE s.day
            END::date AS since,
            s.sign * d.organizations AS organizations
        FROM (
    SELECT o.tenant_id, o.id AS source_id, o.level, '' AS post, 0 AS holders,
        o.valid_from AS first, o.valid_to AS until, 1::bigint AS organizations
    FROM organization o
 UNION ALL
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
) d
        CROSS JOIN LATERAL (
            SELECT v.sign, v.span,
                (CASE v.sign WHEN 1 THEN d.first ELSE d.until END)::timestamp AS day
            FROM (VALUES (1, 'YEAR'), (1, 'MONTH'), (1, 'DAY'), (-1, 'YEAR'), (-1, 'MONTH'), (-1, 'DAY')) v(sign, span)
        ) s
        WHERE (s.day IS NOT NULL OR (s.sign = 1 AND s.span = 'YEAR'))
            AND coalesce(d.first < d.until, true)
""",
    "cooperative_cell": """
        SELECT d.tenant_id, d.source_id, d.measure, d.kind, d.industry, d.year, d.data_kind, s.span,
            CASE s.span
                WHEN 'YEAR' THEN coalesce(date_trunc('year', s.day), '-infinity')
                WHEN 'MONTH' THEN date_trunc('month', s.day)
                ELSE s.day
            END::date AS since,
            s.sign * d.known AS known, s.sign * d.total AS total
        FROM (
    SELECT c.tenant_id, c.id AS source_id, 'cooperatives' AS measure, c.kind, c.industry,
        0 AS year, c.data_kind, NULL::date AS first, c.dissolved_on AS until,
        1::bigint AS known, 1::numeric AS total
    FROM cooperative c
 UNION ALL
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
 UNION ALL
    SELECT c.tenant_id, d.id, m.measure, c.kind, c.industry, 0, d.data_kind,
        NULL, c.dissolved_on, 1, m.value
    FROM deal d
    JOIN cooperative c ON c.tenant_id = d.tenant_id AND c.id = d.cooperative_id
    CROSS JOIN LATERAL (VALUES
        ('deals', d.state IN ('PROPOSED', 'INTENDED', 'CONTRACTED', 'DELIVERED', 'SETTLED'), 1::numeric),
        ('intended_deals', d.state IN ('INTENDED', 'CONTRACTED', 'DELIVERED', 'SETTLED'), 1),
        ('settled_deals', d.state IN ('SETTLED'), 1),
        ('deal_amount', d.state IN ('CONTRACTED', 'DELIVERED', 'SETTLED'), d.amount),
        ('deal_collective_income', d.state IN ('DELIVERED', 'SETTLED'), d.collective_income),
        ('deal_household_income', d.state IN ('DELIVERED', 'SETTLED'), d.household_income)
    ) m(measure, has_come, value)
    WHERE m.value IS NOT NULL AND m.has_come
 UNION ALL
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
 UNION ALL
    SELECT m.tenant_id, m.household_id, 'memberships', '', '', 0, m.data_kind,
        m.since, least(m.until, c.dissolved_on), 1, 1
    FROM membership m
    JOIN cooperative c ON c.tenant_id = m.tenant_id AND c.id = m.cooperative_id
 UNION ALL
    SELECT e.tenant_id, e.id, 'enterprises', '', '', 0, e.data_kind, e.joined_on, e.left_on, 1, 1
    FROM enterprise e
 UNION ALL
    SELECT t.tenant_id, t.id, m.measure, '', '', 0, t.data_kind, NULL, NULL, 1, m.value
    FROM asset_trade t
    CROSS JOIN LATERAL (VALUES
        ('asset_trades', 1::numeric),
        ('asset_amount', t.deal_price),
        ('asset_premium', t.deal_price - t.reserve_price)
    ) m(measure, value)
    WHERE m.value IS NOT NULL
 UNION ALL
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
 UNION ALL
    SELECT tenant_id, organization_id, 'village_entries', '', '', 0, data_kind, NULL, NULL, 1, 1
    FROM weak_village
) d
        CROSS JOIN LATERAL (
            SELECT v.sign, v.span,
                (CASE v.sign WHEN 1 THEN d.first ELSE d.until END)::timestamp AS day
            FROM (VALUES (1, 'YEAR'), (1, 'MONTH'), (1, 'DAY'), (-1, 'YEAR'), (-1, 'MONTH'), (-1, 'DAY')) v(sign, span)
        ) s
        WHERE (s.day IS NOT NULL OR (s.sign = 1 AND s.span = 'YEAR'))
            AND coalesce(d.first < d.until, true)
""",
    "agreement_cell": """
        SELECT d.tenant_id, d.source_id, d.seen_by, d.dimension, d.dimension_name, d.cities, d.state, d.alliance, d.year, s.span,
            CASE s.span
                WHEN 'YEAR' THEN coalesce(date_trunc('year', s.day), '-infinity')
                WHEN 'MONTH' THEN date_trunc('month', s.day)
                ELSE s.day
            END::date AS since,
            s.sign * d.agreements AS agreements, s.sign * d.cross_city AS cross_city, s.sign * d.commitments AS commitments, s.sign * d.with_target AS with_target, s.sign * d.fulfilled AS fulfilled, s.sign * d.deliveries AS deliveries, s.sign * d.confirmed AS confirmed, s.sign * d.funds AS funds, s.sign * d.activities AS activities, s.sign * d.meetings AS meetings, s.sign * d.solved AS solved
        FROM (
    SELECT
    o.tenant_id, o.id AS source_id, o.seen_by, o.dimension, o.dimension_name, o.cities, o.state,
    o.alliance, o.year
, o.first, o.until,
        1::bigint AS agreements, o.cross_city::bigint AS cross_city, c.commitments, c.with_target,
        0::bigint AS fulfilled, d.deliveries, d.confirmed, d.funds + x.funds AS funds,
        x.activities, x.meetings, x.solved
    FROM (
    SELECT a.tenant_id, a.id, v.seen_by, t.content, g.dimension, g.dimension_name,
        (
            SELECT string_agg(DISTINCT p.city, ',' ORDER BY p.city)
            FROM jsonb_to_recordset(t.content -> 'parties') p(city text)
        ) AS cities,
        s.state, s.first, s.until,
        coalesce(
            CASE v.seen_by WHEN 'OTHERS' THEN t.content ->> 'alliance' ELSE a.alliance END,
            ''
        ) AS alliance,
        coalesce(extract(year FROM (a.signed_at AT TIME ZONE 'Asia/Shanghai')::date)::integer, 0) AS year,
        (a.cities > 1)::integer AS cross_city,
        extract(year FROM coalesce(v.starts_on, (a.signed_at AT TIME ZONE 'Asia/Shanghai')::date))::integer AS begins,
        least(extract(year FROM v.ends_on)::integer, extract(year FROM (a.ended_at AT TIME ZONE 'Asia/Shanghai')::date)::integer) AS ends
    FROM agreement a
    CROSS JOIN LATERAL (
        SELECT coalesce(a.version = a.agreed, false) AND a.state <> 'PROPOSED'
            AS is_agreed
    ) w
    CROSS JOIN LATERAL (VALUES
        ('EVERYBODY', a.version, w.is_agreed),
        ('PARTIES', a.version, NOT w.is_agreed),
        ('OTHERS', a.agreed, NOT w.is_agreed AND a.agreed IS NOT NULL)
    ) n(seen_by, version, is_seen)
    JOIN agreement_version t
        ON t.tenant_id = a.tenant_id AND t.agreement_id = a.id AND t.version = n.version
    CROSS JOIN LATERAL (
        SELECT n.seen_by,
            CASE n.seen_by WHEN 'OTHERS' THEN (t.content ->> 'startsOn')::date
                ELSE a.starts_on END AS starts_on,
            CASE n.seen_by WHEN 'OTHERS' THEN (t.content ->> 'endsOn')::date
                ELSE a.ends_on END AS ends_on
    ) v
    CROSS JOIN LATERAL (
        SELECT a.state, NULL::date AS first, NULL::date AS until
        WHERE v.seen_by <> 'OTHERS' OR a.state <> 'PROPOSED'
        UNION ALL
        SELECT x.state, x.first, x.until
        FROM (VALUES
            ('SIGNED', NULL::date, v.starts_on),
            ('ACTIVE', v.starts_on, NULL)
        ) x(state, first, until)
        WHERE v.seen_by = 'OTHERS' AND a.state = 'PROPOSED'
            AND (x.state = 'ACTIVE' OR v.starts_on IS NOT NULL)
    ) s
    CROSS JOIN LATERAL (
        SELECT '' AS dimension, '' AS dimension_name
        UNION ALL
        SELECT d.key, d.name
        FROM jsonb_to_recordset(t.content -> 'dimensions') d(key text, name text)
    ) g
    WHERE a.state <> 'DRAFT' AND n.is_seen
) o
    CROSS JOIN LATERAL (
        SELECT count(*) AS commitments, count(e.quantity) AS with_target,
            array_agg(e.key) AS keys
        FROM jsonb_to_recordset(o.content -> 'commitments')
            e(key text, dimension text, quantity text)
        WHERE o.dimension IN ('', e.dimension)
    ) c
    CROSS JOIN LATERAL (
        SELECT count(*) AS deliveries,
            count(*) FILTER (WHERE d.state = 'CONFIRMED') AS confirmed,
            coalesce(
                sum(d.funds) FILTER (WHERE d.state = 'CONFIRMED'), 0
            ) AS funds
        FROM agreement_delivery d
        WHERE d.tenant_id = o.tenant_id AND d.agreement_id = o.id
            AND (o.dimension = '' OR d.commitment = ANY (c.keys))
    ) d
    CROSS JOIN LATERAL (
        SELECT count(*) AS activities,
            count(*) FILTER (WHERE x.kind = 'MEETING') AS meetings,
            coalesce(sum(x.funds), 0) AS funds, coalesce(sum(x.solved), 0)::bigint AS solved
        FROM agreement_activity x
        WHERE x.tenant_id = o.tenant_id AND x.agreement_id = o.id
    ) x
 UNION ALL
    SELECT
    o.tenant_id, o.id AS source_id, o.seen_by, o.dimension, o.dimension_name, o.cities, o.state,
    o.alliance, o.year
, greatest(o.first, y.first), least(o.until, y.until),
        0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0
    FROM (
    SELECT a.tenant_id, a.id, v.seen_by, t.content, g.dimension, g.dimension_name,
        (
            SELECT string_agg(DISTINCT p.city, ',' ORDER BY p.city)
            FROM jsonb_to_recordset(t.content -> 'parties') p(city text)
        ) AS cities,
        s.state, s.first, s.until,
        coalesce(
            CASE v.seen_by WHEN 'OTHERS' THEN t.content ->> 'alliance' ELSE a.alliance END,
            ''
        ) AS alliance,
        coalesce(extract(year FROM (a.signed_at AT TIME ZONE 'Asia/Shanghai')::date)::integer, 0) AS year,
        (a.cities > 1)::integer AS cross_city,
        extract(year FROM coalesce(v.starts_on, (a.signed_at AT TIME ZONE 'Asia/Shanghai')::date))::integer AS begins,
        least(extract(year FROM v.ends_on)::integer, extract(year FROM (a.ended_at AT TIME ZONE 'Asia/Shanghai')::date)::integer) AS ends
    FROM agreement a
    CROSS JOIN LATERAL (
        SELECT coalesce(a.version = a.agreed, false) AND a.state <> 'PROPOSED'
            AS is_agreed
    ) w
    CROSS JOIN LATERAL (VALUES
        ('EVERYBODY', a.version, w.is_agreed),
        ('PARTIES', a.version, NOT w.is_agreed),
        ('OTHERS', a.agreed, NOT w.is_agreed AND a.agreed IS NOT NULL)
    ) n(seen_by, version, is_seen)
    JOIN agreement_version t
        ON t.tenant_id = a.tenant_id AND t.agreement_id = a.id AND t.version = n.version
    CROSS JOIN LATERAL (
        SELECT n.seen_by,
            CASE n.seen_by WHEN 'OTHERS' THEN (t.content ->> 'startsOn')::date
                ELSE a.starts_on END AS starts_on,
            CASE n.seen_by WHEN 'OTHERS' THEN (t.content ->> 'endsOn')::date
                ELSE a.ends_on END AS ends_on
    ) v
    CROSS JOIN LATERAL (
        SELECT a.state, NULL::date AS first, NULL::date AS until
        WHERE v.seen_by <> 'OTHERS' OR a.state <> 'PROPOSED'
        UNION ALL
        SELECT x.state, x.first, x.until
        FROM (VALUES
            ('SIGNED', NULL::date, v.starts_on),
            ('ACTIVE', v.starts_on, NULL)
        ) x(state, first, until)
        WHERE v.seen_by = 'OTHERS' AND a.state = 'PROPOSED'
            AND (x.state = 'ACTIVE' OR v.starts_on IS NOT NULL)
    ) s
    CROSS JOIN LATERAL (
        SELECT '' AS dimension, '' AS dimension_name
        UNION ALL
        SELECT d.key, d.name
        FROM jsonb_to_recordset(t.content -> 'dimensions') d(key text, name text)
    ) g
    WHERE a.state <> 'DRAFT' AND n.is_seen
) o
    CROSS JOIN LATERAL jsonb_to_recordset(o.content -> 'commitments')
        e(key text, dimension text, quantity text, every text, "dueOn" text)
    CROSS JOIN LATERAL (
        SELECT least(o.ends, extract(year FROM e."dueOn"::date)::integer) AS ends,
            e.every IS NOT DISTINCT FROM 'YEAR' AS is_yearly
    ) l
    CROSS JOIN LATERAL (
        SELECT
            CASE WHEN l.is_yearly AND d.year IS DISTINCT FROM o.begins
                THEN make_date(d.year, 1, 1) END AS first,
            CASE WHEN l.is_yearly AND coalesce(d.year < l.ends, true)
                THEN make_date(d.year + 1, 1, 1) END AS until
        FROM (
            SELECT CASE WHEN l.is_yearly THEN extract(year FROM d.delivered_on)::integer END AS year,
                sum(d.quantity) AS done
            FROM agreement_delivery d
            WHERE d.tenant_id = o.tenant_id AND d.agreement_id = o.id AND d.commitment = e.key
                AND d.state = 'CONFIRMED'
            GROUP BY 1
        ) d
        WHERE d.done >= e.quantity::numeric AND (
            NOT l.is_yearly OR d.year = o.begins
            OR (coalesce(d.year > o.begins, true) AND coalesce(d.year <= l.ends, true))
        )
    ) y
    WHERE o.dimension IN ('', e.dimension)
) d
        CROSS JOIN LATERAL (
            SELECT v.sign, v.span,
                (CASE v.sign WHEN 1 THEN d.first ELSE d.until END)::timestamp AS day
            FROM (VALUES (1, 'YEAR'), (1, 'MONTH'), (1, 'DAY'), (-1, 'YEAR'), (-1, 'MONTH'), (-1, 'DAY')) v(sign, span)
        ) s
        WHERE (s.day IS NOT NULL OR (s.sign = 1 AND s.span = 'YEAR'))
            AND coalesce(d.first < d.until, true)
""",
}


def upgrade() -> None:
    for table, keys in KEYS.items():
        op.create_table(
            table,
            sa.Column("tenant_id", sa.Integer(), nullable=False),
            *(sa.Column(name, TYPES.get(name, sa.Text)(), nullable=False) for name in keys),
            *(
                sa.Column(name, TYPES.get(name, sa.BigInteger)(), nullable=False)
                for name in COUNTERS[table]
            ),
            *(
                sa.CheckConstraint(f"{name} IN ({values})", name=f"{table}_{name}")
                for name, values in VALUES[table].items()
            ),
            sa.ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"]),
            sa.PrimaryKeyConstraint("tenant_id", *keys),
        )
        op.execute(f"ALTER TABLE {table} SET (fillfactor = 50)")  # cells change in place
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY owner ON {table} TO CURRENT_USER USING (true) WITH CHECK (true)")
        op.execute(
            f"CREATE POLICY city ON {table} TO onegrid_city USING ({CITY}) WITH CHECK ({CITY})"
        )
        op.execute(
            f"CREATE POLICY province ON {table} FOR SELECT TO onegrid_province USING ({PROVINCE})"
        )
        op.execute(f"GRANT SELECT, INSERT, UPDATE ON {table} TO onegrid_city")
        op.execute(f"GRANT SELECT ON {table} TO onegrid_province")
        _fill(table, ", ".join(keys))


def _fill(table: str, keys: str) -> None:
    """Count the rows that there are."""
    sums = ", ".join(f"sum({name})" for name in COUNTERS[table])
    some = " OR ".join(f"sum({name}) <> 0" for name in COUNTERS[table])
    op.execute(
        sa.text(
            f"INSERT INTO {table} (tenant_id, {keys}, {', '.join(COUNTERS[table])})"
            f" SELECT tenant_id, {keys}, {sums} FROM ({CONTRIBUTIONS[table]}) s"
            f" GROUP BY tenant_id, {keys} HAVING {some}"
        )
    )


def downgrade() -> None:
    for table in KEYS:
        op.drop_table(table)
