"""Organizations and their connections."""

import datetime
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import strawberry

from schema import refs
from schema.agreement_filters import AgreementsOfOrganizationArguments
from schema.agreement_statistics import AgreementStatisticsArguments
from schema.arguments import AsOf, LevelKey, RungOf, Today, known_level
from schema.connections import (
    After,
    First,
    PageInfo,
    edge_cursor,
    edge_node,
    edges,
    nodes,
    page_info,
)
from schema.context import Context
from schema.cooperative_filters import CooperativesArguments
from schema.cooperative_measures import (
    CooperativeStatisticsArguments,
    statistics_of_organization,
)
from schema.fields import column, derived, relation
from schema.household_reach import HouseholdsArguments
from schema.issue_filters import IssuesArguments
from schema.issue_measures import issue_answer
from schema.issue_statistics import IssueStatisticsArguments
from schema.levels import from_the_top, level_of
from schema.loaders.agreement_page import AgreementsOfOrganization
from schema.loaders.agreement_statistics import AgreementStatistics
from schema.loaders.asset_trade import AssetTradesOfOrganization
from schema.loaders.cooperative_page import CooperativesOfOrganization
from schema.loaders.cooperative_statistics import StatisticsOfOrganizations
from schema.loaders.event import EventsOfOrganization
from schema.loaders.household import HouseholdsBelow
from schema.loaders.issue_page import IssuesOfOrganization
from schema.loaders.issue_statistics import IssueStatistics
from schema.loaders.organization import (
    OrganizationAncestors,
    OrganizationById,
    OrganizationFormerNames,
    OrganizationFormerParents,
    OrganizationPredecessors,
    OrganizationRecord,
    OrganizationSuccessors,
)
from schema.loaders.organization_count import (
    CountArguments,
    LevelCount,
    OrganizationDescendantCount,
    OrganizationLevelCounts,
)
from schema.loaders.organization_page import (
    OrganizationChildren,
    OrganizationDescendants,
    OrganizationPage,
    OrganizationTotal,
    TotalArguments,
)
from schema.loaders.organization_statistics import OrganizationStatistics
from schema.loaders.post import PostsOfOrganization
from schema.loaders.staffing import HeldCounts
from schema.loaders.weak_village import WeakVillageOfOrganization
from schema.logbook import TimelineArguments
from schema.market_fields import AssetTradesArguments
from schema.node import Node, kind_of
from schema.organization_measures import OrganizationStatisticsArguments, organization_answer
from schema.paging import Window, window
from schema.part_key import part_key
from schema.reach import PostsArguments
from schema.row_fields import data_kind, id_of
from schema.sources import LevelSource
from schema.staff import staffing_of
from tenants.definition import DataKind, Definition
from tenants.hierarchy import Rung


@dataclass(frozen=True)
class ChildrenArguments:
    """Arguments of `Organization.children`."""

    of_tenant: ClassVar[bool] = True

    first: First = None
    after: After = None
    as_of: AsOf = None

    def checked(self, context: Context, root: Any) -> OrganizationPage:
        """The page asked for."""
        return OrganizationPage(
            as_of=self.as_of or context.today,
            window=window(self.first, self.after),
            historic=self.as_of is not None,
        )


@dataclass(frozen=True)
class DescendantsArguments:
    """Arguments of `Organization.descendants`."""

    level: LevelKey = None
    rung: RungOf = None
    first: First = None
    after: After = None
    as_of: AsOf = None

    def checked(self, context: Context, root: Any) -> OrganizationPage:
        """The page asked for.

        Errors: `CodedError` LEVEL_UNKNOWN.
        """
        return OrganizationPage(
            as_of=self.as_of or context.today,
            window=window(self.first, self.after),
            historic=self.as_of is not None,
            level=known_level(context.registry.by_id[root["tenant_id"]], self.level),
            rung=self.rung,
        )


@dataclass(frozen=True)
class CountedArguments:
    """Arguments of `Organization.descendantCount`."""

    rung: RungOf = None

    def checked(self, context: Context, root: Any) -> CountArguments:
        """The count asked for."""
        return CountArguments(self.rung, context.today)


@dataclass(frozen=True)
class SameArguments:
    """No arguments: the total is of the connection's own filters."""

    def checked(self, context: Context, root: Any) -> TotalArguments:
        """The connection's filters, without its window, so that every page has one total."""
        pages, _ = root.key
        return TotalArguments(pages, replace(root.arguments, window=Window(1)))


def _definition(root: Any, context: Context) -> Definition:
    return context.registry.by_id[root["tenant_id"]]


def _city(root: Any, context: Context) -> Definition | None:
    definition = _definition(root, context)
    return definition if definition.kind == "CITY" else None


def _level(root: Any, context: Context) -> LevelSource:
    return level_of(context, root["tenant_id"], root["level"])


