"""Commitments of agreements, and how far they are fulfilled."""

import datetime
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NamedTuple

import orjson
import strawberry

from schema.agreement_measures import ProgressStatus
from schema.agreement_reach import AgreementReachArguments
from schema.agreements.content import Content, ContentCommitment, ContentDimension, day
from schema.agreements.party_types import AgreementPartyType
from schema.agreements.progress import Progress, Term, Together, YearSum
from schema.agreements.progress import progress as progress_of
from schema.agreements.progress import together as together_of
from schema.context import Context
from schema.fields import derived, relation
from schema.ids import GlobalId
from schema.loaders.agreement import CONTENT, CONTENT_COLUMNS
from schema.loaders.agreement_delivery import DeliverySums
from schema.loaders.agreement_party import PartiesOfAgreement
from schema.scalars import CHINA
from schema.tables.agreement import AgreementState, Every

COLUMNS = ("tenant_id", "id", *CONTENT_COLUMNS)
"""The columns of an agreement that its commitments are made from."""


class CommitmentSource(NamedTuple):
    """A commitment of the agreement in `row`, which has `COLUMNS`."""

    row: Any
    item: ContentCommitment
    dimension: ContentDimension

    @property
    def tenant_id(self) -> int:
        """The tenant whose copy it is of."""
        return int(self.row["tenant_id"])


class DimensionSource(NamedTuple):
    """How the commitments of one dimension stand together."""

    dimension: ContentDimension
    together: Together


def content_of(row: Any) -> Content:
    """What the version that the viewer sees says."""
    found: Content = orjson.loads(row[CONTENT])
    return found


def dimensions_of(row: Any) -> list[ContentDimension]:
    """The dimensions of an agreement."""
    return content_of(row)["dimensions"]


def commitments_of(row: Any) -> list[CommitmentSource]:
    """The commitments of an agreement, in the order of its text."""
    content = content_of(row)
    named = {item["key"]: item for item in content["dimensions"]}
    return [
        CommitmentSource(row, item, named.get(key := item["dimension"], {"key": key, "name": key}))
        for item in content["commitments"]
    ]


def commitment_of(row: Any, key: str) -> CommitmentSource | None:
    """The commitment with a key; None where the version that the viewer sees has none."""
    return next((found for found in commitments_of(row) if found.item["key"] == key), None)


def term_of(row: Any) -> Term:
    """The time of an agreement."""
    begins = row["starts_on"] or _day(row["signed_at"])
    return Term(AgreementState(row["state"]), begins, row["ends_on"], _day(row["ended_at"]))


def together(sums: Sequence[Any], row: Any, context: Context) -> Together:
    """How all commitments of an agreement stand."""
    return together_of([_progress(sums, one, context) for one in commitments_of(row)])


def by_dimension(sums: Sequence[Any], row: Any, context: Context) -> list[DimensionSource]:
    """How the commitments of each dimension stand; one without any is there, too."""
    commitments = commitments_of(row)
    return [
        DimensionSource(
            dimension,
            together_of(
                [
                    _progress(sums, one, context)
                    for one in commitments
                    if one.item["dimension"] == dimension["key"]
                ]
            ),
        )
        for dimension in dimensions_of(row)
    ]


def _day(moment: datetime.datetime | None) -> datetime.date | None:
    return None if moment is None else moment.astimezone(CHINA).date()


def _progress(sums: Sequence[Any], root: CommitmentSource, context: Context) -> Progress:
    own = [
        YearSum(row["year"], row["done"], row["confirmed"], row["recorded"], row["disputed"])
        for row in sums
        if row["commitment"] == root.item["key"]
    ]
    return progress_of(root.item, term_of(root.row), own, context.today)


def plain(value: Decimal) -> Decimal:
    """Without the zeros that the column's scale adds: 2, not 2.000 or 2E+1."""
    text = f"{value:f}"
    return Decimal(text.rstrip("0").rstrip(".") if "." in text else text)


@strawberry.type(
    name="AgreementDimensionValue", description="联建维度 | A dimension of an agreement."
)
class DimensionValueType:
    """Of a `ContentDimension`."""

    key: str = derived(lambda root: root["key"], "维度键 | key")
    name: str = derived(
        lambda root: root["name"], "维度名称(签约时的)| name, as it was when it was agreed"
    )


@strawberry.type(name="CommitmentTarget", description="承诺的数量 | How much is promised.")
class CommitmentTargetType:
    """Of a `ContentCommitment` that has a quantity."""

    quantity: Decimal = derived(lambda root: Decimal(root["quantity"]), "数量 | quantity")
    unit: str | None = derived(lambda root: root["unit"], "单位,如次 | unit")
    every: Every | None = derived(
        lambda root: None if root["every"] is None else Every(root["every"]),
        "按年计,或按全部期限计(空亦同)| for each calendar year, or for all of the term (null, too)",
    )


@strawberry.type(
    name="CommitmentYear",
    description="一项承诺在一个日历年的兑现 | What was delivered on a commitment in a year.",
)
class CommitmentYearType:
    """Of a `YearProgress`."""

    year: int = derived(lambda root: root.year, "年 | calendar year, in China")
    done: Decimal = derived(
        lambda root: plain(root.done), "已确认的数量之和 | sum of the confirmed quantities"
    )
    target: Decimal | None = derived(
        lambda root: None if root.target is None else plain(root.target),
        "当年应兑现;仅按年计的有 | what is due in the year; null but for a target for each year",
    )
    rate: float | None = derived(
        lambda root: root.rate,
        "兑现率 done / target,可大于 1 | may be above 1; null without a target",
    )


