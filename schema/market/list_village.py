"""Listing a village as one whose collective economy is weak."""

import datetime
from dataclasses import dataclass

from sqlalchemy import insert
from uuid_utils.compat import uuid7

from schema.access import Permission
from schema.cooperative_rollups import COOPERATION
from schema.events import Event, EventKind
from schema.loaders.weak_village import WEAK_VILLAGE
from schema.market.checks import checked_day
from schema.market.outcome import Recorded
from schema.market.weak import Entry, newest_entry
from schema.places import Place, managed_place
from schema.refusals import RefusalCode, Refused, refuse
from schema.work import Work
from tenants.definition import DataKind

DAY = datetime.timedelta(days=1)


@dataclass(frozen=True)
class ListVillage:
    """Put a village (code or id of the organization) on the list; `listed_on` None is today.

    One that was cleared may be listed again, from the day of its clearing on.
    """

    organization: str
    listed_on: datetime.date | None = None

    async def __call__(self, work: Work) -> Recorded | Refused:
        """Carry it out; the entry, or why not."""
        at = await managed_place(work, self.organization, Permission.MANAGE_COOPERATIVES)
        if isinstance(at, Refused):
            return at
        last = await newest_entry(work, at.id)
        if last is not None and last.cleared_on is None:
            return _listed(at, last)
        earliest = None
        if last is not None and last.cleared_on is not None:  # two never begin on one day
            earliest = max(last.cleared_on, last.listed_on + DAY)
        on = checked_day(work, self.listed_on, "listedOn", earliest=earliest)
        if isinstance(on, Refused):
            return on
        return await _write(work, at, on)


async def _write(work: Work, at: Place, on: datetime.date) -> Recorded:
    id_ = uuid7()
    await work.count(COOPERATION, [at.id])
    await work.connection.execute(
        insert(WEAK_VILLAGE).values(
            tenant_id=work.tenant_id,
            id=id_,
            organization_id=at.id,
            listed_on=on,
            data_kind=DataKind.REAL.value,
        )
    )
    facts = {"village": str(id_), "on": str(on)}
    work.events.append(Event(EventKind.ECONOMY_VILLAGE_LISTED, at.id, facts))
    return Recorded(work.tenant_id, id_)


def _listed(at: Place, last: Entry) -> Refused:
    return refuse(
        RefusalCode.VILLAGE_LISTED,
        f"“{at.name}”已于 {last.listed_on} 列入,尚未清零。",
        f"{at.name!r} was listed on {last.listed_on} and is weak still.",
        "organization",
    )
