"""Reported figures and their connection."""

import decimal
from dataclasses import dataclass
from typing import Any

import strawberry

from schema import refs
from schema.connections import (
    PageInfo,
    edge_cursor,
    edge_node,
    edges,
    nodes,
    page_info,
)
from schema.context import Context
from schema.fields import column, derived, relation
from schema.loaders.figure import FigureCoverage, FigurePage, FigureRecord, FigureTotal
from schema.node import Node, kind_of
from schema.paging import window
from schema.row_fields import id_of
from tenants.definition import Definition


@dataclass(frozen=True)
class SameFigures:
    """No arguments: the coverage is of the connection's own filters."""

    def checked(self, context: Context, root: Any) -> FigurePage:
        """The connection's filters, without its window."""
        wanted: FigurePage = root.arguments
        return FigurePage(wanted.subject, wanted.period, window(1, None))


def _city(root: Any, context: Context) -> Definition | None:
    definition = context.registry.by_id[root["tenant_id"]]
    return definition if definition.kind == "CITY" else None


def _value(root: Any) -> decimal.Decimal:
    """The driver gives 5.000E+7; people and programs expect 50000000."""
    return decimal.Decimal(format(root["value"], "f"))


@strawberry.type(
    name="Figure",
    description="报道数字:来源文件载明的一个数,原样给出,从不相加。 | "
    "A figure that a source document states, as stated; figures are never added up.",
)
class FigureType(Node):
    """Of a `FigureRecord`."""

    is_type_of = kind_of(FigureRecord)

    id: strawberry.ID = id_of("Figure")
    code: str = column("数字编号,如 F001 | code of the figure")
    subject: str = column("指标 | what it is a figure of")
    value: decimal.Decimal = derived(_value, "数值,精确 | exact value", ("value",))
    unit: str = column("单位 | unit")
    approximate: bool = column("是否为约数(“余”“超过”“近”)| whether stated as approximate")
    period: str | None = column("时期,原文写法 | period, as stated")
    place: str | None = column("地点 | place within the city")
    city: refs.City | None = derived(
        _city, "所属城市;省级机关为空 | city; null for a provincial body", ("tenant_id",)
    )
    stated_for: str = column("文件所述主体 | whom the document speaks of")
    source: str = column("出处文件 | source document")


@strawberry.type(name="FigureEdge", description="数字的边 | An edge of figures.")
class FigureEdge:
    """Of a cursor and a `FigureRecord`."""

    cursor: str = edge_cursor()
    node: FigureType = edge_node()


def _cities(tenant_ids: Any, context: Context) -> list[Definition]:
    found = [context.registry.by_id[tenant] for tenant in sorted(tenant_ids)]
    return [definition for definition in found if definition.kind == "CITY"]


@strawberry.type(
    name="FigureCoverage",
    description="哪些城市载明了这一指标 | Which cities state a subject and which do not.",
)
class FigureCoverageType:
    """Of a `Coverage`."""

    total: int = derived(lambda root: root.total, "数字个数 | number of figures")
    stated_by: list[refs.City] = derived(
        lambda root, context: _cities(root.tenant_ids, context),
        "载明此指标的城市 | cities that state it",
    )
    not_stated_by: list[refs.City] = derived(
        lambda root, context: _cities(set(root.asked) - root.tenant_ids, context),
        "未载明此指标的城市 | cities that do not state it",
    )


@strawberry.type(name="FigureConnection", description="数字分页 | A page of figures.")
class FigureConnection:
    """Of a `Slice`."""

    edges: list[FigureEdge] = edges()
    nodes: list[FigureType] = nodes()
    page_info: PageInfo = page_info()
    coverage: FigureCoverageType = relation(
        FigureCoverage,
        "总数,以及哪些城市载明、哪些没有 | how many, which cities state any and which do not",
        key=lambda root: root.key,
        arguments=SameFigures,
    )
    total_count: int = relation(
        FigureTotal,
        "总数(另需一条 SQL)| how many in all (one more SQL statement)",
        key=lambda root: root.key,
        arguments=SameFigures,
    )
