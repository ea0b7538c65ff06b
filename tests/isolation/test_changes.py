"""Every mutation with others' values in each input: nothing of theirs is changed or shown."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import asyncpg
import pytest
from graphql import GraphQLSchema
from sqlmodel import SQLModel

from schema.errors import ErrorCode
from tests.conftest import opened
from tests.isolation.canaries import seen
from tests.isolation.casts import NOTHING, ROLES, Cast, cast
from tests.isolation.conftest import Copy, Known
from tests.isolation.definitions import LETTER_OF
from tests.isolation.probes import Probes
from tests.isolation.samples import FOREIGN
from tests.isolation.walking import Reply, differences, walk
from tests.isolation.world import World

FAULTS = {ErrorCode.INTERNAL, ErrorCode.VALIDATION_FAILED, ErrorCode.DEADLINE_EXCEEDED}
# who may change something somewhere
WRITERS = {"SECRETARY", "CITY_ADMIN", "PROVINCE_ADMIN"}
# what is free text, and codes, may be the same in two tenants
ACCEPTED = {
    "Mutation.establishOrganization(EstablishOrganizationInput.name of another)",
    "Mutation.establishOrganization(EstablishOrganizationInput.code of another)",
    "Mutation.renameOrganization(RenameOrganizationInput.name of another)",
    "Mutation.mergeOrganizations(MergeOrganizationsInput.MergedOrganizationInput.name of another)",
    "Mutation.mergeOrganizations(MergeOrganizationsInput.MergedOrganizationInput.code of another)",
    "Mutation.appoint(AppointInput.NewPersonInput.name of another)",
    "Mutation.appoint(AppointInput.NewPersonInput.phone of another)",
    "Mutation.reportIssue(ReportIssueInput.title of another)",
    "Mutation.reportIssue(ReportIssueInput.description of another)",
    "Mutation.reportIssue(ReportIssueInput.ContactInput.name of another)",
    "Mutation.reportIssue(ReportIssueInput.ContactInput.phone of another)",
    "Mutation.joinIssue(JoinIssueInput.ContactInput.name of another)",
    "Mutation.joinIssue(JoinIssueInput.ContactInput.phone of another)",
    "Mutation.advanceIssue(AdvanceIssueInput.note of another)",
    "Mutation.advanceIssue(AdvanceIssueInput.secret of another)",
    "Mutation.recordFollowUp(RecordFollowUpInput.note of another)",
}


async def rows_by_letter(url: str) -> dict[str, list[str]]:
    """Every row of every table as text, by whose it is."""
    found: dict[str, list[str]] = {letter: [] for letter in LETTER_OF.values()}
    connection: Any = await asyncpg.connect(url)
    try:
        for table in SQLModel.metadata.sorted_tables:
            for row in await connection.fetch(f"SELECT tenant_id, t::text FROM {table.name} t"):
                found[LETTER_OF[row[0]]].append(f"{table.name} {row[1]}")
    finally:
        await connection.close()
    return {letter: sorted(rows) for letter, rows in found.items()}


def changed(before: Mapping[str, list[str]], after: Mapping[str, list[str]]) -> dict[str, set[str]]:
    """Rows that are new, gone or different, by whose they are; only of tenants that have any."""
    found = {letter: set(before[letter]) ^ set(after[letter]) for letter in before}
    return {letter: rows for letter, rows in found.items() if rows}


def _faults(replies: Iterable[Reply]) -> list[str]:
    return [str(reply) for reply in replies if FAULTS & set(reply.codes)]


@pytest.mark.soak
async def test_nothing_of_another_tenant_changes(
    world: World, samples: Known, schema: GraphQLSchema, copied: Copy
) -> None:
    """Whatever a role tries on others' ids, their rows stay, and no refusal says what they are."""
    url = await copied()
    before = await rows_by_letter(url)
    found, touched, wrote = [], {}, NOTHING
    async with opened(url, services=world.services) as graph:
        for role in ROLES:
            who = cast(role, graph, world, samples)
            tried = Probes(schema, who.samples, who.others).mutations(dry_run=False)
            probes = [probe for probe in tried if probe.is_foreign]
            if role not in WRITERS:  # the three in turn try all
                probes = probes[ROLES.index(role) % 3 :: 3]
            replies = await walk(who.graph, probes, "mutation")
            found += [*_faults(replies), *who.leaks(replies, wrote)]
            wrote |= frozenset().union(*(seen(reply.request) for reply in replies))
            after = await rows_by_letter(url)
            touched[role] = set(changed(before, after)) - {who.writes}
            before = after
    assert found == []
    assert touched == {role: set() for role in ROLES}


@pytest.fixture(scope="module")
def dry_runs(world: World, samples: Known, schema: GraphQLSchema) -> list[Reply]:
    """What all mutations would do for an administrator, with own values and each of others'."""

    async def run() -> list[Reply]:
        url = await world.copy("world_dry_runs")
        async with opened(url, services=world.services) as graph:
            return await _tried(cast("CITY_ADMIN", graph, world, samples), schema)

    return asyncio.run(run())


async def _tried(who: Cast, schema: GraphQLSchema) -> list[Reply]:
    probes = Probes(schema, who.samples, who.others).mutations(dry_run=True)
    return await walk(who.graph, probes, "mutation")


async def test_refusals_do_not_depend_on_others(
    world: World, samples: Known, schema: GraphQLSchema, dry_runs: list[Reply], copied: Copy
) -> None:
    """What is in another tenant and what is nowhere is refused alike, in as many statements."""
    url = await copied(*world.without("a", people=True))
    async with opened(url, services=world.services) as graph:
        alone = await _tried(cast("CITY_ADMIN", graph, world, samples), schema)
    assert _faults(alone) == []
    assert differences(dry_runs, alone) == []


def test_others_values_are_good_for_texts_only(
    schema: GraphQLSchema, dry_runs: list[Reply]
) -> None:
    """What its own values let happen, no id, code, level or kind of another tenant does."""
    done = set(_carried_out(dry_runs))
    mutation = schema.mutation_type
    assert mutation is not None
    assert {name.partition("(")[0].partition(".")[2] for name in done} == set(mutation.fields)
    assert {name for name in done if FOREIGN in name} == ACCEPTED


def _carried_out(replies: Iterable[Reply]) -> Iterator[str]:
    """Names of the probes of mutations that met no refusal."""
    for reply in replies:
        for probe, value in reply.answers():
            if value is not None and value["refusals"] == []:
                yield probe.name


async def test_own_rows_change(
    world: World, samples: Known, schema: GraphQLSchema, copied: Copy
) -> None:
    """The comparison notices changes: with values of its own an administrator changes its city."""
    url = await copied()
    before = await rows_by_letter(url)
    async with opened(url, services=world.services) as graph:
        who = cast("CITY_ADMIN", graph, world, samples)
        await walk(who.graph, Probes(schema, who.samples, []).mutations(dry_run=False), "mutation")
    found = changed(before, await rows_by_letter(url))
    assert set(found) == {"a"}
    assert {row.partition(" ")[0] for row in found["a"]} >= {"organization", "post", "event"}
