"""Applying tenant definitions: one transaction, the old version kept, losses refused."""

import datetime
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from schema.definitions.plan import TenantPlan, plan
from schema.fetching import fetching
from schema.recount import rebuild
from schema.rollups import SOURCES
from schema.tables.organization import OrganizationRow
from schema.tables.tenant import TenantRow, TenantVersionRow, WorkflowVersionRow
from tenants.definition import Definition
from tenants.workflow import Workflow

LOCK = 7_201_104_002


class LossError(Exception):
    """Definitions that would lose data; carries the plans that say what."""

    def __init__(self, plans: Sequence[TenantPlan]) -> None:
        self.plans = tuple(plans)
        super().__init__("\n".join(str(loss) for item in plans for loss in item.losses))


async def apply(
    connection: AsyncConnection, definitions: Sequence[Definition], now: datetime.datetime
) -> tuple[TenantPlan, ...]:
    """Put definitions in force, in the transaction of `connection`; unchanged ones stay as is.

    Gives the plans that were carried out.
    Errors: `LossError` where any of them would lose data; nothing is changed then.
    """
    # one apply at a time, and no organization may change its level or parent, nobody take up a
    # post meanwhile
    await connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK})"))
    plans = [item for item in await plan(connection, definitions) if item.is_change]
    if any(item.current is not None for item in plans):
        await connection.execute(text("LOCK TABLE organization, post IN SHARE ROW EXCLUSIVE MODE"))
        plans = [item for item in await plan(connection, definitions) if item.is_change]
    if losing := [item for item in plans if item.losses]:
        raise LossError(losing)
    for item in plans:
        await _apply(connection, item, now)
    return tuple(plans)


async def _apply(connection: AsyncConnection, item: TenantPlan, now: datetime.datetime) -> None:
    definition = item.definition
    tenant_id, version = definition.tenant_id, (item.current.version if item.current else 0) + 1
    tenant = {"kind": definition.kind, "slug": definition.tenant.slug, "version": version}
    statement = insert(TenantRow).values(tenant_id=tenant_id, **tenant)
    await connection.execute(
        statement.on_conflict_do_update(index_elements=["tenant_id"], set_=tenant)
    )
    await connection.execute(
        insert(TenantVersionRow).values(
            tenant_id=tenant_id,
            version=version,
            content=definition.content,
            leaves=[list(value) for value in definition.values],
            applied_at=now,
        )
    )
    await _keep_workflows(connection, definition)
    await _move_organizations(connection, item)


async def _keep_workflows(connection: AsyncConnection, definition: Definition) -> None:
    """A workflow whose content changed gets a new version of its own."""
    rows: Any = await connection.execute(
        select(
            col(WorkflowVersionRow.key),
            col(WorkflowVersionRow.version),
            col(WorkflowVersionRow.content),
        )
        .where(col(WorkflowVersionRow.tenant_id) == definition.tenant_id)
        .order_by(col(WorkflowVersionRow.version))
    )
    newest = {row.key: (row.version, row.content) for row in rows}
    for workflow in definition.tenant.workflows:
        content = workflow.model_dump(mode="json", by_alias=True)
        version, known = newest.get(workflow.key, (0, None))
        # what was kept before a key was thought of lacks it: no change of the workflow
        if known is None or Workflow.model_validate(known) != workflow:
            await connection.execute(
                insert(WorkflowVersionRow).values(
                    tenant_id=definition.tenant_id,
                    key=workflow.key,
                    version=version + 1,
                    content=content,
                )
            )


async def _move_organizations(connection: AsyncConnection, item: TenantPlan) -> None:
    own = col(OrganizationRow.tenant_id) == item.definition.tenant_id
    for old, new in item.moved:
        await connection.execute(
            update(OrganizationRow).where(own, col(OrganizationRow.level) == old).values(level=new)
        )
    for key in item.regraded:
        await connection.execute(
            update(OrganizationRow)
            .where(own, col(OrganizationRow.level) == key)
            .values(rung=item.definition.hierarchy[key].rung)
        )
    if item.moved or item.regraded:  # statistics count by levels
        await rebuild(fetching(connection), SOURCES, item.definition.tenant_id)
