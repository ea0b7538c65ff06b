"""A city, as the graph shows it."""

from dataclasses import dataclass
from typing import Annotated

import strawberry

from schema import refs
from schema.agreement_filters import AgreementArguments, AgreementsArguments, agreement_key
from schema.agreement_statistics import AgreementStatisticsArguments
from schema.arguments import FiguresArguments, OrganizationsArguments, Today
from schema.context import Context, foreign
from schema.cooperative_filters import CooperativesArguments
from schema.cooperative_measures import (
    CooperativeStatisticsArguments,
    statistics_of_tenants,
)
from schema.fields import derived, guarded, relation
from schema.ids import GlobalId
from schema.issue_filters import IssuesArguments
from schema.issue_measures import issue_answer
from schema.issue_reach import IssueArguments, followed, issue_key
from schema.issue_statistics import IssueStatisticsArguments
from schema.levels import from_the_top
from schema.loaders.agreement import AgreementById
from schema.loaders.agreement_page import AgreementsOfTenant
from schema.loaders.agreement_statistics import AgreementStatistics
from schema.loaders.asset_trade import AssetTradesOfTenant
from schema.loaders.cooperative import CooperativeByCode
from schema.loaders.cooperative_page import CooperativesOfTenant
from schema.loaders.cooperative_statistics import StatisticsOfTenants
from schema.loaders.data_kind import TenantDataKinds
from schema.loaders.enterprise import EnterpriseByCode, EnterprisesOfTenant
from schema.loaders.event import EventsOfTenant
from schema.loaders.figure import FiguresOfTenants
from schema.loaders.issue import IssueByNumber
from schema.loaders.issue_page import IssuesOfTenant
from schema.loaders.issue_statistics import IssueStatistics
from schema.loaders.matching_event import MatchingEventsOfTenant
from schema.loaders.organization import OrganizationByCode
from schema.loaders.organization_count import OrganizationLevelCounts
from schema.loaders.organization_page import OrganizationsOfTenant
from schema.loaders.organization_statistics import OrganizationStatistics
from schema.loaders.person import PeopleOfTenant
from schema.loaders.posting import PostingsOfTenant
from schema.loaders.staffing import StaffingGaps, StaffingTotals
from schema.loaders.weak_village import WeakVillagesOfTenant
from schema.logbook import AuditArguments
from schema.market_fields import (
    AssetTradesArguments,
    CityPostingsArguments,
    EnterpriseCodeArguments,
    EnterprisesArguments,
    MatchingEventsArguments,
    WeakVillagesArguments,
)
from schema.node import Node
from schema.organization_measures import OrganizationStatisticsArguments, organization_answer
from schema.part_key import part_key
from schema.reach import PeopleArguments, found_people
from schema.sources import CatalogueSource, levels_of, post_kinds_of, workflows_of
from schema.staff import GapsArguments, StaffingTotalsArguments
from tenants.definition import DataKind, Definition


def _id(root: Definition) -> strawberry.ID:
    return strawberry.ID(str(GlobalId("City", root.tenant_id)))


def _province(root: Definition, context: Context) -> Definition:
    return context.registry.province_of(root)


@dataclass(frozen=True)
class CodeArguments:
    """Arguments of `City.organization`: they make the key, not the loader's arguments."""

    code: Annotated[strawberry.ID, strawberry.argument(description="组织编码 | code")]


@dataclass(frozen=True)
class CooperativeCodeArguments:
    """Arguments of `City.cooperative`: they make the key, not the loader's arguments."""

    code: Annotated[strawberry.ID, strawberry.argument(description="合作社编码 | code")]


def _demand_scope(root: Definition, context: Context) -> None:
    if not context.scope.permits(root.tenant_id):  # asked for every field: nothing more than this
        raise foreign(root.tenant_id)


