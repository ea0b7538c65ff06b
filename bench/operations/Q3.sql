-- $1 tenants, $2 mapped_tenants, $3 mapped_services, $4 mapped_domains, $5 city_names, $6 domains, $7 few
WITH grouped AS MATERIALIZED (
    SELECT c.tenant_id, m.domain,
           sum(c.reported)::bigint AS reported,
           coalesce(sum(c.reported) FILTER (WHERE c.phase = 'CLOSED'), 0)::bigint AS closed,
           coalesce(sum(c.reported) FILTER (WHERE c.phase IN ('REJECTED', 'WITHDRAWN')), 0)::bigint
               AS dropped,
           sum(c.handled)::bigint AS handled,
           sum(c.handled_seconds)::bigint AS handled_seconds,
           sum(c.rated)::bigint AS rated,
           sum(c.solved)::bigint AS solved,
           sum(c.satisfied)::bigint AS satisfied
    FROM issue_total c
    LEFT JOIN unnest($2::int[], $3::text[], $4::text[]) AS m (tenant_id, service, domain)
        ON m.tenant_id = c.tenant_id AND m.service = c.service
    WHERE c.tenant_id = ANY ($1::int[])
    GROUP BY c.tenant_id, m.domain
    HAVING sum(c.reported) > 0
),
ranked AS MATERIALIZED (
    SELECT g.*, row_number() OVER small AS rank, sum(reported) OVER small AS added
    FROM grouped g
    JOIN json_to_recordset($6::json) AS d (place int, key text) ON d.key = g.domain
    WINDOW small AS (ORDER BY reported, tenant_id, d.place ROWS UNBOUNDED PRECEDING)
),
-- what the total would tell of rows held back must be neither few nor a single row
held AS MATERIALIZED (
    SELECT CASE WHEN s.small = 0 THEN 0 ELSE coalesce(
        (SELECT min(rank) FROM ranked WHERE rank >= greatest(s.small, 2) AND added >= $7::int),
        (SELECT count(*) FROM ranked)) END AS rows
    FROM (SELECT count(*) AS small FROM ranked WHERE reported < $7::int) s
),
whole AS MATERIALIZED (
    SELECT sum(reported)::bigint AS reported, sum(closed)::bigint AS closed,
           sum(dropped)::bigint AS dropped, sum(rated)::bigint AS rated,
           sum(satisfied)::bigint AS satisfied,
           coalesce(sum(reported) FILTER (WHERE domain IS NULL), 0)::bigint AS unmapped
    FROM grouped
)
SELECT json_build_object('data', json_build_object('province', json_build_object(
    'issueStatistics', json_build_object(
        'rows', (
            SELECT coalesce(json_agg(json_build_object(
                'city', $5::jsonb -> r.tenant_id::text,
                'domain', json_build_object('name', d.name),
                'measures', json_build_object(
                    'reported', r.reported,
                    'closureRate', r.closed::float8 / nullif(r.reported - r.dropped, 0),
                    'resolutionRate', r.solved::float8 / nullif(r.rated, 0),
                    'satisfactionRate', r.satisfied::float8 / nullif(r.rated, 0),
                    'meanHandlingHours', r.handled_seconds::float8 / nullif(r.handled, 0) / 3600)
            ) ORDER BY r.tenant_id, d.place), '[]')
            FROM ranked r
            CROSS JOIN held h
            JOIN json_to_recordset($6::json) AS d (place int, key text, name text)
                ON d.key = r.domain
            WHERE r.rank > h.rows),
        'total', (
            SELECT json_build_object(
                'reported', w.reported,
                'closureRate', w.closed::float8 / nullif(w.reported - w.dropped, 0),
                'satisfactionRate', w.satisfied::float8 / nullif(w.rated, 0))
            FROM whole w),
        'unmapped', (SELECT w.unmapped FROM whole w),
        'suppressed', (SELECT h.rows FROM held h))
)))::text
