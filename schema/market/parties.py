"""Cooperatives and enterprises inside a writing transaction, as who posts and deals.

Rows are locked in one order everywhere: cooperative, enterprise, postings, deal.
"""

import datetime
import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, select

from schema.access import Permission
from schema.ids import uuid_in
from schema.loaders.cooperative import COOPERATIVE
from schema.loaders.enterprise import ENTERPRISE
from schema.loaders.organization import ORGANIZATION
from schema.refusals import RefusalCode, Refused, refuse
from schema.work import Work


@dataclass(frozen=True)
class Party:
    """A cooperative or an enterprise as the transaction sees it.

    `place_id` and `path` are those of the organization that speaks for it: a cooperative's
    leader, or where the enterprise is. `ended_on` is the first day without it.
    """

    id: uuid.UUID
    is_cooperative: bool
    name: str
    place_id: uuid.UUID
    path: str
    began_on: datetime.date | None
    ended_on: datetime.date | None

    def has_ended(self, today: datetime.date) -> bool:
        """Whether it is dissolved, or has left the directory."""
        return self.ended_on is not None and self.ended_on <= today


async def known_cooperative(work: Work, given: str | uuid.UUID, *path: str) -> Party | Refused:
    """The cooperative that the input names (a global id) at `path`, kept from changing."""
    key = given if isinstance(given, uuid.UUID) else uuid_in(given, "Cooperative", work.tenant_id)
    c = COOPERATIVE
    found = await _found(work, c, key, c.c.leader_id, c.c.founded_on, c.c.dissolved_on)
    return unknown_cooperative(str(given), *path) if found is None else found


async def known_enterprise(work: Work, given: str | uuid.UUID, *path: str) -> Party | Refused:
    """The enterprise that the input names (a global id) at `path`, kept from changing."""
    key = given if isinstance(given, uuid.UUID) else uuid_in(given, "Enterprise", work.tenant_id)
    e = ENTERPRISE
    found = await _found(work, e, key, e.c.organization_id, e.c.joined_on, e.c.left_on)
    return unknown_enterprise(str(given), *path) if found is None else found


async def _found(
    work: Work, table: Any, key: uuid.UUID | None, place: Any, begins: Any, ends: Any
) -> Party | None:
    if key is None:
        return None
    own = (table.c.tenant_id == work.tenant_id, table.c.id == key)
    # locked first: what is read together with a row that one waited for may be older than it
    await work.connection.execute(select(table.c.id).where(*own).with_for_update(read=True))
    o = ORGANIZATION
    at = and_(o.c.tenant_id == table.c.tenant_id, o.c.id == place)
    statement = select(table.c.name, place, o.c.path, begins, ends).select_from(table.join(o, at))
    row = (await work.connection.execute(statement.where(*own))).first()
    return None if row is None else Party(key, table is COOPERATIVE, *row)


def lacking(work: Work, *parties: Party, at: tuple[str, ...]) -> Refused | None:
    """Why the actor may act for none of the parties, if so; `at` is the field that names one."""
    manages = Permission.MANAGE_COOPERATIVES
    denials = [work.denial(manages, party.path, *at) for party in parties]
    return denials[0] if all(denials) else None


def ended(work: Work, party: Party, *path: str) -> Refused | None:
    """Why nothing new is begun with a party that has ended; None with one that has not."""
    if not party.has_ended(work.today):
        return None
    if party.is_cooperative:
        return refuse(
            RefusalCode.COOPERATIVE_DISSOLVED,
            f"“{party.name}”已于 {party.ended_on} 解散。",
            f"{party.name!r} was dissolved on {party.ended_on}.",
            *path,
        )
    return refuse(
        RefusalCode.ENTERPRISE_LEFT,
        f"“{party.name}”已于 {party.ended_on} 退出目录。",
        f"{party.name!r} left the directory on {party.ended_on}.",
        *path,
    )


def unknown_cooperative(given: str, *path: str) -> Refused:
    """What is said of a cooperative that the city does not have."""
    return refuse(
        RefusalCode.COOPERATIVE_UNKNOWN,
        f"没有编号为“{given[:40]}”的合作社;请用 City.cooperatives 查找。",
        f"There is no cooperative with the id {given[:40]!r}; find one with City.cooperatives.",
        *(path or ("cooperative",)),
    )


def unknown_enterprise(given: str, *path: str) -> Refused:
    """What is said of an enterprise that the city does not have."""
    return refuse(
        RefusalCode.ENTERPRISE_UNKNOWN,
        f"没有编号为“{given[:40]}”的企业;请用 City.enterprises 查找。",
        f"There is no enterprise with the id {given[:40]!r}; find one with City.enterprises.",
        *(path or ("enterprise",)),
    )
