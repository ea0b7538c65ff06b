"""Trades of collective assets as the graph reads them: of a city, and of a subtree."""

from collections.abc import Sequence
from typing import Any, ClassVar

import asyncpg
from sqlalchemy import and_, func, select

from schema.loaders.organization import ORGANIZATION, below
from schema.loaders.pages import Pages
from schema.loaders.row import RowByKey
from schema.tables.market import AssetTradeRow

ASSET_TRADE: Any = AssetTradeRow.__table__  # type: ignore[attr-defined]


class AssetTradeRecord(asyncpg.Record):
    """A row of `asset_trade` with the columns that were asked for."""


class AssetTradeById(RowByKey):
    """(tenant, id) → the trade, or None."""

    table = ASSET_TRADE
    record = AssetTradeRecord


class AssetTradesOfTenant(Pages):
    """(tenant,) → a page of its trades, the latest first."""

    table = ASSET_TRADE
    record = AssetTradeRecord
    names: ClassVar[tuple[str, ...]] = ("tenant_id",)
    sort = ("traded_on", "id")
    newest_first = True

    @classmethod
    def sums(cls, t: Any) -> Sequence[Any]:
        """What was paid, and how much more than the reserve prices where those are known."""
        premium = func.sum(t.c.deal_price - t.c.reserve_price)
        return func.sum(t.c.deal_price).label("deal_price"), premium.label("premium")


class AssetTradesOfOrganization(AssetTradesOfTenant):
    """(tenant, path) → a page of the trades of an organization and of all below it."""

    names: ClassVar[tuple[str, ...]] = ("tenant_id", "path")

    @classmethod
    def own(cls, t: Any, k: Any, shape: Any) -> Any:
        """Those of the organizations of the subtree."""
        o = ORGANIZATION.alias("o")
        inside = (
            select(o.c.id)
            .where(o.c.tenant_id == k.c.tenant_id, (o.c.path == k.c.path) | below(o, k.c.path))
            .correlate(k)
        )
        return and_(t.c.tenant_id == k.c.tenant_id, t.c.organization_id.in_(inside))
