"""What the catalogue of a PostgreSQL database says against the rules of isolation."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import asyncpg

LOGINS = ("onegrid_city", "onegrid_province")

_COLUMN = "(SELECT attname FROM pg_attribute a WHERE a.attrelid = {} AND a.attnum = {})"

TABLES = """
SELECT relname AS name, relrowsecurity AS enabled, relforcerowsecurity AS forced, relkind
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE nspname = 'public' AND relkind IN ('r', 'p', 'v', 'm', 'f') AND relname <> 'alembic_version'
ORDER BY relname
"""

POLICIES = """
SELECT tablename || '.' || policyname AS name, tablename, roles, cmd, qual, with_check,
    roles = ARRAY[current_user] AS owners
FROM pg_policies WHERE schemaname = 'public' ORDER BY 1
"""

KEYS = f"""
SELECT c.conrelid::regclass || '.' || c.conname AS name, c.contype AS kind,
    c.confrelid::regclass::text AS other,
    ARRAY(SELECT {_COLUMN.format("c.conrelid", "k.n")}
        FROM unnest(c.conkey) WITH ORDINALITY k(n, at) ORDER BY at) AS columns,
    ARRAY(SELECT {_COLUMN.format("c.confrelid", "k.n")}
        FROM unnest(c.confkey) WITH ORDINALITY k(n, at) ORDER BY at) AS others
FROM pg_constraint c JOIN pg_namespace n ON n.oid = c.connamespace
WHERE n.nspname = 'public' AND c.contype IN ('p', 'u', 'f', 'x')
    AND c.conrelid::regclass::text <> 'alembic_version'
ORDER BY 1
"""

INDEXES = f"""
SELECT i.indexrelid::regclass::text AS name, i.indisunique AS unique,
    {_COLUMN.format("i.indrelid", "i.indkey[0]")} AS first
FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'public' AND c.relname <> 'alembic_version'
ORDER BY 1
"""

FORBIDDEN = """
SELECT 'trigger ' || tgname FROM pg_trigger WHERE NOT tgisinternal
UNION ALL SELECT 'rule ' || rulename FROM pg_rules WHERE schemaname = 'public'
UNION ALL SELECT 'sequence ' || sequencename FROM pg_sequences WHERE schemaname = 'public'
UNION ALL SELECT 'identity ' || attrelid::regclass || '.' || attname FROM pg_attribute
    WHERE attidentity <> ''
UNION ALL SELECT 'default of ' || adrelid::regclass || ': ' || pg_get_expr(adbin, adrelid)
    FROM pg_attrdef WHERE pg_get_expr(adbin, adrelid) LIKE '%nextval(%'
UNION ALL SELECT 'enum ' || typname FROM pg_type WHERE typtype = 'e'
UNION ALL SELECT 'function ' || proname FROM pg_proc p JOIN pg_namespace n
    ON n.oid = p.pronamespace WHERE nspname = 'public'
ORDER BY 1
"""

GRANTS = """
SELECT grantee, table_name, privilege_type FROM information_schema.role_table_grants
WHERE table_schema = 'public' AND grantee <> (SELECT current_user)
UNION ALL
SELECT grantee, table_name || '.' || column_name, privilege_type
FROM information_schema.role_column_grants g
WHERE table_schema = 'public' AND grantee <> (SELECT current_user) AND NOT EXISTS (
    SELECT FROM information_schema.role_table_grants t WHERE t.grantee = g.grantee
    AND t.table_name = g.table_name AND t.privilege_type = g.privilege_type)
ORDER BY 1, 2, 3
"""

ROLES = """
SELECT rolname AS name, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication,
    rolinherit,
    EXISTS (SELECT FROM pg_auth_members m WHERE m.member = r.oid) AS member,
    EXISTS (SELECT FROM pg_shdepend d WHERE d.refobjid = r.oid AND d.deptype = 'o') AS owner,
    has_schema_privilege(r.oid, 'public', 'CREATE') AS creates,
    has_database_privilege(r.oid, current_database(), 'CREATE') AS creates_schemas,
    EXISTS (SELECT FROM pg_db_role_setting s WHERE s.setrole IN (r.oid, 0)
        AND s.setconfig::text LIKE '%app.tenant%') AS scoped_for_ever
