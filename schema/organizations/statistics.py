"""Statistics of organizations: rows by what is asked for, and their total."""

import datetime
from typing import Any

import strawberry

from schema import refs
from schema.fields import derived
from schema.organization_measures import OrganizationSums
from tenants.hierarchy import Rung


def _count(name: str, description: str) -> Any:
    return derived(lambda root: getattr(root, name), description)


def _staffed(root: OrganizationSums) -> float | None:
    return (root.required - root.gap) / root.required if root.required else None


@strawberry.type(
    name="OrganizationMeasures",
    description="组织与人员配备的指标,处处相同,均以今天为准 | Measures of organizations and of who "
    "holds their posts, the same everywhere, as they are today.",
)
class OrganizationMeasuresType:
    """Of `OrganizationSums`."""

    organizations: int = _count(
        "organizations",
        "存续的组织数;按岗位分行时为 0 | organizations that exist; 0 in rows by post, which count "
        "posts alone",
    )
    held: int = _count("held", "在任人次(一人多岗各计一次)| posts that are filled")
    full_time: int = _count("full_time", "其中专职岗位的 | filled posts that are full-time")
    part_time: int = _count("part_time", "其中兼职岗位的 | filled posts that are part-time")
    agents: int = _count("agents", "其中代办员 | filled posts whose role is AGENT")
    grid_workers: int = _count(
        "grid_workers", "其中网格员等 | filled posts whose role is GRID_WORKER"
    )
    required: int = _count(
        "required",
        "配备标准应有人数之和;没有标准的层级与岗位不计 | holders that rules of staffing ask for; "
        "levels and posts without a rule add none",
    )
    gap: int = _count(
        "gap",
        "缺额:逐个组织、逐项标准的缺额之和,一处多出不抵他处 | missing holders, organization by "
        "organization and rule by rule; a surplus elsewhere does not count",
    )
    short: int = _count(
        "short",
        "有缺额的(组织、标准)数 | pairs of an organization and a rule that it falls short of",
    )
    staffed_rate: float | None = derived(
        _staffed,
        "配备率 =(required − gap)÷ required;没有标准为空 | (required − gap) / required; null where "
        "required is 0",
    )


@strawberry.type(
    name="OrganizationStatisticsRow",
    description="统计的一行;未要求的维度为空 | A row; dimensions that are not asked for are null.",
)
class OrganizationStatisticsRowType:
    """Of an `OrganizationStatisticsRow`."""

    city: refs.City | None = derived(
        lambda root: root.city,
        "城市;按层级或岗位分行时也有 | city; also where rows are by level or post",
    )
    rung: Rung | None = derived(
        lambda root: root.rung,
        "可比层级;没有可比层级的单列一行、为空 | rung; null also of the "
        "row of levels that have none",
    )
    level: refs.Level | None = derived(
        lambda root: root.level,
        "层级;已不在定义中的为空 | level; null also of one that the city has no more",
    )
    post: refs.PostKind | None = derived(
        lambda root: root.post,
        "岗位种类;已不在定义中的为空 | kind of post; null also of one that the city has no more",
    )
    measures: OrganizationMeasuresType = derived(lambda root: root.sums, "指标 | measures")


@strawberry.type(
    name="OrganizationStatistics",
    description="组织统计:组织数与人员配备 | Statistics of organizations and their staffing.",
)
class OrganizationStatisticsType:
    """Of an `OrganizationStatistics`."""

    rows: list[OrganizationStatisticsRowType] = derived(
        lambda root: root.rows,
        "各行,按城市代码、可比层级、层级、岗位的先后 | rows, in order of what they are broken down "
        "by",
    )
    total: OrganizationMeasuresType = derived(lambda root: root.total, "合计 | total")
    unranked: int = derived(
        lambda root: root.unranked,
        "所属层级没有可比层级的组织数 | organizations of levels that have no rung, which do not "
        "compare across cities",
    )
    as_of: datetime.datetime = derived(lambda root: root.as_of, "截至 | as it was at this moment")
