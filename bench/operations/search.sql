-- $1 today, $2 tenant, $3 text, $4 level_names
WITH found AS MATERIALIZED (
    SELECT o.code, o.name, o.level, o.path, o.pinyin, r.rank
    FROM organization o
    CROSS JOIN LATERAL (
        SELECT (CASE WHEN o.search_name = $3::text THEN '0'
                     WHEN starts_with(o.search_name, $3::text) THEN '1'
                     ELSE '2' END
            || lpad((length(o.path) - length(replace(o.path, '/', '')))::text, 2, '0'))
            COLLATE "C" AS rank
    ) r
    WHERE o.tenant_id = $2::int
      AND (o.valid_from IS NULL OR o.valid_from <= $1::date)
      AND (o.valid_to IS NULL OR o.valid_to > $1::date)
      AND (strpos(o.search_name, $3::text) > 0 OR EXISTS (
          SELECT FROM organization_name n
          WHERE n.tenant_id = $2::int AND n.organization_id = o.id
            AND strpos(n.search_name, $3::text) > 0))
    ORDER BY r.rank, o.pinyin, o.code
    LIMIT 10
)
SELECT json_build_object('data', json_build_object('city', json_build_object('organizations',
    json_build_object('nodes', (
        SELECT coalesce(json_agg(json_build_object(
            'code', o.code,
            'name', o.name,
            'level', $4::json -> o.level,
            'ancestors', (
                SELECT coalesce(json_agg(json_build_object('name', a.name) ORDER BY a.path), '[]')
                FROM unnest(string_to_array(trim('/' FROM o.path), '/')) part
                JOIN organization a ON a.tenant_id = $2::int AND a.code = part
                WHERE a.code <> o.code)
        ) ORDER BY o.rank, o.pinyin, o.code), '[]')
        FROM found o
    )))))::text
