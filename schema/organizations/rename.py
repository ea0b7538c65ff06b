"""Renaming an organization."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass

from schema.changes import Change, ChangeKind
from schema.events import Event, EventKind
from schema.organizations import writes
from schema.organizations.naming import Named
from schema.organizations.outcome import Changed
from schema.organizations.rules import (
    current_day,
    ended,
    lacking,
    like_named,
    untimely,
)
from schema.organizations.tree import Organization, find, hold, namesake
from schema.refusals import Refusal, RefusalCode, Refused
from schema.work import Work


@dataclass(frozen=True)
class Rename:
    """Give an organization another name from a day on (None = today).

    Not from a day to come: a row has one name, which would show too early. One that is to begin
    on a later day is renamed from that day on.
    """

    organization: str
    name: Named
    on: datetime.date | None = None

    async def __call__(self, work: Work) -> Changed | Refused:
        """Carry it out; the organization, or why not.

        Errors: `StaleRegistryError`.
        """
        await hold(work)
        found = await find(work, [(self.organization, ("organization",))])
        if isinstance(found, Refused):
            return found
        (organization,) = found
        if denied := tuple(lacking(work, organization.above, ("organization",))):
            return Refused(denied)
        day = self.on or current_day(work, organization)
        like = await self._like(work, organization, day)
        if reasons := tuple(self._against(work, organization, day, like)):
            return Refused(reasons)
        await writes.rename(work, organization, self.name.columns, day)
        work.events.append(self._event(organization, day))
        change = Change(
            ChangeKind.NAME, organization.code, self.name.name, organization.name, self.name.name
        )
        return Changed(work.tenant_id, organization.id, (change,))

    async def _like(
        self, work: Work, organization: Organization, day: datetime.date
    ) -> Organization | None:
        return await namesake(
            work,
            self.name.spelling.search_name,
            organization.level,
            organization.parent_id,
            day,
            [organization],
        )

    def _against(
        self, work: Work, organization: Organization, day: datetime.date, like: Organization | None
    ) -> Iterator[Refusal]:
        yield from ended(work, organization, ("organization",))
        if organization.name == self.name.name:
            yield Refusal(
                RefusalCode.NAME_UNCHANGED,
                f"名称已是“{self.name.name}”。",
                f"The name is {self.name.name!r} already.",
                ("input", "name"),
            )
        since = [organization.valid_from, organization.renamed_on]
        yield from untimely(day, since, current_day(work, organization), ("on",))
        yield from like_named(like, ("name",))

    def _event(self, organization: Organization, day: datetime.date) -> Event:
        return Event(
            EventKind.ORGANIZATION_RENAMED,
            organization.id,
            {
                "code": organization.code,
                "before": organization.name,
                "after": self.name.name,
                "on": str(day),
            },
        )
