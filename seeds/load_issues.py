"""Loading sample issues, beside whatever others there are."""

import datetime
from collections.abc import Sequence
from typing import Any

import asyncpg

from schema.counting import add
from schema.fetching import fetching_directly
from schema.issue_rollups import ISSUES
from schema.issues.placing import Place
from seeds import issues as sample_issues
from seeds.issues import HANDLER_ROW, ISSUE_ROW, NOTE_ROW, WORD_ROW
from seeds.loading import Loading
from seeds.parts import Part
from seeds.people import Post
from seeds.play import Played
from seeds.rows import Row, append, columns_of, hold_tree, insert
from seeds.scene import Scene
from tenants.calendar import day_of
from tenants.definition import Definition


async def load_issues(loading: Loading, part: Part) -> None:
    """Sample issues of one city; none where there are no sample people."""
    connection = loading.connection
    tenant_id, today = part.definition.tenant_id, day_of(loading.now)
    # nobody ends an organization meanwhile, or relieves somebody of a post
    await hold_tree(connection, tenant_id)
    scene = await load_scene(connection, part.definition, today)
    if not scene.handlers:
        return
    days = await connection.fetch(TAKEN, tenant_id)
    taken = {row["day"]: row["last"] for row in days}
    count = int(part.content_hash) - part.first
    played = sample_issues.sample_issues(scene, part.first, count, today, taken)
    await _write(connection, tenant_id, played)


async def load_scene(
    connection: "asyncpg.Connection[Any]",
    definition: Definition,
    today: datetime.date,
    rungs: Sequence[str] | None = None,
) -> Scene:
    """The stage of a city as it is now, with its sample people; of these rungs, or all of it."""
    tenant_id = definition.tenant_id
    versions = await connection.fetch(_VERSIONS, tenant_id)
    in_force = Definition(
        definition.tenant, (), workflow_versions={row["key"]: row["version"] for row in versions}
    )
    places = await connection.fetch(_PLACES, tenant_id, sample_issues.earliest(today), rungs)
    posts = await connection.fetch(POSTS, tenant_id)
    return Scene(in_force, (Place(*row) for row in places), (Post(*row) for row in posts))


async def _write(connection: "asyncpg.Connection[Any]", tenant_id: int, played: Played) -> None:
    """All rows of a play; cells and the counter of events come last, as in every write."""
    days = [(tenant_id, day, last) for day, last in sorted(played.numbers.items())]
    tables: tuple[tuple[str, Sequence[str], Sequence[Row]], ...] = (
        ("issue", ISSUE_ROW, sample_issues.issue_rows(played)),
        ("issue_note", NOTE_ROW, columns_of(played.notes, NOTE_ROW)),
        ("issue_handler", HANDLER_ROW, columns_of(played.handlers, HANDLER_ROW)),
        ("issue_word", WORD_ROW, list(sample_issues.word_rows(played))),
    )
    for table, columns, rows in tables:
        await insert(connection, table, columns, rows)
    await connection.executemany(_COUNT, days)
    ids = [row["id"] for row in played.issues]
    await add(fetching_directly(connection), tenant_id, ISSUES, ids)
    await append(connection, tenant_id, played.events)


_VERSIONS = """
SELECT key, max(version) AS version FROM workflow_version WHERE tenant_id = $1 GROUP BY key
"""
_PLACES = """
SELECT id, code, name, level, path FROM organization
WHERE tenant_id = $1 AND valid_to IS NULL AND (valid_from IS NULL OR valid_from < $2)
    AND ($3::text[] IS NULL OR rung = ANY ($3))
"""
POSTS = """
SELECT p.id, p.person_id, p.organization_id, p.kind, p.valid_from
FROM post p JOIN person x ON x.tenant_id = p.tenant_id AND x.id = p.person_id
WHERE p.tenant_id = $1 AND p.data_kind = 'GENERATED' AND p.valid_to IS NULL
    AND x.data_kind = 'GENERATED' AND x.erased_at IS NULL
"""
TAKEN = "SELECT day, last FROM issue_counter WHERE tenant_id = $1 ORDER BY day FOR UPDATE"
_COUNT = """
INSERT INTO issue_counter (tenant_id, day, last) VALUES ($1, $2, $3)
ON CONFLICT (tenant_id, day) DO UPDATE SET last = $3
"""
