"""What is drawn of an invented city, as one text; light, for another process draws it too."""

import datetime

from seeds.divisions import divisions_of, load_divisions
from seeds.ground import Ground
from seeds.organizations import build_tree
from seeds.people import sample_staff
from seeds.sample import load_sample
from seeds.sample_agreements import draw_own
from seeds.sample_city import draw_city
from seeds.scene import scene_of_tree
from tenants.definition import Definition
from tests.seeds.cities import FUSHUN

TODAY = datetime.date(2026, 3, 15)
DIMENSIONS = {"party": "党建", "industry": "产业", "education": "教育", "livelihood": "民生"}


def ground_of(city: Definition) -> Ground:
    """A city with its sample people, where nobody has changed anything."""
    tree = build_tree(city, divisions_of(city.tenant, load_divisions()))
    return Ground(scene_of_tree(tree, sample_staff(tree)), load_sample(), TODAY)


def digest() -> str:
    """Everything of the city's sample."""
    ground = ground_of(FUSHUN)
    drawn = draw_city(ground, ["herbs", "grain", "fruit"])
    stories = draw_own(ground, DIMENSIONS)
    told = [(story.agreed, story.log(FUSHUN.tenant_id)) for story in stories]
    return repr((drawn.rows, drawn.people, drawn.log, told))


if __name__ == "__main__":
    print(digest())
