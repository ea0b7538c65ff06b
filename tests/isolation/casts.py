"""Who walks the graph: every role, each with what it knows of its own tenant and of others."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from graphql import GraphQLSchema

from schema.ids import GlobalId
from tests.conftest import Graph
from tests.isolation.canaries import LETTERS, Kind, Sighting, seen
from tests.isolation.definitions import CODES, PROVINCES
from tests.isolation.probes import Probes
from tests.isolation.rows import EMPTY, PLACES, PROPOSED, SETTLED, UNIONS
from tests.isolation.samples import Samples
from tests.isolation.walking import Coverage, Reply, walk
from tests.isolation.world import World

PURPOSE = "walking the graph"
EVERYTHING = frozenset(Kind)
NOTHING: frozenset[Sighting] = frozenset()
PUBLISHED = frozenset({Kind.DEFINITION, Kind.PUBLIC})


@dataclass(frozen=True)
class Cast:
    """Somebody of some tenants, who knows things of others.

    `may_see` says of each letter which kinds of its canaries are for this role's eyes; `knows` is
    what its token says. `writes` is the one tenant that it may change.
    """

    name: str
    graph: Graph
    samples: Samples
    others: list[Samples]
    may_see: Mapping[str, frozenset[Kind]]
    knows: str = ""
    writes: str = "a"

    def leaks(self, replies: Iterable[Reply], wrote: frozenset[Sighting] = NOTHING) -> list[str]:
        """What they show that is not for this role's eyes, and by which probes.

        What its token says it knows, and what somebody `wrote` with mutations it may be shown.
        """
        known, found = seen(self.knows) | wrote, []
        for reply in replies:
            if reply.kind == "mutation":
                known |= seen(reply.request)
            found += [
                f"{canary.kind.name.lower()} of {canary.letter}: {canary.text}: {reply}"
                for canary in sorted(reply.canaries() - known)
                if canary.kind not in self.may_see.get(canary.letter, ())
            ]
        return found


async def known(
    graph: Graph, world: World, schema: GraphQLSchema, letters: str = LETTERS
) -> dict[str, Samples]:
    """By letter what the administrators of each tenant are shown: what they could tell others."""
    found, coverage = {}, Coverage(schema)
    for letter in letters:
        samples = first_samples(world, letter)
        admin = graph.as_(
            "CITY_ADMIN" if letter in PROVINCES else "PROVINCE_ADMIN",
            CODES[letter],
            purpose=PURPOSE,
        )
        plain = (probe for probe in Probes(schema, samples, []).queries() if probe.is_plain)
        for reply in await walk(admin, plain):
            coverage.add(reply, samples)
        found[letter] = samples
    return found


# by what they are good for: of which type, in which row of which table
OBJECTS = {
    "Issue.id": ("Issue", "issue", 1),
    "settled": ("Issue", "issue", SETTLED),
    "Cooperative.id": ("Cooperative", "cooperative", 1),
    "empty cooperative": ("Cooperative", "cooperative", EMPTY),
    "union": ("Cooperative", "cooperative", UNIONS[0]),
    "other union": ("Cooperative", "cooperative", UNIONS[1]),
    "Household.id": ("Household", "household", 1),
    "household outside": ("Household", "household", EMPTY),
    "Membership.id": ("Membership", "membership", 1),
    "Enterprise.id": ("Enterprise", "enterprise", 1),
    "other enterprise": ("Enterprise", "enterprise", 3),
    "Posting.id": ("Posting", "posting", 1),
    "supply": ("Posting", "posting", 1),
    "demand": ("Posting", "posting", 2),
    "Deal.id": ("Deal", "deal", 1),
    "WeakVillage.id": ("WeakVillage", "weak_village", 1),
    "Agreement.id": ("Agreement", "agreement", 1),
    "not renewed": ("Agreement", "agreement", 4),
    "to end": ("Agreement", "agreement", 5),
    "proposed": ("Agreement", "agreement", PROPOSED),
    "draft": ("Agreement", "agreement", -1),
    "Delivery.id": ("Delivery", "agreement_delivery", 1),
}


def first_samples(world: World, letter: str) -> Samples:
    """What is enough to find all else; and places in the tree that fit together in a change."""
    tenant_id, kind = int(CODES[letter]), "City" if letter in PROVINCES else "Province"
    row, levels = world.row(letter, "organization", 1), world.levels(letter)
    samples = Samples(frozenset({tenant_id}))
    samples.add(f"{kind}.id", str(GlobalId(kind, tenant_id)))
    samples.add(f"{kind}.code", CODES[letter])
    samples.add("Organization.id", str(GlobalId("Organization", tenant_id, row["id"].hex)))
    samples.add("Organization.code", row["code"])
    samples.add("Organization.name", row["name"])
    samples.add("bottom", levels[2])
    samples.add("Issue.number", world.row(letter, "issue", 1)["number"])
    samples.add("top", world.row(letter, "organization", 0)["code"])
    for place, (type_, table, n) in OBJECTS.items():
        if table in world.fillers[letter].rows:
            id_ = world.row(letter, table, n)["id"]
            samples.add(place, str(GlobalId(type_, tenant_id, id_.hex)))
    if letter in PROVINCES:
        proposed = world.row(letter, "agreement", PROPOSED)
        samples.add("proposed hash", proposed["content_hash"])
    for place, n in PLACES.items():
        samples.add(place, world.row(letter, "organization", n)["code"])
    return samples


ROLES = (
    "RESIDENT",
    "MEMBER",
    "GRID_WORKER",
    "AGENT",
    "SECRETARY",
    "SECRETARY of another city's organization",
    "CITY_ADMIN",
    "a person with a post",
    "PROVINCE_ANALYST",
    "PROVINCE_ADMIN",
    "PUBLIC",
)
"""The names of the casts."""


def cast(
    name: str, graph: Graph, world: World, samples: Mapping[str, Samples], of: str = "bce"
) -> Cast:
    """One of `ROLES`, in city a or province d, with what it knows of others, those of `of`."""
    both = samples["d"].with_(samples["a"])
    if name == "PUBLIC":
        public = dict.fromkeys(LETTERS, PUBLISHED)
        return Cast(name, graph, both, [samples[letter] for letter in of], public)
    if name.startswith("PROVINCE"):
        own = graph.as_(name, CODES["d"], purpose=PURPOSE)
        shared = dict.fromkeys("abd", PUBLISHED)
        others = [samples[letter] for letter in of if letter not in shared]
        return Cast(name, own, both, others, shared, writes="d")
    # of its province the definition, which the city inherits from
    kinds = PUBLISHED if name == "RESIDENT" or " of " in name else EVERYTHING
    may_see = {"a": kinds, "d": frozenset({Kind.DEFINITION})}
    token = _token(name, graph, world)
    others = [samples[letter] for letter in of]
    return Cast(name, token, samples["a"], others, may_see, _organization(name, world) or "")


def _token(name: str, graph: Graph, world: World) -> Graph:
    if name == "a person with a post":
        person = world.row("a", "person", 1)["id"]
        return graph.as_("", CODES["a"], person=person, purpose=PURPOSE)
    return graph.as_(
        name.partition(" ")[0], CODES["a"], _organization(name, world), purpose=PURPOSE
    )


def _organization(name: str, world: World) -> str | None:
    """The organization that the token is limited to."""
    places = {"GRID_WORKER": ("a", 4), "AGENT": ("a", 1), "SECRETARY": ("a", 1)}
    letter, n = ("b", 0) if " of " in name else places.get(name, ("", 0))
    code: str | None = world.row(letter, "organization", n)["code"] if letter else None
    return code
