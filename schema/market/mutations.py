"""Mutations of the directory, of postings and of matching events: GraphQL in, a payload out."""

import datetime
from decimal import Decimal

import strawberry

from schema.context import Context
from schema.entries import find_city, tenant_of
from schema.fields import relation
from schema.loaders.enterprise import EnterpriseById
from schema.loaders.matching_event import MatchingEventById
from schema.loaders.posting import PostingById
from schema.market.close import Close
from schema.market.delist import Delist
from schema.market.entry import carry_out
from schema.market.hold import Hold
from schema.market.offers import unknown_posting
from schema.market.outcome import Recorded
from schema.market.parties import unknown_cooperative, unknown_enterprise
from schema.market.post import Post
from schema.market.register import Register
from schema.market.types import EnterpriseType, MatchingEventType, PostingType
from schema.mutations import Answer, RefusalType, answer, mutation, refusals
from schema.refusals import RefusalCode, refuse
from schema.tables.market import PostingKind

CITY = "城市代码或网址名 | code or slug of the city"


@strawberry.input(description="企业载入“社企联盟”合作企业目录。 | An enterprise for the directory.")
class RegisterEnterpriseInput:
    """Of `registerEnterprise`."""

    city: strawberry.ID = strawberry.field(description=CITY)
    name: str = strawberry.field(description="名称,1 至 100 个字符 | name, 1 to 100 characters")
    organization: strawberry.ID = strawberry.field(
        description="所在组织(编码或全局编号)| where it is (code or id of the organization)"
    )
    code: str | None = strawberry.field(
        default=None, description="编码;不填由系统编号 | code; left out, the server makes one"
    )
    industry: str | None = strawberry.field(
        default=None,
        description="产业键,取自全省词汇 | key of an industry of the province's vocabulary",
    )
    joined_on: datetime.date | None = strawberry.field(
        default=None,
        description="载入之日,缺省今天,不晚于今天 | first day in the directory, default today, not "
        "after it",
    )


@strawberry.input(description="企业退出目录。 | An enterprise that leaves the directory.")
class DelistEnterpriseInput:
    """Of `delistEnterprise`."""

    enterprise: strawberry.ID = strawberry.field(description="企业(全局编号)| the enterprise (id)")
    on: datetime.date | None = strawberry.field(
        default=None,
        description="不再在册的首日,缺省今天;今天载入的为明天 | first day without it, default "
        "today; tomorrow where it joined today",
    )


@strawberry.input(
    description="发布供需;cooperative 与 enterprise 二选一。 | Supply or demand to post; give "
    "cooperative or enterprise."
)
class PostSupplyOrDemandInput:
    """Of `postSupplyOrDemand`."""

    cooperative: strawberry.ID | None = strawberry.field(
        default=None, description="发布的合作社(全局编号)| the cooperative that posts it (id)"
    )
    enterprise: strawberry.ID | None = strawberry.field(
        default=None, description="发布的企业(全局编号)| the enterprise that posts it (id)"
    )
    kind: PostingKind = strawberry.field(description="供或需 | supply or demand")
    product: str = strawberry.field(
        description="产品名称,1 至 40 个字符 | name of the product, 1 to 40 characters"
    )
    quantity: Decimal = strawberry.field(
        description="数量,大于 0,至多三位小数 | quantity, above 0, up to three decimals"
    )
    unit: str = strawberry.field(
        description="单位,如公斤,1 至 20 个字符 | unit, 1 to 20 characters"
    )
    price: Decimal | None = strawberry.field(
        default=None,
        description="单价(元/单位),不小于 0,至多两位小数;空为面议 | 元 a unit, 0 or more, up to "
        "two decimals; null = to be agreed",
    )
    from_on: datetime.date | None = strawberry.field(
        default=None, description="自何日起;空为随时 | from which day on; null = any"
    )
    until_on: datetime.date | None = strawberry.field(
        default=None,
        description="至何日止(含),不早于今天;空为长期 | last day, not before today; null = without "
        "end",
    )


@strawberry.input(description="关闭供需信息。 | A posting to close.")
class ClosePostingInput:
    """Of `closePosting`."""

    posting: strawberry.ID = strawberry.field(description="供需信息(全局编号)| the posting (id)")


@strawberry.input(description="登记已召开的对接会。 | A matching event that was held.")
class HoldMatchingEventInput:
    """Of `holdMatchingEvent`."""

    city: strawberry.ID = strawberry.field(description=CITY)
    organization: strawberry.ID = strawberry.field(
        description="主办组织(编码或全局编号)| who held it (code or id of the organization)"
    )
    title: str = strawberry.field(description="名称,1 至 100 个字符 | title, 1 to 100 characters")
    held_on: datetime.date | None = strawberry.field(
        default=None,
        description="召开之日,缺省今天,不晚于今天 | day, default today, not after it",
    )


@strawberry.type
class EnterprisePayload:
    """Of an `Answer` with a `Recorded`; the base of the payloads that have an enterprise."""

    enterprise: EnterpriseType | None = relation(
        EnterpriseById,
        "企业;预演或未予办理时为空 | the enterprise; null with dryRun or where nothing was carried "
        "out",
        key=lambda root: root.outcome and (root.outcome.tenant_id, root.outcome.id),
    )
    refusals: list[RefusalType] = refusals()


@strawberry.type(
    name="RegisterEnterprisePayload", description="载入目录的结果。 | What a registration gave."
)
class RegisterEnterprisePayload(EnterprisePayload):
    """Of an `Answer` with a `Recorded`."""


