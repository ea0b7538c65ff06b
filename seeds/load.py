"""Loading: one transaction a tenant and part, so that an interrupted load is simply completed."""

import datetime
from collections.abc import AsyncIterator, Sequence
from typing import Any

import asyncpg

from schema.issues.placing import Place
from schema.keyring import Keyring
from schema.organizations.tree import TREE_LOCK
from seeds import divisions as real
from seeds import figures as reported
from seeds import issues as sample_issues
from seeds.issues import EVENT_ROW, HANDLER_ROW, ISSUE_ROW, NOTE_ROW, WORD_ROW, Row
from seeds.organizations import (
    ROW,
    Tree,
    build_tree,
    name_rows,
    organization_rows,
    succession_rows,
)
from seeds.parts import ISSUES, Part, pending
from seeds.people import PERSON_ROW, POST_ROW, Post, person_rows, post_rows, sample_staff
from seeds.play import Played
from seeds.scene import Scene
from tenants.calendar import day_of
from tenants.definition import Definition


async def load(
    connection: "asyncpg.Connection[Any]",
    definitions: Sequence[Definition],
    now: datetime.datetime,
    sample: Keyring | None = None,
    issues: int = 0,
) -> AsyncIterator[tuple[int, int, str]]:
    """Load what is pending; yields (done, total, what) after each part.

    Sample people are loaded where there is a keyring to seal their phones with, and then sample
    issues until there are `issues` over all cities, reported in the months before `now`. Rows that
    exist stay as they are: people may have changed them since.
    Errors: `SeedError` where a tenant's organizations cannot be placed, `KeyFileError`; parts
    before it are kept.
    """
    parts = await pending(connection, definitions, sample is not None, issues)
    for done, part in enumerate(parts, start=1):
        async with connection.transaction():
            if part.name == "organizations":
                await _organizations(connection, part)
            elif part.name == "figures":
                await _figures(connection, part, definitions)
            elif part.name == ISSUES:
                await _issues(connection, part, now)
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
        await connection.execute(_ANALYZE)


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


async def _issues(
    connection: "asyncpg.Connection[Any]", part: Part, now: datetime.datetime
) -> None:
    """Sample issues, beside whatever others there are; none where there are no sample people."""
    tenant_id, today = part.definition.tenant_id, day_of(now)
    # nobody ends an organization meanwhile, or relieves somebody of a post
    await connection.execute("SELECT pg_advisory_xact_lock($1, $2)", TREE_LOCK, tenant_id)
    scene = await _scene(connection, part.definition, today)
    if not scene.handlers:
        return
    days = await connection.fetch(_TAKEN, tenant_id)
    taken = {row["day"]: row["last"] for row in days}
    count = int(part.content_hash) - part.first
    played = sample_issues.sample_issues(scene, part.first, count, today, taken)
    await _write_issues(connection, tenant_id, played)


async def _scene(
    connection: "asyncpg.Connection[Any]", definition: Definition, today: datetime.date
) -> Scene:
    tenant_id = definition.tenant_id
    versions = await connection.fetch(_VERSIONS, tenant_id)
    in_force = Definition(
        definition.tenant, (), workflow_versions={row["key"]: row["version"] for row in versions}
    )
    places = await connection.fetch(_PLACES, tenant_id, sample_issues.earliest(today))
    posts = await connection.fetch(_POSTS, tenant_id)
    return Scene(in_force, (Place(*row) for row in places), (Post(*row) for row in posts))


async def _write_issues(
    connection: "asyncpg.Connection[Any]", tenant_id: int, played: Played
) -> None:
    """All rows of a play; the counter of events is taken last, as every write does."""
    notes = sample_issues.rows_of(played.notes, NOTE_ROW)
    parts = sample_issues.rows_of(played.handlers, HANDLER_ROW)
    days = [(tenant_id, day, last) for day, last in sorted(played.numbers.items())]
    tables: tuple[tuple[str, Sequence[str], Sequence[Row]], ...] = (
        ("issue", ISSUE_ROW, sample_issues.issue_rows(played)),
        ("issue_note", NOTE_ROW, notes),
        ("issue_handler", HANDLER_ROW, parts),
        ("issue_word", WORD_ROW, list(sample_issues.word_rows(played))),
    )
    for table, columns, rows in tables:
        await _insert(connection, table, columns, rows)
    await connection.executemany(_COUNT, days)
    newest = await connection.fetchval(_SEQ, tenant_id, len(played.events))
    events = sample_issues.event_rows(tenant_id, played.events, newest - len(played.events))
    await _insert(connection, "event", EVENT_ROW, events)


def _tree(part: Part) -> Tree:
    divisions = real.divisions_of(part.definition.tenant, real.load_divisions())
    return build_tree(part.definition, divisions)


_OTHERS = """
SELECT EXISTS (SELECT FROM person WHERE tenant_id = $1 AND data_kind <> 'GENERATED')
    OR EXISTS (SELECT FROM post WHERE tenant_id = $1 AND data_kind <> 'GENERATED')
"""
_GOING_ON = "SELECT id FROM organization WHERE tenant_id = $1 AND valid_to IS NULL"

_VERSIONS = """
SELECT key, max(version) AS version FROM workflow_version WHERE tenant_id = $1 GROUP BY key
"""
_PLACES = """
SELECT id, code, name, level, path FROM organization
WHERE tenant_id = $1 AND valid_to IS NULL AND (valid_from IS NULL OR valid_from < $2)
"""
_POSTS = """
SELECT p.id, p.person_id, p.organization_id, p.kind, p.valid_from
FROM post p JOIN person x ON x.tenant_id = p.tenant_id AND x.id = p.person_id
WHERE p.tenant_id = $1 AND p.data_kind = 'GENERATED' AND p.valid_to IS NULL
    AND x.data_kind = 'GENERATED' AND x.erased_at IS NULL
"""
_TAKEN = "SELECT day, last FROM issue_counter WHERE tenant_id = $1 ORDER BY day FOR UPDATE"
_COUNT = """
INSERT INTO issue_counter (tenant_id, day, last) VALUES ($1, $2, $3)
ON CONFLICT (tenant_id, day) DO UPDATE SET last = $3
"""
_SEQ = """
INSERT INTO event_counter (tenant_id, seq) VALUES ($1, $2)
ON CONFLICT (tenant_id) DO UPDATE SET seq = event_counter.seq + $2 RETURNING seq
"""
_ANALYZE = """
ANALYZE organization, figure, person, post, event, issue, issue_note, issue_handler, issue_word
"""

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
