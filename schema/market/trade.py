"""Recording a trade of something that a village's collective owns."""

import datetime
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import insert
from uuid_utils.compat import uuid7

from schema.access import Permission
from schema.amounts import checked_amount
from schema.cooperative_rollups import COOPERATION
from schema.events import Event, EventKind
from schema.loaders.asset_trade import ASSET_TRADE
from schema.market.checks import checked_day, not_recorded
from schema.market.outcome import Recorded
from schema.places import managed_place
from schema.refusals import RefusalCode, Refused, reasons_in
from schema.texts import checked_line
from schema.work import Work
from tenants.cooperation import CooperativeMeasure
from tenants.definition import DataKind


@dataclass(frozen=True)
class Trade:
    """Record what an organization (code or id) sold or let; prices in 元.

    `reserve_price` None is not known; `traded_on` None is today.
    """

    organization: str
    asset: str
    deal_price: Decimal
    reserve_price: Decimal | None = None
    traded_on: datetime.date | None = None

    async def __call__(self, work: Work) -> Recorded | Refused:
        """Carry it out; the trade, or why not."""
        at = await managed_place(work, self.organization, Permission.MANAGE_COOPERATIVES)
        if isinstance(at, Refused):
            return at
        wanted = CooperativeMeasure.ASSET_TRADES
        if (unrecorded := not_recorded(work, wanted, "organization")) is not None:
            return unrecorded
        values = {
            "asset": checked_line(self.asset, RefusalCode.TEXT_MALFORMED, "asset"),
            "reserve_price": checked_amount(self.reserve_price, "reservePrice"),
            "deal_price": checked_amount(self.deal_price, "dealPrice"),
            "traded_on": checked_day(work, self.traded_on, "tradedOn"),
        }
        if reasons := reasons_in(values.values()):
            return Refused(reasons)
        id_ = uuid7()
        work.count_new(COOPERATION, [id_])
        row = {"tenant_id": work.tenant_id, "id": id_, "organization_id": at.id, **values}
        await work.connection.execute(
            insert(ASSET_TRADE).values(data_kind=DataKind.REAL.value, **row)
        )
        facts = {"trade": str(id_), "on": str(values["traded_on"])}
        work.events.append(Event(EventKind.ECONOMY_ASSET_TRADED, at.id, facts))
        return Recorded(work.tenant_id, id_)
