"""Loading sample cooperatives, their market, and sample agreements."""

from collections.abc import Iterator, Mapping
from typing import Any

from schema.cooperative_rollups import COOPERATION
from schema.counting import add, contributed
from schema.fetching import fetching_directly
from seeds.copies import count_copies, write_copies
from seeds.ground import Ground
from seeds.loading import Loading
from seeds.parts import Part
from seeds.places import ground_of, words_of
from seeds.rows import append, hold_tree, insert
from seeds.sample import load_sample
from seeds.sample_agreements import draw_own, draw_shared
from seeds.sample_city import draw_city
from seeds.story import Story

COUNTED = {
    "cooperative": "id",
    "household": "id",
    "deal": "id",
    "enterprise": "id",
    "asset_trade": "id",
    "weak_village": "organization_id",
}
"""The tables whose rows are counted, each by which of its columns."""


async def load_sample_cooperatives(loading: Loading, part: Part) -> None:
    """Cooperatives of one city with all that belongs to them, all at once and once only.

    None where there are no sample people, or where somebody has entered people or cooperatives.
    """
    connection, tenant_id = loading.connection, part.definition.tenant_id
    # nobody ends an organization meanwhile, or relieves somebody of a post
    await hold_tree(connection, tenant_id)
    if await connection.fetchval(_ENTERED, tenant_id):
        return
    ground = await ground_of(loading, part.definition)
    if not ground.scene.handlers:
        return
    industries = [industry.key for industry in loading.province_of(part.definition).industries]
    drawn = draw_city(ground, industries)
    fetch = fetching_directly(connection)
    listed = [row["id"] for row in await connection.fetch(_VILLAGES, tenant_id)]
    before = await contributed(fetch, tenant_id, COOPERATION, listed)
    made: list[Any] = []
    for table, columns, rows in drawn.tables(loading.keys, loading.now):
        key = COUNTED.get(table)
        added = await insert(connection, table, columns, rows, key or "tenant_id")
        made += (row[key] for row in added if key)
    await add(fetch, tenant_id, COOPERATION, [*listed, *made], before)
    await append(connection, tenant_id, drawn.log)


async def load_sample_agreements(loading: Loading, part: Part) -> None:
    """Agreements of one city, or of several into all copies at once; those that are there stay.

    None where somebody has entered agreements, or where a city has no sample people.
    """
    connection = loading.connection
    tenants = [definition.tenant_id for definition in part.all]
    for tenant_id in tenants:
        await hold_tree(connection, tenant_id)
    if await connection.fetchval(_AGREED, tenants):
        return
    grounds = {item.tenant_id: await ground_of(loading, item) for item in part.all}
    if not all(ground.scene.handlers for ground in grounds.values()):
        return
    stories = {story.id: story for story in _stories(loading, part, grounds)}
    written = await write_copies(connection, [story.agreed for story in stories.values()])
    await count_copies(connection, written)
    for tenant_id in tenants:
        own = (stories[item.id] for item in written if tenant_id in item.tenants)
        told = [happened for story in own for happened in story.log(tenant_id)]
        await append(connection, tenant_id, sorted(told, key=lambda happened: happened.at))


def _stories(loading: Loading, part: Part, grounds: Mapping[int, Ground]) -> Iterator[Story]:
    if not part.beside:
        own = grounds[part.definition.tenant_id]
        yield from draw_own(own, words_of(loading, [part.definition]))
        return
    by_id = {definition.tenant_id: definition for definition in part.all}
    for number, shared in enumerate(load_sample().shared):
        if set(shared.cities) == by_id.keys():
            words = words_of(loading, [by_id[tenant_id] for tenant_id in shared.cities])
            yield from draw_shared(grounds, shared, number, words)


# a village that was listed before may be listed again; nobody does so meanwhile
_VILLAGES = """
SELECT id FROM organization
WHERE tenant_id = $1 AND id IN (SELECT organization_id FROM weak_village WHERE tenant_id = $1)
ORDER BY code FOR NO KEY UPDATE
"""
_ENTERED = """
SELECT EXISTS (SELECT FROM cooperative WHERE tenant_id = $1 AND data_kind <> 'REPORTED')
    OR EXISTS (SELECT FROM enterprise WHERE tenant_id = $1 AND data_kind <> 'REPORTED')
    OR EXISTS (SELECT FROM household WHERE tenant_id = $1)
    OR EXISTS (SELECT FROM person WHERE tenant_id = $1 AND data_kind <> 'GENERATED')
"""
_AGREED = """
SELECT EXISTS (SELECT FROM agreement WHERE tenant_id = ANY ($1) AND data_kind = 'REAL')
"""
