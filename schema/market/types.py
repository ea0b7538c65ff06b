"""The alliance of cooperatives and enterprises: who is in it, what is sought, what comes of it."""

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
from schema.loaders.cooperative import CooperativeById
from schema.loaders.deal import (
    DealCount,
    DealCountsOfMatchingEvent,
    DealRecord,
    DealsOfEnterprise,
    DealsOfMatchingEvent,
    Places,
    PlacesOfDeal,
)
from schema.loaders.enterprise import EnterpriseById, EnterpriseRecord
from schema.loaders.matching_event import MatchingEventById, MatchingEventRecord
from schema.loaders.organization import OrganizationById
from schema.loaders.posting import PostingById, PostingRecord, PostingsOfEnterprise
from schema.loaders.posting_match import MatchesOfPosting
from schema.market.matches import MatchesArguments, PostingMatchType
from schema.market.steps import may_manage, next_states
from schema.market_fields import DealsArguments, PostingsArguments
from schema.node import Node, kind_of
from schema.row_fields import city_of, data_kind, id_of, source
from schema.tables.market import DealState, PostingKind, PostingState
from tenants.definition import DataKind


def _industry(root: Any, context: Context) -> str | None:
    definition = context.registry.by_id[root["tenant_id"]]
    words = context.registry.vocabulary(definition).industries
    key: str | None = root["industry"]
    return next((word.name for word in words if word.key == key), key)


def _state(root: Any, context: Context) -> PostingState:
    until = root["until_on"]
    is_past = until is not None and until < context.today
    return PostingState.CLOSED if is_past else PostingState(root["state"])


MATCHING = 3
"""Points of matching one posting: 0.7 ms where 10,000 are open."""


def plain(quantity: Decimal | None) -> Decimal | None:
    """A quantity without the zeros that its column adds: 100, not 100.000."""
    return None if quantity is None else Decimal(f"{quantity.normalize():f}")


@strawberry.type(
    name="Enterprise",
    description="企业:“社企联盟”合作企业目录中的一家。 | An enterprise in the directory of those "
    "that work with cooperatives.",
)
class EnterpriseType(Node):
    """Of an `EnterpriseRecord`."""

    is_type_of = kind_of(EnterpriseRecord)

    id: strawberry.ID = id_of("Enterprise")
    code: str = column("编码,在本市内唯一 | code, unique in its city")
    name: str = column("名称 | name")
    city: refs.City = city_of()
    organization: refs.Organization = relation(
        OrganizationById, "所在组织 | where it is", key=("tenant_id", "organization_id")
    )
    industry: str | None = derived(
        _industry,
        "产业名称,空为未载明;全省词汇已无此键的为键 | name of its industry, null = not stated; the "
        "key where the province's vocabulary no longer has it",
        ("tenant_id", "industry"),
    )
    industry_key: str | None = derived(
        lambda root: root["industry"], "产业键 | key of its industry", ("industry",)
    )
    joined_on: datetime.date | None = column("载入目录之日;空为不详 | first day in the directory")
    left_on: datetime.date | None = column(
        "退出目录之日(不含),空为在册 | first day on which it was not in it; null = it is"
    )
    postings: "PostingConnection" = relation(
        PostingsOfEnterprise,
        "发布的供需,新的在前 | what it posted, the newest first",
        key=("tenant_id", "id"),
        arguments=PostingsArguments,
    )
    deals: "DealConnection" = relation(
        DealsOfEnterprise,
        "与合作社的合作,新的在前 | its deals with cooperatives, the newest first",
        key=("tenant_id", "id"),
        arguments=DealsArguments,
    )
    data_kind: DataKind = data_kind()
    source: str | None = source()


