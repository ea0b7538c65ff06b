"""Who walks the graph: every role, each with what it knows of its own tenant and of others."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from graphql import GraphQLSchema

from schema.ids import GlobalId
from tests.conftest import Graph
from tests.isolation.canaries import LETTERS, Kind, Sighting, seen
from tests.isolation.definitions import CODES, PROVINCES
from tests.isolation.probes import Probes
from tests.isolation.rows import PLACES, SETTLED
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


async def known(graph: Graph, world: World, schema: GraphQLSchema) -> dict[str, Samples]:
    """By letter what the administrators of each tenant are shown: what they could tell others."""
    found, coverage = {}, Coverage(schema)
    for letter in LETTERS:
        samples = _first(world, letter)
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


def _first(world: World, letter: str) -> Samples:
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
    for place, n in (("Issue.id", 1), ("settled", SETTLED)):
        issue = world.row(letter, "issue", n)["id"]
        samples.add(place, str(GlobalId("Issue", tenant_id, issue.hex)))
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
