"""Where cooperatives and agreements of a city are, as the database has it now."""

from seeds.ground import RUNGS, Ground
from seeds.load_issues import load_scene
from seeds.loading import Loading
from seeds.sample import load_sample
from seeds.sample_agreements import Words
from tenants.calendar import day_of
from tenants.definition import Definition
from tenants.hierarchy import Rung


async def ground_of(loading: Loading, definition: Definition) -> Ground:
    """The places of a city, with its invented people."""
    today = day_of(loading.now)
    rungs = [rung.value for rung in (*RUNGS, Rung.COUNTY, Rung.CITY)]
    scene = await load_scene(loading.connection, definition, today, rungs)
    return Ground(scene, load_sample(), today)


def words_of(loading: Loading, cities: list[Definition]) -> Words:
    """The dimensions that the provinces of all cities have, as the first one's calls them."""
    first, *others = (loading.province_of(city).dimensions for city in cities)
    known = [{word.key for word in words} for words in others]
    return {word.key: word.name for word in first if all(word.key in keys for keys in known)}