@strawberry.type(
    name="Posting",
    description="供需信息:由一个合作社或一个企业发布。 | Supply or demand, posted by a cooperative "
    "or by an enterprise.",
)
class PostingType(Node):
    """Of a `PostingRecord`."""

    is_type_of = kind_of(PostingRecord)

    id: strawberry.ID = id_of("Posting")
    city: refs.City = city_of()
    kind: PostingKind = column("供或需 | supply or demand")
    cooperative: refs.Cooperative | None = relation(
        CooperativeById,
        "发布的合作社;空为企业所发 | who posted it; null = an enterprise did",
        key=("tenant_id", "cooperative_id"),
    )
    enterprise: EnterpriseType | None = relation(
        EnterpriseById,
        "发布的企业;空为合作社所发 | who posted it; null = a cooperative did",
        key=("tenant_id", "enterprise_id"),
    )
    product: str = column("产品 | product")
    quantity: Decimal = derived(
        lambda root: plain(root["quantity"]), "数量 | quantity", ("quantity",)
    )
    unit: str = column("单位,如公斤 | unit of the quantity")
    price: Decimal | None = column("单价(元/单位),空为面议 | 元 a unit; null = to be agreed")
    from_on: datetime.date | None = column("自何日起;空为随时 | from which day on; null = any")
    until_on: datetime.date | None = column("至何日止(含);空为长期 | last day; null = without end")
    state: PostingState = derived(
        _state,
        "是否有效;过期的即已关闭 | whether it is open; one that is past is closed",
        ("state", "until_on"),
    )
    posted_at: datetime.datetime = column("发布时间 | when it was posted")
    matches: list[PostingMatchType] = relation(
        MatchesOfPosting,
        "匹配:同市对方发布的有效信息(合作社的与企业的相配,供与需相配),产品相配、时间有重叠者,最合适"
        "的在前。自身已关闭或过期的没有 | counterparts in the same city: of the other kind, an "
        "enterprise's for a cooperative's, open, of a product that matches, at a time that "
        "overlaps; the best first. None for a posting that is closed or past",
        key=("tenant_id", "id"),
        arguments=MatchesArguments,
        points=MATCHING,
    )
    data_kind: DataKind = data_kind()


def _available(places: Places, root: Any, context: Context) -> list[DealState]:
    if not may_manage(context.actor, root["tenant_id"], *places):
        return []
    return list(next_states(DealState(root["state"])))


@strawberry.type(
    name="Deal", description="合作社与企业的合作。 | A deal of a cooperative with an enterprise."
)
class DealType(Node):
    """Of a `DealRecord`."""

    is_type_of = kind_of(DealRecord)

    id: strawberry.ID = id_of("Deal")
    city: refs.City = city_of()
    cooperative: refs.Cooperative = relation(
        CooperativeById, "合作社 | cooperative", key=("tenant_id", "cooperative_id")
    )
    enterprise: EnterpriseType = relation(
        EnterpriseById, "企业 | enterprise", key=("tenant_id", "enterprise_id")
    )
    product: str = column("产品 | product")
    quantity: Decimal | None = derived(
        lambda root: plain(root["quantity"]), "数量;空为未定 | null = not fixed", ("quantity",)
    )
    unit: str | None = column("数量的单位 | unit of the quantity")
    amount: Decimal | None = column("金额(元);空为未定 | amount, 元; null = not fixed")
    collective_income: Decimal | None = column(
        "带给村集体的收入(元)| income that it brought the collective, 元"
    )
    household_income: Decimal | None = column(
        "带给农户的收入(元)| income that it brought households, 元"
    )
    state: DealState = column("进展 | how far it has come")
    reason: str | None = column("未成的原因 | why it failed")
    available_states: list[DealState] = relation(
        PlacesOfDeal,
        "您现在可推进到的状态(advanceDeal)| the states to which you may advance it now",
        key=("tenant_id", "cooperative_id", "enterprise_id"),
        columns=("state",),
        finish=_available,
    )
    supply: PostingType | None = relation(
        PostingById, "所依据的供应 | the supply that it came from", key=("tenant_id", "supply_id")
    )
    demand: PostingType | None = relation(
        PostingById, "所依据的需求 | the demand that it came from", key=("tenant_id", "demand_id")
    )
    matching_event: "MatchingEventType | None" = relation(
        MatchingEventById,
        "在哪次对接会上 | the matching event that it came of",
        key=("tenant_id", "matching_event_id"),
    )
    proposed_at: datetime.datetime = column("提出时间 | when it was proposed")
    changed_at: datetime.datetime = column("最近变更时间 | when it last changed")
    revision: int = column("修订号:每次变更加一 | rises by one with every change")
    data_kind: DataKind = data_kind()