def _level_of_count(root: LevelCount, context: Context) -> LevelSource:
    return level_of(context, root.tenant_id, root.level)


@strawberry.type(
    name="LevelCount", description="某一层级的组织数 | How many organizations a level has."
)
class LevelCountType:
    """Of a `LevelCount`."""

    level: refs.Level = derived(_level_of_count, "层级 | level")
    rung: Rung | None = derived(lambda root: root.rung, "可比层级 | rung")
    count: int = derived(lambda root: root.count, "组织数 | number of organizations")


@strawberry.type(name="FormerName", description="曾用名 | A name that an organization had.")
class FormerNameType:
    """Of a row of `organization_name`."""

    name: str = derived(lambda root: root["name"], "名称 | name")
    valid_to: datetime.date = derived(
        lambda root: root["valid_to"], "使用至(不含)| first day on which it was not its name"
    )
    source: str | None = derived(lambda root: root["source"], "出处文件 | source document")
    assumed: bool = derived(lambda root: root["assumed"], "日期是否为假定 | whether assumed")


@strawberry.type(
    name="FormerParent", description="曾隶属的上级 | An organization that one stood under."
)
class FormerParentType:
    """Of a row of `organization_placement`."""

    organization: "OrganizationType | None" = relation(
        OrganizationById,
        "曾经的上级,空为当时在最上级 | the former parent; null = it stood at the top",
        key=("tenant_id", "parent_id"),
    )
    valid_to: datetime.date = derived(
        lambda root: root["valid_to"], "隶属至(不含)| first day on which it no longer stood there"
    )


