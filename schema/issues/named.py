"""What an action names, found in the database before its effect is worked out."""

import uuid
from typing import Any

from sqlalchemy import select

from schema.ids import uuid_in
from schema.issues.draft import Given, Named, Other
from schema.issues.handlers import find_handler
from schema.loaders.issue_standing import ISSUE
from schema.loaders.organization import ORGANIZATION
from schema.refusals import Refusal
from schema.work import Work

_OTHER = ("id", "number", "phase", "merged_into", "supporters", "revision", "organization_id")


async def find_named(work: Work, given: Given) -> Named | Refusal:
    """Who and what the input names, held against changes; or that it names nobody who could be.

    An issue that is not there is None: what is said of it is up to the effect.
    """
    assignee = None
    if given.assignee:
        found = await find_handler(work, given.assignee, "assignee")
        if isinstance(found, Refusal):
            return found
        assignee = found
    parts = []
    for name in given.co_handlers:
        found = await find_handler(work, name, "coHandlers")
        if isinstance(found, Refusal):
            return found
        parts.append(found)
    other = uuid_in(given.merge_into or "", "Issue", work.tenant_id)
    merge_into = None if other is None else await _locked(work, other)
    return Named(assignee, tuple(parts), merge_into)


async def _locked(work: Work, id_: uuid.UUID) -> Other | None:
    i, o = ISSUE.alias("i"), ORGANIZATION.alias("o")
    statement = (
        select(*(i.c[name] for name in _OTHER), o.c.path)
        .join(o, (o.c.tenant_id == i.c.tenant_id) & (o.c.id == i.c.organization_id))
        .where(i.c.tenant_id == work.tenant_id, i.c.id == id_)
        .with_for_update(of=i)
    )
    row: Any = (await work.connection.execute(statement)).mappings().first()
    return None if row is None else Other(**row)
