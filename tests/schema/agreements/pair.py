"""Three invented cities of two provinces whose organizations make agreements, in one database."""

import datetime
import json
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import asyncpg

from schema.actor import Actor, Grant
from schema.agreements.commitments import CommitmentTerms
from schema.agreements.content import content_hash
from schema.agreements.outcome import Concluded
from schema.agreements.propose import Propose
from schema.agreements.sign import Sign
from schema.agreements.terms import MemberTerms, Terms
from schema.database import Database
from schema.keyring import Keyring
from schema.refusals import Refused
from schema.tables.agreement import Every
from schema.work import Action, Open, T, perform
from tenants.cooperation import AllianceKind, Dimension, JointWay
from tenants.definition import City, DeclaredOrganization, Definition, Province
from tenants.hierarchy import Level, Rung
from tenants.registry import Registry
from tenants.roles import Role
from tests.conftest import NOW, TODAY
from tests.rollups import recounted

A, B, C = 990100, 990200, 980100
"""The first two are of one province, the third one is of another."""

Copies = dict[int, dict[str, dict[tuple[Any, ...], dict[str, Any]]]]
"""Rows by tenant, table and key."""

TABLES = {
    "agreement": ("id",),
    "agreement_version": ("agreement_id", "version"),
    "agreement_party": ("agreement_id", "number"),
    "agreement_delivery": ("id",),
    "agreement_activity": ("id",),
}
"""The tables of agreements with their keys."""

LEVELS = [
    Level(key="city", name="市", rung=Rung.CITY),
    Level(key="street", name="街道", rung=Rung.STREET, under=["city"]),
    Level(key="village", name="村", rung=Rung.VILLAGE, under=["street"]),
]
MANY = 210
"""Villages of the first city, for alliances."""


def _organizations(code: str, villages: int) -> list[DeclaredOrganization]:
    made = [DeclaredOrganization(code=code, name=f"{code}市委", level="city")]
    for street in ("S1", "S2"):
        made.append(DeclaredOrganization(code=street, name=street, level="street", parent=code))
        made += [
            DeclaredOrganization(
                code=f"{street}-{n}", name=f"{code}第{n}村", level="village", parent=street
            )
            for n in (1, 2)
        ]
    made += [
        DeclaredOrganization(code=f"V{n}", name=f"联盟{n}村", level="village", parent="S2")
        for n in range(1, villages + 1)
    ]
    gone = datetime.date(2020, 1, 1)
    past = {"valid_from": datetime.date(2000, 1, 1), "valid_to": gone}
    made.append(
        DeclaredOrganization(code="S1-9", name="旧村", level="village", parent="S1", **past)
    )
    return made


def _city(code: int, slug: str, province: str, villages: int = 0, **more: Any) -> Definition:
    tenant = City(
        code=str(code),
        slug=slug,
        name=f"{slug}市",
        province=province,
        levels=LEVELS,
        organizations=_organizations(str(code), villages),
        **more,
    )
    return Definition(tenant, ())


def _province(code: str, slug: str, dimensions: Mapping[str, str]) -> Definition:
    tenant = Province(
        code=code,
        slug=slug,
        name=f"{slug}省",
        levels=[Level(key="province", name="省", rung=Rung.PROVINCE)],
        organizations=[DeclaredOrganization(code=code, name="省委", level="province")],
        dimensions=[Dimension(key=key, name=name) for key, name in dimensions.items()],
    )
    return Definition(tenant, ())


DEFINITIONS = (
    _province("990000", "nowhere", {"party": "党建", "industry": "产业", "welfare": "民生"}),
    _province("980000", "elsewhere", {"party": "组织", "industry": "产业协作"}),
    _city(
        A,
        "aa",
        "990000",
        MANY,
        alliances=[AllianceKind(key="committee", name="大工委")],
        ways=[JointWay(key="welfare", name="民生服务联抓")],
    ),
    _city(B, "bb", "990000"),
    _city(C, "cc", "980000"),
)
REGISTRY = Registry(DEFINITIONS)

COMMITMENTS = (
    CommitmentTerms("party", "联合开展主题党日", None, Decimal(2), "次", Every.YEAR),
    CommitmentTerms("industry", "采购农产品", 1, Decimal("1000.50"), "公斤"),
    CommitmentTerms("industry", "派技术员驻村", 2),
)
TERMS = Terms(
    title="村社结对",
    dimensions=("party", "industry"),
    commitments=COMMITMENTS,
    working_group=(MemberTerms(1, "组长", "社区党委书记"),),
    facilitator="市委组织部",
    starts_on=datetime.date(2026, 1, 1),
    ends_on=datetime.date(2026, 12, 31),
)


