-- $1 tenant, $2 after_at, $3 after_id
WITH first AS MATERIALIZED (
    SELECT i.id, i.number, i.title, i.phase, i.severity, i.channel, i.reported_at, i.resolved_at,
           i.revision, o.name
    FROM (
        SELECT * FROM issue WHERE tenant_id = $1::int
        ORDER BY reported_at DESC, id DESC LIMIT 100
    ) i
    JOIN organization o ON o.tenant_id = $1::int AND o.id = i.organization_id
),
second AS MATERIALIZED (
    SELECT i.id, i.number, i.title, i.phase, i.severity, i.channel, i.reported_at, i.resolved_at,
           i.revision, o.name
    FROM (
        SELECT * FROM issue WHERE tenant_id = $1::int
          AND (reported_at, id) < ($2::timestamptz, $3::uuid)
        ORDER BY reported_at DESC, id DESC LIMIT 100
    ) i
    JOIN organization o ON o.tenant_id = $1::int AND o.id = i.organization_id
)
SELECT json_build_object('data', json_build_object('city', json_build_object(
    'first', json_build_object(
        'pageInfo', json_build_object('endCursor', (
            SELECT rtrim(translate(encode(convert_to(
                '["0",' || to_json(reported_at) || ',"' || id || '"]',
                'UTF8'), 'base64'), E'+/\n', '-_'), '=')
            FROM first ORDER BY reported_at, id LIMIT 1)),
        'nodes', (
            SELECT coalesce(json_agg(json_build_object(
                'number', number, 'title', title, 'phase', phase, 'severity', severity,
                'channel', channel, 'reportedAt', reported_at, 'resolvedAt', resolved_at,
                'revision', revision, 'organization', json_build_object('name', name)
            ) ORDER BY reported_at DESC, id DESC), '[]')
            FROM first)),
    'second', json_build_object('nodes', (
        SELECT coalesce(json_agg(json_build_object(
            'number', number, 'title', title, 'phase', phase, 'severity', severity,
            'channel', channel, 'reportedAt', reported_at, 'resolvedAt', resolved_at,
            'revision', revision, 'organization', json_build_object('name', name)
        ) ORDER BY reported_at DESC, id DESC), '[]')
        FROM second))
)))::text