@strawberry.type(
    name="DelistEnterprisePayload",
    description="退出目录的结果。 | What leaving the directory gave.",
)
class DelistEnterprisePayload(EnterprisePayload):
    """Of an `Answer` with a `Recorded`."""


@strawberry.type
class PostingPayload:
    """Of an `Answer` with a `Recorded`; the base of the payloads that have a posting."""

    posting: PostingType | None = relation(
        PostingById,
        "供需信息;预演或未予办理时为空 | the posting; null with dryRun or where nothing was "
        "carried out",
        key=lambda root: root.outcome and (root.outcome.tenant_id, root.outcome.id),
    )
    refusals: list[RefusalType] = refusals()


@strawberry.type(
    name="PostSupplyOrDemandPayload", description="发布供需的结果。 | What posting gave."
)
class PostSupplyOrDemandPayload(PostingPayload):
    """Of an `Answer` with a `Recorded`."""


@strawberry.type(
    name="ClosePostingPayload", description="关闭供需的结果。 | What closing a posting gave."
)
class ClosePostingPayload(PostingPayload):
    """Of an `Answer` with a `Recorded`."""


@strawberry.type(
    name="HoldMatchingEventPayload",
    description="登记对接会的结果。 | What recording a matching event gave.",
)
class HoldMatchingEventPayload:
    """Of an `Answer` with a `Recorded`."""

    matching_event: MatchingEventType | None = relation(
        MatchingEventById,
        "对接会;预演或未予办理时为空 | the matching event; null with dryRun or where nothing was "
        "carried out",
        key=lambda root: root.outcome and (root.outcome.tenant_id, root.outcome.id),
    )
    refusals: list[RefusalType] = refusals()


async def _register(
    context: Context, given: RegisterEnterpriseInput, dry_run: bool
) -> Answer[Recorded]:
    definition = find_city(context, given.city)
    action = Register(
        name=given.name,
        organization=given.organization,
        code=given.code,
        industry=given.industry,
        joined_on=given.joined_on,
        industries=tuple(word.key for word in context.registry.vocabulary(definition).industries),
    )
    return await carry_out(context, definition, action, dry_run)


async def _delist(
    context: Context, given: DelistEnterpriseInput, dry_run: bool
) -> Answer[Recorded]:
    definition = tenant_of(context, given.enterprise, "Enterprise")
    if definition is None:
        return answer(unknown_enterprise(given.enterprise))
    return await carry_out(context, definition, Delist(given.enterprise, given.on), dry_run)


async def _post(
    context: Context, given: PostSupplyOrDemandInput, dry_run: bool
) -> Answer[Recorded]:
    is_cooperative = given.cooperative is not None
    party = given.cooperative if is_cooperative else given.enterprise
    if party is None or (is_cooperative and given.enterprise is not None):
        return answer(
            refuse(
                RefusalCode.NEED_MISSING,
                "cooperative 与 enterprise 应且只应给出一个。",
                "Expected exactly one of cooperative and enterprise.",
            )
        )
    definition = tenant_of(context, party, "Cooperative" if is_cooperative else "Enterprise")
    if definition is None:
        unknown = unknown_cooperative if is_cooperative else unknown_enterprise
        return answer(unknown(party))
    action = Post(
        party=party,
        is_cooperative=is_cooperative,
        kind=given.kind,
        product=given.product,
        quantity=given.quantity,
        unit=given.unit,
        price=given.price,
        from_on=given.from_on,
        until_on=given.until_on,
    )
    return await carry_out(context, definition, action, dry_run)


async def _close(context: Context, given: ClosePostingInput, dry_run: bool) -> Answer[Recorded]:
    definition = tenant_of(context, given.posting, "Posting")
    if definition is None:
        return answer(unknown_posting(given.posting))
    return await carry_out(context, definition, Close(given.posting), dry_run)


async def _hold(context: Context, given: HoldMatchingEventInput, dry_run: bool) -> Answer[Recorded]:
    definition = find_city(context, given.city)
    action = Hold(given.organization, given.title, given.held_on)
    return await carry_out(context, definition, action, dry_run)


@strawberry.type
class MarketMutations:
    """The part of `Mutation` that changes the directory, postings and matching events."""

    register_enterprise: RegisterEnterprisePayload | None = mutation(
        _register,
        "企业载入“社企联盟”合作企业目录。须对其所在组织有权限 | put an enterprise into the "
        "directory; needs the permission where it is",
        takes=RegisterEnterpriseInput,
    )
    delist_enterprise: DelistEnterprisePayload | None = mutation(
        _delist,
        "企业退出目录,历史留存 | take an enterprise out of the directory; history is kept",
        takes=DelistEnterpriseInput,
    )
    post_supply_or_demand: PostSupplyOrDemandPayload | None = mutation(
        _post,
        "发布供应或需求。须对合作社的领办组织、或企业的所在组织有权限 | post supply or demand; "
        "needs the permission at the cooperative's leader, or where the enterprise is",
        takes=PostSupplyOrDemandInput,
    )
    close_posting: ClosePostingPayload | None = mutation(
        _close, "关闭供需信息 | close a posting", takes=ClosePostingInput
    )
    hold_matching_event: HoldMatchingEventPayload | None = mutation(
        _hold,
        "登记已召开的对接会 | record a matching event that was held",
        takes=HoldMatchingEventInput,
    )
