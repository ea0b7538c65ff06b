"""Changing what is known of a household: where it is, its address, how many belong to it."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select, update

from schema.access import Permission
from schema.cooperative_rollups import COOPERATION
from schema.cooperatives.belonging import Home, erased_household, known_household
from schema.cooperatives.registering import checked_address, checked_people
from schema.events import Event, EventKind
from schema.loaders.household import HOUSEHOLD
from schema.places import managed_place
from schema.refusals import Refused, reasons_in
from schema.work import Work


@dataclass(frozen=True)
class ChangedHousehold:
    """The household that was changed."""

    tenant_id: int
    household: uuid.UUID


@dataclass(frozen=True)
class ChangeHousehold:
    """Set what is given of `address`, `people` and `organization` (code or id) of a household (a
    global id); an address of None is none, and what is not given stays as it is.

    For who may change cooperatives where the household is, and where it comes to be.
    """

    household: str
    given: Mapping[str, Any] = field(repr=False)

    async def __call__(self, work: Work) -> ChangedHousehold | Refused:
        """Carry it out; the household, or why not."""
        home = await known_household(work, self.household)
        if isinstance(home, Refused):
            return home
        denied = work.denial(Permission.MANAGE_COOPERATIVES, home.path, "household")
        if denied is not None:
            return denied
        if home.is_erased:
            return erased_household()
        sets = await self._checked(work)
        if isinstance(sets, Refused):
            return sets
        return await _write(work, home, sets)

    async def _checked(self, work: Work) -> dict[str, Any] | Refused:
        """The columns that are given, or all that is wrong with them."""
        found: dict[str, Any] = {}
        if "address" in self.given:
            found["address"] = checked_address(self.given["address"])
        if "people" in self.given:
            found["people"] = checked_people(work.definition, self.given["people"])
        if self.given.get("organization") is not None:
            found["organization_id"] = await _place(work, self.given["organization"])
        reasons = reasons_in(found.values())
        return Refused(reasons) if reasons else found


async def _place(work: Work, given: str) -> uuid.UUID | Refused:
    at = await managed_place(work, given, Permission.MANAGE_COOPERATIVES)
    if isinstance(at, Refused):
        return at
    return work.denial(Permission.READ_PEOPLE, at.path, "organization") or at.id


async def _write(work: Work, home: Home, sets: dict[str, Any]) -> ChangedHousehold:
    own = (HOUSEHOLD.c.tenant_id == work.tenant_id, HOUSEHOLD.c.id == home.id)
    columns = [HOUSEHOLD.c[name] for name in ("organization_id", "address", "people")]
    before = (await work.connection.execute(select(*columns).where(*own))).one()._mapping
    changed = {name: value for name, value in sets.items() if value != before[name]}
    if changed:
        if "people" in changed:
            await work.count(COOPERATION, [home.id])
        await work.connection.execute(update(HOUSEHOLD).where(*own).values(**changed))
        facts = {
            "household": str(home.id),
            "person": str(home.head_id),
            "fields": sorted(name.removesuffix("_id") for name in changed),
        }
        at = changed.get("organization_id", home.organization_id)
        work.events.append(Event(EventKind.COOPERATIVE_HOUSEHOLD_CHANGED, at, facts))
    return ChangedHousehold(work.tenant_id, home.id)
