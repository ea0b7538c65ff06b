"""Loading: one transaction a tenant and part, so that an interrupted load is simply completed."""

import datetime
from collections.abc import AsyncIterator, Sequence
from typing import Any

import asyncpg

from schema.keyring import Keyring
from schema.organizations.tree import TREE_LOCK
from seeds import divisions as real
from seeds import figures as reported
from seeds.organizations import (
    ROW,
    Tree,
    build_tree,
    name_rows,
    organization_rows,
    succession_rows,
)
from seeds.parts import Part, pending
from seeds.people import PERSON_ROW, POST_ROW, person_rows, post_rows, sample_staff
from tenants.definition import Definition


async def load(
    connection: "asyncpg.Connection[Any]",
    definitions: Sequence[Definition],
    now: datetime.datetime,
    sample: Keyring | None = None,
) -> AsyncIterator[tuple[int, int, str]]:
    """Load what is pending; yields (done, total, what) after each part.

    Sample people are loaded where there is a keyring to seal their phones with. Rows that exist
    stay as they are: people may have changed them since.
    Errors: `SeedError` where a tenant's organizations cannot be placed, `KeyFileError`; parts
    before it are kept.
    """
    parts = await pending(connection, definitions, sample is not None)
    for done, part in enumerate(parts, start=1):
        async with connection.transaction():
            if part.name == "organizations":
                await _organizations(connection, part)
            elif part.name == "figures":
                await _figures(connection, part, definitions)
            elif sample is not None:
                await _people(connection, part, sample, now)
            await connection.execute(
                "INSERT INTO load (tenant_id, part, content_hash, loaded_at)"
                " VALUES ($1, $2, $3, $4) ON CONFLICT (tenant_id, part)"
                " DO UPDATE SET content_hash = $3, loaded_at = $4",
                part.definition.tenant_id,
                part.name,
                part.content_hash,
                now,
            )
        yield done, len(parts), f"{part.definition.tenant.name} {part.name}"
    if parts:  # else statements are planned blindly until autovacuum comes by
        await connection.execute("ANALYZE organization, figure, person, post")


async def _organizations(connection: "asyncpg.Connection[Any]", part: Part) -> None:
    tenant_id, tree = part.definition.tenant_id, _tree(part)
    # nobody moves an organization meanwhile
    await connection.execute("SELECT pg_advisory_xact_lock($1, $2)", TREE_LOCK, tenant_id)
    known = await connection.fetchval(
        "SELECT EXISTS (SELECT FROM organization WHERE tenant_id = $1)", tenant_id
    )
    added = await _insert(connection, "organization", ROW, organization_rows(tree), "id")
    if known and added:
        for statement in (_SETTLE, _END):
            await connection.execute(statement, tenant_id, [row["id"] for row in added])
    names = ("tenant_id", "organization_id", "valid_to", "name", "search_name", "source", "assumed")
    await _insert(connection, "organization_name", names, name_rows(tree))
    pairs = ("tenant_id", "organization_id", "successor_id")
    await _insert(connection, "succession", pairs, succession_rows(tree))


async def _figures(
    connection: "asyncpg.Connection[Any]", part: Part, definitions: Sequence[Definition]
) -> None:
    tenant_id = part.definition.tenant_id
    own = [
        figure
        for figure in reported.load_figures()
        if tenant_id in reported.tenants_of(figure, definitions)
    ]
    await _insert(connection, "figure", reported.ROW, reported.figure_rows(tenant_id, own))


async def _people(
    connection: "asyncpg.Connection[Any]", part: Part, keyring: Keyring, now: datetime.datetime
) -> None:
    """Sample people, unless others were entered; only in organizations that go on."""
    tenant_id = part.definition.tenant_id
    # nobody ends an organization meanwhile, appoints in one, or enters a person
    await connection.execute("SELECT pg_advisory_xact_lock($1, $2)", TREE_LOCK, tenant_id)
    await connection.execute("LOCK TABLE post, person IN SHARE ROW EXCLUSIVE MODE")
    if await connection.fetchval(_OTHERS, tenant_id):
        return
    rows = await connection.fetch(_GOING_ON, tenant_id)
    staff = sample_staff(_tree(part)).within(row["id"] for row in rows)
    people = person_rows(tenant_id, staff.people, keyring, now)
    await _insert(connection, "person", PERSON_ROW, people)
    await _insert(connection, "post", POST_ROW, post_rows(tenant_id, staff.posts))


def _tree(part: Part) -> Tree:
    divisions = real.divisions_of(part.definition.tenant, real.load_divisions())
    return build_tree(part.definition, divisions)


_OTHERS = """
SELECT EXISTS (SELECT FROM person WHERE tenant_id = $1 AND data_kind <> 'GENERATED')
    OR EXISTS (SELECT FROM post WHERE tenant_id = $1 AND data_kind <> 'GENERATED')
"""
_GOING_ON = "SELECT id FROM organization WHERE tenant_id = $1 AND valid_to IS NULL"

# what is added below organizations that people moved stands where those stand now
_SETTLE = """
WITH RECURSIVE tree AS (
    SELECT id, '/' || code || '/' AS path FROM organization
    WHERE tenant_id = $1 AND parent_id IS NULL
    UNION ALL
    SELECT o.id, tree.path || o.code || '/' FROM organization o JOIN tree ON o.parent_id = tree.id
    WHERE o.tenant_id = $1
)
UPDATE organization o SET path = tree.path FROM tree
WHERE o.tenant_id = $1 AND o.id = ANY ($2) AND o.id = tree.id AND o.path <> tree.path
"""
# and below those that people dissolved it ended with them
_END = """
UPDATE organization o
SET valid_to = above.ended,
    valid_from = CASE WHEN o.valid_from < above.ended THEN o.valid_from END
FROM (
    SELECT n.id, min(p.valid_to) AS ended FROM organization n
    JOIN organization p ON p.tenant_id = n.tenant_id AND n.path ^@ p.path AND p.id <> n.id
    WHERE n.tenant_id = $1 AND n.id = ANY ($2) AND p.valid_to IS NOT NULL GROUP BY n.id
) above
WHERE o.tenant_id = $1 AND o.id = above.id
    AND (o.valid_to IS NULL OR o.valid_to > above.ended)
"""


async def _insert(
    connection: "asyncpg.Connection[Any]",
    table: str,
    columns: Sequence[str],
    rows: Sequence[tuple[object, ...]],
    returning: str = "tenant_id",
) -> "list[asyncpg.Record]":
    """COPY into a temporary table, then insert what is new; one column of the rows inserted."""
    if not rows:
        return []
    listed = ", ".join(columns)
    await connection.execute(
        f"CREATE TEMPORARY TABLE arriving ON COMMIT DROP AS SELECT {listed} FROM {table} LIMIT 0"
    )
    await connection.copy_records_to_table("arriving", records=rows, columns=list(columns))
    added: list[asyncpg.Record] = await connection.fetch(
        f"INSERT INTO {table} ({listed}) SELECT {listed} FROM arriving ON CONFLICT DO NOTHING"
        f" RETURNING {returning}"
    )
    await connection.execute("DROP TABLE arriving")
    return added
