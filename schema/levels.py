"""Levels as rows name them: looked up in the tenants in force, and put in order."""

from typing import Any

from schema.context import Context, StaleRegistryError
from schema.loaders.organization_count import LevelCount
from schema.sources import LevelSource


def level_of(context: Context, tenant_id: int, key: str) -> LevelSource:
    """The level that a row names.

    Errors: `StaleRegistryError` where the row is newer than the registry.
    """
    definition = context.registry.by_id[tenant_id]
    if key not in definition.hierarchy:
        raise StaleRegistryError
    return LevelSource(definition, definition.hierarchy[key])


def from_the_top(counts: list[LevelCount], root: Any, context: Context) -> list[LevelCount]:
    """Counts in the order of their tenant's levels.

    Errors: `StaleRegistryError`.
    """

    def place(count: LevelCount) -> int:
        source = level_of(context, count.tenant_id, count.level)
        return source.definition.hierarchy.levels.index(source.level)

    return sorted(counts, key=place)