FROM pg_roles r WHERE rolname = ANY ($1) ORDER BY 1
"""


async def rows(url: str, statement: str, *values: object) -> list[Mapping[str, Any]]:
    """The rows of a statement, as the owner of the database sees them."""
    connection: Any = await asyncpg.connect(url)
    try:
        return [dict(row) for row in await connection.fetch(statement, *values)]
    finally:
        await connection.close()


async def faults(url: str) -> list[str]:
    """What breaks the rules that hold for every table, also one made tomorrow; sorted."""
    found = [
        *_unprotected(await rows(url, TABLES)),
        *_weak(await rows(url, TABLES), await rows(url, POLICIES)),
        *_loose(await rows(url, KEYS)),
        *_unled(await rows(url, INDEXES)),
        *(next(iter(row.values())) for row in await rows(url, FORBIDDEN)),
    ]
    return sorted(found)


def _unprotected(tables: Sequence[Mapping[str, Any]]) -> list[str]:
    return [
        f"{table['name']}: row-level security is not enabled and forced"
        if table["relkind"] in (b"r", b"p")
        else f"{table['name']}: a view goes around policies"
        for table in tables
        if not (table["enabled"] and table["forced"]) or table["relkind"] not in (b"r", b"p")
    ]


def _weak(tables: Sequence[Mapping[str, Any]], policies: Sequence[Mapping[str, Any]]) -> list[str]:
    found = []
    for policy in policies:
        name, reads, writes = policy["name"], policy["qual"], policy["with_check"]
        if policy["cmd"] != "SELECT" and not writes:
            found.append(f"{name}: no WITH CHECK")
        if any("SELECT" in (text or "").upper() for text in (reads, writes)):
            found.append(f"{name}: a sub-select")
        if not policy["owners"]:
            found += [f"{name}: {fault}" for fault in _unscoped(policy)]
    secured = {policy["tablename"] for policy in policies}
    found += [f"{table['name']}: no policy" for table in tables if table["name"] not in secured]
    return found


# as PostgreSQL prints them back
_OF_CITY = "(tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::integer)"
_OF_PROVINCE = (
    "(tenant_id = ANY ((string_to_array(NULLIF(current_setting('app.tenant_ids'::text, true), "
    "''::text), ','::text))::integer[]))"
)
_EXPECTED = {
    "onegrid_city": ("ALL", _OF_CITY, _OF_CITY),
    "onegrid_province": ("SELECT", _OF_PROVINCE, None),
}


def _unscoped(policy: Mapping[str, Any]) -> list[str]:
    """A login's policy compares the tenant with its setting, and nothing else."""
    (role, *others) = policy["roles"]
    given = (policy["cmd"], policy["qual"], policy["with_check"])
    if others or role not in _EXPECTED:
        return [f"it is for {', '.join(policy['roles'])}"]
    expected = _EXPECTED[role]
    return [] if given == expected else [f"it lets {role} {given[0]} where {given[1]}"]


def _loose(keys: Sequence[Mapping[str, Any]]) -> list[str]:
    return [f"{key['name']}: {fault}" for key in keys for fault in _faults_of(key)]


def _faults_of(key: Mapping[str, Any]) -> Iterator[str]:
    columns, others, refers = key["columns"], key["others"], key["kind"] == b"f"
    if columns[0] != "tenant_id":
        yield f"begins with {columns[0]}"
    if refers and key["other"] == "tenant" and columns != ["tenant_id"]:
        yield f"refers to tenant by {columns}"
    if refers and key["other"] != "tenant" and (len(columns) < 2 or others[0] != "tenant_id"):
        yield f"refers to {key['other']} by {columns} = {others}"


def _unled(indexes: Sequence[Mapping[str, Any]]) -> list[str]:
    return [
        f"{index['name']}: an index that begins with {index['first'] or 'an expression'}"
        for index in indexes
        if index["first"] != "tenant_id"
    ]
