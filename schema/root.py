"""The one graph: its entry points and its schema."""

import datetime
import uuid
from dataclasses import dataclass
from typing import Annotated, Any

import strawberry
from graphql import GraphQLSchema
from strawberry.schema.config import StrawberryConfig

from schema import enums as enums
from schema import refs
from schema.access import Permission, Reach, held
from schema.agreements.mutations import AgreementMutations
from schema.agreements.types import AgreementType
from schema.cities.types import CityType
from schema.context import Context
from schema.cooperatives.enrolling import HouseholdMutations
from schema.cooperatives.households import HouseholdType
from schema.cooperatives.memberships import MembershipType
from schema.cooperatives.mutations import CooperativeMutations
from schema.cooperatives.recording import ResultMutations
from schema.cooperatives.types import CooperativeType
from schema.cooperatives.uniting import UnionMutations
from schema.entries import find_city, find_node, find_province, listed_cities
from schema.errors import CodedError, ErrorCode
from schema.fields import derived, relation, sought
from schema.figures.types import FigureType
from schema.household_reach import OwnHouseholds, own_households_key
from schema.issues.advancing import AdvancingMutations
from schema.issues.following import FollowingMutations
from schema.issues.mutations import ReportingMutations
from schema.issues.types import IssueType
from schema.loaders.household import HouseholdsOfHead
from schema.loaders.organization import OrganizationByCode
from schema.loaders.person import PersonById, PersonReach
from schema.market.dealing import DealMutations
from schema.market.mutations import MarketMutations
from schema.market.recording import VillageMutations
from schema.market.types import DealType, EnterpriseType, MatchingEventType, PostingType
from schema.market.villages import AssetTradeType, WeakVillageType
from schema.node import Node
from schema.organizations.mutations import OrganizationMutations
from schema.organizations.types import OrganizationType
from schema.paging import MAX_PAGE
from schema.people.mutations import PeopleMutations
from schema.people.types import PersonType, PostType
from schema.provinces.types import ProvinceType
from schema.reach import reach
from schema.scalars import DATE_TIME
from schema.services.types import ServiceType
from schema.timelines.subscriptions import EventSubscriptions
from schema.timelines.types import (
    AccessEventType,
    AgreementEventType,
    CooperativeEventType,
    EconomyEventType,
    IssueEventType,
    OrganizationEventType,
    PostEventType,
)
from tenants.roles import Role

CodeOrSlug = strawberry.argument(
    description="六位区划代码或网址名,如 210400 或 fushun | six-digit code or slug"
)


@dataclass(frozen=True)
class CodeArguments:
    """Arguments of `city` and `province`."""

    code: Annotated[strawberry.ID, CodeOrSlug]


@dataclass(frozen=True)
class CitiesArguments:
    """Arguments of `cities`."""

    province: Annotated[strawberry.ID | None, CodeOrSlug] = None


@dataclass(frozen=True)
class NodeArguments:
    """Arguments of `node`."""

    id: Annotated[strawberry.ID, strawberry.argument(description="全局编号 | global id")]


@dataclass(frozen=True)
class NodesArguments:
    """Arguments of `nodes`."""

    ids: Annotated[
        list[strawberry.ID],
        strawberry.argument(description="全局编号,至多 100 个 | global ids, at most 100"),
    ]

    def checked_ids(self) -> list[strawberry.ID]:
        """The ids.

        Errors: `CodedError` PAGE_SIZE.
        """
        given = len(self.ids)
        if given > MAX_PAGE:
            raise CodedError(
                ErrorCode.PAGE_SIZE,
                f"ids 有 {given} 个,至多 {MAX_PAGE} 个。",
                f"ids has {given} ids, expected at most {MAX_PAGE}.",
                given=given,
                limit=MAX_PAGE,
            )
        return self.ids


@strawberry.type(name="Grant", description="一项权限及其范围。 | A permission and how far it goes.")
class GrantType:
    """Of a `Held`."""

    role: Role = derived(lambda root: root.role, "由此角色而来 | role that gives it")
    permission: Permission = derived(lambda root: root.permission, "权限 | permission")
    reach: Reach = derived(lambda root: root.reach, "范围 | how far it goes")
    tenant: str | None = derived(
        lambda root: None if root.tenant_id is None else f"{root.tenant_id:06}",
        "租户代码;空为全部 | code of the tenant; null = all",
    )
    organization: str | None = derived(
        lambda root: root.organization,
        "限于此组织(编码)及其下级;空为不限 | limited to this organization (code) and below",
    )


@dataclass(frozen=True)
class OwnReach:
    """No arguments: how far the viewer sees people."""

    def checked(self, context: Context, root: Context) -> PersonReach:
        """The reach in the one tenant of the token."""
        (tenant_id,) = context.scope.tenant_ids
        return reach(context, tenant_id)


