"""Organizations inside a writing transaction, as the input names them."""

import datetime
import uuid
from dataclasses import dataclass

from sqlalchemy import select

from schema.access import Permission
from schema.loaders.organization import ORGANIZATION
from schema.references import organization_key
from schema.refusals import RefusalCode, Refused, refuse
from schema.work import Work


@dataclass(frozen=True)
class Place:
    """An organization that somebody is appointed in, that leads something, or is party to it."""

    id: uuid.UUID
    code: str
    name: str
    level: str
    path: str
    valid_from: datetime.date | None
    valid_to: datetime.date | None

    @property
    def above(self) -> str:
        """The path of the organization above; `/` where there is none."""
        return self.path[: -len(self.code) - 1]

    def exists_on(self, day: datetime.date) -> bool:
        """Whether it exists on a day."""
        begins = self.valid_from is None or self.valid_from <= day
        return begins and (self.valid_to is None or self.valid_to > day)


async def place(
    work: Work, given: str | uuid.UUID, *path: str, tenant_id: int | None = None
) -> Place | Refused:
    """The organization that the input names at `path`, held against whoever ends it.

    It is the work's own tenant's, or that of `tenant_id` while the transaction is inside it.
    """
    tenant = work.tenant_id if tenant_id is None else tenant_id
    key = given if isinstance(given, uuid.UUID) else organization_key(given, tenant)
    o = ORGANIZATION.alias("o")
    same = o.c.id == key if isinstance(key, uuid.UUID) else o.c.code == key
    columns = [o.c[name] for name in ("id", "code", "name", "level", "path")]
    statement = select(*columns, o.c.valid_from, o.c.valid_to).where(o.c.tenant_id == tenant, same)
    found = (await work.connection.execute(statement.with_for_update(key_share=True))).first()
    if found is None:
        shown = str(given)[:40]
        return refuse(
            RefusalCode.ORGANIZATION_UNKNOWN,
            f"没有编码或编号为“{shown}”的组织;请用 organizations(search:) 查找。",
            f"There is no organization {shown!r}; find one with organizations(search:).",
            *(path or ("organization",)),
        )
    return Place(**found._mapping)


async def place_in_being(
    work: Work, given: str | uuid.UUID, *path: str, tenant_id: int | None = None
) -> Place | Refused:
    """The same, where it exists today."""
    found = await place(work, given, *path, tenant_id=tenant_id)
    if isinstance(found, Refused) or found.exists_on(work.today):
        return found
    return refuse(
        RefusalCode.ORGANIZATION_ENDED,
        f"“{found.name}”今天不存在(生效 {found.valid_from or '不详'},失效 {found.valid_to or '—'});"
        "请改用现有的组织。",
        f"{found.name!r} does not exist today (from {found.valid_from or 'unknown'} to "
        f"{found.valid_to or '—'}); name an organization that does.",
        *(path or ("organization",)),
    )


async def managed_place(
    work: Work, given: str | uuid.UUID, permission: Permission, *path: str
) -> Place | Refused:
    """The same, where the actor may do what takes the permission."""
    named = path or ("organization",)
    found = await place_in_being(work, given, *named)
    if isinstance(found, Refused):
        return found
    return work.denial(permission, found.path, *named) or found
