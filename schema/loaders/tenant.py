"""Tenants as they are in force: what a server reads at start and whenever one changes."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import and_, select, text
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from schema.tables.tenant import TenantRow, TenantVersionRow, WorkflowVersionRow
from tenants.catalogue import Category, Service, with_defaults
from tenants.definition import City, Definition, DefinitionValue, Province, TenantKind
from tenants.workflow import Workflow

_REMOVED = text(
    """
    WITH known AS (
        SELECT v.tenant_id, v.version, c.value - 'services' AS category, s.value AS service,
               s.value ->> 'code' AS code, v.version = t.version AS in_force
        FROM tenant_version v
        JOIN tenant t ON t.tenant_id = v.tenant_id,
             jsonb_array_elements(v.content -> 'categories') c,
             jsonb_array_elements(c.value -> 'services') s
    ), newest AS (
        SELECT DISTINCT ON (tenant_id, code) * FROM known ORDER BY tenant_id, code, version DESC
    )
    SELECT tenant_id, code, category, service FROM newest WHERE NOT in_force
    ORDER BY tenant_id, code
    """
)


async def read_versions(connection: AsyncConnection) -> dict[int, int]:
    """The version in force of each tenant."""
    rows = await connection.execute(select(col(TenantRow.tenant_id), col(TenantRow.version)))
    return {row.tenant_id: row.version for row in rows}


async def read_definitions(connection: AsyncConnection) -> Sequence[Definition]:
    """The definition in force of every tenant, with all versions of its workflows, and its
    services that are gone as they last were: issues may name any of them.
    """
    versions: dict[int, dict[str, int]] = {}
    workflows: dict[int, dict[tuple[str, int], Workflow]] = {}
    every = select(
        col(WorkflowVersionRow.tenant_id),
        col(WorkflowVersionRow.key),
        col(WorkflowVersionRow.version),
        col(WorkflowVersionRow.content),
    ).order_by(col(WorkflowVersionRow.version))
    for row in await connection.execute(every):
        versions.setdefault(row.tenant_id, {})[row.key] = row.version
        content = Workflow.model_validate(row.content)
        workflows.setdefault(row.tenant_id, {})[row.key, row.version] = content
    removed: dict[int, list[Mapping[str, Any]]] = {}
    for gone in (await connection.execute(_REMOVED)).mappings():
        removed.setdefault(gone["tenant_id"], []).append(dict(gone))
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
    definitions = []
    for row in await connection.execute(in_force):
        kind = City if row.kind == TenantKind.CITY else Province
        tenant = kind.model_validate(row.content)
        renamed = {old: level.key for level in tenant.levels for old in level.formerly}
        definitions.append(
            Definition(
                tenant,
                tuple(DefinitionValue(*leaf) for leaf in row.leaves),
                row.version,
                row.applied_at,
                versions.get(row.tenant_id, {}),
                {
                    key: _with_levels(workflow, renamed)
                    for key, workflow in workflows.get(row.tenant_id, {}).items()
                },
                _old_services(tenant, removed.get(row.tenant_id, [])),
            )
        )
    return definitions


def _old_services(
    tenant: City | Province, removed: Sequence[Mapping[str, Any]]
) -> dict[str, tuple[Category, Service]]:
    """Services that are gone, in the category of their key as it is now, if it still is."""
    categories = {category.key: category for category in tenant.categories}
    found = {}
    for row in removed:
        then = Category.model_validate(row["category"])
        service = with_defaults(then, Service.model_validate(row["service"]))
        found[row["code"]] = (categories.get(then.key, then), service)
    return found


def _with_levels(workflow: Workflow, renamed: Mapping[str, str]) -> Workflow:
    """An old workflow with the keys that its levels have now."""

    def now(levels: list[str]) -> list[str]:
        return [renamed.get(key, key) for key in levels]

    named = {*workflow.levels, *(key for action in workflow.actions for key in action.levels)}
    if named.isdisjoint(renamed):
        return workflow
    actions = [
        action.model_copy(update={"levels": now(action.levels)}) for action in workflow.actions
    ]
    return workflow.model_copy(update={"levels": now(workflow.levels), "actions": actions})
