"""What villages trade of their collective assets, and villages whose collectives are weak."""

import datetime
from decimal import Decimal
from typing import Any

import strawberry

from schema import refs
from schema.connections import (
    PageInfo,
    WholeList,
    edge_cursor,
    edge_node,
    edges,
    nodes,
    page_info,
    total_count,
)
from schema.fields import column, derived, relation
from schema.loaders.asset_trade import AssetTradeRecord
from schema.loaders.organization import OrganizationById
from schema.loaders.sums import Sums
from schema.loaders.weak_village import WeakVillageRecord
from schema.node import Node, kind_of
from schema.row_fields import city_of, data_kind, id_of, source
from tenants.definition import DataKind

NONE = Decimal("0.00")


def _premium(root: Any) -> Decimal | None:
    reserve, paid = root["reserve_price"], root["deal_price"]
    return None if reserve is None or paid is None else paid - reserve


@strawberry.type(
    name="AssetTrade",
    description="农村集体资产交易的一宗成交。 | A trade of something that a village's collective "
    "owns.",
)
class AssetTradeType(Node):
    """Of an `AssetTradeRecord`."""

    is_type_of = kind_of(AssetTradeRecord)

    id: strawberry.ID = id_of("AssetTrade")
    city: refs.City = city_of()
    organization: refs.Organization = relation(
        OrganizationById, "所属组织(村)| whose it was", key=("tenant_id", "organization_id")
    )
    asset: str = column("资产,如机动地承包权 | what was traded")
    reserve_price: Decimal | None = column("底价(元)| reserve price, 元")
    deal_price: Decimal | None = column("成交价(元)| price paid, 元")
    premium: Decimal | None = derived(
        _premium,
        "溢价(元)= 成交价 − 底价;任一不详为空 | price paid less reserve price, 元; null where one "
        "is not known",
        ("reserve_price", "deal_price"),
    )
    traded_on: datetime.date = column("成交之日 | day of the trade")
    data_kind: DataKind = data_kind()
    source: str | None = source()


@strawberry.type(
    name="AssetTradeSums",
    description="成交合计 | What the trades of a list come to, on all its pages.",
)
class AssetTradeSumsType:
    """Of a row of sums."""

    trades: int = derived(lambda root: root["number"], "成交宗数 | number of trades")
    deal_price: Decimal = derived(
        lambda root: root["deal_price"] or NONE, "成交金额(元)| prices paid, 元"
    )
    premium: Decimal = derived(
        lambda root: root["premium"] or NONE,
        "溢价金额(元),限底价与成交价均已知的 | premiums, 元, where both prices are known",
    )


@strawberry.type(name="AssetTradeEdge", description="资产交易的边 | An edge of asset trades.")
class AssetTradeEdge:
    """Of a cursor and an `AssetTradeRecord`."""

    cursor: str = edge_cursor()
    node: AssetTradeType = edge_node()


@strawberry.type(name="AssetTradeConnection", description="资产交易分页 | A page of asset trades.")
class AssetTradeConnection:
    """Of a `Slice`."""

    edges: list[AssetTradeEdge] = edges()
    nodes: list[AssetTradeType] = nodes()
    page_info: PageInfo = page_info()

    total_count: int = total_count()
    sums: AssetTradeSumsType = relation(
        Sums,
        "全部页合计(另需一条 SQL)| sums over all pages (one more SQL statement)",
        key=lambda root: root.key[1],
        arguments=WholeList,
    )


@strawberry.type(
    name="WeakVillage",
    description="集体经济薄弱村:列入、扶持、清零。 | A village whose collective economy is weak: "
    "listed, supported, cleared.",
)
class WeakVillageType(Node):
    """Of a `WeakVillageRecord`."""

    is_type_of = kind_of(WeakVillageRecord)

    id: strawberry.ID = id_of("WeakVillage")
    city: refs.City = city_of()
    organization: refs.Organization = relation(
        OrganizationById, "村 | the village", key=("tenant_id", "organization_id")
    )
    listed_on: datetime.date = column("列入之日 | day on which it was listed")
    cleared_on: datetime.date | None = column(
        "清零之日,空为尚未 | day on which it was weak no more; null = it still is"
    )
    support: Decimal | None = column(
        "已拨付的扶持资金(元),空为未记录 | what was paid to support it, 元; null = not recorded"
    )
    data_kind: DataKind = data_kind()
    source: str | None = source()


@strawberry.type(name="WeakVillageEdge", description="薄弱村的边 | An edge of weak villages.")
class WeakVillageEdge:
    """Of a cursor and a `WeakVillageRecord`."""

    cursor: str = edge_cursor()
    node: WeakVillageType = edge_node()


@strawberry.type(name="WeakVillageConnection", description="薄弱村分页 | A page of weak villages.")
class WeakVillageConnection:
    """Of a `Slice`."""

    edges: list[WeakVillageEdge] = edges()
    nodes: list[WeakVillageType] = nodes()
    page_info: PageInfo = page_info()

    total_count: int = total_count()
    support: Decimal = relation(
        Sums,
        "全部页的扶持资金合计(元,另需一条 SQL)| support over all pages, 元 (one more SQL "
        "statement)",
        key=lambda root: root.key[1],
        arguments=WholeList,
        finish=lambda sums, root, context: sums["support"] or NONE,
    )
