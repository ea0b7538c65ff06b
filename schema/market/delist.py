"""An enterprise leaves the directory."""

import datetime
from dataclasses import dataclass

from sqlalchemy import select, update

from schema.cooperative_rollups import COOPERATION
from schema.events import Event, EventKind
from schema.ids import uuid_in
from schema.loaders.enterprise import ENTERPRISE
from schema.market.checks import checked_day
from schema.market.outcome import Recorded
from schema.market.parties import Party, known_enterprise, lacking, unknown_enterprise
from schema.refusals import RefusalCode, Refused, refuse
from schema.work import Work

DAY = datetime.timedelta(days=1)


@dataclass(frozen=True)
class Delist:
    """Take an enterprise (a global id) out of the directory; `on` is the first day without it.

    None is today, or tomorrow where it joined today: every entry lasts a day at least.
    """

    enterprise: str
    on: datetime.date | None = None

    async def __call__(self, work: Work) -> Recorded | Refused:
        """Carry it out; the enterprise, or why not."""
        id_ = uuid_in(self.enterprise, "Enterprise", work.tenant_id)
        if id_ is None:
            return unknown_enterprise(self.enterprise)
        own = (ENTERPRISE.c.tenant_id == work.tenant_id, ENTERPRISE.c.id == id_)
        # who reads it FOR SHARE first and changes it then waits for others who do the same
        lock = select(ENTERPRISE.c.id).where(*own).with_for_update(key_share=True)
        await work.connection.execute(lock)
        party = await known_enterprise(work, id_)
        if isinstance(party, Refused):
            return unknown_enterprise(self.enterprise)
        if (denied := lacking(work, party, at=("enterprise",))) is not None:
            return denied
        on = self._day(work, party)
        if isinstance(on, Refused):
            return on
        await work.count(COOPERATION, [id_])
        await work.connection.execute(update(ENTERPRISE).where(*own).values(left_on=on))
        facts = {"enterprise": str(id_), "on": str(on)}
        work.events.append(Event(EventKind.ECONOMY_ENTERPRISE_DELISTED, party.place_id, facts))
        return Recorded(work.tenant_id, id_)

    def _day(self, work: Work, party: Party) -> datetime.date | Refused:
        if party.ended_on is not None:
            return refuse(
                RefusalCode.ENTERPRISE_LEFT,
                f"“{party.name}”退出目录之日已定为 {party.ended_on}。",
                f"{party.name!r} left the directory on {party.ended_on} already.",
                "enterprise",
            )
        earliest = None if party.began_on is None else party.began_on + DAY
        return checked_day(work, self.on, "on", earliest=earliest)
