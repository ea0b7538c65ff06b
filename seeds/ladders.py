"""Ladders: every organization of a city with all above it, and who works on each rung of it.

An issue that was played at the foot of one ladder could have been played at the foot of another
one with the same levels: what happened is told anew, rung by rung (`seeds/stamp.py`).
"""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from schema.issues.placing import Place
from seeds.people import Post
from seeds.scene import Scene
from tenants.definition import Definition

SEATS = 3
"""Holders of one kind of post that take part in a play, in one organization at most."""


@dataclass(frozen=True, eq=False)
class Step:
    """One organization: its id as text, its place, the people by kind of post, their ids as text.

    `place` is the same organization as rules see it.
    """

    id: str
    place: Place
    staff: Mapping[str, Sequence[str]]


Ladder = tuple[Step, ...]
"""An organization and all above it, the highest first."""


@dataclass(frozen=True)
class Ladders:
    """The ladders of one city by their levels, and a stage with one ladder of each.

    On the stage there are only as many holders of a post as each organization of its level has.
    Issues end on the step with the number `floor` or below, counted from the top.
    """

    scene: Scene
    by_levels: Mapping[tuple[str, ...], Sequence[Ladder]]
    by_place: Mapping[uuid.UUID, Ladder]
    floor: int = 0

    def within(self, code: str | None) -> "Ladders":
        """The same with only the ladders that stand on an organization; all where it is None.

        Errors: `ValueError` where there is no such organization.
        """
        if code is None:
            return self
        floor = next(
            (len(ladder) - 1 for ladder in self.by_place.values() if ladder[-1].place.code == code),
            None,
        )
        if floor is None:
            raise ValueError(f"no organization has the code {code!r}")
        kept = {
            levels: [ladder for ladder in ladders if any(s.place.code == code for s in ladder)]
            for levels, ladders in self.by_levels.items()
        }
        return Ladders(self.scene, {k: v for k, v in kept.items() if v}, self.by_place, floor)


def ladders_of(definition: Definition, places: Iterable[Place], posts: Iterable[Post]) -> Ladders:
    """The ladders of a city; `places` are its organizations in being."""
    found = _ladders(places, _staff(posts))
    by_levels: defaultdict[tuple[str, ...], list[Ladder]] = defaultdict(list)
    for ladder in found:
        by_levels[tuple(step.place.level for step in ladder)].append(ladder)
    shown = [ladders[0] for ladders in by_levels.values()]
    steps = {step.id: step for ladder in shown for step in ladder}
    everywhere = _everywhere(found)
    cast = list(_cast(steps.values(), everywhere, posts))
    scene = Scene(definition, (step.place for step in steps.values()), cast)
    return Ladders(scene, dict(by_levels), {ladder[-1].place.id: ladder for ladder in found})


def _staff(posts: Iterable[Post]) -> dict[uuid.UUID, dict[str, list[str]]]:
    staff: defaultdict[uuid.UUID, dict[str, list[str]]] = defaultdict(dict)
    for post in sorted(posts, key=lambda post: post.id):
        staff[post.organization_id].setdefault(post.kind, []).append(str(post.person_id))
    return staff


def _ladders(
    places: Iterable[Place], staff: Mapping[uuid.UUID, Mapping[str, Sequence[str]]]
) -> list[Ladder]:
    """In order of path: what stands above comes first; what hangs in the air is left out."""
    by_path: dict[str, Ladder] = {}
    for place in sorted(places, key=lambda place: place.path):
        above = place.path.removesuffix(f"{place.code}/")
        if above == "/" or above in by_path:
            step = Step(str(place.id), place, staff.get(place.id, {}))
            by_path[place.path] = (*by_path.get(above, ()), step)
    return list(by_path.values())


def _everywhere(ladders: Iterable[Ladder]) -> Mapping[str, Mapping[str, int]]:
    """How many holders of each post every organization of a level has, at most `SEATS`."""
    found: dict[str, dict[str, int]] = {}
    for ladder in ladders:
        level, staff = ladder[-1].place.level, ladder[-1].staff
        if level not in found:
            found[level] = {kind: min(SEATS, len(people)) for kind, people in staff.items()}
        else:
            least = found[level]
            for kind in list(least):
                least[kind] = min(least[kind], len(staff.get(kind, ())))
    return found


def _cast(
    steps: Iterable[Step], everywhere: Mapping[str, Mapping[str, int]], posts: Iterable[Post]
) -> Iterable[Post]:
    """The posts of those who take part in the play."""
    wanted = {
        (step.place.id, kind, person)
        for step in steps
        for kind, count in everywhere[step.place.level].items()
        for person in step.staff.get(kind, ())[:count]
    }
    for post in posts:
        if (post.organization_id, post.kind, str(post.person_id)) in wanted:
            yield post