def admin(tenant_id: int) -> Actor:
    """An administrator of a city."""
    return somebody(Role.CITY_ADMIN, tenant_id)


def secretary(tenant_id: int, organization: str) -> Actor:
    """The secretary of an organization."""
    return somebody(Role.SECRETARY, tenant_id, organization)


def somebody(role: Role, tenant_id: int, organization: str | None = None) -> Actor:
    """Somebody with a role in a city, or in a subtree of it."""
    grants = (Grant(role, tenant_id, organization),)
    return Actor(f"{role} of {tenant_id}", role, frozenset({tenant_id}), grants)


@dataclass
class Pair:
    """The cities in a database: changed by actions, looked at by its owner."""

    url: str
    database: Database
    owner: "asyncpg.Pool[asyncpg.Record]"
    keyring: Keyring
    registry: Registry = field(default_factory=lambda: REGISTRY)
    today: datetime.date = TODAY

    async def do(
        self, action: Action[T], who: Actor, dry_run: bool = False, open_: Open | None = None
    ) -> T | Refused:
        """Run an action in a transaction of the actor's city."""
        assert who.tenant_ids is not None
        (tenant_id,) = who.tenant_ids
        return await perform(
            open_ or self.database.unit_of_work,
            action,
            who,
            self.registry.by_id[tenant_id],
            NOW,
            self.today,
            self.keyring,
            dry_run,
        )

    async def done(self, action: Action[T], who: Actor) -> T:
        """What an action gives that must be carried out."""
        outcome = await self.do(action, who)
        assert not isinstance(outcome, Refused), outcome
        return outcome

    async def refused(self, action: Action[T], who: Actor) -> list[tuple[str, tuple[str, ...]]]:
        """Code and path (without `input`) of the reasons for which an action is refused."""
        outcome = await self.do(action, who)
        assert isinstance(outcome, Refused), outcome
        return [(refusal.code.value, refusal.path[1:]) for refusal in outcome.refusals]

    async def proposed(
        self, terms: Terms = TERMS, draft: bool = False, tenants: tuple[int, int] = (A, B)
    ) -> uuid.UUID:
        """A pairing of the organizations S1-1 of two cities; its UUID."""
        first, second = tenants
        action = Propose(self.registry, "S1-1", ((str(second), "S1-1"),), terms, draft=draft)
        return (await self.done(action, admin(first))).agreement

    async def signed(self, terms: Terms = TERMS, tenants: tuple[int, int] = (A, B)) -> uuid.UUID:
        """The same, signed by both."""
        agreement = await self.proposed(terms, tenants=tenants)
        for tenant_id in tenants:
            await self.sign(agreement, tenant_id)
        return agreement

    async def sign(self, agreement: uuid.UUID, tenant_id: int) -> Concluded:
        """Sign the version that stands for a city's one party."""
        hash_ = (await self.row(agreement, tenant_id))["content_hash"]
        return await self.done(Sign(agreement, hash_), admin(tenant_id))

    async def sql(self, statement: str, *values: object) -> list[dict[str, Any]]:
        """Rows as the owner of the tables sees them; what it changes is counted anew."""
        rows = [dict(row) for row in await self.owner.fetch(statement, *values)]
        if not statement.startswith("SELECT"):
            await recounted(self.url)
        return rows

    async def row(self, agreement: uuid.UUID, tenant_id: int = A) -> dict[str, Any]:
        """The row of a tenant's copy."""
        (row,) = await self.sql(
            "SELECT * FROM agreement WHERE tenant_id = $1 AND id = $2", tenant_id, agreement
        )
        return row

    async def state(self, agreement: uuid.UUID) -> str:
        """The state, which is the same in all copies."""
        rows = await self.sql("SELECT DISTINCT state FROM agreement WHERE id = $1", agreement)
        (state,) = [row["state"] for row in rows]
        return str(state)

    async def copies(self, *only: uuid.UUID) -> Copies:
        """All rows (of `only` these agreements) without what differs between copies."""
        found: Copies = {}
        for table, key in TABLES.items():
            column = "id" if table == "agreement" else "agreement_id"
            where = f"WHERE {column} = ANY ($1)" if only else "WHERE $1::uuid[] = '{}'"
            for row in await self.sql(f"SELECT * FROM {table} {where}", list(only)):
                tenant = found.setdefault(row.pop("tenant_id"), {name: {} for name in TABLES})
                row.pop("organization_id", None)
                tenant[table][tuple(row[name] for name in key)] = row
        return found

    async def demand_sound(self, *only: uuid.UUID) -> None:
        """Every copy is like the others and where it belongs, and its hashes are right."""
        copies = await self.copies(*only)
        for tenant_id, tables in copies.items():
            for id_, row in ((key[0], row) for key, row in tables["agreement"].items()):
                parties = {
                    one["party_tenant_id"]
                    for one in tables["agreement_party"].values()
                    if one["agreement_id"] == id_
                }
                homes = {tenant_id} if row["state"] == "DRAFT" else parties
                holders = {other for other, each in copies.items() if (id_,) in each["agreement"]}
                assert holders == homes
                mine = _of(tables, id_)
                assert all(_of(copies[other], id_) == mine for other in homes)
                _demand_consistent(mine)
        await self._demand_homes()

    async def _demand_homes(self) -> None:
        """A party's organization is known in its own tenant alone."""
        wrong = await self.sql(
            "SELECT p.* FROM agreement_party p LEFT JOIN organization o ON o.tenant_id ="
            " p.tenant_id AND o.id = p.organization_id WHERE CASE WHEN p.tenant_id ="
            " p.party_tenant_id THEN o.code IS DISTINCT FROM p.code"
            " ELSE p.organization_id IS NOT NULL END"
        )
        assert wrong == []

    async def events(self, tenant_id: int) -> list[dict[str, Any]]:
        """The log of a tenant, in order."""
        return await self.sql(
            "SELECT e.kind, e.actor, e.role, e.person_id, e.agreement_id, e.about,"
            " o.code AS organization FROM event e LEFT JOIN organization o ON o.tenant_id ="
            " e.tenant_id AND o.id = e.organization_id WHERE e.tenant_id = $1 ORDER BY e.seq",
            tenant_id,
        )


