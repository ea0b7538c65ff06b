-- $1 today, $2 tenant, $3 level_names
WITH page AS MATERIALIZED (
    SELECT o.id, o.parent_id, o.path, o.pinyin, o.code, o.name, o.level,
           row_number() OVER (ORDER BY o.pinyin, o.code) AS place
    FROM organization o
    WHERE o.tenant_id = $2::int AND o.level = 'community'
      AND (o.valid_from IS NULL OR o.valid_from <= $1::date)
      AND (o.valid_to IS NULL OR o.valid_to > $1::date)
    ORDER BY o.pinyin, o.code
    LIMIT 21
)
SELECT json_build_object('data', json_build_object('city', json_build_object('organizations',
    json_build_object(
        'pageInfo', json_build_object(
            'hasNextPage', (SELECT count(*) > 20 FROM page),
            'endCursor', (
                SELECT rtrim(translate(encode(convert_to(
                    '[' || to_json(pinyin) || ',' || to_json(code) || ']', 'UTF8'), 'base64'),
                    E'+/\n', '-_'), '=')
                FROM page WHERE place <= 20 ORDER BY place DESC LIMIT 1)),
        'nodes', (
            SELECT coalesce(json_agg(json_build_object(
                'code', o.code,
                'name', o.name,
                'level', $3::json -> o.level,
                'parent', (
                    SELECT json_build_object('code', p.code, 'name', p.name)
                    FROM organization p
                    WHERE p.tenant_id = $2::int AND p.id = o.parent_id),
                'children', json_build_object('nodes', (
                    SELECT coalesce(json_agg(json_build_object(
                        'code', c.code, 'name', c.name, 'level', $3::json -> c.level
                    ) ORDER BY c.pinyin, c.code), '[]')
                    FROM (
                        SELECT c.code, c.name, c.level, c.pinyin
                        FROM organization c
                        WHERE c.tenant_id = $2::int AND c.parent_id = o.id
                          AND (c.valid_from IS NULL OR c.valid_from <= $1::date)
                          AND (c.valid_to IS NULL OR c.valid_to > $1::date)
                        ORDER BY c.pinyin, c.code
                        LIMIT 5
                    ) c)),
                'descendantCount', (
                    SELECT count(*)
                    FROM organization d
                    WHERE d.tenant_id = $2::int AND d.rung = 'GRID'
                      AND d.path > o.path
                      AND d.path < substr(o.path, 1, length(o.path) - 1) || '0'
                      AND (d.valid_from IS NULL OR d.valid_from <= $1::date)
                      AND (d.valid_to IS NULL OR d.valid_to > $1::date))
            ) ORDER BY o.place), '[]')
            FROM page o WHERE o.place <= 20)
    ))))::text