@strawberry.type(
    name="City",
    description="城市:一个租户,有自己的层级、目录与流程。作为协议另一方而不在令牌之内的,只可取 id、"
    "code、slug、name。 | A city: a tenant of its own ways. Of another party's one that the token "
    "does not open id, code, slug and name alone.",
)
@guarded(_demand_scope, but=frozenset({"id", "code", "slug", "name"}))
class CityType(Node):
    """Of a `Definition` whose kind is CITY."""

    @classmethod
    def is_type_of(cls, value: object, info: object) -> bool:
        """Provinces are definitions too."""
        return isinstance(value, Definition) and value.kind == "CITY"

    id: strawberry.ID = derived(_id, "全局编号 | global id")
    code: str = derived(lambda root: root.tenant.code, "六位区划代码 | six-digit code")
    slug: str = derived(lambda root: root.tenant.slug, "网址名,如 fushun | slug")
    name: str = derived(lambda root: root.tenant.name, "名称,如抚顺市 | name")
    province: refs.Province = derived(_province, "所属省份 | province")
    depth: int = derived(
        lambda root: root.hierarchy.depth,
        "级数:最长的层级链(仅数计入级数的层级)| levels on the longest chain, counted ones only",
    )
    levels: list[refs.Level] = derived(levels_of, "层级,自上而下 | levels, from the top")
    post_kinds: list[refs.PostKind] = derived(post_kinds_of, "岗位种类 | kinds of posts")
    catalogue: refs.Catalogue = derived(CatalogueSource, "服务目录 | service catalogue")
    workflows: list[refs.Workflow] = derived(workflows_of, "办理流程 | workflows")
    definition: refs.TenantDefinition = derived(
        lambda root: root, "生效的定义及每项的出处 | the definition in force, value by value"
    )
    data_kinds: list[DataKind] = relation(
        TenantDataKinds,
        "含有哪些种类的数据 | which kinds of data it holds",
        key=lambda root: (root.tenant_id,),
    )
    organization: refs.Organization | None = relation(
        OrganizationByCode,
        "按编码取组织 | the organization with a code",
        key=lambda root, context, arguments: (root.tenant_id, str(arguments.code)),
        arguments=CodeArguments,
    )
    organizations: refs.Organizations = relation(
        OrganizationsOfTenant,
        "组织,按拼音排序;搜索时先列最相近的 | organizations by pinyin; nearest first in a search",
        key=lambda root: (root.tenant_id,),
        arguments=OrganizationsArguments,
    )
    organization_counts: list[refs.LevelCount] = relation(
        OrganizationLevelCounts,
        "各层级的组织数 | how many organizations each level has",
        key=lambda root: (root.tenant_id, "/"),
        arguments=Today,
        finish=from_the_top,
    )
    staffing: list[refs.StaffingTotal] = relation(
        StaffingTotals,
        "人员配备合计,逐项标准 | staffing, rule by rule",
        key=lambda root: (root.tenant_id,),
        arguments=StaffingTotalsArguments,
    )
    staffing_gaps: refs.StaffingGaps = relation(
        StaffingGaps,
        "缺额清单,按组织树排列 | organizations that lack holders, in order of the tree",
        key=lambda root: (root.tenant_id,),
        arguments=GapsArguments,
    )
    people: refs.People | None = relation(
        PeopleOfTenant,
        "任职或曾任职的人员(限可查看的组织,不按姓名排列)| people within reach who hold or "
        "held a post, never in order of name",
        key=lambda root: (root.tenant_id,),
        arguments=PeopleArguments,
        finish=found_people,
    )
    audit_events: refs.Events | None = relation(
        EventsOfTenant,
        "日志全部事件,新的在后;须有 READ_AUDIT 权限 | every event, the newest last; needs "
        "READ_AUDIT",
        key=lambda root: (root.tenant_id,),
        arguments=AuditArguments,
    )
    issue: refs.Issue | None = relation(
        IssueByNumber,
        "按编号取事项;没有或不可查看为空 | the issue with a number; null where there is none, or "
        "not for the viewer",
        key=issue_key,
        arguments=IssueArguments,
        finish=followed,
    )
    issues: refs.Issues | None = relation(
        IssuesOfTenant,
        "事项(限可查看的),可筛选、排序 | issues, as far as the viewer sees them",
        key=lambda root: (root.tenant_id,),
        arguments=IssuesArguments,
    )
    cooperation: refs.Cooperation = derived(
        lambda root: root.cooperation,
        "本市的合作社台账、联盟种类与联动方式 | its books on cooperatives, kinds of alliances and "
        "ways of working together",
    )
    cooperative: refs.Cooperative | None = relation(
        CooperativeByCode,
        "按编码取合作社,含已解散的 | the cooperative with a code, also a dissolved one",
        key=lambda root, context, arguments: (root.tenant_id, str(arguments.code)),
        arguments=CooperativeCodeArguments,
    )
    organization_statistics: refs.OrganizationStatistics = relation(
        OrganizationStatistics,
        "组织与人员配备的统计 | statistics of its organizations and their staffing",
        key=part_key,
        arguments=OrganizationStatisticsArguments,
        finish=organization_answer,
        points=5,
    )
    cooperative_statistics: refs.CooperativeStatistics = relation(
        StatisticsOfTenants,
        "合作社统计 | statistics of cooperatives",
        key=lambda root: (root.tenant_id,),
        arguments=CooperativeStatisticsArguments,
        finish=statistics_of_tenants,
        points=10,
    )
    cooperatives: refs.Cooperatives = relation(
        CooperativesOfTenant,
        "合作社,按编码排列,可筛选 | cooperatives by code, filtered",
        key=lambda root: (root.tenant_id,),
        arguments=CooperativesArguments,
    )
    enterprise: refs.Enterprise | None = relation(
        EnterpriseByCode,
        "按编码取企业,含已退出目录的 | the enterprise with a code, also one that has left",
        key=lambda root, context, arguments: (root.tenant_id, str(arguments.code)),
        arguments=EnterpriseCodeArguments,
    )
    enterprises: refs.Enterprises = relation(
        EnterprisesOfTenant,
        "合作企业目录(“社企联盟”),按名称排列 | the directory of enterprises that work with "
        "cooperatives, by name",
        key=lambda root: (root.tenant_id,),
        arguments=EnterprisesArguments,
    )
    postings: refs.Postings = relation(
        PostingsOfTenant,
        "供需信息,新的在前 | supply and demand, the newest first",
        key=lambda root: (root.tenant_id,),
        arguments=CityPostingsArguments,
    )
    matching_events: refs.MatchingEvents = relation(
        MatchingEventsOfTenant,
        "对接会,新的在前 | matching events, the latest first",
        key=lambda root: (root.tenant_id,),
        arguments=MatchingEventsArguments,
    )
    asset_trades: refs.AssetTrades = relation(
        AssetTradesOfTenant,
        "农村集体资产交易,新的在前 | trades of collective assets, the latest first",
        key=lambda root: (root.tenant_id,),
        arguments=AssetTradesArguments,
    )
    weak_villages: refs.WeakVillages = relation(
        WeakVillagesOfTenant,
        "集体经济薄弱村,按列入先后 | villages whose collective economy is weak, in order of "
        "listing",
        key=lambda root: (root.tenant_id,),
        arguments=WeakVillagesArguments,
    )
    issue_statistics: refs.IssueStatistics = relation(
        IssueStatistics,
        "事项统计 | statistics of its issues",
        key=part_key,
        arguments=IssueStatisticsArguments,
        finish=issue_answer,
    )
    agreement: refs.Agreement | None = relation(
        AgreementById,
        "按编号取协议(本市的一份);没有或不可查看为空 | the city's copy of an agreement; null where "
        "there is none, or not for the viewer",
        key=agreement_key,
        arguments=AgreementArguments,
    )
    agreements: refs.Agreements = relation(
        AgreementsOfTenant,
        "协议(限可查看的),新的在前,可筛选 | agreements as far as the viewer sees them, the newest "
        "first, filtered",
        key=lambda root: (root.tenant_id,),
        arguments=AgreementsArguments,
    )
    agreement_statistics: refs.AgreementStatistics = relation(
        AgreementStatistics,
        "协议统计 | statistics of its agreements",
        key=part_key,
        arguments=AgreementStatisticsArguments,
    )
    figures: refs.Figures = relation(
        FiguresOfTenants,
        "报道数字 | reported figures",
        key=lambda root: (root.tenant_id,),
        arguments=FiguresArguments,
    )
