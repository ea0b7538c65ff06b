"""Tenants as they are in force: what a server reads at start and whenever one changes."""

from collections.abc import Sequence

from sqlalchemy import and_, func, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from schema.tables.tenant import TenantRow, TenantVersionRow, WorkflowVersionRow
from tenants.definition import City, Definition, DefinitionValue, Province, TenantKind


async def read_versions(connection: AsyncConnection) -> dict[int, int]:
    """The version in force of each tenant."""
    rows = await connection.execute(select(col(TenantRow.tenant_id), col(TenantRow.version)))
    return {row.tenant_id: row.version for row in rows}


async def read_definitions(connection: AsyncConnection) -> Sequence[Definition]:
    """The definition in force of every tenant, with the versions of its workflows."""
    versions: dict[int, dict[str, int]] = {}
    newest = select(
        col(WorkflowVersionRow.tenant_id),
        col(WorkflowVersionRow.key),
        func.max(col(WorkflowVersionRow.version)).label("version"),
    ).group_by(col(WorkflowVersionRow.tenant_id), col(WorkflowVersionRow.key))
    for row in await connection.execute(newest):
        versions.setdefault(row.tenant_id, {})[row.key] = row.version
    in_force = select(
        col(TenantRow.kind),
        col(TenantVersionRow.tenant_id),
        col(TenantVersionRow.version),
        col(TenantVersionRow.content),
        col(TenantVersionRow.leaves),
        col(TenantVersionRow.applied_at),
    ).join(
        TenantRow,
        and_(
            col(TenantRow.tenant_id) == col(TenantVersionRow.tenant_id),
            col(TenantRow.version) == col(TenantVersionRow.version),
        ),
    )
    return [
        Definition(
            (City if row.kind == TenantKind.CITY else Province).model_validate(row.content),
            tuple(DefinitionValue(*leaf) for leaf in row.leaves),
            row.version,
            row.applied_at,
            versions.get(row.tenant_id, {}),
        )
        for row in await connection.execute(in_force)
    ]
