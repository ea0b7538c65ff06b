"""Recording what was paid to support a weak village."""

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import update

from schema.amounts import FEN, checked_amount
from schema.cooperative_rollups import COOPERATION
from schema.events import Event, EventKind
from schema.loaders.weak_village import WEAK_VILLAGE
from schema.market.outcome import Recorded
from schema.market.weak import weak_village
from schema.refusals import Refused
from schema.work import Work


@dataclass(frozen=True)
class Support:
    """Add a payment, in 元, to what a weak village was given so far.

    `village` is the global id of its entry, or of the organization.
    """

    village: str
    amount: Decimal

    async def __call__(self, work: Work) -> Recorded | Refused:
        """Carry it out; the entry, or why not."""
        found = await weak_village(work, self.village)
        if isinstance(found, Refused):
            return found
        at, entry = found
        paid = checked_amount(self.amount, "amount", least=FEN)
        if isinstance(paid, Refused):
            return paid
        total = checked_amount((entry.support or Decimal(0)) + (paid or 0), "amount")
        if isinstance(total, Refused):
            return total
        own = (WEAK_VILLAGE.c.tenant_id == work.tenant_id, WEAK_VILLAGE.c.id == entry.id)
        await work.count(COOPERATION, [at.id])
        await work.connection.execute(update(WEAK_VILLAGE).where(*own).values(support=total))
        facts = {"village": str(entry.id), "amount": str(paid)}
        work.events.append(Event(EventKind.ECONOMY_VILLAGE_SUPPORTED, at.id, facts))
        return Recorded(work.tenant_id, entry.id)
