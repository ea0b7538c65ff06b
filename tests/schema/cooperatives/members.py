"""Households of the invented city, and how they join cooperatives and leave them."""

import datetime
import itertools
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from schema.cooperatives.enrol import Enrol, Member
from schema.cooperatives.leave import Leave
from schema.cooperatives.registering import NewHead, NewHousehold
from schema.ids import GlobalId
from schema.loaders.membership_count import MembershipCounts
from schema.refusals import Refused
from schema.scope import Login, Scope
from tenants.cooperation import CooperativeMeasure, CooperativeRules
from tenants.definition import Definition
from tenants.roles import Role
from tests.conftest import NOW, Graph
from tests.schema.cooperatives.village import (
    CITY,
    ID,
    Given,
    cooperative_id,
    cooperative_uuid,
    owner_of,
    put,
)
from tests.schema.organizations.town import Town, actor, town_at

PUBLIC_SCOPE = Scope(frozenset({ID}), Login.PROVINCE)
ADDRESS = "虚构省虚构市东区桃花村1组"
MASKED = "虚构省虚构市东区***"
NUMBERS = itertools.count()


def definition(version: int, several: bool = False, people: bool = True) -> Definition:
    """The invented city, with other rules for households; `version` is the one in force."""
    left_out = () if people else (CooperativeMeasure.PEOPLE,)
    records = [measure for measure in CooperativeMeasure if measure not in left_out]
    rules = CooperativeRules(records=records, several_memberships=several)
    tenant = CITY.tenant
    return Definition(type(tenant)(**{**dict(tenant), "cooperatives": rules}), (), version)


def household_id(id_: uuid.UUID) -> str:
    """The global id of a household."""
    return str(GlobalId("Household", ID, id_.hex))


def membership_id(id_: uuid.UUID) -> str:
    """The global id of a membership."""
    return str(GlobalId("Membership", ID, id_.hex))


def new(organization: str = "AA3-V1", **given: Any) -> NewHousehold:
    """A household of four of a village, whose head is new."""
    head = NewHead("陶示例", "13800138000")
    return NewHousehold(organization, **{"head": head, "address": ADDRESS, "people": 4, **given})


@dataclass
class Villagers:
    """Who joins and leaves, by actions; each test has cooperatives and households of its own."""

    town: Town
    homes: list[uuid.UUID] = field(default_factory=list)

    async def cooperative(self, **given: Any) -> str:
        """A new cooperative; its code."""
        code = f"C{next(NUMBERS)}-{uuid.uuid4().hex[:6].upper()}"
        await put(self.town.url, Given(code, **given))
        return code

    async def household(
        self,
        organization: str = "AA3-V1",
        people: int | None = 4,
        name: str = "陶示例",
        address: str | None = ADDRESS,
        person: uuid.UUID | None = None,
    ) -> uuid.UUID:
        """A household that is known; its id."""
        head, home = person or uuid.uuid4(), uuid.uuid4()
        async with owner_of(self.town.url) as connection:
            if person is None:
                await connection.execute(
                    "INSERT INTO person (tenant_id, id, name, data_kind, created_at)"
                    " VALUES ($1, $2, $3, 'GENERATED', $4)",
                    ID, head, name, NOW,
                )  # fmt: skip
            await connection.execute(
                "INSERT INTO household (tenant_id, id, organization_id, head_id, address, people,"
                " created_at, data_kind) SELECT $1, $2, id, $3, $4, $5, $6, 'GENERATED'"
                " FROM organization WHERE tenant_id = $1 AND code = $7",
                ID, home, head, address, people, NOW, organization,
            )  # fmt: skip
        return home

    async def enrol(
        self,
        cooperative: str,
        household: uuid.UUID | str | NewHousehold,
        since: datetime.date | None = None,
        who: dict[str, Any] | None = None,
        **contribution: str | None,
    ) -> Any:
        """What an enrolment comes to; `who` replaces actor, day or definition."""
        named = household_id(household) if isinstance(household, uuid.UUID) else household
        given = {
            name: None if text is None else Decimal(text) for name, text in contribution.items()
        }
        return await self.town.do(Enrol(cooperative, named, since, given), **(who or {}))

    async def joined(self, *given: Any, **more: Any) -> uuid.UUID:
        """The membership of an enrolment that must be accepted."""
        done = await self.enrol(*given, **more)
        assert isinstance(done, Member), done
        return done.membership

    async def leave(
        self, membership: uuid.UUID, until: datetime.date | None = None, **who: Any
    ) -> Any:
        """What leaving comes to."""
        return await self.town.do(Leave(membership_id(membership), until), **who)

    async def memberships(self, *cooperatives: str) -> list[dict[str, Any]]:
        """All that was ever recorded of cooperatives, as the owner sees it."""
        ids = [cooperative_uuid(code) for code in cooperatives]
        async with owner_of(self.town.url, changes=False) as connection:
            found = await connection.fetch(
                "SELECT m.*, h.people FROM membership m JOIN household h"
                " ON h.tenant_id = m.tenant_id AND h.id = m.household_id"
                " WHERE m.tenant_id = $1 AND m.cooperative_id = ANY ($2) ORDER BY m.id",
                ID,
                ids,
            )
        return [dict(row) for row in found]

    async def counts(self, day: datetime.date, *cooperatives: str) -> list[tuple[int, int | None]]:
        """Households and people of cooperatives on a day, as the public's login counts them."""
        keys = [(ID, cooperative_uuid(code)) for code in cooperatives]
        async with self.town.database.snapshot(PUBLIC_SCOPE) as snapshot:
            rows = await MembershipCounts.batch(snapshot, PUBLIC_SCOPE, keys, day, ())
            assert snapshot.statements == 1
        return [(row["households"], row["people"]) for row in rows]


@asynccontextmanager
async def villagers_at(url: str, keys: Path, size: int = 4) -> AsyncIterator[Villagers]:
    """The invented city in a database, for its administrator."""
    async with town_at(url, keys, size) as town:
        yield Villagers(town)


def codes(outcome: Any) -> list[tuple[str, str]]:
    """Code and path below the input of each reason."""
    assert isinstance(outcome, Refused), outcome
    return [(one.code.value, ".".join(one.path[1:])) for one in outcome.refusals]


def secretary(organization: str) -> dict[str, Any]:
    """A secretary as an action's actor."""
    return {"actor": actor(Role.SECRETARY, organization)}


ENROL = """mutation ($input: EnrolHouseholdInput!, $dryRun: Boolean! = false) {
  enrolHousehold(input: $input, dryRun: $dryRun) {
    membership { id since until land capital share isCurrent dataKind
      cooperative { code householdCount peopleCount }
      household { id address people dataKind city { code } organization { code }
        head { id name phone } } }
    refusals { code message path } } }"""


async def enrolled(graph: Graph, cooperative: str, /, **given: Any) -> Any:
    """The payload of `enrolHousehold`; a new household of AA3-V1 where none is named."""
    dry_run = given.pop("dry_run", False)
    if "household" not in given and "newHousehold" not in given:
        given["newHousehold"] = {
            "organization": "AA3-V1",
            "head": {"name": "陶示例", "phone": "13800138000"},
            "address": ADDRESS,
            "people": 4,
        }
    input_ = {"cooperative": cooperative_id(cooperative), **given}
    return (await graph.data(ENROL, input=input_, dryRun=dry_run))["enrolHousehold"]