@strawberry.type(
    name="Organization",
    description="组织:城市组织树上的任一单位。 | Any unit of a tenant's tree.",
)
class OrganizationType(Node):
    """Of an `OrganizationRecord`."""

    is_type_of = kind_of(OrganizationRecord)

    id: strawberry.ID = id_of("Organization")
    code: str = column("组织编码,在本市内唯一 | code, unique in its tenant")
    name: str = column("名称 | name")
    city: refs.City | None = derived(
        _city, "所属城市;省级组织为空 | city; null for a provincial body", ("tenant_id",)
    )
    level: refs.Level = derived(_level, "层级 | level", ("tenant_id", "level"))
    parent: "OrganizationType | None" = relation(
        OrganizationById, "上级组织 | the organization above", key=("tenant_id", "parent_id")
    )
    ancestors: list["OrganizationType"] = relation(
        OrganizationAncestors,
        "各级上级组织,自上而下 | the organizations above, from the top",
        key=("tenant_id", "path"),
    )
    children: "OrganizationConnection" = relation(
        OrganizationChildren,
        "直接下级,按拼音排序 | the organizations directly below, by pinyin",
        key=("tenant_id", "id"),
        arguments=ChildrenArguments,
    )
    descendants: "OrganizationConnection" = relation(
        OrganizationDescendants,
        "各级下级,可按层级筛选 | all organizations below, by level or rung",
        key=("tenant_id", "path"),
        arguments=DescendantsArguments,
    )
    descendant_count: int = relation(
        OrganizationDescendantCount,
        "下级组织数,可限于某一可比层级 | how many organizations stand below, of one rung or all",
        key=("tenant_id", "path"),
        arguments=CountedArguments,
    )
    descendant_counts: list[LevelCountType] = relation(
        OrganizationLevelCounts,
        "各层级的下级组织数 | how many organizations of each level stand below",
        key=("tenant_id", "path"),
        arguments=Today,
        finish=from_the_top,
    )
    valid_from: datetime.date | None = column("生效日期,空为不详 | first day; null = not known")
    valid_to: datetime.date | None = column(
        "失效日期(不含),空为存续 | first day on which it no longer existed; null = it exists"
    )
    former_names: list[FormerNameType] = relation(
        OrganizationFormerNames, "曾用名 | former names", key=("tenant_id", "id")
    )
    former_parents: list[FormerParentType] = relation(
        OrganizationFormerParents,
        "曾隶属的上级,自早至晚 | the organizations that it stood under, the oldest first",
        key=("tenant_id", "id"),
    )
    successors: list["OrganizationType"] = relation(
        OrganizationSuccessors,
        "继任组织(合并、撤销后)| the organizations that took it over",
        key=("tenant_id", "id"),
    )
    predecessors: list["OrganizationType"] = relation(
        OrganizationPredecessors,
        "前身组织 | the organizations that it took over",
        key=("tenant_id", "id"),
    )
    staffing: list[refs.Staffing] = relation(
        HeldCounts,
        "人员配备:应有、实有、缺额 | its level's staffing rules against who is there",
        key=("tenant_id", "id"),
        columns=("level",),
        arguments=Today,
        finish=staffing_of,
    )
    posts: refs.Posts | None = relation(
        PostsOfOrganization,
        "任职:在本组织任职的人 | the posts that people hold here",
        key=("tenant_id", "id"),
        columns=("path",),
        arguments=PostsArguments,
    )
    issues: refs.Issues | None = relation(
        IssuesOfOrganization,
        "现在位于本组织及其下级的事项(限可查看的)| issues that stand here or below now, as far as "
        "the viewer sees them",
        key=("tenant_id", "path"),
        arguments=IssuesArguments,
    )
    issue_statistics: refs.IssueStatistics = relation(
        IssueStatistics,
        "现在位于本组织及其下级的事项的统计 | statistics of the issues that stand here or "
        "below now",
        key=part_key,
        columns=("tenant_id", "path"),
        arguments=IssueStatisticsArguments,
        finish=issue_answer,
    )
    organization_statistics: refs.OrganizationStatistics = relation(
        OrganizationStatistics,
        "本组织及其下级与其人员配备的统计 | statistics of it and all below it, with their staffing",
        key=part_key,
        columns=("tenant_id", "path"),
        arguments=OrganizationStatisticsArguments,
        finish=organization_answer,
        points=5,
    )
    cooperative_statistics: refs.CooperativeStatistics = relation(
        StatisticsOfOrganizations,
        "由本组织或其下级领办,或在其处的合作社的统计 | statistics of the cooperatives that it or "
        "an organization below it leads, or that work there",
        key=("tenant_id", "path"),
        arguments=CooperativeStatisticsArguments,
        finish=statistics_of_organization,
        points=10,
    )
    cooperatives: refs.Cooperatives = relation(
        CooperativesOfOrganization,
        "由本组织或其下级领办,或在其处的合作社,按编码排列 | cooperatives that it or an "
        "organization below it leads, or that work there, by code",
        key=("tenant_id", "path"),
        arguments=CooperativesArguments,
    )
    households: refs.Households | None = relation(
        HouseholdsBelow,
        "本组织及其下级的农户,逐处按登记先后。须有 READ_PEOPLE 权限 | households here and below, "
        "place by place as they were recorded; needs READ_PEOPLE",
        key=("tenant_id", "path"),
        arguments=HouseholdsArguments,
    )
    agreements: refs.Agreements = relation(
        AgreementsOfOrganization,
        "本组织或其下级为一方的协议(限可查看的),新的在前 | agreements to which it or an "
        "organization below it is a party, as far as the viewer sees them, the newest first",
        key=("tenant_id", "path"),
        arguments=AgreementsOfOrganizationArguments,
    )
    agreement_statistics: refs.AgreementStatistics = relation(
        AgreementStatistics,
        "本组织或其下级为一方的协议的统计 | statistics of the agreements to which it or an "
        "organization below it is a party",
        key=part_key,
        columns=("tenant_id", "path"),
        arguments=AgreementStatisticsArguments,
    )
    asset_trades: refs.AssetTrades = relation(
        AssetTradesOfOrganization,
        "本组织及其下级的集体资产交易,新的在前 | trades of what it and organizations below it own, "
        "the latest first",
        key=("tenant_id", "path"),
        arguments=AssetTradesArguments,
    )
    weak_village: refs.WeakVillage | None = relation(
        WeakVillageOfOrganization,
        "最近一次列为集体经济薄弱村的情况;空为从未列入 | how it stands as a weak village, by its "
        "newest entry; null = it never was listed",
        key=("tenant_id", "id"),
    )
    timeline: refs.Events | None = relation(
        EventsOfOrganization,
        "沿革:设立、更名、划转、合并、撤销、任免,新的在后。与 posts 同,须有 READ_PEOPLE 权限;"
        "公开的沿革见 formerNames、formerParents、successors | what happened, the newest last; "
        "needs READ_PEOPLE, as posts do; what is public of it is in formerNames, formerParents and "
        "successors",
        key=("tenant_id", "id"),
        columns=("path",),
        arguments=TimelineArguments,
    )
    data_kind: DataKind = data_kind()
    source: str | None = column("出处 | source")
    assumed: bool = column("其位置或日期是否含假定 | whether its place or dates are assumed")


@strawberry.type(name="OrganizationEdge", description="组织的边 | An edge of organizations.")
class OrganizationEdge:
    """Of a cursor and an `OrganizationRecord`."""

    cursor: str = edge_cursor()
    node: OrganizationType = edge_node()


@strawberry.type(name="OrganizationConnection", description="组织分页 | A page of organizations.")
class OrganizationConnection:
    """Of a `Slice`."""

    edges: list[OrganizationEdge] = edges()
    nodes: list[OrganizationType] = nodes()
    page_info: PageInfo = page_info()

    total_count: int = relation(
        OrganizationTotal,
        "总数(另需一条 SQL)| how many in all (one more SQL statement)",
        key=lambda root: root.key[1],
        arguments=SameArguments,
    )
