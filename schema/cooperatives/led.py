"""A cooperative inside a writing transaction, held for who may change it."""

import datetime
import uuid
from dataclasses import dataclass

from sqlalchemy import select

from schema.access import Permission
from schema.loaders.cooperative import COOPERATIVE, leader_path
from schema.references import row_key
from schema.refusals import RefusalCode, Refused, refuse
from schema.work import Work

COLUMNS = ("id", "code", "name", "kind", "leader_id", "founded_on", "dissolved_on", "revision")


@dataclass(frozen=True)
class Led:
    """A cooperative as the transaction sees it; `path` is that of the organization that leads."""

    id: uuid.UUID
    code: str
    name: str
    kind: str
    leader_id: uuid.UUID
    founded_on: datetime.date | None
    dissolved_on: datetime.date | None
    revision: int
    path: str


async def led(work: Work, given: str | uuid.UUID, *path: str) -> Led | Refused:
    """The cooperative that the input names (code or id) at `path`, locked until the end.

    Only for who may change cooperatives at its leader.
    """
    named = path or ("cooperative",)
    key = given if isinstance(given, uuid.UUID) else row_key(given, "Cooperative", work.tenant_id)
    c = COOPERATIVE
    same = c.c.id == key if isinstance(key, uuid.UUID) else c.c.code == key
    own = (c.c.tenant_id == work.tenant_id, same)
    # locked first: what is read together with a row that one waited for may be older than it
    await work.connection.execute(select(c.c.id).where(*own).with_for_update())
    columns = [c.c[name] for name in COLUMNS]
    statement = select(*columns, leader_path(c).label("path")).where(*own)
    found = (await work.connection.execute(statement)).first()
    if found is None:
        return unknown_cooperative(str(given), *named)
    denied = work.denial(Permission.MANAGE_COOPERATIVES, found.path, *named)
    return denied or Led(**found._mapping)


def unknown_cooperative(given: str, *path: str) -> Refused:
    """What is said of a cooperative that the city does not have."""
    shown = given[:40]
    return refuse(
        RefusalCode.COOPERATIVE_UNKNOWN,
        f"没有编码或编号为“{shown}”的合作社;请用 City.cooperatives 查找。",
        f"There is no cooperative {shown!r}; find one with City.cooperatives.",
        *(path or ("cooperative",)),
    )
