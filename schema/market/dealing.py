"""Mutations of deals: GraphQL in, an action in one transaction, a payload out."""

from decimal import Decimal

import strawberry

from schema.context import Context
from schema.entries import tenant_of
from schema.fields import relation
from schema.loaders.deal import DealById
from schema.market.advance import Advance, unknown_deal
from schema.market.entry import carry_out
from schema.market.outcome import Recorded
from schema.market.parties import unknown_cooperative
from schema.market.propose import Propose
from schema.market.types import DealType
from schema.mutations import Answer, RefusalType, answer, mutation, refusals
from schema.tables.market import DealState


@strawberry.input(
    description="提出合作;产品、数量、单位可由供需信息得出。 | A deal to propose; product, "
    "quantity and unit may come from postings."
)
class ProposeDealInput:
    """Of `proposeDeal`."""

    cooperative: strawberry.ID = strawberry.field(
        description="合作社(全局编号)| the cooperative (id)"
    )
    enterprise: strawberry.ID = strawberry.field(description="企业(全局编号)| the enterprise (id)")
    product: str | None = strawberry.field(
        default=None,
        description="产品;不填取供需信息的 | product; left out, that of the posting",
    )
    supply: strawberry.ID | None = strawberry.field(
        default=None, description="所依据的供应(全局编号)| the supply that it comes from (id)"
    )
    demand: strawberry.ID | None = strawberry.field(
        default=None, description="所依据的需求(全局编号)| the demand that it comes from (id)"
    )
    quantity: Decimal | None = strawberry.field(
        default=None,
        description="数量;不填取供需信息中较小的(单位相同时)| quantity; left out, the smaller one "
        "of the postings, where their units are the same",
    )
    unit: str | None = strawberry.field(
        default=None,
        description="数量的单位;不填取供需信息的 | unit of the quantity; left out, that of the "
        "posting",
    )
    amount: Decimal | None = strawberry.field(
        default=None,
        description="金额(元),签约前可不定 | amount, 元; may be left open until signed",
    )
    matching_event: strawberry.ID | None = strawberry.field(
        default=None,
        description="在哪次对接会上(全局编号)| the matching event that it comes of (id)",
    )


@strawberry.input(description="推进合作一步,或告其未成。 | A step of a deal, or its failure.")
class AdvanceDealInput:
    """Of `advanceDeal`."""

    deal: strawberry.ID = strawberry.field(description="合作(全局编号)| the deal (id)")
    to: DealState = strawberry.field(
        description="变为何状态,取自 availableStates | which state, one of availableStates"
    )
    amount: Decimal | None = strawberry.field(
        default=None,
        description="金额(元);自 CONTRACTED 起须有 | amount, 元; needed from CONTRACTED on",
    )
    collective_income: Decimal | None = strawberry.field(
        default=None,
        description="带给村集体的收入(元),随 DELIVERED 或 SETTLED,至多为金额 | income to the "
        "collective, 元, with DELIVERED or SETTLED, the amount at most",
    )
    household_income: Decimal | None = strawberry.field(
        default=None,
        description="带给农户的收入(元),随 DELIVERED 或 SETTLED,至多为金额 | income to households, "
        "元, with DELIVERED or SETTLED, the amount at most",
    )
    reason: str | None = strawberry.field(
        default=None,
        description="未成的原因,FAILED 必填,至多 2000 个字符 | why it failed, needed with FAILED, "
        "up to 2,000 characters",
    )
    revision: int | None = strawberry.field(
        default=None,
        description="您所见的修订号;其间已有更新则不予办理 | the revision that you saw; refused "
        "where it has changed since",
    )


@strawberry.type
class DealPayload:
    """Of an `Answer` with a `Recorded`; the base of the payloads that have a deal."""

    deal: DealType | None = relation(
        DealById,
        "合作;预演或未予办理时为空 | the deal; null with dryRun or where nothing was carried out",
        key=lambda root: root.outcome and (root.outcome.tenant_id, root.outcome.id),
    )
    refusals: list[RefusalType] = refusals()


@strawberry.type(name="ProposeDealPayload", description="提出合作的结果。 | What a proposal gave.")
class ProposeDealPayload(DealPayload):
    """Of an `Answer` with a `Recorded`."""


@strawberry.type(
    name="AdvanceDealPayload", description="推进合作的结果。 | What advancing a deal gave."
)
class AdvanceDealPayload(DealPayload):
    """Of an `Answer` with a `Recorded`."""


async def _propose(context: Context, given: ProposeDealInput, dry_run: bool) -> Answer[Recorded]:
    definition = tenant_of(context, given.cooperative, "Cooperative")
    if definition is None:
        return answer(unknown_cooperative(given.cooperative))
    action = Propose(
        cooperative=given.cooperative,
        enterprise=given.enterprise,
        product=given.product,
        supply=given.supply,
        demand=given.demand,
        quantity=given.quantity,
        unit=given.unit,
        amount=given.amount,
        matching_event=given.matching_event,
    )
    return await carry_out(context, definition, action, dry_run)


async def _advance(context: Context, given: AdvanceDealInput, dry_run: bool) -> Answer[Recorded]:
    definition = tenant_of(context, given.deal, "Deal")
    if definition is None:
        return answer(unknown_deal(given.deal))
    action = Advance(
        deal=given.deal,
        to=given.to,
        amount=given.amount,
        collective_income=given.collective_income,
        household_income=given.household_income,
        reason=given.reason,
        revision=given.revision,
    )
    return await carry_out(context, definition, action, dry_run)


@strawberry.type
class DealMutations:
    """The part of `Mutation` that makes deals."""

    propose_deal: ProposeDealPayload | None = mutation(
        _propose,
        "提出合作社与企业的合作。须对合作社的领办组织或企业的所在组织有权限 | propose a deal of a "
        "cooperative with an enterprise; needs the permission at the cooperative's leader, or "
        "where the enterprise is",
        takes=ProposeDealInput,
    )
    advance_deal: AdvanceDealPayload | None = mutation(
        _advance,
        "推进合作:提出 → 意向 → 签约 → 交付 → 结算,结算之前可告未成 | advance a deal: proposed → "
        "intended → contracted → delivered → settled; until it is settled it may fail",
        takes=AdvanceDealInput,
    )
