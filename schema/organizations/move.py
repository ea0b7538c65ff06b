"""Moving an organization, with all below it."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass

from schema.organizations.grafting import graft
from schema.organizations.outcome import Changed
from schema.organizations.rules import (
    current_day,
    ended,
    ending,
    lacking,
    like_named,
    misplaced,
    untimely,
)
from schema.organizations.tree import Organization, find, hold, namesake
from schema.organizations.writes import Graft
from schema.refusals import Refusal, RefusalCode, Refused
from schema.work import Work


@dataclass(frozen=True)
class Move:
    """Put an organization under another one from a day on (None = today).

    Not from a day to come: a row has one parent, which would show too early. One that is to begin
    on a later day is moved from that day on.
    """

    organization: str
    parent: str
    on: datetime.date | None = None

    async def __call__(self, work: Work) -> Changed | Refused:
        """Carry it out; the organization, or why not.

        Errors: `StaleRegistryError`.
        """
        await hold(work)
        asked = [(self.organization, ("organization",)), (self.parent, ("parent",))]
        found = await find(work, asked)
        if isinstance(found, Refused):
            return found
        organization, parent = found
        denied = (
            *lacking(work, organization.above, ("organization",)),
            *lacking(work, parent.path, ("parent",)),
        )
        if denied:
            return Refused(denied)
        day = self.on or current_day(work, organization)
        like = await namesake(
            work, organization.search_name, organization.level, parent.id, day, [organization]
        )
        reasons = (
            *self._against(work, organization, parent, day),
            *like_named(like, ("parent",)),
        )
        if reasons:
            return Refused(reasons)
        changes = await graft(work, [Graft(organization, parent, day)])
        return Changed(work.tenant_id, organization.id, changes)

    def _against(
        self, work: Work, organization: Organization, parent: Organization, day: datetime.date
    ) -> Iterator[Refusal]:
        yield from ended(work, organization, ("organization",))
        yield from ending(parent, ("parent",))
        if parent.path.startswith(organization.path):
            yield Refusal(
                RefusalCode.UNDER_ITSELF,
                f"“{organization.name}”不能移到自身或其下级“{parent.name}”之下。",
                f"{organization.name!r} cannot stand under itself or {parent.name!r} below it.",
                ("input", "parent"),
            )
        elif parent.id == organization.parent_id:
            yield Refusal(
                RefusalCode.PLACE_UNCHANGED,
                f"“{organization.name}”已在“{parent.name}”之下。",
                f"{organization.name!r} stands under {parent.name!r} already.",
                ("input", "parent"),
            )
        else:
            yield from misplaced(work, organization.level, parent, ("parent",))
        since = [organization.valid_from, organization.moved_on, parent.valid_from]
        yield from untimely(day, since, current_day(work, organization), ("on",))
