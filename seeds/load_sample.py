"""Loading sample cooperatives, their market, and sample agreements."""

from collections.abc import Iterator, Mapping

from seeds.copies import write_copies
from seeds.ground import RUNGS, Ground
from seeds.load_issues import load_scene
from seeds.loading import Loading
from seeds.parts import Part
from seeds.rows import append, hold_tree, insert
from seeds.sample import load_sample
from seeds.sample_agreements import Words, draw_own, draw_shared
from seeds.sample_city import draw_city
from seeds.story import Story
from tenants.calendar import day_of
from tenants.definition import Definition
from tenants.hierarchy import Rung


async def load_sample_cooperatives(loading: Loading, part: Part) -> None:
    """Cooperatives of one city with all that belongs to them, all at once and once only.

    None where there are no sample people, or where somebody has entered people or cooperatives.
    """
    connection, tenant_id = loading.connection, part.definition.tenant_id
    # nobody ends an organization meanwhile, or relieves somebody of a post
    await hold_tree(connection, tenant_id)
    if await connection.fetchval(_ENTERED, tenant_id):
        return
    ground = await _ground(loading, part.definition)
    if not ground.scene.handlers:
        return
    industries = [industry.key for industry in loading.province_of(part.definition).industries]
    drawn = draw_city(ground, industries)
    for table, columns, rows in drawn.tables(loading.keys, loading.now):
        await insert(connection, table, columns, rows)
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
    grounds = {item.tenant_id: await _ground(loading, item) for item in part.all}
    if not all(ground.scene.handlers for ground in grounds.values()):
        return
    stories = {story.id: story for story in _stories(loading, part, grounds)}
    written = await write_copies(connection, [story.agreed for story in stories.values()])
    for tenant_id in tenants:
        own = (stories[item.id] for item in written if tenant_id in item.tenants)
        told = [happened for story in own for happened in story.log(tenant_id)]
        await append(connection, tenant_id, sorted(told, key=lambda happened: happened.at))


def _stories(loading: Loading, part: Part, grounds: Mapping[int, Ground]) -> Iterator[Story]:
    if not part.beside:
        own = grounds[part.definition.tenant_id]
        yield from draw_own(own, _words(loading, [part.definition]))
        return
    by_id = {definition.tenant_id: definition for definition in part.all}
    for number, shared in enumerate(load_sample().shared):
        if set(shared.cities) == by_id.keys():
            words = _words(loading, [by_id[tenant_id] for tenant_id in shared.cities])
            yield from draw_shared(grounds, shared, number, words)


def _words(loading: Loading, cities: list[Definition]) -> Words:
    """The dimensions that the provinces of all cities have, as the first one's calls them."""
    first, *others = (loading.province_of(city).dimensions for city in cities)
    known = [{word.key for word in words} for words in others]
    return {word.key: word.name for word in first if all(word.key in keys for keys in known)}


async def _ground(loading: Loading, definition: Definition) -> Ground:
    today = day_of(loading.now)
    rungs = [rung.value for rung in (*RUNGS, Rung.COUNTY, Rung.CITY)]
    scene = await load_scene(loading.connection, definition, today, rungs)
    return Ground(scene, load_sample(), today)


_ENTERED = """
SELECT EXISTS (SELECT FROM cooperative WHERE tenant_id = $1 AND data_kind <> 'REPORTED')
    OR EXISTS (SELECT FROM enterprise WHERE tenant_id = $1 AND data_kind <> 'REPORTED')
    OR EXISTS (SELECT FROM household WHERE tenant_id = $1)
    OR EXISTS (SELECT FROM person WHERE tenant_id = $1 AND data_kind <> 'GENERATED')
"""
_AGREED = """
SELECT EXISTS (SELECT FROM agreement WHERE tenant_id = ANY ($1) AND data_kind = 'REAL')
"""
