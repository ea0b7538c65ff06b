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
from tests.isolation.walking import Reply, differences, walk, walk_together
from tests.isolation.world import World

Rehearsal = tuple[Cast, list[Reply]]

FAULTS = {ErrorCode.INTERNAL, ErrorCode.VALIDATION_FAILED, ErrorCode.DEADLINE_EXCEEDED}
# who may change something somewhere
WRITERS = {"SECRETARY", "CITY_ADMIN", "PROVINCE_ADMIN"}
# of others' values the quick tests try one of so many
QUICK = 16
# what is free text, and codes, may be the same in two tenants; dimensions are those of a province
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
    "Mutation.changeCooperative(ChangeCooperativeInput.name of another)",
    "Mutation.changeCooperative(ChangeCooperativeInput.products of another)",
    "Mutation.changeHousehold(ChangeHouseholdInput.address of another)",
    "Mutation.correctResult(CorrectResultInput.OnlineSaleInput.channel of another)",
    "Mutation.correctResult(CorrectResultInput.OnlineSaleInput.product of another)",
    "Mutation.correctResult(CorrectResultInput.reason of another)",
    "Mutation.correctResult(CorrectResultInput.source of another)",
    "Mutation.declineAgreement(DeclineAgreementInput.reason of another)",
    "Mutation.disputeDelivery(DisputeDeliveryInput.reason of another)",
    "Mutation.dissolveCooperative(DissolveCooperativeInput.reason of another)",
    "Mutation.enrolHousehold(EnrolHouseholdInput.NewHouseholdInput.NewHeadInput.name of another)",
    "Mutation.enrolHousehold(EnrolHouseholdInput.NewHouseholdInput.NewHeadInput.phone of another)",
    "Mutation.enrolHousehold(EnrolHouseholdInput.NewHouseholdInput.address of another)",
    "Mutation.foundCooperative(FoundCooperativeInput.code of another)",
    "Mutation.foundCooperative(FoundCooperativeInput.name of another)",
    "Mutation.foundCooperative(FoundCooperativeInput.products of another)",
    "Mutation.holdMatchingEvent(HoldMatchingEventInput.title of another)",
    "Mutation.postSupplyOrDemand(PostSupplyOrDemandInput.product of another)",
    "Mutation.postSupplyOrDemand(PostSupplyOrDemandInput.unit of another)",
    "Mutation.proposeAgreement(ProposeAgreementInput.CommitmentInput.dimension of another)",
    "Mutation.proposeAgreement(ProposeAgreementInput.CommitmentInput.text of another)",
    "Mutation.proposeAgreement(ProposeAgreementInput.CommitmentInput.unit of another)",
    "Mutation.proposeAgreement(ProposeAgreementInput.WorkingGroupMemberInput.duty of another)",
    "Mutation.proposeAgreement(ProposeAgreementInput.WorkingGroupMemberInput.title of another)",
    "Mutation.proposeAgreement(ProposeAgreementInput.dimensions of another)",
    "Mutation.proposeAgreement(ProposeAgreementInput.facilitator of another)",
    "Mutation.proposeAgreement(ProposeAgreementInput.title of another)",
    "Mutation.proposeDeal(ProposeDealInput.product of another)",
    "Mutation.proposeDeal(ProposeDealInput.unit of another)",
    "Mutation.recordActivity(RecordActivityInput.subject of another)",
    "Mutation.recordActivity(RecordActivityInput.text of another)",
    "Mutation.recordAssetTrade(RecordAssetTradeInput.asset of another)",
    "Mutation.recordDelivery(RecordDeliveryInput.text of another)",
    "Mutation.recordResult(RecordResultInput.OnlineSaleInput.channel of another)",
    "Mutation.recordResult(RecordResultInput.OnlineSaleInput.product of another)",
    "Mutation.recordResult(RecordResultInput.source of another)",
    "Mutation.registerEnterprise(RegisterEnterpriseInput.code of another)",
    "Mutation.registerEnterprise(RegisterEnterpriseInput.name of another)",
    "Mutation.reviseAgreement(ReviseAgreementInput.CommitmentInput.dimension of another)",
    "Mutation.reviseAgreement(ReviseAgreementInput.CommitmentInput.text of another)",
    "Mutation.reviseAgreement(ReviseAgreementInput.CommitmentInput.unit of another)",
    "Mutation.reviseAgreement(ReviseAgreementInput.WorkingGroupMemberInput.duty of another)",
    "Mutation.reviseAgreement(ReviseAgreementInput.WorkingGroupMemberInput.title of another)",
    "Mutation.reviseAgreement(ReviseAgreementInput.dimensions of another)",
    "Mutation.reviseAgreement(ReviseAgreementInput.facilitator of another)",
    "Mutation.reviseAgreement(ReviseAgreementInput.title of another)",
    "Mutation.terminateAgreement(TerminateAgreementInput.reason of another)",
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
def dry_runs(world: World, samples: Known, schema: GraphQLSchema) -> Rehearsal:
    """What all mutations would do for an administrator, with own values and some of others'."""
    return asyncio.run(_rehearsed(world, samples, schema, QUICK, "world_dry_runs"))