@strawberry.type(
    name="CommitmentProgress",
    description="一项承诺的进展:只计已确认的。按年计的为今年(期限已过的为最后一年);承诺的时间随协议"
    "期限或 dueOn 而止。 | How far a commitment is fulfilled; only what is confirmed counts. Of a "
    "target for each year it is that of this year, or of the last one once its time (until the "
    "agreement ends, or dueOn) is over.",
)
class CommitmentProgressType:
    """Of a `Progress`."""

    done: Decimal = derived(
        lambda root: plain(root.done), "已确认的数量之和 | sum of the confirmed quantities"
    )
    target: Decimal | None = derived(
        lambda root: None if root.target is None else plain(root.target),
        "应兑现的数量,空为未定量 | what is due; null = no quantity was promised",
    )
    rate: float | None = derived(
        lambda root: root.rate,
        "兑现率 done / target,超额则大于 1,未定量为空 | above 1 where more was delivered; null "
        "without a target",
    )
    status: ProgressStatus = derived(lambda root: root.status, "状况 | how it stands")
    confirmed: int = derived(
        lambda root: root.confirmed, "已确认的兑现笔数(历年)| confirmed deliveries, of all years"
    )
    recorded: int = derived(
        lambda root: root.recorded, "待确认的兑现笔数 | deliveries that are to be confirmed"
    )
    disputed: int = derived(
        lambda root: root.disputed, "有异议的兑现笔数 | deliveries that are disputed"
    )
    years: list[CommitmentYearType] = derived(
        lambda root: list(root.years),
        "历年:按年计的自首年起逐年,其余为有兑现的年份 | year by year; of a target for each year "
        "all from the first, else those with deliveries",
    )


@strawberry.type(
    name="AgreementProgress",
    description="几项承诺合起来的进展 | How several commitments stand together.",
)
class AgreementProgressType:
    """Of a `Together`."""

    commitments: int = derived(lambda root: root.commitments, "承诺数 | number of commitments")
    with_target: int = derived(
        lambda root: root.with_target, "其中定量的 | of these with a quantity"
    )
    fulfilled: int = derived(
        lambda root: root.fulfilled, "定量且已兑现的 | with a quantity, and fulfilled"
    )
    rate: float | None = derived(
        lambda root: root.rate,
        "各定量承诺 rate 的平均,每项至多计 1;均未定量为空 | mean of the rates of those with a "
        "quantity, each counted up to 1; null where there is none",
    )
    status: ProgressStatus = derived(
        lambda root: root.status,
        "状况:有一项未按时即为 MISSED 或 OVERDUE | how they stand; MISSED or OVERDUE where one is",
    )


@strawberry.type(
    name="AgreementDimensionProgress",
    description="一个联建维度的进展 | How the commitments of a dimension stand.",
)
class DimensionProgressType:
    """Of a `DimensionSource`."""

    dimension: DimensionValueType = derived(lambda root: root.dimension, "维度 | dimension")
    progress: AgreementProgressType = derived(lambda root: root.together, "进展 | progress")


def _id(root: CommitmentSource) -> strawberry.ID:
    key = f"{root.row['id'].hex}/{root.item['key']}"
    return strawberry.ID(str(GlobalId("Commitment", root.row["tenant_id"], key)))


def _agreement_key(root: CommitmentSource) -> tuple[Any, ...]:
    return root.row["tenant_id"], root.row["id"]


def _owner(parties: Any, root: CommitmentSource, context: Context) -> Any:
    wanted = root.item["owner"]
    return next((party for party in parties if party["number"] == wanted), None)


def _owners(parties: Any, root: CommitmentSource, context: Context) -> list[Any]:
    wanted = root.item["owner"]
    return [party for party in parties if wanted in (None, party["number"])]


@strawberry.type(
    name="Commitment",
    description="承诺:一方或各方共同在某一维度要做的事。 | What a party, or all jointly, promise.",
)
class CommitmentType:
    """Of a `CommitmentSource`."""

    id: strawberry.ID = derived(
        _id, "编号,全局唯一,各版本相同;不是 Node | unique id, the same in all versions; no Node"
    )
    key: str = derived(
        lambda root: root.item["key"], "承诺键,协议内唯一,各版本相同 | key within the agreement"
    )
    dimension: DimensionValueType = derived(lambda root: root.dimension, "维度 | dimension")
    owner: AgreementPartyType | None = relation(
        PartiesOfAgreement,
        "承诺方;空为各方共同:许多协议写的是“双方将……”,并未指明哪一方 | who promises it; null = all "
        "parties jointly, as many agreements say without naming one of them",
        key=_agreement_key,
        arguments=AgreementReachArguments,
        finish=_owner,
    )
    owners: list[AgreementPartyType] = relation(
        PartiesOfAgreement,
        "承诺方:一方,或各方共同时为各方 | who promises it: one party, or all where it is joint",
        key=_agreement_key,
        arguments=AgreementReachArguments,
        finish=_owners,
    )
    text: str = derived(lambda root: root.item["text"], "内容 | what is promised")
    target: CommitmentTargetType | None = derived(
        lambda root: None if root.item["quantity"] is None else root.item,
        "数量,空为未定量 | how much; null = no quantity was promised",
    )
    due_on: datetime.date | None = derived(
        lambda root: day(root.item["dueOn"]), "期限 | due on; null = none of its own"
    )
    progress: CommitmentProgressType = relation(
        DeliverySums, "进展 | how far it is fulfilled", key=_agreement_key, finish=_progress
    )
