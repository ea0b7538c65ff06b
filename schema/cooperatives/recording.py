"""Mutations that record and correct what years brought: GraphQL in, a payload out."""

from decimal import Decimal
from typing import Any

import strawberry

from schema.context import Context
from schema.cooperatives.figures import FIELDS, Sale
from schema.cooperatives.outcome import Recorded
from schema.cooperatives.results import Correct, Record
from schema.cooperatives.types import AnnualResultType
from schema.cooperatives.writing import CooperativePayload, given_of, write_of
from schema.fields import relation
from schema.loaders.annual_result import AnnualResultById
from schema.mutations import Answer, mutation

KEPT = ";不给则不变,null 为未记录", "; left out = as it is, null = not recorded"

COOPERATIVE = "合作社(全局编号)| the cooperative (id)"
YEAR = "年度,自成立起至今年 | year, from the founding to this one"
REVENUE = "经营收入(元)| revenue, 元"
COLLECTIVE_INCOME = "村集体收入(元)| collective income, 元"
SALES = (
    "分渠道、分产品的线上销售额,至多 100 项 | online sales by channel and product, 100 entries at "
    "most"
)
ONLINE_SALES = (
    "线上销售额(元);给出分渠道数的为其合计,可不给 | online sales, 元; where `sales` is given their "
    "sum, and may be left out"
)
GAIN = "户均增收(元/户)| mean gain a household, 元"
HOUSEHOLDS = "惠及农户(户)| households that it reached"
PEOPLE = "惠及人口(人)| people whom it reached"
JOBS = "带动就业(人)| jobs"
APPROXIMATE = "是否约数 | whether the figures are approximate"
SOURCE = (
    "出处(文件),至多 200 个字符;空为在此登记 | document that states them, up to 200 characters; "
    "null = recorded here"
)


def _given(description: str) -> Any:
    """A field that may be left out, which is the same as null."""
    return strawberry.field(default=None, description=description)


def _kept(description: str) -> Any:
    """A field that may be left out, where that differs from null."""
    zh, en = (part.strip() for part in description.split("|"))
    described = f"{zh}{KEPT[0]} | {en}{KEPT[1]}"
    return strawberry.field(default=strawberry.UNSET, description=described)


@strawberry.input(
    description="某渠道(某产品)一年的线上销售额。 | What a product, or all of them, brought in a "
    "channel in a year."
)
class OnlineSaleInput:
    """Of `recordResult` and `correctResult`."""

    channel: str = strawberry.field(description="渠道,1 至 40 个字符 | channel, 1 to 40 characters")
    product: str | None = _given("产品;空为不分产品 | product; null = all of them")
    amount: Decimal = strawberry.field(description="销售额(元)| sales, 元")


@strawberry.input(
    description="合作社一年的成效;本市不记录的指标不可给。 | What a year brought a cooperative; "
    "measures that the city does not record are refused."
)
class RecordResultInput:
    """Of `recordResult`."""

    cooperative: strawberry.ID = strawberry.field(description=COOPERATIVE)
    year: int = strawberry.field(description=YEAR)
    revenue: Decimal | None = _given(REVENUE)
    collective_income: Decimal | None = _given(COLLECTIVE_INCOME)
    sales: list[OnlineSaleInput] | None = _given(SALES)
    online_sales: Decimal | None = _given(ONLINE_SALES)
    mean_household_gain: Decimal | None = _given(GAIN)
    households: int | None = _given(HOUSEHOLDS)
    people: int | None = _given(PEOPLE)
    jobs: int | None = _given(JOBS)
    approximate: bool = strawberry.field(default=False, description=APPROXIMATE)
    source: str | None = _given(SOURCE)


@strawberry.input(
    description="更正一年的成效,原值留存。 | A correction of a year; the former value is kept."
)
class CorrectResultInput:
    """Of `correctResult`."""

    cooperative: strawberry.ID = strawberry.field(description=COOPERATIVE)
    year: int = strawberry.field(description="年度 | year")
    revision: int = strawberry.field(
        description="您所见的版次;其间已有更正则不予办理 | the revision that you saw; refused "
        "where it was corrected since"
    )
    reason: str = strawberry.field(
        description="更正的原因,公开,1 至 500 个字符 | why, public, 1 to 500 characters"
    )
    revenue: Decimal | None = _kept(REVENUE)
    collective_income: Decimal | None = _kept(COLLECTIVE_INCOME)
    sales: list[OnlineSaleInput] | None = _kept(SALES)
    online_sales: Decimal | None = _kept(ONLINE_SALES)
    mean_household_gain: Decimal | None = _kept(GAIN)
    households: int | None = _kept(HOUSEHOLDS)
    people: int | None = _kept(PEOPLE)
    jobs: int | None = _kept(JOBS)
    approximate: bool | None = strawberry.field(
        default=None,
        description="是否约数;空则不变 | whether the figures are approximate; null = as it is",
    )
    source: str | None = _kept(SOURCE)


@strawberry.type
class ResultPayload(CooperativePayload):
    """Of an `Answer` with a `Recorded`; the base of the payloads that have a result."""

    result: AnnualResultType | None = relation(
        AnnualResultById,
        "现行的成效;预演或未予办理时为空 | the result that holds; null with dryRun or where "
        "nothing was carried out",
        key=lambda root: root.outcome and (root.outcome.tenant_id, root.outcome.result),
    )


@strawberry.type(
    name="RecordResultPayload", description="登记成效的结果。 | What recording a year gave."
)
class RecordResultPayload(ResultPayload):
    """Of an `Answer` with a `Recorded`."""


@strawberry.type(
    name="CorrectResultPayload", description="更正成效的结果。 | What correcting a year gave."
)
class CorrectResultPayload(ResultPayload):
    """Of an `Answer` with a `Recorded`."""


async def _record(context: Context, given: RecordResultInput, dry_run: bool) -> Answer[Recorded]:
    action = Record(given.cooperative, given.year, _figures(given))
    return await write_of(context, given.cooperative, action, dry_run)


async def _correct(context: Context, given: CorrectResultInput, dry_run: bool) -> Answer[Recorded]:
    figures = _figures(given)
    action = Correct(given.cooperative, given.year, given.revision, given.reason, figures)
    return await write_of(context, given.cooperative, action, dry_run)


def _figures(given: RecordResultInput | CorrectResultInput) -> dict[str, Any]:
    """What the input gives, by column; neither null nor nothing is a value of `approximate`."""
    figures = given_of(given, *FIELDS)
    if figures.get("approximate") is None:
        del figures["approximate"]
    if "sales" in figures:
        sales = figures["sales"] or []
        figures["sales"] = tuple(Sale(one.channel, one.product, one.amount) for one in sales)
    return figures


@strawberry.type
class ResultMutations:
    """The part of `Mutation` that records and corrects what years brought."""

    record_result: RecordResultPayload | None = mutation(
        _record,
        "登记合作社一年的成效。须对领办组织有权限 | record what a year brought a cooperative; "
        "needs the permission at its leader",
        takes=RecordResultInput,
    )
    correct_result: CorrectResultPayload | None = mutation(
        _correct,
        "更正一年的成效,原值与原因留存 | correct what is recorded of a year; the former value is "
        "kept with the reason",
        takes=CorrectResultInput,
    )
