"""Correcting what a household brought into a cooperative, or its share."""

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import update

from schema.cooperatives.belonging import Belonging, head_of, held
from schema.cooperatives.contribution import Contribution, checked_contribution
from schema.cooperatives.enrol import Member
from schema.cooperatives.led import Led
from schema.cooperatives.shares import exceeding
from schema.events import Event, EventKind
from schema.loaders.membership import MEMBERSHIP
from schema.refusals import Refused
from schema.work import Work


@dataclass(frozen=True)
class ChangeMembership:
    """Set what is given of land, capital and share of a membership (a global id), for all its
    days; what is not given stays as it is.
    """

    membership: str
    contribution: Contribution

    async def __call__(self, work: Work) -> Member | Refused:
        """Carry it out; the membership, or why not."""
        found = await held(work, self.membership)
        if isinstance(found, Refused):
            return found
        cooperative, member = found
        given = checked_contribution(self.contribution)
        if isinstance(given, Refused):
            return given
        changed = {name: item for name, item in given.items() if item != getattr(member, name)}
        return await _change(work, cooperative, member, changed)


async def _change(
    work: Work, cooperative: Led, member: Belonging, changed: dict[str, Decimal | None]
) -> Member | Refused:
    share, days = changed.get("share"), (member.since, member.until)
    excess = await exceeding(work, cooperative.id, share, *days, without=member.id)
    if excess is not None:
        return Refused((excess,))
    if changed:
        own = (MEMBERSHIP.c.tenant_id == work.tenant_id, MEMBERSHIP.c.id == member.id)
        await work.connection.execute(update(MEMBERSHIP).where(*own).values(**changed))
        facts = {
            "membership": str(member.id),
            "household": str(member.household_id),
            "person": str(await head_of(work, member.household_id)),
            "fields": sorted(changed),
        }
        kind = EventKind.COOPERATIVE_HOUSEHOLD_CHANGED
        work.events.append(Event(kind, cooperative.leader_id, facts, cooperative_id=cooperative.id))
    return Member(work.tenant_id, member.id)
