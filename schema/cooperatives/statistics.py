"""Statistics of cooperatives: rows, their sums, and what is not recorded."""

import datetime
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import strawberry

from schema import refs
from schema.cooperatives.declared import IndustryType
from schema.fields import derived, passing
from schema.loaders.cooperative_families import KINDS, ROWS, TOTAL, YEAR
from schema.tables.cooperative import CooperativeKind
from tenants.cooperation import CooperativeMeasure
from tenants.definition import DataKind

FEN = Decimal("0.01")


def _sum(name: str, description: str) -> Any:
    return derived(lambda root: root.get(name), description, (name,))


def _mean_gain(root: Mapping[str, Any]) -> Decimal | None:
    gain, households = root.get("gain"), root.get("gain_households")
    if gain is None or not households:
        return None
    mean: Decimal = gain / households
    return mean.quantize(FEN, ROUND_HALF_UP)


@strawberry.type(
    name="CooperativeMeasures",
    description="合作社的指标。户与人是两种指标,从不相加。城市不记录的指标为空,不计为 0,并在 "
    "notRecorded 中列明;跨市的合计只加记录该指标的城市。金额在没有任何登记时也为空。 | Measures of "
    "cooperatives. Households and people are two measures, never added. What a city does not "
    "record is null, never 0, and named in `notRecorded`; sums over cities are of those that "
    "record the measure. Amounts are null too where nothing is known.",
)
class CooperativeMeasuresType:
    """Of sums by name."""

    cooperatives: int = _sum("cooperatives", "合作社数 | number of cooperatives")
    households: int | None = _sum(
        "households",
        "现有社员户数(户):一户入几个社也只计一次 | households that are members now, each counted "
        "once, however many cooperatives it is in",
    )
    people: int | None = _sum(
        "people",
        "现有社员户的人口(人),限已知人数的户 | people of the households that are members now, as "
        "far as their number is known",
    )
    revenue: Decimal | None = _sum("revenue", "当年经营收入(元)| revenue of the year, 元")
    collective_income: Decimal | None = _sum(
        "collective_income", "当年村集体收入(元)| collective income of the year, 元"
    )
    online_sales: Decimal | None = _sum(
        "online_sales", "当年线上销售额(元)| online sales of the year, 元"
    )
    jobs: int | None = _sum("jobs", "当年带动就业(人)| jobs of the year")
    households_reached: int | None = _sum(
        "households_reached",
        "当年成效所载惠及农户(户)| households that the results of the year say they reached",
    )
    people_reached: int | None = _sum(
        "people_reached",
        "当年成效所载惠及人口(人)| people whom the results of the year say they reached",
    )
    mean_household_gain: Decimal | None = derived(
        _mean_gain,
        "当年户均增收(元/户)= 各社户均增收 × 其惠及户数之和 ÷ resultHouseholds;没有为空 | mean "
        "gain a household in the year, 元: each result's mean gain times its households, added up, "
        "divided by `resultHouseholds`; null where there is none",
        ("gain", "gain_households"),
    )
    result_households: int | None = _sum(
        "gain_households",
        "户均增收的分母(户):既载户均增收又载户数的成效的户数之和 | denominator of "
        "meanHouseholdGain: households of the results that have both a mean gain and a number of "
        "households",
    )
    deals: int | None = _sum(
        "deals", "与企业的合作数,不含未成的 | deals, but for those that failed"
    )
    intended_deals: int | None = _sum(
        "intended_deals", "其中已达成意向或更进一步的 | of those, that both intend or that went on"
    )
    settled_deals: int | None = _sum("settled_deals", "其中已结算的 | of those, that are settled")
    deal_amount: Decimal | None = _sum(
        "deal_amount",
        "已签约、已交付、已结算的合作的金额(元)| amount of the deals that are contracted, "
        "delivered or settled, 元",
    )
    deal_collective_income: Decimal | None = _sum(
        "deal_collective_income",
        "已交付、已结算的合作带给村集体的收入(元)| income that deals that are delivered or settled "
        "brought collectives, 元",
    )
    deal_household_income: Decimal | None = _sum(
        "deal_household_income",
        "已交付、已结算的合作带给农户的收入(元)| income that deals that are delivered or settled "
        "brought households, 元",
    )
    asset_trades: int | None = _sum(
        "asset_trades",
        "集体资产交易宗数,历年累计。集体资产、企业、薄弱村属于村而不属于合作社:按种类或产业分行的"
        "各行、以及用了筛选时为空 | trades of collective assets, of all years. Trades, enterprises "
        "and weak villages belong to villages, not to cooperatives: null in rows by kind or "
        "industry, and where cooperatives are filtered",
    )
    asset_amount: Decimal | None = _sum(
        "asset_amount", "集体资产成交金额(元)| prices paid for collective assets, 元"
    )
    asset_premium: Decimal | None = _sum(
        "asset_premium",
        "集体资产溢价金额(元),限底价与成交价均已知的 | premiums of collective assets, 元, where "
        "both prices are known",
    )
    enterprises: int | None = _sum(
        "enterprises", "现载入合作企业目录的企业 | enterprises in the directory now"
    )
    weak_villages: int | None = _sum(
        "weak_villages", "现为集体经济薄弱村的村 | villages that are listed as weak now"
    )
    weak_villages_cleared: int | None = _sum(
        "weak_villages_cleared", "曾为薄弱村、现已清零的村 | villages that were, and are no more"
    )
    support_funds: Decimal | None = _sum(
        "support_funds", "已拨付薄弱村扶持资金(元)| what was paid to support weak villages, 元"
    )


