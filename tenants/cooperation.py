"""What a tenant declares about cooperatives, pairing agreements and alliances."""

from enum import StrEnum

from pydantic import Field

from tenants.provenance import Declared, Stated


class CooperativeMeasure(StrEnum):
    """What a city may record of its cooperatives; 户 and 人 are two measures, never added."""

    HOUSEHOLDS = "HOUSEHOLDS"
    PEOPLE = "PEOPLE"
    REVENUE = "REVENUE"
    COLLECTIVE_INCOME = "COLLECTIVE_INCOME"
    HOUSEHOLD_GAIN = "HOUSEHOLD_GAIN"
    ONLINE_SALES = "ONLINE_SALES"
    JOBS = "JOBS"
    DEALS = "DEALS"
    ASSET_TRADES = "ASSET_TRADES"


class Industry(Stated):
    """A word of the province's shared vocabulary for what cooperatives do."""

    key: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="产业键 | key")
    name: str = Field(min_length=1, description="产业名称 | name")


class Dimension(Stated):
    """A dimension of pairing agreements, of the province's shared vocabulary."""

    key: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="维度键 | key")
    name: str = Field(min_length=1, description="维度名称,如产业 | name")


class AllianceKind(Stated):
    """A kind of alliance of many members that a city has, such as 大工委."""

    key: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="联盟种类键 | key")
    name: str = Field(min_length=1, description="联盟种类名称,如街道大工委 | name")


class JointWay(Stated):
    """One of the declared ways in which members of alliances work together (五联)."""

    key: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="联动方式键 | key")
    name: str = Field(min_length=1, description="联动方式名称,如民生服务联抓 | name")


RECORDED = tuple(measure for measure in CooperativeMeasure if measure != "PEOPLE")


class CooperativeRules(Stated):
    """How a city keeps its books on cooperatives."""

    records: list[CooperativeMeasure] = Field(
        default_factory=lambda: list(RECORDED),
        description="本市记录的指标;未列的在统计中注明未记录,也不接受登记 | measures that the city "
        "records; others are named as not recorded, and refused",
    )
    several_memberships: bool = Field(
        False,
        strict=True,
        description="一户可否同时加入多个合作社 | whether a household may be in several at once",
    )


class Cooperation(Declared):
    """All of it, for one tenant, as code asks for it."""

    cooperatives: CooperativeRules = CooperativeRules()
    alliances: list[AllianceKind] = Field(default_factory=list)
    ways: list[JointWay] = Field(default_factory=list)

    def records(self, measure: CooperativeMeasure) -> bool:
        """Whether the city records a measure."""
        return measure in self.cooperatives.records
