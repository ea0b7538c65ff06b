"""Entries of the list of weak villages inside a writing transaction."""

import datetime
import uuid
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import select

from schema.access import Permission
from schema.ids import uuid_in
from schema.loaders.weak_village import WEAK_VILLAGE
from schema.places import Place, place
from schema.refusals import RefusalCode, Refused, refuse
from schema.work import Work


@dataclass(frozen=True)
class Entry:
    """An entry as the transaction sees it; `support` in 元, None = not recorded."""

    id: uuid.UUID
    listed_on: datetime.date
    cleared_on: datetime.date | None
    support: Decimal | None


async def newest_entry(work: Work, village: uuid.UUID) -> Entry | None:
    """The newest entry of a village, locked."""
    w = WEAK_VILLAGE
    own = (w.c.tenant_id == work.tenant_id, w.c.organization_id == village)
    statement = select(w.c.id, w.c.listed_on, w.c.cleared_on, w.c.support).where(*own)
    newest = statement.order_by(w.c.listed_on.desc()).limit(1).with_for_update()
    found = (await work.connection.execute(newest)).first()
    return None if found is None else Entry(**found._mapping)


async def weak_village(work: Work, given: str) -> tuple[Place, Entry] | Refused:
    """The village that the input names, weak still, for who may change its entry.

    `given` is the global id of an entry, or of the organization. The village is held first, as
    whoever lists it does.
    """
    village = await _village(work, given)
    at = None if village is None else await place(work, village, "village")
    if at is None or isinstance(at, Refused):
        return unknown_village(given)
    denied = work.denial(Permission.MANAGE_COOPERATIVES, at.path, "village")
    if denied is not None:
        return denied
    entry = await newest_entry(work, at.id)
    if entry is None or entry.cleared_on is not None or not _is_of(work, given, entry):
        return not_listed(at)
    return at, entry


async def _village(work: Work, given: str) -> uuid.UUID | None:
    own = uuid_in(given, "Organization", work.tenant_id)
    entry = uuid_in(given, "WeakVillage", work.tenant_id)
    if own is not None or entry is None:
        return own
    w = WEAK_VILLAGE
    same = select(w.c.organization_id).where(w.c.tenant_id == work.tenant_id, w.c.id == entry)
    found = await work.connection.scalar(same)
    return found if isinstance(found, uuid.UUID) else None


def _is_of(work: Work, given: str, entry: Entry) -> bool:
    """Whether the newest entry is the one that is named; a village's id names its newest."""
    named = uuid_in(given, "WeakVillage", work.tenant_id)
    return named is None or named == entry.id


def not_listed(at: Place) -> Refused:
    """What is said of a village that is not weak (any more)."""
    return refuse(
        RefusalCode.VILLAGE_NOT_LISTED,
        f"“{at.name}”不在集体经济薄弱村之列,或已清零。",
        f"{at.name!r} is not listed as weak, or is so no more.",
        "village",
    )


def unknown_village(given: str) -> Refused:
    """What is said of a village that the city does not have on its list."""
    return refuse(
        RefusalCode.VILLAGE_NOT_LISTED,
        f"没有编号为“{given[:40]}”的薄弱村;请用 City.weakVillages 查找。",
        f"There is no weak village with the id {given[:40]!r}; find one with City.weakVillages.",
        "village",
    )
