-- $1 today, $2 tenant, $3 level_names, $4 state_names, $5 service_names
WITH page AS MATERIALIZED (
    SELECT o.id, o.parent_id, o.path, o.pinyin, o.code, o.name, o.level
    FROM organization o
    WHERE o.tenant_id = $2::int AND o.level = 'community'
      AND (o.valid_from IS NULL OR o.valid_from <= $1::date)
      AND (o.valid_to IS NULL OR o.valid_to > $1::date)
      /* place */
    ORDER BY o.pinyin, o.code
    LIMIT 21
),
shown AS MATERIALIZED (
    SELECT * FROM page ORDER BY pinyin, code LIMIT 20
)
SELECT json_build_object('data', json_build_object('city', json_build_object('organizations',
    json_build_object(
        'pageInfo', json_build_object(
            'hasNextPage', (SELECT count(*) > 20 FROM page),
            'endCursor', (
                SELECT rtrim(translate(encode(convert_to(
                    '[' || to_json(pinyin) || ',' || to_json(code) || ']', 'UTF8'), 'base64'),
                    E'+/\n', '-_'), '=')
                FROM shown ORDER BY pinyin DESC, code DESC LIMIT 1)),
        'nodes', (
            SELECT coalesce(json_agg(json_build_object(
                'code', o.code,
                'name', o.name,
                'level', $3::jsonb -> o.level,
                'parent', (
                    SELECT json_build_object('code', p.code, 'name', p.name)
                    FROM organization p
                    WHERE p.tenant_id = $2::int AND p.id = o.parent_id),
                'issues', json_build_object('nodes', (
                    SELECT coalesce(json_agg(json_build_object(
                        'number', i.number,
                        'title', i.title,
                        'phase', i.phase,
                        'state', $4::jsonb -> (i.workflow || ':' || i.state),
                        'service', $5::jsonb -> i.service,
                        'timeline', json_build_object('nodes', (
                            SELECT coalesce(json_agg(json_build_object(
                                'kind', e.kind, 'at', e.at,
                                'actor', json_build_object('role', e.role)
                            ) ORDER BY e.seq), '[]')
                            FROM (
                                SELECT v.seq, v.kind, v.at, v.role
                                FROM event v
                                WHERE v.tenant_id = $2::int AND v.issue_id = i.id
                                ORDER BY v.seq DESC
                                LIMIT 2
                            ) e))
                    ) ORDER BY i.reported_at DESC, i.id DESC), '[]')
                    FROM (
                        SELECT f.*
                        FROM organization d
                        CROSS JOIN LATERAL (
                            SELECT s.id, s.number, s.title, s.phase, s.workflow, s.state,
                                   s.service, s.reported_at
                            FROM issue s
                            WHERE s.tenant_id = $2::int AND s.organization_id = d.id
                            ORDER BY s.reported_at DESC, s.id DESC
                            LIMIT 5
                        ) f
                        WHERE d.tenant_id = $2::int AND d.path >= o.path
                          AND d.path < substr(o.path, 1, length(o.path) - 1) || '0'
                        ORDER BY f.reported_at DESC, f.id DESC
                        LIMIT 5
                    ) i))
            ) ORDER BY o.pinyin, o.code), '[]')
            FROM shown o)
    ))))::text
