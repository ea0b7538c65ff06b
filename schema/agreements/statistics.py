"""Statistics of agreements: rows by what is asked for, and their total."""

import datetime
from decimal import Decimal
from typing import Any

import strawberry

from schema import refs
from schema.agreement_filters import alliance_kind
from schema.agreements.commitment_types import DimensionValueType
from schema.agreements.content import ContentDimension
from schema.amounts import FEN
from schema.context import Context
from schema.fields import derived
from schema.loaders.agreement_statistics import AgreementGroup, AgreementSums, AgreementTotals
from schema.tables.agreement import AgreementState
from tenants.cooperation import AllianceKind
from tenants.definition import Definition

_LIFE = [state.value for state in AgreementState]


def _count(name: str, description: str) -> Any:
    return derived(lambda root: getattr(root, name), description)


def _share(sums: AgreementSums) -> float | None:
    return sums.fulfilled / sums.with_target if sums.with_target else None


@strawberry.type(
    name="AgreementMeasures",
    description="协议的指标,处处相同。按维度分行的,承诺、兑现只计该维度的,会商与活动不分维度、计入其"
    "每一维度 | Measures of agreements, the same everywhere. In rows by dimension commitments and "
    "deliveries are those of the dimension; activities belong to none, and count in each row of "
    "their agreement.",
)
class AgreementMeasuresType:
    """Of `AgreementSums`."""

    agreements: int = _count("agreements", "协议数(不含草案)| agreements, without drafts")
    active: int = _count("active", "其中生效的 | in force")
    completed: int = _count("completed", "其中已完成或期满的 | completed, or their term is over")
    cross_city: int = _count(
        "cross_city", "其中各方属于不同的市的 | with parties of several cities"
    )
    commitments: int = _count("commitments", "承诺数 | commitments")
    with_target: int = _count("with_target", "其中定量的 | commitments with a quantity")
    fulfilled: int = _count(
        "fulfilled",
        "定量且已兑现的;按年计的看今年(期限已过的看最后一年)| fulfilled ones; of a target for each "
        "year this year's, or the last one's once its time is over",
    )
    delivered_share: float | None = derived(
        _share, "兑现率 = fulfilled / withTarget;均未定量为空 | null where withTarget is 0"
    )
    deliveries: int = _count("deliveries", "兑现笔数 | deliveries, confirmed or not")
    confirmed: int = _count("confirmed", "其中已确认的 | deliveries that are confirmed")
    funds: Decimal = derived(
        lambda root: root.funds.quantize(FEN),
        "资金(元):已确认的兑现与活动之和 | funds (元) of confirmed deliveries and of activities",
    )
    activities: int = _count("activities", "会商与活动次数 | meetings and activities")
    meetings: int = _count("meetings", "其中会商 | meetings")
    solved: int = _count("solved", "解决问题数 | problems that activities settled")


@strawberry.type(
    name="CityPair",
    description="各方所属的两个市,按区划代码先后;各方同属一市的为该市与其自身 | Two cities of the "
    "parties, in order of code; a city with itself where all parties are of it.",
)
class CityPairType:
    """Of an `AgreementGroup` by pairs."""

    a: refs.City = derived(
        lambda root, context: context.registry.by_id[root.city_a],
        "一市;不在令牌之内的只可取 id、code、slug、name | of one that the token does not open id, "
        "code, slug and name alone",
    )
    b: refs.City = derived(
        lambda root, context: context.registry.by_id[root.city_b], "另一市 | the other one"
    )


def _city(root: AgreementGroup, context: Context) -> Definition | None:
    return None if root.city is None else context.registry.by_id[root.city]


def _dimension(root: AgreementGroup) -> ContentDimension | None:
    if root.dimension is None:
        return None
    return {"key": root.dimension, "name": root.dimension_name or root.dimension}


def _alliance(root: AgreementGroup, context: Context) -> AllianceKind | None:
    if root.alliance is None:
        return None
    if root.city is not None:
        return alliance_kind([context.registry.by_id[root.city]], root.alliance)
    cities = (city for city in context.registry.cities if context.scope.permits(city.tenant_id))
    return alliance_kind(cities, root.alliance)


@strawberry.type(
    name="AgreementStatisticsRow",
    description="统计的一行;未要求的维度为空 | A row; dimensions that are not asked for are null.",
)
class AgreementStatisticsRowType:
    """Of an `AgreementGroup`."""

    city: refs.City | None = derived(_city, "城市 | city whose copies they are")
    state: AgreementState | None = derived(
        lambda root: None if root.state is None else AgreementState(root.state), "状态 | state"
    )
    dimension: DimensionValueType | None = derived(_dimension, "联建维度 | dimension")
    city_pair: CityPairType | None = derived(
        lambda root: None if root.city_a is None else root, "城市对 | pair of cities"
    )
    alliance: refs.AllianceKind | None = derived(
        _alliance, "联盟种类,结对为空 | kind of alliance; null of pairings"
    )
    year: int | None = derived(
        lambda root: root.year,
        "各方均已签署之年,不详或未签为空 | year in which all had signed; null = not, or not known",
    )
    measures: AgreementMeasuresType = derived(lambda root: root.sums, "指标 | measures")


def _rows(root: AgreementTotals) -> list[AgreementGroup]:
    """By city, state, dimension, pair, alliance and year; what is null comes last."""
    return sorted(root.groups, key=_place)


def _place(group: AgreementGroup) -> tuple[Any, ...]:
    state = None if group.state is None else _LIFE.index(group.state)
    pair = (group.city_a or 0, group.city_b or 0)
    values = (group.city, state, group.dimension, pair, group.alliance, group.year)
    return tuple(part for value in values for part in (value is None, value or 0))


def _cross_city_share(root: AgreementTotals) -> float | None:
    total = root.total
    return total.cross_city / total.agreements if total.agreements else None


@strawberry.type(
    name="AgreementStatistics",
    description="协议统计:只计您可查看的,草案不计;两市各有一份的,合计只计一次,分市各计一次 | "
    "Statistics of the agreements that you see, without drafts. One with copies in two cities "
    "counts once in the total, and once in the row of each.",
)
class AgreementStatisticsType:
    """Of `AgreementTotals`."""

    rows: list[AgreementStatisticsRowType] = derived(
        _rows, "各行,按城市代码、状态等先后 | rows, in order of what they are broken down by"
    )
    total: AgreementMeasuresType = derived(
        lambda root: root.total, "合计,每份协议一次 | total; each agreement counts once"
    )
    cross_city_share: float | None = derived(
        _cross_city_share,
        "跨市占比 = crossCity / agreements(合计);没有协议为空 | crossCity / agreements of the "
        "total; null where there is none",
    )
    as_of: datetime.datetime = derived(
        lambda root, context: context.now, "截至 | as it was at this moment"
    )
