"""Whether a write goes by the definition that is in force, for as long as it takes."""

from typing import Any

from sqlalchemy import Integer, bindparam, select

from schema.context import StaleRegistryError
from schema.loaders.statement import render
from schema.tables.tenant import TenantRow
from schema.work import Work

TENANT: Any = TenantRow.__table__  # type: ignore[attr-defined]

_VERSION = render(
    select(TENANT.c.version).where(TENANT.c.tenant_id == bindparam("tenant", type_=Integer()))
)


async def demand_in_force(work: Work, table: str) -> None:
    """Keep `onegrid tenants apply` out until the transaction ends, by the table that it locks.

    Errors: `StaleRegistryError` where the definition at hand is not the one in force (any more);
    call it before anything is written.
    """
    await work.connection.fetch(f"LOCK TABLE {table} IN ROW EXCLUSIVE MODE")
    rows = await work.connection.fetch(_VERSION.sql, _VERSION.values({"tenant": work.tenant_id}))
    if not rows or rows[0]["version"] != work.definition.version:
        raise StaleRegistryError
