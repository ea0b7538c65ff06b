"""Sample agreements: pairings of one city or of several, and alliances; plainly invented, flagged
GENERATED, in all stages of their life."""

import datetime
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from schema.agreements.content import (
    Content,
    ContentCommitment,
    day_text,
    quantity_text,
)
from schema.ids import derived_uuid
from schema.issues.placing import Place
from schema.tables.agreement import ActivityKind, EndReason, PartyRole
from seeds.chance import Chance
from seeds.copies import Party, content_parties
from seeds.ground import Ground, fen
from seeds.sample import Alliances, Duty, Pairing, Promise, Sample, SharedPairing, Stage
from seeds.story import Side, Story
from tenants.hierarchy import Rung

BEGAN: Mapping[Stage, int] = {
    Stage.DRAFT: 12,
    Stage.PROPOSED: 15,
    Stage.DECLINED: 60,
    Stage.SIGNED: 25,
    Stage.ACTIVE: 200,
    Stage.REVISED: 240,
    Stage.COMPLETED: 420,
    Stage.TERMINATED: 300,
}
"""How many days ago each was proposed."""

ENDED, WITHDRAWN, REVISED = 40, 30, 18
"""How many days ago a term was over, a party withdrew, and a new version was proposed."""
MEMBERS = 6
"""Of an alliance."""

_DELIVERED = frozenset({Stage.ACTIVE, Stage.REVISED, Stage.COMPLETED, Stage.TERMINATED})
Words = Mapping[str, str]
"""Dimensions that all parties' provinces have: key → name."""


def draw_own(ground: Ground, words: Words) -> list[Story]:
    """The agreements of one city: its pairings, and an alliance of each kind that it has."""
    return [*_pairings(ground, words), *_alliances(ground, words)]


def draw_shared(
    grounds: Mapping[int, Ground], shared: SharedPairing, number: int, words: Words
) -> Iterator[Story]:
    """The sample's agreement with this number between several cities, if they have the places."""
    sample = grounds[shared.cities[0]].sample
    pairing = sample.pairings[number % len(sample.pairings)]
    rungs = (pairing.between[0], *pairing.between[-1:] * (len(shared.cities) - 1))
    chance = Chance("shared", *shared.cities)
    sides = [
        side
        for tenant_id, rung in zip(shared.cities, rungs, strict=True)
        for side in _sides(grounds[tenant_id], [rung], chance)
    ]
    if len(sides) == len(shared.cities):
        key = f"sample/{'/'.join(map(str, shared.cities))}"
        yield from _drawn(grounds, sides, pairing, shared.state, key, words)


def _pairings(ground: Ground, words: Words) -> Iterator[Story]:
    sample = ground.sample
    own = sample.cities.index(ground.tenant_id)
    for number, stage in enumerate(sample.states):
        if number % len(sample.cities) == own:
            pairing = sample.pairings[number % len(sample.pairings)]
            chance = Chance("pairing", ground.tenant_id, number)
            sides = _sides(ground, pairing.between, chance)
            if len(sides) == len(pairing.between):
                grounds = {ground.tenant_id: ground}
                yield from _drawn(grounds, sides, pairing, stage, f"sample/{number}", words)


def _sides(ground: Ground, rungs: Sequence[Rung], chance: Chance) -> list[Side]:
    """A party on each of these rungs, all different; fewer where the city has not so many."""
    found: list[Place] = []
    for rung in rungs:
        own = (place for place in ground.picked(rung, len(rungs), chance) if place not in found)
        found += [place for place in [next(own, None)] if place is not None]
    return [side_of(ground, place) for place in found]


def side_of(ground: Ground, place: Place) -> Side:
    """A place of a city as a party."""
    city = ground.definition.tenant.name
    return Side(Party(ground.tenant_id, city, place.code, place.name, place.id), place)


