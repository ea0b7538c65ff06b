-- $1 tenant, $2 number, $3 state_names, $4 service_names
SELECT json_build_object('data', json_build_object('city', json_build_object('issue', (
    SELECT json_build_object(
        'number', i.number,
        'title', i.title,
        'phase', i.phase,
        'severity', i.severity,
        'state', $3::jsonb -> (i.workflow || ':' || i.state),
        'service', $4::jsonb -> i.service,
        'reportedAt', i.reported_at,
        'revision', i.revision)
    FROM issue i
    WHERE i.tenant_id = $1::int AND i.number = $2::text
))))::text