@strawberry.type(
    name="DealStateCount", description="某一进展的合作数 | How many deals have come so far."
)
class DealStateCountType:
    """Of a `DealCount`."""

    state: DealState = derived(lambda root: root.state, "进展 | state")
    count: int = derived(lambda root: root.count, "合作数 | number of deals")


def _intents(counts: list[DealCount], root: Any, context: Context) -> int:
    return sum(item.count for item in counts)


@strawberry.type(
    name="MatchingEvent",
    description="对接会:合作社与企业相互对接。 | A meeting at which cooperatives and enterprises "
    "find each other.",
)
class MatchingEventType(Node):
    """Of a `MatchingEventRecord`."""

    is_type_of = kind_of(MatchingEventRecord)

    id: strawberry.ID = id_of("MatchingEvent")
    city: refs.City = city_of()
    title: str = column("名称 | title")
    organization: refs.Organization = relation(
        OrganizationById, "主办组织 | who held it", key=("tenant_id", "organization_id")
    )
    held_on: datetime.date = column("召开之日 | day")
    intents: int = relation(
        DealCountsOfMatchingEvent,
        "合作意向数:由此提出的合作,无论后来如何 | the deals that were proposed at it, whatever "
        "became of them",
        key=("tenant_id", "id"),
        finish=_intents,
    )
    counts: list[DealStateCountType] = relation(
        DealCountsOfMatchingEvent,
        "各进展的合作数,没有的不列 | its deals by state, those that there are",
        key=("tenant_id", "id"),
    )
    deals: "DealConnection" = relation(
        DealsOfMatchingEvent,
        "由此提出的合作,新的在前 | the deals that came of it, the newest first",
        key=("tenant_id", "id"),
        arguments=DealsArguments,
    )
    data_kind: DataKind = data_kind()
    source: str | None = source()


@strawberry.type(name="EnterpriseEdge", description="企业的边 | An edge of enterprises.")
class EnterpriseEdge:
    """Of a cursor and an `EnterpriseRecord`."""

    cursor: str = edge_cursor()
    node: EnterpriseType = edge_node()


@strawberry.type(name="EnterpriseConnection", description="企业分页 | A page of enterprises.")
class EnterpriseConnection:
    """Of a `Slice`."""

    edges: list[EnterpriseEdge] = edges()
    nodes: list[EnterpriseType] = nodes()
    page_info: PageInfo = page_info()

    total_count: int = total_count()


@strawberry.type(name="PostingEdge", description="供需信息的边 | An edge of postings.")
class PostingEdge:
    """Of a cursor and a `PostingRecord`."""

    cursor: str = edge_cursor()
    node: PostingType = edge_node()


@strawberry.type(name="PostingConnection", description="供需信息分页 | A page of postings.")
class PostingConnection:
    """Of a `Slice`."""

    edges: list[PostingEdge] = edges()
    nodes: list[PostingType] = nodes()
    page_info: PageInfo = page_info()

    total_count: int = total_count()


@strawberry.type(name="DealEdge", description="合作的边 | An edge of deals.")
class DealEdge:
    """Of a cursor and a `DealRecord`."""

    cursor: str = edge_cursor()
    node: DealType = edge_node()


@strawberry.type(name="DealConnection", description="合作分页 | A page of deals.")
class DealConnection:
    """Of a `Slice`."""

    edges: list[DealEdge] = edges()
    nodes: list[DealType] = nodes()
    page_info: PageInfo = page_info()

    total_count: int = total_count()


@strawberry.type(name="MatchingEventEdge", description="对接会的边 | An edge of matching events.")
class MatchingEventEdge:
    """Of a cursor and a `MatchingEventRecord`."""

    cursor: str = edge_cursor()
    node: MatchingEventType = edge_node()


@strawberry.type(
    name="MatchingEventConnection", description="对接会分页 | A page of matching events."
)
class MatchingEventConnection:
    """Of a `Slice`."""

    edges: list[MatchingEventEdge] = edges()
    nodes: list[MatchingEventType] = nodes()
    page_info: PageInfo = page_info()

    total_count: int = total_count()
