"""Fields that most types of a row have."""

from typing import Any

import strawberry

from schema.context import Context
from schema.fields import column, derived
from schema.ids import encoded
from tenants.definition import Definition


def id_of(type_: str, description: str = "全局编号 | global id") -> Any:
    """The `id` field of a row of the GraphQL type."""

    def make(root: Any) -> strawberry.ID:
        return strawberry.ID(encoded(type_, root["tenant_id"], root["id"].hex))

    return derived(make, description, ("tenant_id", "id"))


def definition_of(root: Any, context: Context) -> Definition:
    """The tenant of a row."""
    return context.registry.by_id[root["tenant_id"]]


def city_of(description: str = "所属城市 | city") -> Any:
    """The `city` field of a row of a city."""
    return derived(definition_of, description, ("tenant_id",))


def data_kind() -> Any:
    """The `dataKind` field of a row."""
    return column("数据种类 | kind of data")


def source() -> Any:
    """The `source` field of a row."""
    return column("出处 | source")
