"""Matches of a posting: counterparts with a score, and the reasons that make it up."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any

import strawberry

from schema import refs
from schema.context import Context
from schema.errors import CodedError, ErrorCode
from schema.fields import derived, passing
from schema.loaders.posting_match import BestMatches, MatchReasonKind

MOST, USUAL = 20, 5

SCORE = (
    "匹配度,0 至 1,为各项理由 points 之和:产品相同 0.40,一方名称包含另一方 0.20(少于两字的不算);"
    "数量 0.20 × 供应占需求的份额,单位不同为 0;"
    "时间 0.15 × 重叠天数占需求余下天数的份额,满 30 天计满;"
    "价格不高于需求价 0.15,高于则 0.15 × 需求价 ÷ 供应价,未标价或单位不同 0.075;"
    "距离 0.10 ×(1 − 步数 ÷ 10)。产品占比最大,因为别的产品再近再便宜也不合用;时间与价格可商量;"
    "同市之内距离最轻。 | "
    "From 0 to 1, the sum of the reasons' points. Product: 0.40 for the same, 0.20 where one name "
    "holds the other (of two characters at least). Quantity: 0.20 × the share of the wanted "
    "quantity that is supplied, 0 where units differ. Period: 0.15 × the days of overlap among "
    "those that remain of the demand, 30 days counting in full. Price: 0.15 up to the wanted "
    "price, above it 0.15 × wanted ÷ supplied, 0.075 where a price is missing or units differ. "
    "Distance: 0.10 × (1 − steps ÷ 10). The product counts most, since nobody takes another one "
    "for being near or cheap; period and price can be talked about; within one city distance "
    "counts least."
)


@dataclass(frozen=True)
class MatchReason:
    """One reason: what it adds to the score, and what was found; None where that is not said."""

    kind: MatchReasonKind
    points: Decimal
    share: Decimal | None = None
    days: int | None = None
    steps: int | None = None


@dataclass(frozen=True)
class MatchesArguments:
    """Arguments of `Posting.matches`."""

    first: Annotated[
        int | None,
        strawberry.argument(
            description="前几条,1–20,缺省 5 | the first so many, 1–20, default 5",
        ),
    ] = None

    def checked(self, context: Context, root: Any) -> BestMatches:
        """How many are asked for.

        Errors: `CodedError` PAGE_SIZE.
        """
        size = USUAL if self.first is None else self.first
        if not 1 <= size <= MOST:
            raise CodedError(
                ErrorCode.PAGE_SIZE,
                f"first 为 {size},应在 1 到 {MOST} 之间。",
                f"first is {size}, expected 1 to {MOST}.",
                given=size,
                limit=MOST,
            )
        return BestMatches(context.today, size)


def reasons_of(root: Any) -> list[MatchReason]:
    """The reasons of a match, in the order of their weights; their points make the score."""
    exact = "PRODUCT_EXACT" if root["is_exact"] else "PRODUCT_CONTAINS"
    found = [MatchReason(MatchReasonKind(exact), root["product_part"])]
    covered = root["covered"]
    kind = "UNIT_DIFFERS" if covered is None else "QUANTITY_COVERED"
    found.append(MatchReason(MatchReasonKind(kind), root["quantity_part"], share=covered))
    overlap = MatchReason(MatchReasonKind.PERIOD_OVERLAPS, root["period_part"], days=root["days"])
    within = root["is_within"]
    price = "UNKNOWN" if within is None else "WITHIN" if within else "ABOVE"
    found += [overlap, MatchReason(MatchReasonKind(f"PRICE_{price}"), root["price_part"])]
    return [
        *found,
        MatchReason(MatchReasonKind.DISTANCE, root["distance_part"], steps=root["steps"]),
    ]


@strawberry.type(
    name="MatchReason",
    description="匹配的一项理由,及其所得分值。 | A reason of a match, and what it adds to the "
    "score.",
)
class MatchReasonType:
    """Of a `MatchReason`."""

    kind: MatchReasonKind = derived(lambda root: root.kind, "理由 | which reason")
    points: float = derived(lambda root: float(root.points), "所得分值 | what it adds to the score")
    share: float | None = derived(
        lambda root: None if root.share is None else round(float(root.share), 4),
        "供应占需求的份额,至多 1;仅 QUANTITY_COVERED | share of the wanted quantity that is "
        "supplied, 1 at most; of QUANTITY_COVERED alone",
    )
    days: int | None = derived(
        lambda root: root.days,
        "重叠的天数,空为长期;仅 PERIOD_OVERLAPS | days of overlap, null = without end; of "
        "PERIOD_OVERLAPS alone",
    )
    steps: int | None = derived(
        lambda root: root.steps,
        "组织树上的步数:经最近的共同上级;仅 DISTANCE | steps in the tree by way of the nearest "
        "organization above both; of DISTANCE alone",
    )


@strawberry.type(
    name="PostingMatch",
    description="供需匹配:同市的一条对应信息。 | A counterpart of a posting, of the same city.",
)
class PostingMatchType:
    """Of a `PostingMatchRecord`."""

    posting: refs.Posting = passing(lambda root: root, "对应的供需信息 | the counterpart")
    score: float = derived(lambda root: float(root["score"]), SCORE)
    reasons: list[MatchReasonType] = derived(reasons_of, "理由 | why, with points")
