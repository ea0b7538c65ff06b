"""Households (户) and their connections; what is personal of them is masked or withheld."""

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
from schema.fields import column, relation
from schema.household_reach import MembershipsOfHouseholdArguments
from schema.loaders.household import HouseholdRecord
from schema.loaders.membership import MembershipsOfHousehold
from schema.loaders.organization import OrganizationById
from schema.loaders.person import PersonById
from schema.node import Node, kind_of
from schema.personal import PersonalClass
from schema.personal_fields import ADDRESS_COLUMNS, personal, shown_address
from schema.reach import ReachArguments
from schema.row_fields import city_of, data_kind, id_of
from tenants.definition import DataKind


def _address(root: Any, context: Context) -> str | None:
    is_own = context.actor.person == root["head_id"]
    return shown_address(root, context, "Household.address", is_own)


@strawberry.type(
    name="Household",
    description="农户:村里的一户。户主与住址为个人信息。 | One household of a village; who heads "
    "it and where it lives is personal.",
)
class HouseholdType(Node):
    """Of a `HouseholdRecord`."""

    is_type_of = kind_of(HouseholdRecord)

    id: strawberry.ID = id_of("Household")
    city: refs.City = city_of()
    organization: refs.Organization = relation(
        OrganizationById,
        "所在组织:村或其下级 | where it is: a village, or what is below one",
        key=("tenant_id", "organization_id"),
    )
    head: refs.Person | None = relation(
        PersonById,
        "户主;查看者无权查看则为空 | who heads it; null where it is not for the viewer",
        key=("tenant_id", "head_id"),
        arguments=ReachArguments,
    )
    address: str | None = personal(
        _address,
        PersonalClass.ADDRESS,
        "住址,缺省仅示省市县;空为未登记或已注销 | address, masked below the county by default; "
        "null = none, or erased",
        ADDRESS_COLUMNS,
    )
    people: int | None = column("人数;空为未记录 | how many belong to it; null = not recorded")
    memberships: refs.Memberships = relation(
        MembershipsOfHousehold,
        "入社:所在的合作社,按登记先后 | the cooperatives that it belongs to, as they were recorded",
        key=("tenant_id", "id"),
        arguments=MembershipsOfHouseholdArguments,
    )
    data_kind: DataKind = data_kind()


@strawberry.type(name="HouseholdEdge", description="农户的边 | An edge of households.")
class HouseholdEdge:
    """Of a cursor and a `HouseholdRecord`."""

    cursor: str = edge_cursor()
    node: HouseholdType = edge_node()


@strawberry.type(name="HouseholdConnection", description="农户分页 | A page of households.")
class HouseholdConnection:
    """Of a `Slice`."""

    edges: list[HouseholdEdge] = edges()
    nodes: list[HouseholdType] = nodes()
    page_info: PageInfo = page_info()

    total_count: int = total_count()