def _of(tables: Mapping[str, Mapping[Any, Any]], agreement: uuid.UUID) -> dict[str, list[Any]]:
    """All rows of one agreement, by table, in order."""
    return {
        table: [
            row
            for _, row in sorted(rows.items(), key=lambda item: str(item[0]))
            if row.get("agreement_id", row.get("id")) == agreement
        ]
        for table, rows in tables.items()
    }


def _demand_consistent(copy: Mapping[str, list[Any]]) -> None:
    """A copy agrees with itself: hashes, signatures, and what the row repeats of its version."""
    (row,) = copy["agreement"]
    versions = {one["version"]: one for one in copy["agreement_version"]}
    assert sorted(versions) == list(range(1, len(versions) + 1))
    for version in versions.values():
        assert version["content_hash"] == content_hash(version["content"])
    stands = versions[row["version"]]
    content = stands["content"]
    days = [None if row[name] is None else str(row[name]) for name in ("starts_on", "ends_on")]
    assert [row["content_hash"], row["title"], row["alliance"], *days] == [
        stands["content_hash"],
        *(content[name] for name in ("title", "alliance", "startsOn", "endsOn")),
    ]
    assert stands["declined_by"] is None or row["state"] == "DECLINED"
    signed = {one["number"]: one["signed_version"] for one in copy["agreement_party"]}
    for one in copy["agreement_party"]:
        number = one["signed_version"]
        known = None if number is None else versions[number]["content_hash"]
        assert one["signed_hash"] == known
    everybody = all(signed[one["number"]] == row["version"] for one in content["parties"])
    in_force = ("SIGNED", "ACTIVE", "COMPLETED", "TERMINATED")
    assert (row["agreed"] == row["version"]) == (row["state"] in in_force)
    if row["state"] in ("DRAFT", "PROPOSED", "DECLINED"):
        assert not everybody
    assert (row["ended_at"] is not None) == (
        row["state"] in ("COMPLETED", "TERMINATED", "DECLINED")
    )


@asynccontextmanager
async def pair_at(url: str, keys: Path, size: int = 4, **given: Any) -> AsyncIterator[Pair]:
    """The cities of a database that is loaded already."""
    database = Database(url, size=size, **given)
    await database.open()
    try:
        async with asyncpg.create_pool(url, min_size=0, max_size=size, init=_reads_json) as owner:
            yield Pair(url, database, owner, Keyring(keys))
    finally:
        await database.close()


async def _reads_json(connection: Any) -> None:
    await connection.set_type_codec(
        "jsonb", schema="pg_catalog", encoder=json.dumps, decoder=json.loads
    )
