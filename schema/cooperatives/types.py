"""Cooperatives, what each year brought them, and their connections."""

import datetime
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import orjson
import strawberry

from schema import refs
from schema.access import Permission
from schema.arguments import Today
from schema.connections import (
    After,
    Before,
    First,
    Last,
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
from schema.household_reach import MembershipsArguments
from schema.loaders.annual_result import CorrectionsOfResult, ResultsOfCooperative
from schema.loaders.cooperative import CooperativeRecord
from schema.loaders.deal import DealsOfCooperative
from schema.loaders.event import EventPage, EventsOfCooperative
from schema.loaders.membership import MembershipsOfCooperative
from schema.loaders.membership_count import MembershipCounts
from schema.loaders.organization import OrganizationById
from schema.loaders.posting import PostingsOfCooperative
from schema.loaders.union_member import MembersOfUnion, UnionsOfMember
from schema.logbook import numbered
from schema.market_fields import DealsArguments, PostingsArguments
from schema.node import Node, kind_of
from schema.row_fields import city_of, data_kind, definition_of, id_of
from schema.tables.cooperative import CooperativeKind
from tenants.cooperation import CooperativeMeasure
from tenants.definition import DataKind


@dataclass(frozen=True)
class LedTimelineArguments:
    """Arguments of `Cooperative.timeline`."""

    first: First = None
    after: After = None
    last: Last = None
    before: Before = None

    def checked(self, context: Context, root: Any) -> EventPage:
        """The page asked for.

        Errors: `CodedError` FORBIDDEN where the viewer may not see people at the leader, or those
        of paging.
        """
        context.demand(Permission.READ_PEOPLE, root["tenant_id"], root["leader_path"])
        return EventPage(numbered(self.first, self.after, self.last, self.before))


def _industry(root: Any, context: Context) -> str:
    words = context.registry.vocabulary(definition_of(root, context)).industries
    key: str = root["industry"]
    return next((word.name for word in words if word.key == key), key)


def _people(value: Any, root: Any, context: Context) -> int | None:
    recorded = definition_of(root, context).cooperation.records(CooperativeMeasure.PEOPLE)
    people: int | None = value["people"] if recorded else None
    return people


def _sales(root: Any) -> list[Any]:
    found: list[Any] = orjson.loads(root["sales"])
    return found


@strawberry.type(
    name="OnlineSale",
    description="某渠道、某产品一年的线上销售额 | What a product brought in a channel in a year.",
)
class OnlineSaleType:
    """Of an entry of the column `sales`."""

    channel: str = derived(lambda root: root["channel"], "渠道,如直播平台 | channel")
    product: str | None = derived(
        lambda root: root.get("product"), "产品;空为不分产品 | product; null = all of them"
    )
    amount: Decimal = derived(lambda root: Decimal(root["amount"]), "销售额(元)| sales, 元")


@strawberry.type(
    name="AnnualResult",
    description="合作社一年的成效;空为未记录。户与人是两种指标,从不相加。 | What a year brought a "
    "cooperative; null = not recorded. Households and people are two measures, never added.",
)
class AnnualResultType:
    """Of an `AnnualResultRecord`."""

    year: int = column("年度 | year")
    revenue: Decimal | None = column("经营收入(元)| revenue, 元")
    collective_income: Decimal | None = column("村集体收入(元)| collective income, 元")
    online_sales: Decimal | None = column(
        "线上销售额(元),有分渠道数的为其合计 | online sales, 元; the sum of `sales` where there "
        "are any"
    )
    sales: list[OnlineSaleType] = derived(
        _sales, "分渠道、分产品的线上销售额 | online sales by channel and product", ("sales",)
    )
    mean_household_gain: Decimal | None = column(
        "户均增收(元/户)| mean gain a household, 元 a household"
    )
    households: int | None = column("惠及农户(户)| households that it reached")
    people: int | None = column("惠及人口(人)| people whom it reached")
    jobs: int | None = column("带动就业(人)| jobs")
    approximate: bool = column("是否约数 | whether the figures are approximate")
    revision: int = column("第几版,首次登记为 1 | which value of the year, the first is 1")
    recorded_at: datetime.datetime = column("登记时间 | when it was recorded")
    superseded_at: datetime.datetime | None = column(
        "被更正的时间;空为现行 | when it was corrected; null = it holds"
    )
    correction: str | None = column("被更正的原因;空为现行 | why it was corrected; null = it holds")
    corrections: list["AnnualResultType"] = relation(
        CorrectionsOfResult,
        "此前登记、后被更正的值,自早至晚 | the values before it that were corrected, the oldest "
        "first",
        key=("tenant_id", "id"),
    )
    data_kind: DataKind = data_kind()
    source: str | None = column("出处 | source")


@strawberry.type(
    name="Cooperative",
    description="合作社、村办企业或联合社,由一个组织领办。 | A cooperative, an enterprise of a "
    "village or a union of cooperatives, led by an organization.",
)
class CooperativeType(Node):
    """Of a `CooperativeRecord`."""

    is_type_of = kind_of(CooperativeRecord)

    id: strawberry.ID = id_of("Cooperative")
    code: str = column("编码,在本市内唯一 | code, unique in its city")
    name: str = column("名称 | name")
    city: refs.City = city_of()
    kind: CooperativeKind = column("种类 | kind")
    leader: refs.Organization = relation(
        OrganizationById,
        "领办组织(党支部)| the organization that leads it",
        key=("tenant_id", "leader_id"),
    )
    village: refs.Organization | None = relation(
        OrganizationById,
        "所在村;空为未载明 | the village where it works; null = not stated",
        key=("tenant_id", "village_id"),
    )
    industry: str = derived(
        _industry,
        "产业名称;全省词汇已无此键的为键 | name of its industry; the key where the province's "
        "vocabulary no longer has it",
        ("tenant_id", "industry"),
    )
    industry_key: str = derived(
        lambda root: root["industry"], "产业键 | key of its industry", ("industry",)
    )
    products: list[str] = column("产品 | products")
    founded_on: datetime.date | None = column("成立日;空为不详 | first day; null = not known")
    dissolved_on: datetime.date | None = column(
        "解散日(不含),空为存续 | first day without it; null = it exists"
    )
    members: list["CooperativeType"] = relation(
        MembersOfUnion,
        "联合社现在的成员,按编码排列;其余种类没有 | present members of a union, by code; others "
        "have none",
        key=("tenant_id", "id"),
        arguments=Today,
    )
    unions: list["CooperativeType"] = relation(
        UnionsOfMember,
        "现在所属的联合社 | the unions that it belongs to now",
        key=("tenant_id", "id"),
        arguments=Today,
    )
    results: list[AnnualResultType] = relation(
        ResultsOfCooperative,
        "各年成效,新的在前 | what each year brought, the newest first",
        key=("tenant_id", "id"),
    )
    memberships: refs.Memberships | None = relation(
        MembershipsOfCooperative,
        "社员:加入的农户,按登记先后。须对领办组织有 READ_PEOPLE 权限 | the households that belong "
        "to it, as they were recorded; needs READ_PEOPLE at the leader",
        key=("tenant_id", "id"),
        columns=("leader_path",),
        arguments=MembershipsArguments,
    )
    household_count: int = relation(
        MembershipCounts,
        "今天的社员户数(户);联合社为其成员社的,同一户只计一次 | households that belong to it "
        "today; of a union those of its members, each once",
        key=("tenant_id", "id"),
        arguments=Today,
        finish=lambda value, root, context: value["households"],
    )
    people_count: int | None = relation(
        MembershipCounts,
        "今天的社员人口(人),与户数从不相加;空为本市不记录人口,或有农户的人数不详 | people of those "
        "households, never added to them; null where the city does not record people, or does not "
        "know how many belong to one of the households",
        key=("tenant_id", "id"),
        arguments=Today,
        finish=_people,
    )
    postings: refs.Postings = relation(
        PostingsOfCooperative,
        "发布的供需,新的在前 | supply and demand that it posted, the newest first",
        key=("tenant_id", "id"),
        arguments=PostingsArguments,
    )
    deals: refs.Deals = relation(
        DealsOfCooperative,
        "与企业的合作,新的在前 | its deals with enterprises, the newest first",
        key=("tenant_id", "id"),
        arguments=DealsArguments,
    )
    timeline: refs.Events | None = relation(
        EventsOfCooperative,
        "沿革:成立、变更、成员、成效、供需、合作,新的在后。须对领办组织有 READ_PEOPLE 权限 | what "
        "happened, the newest last; needs READ_PEOPLE at the leader",
        key=("tenant_id", "id"),
        columns=("leader_path",),
        arguments=LedTimelineArguments,
    )
    revision: int = column("修订号:每次变更加一 | rises by one with every change")
    data_kind: DataKind = data_kind()
    source: str | None = column("出处 | source")
    assumed: bool = column("是否含假定 | whether some of it is assumed")


@strawberry.type(name="CooperativeEdge", description="合作社的边 | An edge of cooperatives.")
class CooperativeEdge:
    """Of a cursor and a `CooperativeRecord`."""

    cursor: str = edge_cursor()
    node: CooperativeType = edge_node()


@strawberry.type(name="CooperativeConnection", description="合作社分页 | A page of cooperatives.")
class CooperativeConnection:
    """Of a `Slice`."""

    edges: list[CooperativeEdge] = edges()
    nodes: list[CooperativeType] = nodes()
    page_info: PageInfo = page_info()

    total_count: int = total_count()