def _own_organization(root: Context) -> tuple[int, str] | None:
    for grant in root.actor.grants:
        if grant.organization is not None:
            return grant.tenant_id, grant.organization
    return None


def _own_person(root: Context) -> tuple[int, uuid.UUID] | None:
    if root.actor.person is None:
        return None
    (tenant_id,) = root.scope.tenant_ids
    return tenant_id, root.actor.person


@strawberry.type(name="Viewer", description="当前访问者 | Who is asking.")
class ViewerType:
    """Of a `Context`."""

    role: Role = derived(lambda root: root.role, "角色 | role")
    language: str = derived(
        lambda root: root.language, "答复用语,按 Accept-Language:zh 或 en | language of messages"
    )
    cities: list[refs.City] = derived(
        lambda root: listed_cities(root, None), "可查看的城市 | cities that may be read"
    )
    organization: refs.Organization | None = relation(
        OrganizationByCode,
        "令牌(或岗位)所限的组织;空为不限 | organization that the token or post is limited to",
        key=_own_organization,
    )
    person: refs.Person | None = relation(
        PersonById,
        "令牌所属人员 | person that the token is bound to",
        key=_own_person,
        arguments=OwnReach,
    )
    households: list[refs.Household] = relation(
        HouseholdsOfHead,
        "令牌所属人员为户主的农户 | households that the person of the token heads",
        key=own_households_key,
        arguments=OwnHouseholds,
    )
    permissions: list[Permission] = derived(
        lambda root: sorted({grant.permission for grant in held(root.actor)}),
        "权限 | what the role may do somewhere",
    )
    grants: list[GrantType] = derived(
        lambda root: held(root.actor),
        "权限及其范围 | every permission with how far it goes",
    )


@strawberry.type(name="Query", description="查询入口 | Where queries begin.")
class Query:
    """Entry points."""

    viewer: ViewerType = derived(lambda root, context: context, "当前访问者 | who is asking")
    city: CityType = derived(
        lambda root, context, arguments: find_city(context, arguments.code),
        "一个城市;没有则报错 | a city; an unknown one is an error",
        arguments=CodeArguments,
    )
    cities: list[CityType] = derived(
        lambda root, context, arguments: listed_cities(context, arguments.province),
        "城市列表 | cities, in order of code",
        arguments=CitiesArguments,
    )
    province: ProvinceType = derived(
        lambda root, context, arguments: find_province(context, arguments.code),
        "一个省;没有则报错 | a province; an unknown one is an error",
        arguments=CodeArguments,
    )

    node: Node | None = sought(
        lambda context, arguments, columns: find_node(context, columns, arguments.id),
        "按全局编号取一个对象 | the object with a global id, or null",
        arguments=NodeArguments,
    )
    nodes: list[Node | None] = sought(
        lambda context, arguments, columns: [
            find_node(context, columns, id_) for id_ in arguments.checked_ids()
        ],
        "按全局编号取多个对象,顺序不变 | objects by global id, in the order asked",
        arguments=NodesArguments,
    )


@strawberry.type(name="Mutation", description="变更入口 | Where changes begin.")
class Mutation(
    AgreementMutations,
    OrganizationMutations,
    PeopleMutations,
    ReportingMutations,
    AdvancingMutations,
    FollowingMutations,
    CooperativeMutations,
    UnionMutations,
    ResultMutations,
    HouseholdMutations,
    MarketMutations,
    DealMutations,
    VillageMutations,
):
    """What the slices let change."""


@strawberry.type(name="Subscription", description="订阅入口 | Where subscriptions begin.")
class Subscription(EventSubscriptions):
    """What the slices let follow."""


SCHEMA = strawberry.Schema(
    Query,
    mutation=Mutation,
    subscription=Subscription,
    types=[
        CityType,
        ProvinceType,
        OrganizationType,
        ServiceType,
        FigureType,
        PersonType,
        PostType,
        OrganizationEventType,
        PostEventType,
        AccessEventType,
        IssueEventType,
        AgreementEventType,
        CooperativeEventType,
        EconomyEventType,
        IssueType,
        AgreementType,
        CooperativeType,
        EnterpriseType,
        PostingType,
        DealType,
        MatchingEventType,
        AssetTradeType,
        WeakVillageType,
        HouseholdType,
        MembershipType,
    ],
    config=StrawberryConfig(scalar_map={datetime.datetime: DATE_TIME}),
)


def graphql_schema() -> GraphQLSchema:
    """The schema as graphql-core executes it."""
    core: Any = SCHEMA._schema
    assert isinstance(core, GraphQLSchema)
    return core


def sdl() -> str:
    """The schema as text, as it is committed in `schema.graphql`."""
    return f"# Generated by `onegrid schema`; do not edit.\n\n{SCHEMA.as_str()}\n"
