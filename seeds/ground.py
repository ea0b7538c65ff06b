"""Where sample cooperatives and agreements are: the places of a city, and who acts for them."""

import datetime
from collections.abc import Sequence
from decimal import Decimal
from functools import cached_property

from schema.access import Permission, permitted
from schema.actor import Actor
from schema.issues.placing import Place
from seeds.chance import Chance
from seeds.sample import Product, Sample, Trade
from seeds.scene import Scene
from tenants.calendar import CHINA
from tenants.definition import Definition
from tenants.hierarchy import Rung

RUNGS = (Rung.STREET, Rung.TOWNSHIP, Rung.COMMUNITY, Rung.VILLAGE)
"""Those of the places; a street stands for a township too."""


class Ground:
    """A city's streets, communities and villages, those with sample people first; the words.

    `today` is when all of it is looked at: nothing happens on it or after.
    """

    def __init__(self, scene: Scene, sample: Sample, today: datetime.date) -> None:
        self.scene, self.sample, self.today = scene, sample, today

    @property
    def definition(self) -> Definition:
        """The city's."""
        return self.scene.definition

    @property
    def tenant_id(self) -> int:
        """The city's."""
        return self.scene.tenant_id

    def at(self, rung: Rung) -> tuple[Place, ...]:
        """The places of a rung; streets with townships."""
        return self._by_rung[Rung.STREET if rung is Rung.TOWNSHIP else rung]

    def picked(self, rung: Rung, count: int, chance: Chance, near: int = 2) -> list[Place]:
        """So many different places of a rung at most.

        The first is the first of those with people, as the personas of the demo have it; so is one
        of every `near`, by chance.
        """
        left, found = list(self.at(rung)), list[Place]()
        crowd = sum(self._is_staffed(place) for place in left)
        while left and len(found) < count:
            among = crowd if crowd and len(found) % near == 0 else len(left)
            at = chance.number(among) if found or not crowd else 0
            crowd -= at < crowd
            found.append(left.pop(at))
        return found

    def actor(self, place: Place, permission: Permission, day: datetime.date) -> Actor:
        """Who acts for a place on a day: the nearest in office who may, else the city's desk."""
        for member in self.scene.members(place):
            may = permitted(member.actor, permission, self.tenant_id, place.path)
            if may and member.since <= day:
                return member.actor
        return self.scene.admin

    def day(self, ago: int) -> datetime.date:
        """So many days before today."""
        return self.today - datetime.timedelta(days=ago)

    def trades(self, keys: Sequence[str]) -> list[tuple[str, Trade]]:
        """Industries (of the province's words) that the sample has words for."""
        return [(key, self.sample.industries[key]) for key in keys if key in self.sample.industries]

    @cached_property
    def _by_rung(self) -> dict[Rung, tuple[Place, ...]]:
        found: dict[Rung, list[Place]] = {rung: [] for rung in RUNGS}
        for place in self.scene.places:
            rung = self.scene.rung(place)
            if rung in found:
                found[Rung.STREET if rung is Rung.TOWNSHIP else rung].append(place)
        return {
            rung: tuple(sorted(places, key=lambda place: not self._is_staffed(place)))
            for rung, places in found.items()
        }

    def _is_staffed(self, place: Place) -> bool:
        return any(member.actor.person is not None for member in self.scene.members(place))


def moment(day: datetime.date, chance: Chance) -> datetime.datetime:
    """A moment of office hours."""
    minutes = 8 * 60 + 30 + chance.number(8 * 60)
    start = datetime.datetime.combine(day, datetime.time(), CHINA)
    return (start + datetime.timedelta(minutes=minutes)).astimezone(datetime.UTC)


def price_of(product: Product, chance: Chance) -> Decimal:
    """A price in 元, to a tenth."""
    return fen(round(chance.between(*product.price), 1))


def quantity_of(product: Product, chance: Chance) -> int:
    """A quantity, of large ones a round one."""
    found = chance.between(*product.quantity)
    step = 100 if found >= 1000 else 10 if found >= 100 else 1
    return max(step, round(found / step) * step)


def fen(amount: float) -> Decimal:
    """An amount in 元, to the 分."""
    return Decimal(round(amount * 100)) / 100
