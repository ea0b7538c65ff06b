"""What tenants declare of cooperatives and agreements: shared words, books, alliances, ways."""

from typing import Any

import strawberry

from schema.fields import derived
from tenants.cooperation import CooperativeMeasure


def _assumed() -> Any:
    return derived(lambda root: root.is_assumed, "整项是否为假定 | whether assumed as a whole")


def _assumed_keys() -> Any:
    return derived(
        lambda root: list(root.assumed_keys),
        "其中属于假定的键 | keys that are assumptions in a stated word",
    )


def _source() -> Any:
    return derived(lambda root: root.source, "出处文件 | source document")


@strawberry.type(
    name="Industry",
    description="产业:全省共同词汇中的一个词,合作社与企业按此对照。 | A word of the province's "
    "vocabulary for what cooperatives and enterprises do.",
)
class IndustryType:
    """Of an `Industry`."""

    key: str = derived(lambda root: root.key, "产业键 | key")
    name: str = derived(lambda root: root.name, "名称,如中药材 | name")
    assumed: bool = _assumed()
    assumed_keys: list[str] = _assumed_keys()
    source: str | None = _source()


@strawberry.type(
    name="Dimension",
    description="联建维度:全省共同词汇中的一个词,如“产业”。 | A word of the province's vocabulary "
    "for what pairing agreements are about.",
)
class DimensionType:
    """Of a `Dimension`."""

    key: str = derived(lambda root: root.key, "维度键 | key")
    name: str = derived(lambda root: root.name, "名称,如产业 | name")
    assumed: bool = _assumed()
    assumed_keys: list[str] = _assumed_keys()
    source: str | None = _source()


@strawberry.type(
    name="AllianceKind",
    description="联盟的种类,由各市自定,如街道大工委。 | A kind of alliance of many members, by the "
    "city's own name.",
)
class AllianceKindType:
    """Of an `AllianceKind`."""

    key: str = derived(lambda root: root.key, "联盟种类键 | key")
    name: str = derived(lambda root: root.name, "名称,如街道大工委 | name")
    assumed: bool = _assumed()
    source: str | None = _source()


@strawberry.type(
    name="JointWay",
    description="联动方式,由各市自定,如朝阳市“五联”之一。 | One of the city's declared ways in "
    "which members of alliances work together.",
)
class JointWayType:
    """Of a `JointWay`."""

    key: str = derived(lambda root: root.key, "联动方式键 | key")
    name: str = derived(lambda root: root.name, "名称,如民生服务联抓 | name")
    assumed: bool = _assumed()
    source: str | None = _source()


@strawberry.type(
    name="Cooperation",
    description="城市如何登记合作社,有哪些联盟种类与联动方式。 | How a city keeps its books on "
    "cooperatives, and which kinds of alliances and ways of working together it has.",
)
class CooperationType:
    """Of a `Cooperation`."""

    records: list[CooperativeMeasure] = derived(
        lambda root: list(root.cooperatives.records),
        "本市记录的指标;其余在统计中注明未记录,也不接受登记 | measures that it records; others "
        "are named as not recorded in statistics, and refused",
    )
    several_memberships: bool = derived(
        lambda root: root.cooperatives.several_memberships,
        "一户可否同时加入多个合作社 | whether a household may be in several at once",
    )
    assumed: bool = derived(
        lambda root: root.cooperatives.is_assumed,
        "记录哪些指标整项是否为假定 | whether what it records is assumed as a whole",
    )
    assumed_keys: list[str] = derived(
        lambda root: list(root.cooperatives.assumed_keys),
        "其中属于假定的键 | keys that are assumptions in books that a document states",
    )
    source: str | None = derived(
        lambda root: root.cooperatives.source,
        "记录哪些指标的出处文件 | source document of what it records",
    )
    alliances: list[AllianceKindType] = derived(
        lambda root: list(root.alliances), "联盟的种类 | kinds of alliances"
    )
    ways: list[JointWayType] = derived(
        lambda root: list(root.ways), "联动方式,如“五联” | ways of working together"
    )
