-- $1 tenant, $2 code, $3 level_names
SELECT json_build_object('data', json_build_object('city', json_build_object('organization', (
    SELECT json_build_object('code', o.code, 'name', o.name, 'level', $3::json -> o.level)
    FROM organization o
    WHERE o.tenant_id = $1::int AND o.code = $2::text
))))::text