@strawberry.type(
    name="CooperativeStatisticsRow",
    description="一行:列明其维度与各指标。 | A row, which names its dimensions.",
)
class CooperativeStatisticsRowType:
    """Of a `CooperativeStatisticsRow`."""

    city: refs.City | None = derived(
        lambda root: root.city, "城市;未按城市分行为空 | city; null where not by city"
    )
    kind: CooperativeKind | None = derived(
        lambda root: root.kind, "种类;未按种类分行为空 | kind; null where not by kind"
    )
    industry: IndustryType | None = derived(
        lambda root: root.industry, "产业;未按产业分行为空 | industry; null where not by industry"
    )
    measures: CooperativeMeasuresType = passing(lambda root: root.values, "各指标 | its measures")
    not_recorded: list[CooperativeMeasure] = derived(
        lambda root: list(root.unrecorded),
        "本行所涉城市中有城市不记录、因而未计入该市的指标 | measures that a city of the row does "
        "not record, so that they leave it out",
    )


@strawberry.type(
    name="CityNotRecorded",
    description="某市不记录的指标。 | What a city does not record.",
)
class CityNotRecordedType:
    """Of an `Unrecorded`."""

    city: refs.City = derived(lambda root: root.city, "城市 | city")
    measures: list[CooperativeMeasure] = derived(
        lambda root: list(root.measures), "不记录的指标 | the measures"
    )


@strawberry.type(
    name="CooperativeStatistics",
    description="合作社统计。 | Statistics of cooperatives.",
)
class CooperativeStatisticsType:
    """Of a `CooperativeStatistics`."""

    rows: list[CooperativeStatisticsRowType] = passing(
        lambda root: root.rows,
        "各行,按城市、种类、产业排列;只按城市时没有合作社的城市也在其中 | rows, in order of "
        "cities, kinds and industries; by city alone those without cooperatives too",
        (ROWS,),
    )
    total: CooperativeMeasuresType = passing(
        lambda root: root.total,
        "合计:各指标只加记录它的城市(见 notRecorded);户数不因分行而重复 | the whole: each measure "
        "over the cities that record it (see `notRecorded`); no household twice",
        (TOTAL,),
    )
    year: int | None = derived(
        lambda root: root.year,
        "成效所属年度:所给的,或有登记的最近一年;没有为空 | the year of the results: the one given, "
        "or the last one with any; null where there is none",
        (YEAR,),
    )
    not_recorded: list[CityNotRecordedType] = derived(
        lambda root: root.unrecorded,
        "不记录某些指标的城市,及其不记录的指标 | the cities that do not record every measure, with "
        "those that they do not",
    )
    data_kinds: list[DataKind] = derived(
        lambda root: root.kinds,
        "所查指标由哪些种类的数据计得 | which kinds of data the measures asked for are made of",
        (KINDS,),
    )
    generated: bool = derived(
        lambda root: DataKind.GENERATED in root.kinds,
        "是否含生成数据 | whether generated data are among them",
        (KINDS,),
    )
    as_of: datetime.datetime = derived(lambda root: root.as_of, "统计时间 | when it was counted")
