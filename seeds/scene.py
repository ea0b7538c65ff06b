"""The stage on which sample issues are played: one city's organizations, and who works there."""

import datetime
import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from schema.actor import Actor, Grant
from schema.binding import RANK
from schema.issues.placing import Place, Placed
from schema.issues.standing import Above
from seeds.organizations import Tree
from seeds.people import Post, Staff
from tenants.definition import Definition
from tenants.hierarchy import Rung
from tenants.roles import Role

# where invented people hold no posts: a desk without a name stands in for them
_DESKS = frozenset({Rung.COUNTY})
_NEIGHBOURHOOD = (Rung.GRID, Rung.COMMUNITY, Rung.VILLAGE, Rung.BUILDING, Rung.PROPERTY)


@dataclass(frozen=True, eq=False)
class Member:
    """Somebody who handles issues: an actor at home in an organization, in office since a day."""

    actor: Actor
    home: Place
    since: datetime.date = datetime.date.min


class Scene:
    """One city; `places` are its organizations in being, with those above them among them."""

    def __init__(
        self, definition: Definition, places: Iterable[Place], posts: Iterable[Post]
    ) -> None:
        self.definition = definition
        self.places = sorted(places, key=lambda place: place.path)
        self.by_id = {place.id: place for place in self.places}
        self.by_code = {place.code: place for place in self.places}
        self._rungs = {level.key: level.rung for level in definition.tenant.levels}
        self._above: dict[str, tuple[Above, ...]] = {}
        self._chains: dict[str, tuple[Member, ...]] = {}
        self._at: defaultdict[str, list[Member]] = defaultdict(list)
        self.everybody = (*self._holders(posts), *self._desks())
        for member in self.everybody:
            for code in dict.fromkeys(grant.organization for grant in member.actor.grants):
                self._at[code or ""].append(member)

    @property
    def tenant_id(self) -> int:
        """The city's."""
        return self.definition.tenant_id

    @cached_property
    def admin(self) -> Actor:
        """An administrator of the whole city."""
        name = f"sample-admin-{self.definition.tenant.slug}"
        return self.somebody(name, Role.CITY_ADMIN)

    def somebody(self, subject: str, role: Role, organization: str | None = None) -> Actor:
        """An actor with one role, in the whole city where no organization is named."""
        grant = Grant(role, self.tenant_id, organization)
        return Actor(subject, role, frozenset({self.tenant_id}), (grant,))

    def placed(self, place: Place) -> Placed:
        """A place with all above it."""
        codes = reversed(place.path.strip("/").split("/")[:-1])
        return Placed(place, tuple(self.by_code[code] for code in codes if code in self.by_code))

    def above(self, place: Place) -> tuple[Above, ...]:
        """The organizations above a place, the nearest first, as rules look at them."""
        found = self._above.get(place.code)
        if found is None:
            found = tuple(
                Above(item.id, item.code, item.name, item.level, item.path)
                for item in self.placed(place).above
            )
            self._above[place.code] = found
        return found

    def members(self, place: Place) -> tuple[Member, ...]:
        """Those whose posts cover a place, the nearest first."""
        found = self._chains.get(place.code)
        if found is None:
            codes = reversed(place.path.strip("/").split("/"))
            chain = (member for code in codes for member in self._at.get(code, ()))
            found = tuple(dict.fromkeys(chain))
            self._chains[place.code] = found
        return found

    def rung(self, place: Place) -> Rung | None:
        """The comparable level of a place."""
        return self._rungs[place.level]

    @cached_property
    def handlers(self) -> tuple[Member, ...]:
        """All who hold posts, by where they are at home."""
        people = (member for member in self.everybody if member.actor.person is not None)
        return tuple(sorted(people, key=lambda m: (m.home.path, m.actor.subject)))

    @cached_property
    def neighbourhoods(self) -> tuple[Place, ...]:
        """Where people live: grids, communities, villages and what is below them."""
        found = [place for place in self.places if self.rung(place) in _NEIGHBOURHOOD]
        return tuple(found or self.places)

    @cached_property
    def staffed(self) -> tuple[Place, ...]:
        """Those of them where somebody is near: in the place itself, or right above it."""
        return tuple(place for place in self.neighbourhoods if self._is_staffed(place))

    def handled_at(self, level: str | None) -> tuple[Place, ...]:
        """The staffed places that an organization of a level covers, or those of that level."""
        if level is None or level not in self._rungs:
            return self.staffed or self.neighbourhoods
        if level not in self._handled:
            below = [
                place
                for place in self.staffed
                if any(item.level == level for item in self.placed(place).upwards)
            ]
            own = [place for place in self.places if place.level == level]
            near = [place for place in own if self._is_staffed(place)]
            self._handled[level] = tuple(below or near or own or self.neighbourhoods)
        return self._handled[level]

    @cached_property
    def _handled(self) -> dict[str, tuple[Place, ...]]:
        return {}

    def _is_staffed(self, place: Place) -> bool:
        codes = place.path.strip("/").split("/")[-2:]
        return any(
            code in self._at and self.rung(self.by_code[code]) not in _DESKS
            for code in codes
            if code in self.by_code
        )

    def _holders(self, posts: Iterable[Post]) -> Iterator[Member]:
        """One member a person, with the roles of all its posts that give one."""
        kinds = self.definition.posts
        held: defaultdict[uuid.UUID, list[Post]] = defaultdict(list)
        for post in posts:
            known = post.kind in kinds and post.organization_id in self.by_id
            if known and kinds[post.kind].role is not None:
                held[post.person_id].append(post)
        for person in sorted(held):
            yield self._member(person, held[person])

    def _member(self, person: uuid.UUID, posts: Sequence[Post]) -> Member:
        homes = sorted((self.by_id[post.organization_id] for post in posts), key=lambda p: p.path)
        found = {
            Grant(role, self.tenant_id, self.by_id[post.organization_id].code)
            for post in posts
            if (role := self.definition.posts[post.kind].role) is not None
        }
        grants = sorted(found, key=lambda grant: (-RANK.index(grant.role), grant.organization))
        tenants = frozenset({self.tenant_id})
        actor = Actor(str(person), grants[0].role, tenants, tuple(grants), person)
        return Member(actor, homes[0], max(post.valid_from for post in posts))

    def _desks(self) -> Iterator[Member]:
        for place in self.places:
            if self.rung(place) in _DESKS:
                name = f"sample-desk-{place.code}"
                yield Member(self.somebody(name, Role.SECRETARY, place.code), place)


def scene_of_tree(tree: Tree, staff: Staff) -> Scene:
    """The stage as it is where nobody has changed anything."""
    places = [
        Place(tree.id(item.code), item.code, item.name, item.level, item.path)
        for item in tree.by_code.values()
        if item.valid_to is None and item.valid_from is None
    ]
    return Scene(tree.definition, places, staff.posts)
