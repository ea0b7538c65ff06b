"""Arguments of the market's fields, of a city, a cooperative and an enterprise."""

from dataclasses import dataclass
from typing import Annotated, Any

import strawberry

from schema.connections import After, First
from schema.context import Context
from schema.errors import CodedError, ErrorCode
from schema.loaders.asset_trade import AssetTradesOfTenant
from schema.loaders.deal import DealListing, DealsOfCooperative
from schema.loaders.enterprise import EnterpriseListing, EnterprisesOfTenant
from schema.loaders.matching_event import MatchingEventsOfTenant
from schema.loaders.pages import Listing, listed
from schema.loaders.posting import PostingListing, PostingsOfTenant
from schema.loaders.weak_village import WeakVillageListing, WeakVillagesOfTenant
from schema.products import product_key
from schema.tables.market import DealState, PostingKind, PostingState

KindOf = Annotated[PostingKind | None, strawberry.argument(description="供或需 | supply or demand")]
StateOf = Annotated[
    PostingState | None,
    strawberry.argument(
        description="有效与否;过期的即已关闭 | whether it is open; one that is past is closed"
    ),
]
DealStateOf = Annotated[
    DealState | None, strawberry.argument(description="合作进展 | how far a deal has come")
]


@dataclass(frozen=True)
class EnterpriseCodeArguments:
    """Arguments of `City.enterprise`: they make the key, not the loader's arguments."""

    code: Annotated[strawberry.ID, strawberry.argument(description="企业编码 | code")]


@dataclass(frozen=True)
class EnterprisesArguments:
    """Arguments of `City.enterprises`."""

    search: Annotated[
        str | None,
        strawberry.argument(
            description="名称的一部分,或企业编码 | part of the name, or the whole code"
        ),
    ] = None
    past: Annotated[
        bool | None,
        strawberry.argument(description="含已退出目录的 | also those that have left the directory"),
    ] = None
    first: First = None
    after: After = None

    def checked(self, context: Context, root: Any) -> EnterpriseListing:
        """The page asked for.

        Errors: `CodedError`, those of paging.
        """
        pages = listed(EnterprisesOfTenant, self.first, self.after)
        sought = (self.search or "").strip() or None
        return EnterpriseListing(pages, context.today, sought, bool(self.past))


@dataclass(frozen=True)
class PostingsArguments:
    """Arguments of `postings` of a cooperative or an enterprise."""

    kind: KindOf = None
    state: StateOf = None
    first: First = None
    after: After = None

    def checked(self, context: Context, root: Any) -> PostingListing:
        """The page asked for.

        Errors: `CodedError`, those of paging.
        """
        pages = listed(PostingsOfTenant, self.first, self.after)
        return PostingListing(pages, context.today, self.kind, self.state)


@dataclass(frozen=True)
class CityPostingsArguments:
    """Arguments of `City.postings`."""

    kind: KindOf = None
    product: Annotated[
        str | None,
        strawberry.argument(
            description="产品名称的一部分;不计空白、标点、大小写 | part of a product's name; "
            "blanks, punctuation and case do not count"
        ),
    ] = None
    state: StateOf = None
    first: First = None
    after: After = None

    def checked(self, context: Context, root: Any) -> PostingListing:
        """The page asked for.

        Errors: `CodedError`, those of paging; BAD_REQUEST for a product without letters.
        """
        pages = listed(PostingsOfTenant, self.first, self.after)
        key = None if self.product is None else _key(self.product)
        return PostingListing(pages, context.today, self.kind, self.state, key)


def _key(product: str) -> str:
    key = product_key(product)
    if key:
        return key
    raise CodedError(
        ErrorCode.BAD_REQUEST,
        f"product“{product[:40]}”没有文字或数字。",
        f"product {product[:40]!r} has neither a letter nor a number.",
        argument="product",
    )


@dataclass(frozen=True)
class DealsArguments:
    """Arguments of `deals` of a cooperative, an enterprise or a matching event."""

    state: DealStateOf = None
    first: First = None
    after: After = None

    def checked(self, context: Context, root: Any) -> DealListing:
        """The page asked for.

        Errors: `CodedError`, those of paging.
        """
        return DealListing(listed(DealsOfCooperative, self.first, self.after), self.state)


@dataclass(frozen=True)
class MatchingEventsArguments:
    """Arguments of `City.matchingEvents`."""

    first: First = None
    after: After = None

    def checked(self, context: Context, root: Any) -> Listing:
        """The page asked for.

        Errors: `CodedError`, those of paging.
        """
        return Listing(listed(MatchingEventsOfTenant, self.first, self.after))


@dataclass(frozen=True)
class AssetTradesArguments:
    """Arguments of `assetTrades` of a city or an organization."""

    first: First = None
    after: After = None

    def checked(self, context: Context, root: Any) -> Listing:
        """The page asked for.

        Errors: `CodedError`, those of paging.
        """
        return Listing(listed(AssetTradesOfTenant, self.first, self.after))


@dataclass(frozen=True)
class WeakVillagesArguments:
    """Arguments of `City.weakVillages`."""

    cleared: Annotated[
        bool | None,
        strawberry.argument(
            description="已清零的或未清零的;空为全部 | weak no more, or still weak; null = all"
        ),
    ] = None
    first: First = None
    after: After = None

    def checked(self, context: Context, root: Any) -> WeakVillageListing:
        """The page asked for.

        Errors: `CodedError`, those of paging.
        """
        return WeakVillageListing(
            listed(WeakVillagesOfTenant, self.first, self.after), self.cleared
        )
