"""A household leaves a cooperative."""

import datetime
from dataclasses import dataclass

from sqlalchemy import update

from schema.cooperative_rollups import COOPERATION
from schema.cooperatives.belonging import Belonging, head_of, held
from schema.cooperatives.enrol import Member, wrong_day
from schema.cooperatives.led import Led
from schema.events import Event, EventKind
from schema.loaders.membership import MEMBERSHIP
from schema.refusals import RefusalCode, Refused, refuse
from schema.work import Work

DAY = datetime.timedelta(days=1)


@dataclass(frozen=True)
class Leave:
    """End a membership (a global id): `until` is the first day on which it is none.

    None is today, or tomorrow where it began today: every membership lasts a day at least.
    """

    membership: str
    until: datetime.date | None = None

    async def __call__(self, work: Work) -> Member | Refused:
        """Carry it out; the membership, or why not."""
        found = await held(work, self.membership)
        if isinstance(found, Refused):
            return found
        cooperative, member = found
        return await self._end(work, cooperative, member)

    async def _end(self, work: Work, cooperative: Led, member: Belonging) -> Member | Refused:
        if member.until is not None:
            return refuse(
                RefusalCode.NOT_MEMBER,
                f"该户已于 {member.until} 退社。",
                f"The household left on {member.until} already.",
                "membership",
            )
        earliest = member.since + DAY
        latest = max(earliest, work.today)
        until = self.until or latest
        if not earliest <= until <= latest:
            return Refused((wrong_day(until, earliest, latest, "until"),))
        own = (MEMBERSHIP.c.tenant_id == work.tenant_id, MEMBERSHIP.c.id == member.id)
        await work.count(COOPERATION, [member.household_id])
        await work.connection.execute(update(MEMBERSHIP).where(*own).values(until=until))
        facts = {
            "membership": str(member.id),
            "household": str(member.household_id),
            "person": str(await head_of(work, member.household_id)),
            "until": str(until),
        }
        kind = EventKind.COOPERATIVE_HOUSEHOLD_LEFT
        work.events.append(Event(kind, cooperative.leader_id, facts, cooperative_id=cooperative.id))
        return Member(work.tenant_id, member.id)
