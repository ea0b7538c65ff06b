"""A province: its cities side by side, its own bodies, and the shared vocabulary."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import strawberry

from schema import refs
from schema.agreement_statistics import AgreementStatisticsArguments
from schema.arguments import FiguresArguments, OrganizationsArguments
from schema.context import Context
from schema.cooperative_measures import (
    CooperativeStatisticsArguments,
    statistics_of_tenants,
)
from schema.fields import derived, relation
from schema.ids import GlobalId
from schema.issue_measures import issue_answer
from schema.issue_statistics import IssueStatisticsArguments
from schema.loaders.agreement_statistics import AgreementStatistics
from schema.loaders.cooperative_statistics import StatisticsOfTenants
from schema.loaders.figure import FiguresOfTenants
from schema.loaders.issue_statistics import IssueStatistics
from schema.loaders.organization_page import OrganizationsOfTenant
from schema.loaders.organization_statistics import (
    LevelCell,
    OrganizationCells,
    OrganizationCounts,
    OrganizationStatistics,
)
from schema.loaders.staffing import StaffingTotals
from schema.node import Node
from schema.organization_measures import OrganizationStatisticsArguments, organization_answer
from schema.part_key import part_key
from schema.sources import LevelSource, levels_of, post_kinds_of, workflows_of
from schema.staff import ProvinceStaffingArguments
from tenants.definition import Definition, Province
from tenants.hierarchy import Rung


@dataclass(frozen=True)
class CityCount:
    """How many organizations of a rung a city has, at which of its levels."""

    city: Definition
    count: int
    levels: tuple[LevelSource, ...]


@dataclass(frozen=True)
class RungSummary:
    """A rung over the cities of a province; rung None sums up the levels without one."""

    rung: Rung | None
    name: str | None
    cities: tuple[CityCount, ...]
    without: tuple[Definition, ...]


@strawberry.type(name="CityCount", description="某市在某一可比层级的组织数 | A city's count.")
class CityCountType:
    """Of a `CityCount`."""

    city: refs.City = derived(lambda root: root.city, "城市 | city")
    count: int = derived(lambda root: root.count, "组织数 | number of organizations")
    levels: list[refs.Level] = derived(
        lambda root: list(root.levels), "该市的对应层级 | the city's levels that it counts"
    )


@strawberry.type(
    name="RungSummary",
    description="可比层级汇总;rung 为空的一项列出不可比的层级。 | "
    "A rung over all cities; the one without rung names the levels that do not compare.",
)
class RungSummaryType:
    """Of a `RungSummary`."""

    rung: Rung | None = derived(lambda root: root.rung, "可比层级 | rung; null = levels without")
    name: str | None = derived(lambda root: root.name, "本省对该层级的称呼 | the province's name")
    total: int = derived(
        lambda root: sum(city.count for city in root.cities), "合计 | total of the cities"
    )
    cities: list[CityCountType] = derived(
        lambda root: list(root.cities), "有此层级的城市 | cities that have such a level"
    )
    without: list[refs.City] = derived(
        lambda root: list(root.without), "没有此层级的城市 | cities that have no such level"
    )


def summaries(
    vocabulary: Province, cities: Sequence[Definition], cells: Sequence[LevelCell]
) -> list[RungSummary]:
    """Counts by level, set side by side by rung; the levels without a rung come last."""
    names = {item.rung: item.name for item in vocabulary.rungs}
    found = Counter(
        {(item.tenant_id, item.level): item.organizations for item in cells if not item.post}
    )
    used = {level.rung for city in cities for level in city.hierarchy}
    rungs: list[Rung | None] = [rung for rung in Rung if rung in used]
    summaries = []
    for rung in [*rungs, None] if None in used else rungs:
        levels = {
            city.tenant_id: [level for level in city.hierarchy if level.rung == rung]
            for city in cities
        }
        having = tuple(
            CityCount(
                city,
                sum(found[city.tenant_id, level.key] for level in levels[city.tenant_id]),
                tuple(LevelSource(city, level) for level in levels[city.tenant_id]),
            )
            for city in cities
            if levels[city.tenant_id]
        )
        lacking = tuple(city for city in cities if not levels[city.tenant_id])
        name = names.get(rung) if rung is not None else None
        summaries.append(RungSummary(rung, name, having, lacking))
    return summaries


def _id(root: Definition) -> strawberry.ID:
    return strawberry.ID(str(GlobalId("Province", root.tenant_id)))


def _cities(root: Definition, context: Context) -> list[Definition]:
    return [
        city for city in context.registry.cities_of(root) if context.scope.permits(city.tenant_id)
    ]


def _city_ids(root: Definition, context: Context) -> tuple[int, ...]:
    return tuple(city.tenant_id for city in context.registry.cities_of(root))


@dataclass(frozen=True)
class LevelsArguments:
    """No arguments: all levels, on the operation's day."""

    def checked(self, context: Context, root: Definition) -> OrganizationCounts:
        """The day."""
        return OrganizationCounts(context.today)


