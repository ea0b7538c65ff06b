"""Recording that a matching event (对接会) was held."""

import datetime
from dataclasses import dataclass

from sqlalchemy import insert
from uuid_utils.compat import uuid7

from schema.access import Permission
from schema.events import Event, EventKind
from schema.loaders.matching_event import MATCHING_EVENT
from schema.market.checks import checked_day
from schema.market.outcome import Recorded
from schema.places import managed_place
from schema.refusals import RefusalCode, Refused, reasons_in
from schema.texts import checked_line
from schema.work import Work
from tenants.definition import DataKind


@dataclass(frozen=True)
class Hold:
    """Record a matching event that an organization (code or id) held; `held_on` None is today."""

    organization: str
    title: str
    held_on: datetime.date | None = None

    async def __call__(self, work: Work) -> Recorded | Refused:
        """Carry it out; the matching event, or why not."""
        at = await managed_place(work, self.organization, Permission.MANAGE_COOPERATIVES)
        if isinstance(at, Refused):
            return at
        values = {
            "title": checked_line(self.title, RefusalCode.TITLE_MALFORMED, "title"),
            "held_on": checked_day(work, self.held_on, "heldOn"),
        }
        if reasons := reasons_in(values.values()):
            return Refused(reasons)
        id_ = uuid7()
        row = {"tenant_id": work.tenant_id, "id": id_, "organization_id": at.id, **values}
        await work.connection.execute(
            insert(MATCHING_EVENT).values(data_kind=DataKind.REAL.value, **row)
        )
        facts = {"matching_event": str(id_), "on": str(values["held_on"])}
        work.events.append(Event(EventKind.ECONOMY_MATCHING_HELD, at.id, facts))
        return Recorded(work.tenant_id, id_)