async def _rehearsed(
    world: World, samples: Known, schema: GraphQLSchema, of: int, name: str
) -> Rehearsal:
    url = await world.copy(name)
    async with opened(url, services=world.services) as graph:
        who = cast("CITY_ADMIN", graph, world, samples)
        return who, await _tried(who, schema, of)


async def _tried(who: Cast, schema: GraphQLSchema, of: int = 1) -> list[Reply]:
    """Every mutation with own values, and with one of so many of others'."""
    probes = Probes(schema, who.samples, who.others).mutations(dry_run=True)
    (replies,) = await walk_together([who.graph], probes, "mutation", of)
    return replies


async def test_refusals_do_not_depend_on_others(
    world: World, samples: Known, schema: GraphQLSchema, dry_runs: Rehearsal, copied: Copy
) -> None:
    """What is in another tenant and what is nowhere is refused alike, in as many statements."""
    url = await copied(*world.without("a", people=True))
    async with opened(url, services=world.services) as graph:
        alone = await _tried(cast("CITY_ADMIN", graph, world, samples), schema, QUICK)
    assert _faults(alone) == []
    assert differences(dry_runs[1], alone) == []


def test_refusals_show_nothing_of_others(dry_runs: Rehearsal) -> None:
    """No answer to a mutation has anything of another tenant but what it was given."""
    who, replies = dry_runs
    assert _faults(replies) == []
    assert who.leaks(replies) == []


def test_others_values_are_good_for_texts_only(schema: GraphQLSchema, dry_runs: Rehearsal) -> None:
    """What its own values let happen, no id, code, level or kind of another tenant does."""
    done = set(_carried_out(dry_runs[1]))
    mutation = schema.mutation_type
    assert mutation is not None
    assert {name.partition("(")[0].partition(".")[2] for name in done} == set(mutation.fields)
    assert {name for name in done if FOREIGN in name} <= ACCEPTED


@pytest.mark.soak
async def test_no_value_of_another_is_good_for_more(
    world: World, samples: Known, schema: GraphQLSchema, copied: Copy
) -> None:
    """Nor do all values of others in every field of every input, and they are refused alike."""
    who, every = await _rehearsed(world, samples, schema, 1, "world_all_dry_runs")
    url = await copied(*world.without("a", people=True))
    async with opened(url, services=world.services) as graph:
        alone = await _tried(cast("CITY_ADMIN", graph, world, samples), schema)
    assert _faults(every) == []
    assert who.leaks(every) == []
    assert differences(every, alone) == []
    assert {name for name in _carried_out(every) if FOREIGN in name} == ACCEPTED


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
