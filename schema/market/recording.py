"""Mutations of asset trades and weak villages: GraphQL in, a payload out."""

import datetime
from decimal import Decimal

import strawberry

from schema.context import Context
from schema.entries import find_city, tenant_of
from schema.fields import relation
from schema.loaders.asset_trade import AssetTradeById
from schema.loaders.weak_village import WeakVillageById
from schema.market.clear import Clear
from schema.market.entry import carry_out
from schema.market.list_village import ListVillage
from schema.market.outcome import Recorded
from schema.market.support import Support
from schema.market.trade import Trade
from schema.market.villages import AssetTradeType, WeakVillageType
from schema.market.weak import unknown_village
from schema.mutations import Answer, RefusalType, answer, mutation, refusals
from schema.work import Action

CITY = "城市代码或网址名 | code or slug of the city"
VILLAGE = (
    "薄弱村(其编号,或村组织的全局编号)| the weak village (its id, or that of the organization)"
)


@strawberry.input(description="登记农村集体资产的一宗成交。 | A trade of a collective's asset.")
class RecordAssetTradeInput:
    """Of `recordAssetTrade`."""

    city: strawberry.ID = strawberry.field(description=CITY)
    organization: strawberry.ID = strawberry.field(
        description="所属组织(编码或全局编号)| whose it was (code or id of the organization)"
    )
    asset: str = strawberry.field(
        description="资产,1 至 100 个字符 | what was traded, 1 to 100 characters"
    )
    reserve_price: Decimal | None = strawberry.field(
        default=None, description="底价(元);空为不详 | reserve price, 元; null = not known"
    )
    deal_price: Decimal = strawberry.field(description="成交价(元)| price paid, 元")
    traded_on: datetime.date | None = strawberry.field(
        default=None,
        description="成交之日,缺省今天,不晚于今天 | day, default today, not after it",
    )


@strawberry.input(description="列为集体经济薄弱村。 | A village to list as weak.")
class ListWeakVillageInput:
    """Of `listWeakVillage`."""

    city: strawberry.ID = strawberry.field(description=CITY)
    organization: strawberry.ID = strawberry.field(
        description="村(编码或全局编号)| the village (code or id of the organization)"
    )
    listed_on: datetime.date | None = strawberry.field(
        default=None,
        description="列入之日,缺省今天,不晚于今天 | day, default today, not after it",
    )


@strawberry.input(description="拨付扶持资金。 | A payment to support a weak village.")
class SupportVillageInput:
    """Of `supportVillage`."""

    village: strawberry.ID = strawberry.field(description=VILLAGE)
    amount: Decimal = strawberry.field(
        description="本次拨付(元),大于 0,计入累计 | what is paid, 元, above 0; it is added to the "
        "sum"
    )


@strawberry.input(description="薄弱村清零。 | A village that is weak no more.")
class ClearVillageInput:
    """Of `clearVillage`."""

    village: strawberry.ID = strawberry.field(description=VILLAGE)
    on: datetime.date | None = strawberry.field(
        default=None,
        description="清零之日,缺省今天,不早于列入、不晚于今天 | day, default today, neither before "
        "it was listed nor after today",
    )


@strawberry.type(
    name="RecordAssetTradePayload", description="登记成交的结果。 | What recording a trade gave."
)
class RecordAssetTradePayload:
    """Of an `Answer` with a `Recorded`."""

    asset_trade: AssetTradeType | None = relation(
        AssetTradeById,
        "成交;预演或未予办理时为空 | the trade; null with dryRun or where nothing was carried out",
        key=lambda root: root.outcome and (root.outcome.tenant_id, root.outcome.id),
    )
    refusals: list[RefusalType] = refusals()


@strawberry.type
class VillagePayload:
    """Of an `Answer` with a `Recorded`; the base of the payloads that have a weak village."""

    weak_village: WeakVillageType | None = relation(
        WeakVillageById,
        "薄弱村;预演或未予办理时为空 | the weak village; null with dryRun or where nothing was "
        "carried out",
        key=lambda root: root.outcome and (root.outcome.tenant_id, root.outcome.id),
    )
    refusals: list[RefusalType] = refusals()


@strawberry.type(name="ListWeakVillagePayload", description="列入的结果。 | What listing gave.")
class ListWeakVillagePayload(VillagePayload):
    """Of an `Answer` with a `Recorded`."""


@strawberry.type(name="SupportVillagePayload", description="拨付的结果。 | What a payment gave.")
class SupportVillagePayload(VillagePayload):
    """Of an `Answer` with a `Recorded`."""


@strawberry.type(name="ClearVillagePayload", description="清零的结果。 | What clearing gave.")
class ClearVillagePayload(VillagePayload):
    """Of an `Answer` with a `Recorded`."""


async def _trade(context: Context, given: RecordAssetTradeInput, dry_run: bool) -> Answer[Recorded]:
    definition = find_city(context, given.city)
    action = Trade(
        organization=given.organization,
        asset=given.asset,
        deal_price=given.deal_price,
        reserve_price=given.reserve_price,
        traded_on=given.traded_on,
    )
    return await carry_out(context, definition, action, dry_run)


async def _list(context: Context, given: ListWeakVillageInput, dry_run: bool) -> Answer[Recorded]:
    definition = find_city(context, given.city)
    action = ListVillage(given.organization, given.listed_on)
    return await carry_out(context, definition, action, dry_run)


async def _support(context: Context, given: SupportVillageInput, dry_run: bool) -> Answer[Recorded]:
    return await _of_village(context, given.village, Support(given.village, given.amount), dry_run)


async def _clear(context: Context, given: ClearVillageInput, dry_run: bool) -> Answer[Recorded]:
    return await _of_village(context, given.village, Clear(given.village, given.on), dry_run)


async def _of_village(
    context: Context, village: str, action: Action[Recorded], dry_run: bool
) -> Answer[Recorded]:
    definition = tenant_of(context, village, "WeakVillage", "Organization")
    if definition is None:
        return answer(unknown_village(village))
    return await carry_out(context, definition, action, dry_run)


@strawberry.type
class VillageMutations:
    """The part of `Mutation` that records what villages trade, and how weak ones fare."""

    record_asset_trade: RecordAssetTradePayload | None = mutation(
        _trade,
        "登记农村集体资产的一宗成交。本市须记录 ASSET_TRADES | record a trade of a collective's "
        "asset; the city must record ASSET_TRADES",
        takes=RecordAssetTradeInput,
    )
    list_weak_village: ListWeakVillagePayload | None = mutation(
        _list, "列为集体经济薄弱村 | list a village as weak", takes=ListWeakVillageInput
    )
    support_village: SupportVillagePayload | None = mutation(
        _support,
        "登记拨付薄弱村的扶持资金,计入累计 | record a payment to a weak village",
        takes=SupportVillageInput,
    )
    clear_village: ClearVillagePayload | None = mutation(
        _clear, "薄弱村清零,历史留存 | a village is weak no more", takes=ClearVillageInput
    )
