"""Agreements of a city at its published scale: pairings of its own, and alliances."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from schema.ids import derived_uuid
from schema.issues.placing import Place
from schema.tables.agreement import ActivityKind
from seeds.chance import Chance
from seeds.ground import Ground
from seeds.published import PlannedAgreements
from seeds.published_cooperatives import spread
from seeds.sample import Pairing
from seeds.sample_agreements import Words, content_of, side_of
from seeds.story import Side, Story
from tenants.hierarchy import Rung

_PROPOSED, _SIGNED, _DELIVERED = 330, 328, 280
"""How many days ago an agreement was proposed and signed, and something delivered."""

_FIRST, _LAST = 290, 10
"""How many days ago an alliance did something together, first and last."""

MEMBERS = 4
"""Of an alliance, besides its leader."""


@dataclass(frozen=True)
class Pact:
    """A set of agreements of one city; `words` are the dimensions. Another `seed` makes others."""

    ground: Ground
    plan: PlannedAgreements
    words: Words
    seed: int

    def stories(self, numbers: range) -> Iterator[Story]:
        """The agreements with these numbers, from 0.

        Errors: `ValueError` where the city has no places for them.
        """
        make = self._alliance if self.plan.alliances else self._pairing
        funds, solved, activities = self._amounts()
        for number in numbers:
            amounts = (Decimal(funds[number]), solved[number], activities[number])
            yield make(number, *amounts)

    def _amounts(self) -> tuple[list[int], list[int], list[int]]:
        plan, chance = self.plan, self._chance("amounts")
        weights = [1 + chance.share() for _ in range(plan.count)]
        even = [1.0] * plan.count
        return (
            spread(int(plan.funds), weights),
            spread(plan.solved, weights),
            spread(plan.activities, even),
        )

    def _chance(self, *about: object) -> Chance:
        return Chance("pact", self.seed, self.ground.tenant_id, self.plan.key, *about)

    def _story(self, number: int, sides: Sequence[Side], alliance: str | None = None) -> Story:
        """An agreement that all have signed."""
        ground, sample = self.ground, self.ground.sample
        pairings = [pairing for pairing in sample.pairings if pairing.between == self.plan.between]
        end = ground.day(-365)
        if alliance is None:
            content = content_of(sides, self._pairing_of(pairings, number), self.words, None, end)
        else:
            names = {kind.key: kind.name for kind in ground.definition.cooperation.alliances}
            title = sample.alliances.title.format(name=names[alliance], place=sides[0].party.name)
            content = content_of(
                sides, sample.alliances, self.words, None, None, title, alliance,
                sample.alliances.working_group,
            )  # fmt: skip
        id_ = derived_uuid("Agreement", ground.tenant_id, f"published/{self.plan.key}/{number}")
        grounds = {ground.tenant_id: ground}
        story = Story(id_, grounds, sides, content, self._chance("story", number))
        story.propose(_PROPOSED)
        for at in range(1, len(sides) + 1):
            story.sign(_SIGNED - at, at)
        return story

    def _pairing_of(self, pairings: Sequence[Pairing], number: int) -> Pairing:
        if not pairings:
            raise ValueError(f"the sample has no pairing between {self.plan.between}")
        return pairings[number % len(pairings)]

    def _pairing(self, number: int, funds: Decimal, solved: int, activities: int) -> Story:
        """A pairing on which one of its parties has delivered once, with all its funds."""
        chance = self._chance("parties", number)
        places: list[Place] = []
        for rung in self.plan.between:
            places.append(chance.pick([item for item in self._at(rung) if item not in places]))
        story = self._story(number, [side_of(self.ground, place) for place in places])
        one, sample = story.content["commitments"][0], self.ground.sample
        by = one["owner"] or 1
        evidence = sample.evidence.format(n=1 + chance.number(40))
        quantity = Decimal(one["quantity"] or 1)
        text = chance.pick(sample.deliveries)
        story.deliver(_DELIVERED, one["key"], by, quantity, text, evidence, funds)
        story.answer(_DELIVERED - 2, 1 + by % len(places), None)
        return story

    def _alliance(self, number: int, funds: Decimal, solved: int, activities: int) -> Story:
        """An alliance with what its members did together."""
        kind = self.plan.alliances[number % len(self.plan.alliances)]
        story = self._story(number, self._members(kind, number), kind)
        chance, sample = self._chance("done", number), self.ground.sample.alliances
        ways: list[str | None] = [way.key for way in self.ground.definition.cooperation.ways]
        money, problems = self._parts(funds, solved, activities)
        for at in range(activities):
            ago = _FIRST - at * (_FIRST - _LAST) // activities
            way = ways[at % len(ways)] if ways else None
            paid = money[at] or None
            kind_ = ActivityKind.ACTIVITY
            story.meet(ago, kind_, chance.pick(sample.activities), way, paid, problems[at])
        return story

    def _parts(
        self, funds: Decimal, solved: int, activities: int
    ) -> tuple[list[Decimal], list[int]]:
        even = [1.0] * activities
        return [Decimal(part) for part in spread(int(funds), even)], spread(solved, even)

    def _members(self, kind: str, number: int) -> list[Side]:
        """What leads an alliance, and some communities that are near."""
        chance = self._chance("members", number)
        rung = self.ground.sample.alliances.leads.get(kind, Rung.STREET)
        leaders = self._at(rung)
        offset = number // len(self.plan.alliances) % len(leaders)
        leader = leaders[offset]
        near = [place for place in self._at(Rung.COMMUNITY) if place.path.startswith(leader.path)]
        others = [p for p in (near if len(near) > 2 else self._at(Rung.COMMUNITY)) if p != leader]
        chosen: list[Place] = [leader]
        while others and len(chosen) <= MEMBERS:
            chosen.append(others.pop(chance.number(len(others))))
        return [side_of(self.ground, place) for place in chosen]

    def _at(self, rung: Rung) -> Sequence[Place]:
        """The places of a rung, below the organization that the plan names.

        Errors: `ValueError` where there are none.
        """
        within = self.plan.within
        found = [
            place for place in self.ground.at(rung) if within is None or f"/{within}/" in place.path
        ]
        if not found:
            raise ValueError(f"{self.ground.definition.tenant.name} has no {rung} for agreements")
        return found
