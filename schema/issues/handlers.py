"""Those who handle an issue, as an action names them: organizations, or people who hold posts."""

import uuid
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Integer, bindparam, or_, select

from schema.ids import uuid_in
from schema.loaders.held_post import PERSON, POST
from schema.loaders.organization import ORGANIZATION, TODAY
from schema.loaders.statement import Statement, render
from schema.references import organization_key
from schema.refusals import Refusal, RefusalCode, wrong
from schema.work import Work


@dataclass(frozen=True)
class Handler:
    """An organization, or somebody who holds a post in it."""

    organization_id: uuid.UUID
    path: str
    name: str
    person_id: uuid.UUID | None = None


async def find_handler(work: Work, given: str, field: str) -> Handler | Refusal:
    """The organization (code or id) or the person (id) that the input's `field` names.

    Of a person's posts the one is taken that is held in the uppermost organization.
    """
    person = uuid_in(given, "Person", work.tenant_id)
    found = await (_organization(work, given) if person is None else _person(work, person))
    if found is not None:
        return found
    shown = given[:60]
    return wrong(
        RefusalCode.HANDLER_UNKNOWN,
        f"没有可承办的组织或任职人员“{shown}”;请给出本市组织的编码或编号,或任职者的编号。",
        f"There is no organization or holder of a post {shown!r} to handle it; give the code or "
        "id of an organization of this city, or the id of a person who holds a post.",
        field,
    )


async def _organization(work: Work, given: str) -> Handler | None:
    key = organization_key(given, work.tenant_id)
    statement = _organization_by("id" if isinstance(key, uuid.UUID) else "code")
    values = statement.values({"tenant": work.tenant_id, "today": work.today, "key": key})
    rows = await work.connection.fetch(statement.sql, values)
    return Handler(*rows[0]) if rows else None


@cache
def _organization_by(column: str) -> Statement:
    """The organization whose `column` is `key`, where it exists `today`; held."""
    o = ORGANIZATION.alias("o")
    same = o.c[column] == bindparam("key", type_=o.c[column].type)
    statement = select(o.c.id, o.c.path, o.c.name).where(
        o.c.tenant_id == bindparam("tenant", type_=Integer()), same, _exists_on(o, TODAY)
    )
    return render(statement.with_for_update(key_share=True))


async def _person(work: Work, person: uuid.UUID) -> Handler | None:
    x, p, o = PERSON.alias("x"), POST.alias("p"), ORGANIZATION.alias("o")
    statement = (
        select(o.c.id, o.c.path, o.c.name)
        .select_from(
            x.join(p, (p.c.tenant_id == x.c.tenant_id) & (p.c.person_id == x.c.id)).join(
                o, (o.c.tenant_id == p.c.tenant_id) & (o.c.id == p.c.organization_id)
            )
        )
        .where(
            x.c.tenant_id == work.tenant_id,
            x.c.id == person,
            x.c.erased_at.is_(None),
            p.c.valid_from <= work.today,
            or_(p.c.valid_to.is_(None), p.c.valid_to > work.today),
            _exists_on(o, work.today),
        )
        .order_by(o.c.path)
        .limit(1)
    )
    row = (await work.connection.execute(statement.with_for_update(key_share=True, of=x))).first()
    return None if row is None else Handler(row.id, row.path, row.name, person)


def _exists_on(o: Any, day: Any) -> Any:
    begun = or_(o.c.valid_from.is_(None), o.c.valid_from <= day)
    return begun & or_(o.c.valid_to.is_(None), o.c.valid_to > day)