def _summaries(found: OrganizationCells, root: Definition, context: Context) -> list[RungSummary]:
    return summaries(context.registry.vocabulary(root), _cities(root, context), found.cells)


def _figure_holders(root: Definition, context: Context) -> tuple[int, ...]:
    return (root.tenant_id, *_city_ids(root, context))


@strawberry.type(
    name="Province",
    description="省:并列各市,且有自己的省级组织。 | A province: its cities side by side.",
)
class ProvinceType(Node):
    """Of a `Definition` whose kind is PROVINCE."""

    @classmethod
    def is_type_of(cls, value: object, info: object) -> bool:
        """Cities are definitions too."""
        return isinstance(value, Definition) and value.kind == "PROVINCE"

    id: strawberry.ID = derived(_id, "全局编号 | global id")
    code: str = derived(lambda root: root.tenant.code, "六位区划代码 | six-digit code")
    slug: str = derived(lambda root: root.tenant.slug, "网址名,如 liaoning | slug")
    name: str = derived(lambda root: root.tenant.name, "名称,如辽宁省 | name")
    cities: list[refs.City] = derived(_cities, "所辖城市 | cities, in order of code")
    levels: list[refs.Level] = derived(levels_of, "省级租户自己的层级 | its own levels")
    post_kinds: list[refs.PostKind] = derived(
        post_kinds_of, "省级租户自己的岗位种类 | its own kinds of posts"
    )
    workflows: list[refs.Workflow] = derived(workflows_of, "省级自己的流程 | its own workflows")
    definition: refs.TenantDefinition = derived(
        lambda root: root, "生效的定义及每项的出处 | the definition in force, value by value"
    )
    organizations: refs.Organizations = relation(
        OrganizationsOfTenant,
        "省级组织 | the provincial tenant's own organizations",
        key=lambda root: (root.tenant_id,),
        arguments=OrganizationsArguments,
    )
    rungs: list[RungSummaryType] = relation(
        OrganizationStatistics,
        "各可比层级的组织数:合计与分市;不可比的层级单列 | organizations a rung: total and by city",
        key=part_key,
        arguments=LevelsArguments,
        finish=_summaries,
    )
    staffing: list[refs.StaffingTotal] = relation(
        StaffingTotals,
        "各市人员配备合计,逐项标准 | staffing of its cities, rule by rule",
        key=_city_ids,
        arguments=ProvinceStaffingArguments,
    )
    service_domains: list[refs.ServiceDomain] = derived(
        lambda root: root.tenant.domains, "全省服务领域 | the shared service domains"
    )
    issue_statistics: refs.IssueStatistics = relation(
        IssueStatistics,
        "各市事项统计 | statistics of the issues of its cities",
        key=part_key,
        arguments=IssueStatisticsArguments,
        finish=issue_answer,
    )
    organization_statistics: refs.OrganizationStatistics = relation(
        OrganizationStatistics,
        "各市组织与人员配备的统计 | statistics of its cities' organizations and their staffing",
        key=part_key,
        arguments=OrganizationStatisticsArguments,
        finish=organization_answer,
        points=10,
    )
    cooperative_statistics: refs.CooperativeStatistics = relation(
        StatisticsOfTenants,
        "各市合作社统计 | statistics of the cooperatives of its cities",
        key=_city_ids,
        arguments=CooperativeStatisticsArguments,
        finish=statistics_of_tenants,
        points=50,
    )
    industries: list[refs.Industry] = derived(
        lambda root: root.tenant.industries, "全省产业词汇 | the shared words for industries"
    )
    dimensions: list[refs.Dimension] = derived(
        lambda root: root.tenant.dimensions,
        "全省联建维度 | the shared dimensions of pairing agreements",
    )
    agreement_statistics: refs.AgreementStatistics = relation(
        AgreementStatistics,
        "各市协议的统计 | statistics of its cities' agreements",
        key=part_key,
        arguments=AgreementStatisticsArguments,
    )
    figures: refs.Figures = relation(
        FiguresOfTenants,
        "各市与省级机关的报道数字 | reported figures of its cities and bodies",
        key=_figure_holders,
        arguments=FiguresArguments,
    )
