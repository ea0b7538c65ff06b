"""People and posts inside a writing transaction that appoints or relieves."""

import datetime
import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import exists, func, or_, select

from schema.ids import uuid_in
from schema.loaders.held_post import PERSON, POST
from schema.loaders.organization import ORGANIZATION
from schema.places import Place
from schema.work import Work


@dataclass(frozen=True)
class Holding:
    """A post as the transaction sees it."""

    id: uuid.UUID
    person_id: uuid.UUID
    organization_id: uuid.UUID
    kind: str
    valid_from: datetime.date
    valid_to: datetime.date | None


async def known_person(work: Work, given: str, visible: tuple[str, ...] | None) -> uuid.UUID | None:
    """The id of a person who is not erased and holds a post in one of the subtrees (None = any)."""
    id_ = uuid_in(given, "Person", work.tenant_id)
    if id_ is None:
        return None
    x = PERSON.alias("x")
    statement = select(x.c.id).where(
        x.c.tenant_id == work.tenant_id, x.c.id == id_, x.c.erased_at.is_(None)
    )
    if visible is not None:
        p, o = POST.alias("p"), ORGANIZATION.alias("o")
        inside = [func.strpos(o.c.path, f"/{code}/") > 0 for code in visible]
        statement = statement.where(
            exists().where(
                p.c.tenant_id == x.c.tenant_id,
                p.c.person_id == x.c.id,
                _lasts_on(p, work.today),
                o.c.tenant_id == p.c.tenant_id,
                o.c.id == p.c.organization_id,
                or_(*inside),
            )
        )
    found = await work.connection.scalar(statement.with_for_update(key_share=True, of=x))
    return found if isinstance(found, uuid.UUID) else None


async def holding(work: Work, given: str) -> Holding | None:
    """The post that the input names, locked."""
    id_ = uuid_in(given, "Post", work.tenant_id)
    if id_ is None:
        return None
    names = ("id", "person_id", "organization_id", "kind", "valid_from", "valid_to")
    statement = select(*(POST.c[name] for name in names)).where(
        POST.c.tenant_id == work.tenant_id, POST.c.id == id_
    )
    found = (await work.connection.execute(statement.with_for_update())).first()
    return None if found is None else Holding(**found._mapping)


async def holdings(work: Work, at: Place, kind: str, since: datetime.date) -> list[Holding]:
    """The posts of a kind in an organization that do not end by `since`."""
    names = ("id", "person_id", "organization_id", "kind", "valid_from", "valid_to")
    statement = select(*(POST.c[name] for name in names)).where(
        POST.c.tenant_id == work.tenant_id,
        POST.c.organization_id == at.id,
        POST.c.kind == kind,
        or_(POST.c.valid_to.is_(None), POST.c.valid_to > since),
        or_(POST.c.valid_to.is_(None), POST.c.valid_to > POST.c.valid_from),
    )
    rows = await work.connection.execute(statement.order_by(POST.c.valid_from, POST.c.id))
    return [Holding(**row._mapping) for row in rows]


def _lasts_on(p: Any, day: datetime.date) -> Any:
    ends = or_(p.c.valid_to.is_(None), p.c.valid_to > day)
    return (p.c.valid_from <= day) & ends