def _drawn(
    grounds: Mapping[int, Ground],
    sides: Sequence[Side],
    pairing: Pairing,
    stage: Stage,
    key: str,
    words: Words,
) -> Iterator[Story]:
    """A pairing as far as it has come; none whose dimensions nobody has."""
    first = grounds[sides[0].party.tenant_id]
    begins, ends = _term(first, stage)
    content = content_of(sides, pairing, words, begins, ends)
    if content["dimensions"]:
        id_ = derived_uuid("Agreement", first.tenant_id, key)
        story = Story(id_, grounds, sides, content, Chance("agreement", first.tenant_id, key))
        _play(story, first, stage, len(sides))
        yield story


def _term(ground: Ground, stage: Stage) -> tuple[datetime.date | None, datetime.date | None]:
    """First and last day: in force as soon as all have signed, but for one that is to begin."""
    if stage is Stage.DRAFT:
        return None, None
    if stage is Stage.SIGNED:
        return ground.day(-15), ground.day(-380)
    return None, ground.day(ENDED if stage is Stage.COMPLETED else -365)


def content_of(
    sides: Sequence[Side],
    pairing: Pairing | Alliances,
    words: Words,
    begins: datetime.date | None,
    ends: datetime.date | None,
    title: str | None = None,
    alliance: str | None = None,
    working_group: Sequence[Duty] = (),
) -> Content:
    """What is agreed: what a pairing or an alliance of the sample promises, as a document."""
    roles = [PartyRole.INITIATOR.value, *[PartyRole.PARTNER.value] * (len(sides) - 1)]
    promises = [promise for promise in pairing.commitments if promise.dimension in words]
    return {
        "title": title or pairing.title,
        "alliance": alliance,
        "facilitator": None,
        "parties": content_parties([side.party for side in sides], roles),
        "dimensions": [{"key": k, "name": words[k]} for k in pairing.dimensions if k in words],
        "workingGroup": [
            {"party": number, "duty": duty.duty, "title": duty.title}
            for number, duty in enumerate(working_group, start=1)
        ],
        "commitments": [
            _commitment(f"c{number}", promise, ends)
            for number, promise in enumerate(promises, start=1)
        ],
        "startsOn": day_text(begins),
        "endsOn": day_text(ends),
    }


def _commitment(key: str, promise: Promise, ends: datetime.date | None) -> ContentCommitment:
    """One that is due before the end is so by half a year."""
    early = promise.early and ends is not None
    due = ends - datetime.timedelta(180) if early and ends is not None else None
    return {
        "key": key,
        "dimension": promise.dimension,
        "owner": promise.owner,
        "text": promise.text,
        "quantity": quantity_text(Decimal(promise.quantity)),
        "unit": promise.unit,
        "every": promise.every.value,
        "dueOn": day_text(due),
    }


def _play(story: Story, ground: Ground, stage: Stage, parties: int) -> None:
    """Everything that the parties have done, as far as `stage`."""
    ago, sample, chance = BEGAN[stage], ground.sample, story.chance
    story.propose(ago, draft=stage is Stage.DRAFT)
    if stage is Stage.DRAFT:
        return
    if stage is Stage.DECLINED:
        story.decline(ago - 9, parties, chance.pick(sample.declines))
        return
    for number in range(1, 2 if stage is Stage.PROPOSED else parties + 1):
        story.sign(ago - 2 * number, number)
    if stage in _DELIVERED:
        _deliver(story, sample, stage, parties)
    if stage is Stage.REVISED:
        story.revise(REVISED, _larger(story.content))
        story.sign(REVISED - 3, 1)
    elif stage is Stage.COMPLETED:
        story.end(ENDED - 1, EndReason.EXPIRED, None)
    elif stage is Stage.TERMINATED:
        story.end(WITHDRAWN, EndReason.WITHDRAWN, 2, chance.pick(sample.endings))


