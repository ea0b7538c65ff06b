"""Closing a posting: no counterparts are sought any more."""

from dataclasses import dataclass

from sqlalchemy import update

from schema.events import Event, EventKind
from schema.loaders.posting import POSTING
from schema.market.offers import Offer, closed, known_posting
from schema.market.outcome import Recorded
from schema.market.parties import Party, known_cooperative, known_enterprise, lacking
from schema.refusals import Refused
from schema.tables.market import PostingState
from schema.work import Work


@dataclass(frozen=True)
class Close:
    """Close a posting (a global id)."""

    posting: str

    async def __call__(self, work: Work) -> Recorded | Refused:
        """Carry it out; the posting, or why not."""
        named = await known_posting(work, self.posting, lock=None)
        if isinstance(named, Refused):
            return named
        party = await _party(work, named)
        if isinstance(party, Refused):
            return party
        if (denied := lacking(work, party, at=("posting",))) is not None:
            return denied
        offer = await known_posting(work, self.posting, lock="UPDATE")
        if isinstance(offer, Refused):
            return offer
        if (over := closed(work, offer, "posting")) is not None:
            return over
        own = (POSTING.c.tenant_id == work.tenant_id, POSTING.c.id == offer.id)
        state = PostingState.CLOSED.value
        await work.connection.execute(update(POSTING).where(*own).values(state=state))
        work.events.append(_event(offer, party))
        return Recorded(work.tenant_id, offer.id)


async def _party(work: Work, offer: Offer) -> Party | Refused:
    if offer.cooperative_id is not None:
        return await known_cooperative(work, offer.cooperative_id, "posting")
    assert offer.enterprise_id is not None
    return await known_enterprise(work, offer.enterprise_id, "posting")


def _event(offer: Offer, party: Party) -> Event:
    facts = {"posting": str(offer.id), "kind": offer.kind.value}
    if party.is_cooperative:
        kind = EventKind.COOPERATIVE_POSTING_CLOSED
        return Event(kind, party.place_id, facts, cooperative_id=party.id)
    facts["enterprise"] = str(party.id)
    return Event(EventKind.ECONOMY_POSTING_CLOSED, party.place_id, facts)
