"""Memberships: a household in a cooperative, with what it brought and its share."""

import datetime
from decimal import Decimal
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
    total_count,
)
from schema.context import Context
from schema.fields import column, derived, relation
from schema.household_reach import HouseholdReachArguments
from schema.loaders.cooperative import CooperativeById
from schema.loaders.household import HouseholdById
from schema.loaders.membership import MembershipRecord
from schema.node import Node, kind_of
from schema.row_fields import data_kind, id_of
from tenants.definition import DataKind


def _is_current(root: Any, context: Context) -> bool:
    until = root["until"]
    return bool(root["since"] <= context.today and (until is None or until > context.today))


@strawberry.type(
    name="Membership",
    description="社员:某户加入某合作社。 | A household's membership of a cooperative.",
)
class MembershipType(Node):
    """Of a `MembershipRecord`."""

    is_type_of = kind_of(MembershipRecord)

    id: strawberry.ID = id_of("Membership")
    household: refs.Household | None = relation(
        HouseholdById,
        "农户;查看者无权查看则为空 | the household; null where it is not for the viewer",
        key=("tenant_id", "household_id"),
        arguments=HouseholdReachArguments,
    )
    cooperative: refs.Cooperative = relation(
        CooperativeById, "合作社 | the cooperative", key=("tenant_id", "cooperative_id")
    )
    since: datetime.date = column("入社日 | first day")
    until: datetime.date | None = column(
        "退社日(不含),空为在社 | first day on which it was no member; null = it is one"
    )
    land: Decimal | None = column(
        "入股土地(亩);空为无或未记录 | land, 亩; null = none, or not known"
    )
    capital: Decimal | None = column(
        "入股资金(元);空为无或未记录 | capital, 元; null = none, or not known"
    )
    share: Decimal | None = column("股份(%);空为无或未记录 | share, %; null = none, or not known")
    is_current: bool = derived(
        _is_current, "今天是否在社 | whether it is a member today", ("since", "until")
    )
    data_kind: DataKind = data_kind()


@strawberry.type(name="MembershipEdge", description="社员的边 | An edge of memberships.")
class MembershipEdge:
    """Of a cursor and a `MembershipRecord`."""

    cursor: str = edge_cursor()
    node: MembershipType = edge_node()


@strawberry.type(name="MembershipConnection", description="社员分页 | A page of memberships.")
class MembershipConnection:
    """Of a `Slice`."""

    edges: list[MembershipEdge] = edges()
    nodes: list[MembershipType] = nodes()
    page_info: PageInfo = page_info()

    total_count: int = total_count()
