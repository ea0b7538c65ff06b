"""Every mutation with others' values in each input: nothing of theirs is changed or shown."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import asyncpg
import pytest
from graphql import GraphQLSchema
from sqlmodel import SQLModel

from schema.errors import ErrorCode
from tests.conftest import opened
from tests.isolation.casts import ROLES, cast
from tests.isolation.conftest import Copy
from tests.isolation.definitions import LETTER_OF
from tests.isolation.probes import Probe, Probes
from tests.isolation.samples import FOREIGN, Samples
from tests.isolation.walking import Reply, differences, walk
from tests.isolation.world import World

Known = Mapping[str, Samples]
WRITERS = ("CITY_ADMIN", "PROVINCE_ADMIN")
FAULTS = {ErrorCode.INTERNAL, ErrorCode.VALIDATION_FAILED, ErrorCode.DEADLINE_EXCEEDED}
# what is free text, and codes, may be the same in two tenants
ACCEPTED = {
    "Mutation.establishOrganization(EstablishOrganizationInput.name of another)",
    "Mutation.establishOrganization(EstablishOrganizationInput.code of another)",
    "Mutation.renameOrganization(RenameOrganizationInput.name of another)",
    "Mutation.mergeOrganizations(MergeOrganizationsInput.MergedOrganizationInput.name of another)",
    "Mutation.mergeOrganizations(MergeOrganizationsInput.MergedOrganizationInput.code of another)",
    "Mutation.appoint(AppointInput.NewPersonInput.name of another)",
    "Mutation.appoint(AppointInput.NewPersonInput.phone of another)",
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


def _foreign(probes: Iterable[Probe]) -> list[Probe]:
    """Those that name what is another tenant's."""
    return [probe for probe in probes if FOREIGN in probe.name]


def _faults(replies: Iterable[Reply]) -> list[str]:
    return [str(reply) for reply in replies if FAULTS & set(reply.codes)]


@pytest.mark.parametrize("role", ROLES)
async def test_nothing_of_another_tenant_changes(
    role: str, world: World, samples: Known, schema: GraphQLSchema, copied: Copy
) -> None:
    """Whatever a role tries on others' ids, their rows stay, and no refusal says what they are."""
    url = await copied()
    before = await rows_by_letter(url)
    async with opened(url, services=world.services) as graph:
        who = cast(role, graph, world, samples)
        probes = Probes(schema, who.samples, who.others)
        replies = await walk(who.graph, _foreign(probes.mutations(dry_run=False)), "mutation")
    assert _faults(replies) == []
    assert who.leaks(replies) == []
    assert set(changed(before, await rows_by_letter(url))) <= {who.writes}


@pytest.mark.parametrize("role", WRITERS)
async def test_refusals_do_not_depend_on_others(
    role: str, world: World, samples: Known, schema: GraphQLSchema, copied: Copy
) -> None:
    """What is in another tenant and what is nowhere is refused alike, in as many statements."""
    found = []
    kept = "ad" if role == "PROVINCE_ADMIN" else "a"
    for url in (await copied(), await copied(*world.without(kept, people=True))):
        async with opened(url, services=world.services) as graph:
            who = cast(role, graph, world, samples)
            probes = Probes(schema, who.samples, who.others)
            found.append(await walk(who.graph, probes.mutations(dry_run=True), "mutation"))
    assert _faults(found[0]) == []
    assert differences(*found) == []


async def test_others_values_are_good_for_texts_only(
    world: World, samples: Known, schema: GraphQLSchema, copied: Copy
) -> None:
    """What its own values let happen, no id, code, level or kind of another tenant does."""
    async with opened(await copied(), services=world.services) as graph:
        who = cast("CITY_ADMIN", graph, world, samples)
        probes = Probes(schema, who.samples, who.others).mutations(dry_run=True)
        replies = await walk(who.graph, probes, "mutation")
    done = set(_carried_out(replies))
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
