"""The whole schema walked as everybody: nothing of another tenant comes back.

The walk is made by introspection: new types, fields and arguments are in it without being listed.
"""

from collections.abc import Iterable, Mapping

import pytest
from graphql import GraphQLSchema, is_object_type

from schema.errors import ErrorCode
from tests.conftest import opened
from tests.isolation.canaries import LETTERS
from tests.isolation.casts import ROLES, Cast, cast
from tests.isolation.conftest import Copy
from tests.isolation.probes import Probes, share
from tests.isolation.samples import Samples
from tests.isolation.walking import Coverage, Reply, differences, walk
from tests.isolation.world import World

Known = Mapping[str, Samples]

# a third of other tenants' values for each role, another one for the next; `make soak` tries all
PARTS = 3
FAULTS = {
    ErrorCode.INTERNAL,
    ErrorCode.PARSE_FAILED,
    ErrorCode.VALIDATION_FAILED,
    ErrorCode.TOKENS_EXCEEDED,
    ErrorCode.COST_EXCEEDED,
}
# fields that nobody was shown anything of in a walk, with the reason
NOT_SEEN: dict[str, str] = {}


async def _walked(who: Cast, schema: GraphQLSchema, at: int, of: int) -> list[Reply]:
    """All that came back to somebody who asks for everything."""
    probes = Probes(schema, who.samples, who.others)
    return await walk(who.graph, share(probes.queries(), at, of))


def _faults(replies: Iterable[Reply]) -> list[str]:
    """Answers that say nothing of isolation, because the server or the probe is at fault."""
    return [str(reply) for reply in replies if reply.status != 200 or FAULTS & set(reply.codes)]


@pytest.mark.parametrize("role", ROLES)
async def test_nothing_of_another_tenant(
    role: str, world: World, samples: Known, schema: GraphQLSchema, copied: Copy
) -> None:
    """No field, with no argument, shows a role what is not for its eyes, not even in an error."""
    async with opened(await copied(), services=world.services) as graph:
        who = cast(role, graph, world, samples)
        replies = await _walked(who, schema, ROLES.index(role), PARTS)
    assert _faults(replies) == []
    assert who.leaks(replies) == []


@pytest.mark.soak
@pytest.mark.parametrize("role", ROLES)
async def test_nothing_of_another_tenant_by_any_value(
    role: str, world: World, samples: Known, schema: GraphQLSchema, copied: Copy
) -> None:
    """Nor does it with any value of any other tenant in any argument."""
    async with opened(await copied(), services=world.services) as graph:
        for letter in "bcde":
            who = cast(role, graph, world, samples, letter)
            if not who.others:
                continue
            replies = await _walked(who, schema, 0, 1)
            assert _faults(replies) == []
            assert who.leaks(replies) == []


ALONE = {"CITY_ADMIN": ("a", True), "PROVINCE_ADMIN": ("abd", False), "PUBLIC": (LETTERS, False)}


@pytest.mark.parametrize("role", ALONE)
async def test_answers_are_those_without_others(
    role: str, world: World, samples: Known, schema: GraphQLSchema, copied: Copy
) -> None:
    """Counts, pages, errors and statements are as if the rows that a role may not read were not."""
    letters, people = ALONE[role]
    found = []
    for url in (await copied(), await copied(*world.without(letters, people))):
        async with opened(url, services=world.services) as graph:
            who = cast(role, graph, world, samples)
            found.append(await _walked(who, schema, 0, PARTS))
            probes = Probes(schema, who.samples, who.others).mutations(dry_run=True)
            found[-1] += await walk(who.graph, probes, "mutation")
    assert differences(*found) == []


async def test_answers_would_tell_of_others(
    world: World, samples: Known, schema: GraphQLSchema, copied: Copy
) -> None:
    """The comparison notices rows: without those of city b a province's answers differ."""
    found = []
    for url in (await copied(), await copied(*world.without("ad", people=False))):
        async with opened(url, services=world.services) as graph:
            who = cast("PROVINCE_ANALYST", graph, world, samples)
            found.append(await _walked(who, schema, 0, PARTS))
    differing = {
        probe.name
        for reply, other in zip(*found, strict=True)
        for (probe, value), (_, another) in zip(reply.answers(), other.answers(), strict=True)
        if value != another
    }
    assert {"Province.rungs", "Province.staffing", "Province.figures"} <= differing


async def test_everything_is_walked(
    world: World, samples: Known, schema: GraphQLSchema, copied: Copy
) -> None:
    """Every field of every type shows somebody something of its own: nothing is left unwalked."""
    coverage = Coverage(schema)
    async with opened(await copied(), services=world.services) as graph:
        for role in ("CITY_ADMIN", "PROVINCE_ADMIN", "SECRETARY", "a person with a post"):
            who = cast(role, graph, world, samples)
            probes = Probes(schema, who.samples, [])
            replies = await walk(who.graph, probes.queries())
            replies += await walk(who.graph, probes.mutations(dry_run=True), "mutation")
            for reply in replies:
                coverage.add(reply)
    assert {name: NOT_SEEN.get(name, "") for name in coverage.missing()} == NOT_SEEN


def test_every_type_and_argument_is_asked_for(schema: GraphQLSchema, samples: Known) -> None:
    """There is a probe for every argument of every field that a query leads to."""
    probes = Probes(schema, samples["d"].with_(samples["a"]), [samples["b"]])
    asked = {probe.name for probe in probes.queries()}
    reached = ["Query", *probes.routes]
    types = {name: type_ for name, type_ in schema.type_map.items() if is_object_type(type_)}
    arguments = {
        f"{name}.{field}({argument})"
        for name in reached
        for field, declared in types[name].fields.items()
        for argument in declared.args
    }
    assert sorted(arguments - asked) == []
