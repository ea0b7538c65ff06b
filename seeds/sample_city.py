"""All that sample cooperatives of one city come to: with households, results and the market."""

from collections.abc import Sequence

from schema.tables.cooperative import CooperativeKind
from seeds.drawn import Drawn
from seeds.ground import Ground
from seeds.sample_cooperatives import draw_cooperatives
from seeds.sample_households import draw_households
from seeds.sample_market import draw_market
from seeds.sample_results import draw_results


def draw_city(ground: Ground, industries: Sequence[str]) -> Drawn:
    """Everything; `industries` are keys of the province's words. The same for the same city, words
    and day, in every process."""
    drawn = Drawn(ground.tenant_id)
    cooperatives = draw_cooperatives(ground, industries, drawn)
    own = [item for item in cooperatives if item.kind is not CooperativeKind.UNION]
    for at, item in enumerate(own):
        households = draw_households(ground, item, drawn)
        draw_results(ground, item, households, drawn, corrected=at == 0)
    draw_market(ground, industries, own, drawn)
    return drawn
