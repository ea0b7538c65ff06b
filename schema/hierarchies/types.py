"""A city's levels and staffing rules."""

import strawberry

from schema.fields import derived
from schema.sources import LevelSource
from tenants.hierarchy import Rung, StaffingRule


@strawberry.type(
    name="StaffingRule",
    description="配备标准,如“1专2兼”。 | How many holders of a post an organization should have.",
)
class StaffingRuleType:
    """Of a `StaffingRule`."""

    post: str = derived(lambda root: root.post, "岗位键 | key of the post")
    name: str = derived(lambda root: root.name, "岗位名称 | name of the post")
    required: int = derived(lambda root: root.required, "每个组织应有人数 | holders required")
    assumed: bool = derived(lambda root: root.is_assumed, "是否为假定 | whether assumed")
    source: str | None = derived(lambda root: root.source, "出处文件 | source document")


def _under(root: LevelSource) -> list[LevelSource]:
    hierarchy = root.definition.hierarchy
    return [LevelSource(root.definition, hierarchy[key]) for key in root.level.under]


def _staffing(root: LevelSource) -> list[StaffingRule]:
    return root.level.staffing


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
