"""How whoever reported an issue is reached, for who sees the issue."""

from typing import Any

import asyncpg
from sqlalchemy import Select, and_, select

from schema.loaders.held_post import PERSON
from schema.loaders.issue import CLEAR, REPORTS, ByReach, taken, visible
from schema.loaders.issue_standing import ISSUE


class ContactRecord(asyncpg.Record):
    """A row of `person` with the columns that were asked for, always `tenant_id` and `id`.

    `reports` says whether the viewer is the reporter, `clear` whether it may read personal data
    where the issue stands.
    """


class ReporterOfIssue(ByReach):
    """(tenant, issue) → the person who is its contact; None where there is none."""

    record = ContactRecord

    @classmethod
    def select(cls, k: Any, columns: tuple[str, ...], shape: Any) -> Select[Any]:
        """The contacts of the issues, as far as these are seen."""
        i, x = ISSUE.alias("i"), PERSON.alias("x")
        match = and_(i.c.tenant_id == k.c.tenant_id, i.c.id == k.c.id)
        contact = and_(x.c.tenant_id == i.c.tenant_id, x.c.id == i.c.reporter_person_id)
        own = [x.c[name] for name in dict.fromkeys((*columns, "tenant_id", "id")) if name in x.c]
        relative = [
            item for item in taken(i, (REPORTS, CLEAR), shape) if item.name in (REPORTS, CLEAR)
        ]
        statement = select(k.c.n, *own, *relative)
        return statement.select_from(k.join(i, match).join(x, contact)).where(visible(i, shape))
