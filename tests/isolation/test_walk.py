"""The whole schema walked as everybody: nothing of another tenant comes back.

The walk is made by introspection: new types, fields and arguments are in it without being listed.
"""

import uuid
from collections.abc import Iterable, Mapping

import pytest
from graphql import (
    GraphQLArgument,
    GraphQLSchema,
    get_named_type,
    is_input_object_type,
    is_object_type,
)

from schema.errors import ErrorCode
from tests.conftest import opened
from tests.isolation.canaries import LETTERS, seen
from tests.isolation.casts import ROLES, Cast, cast
from tests.isolation.conftest import Copy, Known
from tests.isolation.definitions import CODES
from tests.isolation.probes import Probes
from tests.isolation.walking import Coverage, Reply, differences, walk, walk_together
from tests.isolation.world import World

Walks = Mapping[str, tuple[Cast, list[Reply]]]

FAULTS = {
    ErrorCode.INTERNAL,
    ErrorCode.PARSE_FAILED,
    ErrorCode.VALIDATION_FAILED,
    ErrorCode.TOKENS_EXCEEDED,
    ErrorCode.COST_EXCEEDED,
}
# what an agreement of two cities gives: `test_agreements.py`; what needs both ends of a window:
# `tests/schema/issues/test_statistics.py`; what no invented city declares:
# `tests/tenants/test_posts.py`
ELSEWHERE = ["CityPair.a", "CityPair.b", "IssueStatisticsRow.month", "PostKind.employment"]
# columns whose canaries nobody is shown
NEVER_SHOWN = {
    "annual_result.id",
    "idempotency.key_hash",
    "idempotency.outcomes",  # but to who has the key
    "idempotency.request_hash",
    "issue.lead_subject",
    "issue.reporter_subject",
    "issue.secret_hash",
    "issue.service_marked",
    "issue_handler.id",
    "issue_note.author",
    "issue_supporter.id",
    "issue_supporter.subject",
    "issue_word.word",
    "load.content_hash",
    "load.part",
    "organization.initials",
    "organization.search_name",
    "organization_name.search_name",
}


def _faults(replies: Iterable[Reply]) -> list[str]:
    """Answers that say nothing of isolation, because the server or the probe is at fault."""
    return [str(reply) for reply in replies if reply.status != 200 or FAULTS & set(reply.codes)]


@pytest.mark.parametrize("role", ROLES)
def test_nothing_of_another_tenant(role: str, walks: Walks) -> None:
    """No field, with no argument, shows a role what is not for its eyes, not even in an error."""
    who, replies = walks[role]
    assert _faults(replies) == []
    assert who.leaks(replies) == []


@pytest.mark.soak
@pytest.mark.parametrize("role", ROLES)
async def test_nothing_of_another_tenant_by_any_value(
    role: str, world: World, samples: Known, schema: GraphQLSchema, copied: Copy
) -> None:
    """Nor does it with the values of any single other tenant in any argument."""
    async with opened(await copied(), services=world.services) as graph:
        for letter in "bcde":
            who = cast(role, graph, world, samples, letter)
            replies = await walk(who.graph, Probes(schema, who.samples, who.others).queries())
            assert _faults(replies) == []
            assert who.leaks(replies) == []


# whose rows each is shown, and whether private ones
ALONE = {
    "CITY_ADMIN": ("a", True),
    "RESIDENT": ("a", False),
    "PROVINCE_ADMIN": ("abd", False),
    "PUBLIC": (LETTERS, False),
}


@pytest.mark.parametrize("role", ALONE)
async def test_answers_are_those_without_others(
    role: str, world: World, samples: Known, schema: GraphQLSchema, walks: Walks, copied: Copy
) -> None:
    """Counts, pages, errors and statements are as if the rows that a role may not read were not."""
    letters, people = ALONE[role]
    url = await copied(*world.without(letters, people))
    async with opened(url, services=world.services) as graph:
        who = cast(role, graph, world, samples)
        probes = Probes(schema, who.samples, who.others).queries()
        # an administrator's own reads are in the audit: it must read the same again
        of = 16 if role == "CITY_ADMIN" else 64
        (alone,) = await walk_together([who.graph], probes, of=of)
    assert differences(walks[role][1], alone) == []


async def test_answers_would_tell_of_others(
    world: World, samples: Known, schema: GraphQLSchema, walks: Walks, copied: Copy
) -> None:
    """The comparison notices rows: without those of city b a province's answers differ."""
    url = await copied(*world.without("ad", people=False))
    async with opened(url, services=world.services) as graph:
        who = cast("PROVINCE_ANALYST", graph, world, samples)
        probes = Probes(schema, who.samples, who.others)
        alone = await walk(who.graph, (p for p in probes.queries() if p.is_plain))
    given = {probe.name: value for reply in alone for probe, value in reply.answers()}
    together = {
        probe.name: value
        for reply in walks["PROVINCE_ANALYST"][1]
        for probe, value in reply.answers()
    }
    differing = {name for name, value in given.items() if value != together[name]}
    assert {"Province.rungs", "Province.staffing", "Province.figures"} <= differing


