"""Which part of a province fields of a city, a province or an organization count."""

from typing import Any

from schema.context import Context
from schema.loaders.part import PartKey
from tenants.definition import Definition, TenantKind


def part_key(root: Any, context: Context) -> PartKey:
    """A city's whole, an organization's subtree, or all cities of a province."""
    if not isinstance(root, Definition):
        return (root["tenant_id"],), root["path"]
    if root.kind is TenantKind.CITY:
        return (root.tenant_id,), None
    return tuple(city.tenant_id for city in context.registry.cities_of(root)), None
