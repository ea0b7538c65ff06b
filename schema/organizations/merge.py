"""Merging organizations into one of their level, existing or new."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass

from schema.events import EventKind
from schema.organizations.ending import Ending
from schema.organizations.establish import Fields, New, Place, changes, establish
from schema.organizations.outcome import Changed
from schema.organizations.rules import LIMIT, Field, lacking, too_many
from schema.organizations.tree import Asked, Organization, find, hold
from schema.refusals import Refusal, RefusalCode, Refused, refuse
from schema.work import Work


@dataclass(frozen=True)
class NewPlace:
    """A new organization, and what it is to stand under; None = where all merged ones stand."""

    new: New
    parent: str | None = None


@dataclass(frozen=True)
class Merge:
    """Merge organizations of one level from a day on (None = today; up to a year ahead).

    They end, their children go to the organization that they are merged `into` (a new one where
    it is a `NewPlace`), which succeeds them all.
    """

    organizations: tuple[str, ...]
    into: str | NewPlace
    on: datetime.date | None = None

    async def __call__(self, work: Work) -> Changed | Refused:
        """Carry it out; the organization that is left, or why not.

        Errors: `StaleRegistryError`.
        """
        if reasons := tuple(too_many(self.organizations, 1, LIMIT, ("organizations",))):
            return Refused(reasons)
        await hold(work)
        found = await find(work, [*self._named(), *self._goal()])
        if isinstance(found, Refused):
            return found
        size = len(self.organizations)
        merged = list({item.id: item for item in found[:size]}.values())
        goal = found[size] if found[size:] else None
        if isinstance(self.into, NewPlace):
            return await self._into_new(work, self.into, merged, goal)
        assert goal is not None  # `into` was asked for
        return await self._into(work, merged, goal)

    async def _into(
        self, work: Work, merged: list[Organization], heir: Organization
    ) -> Changed | Refused:
        over = (*self._over(work, merged), *lacking(work, heir.above, ("into",)))
        if reasons := over or tuple(self._levels(work, [*merged, heir])):
            return Refused(reasons)
        return await self._end(work, merged, heir, ("into",))

    async def _into_new(
        self, work: Work, into: NewPlace, merged: list[Organization], parent: Organization | None
    ) -> Changed | Refused:
        if into.parent is None:
            common = await self._common_parent(work, merged)
            if isinstance(common, Refused):
                return common
            parent = common
        planned = self._ending(work, merged, [], ("intoNew",))
        above = parent.path if parent else "/"
        over = (*self._over(work, merged), *lacking(work, above, ("intoNew", "parent")))
        if reasons := over or (*self._levels(work, merged), *planned.against(work)):
            return Refused(reasons)
        place = Place(merged[0].level, parent, planned.day)
        made = await establish(work, into.new, place, Fields("on", ("intoNew",)), merged)
        if isinstance(made, Refused):
            return made
        ended = await self._end(work, merged, made, ("intoNew",))
        if isinstance(ended, Refused):
            return ended
        return Changed(work.tenant_id, made.id, (*changes(made), *ended.changes))

    async def _end(
        self, work: Work, merged: list[Organization], heir: Organization, field: Field
    ) -> Changed | Refused:
        planned = self._ending(work, merged, [heir], field)
        if reasons := tuple(planned.against(work)):
            return Refused(reasons)
        changed = await planned.carried_out(work)
        if isinstance(changed, Refused):
            return changed
        return Changed(work.tenant_id, heir.id, changed)

    def _ending(
        self, work: Work, merged: list[Organization], heirs: list[Organization], field: Field
    ) -> Ending:
        fields = [("organizations",)] * len(merged)
        day = self.on or work.today
        return Ending(EventKind.ORGANIZATION_MERGED, merged, heirs, day, fields, field)

    def _named(self) -> Iterator[Asked]:
        for at, given in enumerate(self.organizations):
            yield given, ("organizations", str(at))

    def _goal(self) -> Iterator[Asked]:
        """What else the input names: the heir, or the parent of a new one."""
        if not isinstance(self.into, NewPlace):
            yield self.into, ("into",)
        elif self.into.parent is not None:
            yield self.into.parent, ("intoNew", "parent")

    def _over(self, work: Work, merged: list[Organization]) -> Iterator[Refusal]:
        for organization in merged:
            yield from lacking(work, organization.above, ("organizations",))

    def _levels(self, work: Work, together: list[Organization]) -> Iterator[Refusal]:
        if len({item.level for item in together}) > 1:
            hierarchy = work.definition.hierarchy
            given = ", ".join(f"{item.name} ({hierarchy[item.level].name})" for item in together)
            yield Refusal(
                RefusalCode.LEVELS_DIFFER,
                f"只能合并同一层级的组织,所给为:{given}。",
                f"Only organizations of one level merge, given are: {given}.",
                ("input", "organizations"),
            )

    async def _common_parent(
        self, work: Work, merged: list[Organization]
    ) -> Organization | Refused | None:
        codes = {item.parent_code for item in merged}
        if len(codes) > 1:
            return refuse(
                RefusalCode.PARENT_REQUIRED,
                "被合并的组织上级不同,请指明新组织的上级。",
                "The merged organizations stand under different ones: name the new one's parent.",
                "intoNew",
                "parent",
            )
        (code,) = codes
        found = await find(work, [(code, ("intoNew", "parent"))] if code else [])
        if isinstance(found, Refused):
            return found
        return found[0] if found else None