async def test_everything_is_walked(
    world: World, samples: Known, schema: GraphQLSchema, walks: Walks, copied: Copy
) -> None:
    """Every field of every type shows somebody something of its own: nothing is left unwalked."""
    coverage = Coverage(schema)
    changed = []
    async with opened(await copied(), services=world.services) as graph:
        # what is told of a rehearsal is less, and who has no token is told a secret
        for role, dry_run in (("CITY_ADMIN", True), ("CITY_ADMIN", False), ("PUBLIC", False)):
            who = cast(role, graph, world, samples)
            probes = Probes(schema, samples["a"], []).mutations(dry_run=dry_run)
            changed += await walk(who.graph, probes, "mutation")
    for reply in [*changed, *(reply for _, replies in walks.values() for reply in replies)]:
        coverage.add(reply)
    assert coverage.missing() == ELSEWHERE


def test_every_argument_is_asked_for(schema: GraphQLSchema, samples: Known) -> None:
    """There is a probe for every argument of every field that a query leads to."""
    probes = Probes(schema, samples["d"].with_(samples["a"]), [samples["b"]])
    asked = {probe.name for probe in probes.queries()}
    types = {name: type_ for name, type_ in schema.type_map.items() if is_object_type(type_)}
    arguments = {
        f"{name}.{field}({_label(argument, given)})"
        for name in ("Query", *probes.routes)
        for field, declared in types[name].fields.items()
        for argument, given in declared.args.items()
    }
    assert sorted(arguments - asked) == []


def _label(name: str, given: GraphQLArgument) -> str:
    """An input object is asked for field by field, under the name of its type."""
    named = get_named_type(given.type)
    return named.name if is_input_object_type(named) else name


def test_columns_are_shown_or_not_on_purpose(world: World, walks: Walks) -> None:
    """Some role is shown every column of a city's rows but those that serve the server."""
    replies = [reply for _, found in walks.values() for reply in found]
    shown = {canary for reply in replies for canary in reply.canaries()}
    hidden = set()
    for table, rows in world.fillers["a"].rows.items():
        for column in rows[0]:
            canaries = seen("\n".join(str(row[column]) for row in rows))
            if canaries and not canaries & shown:
                hidden.add(f"{table}.{column}")
    assert hidden == NEVER_SHOWN


async def test_a_token_of_another_citys_person(world: World, copied: Copy) -> None:
    """A token of city a that is bound to a person of city b is refused as for nobody at all."""
    answers = []
    async with opened(await copied(), services=world.services) as graph:
        for person in (world.row("b", "person", 1)["id"], uuid.UUID(int=7)):
            response = await graph.as_("", CODES["a"], person=person).post("{ viewer { role } }")
            answers.append((response.status_code, response.json()))
    known, unknown = answers
    assert known == unknown
    status, body = known
    assert (status, [e["extensions"] for e in body["errors"]]) == (403, [{"code": "TOKEN_SCOPE"}])


UNKNOWN = "123456"


@pytest.mark.parametrize(
    "query",
    [
        "query ($x: ID!) { city(code: $x) { organizations { totalCount } } }",
        "query ($x: ID!) { province(code: $x) { organizations { totalCount } } }",
        "query ($x: ID!) { cities(province: $x) { organizations { totalCount } } }",
        "query ($x: ID!) { node(id: $x) { ... on Organization { children { totalCount } } } }",
        "query ($x: ID!) { node(id: $x) { ... on Person { posts { nodes { id } } } } }",
        "query ($x: ID!) { nodes(ids: [$x]) { ... on City { organizations { totalCount } } } }",
    ],
)
async def test_foreign_and_unknown_take_no_statement(
    query: str, world: World, samples: Known, copied: Copy
) -> None:
    """What is of another tenant and what is nowhere is told apart without the database."""
    given = [UNKNOWN, *(id_ for _, id_ in samples["c"].ids())]
    for place in ("City.code", "City.slug", "Province.code", "Province.slug"):
        given += samples["c"].values.get(place, [])
    timings = set()
    async with opened(await copied(), services=world.services) as graph:
        for role, tenant in (("CITY_ADMIN", CODES["a"]), ("PROVINCE_ADMIN", CODES["d"])):
            for value in given:
                response = await graph.as_(role, tenant).post(query, x=value)
                timings.add(response.headers["server-timing"].split('"')[1])
    assert timings == {"0 statements"}
