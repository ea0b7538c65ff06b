"""A tenant's definition in force: its version, and every value with where it came from."""

import datetime
from dataclasses import dataclass
from typing import Annotated

import strawberry

from schema.fields import derived
from tenants.definition import Definition, DefinitionValue


@strawberry.type(
    name="DefinitionValue",
    description="一项生效的配置:路径、值、来自哪个文件、有无出处。 | "
    "One effective value: its path, file, and what supports it.",
)
class DefinitionValueType:
    """Of a `DefinitionValue`."""

    path: str = derived(lambda root: root.path, "路径,如 levels.grid.name | path")
    value: str = derived(lambda root: root.value, "值 | value")
    file: str = derived(
        lambda root: root.file,
        "设定此值的文件(市级或省级)| file that set it: the city's or province's",
    )
    source: str | None = derived(lambda root: root.source, "出处文件 | document that states it")
    assumed: bool = derived(lambda root: root.assumed, "是否为假定 | whether assumed")


@dataclass(frozen=True)
class ValuesArguments:
    """Arguments of `TenantDefinition.values`."""

    path: Annotated[
        str | None,
        strawberry.argument(description="只看此路径及其下 | only this path and what is below it"),
    ] = None
    assumed: Annotated[
        bool | None,
        strawberry.argument(
            description="只看假定的(或载明的)| only assumed values, or only others"
        ),
    ] = None


def _values(root: Definition, arguments: ValuesArguments) -> list[DefinitionValue]:
    path = arguments.path
    return [
        value
        for value in root.values
        if (path is None or value.path == path or value.path.startswith(f"{path}."))
        and (arguments.assumed is None or value.assumed is arguments.assumed)
    ]


@strawberry.type(
    name="TenantDefinition",
    description="生效的租户定义:由本市与省级文件合成。 | The definition in force.",
)
class TenantDefinitionType:
    """Of a `Definition`."""

    version: int = derived(lambda root: root.version, "版本 | version")
    applied_at: datetime.datetime = derived(lambda root: root.applied_at, "生效时间 | applied at")
    values: list[DefinitionValueType] = derived(
        _values, "各项配置 | every value", arguments=ValuesArguments
    )
