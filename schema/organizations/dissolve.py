"""Dissolving an organization."""

import datetime
from dataclasses import dataclass

from schema.events import EventKind
from schema.organizations.ending import Ending
from schema.organizations.outcome import Changed
from schema.organizations.rules import LIMIT, lacking, too_many
from schema.organizations.tree import Organization, find, hold
from schema.refusals import Refusal, Refused
from schema.work import Work


@dataclass(frozen=True)
class Dissolve:
    """Let an organization be no more from a day on (None = today; up to a year ahead).

    `successors` take it over. Children have to be gone by then, or go to the one successor.
    """

    organization: str
    successors: tuple[str, ...] = ()
    on: datetime.date | None = None

    async def __call__(self, work: Work) -> Changed | Refused:
        """Carry it out; the organization, or why not.

        Errors: `StaleRegistryError`.
        """
        if reasons := tuple(too_many(self.successors, 0, LIMIT, ("successors",))):
            return Refused(reasons)
        await hold(work)
        named = [(given, ("successors", str(at))) for at, given in enumerate(self.successors)]
        found = await find(work, [(self.organization, ("organization",)), *named])
        if isinstance(found, Refused):
            return found
        organization, *others = found
        successors = list({item.id: item for item in others}.values())
        if denied := self._denied(work, organization, successors):
            return Refused(denied)
        ending = Ending(
            EventKind.ORGANIZATION_DISSOLVED,
            [organization],
            successors,
            self.on or work.today,
            [("organization",)],
            ("successors",),
        )
        if reasons := tuple(ending.against(work)):
            return Refused(reasons)
        changes = await ending.carried_out(work)
        if isinstance(changes, Refused):
            return changes
        return Changed(work.tenant_id, organization.id, changes)

    def _denied(
        self, work: Work, organization: Organization, successors: list[Organization]
    ) -> tuple[Refusal, ...]:
        over = [
            item for other in successors for item in lacking(work, other.above, ("successors",))
        ]
        return (*lacking(work, organization.above, ("organization",)), *over)
