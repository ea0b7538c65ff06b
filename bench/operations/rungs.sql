-- $1 today, $2 tenants, $3 levels, $4 rungs
WITH counts AS (
    SELECT o.tenant_id, o.level, count(*) AS total
    FROM organization o
    WHERE o.tenant_id = ANY ($2::int[])
      AND (o.valid_from IS NULL OR o.valid_from <= $1::date)
      AND (o.valid_to IS NULL OR o.valid_to > $1::date)
    GROUP BY o.tenant_id, o.level
),
cells AS MATERIALIZED (
    SELECT l.tenant_id, l.rung, min(l.city) AS city, coalesce(sum(n.total), 0)::int AS total,
           json_agg(json_build_object('name', l.name) ORDER BY l.place) AS levels
    FROM json_to_recordset($3::json)
        AS l (tenant_id int, city text, place int, key text, name text, rung text)
    LEFT JOIN counts n ON n.tenant_id = l.tenant_id AND n.level = l.key
    GROUP BY l.tenant_id, l.rung
),
cities AS MATERIALIZED (
    SELECT DISTINCT tenant_id, city FROM cells
)
SELECT json_build_object('data', json_build_object('province', json_build_object('rungs', (
    SELECT json_agg(json_build_object(
        'rung', r.rung,
        'name', r.name,
        'total', s.total,
        'cities', s.cities,
        'without', (
            SELECT coalesce(json_agg(json_build_object('name', c.city) ORDER BY c.tenant_id), '[]')
            FROM cities c
            WHERE c.tenant_id <> ALL (s.tenant_ids))
    ) ORDER BY r.place)
    FROM (
        SELECT rung, sum(total)::int AS total, array_agg(tenant_id) AS tenant_ids,
               json_agg(json_build_object(
                   'city', json_build_object('name', city), 'count', total, 'levels', levels
               ) ORDER BY tenant_id) AS cities
        FROM cells
        GROUP BY rung
    ) s
    JOIN json_to_recordset($4::json) AS r (place int, rung text, name text)
      ON r.rung IS NOT DISTINCT FROM s.rung
))))::text
