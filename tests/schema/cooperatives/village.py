"""An invented city with villages, its province's industries, and cooperatives put there at once."""

import datetime
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg

from schema.ids import GlobalId, derived_uuid
from tenants.cooperation import CooperativeMeasure, CooperativeRules, Industry
from tenants.definition import City, Definition
from tenants.hierarchy import Level, Rung
from tests.rollups import recounted
from tests.schema.organizations import town
from tests.schema.organizations.town import declared

ID, OTHER_ID = town.ID, 990200
INDUSTRIES = [
    Industry(key="mushroom", name="食用菌"),
    Industry(key="fruit", name="林果"),
    Industry(key="tourism", name="乡村旅游"),
]
VILLAGE = Level(key="village", name="村", rung=Rung.VILLAGE, under=["township"])
PAST = {"valid_from": datetime.date(2000, 1, 1), "valid_to": datetime.date(2020, 1, 1)}


def _with(definition: Definition, **given: Any) -> Definition:
    """The definition with some parts of its tenant replaced, checked anew."""
    tenant = definition.tenant
    return Definition(type(tenant)(**{**dict(tenant), **given}), ())


PROVINCE = _with(town.PROVINCE, industries=INDUSTRIES)
CITY = _with(
    town.CITY,
    levels=[*town.LEVELS, VILLAGE],
    organizations=[
        *town.CITY.tenant.organizations,
        declared("AA3-V1", "桃花村", "village", "AA3"),
        declared("AA3-V2", "梨花村", "village", "AA3"),
        declared("BB3-V1", "杏花村", "village", "BB3"),
        declared("AA3-V9", "旧村", "village", "AA3", **PAST),
    ],
    cooperatives=CooperativeRules(records=list(CooperativeMeasure)),
)
"""Records every measure; villages AA3-V1, AA3-V2, BB3-V1, and AA3-V9 that ended in 2020."""
OTHER = Definition(
    City(
        code="990200",
        slug="elsewhere",
        name="别处市",
        province="990000",
        levels=[*town.LEVELS, VILLAGE],
        organizations=[
            declared("990200", "别处市", "city"),
            declared("CC", "南区", "county", "990200"),
            declared("CC1", "南镇", "township", "CC"),
            declared("CC1-V1", "柳村", "village", "CC1"),
        ],
        cooperatives=CooperativeRules(
            records=[CooperativeMeasure.HOUSEHOLDS, CooperativeMeasure.REVENUE]
        ),
    ),
    (),
)
"""A second city of the province that records revenue and households alone; one village, CC1-V1."""
TENANTS = (PROVINCE, CITY, OTHER)


@dataclass(frozen=True)
class Given:
    """A cooperative that `put` stores; its id follows from its code."""

    code: str
    leader: str = "AA3-V1"
    kind: str = "COOPERATIVE"
    name: str = ""
    industry: str = "mushroom"
    products: tuple[str, ...] = ()
    village: str | None = None
    founded_on: datetime.date | None = None
    dissolved_on: datetime.date | None = None
    tenant_id: int = ID


def cooperative_uuid(code: str, tenant_id: int = ID) -> uuid.UUID:
    """The id of a cooperative that `put` stored."""
    return derived_uuid("Cooperative", tenant_id, code)


def cooperative_id(code: str, tenant_id: int = ID) -> str:
    """Its global id."""
    return str(GlobalId("Cooperative", tenant_id, cooperative_uuid(code, tenant_id).hex))


@asynccontextmanager
async def owner_of(url: str, *, changes: bool = True) -> AsyncIterator[Any]:
    """A connection of who owns the tables, and so sees and may do everything.

    Where it `changes` anything, what is counted is counted anew afterwards.
    """
    connection: Any = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()
    if changes:
        await recounted(url)


async def put(url: str, *given: Given) -> None:
    """Store cooperatives at once, without a mutation or an event; unnamed ones by their code."""
    at = "(SELECT id FROM organization o WHERE o.tenant_id = $1 AND o.code = {})"
    statement = (
        "INSERT INTO cooperative (tenant_id, id, code, name, kind, industry, products, leader_id,"
        " village_id, founded_on, dissolved_on, revision, data_kind, assumed) VALUES"
        f" ($1, $2, $3, $4, $5, $6, $7, {at.format('$8')}, {at.format('$9')}, $10, $11, 1,"
        " 'GENERATED', false)"
    )
    rows = [
        (
            one.tenant_id, cooperative_uuid(one.code, one.tenant_id), one.code,
            one.name or one.code, one.kind, one.industry, list(one.products), one.leader,
            one.village, one.founded_on, one.dissolved_on,
        )
        for one in given
    ]  # fmt: skip
    async with owner_of(url) as connection:
        await connection.executemany(statement, rows)


async def unite(
    url: str,
    union: str,
    *members: str,
    since: datetime.date = datetime.date(2025, 1, 1),
    until: datetime.date | None = None,
) -> None:
    """Let stored cooperatives belong to a stored union."""
    rows = [
        (ID, cooperative_uuid(union), cooperative_uuid(member), since, until) for member in members
    ]
    async with owner_of(url) as connection:
        await connection.executemany("INSERT INTO union_member VALUES ($1, $2, $3, $4, $5)", rows)


async def rows_of(url: str, statement: str, *values: object) -> list[dict[str, Any]]:
    """Rows as the owner of the tables sees them."""
    async with owner_of(url, changes=False) as connection:
        return [dict(row) for row in await connection.fetch(statement, *values)]
