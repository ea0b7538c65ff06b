"""Loading: one transaction a part, so that an interrupted load is simply completed."""

import datetime
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any

import asyncpg

from schema.counting import add, contributed
from schema.fetching import fetching_directly
from schema.keyring import Keyring
from schema.organization_rollups import ORGANIZATIONS
from seeds import divisions as real
from seeds import figures as reported
from seeds.load_issues import load_issues
from seeds.load_sample import load_sample_agreements, load_sample_cooperatives
from seeds.load_stated import load_agreements, load_cooperatives
from seeds.loading import Loading
from seeds.organizations import (
    ROW,
    Tree,
    build_tree,
    name_rows,
    organization_rows,
    succession_rows,
)
from seeds.parts import (
    AGREEMENTS,
    COOPERATIVES,
    ISSUES,
    SAMPLE_AGREEMENTS,
    SAMPLE_COOPERATIVES,
    Part,
    pending,
)
from seeds.people import PERSON_ROW, POST_ROW, person_rows, post_rows, sample_staff
from seeds.rows import hold_tree, insert
from tenants.definition import Definition


async def load(
    connection: "asyncpg.Connection[Any]",
    definitions: Sequence[Definition],
    now: datetime.datetime,
    sample: Keyring | None = None,
    issues: int = 0,
) -> AsyncIterator[tuple[int, int, str]]:
    """Load what is pending; yields (done, total, what) after each part.

    Sample people, cooperatives and agreements are loaded where there is a keyring to seal phones
    with, and then sample issues until there are `issues` over all cities, reported in the months
    before `now`. Rows that exist stay as they are: people may have changed them since.
    Errors: `SeedError` where a tenant's organizations cannot be placed, `KeyFileError`; parts
    before it are kept.
    """
    loading = Loading(connection, definitions, now, sample)
    parts = await pending(connection, definitions, sample is not None, issues)
    for done, part in enumerate(parts, start=1):
        async with connection.transaction():
            await _LOADERS[part.kind](loading, part)
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
        await connection.execute(ANALYZE)


async def _organizations(loading: Loading, part: Part) -> None:
    connection, tenant_id, tree = loading.connection, part.definition.tenant_id, _tree(part)
    # nobody moves an organization meanwhile
    await hold_tree(connection, tenant_id)
    known = await connection.fetchval(
        "SELECT EXISTS (SELECT FROM organization WHERE tenant_id = $1)", tenant_id
    )
    added = await insert(connection, "organization", ROW, organization_rows(tree), "id")
    if known and added:
        for statement in (_SETTLE, _END):
            await connection.execute(statement, tenant_id, [row["id"] for row in added])
    names = ("tenant_id", "organization_id", "valid_to", "name", "search_name", "source", "assumed")
    await insert(connection, "organization_name", names, name_rows(tree))
    pairs = ("tenant_id", "organization_id", "successor_id")
    await insert(connection, "succession", pairs, succession_rows(tree))
    new = [row["id"] for row in added]
    await add(fetching_directly(connection), tenant_id, ORGANIZATIONS, new)


async def _figures(loading: Loading, part: Part) -> None:
    tenant_id = part.definition.tenant_id
    own = [
        figure
        for figure in reported.load_figures()
        if tenant_id in reported.tenants_of(figure, loading.definitions)
    ]
    rows = reported.figure_rows(tenant_id, own)
    await insert(loading.connection, "figure", reported.ROW, rows)


async def _people(loading: Loading, part: Part) -> None:
    """Sample people, unless others were entered; only in organizations that go on."""
    connection, tenant_id = loading.connection, part.definition.tenant_id
    # nobody ends an organization meanwhile, appoints in one, or enters a person
    await hold_tree(connection, tenant_id)
    await connection.execute("LOCK TABLE post, person IN SHARE ROW EXCLUSIVE MODE")
    if await connection.fetchval(_OTHERS, tenant_id):
        return
    rows = await connection.fetch(_GOING_ON, tenant_id)
    staff = sample_staff(_tree(part)).within(row["id"] for row in rows)
    fetch, places = fetching_directly(connection), [row["id"] for row in rows]
    before = await contributed(fetch, tenant_id, ORGANIZATIONS, places)
    people = person_rows(tenant_id, staff.people, loading.keys, loading.now)
    await insert(connection, "person", PERSON_ROW, people)
    await insert(connection, "post", POST_ROW, post_rows(tenant_id, staff.posts))
    await add(fetch, tenant_id, ORGANIZATIONS, places, before)


def _tree(part: Part) -> Tree:
    divisions = real.divisions_of(part.definition.tenant, real.load_divisions())
    return build_tree(part.definition, divisions)


_LOADERS: Mapping[str, Callable[[Loading, Part], Awaitable[None]]] = {
    "organizations": _organizations,
    "figures": _figures,
    "people": _people,
    ISSUES: load_issues,
    COOPERATIVES: load_cooperatives,
    AGREEMENTS: load_agreements,
    SAMPLE_COOPERATIVES: load_sample_cooperatives,
    SAMPLE_AGREEMENTS: load_sample_agreements,
}

_OTHERS = """
SELECT EXISTS (SELECT FROM person WHERE tenant_id = $1 AND data_kind <> 'GENERATED')
    OR EXISTS (SELECT FROM post WHERE tenant_id = $1 AND data_kind <> 'GENERATED')
"""
_GOING_ON = "SELECT id FROM organization WHERE tenant_id = $1 AND valid_to IS NULL"
ANALYZE = """
ANALYZE organization, figure, person, post, event, issue, issue_note, issue_handler, issue_word,
    cooperative, union_member, annual_result, household, membership, enterprise, posting, deal,
    matching_event, asset_trade, weak_village, agreement, agreement_version, agreement_party,
    agreement_delivery, agreement_activity, organization_cell, cooperative_cell, agreement_cell
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
