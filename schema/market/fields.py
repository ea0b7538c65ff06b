"""Fields that every type of the market has."""

from typing import Any

import strawberry

from schema.context import Context
from schema.fields import column, derived
from schema.ids import GlobalId
from tenants.definition import DataKind, Definition


def id_of(type_: str) -> Any:
    """The `id` field of a row of the GraphQL type."""

    def make(root: Any) -> strawberry.ID:
        return strawberry.ID(str(GlobalId(type_, root["tenant_id"], root["id"].hex)))

    return derived(make, "全局编号 | global id", ("tenant_id", "id"))


def _city(root: Any, context: Context) -> Definition:
    return context.registry.by_id[root["tenant_id"]]


def city_of() -> Any:
    """The `city` field of a row."""
    return derived(_city, "所属城市 | city", ("tenant_id",))


def data_kind() -> Any:
    """The `dataKind` field of a row."""
    return derived(
        lambda root: DataKind(root["data_kind"]), "数据种类 | kind of data", ("data_kind",)
    )


def source() -> Any:
    """The `source` field of a row."""
    return column("出处 | source")
