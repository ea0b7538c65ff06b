"""One person whose data are exported or erased: named by an operator, held in a transaction."""

import uuid
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from schema.errors import CodedError
from schema.ids import GlobalId, parse_id
from schema.loaders.held_post import PERSON
from tenants.definition import Definition


class UnknownPersonError(ValueError):
    """An id that names nobody in the city; the text names both."""


def person_id(given: str, definition: Definition) -> uuid.UUID:
    """The UUID in an id as the API gives it, or as it is written.

    Errors: `UnknownPersonError` where it is neither, or of another type or tenant.
    """
    try:
        return uuid.UUID(given)
    except ValueError:
        pass
    try:
        parsed = parse_id(given)
        wrong = _misfit(given, parsed, definition)
        if wrong is None:
            return parsed.uuid
    except CodedError:
        wrong = (
            f"{given[:80]!r} is no id of a person: expected the `id` of a Person as the API gives "
            "it, or a UUID"
        )
    raise UnknownPersonError(wrong)


def _misfit(given: str, parsed: GlobalId, definition: Definition) -> str | None:
    """What is wrong with an id that the API gave, for another object."""
    if parsed.type != "Person":
        return f"{given!r} is the id of a {parsed.type}, expected a Person's"
    if parsed.tenant_id != definition.tenant_id:
        return (
            f"{given!r} is the id of a person of {parsed.tenant_id:06}, expected one of "
            f"{definition.tenant.name} ({definition.tenant.code})"
        )
    return None


async def hold_person(
    connection: AsyncConnection, definition: Definition, id_: uuid.UUID, *, read: bool
) -> Any:
    """The person's row; until the transaction ends nobody changes it, nor with `read` False
    appoints the person.

    Errors: `UnknownPersonError`.
    """
    statement = select(PERSON).where(PERSON.c.tenant_id == definition.tenant_id, PERSON.c.id == id_)
    row = (await connection.execute(statement.with_for_update(read=read))).first()
    if row is None:
        raise UnknownPersonError(
            f"{definition.tenant.name} ({definition.tenant.code}) has no person {id_}; ids are "
            "those of City.people and Organization.posts"
        )
    return row
