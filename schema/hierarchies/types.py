"""A city's levels, its kinds of posts, and how many of them its organizations should have."""

import strawberry

from schema.fields import derived
from schema.sources import LevelSource, PostKindSource, StaffingSource, supported
from tenants.hierarchy import Rung
from tenants.posts import Employment
from tenants.roles import Role


def _held_at(root: PostKindSource) -> list[LevelSource]:
    hierarchy = root.definition.hierarchy
    return [LevelSource(root.definition, hierarchy[key]) for key in root.kind.levels]


@strawberry.type(
    name="PostKind",
    description="岗位种类,如“专职网格员”,由各市自定。 | A kind of post, by the city's own name.",
)
class PostKindType:
    """Of a `PostKindSource`."""

    key: str = derived(lambda root: root.kind.key, "岗位键,稳定不变 | key, stable for ever")
    name: str = derived(lambda root: root.kind.name, "岗位名称 | the city's own name")
    role: Role | None = derived(
        lambda root: root.kind.role,
        "任职者在本组织及其下级的角色,空为无 | "
        "role of a holder in the organization's subtree; null = none",
    )
    employment: Employment | None = derived(
        lambda root: root.kind.employment,
        "专职或兼职;不分或未载明为空 | full-time or part-time; null = neither, or not stated",
    )
    single: bool = derived(
        lambda root: root.kind.single,
        "同一组织同时至多一人 | at most one holder an organization at a time",
    )
    levels: list["LevelType"] = derived(
        _held_at, "可任职的层级,空为不限 | levels where it may be held; none = any"
    )
    assumed: bool = derived(
        lambda root: root.kind.is_assumed, "整项是否为假定 | whether assumed as a whole"
    )
    assumed_keys: list[str] = derived(
        lambda root: list(root.kind.assumed_keys),
        "其中属于假定的键 | keys that are assumptions in a stated kind",
    )
    source: str | None = derived(lambda root: root.kind.source, "出处文件 | source document")


def _post(root: StaffingSource) -> PostKindSource:
    return PostKindSource(root.definition, root.definition.posts[root.rule.post])


@strawberry.type(
    name="StaffingRule",
    description="配备标准,如“1专2兼”。 | How many holders of a post an organization should have.",
)
class StaffingRuleType:
    """Of a `StaffingSource`."""

    post: PostKindType = derived(_post, "岗位种类 | kind of the post")
    name: str = derived(lambda root: _post(root).kind.name, "岗位名称 | name of the post")
    required: int = derived(lambda root: root.rule.required, "每个组织应有人数 | holders required")
    assumed: bool = derived(
        lambda root: supported(root.rule, root.level)[1],
        "整项是否为假定 | whether assumed as a whole",
    )
    assumed_keys: list[str] = derived(
        lambda root: list(root.rule.assumed_keys),
        "其中属于假定的键 | keys that are assumptions in a stated rule",
    )
    source: str | None = derived(
        lambda root: supported(root.rule, root.level)[0], "出处文件 | source document"
    )


def _under(root: LevelSource) -> list[LevelSource]:
    hierarchy = root.definition.hierarchy
    return [LevelSource(root.definition, hierarchy[key]) for key in root.level.under]


def _staffing(root: LevelSource) -> list[StaffingSource]:
    return [StaffingSource(root.definition, root.level, rule) for rule in root.level.staffing]


def _depth(root: LevelSource) -> int:
    return root.definition.hierarchy.depths[root.level.key]


def _assumed_keys(root: LevelSource) -> list[str]:
    return list(root.level.assumed_keys)


@strawberry.type(
    name="Level", description="层级:城市自己的名称与隶属关系。 | A level, by the city's own name."
)
class LevelType:
    """Of a `LevelSource`."""

    key: str = derived(lambda root: root.level.key, "层级键,稳定不变 | key, stable for ever")
    name: str = derived(lambda root: root.level.name, "层级名称 | the city's own name")
    rung: Rung | None = derived(
        lambda root: root.level.rung, "省级可比层级,空为不可比 | comparable kind; null = none"
    )
    depth: int = derived(
        _depth,
        "第几级(自上而下,仅数计入级数的层级;0 为不计入的上层)| "
        "place in the city's chain from the top, counted levels only; 0 = above the chain",
    )
    counted: bool = derived(
        lambda root: root.level.counted, "是否计入级数 | whether it counts in the city's depth"
    )
    under: list["LevelType"] = derived(_under, "可隶属的层级 | levels it may stand under")
    staffing: list[StaffingRuleType] = derived(_staffing, "配备标准 | staffing rules")
    assumed: bool = derived(
        lambda root: root.level.is_assumed, "整项是否为假定 | whether assumed as a whole"
    )
    assumed_keys: list[str] = derived(
        _assumed_keys, "其中属于假定的键 | keys that are assumptions in a stated level"
    )
    source: str | None = derived(lambda root: root.level.source, "出处文件 | source document")
