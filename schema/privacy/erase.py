"""Erasing a person: what tells who it is and what it wrote goes, all else stays as it is."""

import datetime
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Date, and_, cast, func, literal, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from schema.counting import Counting
from schema.events import Event, EventKind
from schema.fetching import fetching
from schema.loaders.held_post import PERSON, POST
from schema.loaders.organization import ORGANIZATION
from schema.organization_rollups import ORGANIZATIONS
from schema.personal import PersonalClass, mask
from schema.privacy.households import count_households, erase_households, hold_households
from schema.privacy.issues import count_issues, erase_issues, hold_issues
from schema.privacy.subject import hold_person
from tenants.definition import Definition

# all that is known of who it is; a column that is added to the table belongs here, or in KEPT
ERASED = (
    "name",
    "phone_sealed",
    "phone_key",
    "phone_masked",
    "phone_index",
    "phone_index_key",
)
KEPT = ("tenant_id", "id", "data_kind", "created_at", "erased_at")


@dataclass(frozen=True)
class Erasure:
    """What erasing does, or would do, to one person.

    `name` and `phone` are masked; `posts` is how many posts end, `issues` in how many issues
    what the person wrote of them goes, `households` of how many households the address does;
    `erased_at` says that it was done before, and nothing is left to do.
    """

    id: uuid.UUID
    name: str | None
    phone: str | None
    posts: int
    erased_at: datetime.datetime | None
    issues: int = 0
    households: int = 0


async def plan_erasure(
    connection: AsyncConnection, definition: Definition, id_: uuid.UUID, today: datetime.date
) -> Erasure:
    """What erasing the person would do; nothing is changed.

    Errors: `UnknownPersonError`.
    """
    row = await hold_person(connection, definition, id_, read=True)
    lasting = select(func.count()).where(*_lasting(definition.tenant_id, id_, today))
    posts = int(await connection.scalar(lasting) or 0)
    own = (connection, definition.tenant_id, id_)
    return _erasure(row, posts, await count_issues(*own), await count_households(*own))


async def erase_person(
    connection: AsyncConnection,
    definition: Definition,
    id_: uuid.UUID,
    now: datetime.datetime,
    today: datetime.date,
) -> tuple[Erasure, Sequence[Event]]:
    """Erase the person, what it wrote of issues and the addresses of households that it heads,
    end the posts that last longer than today; the events that say so.

    A post that has not begun ends on its first day, and so is never held. Without events where
    the person had been erased before.
    Errors: `UnknownPersonError`.
    """
    # before the person: tables are locked in one order everywhere
    await connection.execute(text("LOCK TABLE post IN ROW EXCLUSIVE MODE"))
    issues = await hold_issues(connection, definition.tenant_id, id_)
    await hold_households(connection, definition.tenant_id, id_)
    await _hold_places(connection, definition.tenant_id, id_, today)
    row = await hold_person(connection, definition, id_, read=False)
    if row.erased_at is not None:
        return _erasure(row, 0), ()
    own = (PERSON.c.tenant_id == definition.tenant_id, PERSON.c.id == id_)
    gone = dict.fromkeys(ERASED) | {"erased_at": now}
    await connection.execute(update(PERSON).where(*own).values(gone))
    await erase_issues(connection, definition, id_, now)
    households = await erase_households(connection, definition.tenant_id, id_)
    counting, fetch = Counting(), fetching(connection)
    places = await _hold_places(connection, definition.tenant_id, id_, today)
    await counting.before(fetch, definition.tenant_id, ORGANIZATIONS, places)
    ended = await _end_posts(connection, definition.tenant_id, id_, today)
    await counting.write(fetch, definition.tenant_id)
    counts = {"posts": len(ended), "issues": issues, "households": households}
    facts = {"person": str(id_), **counts}
    erased = Event(EventKind.PERSONAL_DATA_ERASED, None, facts)
    return _erasure(row, **counts), (*ended, erased)


async def _hold_places(
    connection: AsyncConnection, tenant_id: int, id_: uuid.UUID, today: datetime.date
) -> Sequence[uuid.UUID]:
    """The organizations where posts will end; nobody appoints there until the transaction ends.

    Before the person's row is locked: who appoints locks them in this order too. Once more when it
    is: somebody may have appointed the person meanwhile.
    """
    o = ORGANIZATION
    held = select(POST.c.organization_id).where(*_lasting(tenant_id, id_, today))
    places = select(o.c.id).where(o.c.tenant_id == tenant_id, o.c.id.in_(held)).order_by(o.c.code)
    return (await connection.scalars(places.with_for_update(key_share=True))).all()


async def _end_posts(
    connection: AsyncConnection, tenant_id: int, id_: uuid.UUID, today: datetime.date
) -> list[Event]:
    last = func.greatest(POST.c.valid_from, cast(literal(today), Date()))
    statement = (
        update(POST)
        .where(*_lasting(tenant_id, id_, today))
        .values(valid_to=last)
        .returning(POST.c.id, POST.c.organization_id, POST.c.kind, POST.c.valid_to)
    )
    return [
        Event(
            EventKind.RELIEVED,
            row.organization_id,
            {"post": str(row.id), "person": str(id_), "kind": row.kind, "on": str(row.valid_to)},
        )
        for row in await connection.execute(statement)
    ]


def _lasting(
    tenant_id: int, id_: uuid.UUID, today: datetime.date
) -> tuple[ColumnElement[bool], ...]:
    """The person's posts that are held after today, or ever will be."""
    ends = POST.c.valid_to
    lasts = or_(ends.is_(None), and_(ends > today, ends > POST.c.valid_from))
    return POST.c.tenant_id == tenant_id, POST.c.person_id == id_, lasts


def _erasure(row: Any, posts: int, issues: int = 0, households: int = 0) -> Erasure:
    name = None if row.name is None else mask(PersonalClass.NAME, row.name)
    return Erasure(row.id, name, row.phone_masked, posts, row.erased_at, issues, households)
