"""What households hold about the person who heads them: for the person's copy, and erased."""

import uuid
from collections.abc import AsyncIterator, Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy import and_, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from schema.ids import GlobalId
from schema.loaders.cooperative import COOPERATIVE
from schema.loaders.household import HOUSEHOLD
from schema.loaders.membership import MEMBERSHIP
from schema.loaders.organization import ORGANIZATION
from schema.scalars import in_china
from tenants.definition import Definition

HOUSEHOLD_LABELS: Mapping[str, str] = {
    "address": "住址",
    "people": "人数",
    "memberships": "入社",
    "cooperative": "合作社",
    "since": "入社日",
    "until": "退社日(不含)",
    "land": "入股土地(亩)",
    "capital": "入股资金(元)",
    "share": "股份(%)",
}
"""Keys of the person's copy that only households and their memberships have, in Chinese."""


async def households_of(
    connection: AsyncConnection, definition: Definition, person: uuid.UUID
) -> AsyncIterator[dict[str, Any]]:
    """The households that the person heads with all their memberships, as they were recorded."""
    h, o = HOUSEHOLD.alias("h"), ORGANIZATION.alias("o")
    statement = (
        select(h, o.c.code, o.c.name)
        .join(o, and_(o.c.tenant_id == h.c.tenant_id, o.c.id == h.c.organization_id))
        .where(h.c.tenant_id == definition.tenant_id, h.c.head_id == person)
        .order_by(h.c.id)
    )
    for row in (await connection.execute(statement)).all():
        yield {
            "id": str(GlobalId("Household", row.tenant_id, row.id.hex)),
            "uuid": str(row.id),
            "organization": {"code": row.code, "name": row.name},
            "address": row.address,
            "people": row.people,
            "createdAt": in_china(row.created_at),
            "dataKind": row.data_kind,
            "memberships": [item async for item in _memberships(connection, row)],
        }


async def _memberships(connection: AsyncConnection, household: Any) -> AsyncIterator[Any]:
    m, c = MEMBERSHIP.alias("m"), COOPERATIVE.alias("c")
    statement = (
        select(m, c.c.code, c.c.name)
        .join(c, and_(c.c.tenant_id == m.c.tenant_id, c.c.id == m.c.cooperative_id))
        .where(m.c.tenant_id == household.tenant_id, m.c.household_id == household.id)
        .order_by(m.c.since, m.c.id)
    )
    for row in await connection.execute(statement):
        yield {
            "id": str(GlobalId("Membership", row.tenant_id, row.id.hex)),
            "uuid": str(row.id),
            "cooperative": {"code": row.code, "name": row.name},
            "since": str(row.since),
            "until": None if row.until is None else str(row.until),
            "land": _written(row.land),
            "capital": _written(row.capital),
            "share": _written(row.share),
            "dataKind": row.data_kind,
        }


def _written(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:f}"


async def hold_households(connection: AsyncConnection, tenant_id: int, person: uuid.UUID) -> None:
    """Let nobody change the households that the person heads until the transaction ends.

    Before the person's row is locked: who enrols one locks them in this order too.
    """
    held = select(HOUSEHOLD.c.id).where(*_own(tenant_id, person)).order_by(HOUSEHOLD.c.id)
    await connection.execute(held.with_for_update())


async def count_households(connection: AsyncConnection, tenant_id: int, person: uuid.UUID) -> int:
    """How many households the person heads."""
    counted = select(func.count()).where(*_own(tenant_id, person))
    return int(await connection.scalar(counted) or 0)


async def erase_households(connection: AsyncConnection, tenant_id: int, person: uuid.UUID) -> int:
    """Erase where the households are that the person heads; how many these are.

    How many belong to them and of what they are members stays, and so does every count.
    """
    statement = update(HOUSEHOLD).where(*_own(tenant_id, person)).values(address=None)
    return len((await connection.execute(statement.returning(HOUSEHOLD.c.id))).all())


def _own(tenant_id: int, person: uuid.UUID) -> tuple[Any, Any]:
    return HOUSEHOLD.c.tenant_id == tenant_id, HOUSEHOLD.c.head_id == person