def _deliver(story: Story, sample: Sample, stage: Stage, parties: int) -> None:
    """Deliveries on all commitments in turn, confirmed but for some; of the last one no answer."""
    chance, commitments = story.chance, story.content["commitments"]
    first, last = BEGAN[stage] - 2 * parties - 10, ENDED + 2 if stage is Stage.COMPLETED else 35
    turns = 2 * len(commitments)
    for turn in range(turns):
        one = commitments[turn % len(commitments)]
        ago = first - (first - last) * turn // turns
        number = one["owner"] or 1 + turn % parties
        quantity = _part(Decimal(one["quantity"] or 1), chance)
        story.deliver(
            ago,
            one["key"],
            number,
            quantity,
            chance.pick(sample.deliveries),
            sample.evidence.format(n=1 + chance.number(40)),
            fen(1000 * (1 + chance.number(30))) if chance.is_one_of(0.3) else None,
        )
        if turn < turns - 1 or stage is Stage.COMPLETED:
            disputed = turn % 4 == 2
            dispute = chance.pick(sample.disputes) if disputed else None
            story.answer(ago - 1, 1 + number % parties, dispute)


def _part(target: Decimal, chance: Chance) -> Decimal:
    """A third to all of a target, whole."""
    return max(Decimal(1), Decimal(round(float(target) * chance.between(0.34, 1))))


def _larger(content: Content) -> Content:
    """A content that promises half as much again of its first commitment."""
    first, *others = content["commitments"]
    quantity = Decimal(first["quantity"] or 1) * Decimal("1.5")
    changed: ContentCommitment = {**first, "quantity": quantity_text(quantity)}
    return {**content, "commitments": [changed, *others]}


def _alliances(ground: Ground, words: Words) -> Iterator[Story]:
    """One of each kind of the city that the sample has a place for, with what its members did."""
    for number, kind in enumerate(ground.definition.cooperation.alliances):
        rung = ground.sample.alliances.leads.get(kind.key)
        sides = _members(ground, rung, number) if rung is not None else []
        if len(sides) >= 2:
            yield _alliance(ground, kind.key, kind.name, sides, words)


def _members(ground: Ground, rung: Rung, number: int) -> list[Side]:
    """What leads an alliance, and its members: what is below it, else beside it."""
    chance = Chance("alliance", ground.tenant_id, number)
    for place in ground.picked(rung, 20, chance):
        above = place.path.removesuffix(f"{place.code}/")
        near = [
            other
            for of in (Rung.COMMUNITY, Rung.VILLAGE)
            for other in ground.at(of)
            if other.path.startswith(place.path if rung is Rung.STREET else above)
        ]
        others = [other for other in near if other is not place]
        if len(others) >= 2:
            return [side_of(ground, item) for item in (place, *others[: MEMBERS - 1])]
    return []


def _alliance(ground: Ground, key: str, name: str, sides: Sequence[Side], words: Words) -> Story:
    alliances = ground.sample.alliances
    content = content_of(
        sides,
        alliances,
        words,
        None,
        None,
        alliances.title.format(name=name, place=sides[0].party.name),
        key,
        alliances.working_group,
    )
    id_ = derived_uuid("Agreement", ground.tenant_id, f"sample/alliance/{key}")
    chance = Chance("alliance", ground.tenant_id, key)
    story = Story(id_, {ground.tenant_id: ground}, sides, content, chance)
    story.propose(BEGAN[Stage.ACTIVE])
    for number in range(1, len(sides) + 1):
        story.sign(BEGAN[Stage.ACTIVE] - 2 * number, number)
    _meet(story, ground)
    return story


def _meet(story: Story, ground: Ground) -> None:
    """A meeting, then something done together in each of the city's ways, and a meeting again."""
    alliances, chance = ground.sample.alliances, story.chance
    ways: list[str | None] = [way.key for way in ground.definition.cooperation.ways]
    subjects = alliances.activities[: len(ways) or 2]
    story.meet(170, ActivityKind.MEETING, alliances.meeting)
    for at, (way, subject) in enumerate(zip(ways or [None, None], subjects, strict=False)):
        funds = fen(1000 * (2 + chance.number(40))) if chance.is_one_of(0.6) else None
        solved = 1 + chance.number(9)
        story.meet(150 - 25 * at, ActivityKind.ACTIVITY, subject, way, funds, solved)
    story.meet(12, ActivityKind.MEETING, alliances.meeting)
