"""A village is weak no more."""

import datetime
from dataclasses import dataclass

from sqlalchemy import update

from schema.cooperative_rollups import COOPERATION
from schema.events import Event, EventKind
from schema.loaders.weak_village import WEAK_VILLAGE
from schema.market.checks import checked_day
from schema.market.outcome import Recorded
from schema.market.weak import weak_village
from schema.refusals import Refused
from schema.work import Work


@dataclass(frozen=True)
class Clear:
    """Clear a weak village; `on` None is today.

    `village` is the global id of its entry, or of the organization.
    """

    village: str
    on: datetime.date | None = None

    async def __call__(self, work: Work) -> Recorded | Refused:
        """Carry it out; the entry, or why not."""
        found = await weak_village(work, self.village)
        if isinstance(found, Refused):
            return found
        at, entry = found
        on = checked_day(work, self.on, "on", earliest=entry.listed_on)
        if isinstance(on, Refused):
            return on
        own = (WEAK_VILLAGE.c.tenant_id == work.tenant_id, WEAK_VILLAGE.c.id == entry.id)
        await work.count(COOPERATION, [at.id])
        await work.connection.execute(update(WEAK_VILLAGE).where(*own).values(cleared_on=on))
        facts = {"village": str(entry.id), "on": str(on)}
        work.events.append(Event(EventKind.ECONOMY_VILLAGE_CLEARED, at.id, facts))
        return Recorded(work.tenant_id, entry.id)
