"""A tenant's tree inside a writing transaction: held still, and looked at.

Every statement names its tenant. At READ COMMITTED each sees all that was committed before it
began, so what is read after `hold` stays true until the transaction ends.
"""

import datetime
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, Text, Uuid, any_, func, or_, select
from sqlalchemy import literal as value
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql.elements import ColumnElement

from schema.in_force import demand_in_force
from schema.loaders.held_post import POST
from schema.loaders.organization import NAME, ORGANIZATION, PLACEMENT
from schema.references import organization_key
from schema.refusals import Refusal, RefusalCode, Refused
from schema.work import Work

# the first key of the advisory lock on a tenant's tree; the second is the tenant
TREE_LOCK = 7_201_104


@dataclass(frozen=True)
class Organization:
    """An organization as the transaction sees it.

    `renamed_on` and `moved_on` are the days of the newest former name and former place.
    """

    id: uuid.UUID
    code: str
    name: str
    search_name: str
    level: str
    parent_id: uuid.UUID | None
    path: str
    valid_from: datetime.date | None = None
    valid_to: datetime.date | None = None
    renamed_on: datetime.date | None = None
    moved_on: datetime.date | None = None

    @property
    def above(self) -> str:
        """The path of the organization above; `/` where there is none."""
        return self.path[: -len(self.code) - 1]

    @property
    def parent_code(self) -> str | None:
        """The code of the organization above, if there is one."""
        return self.above.strip("/").rpartition("/")[2] or None


Asked = tuple[str, tuple[str, ...]]
"""How an input names an organization, and the path of the field that does so."""


async def hold(work: Work) -> None:
    """Let nobody else change the tenant's tree, or its levels, until the transaction ends.

    Errors: `StaleRegistryError` where the definition at hand is not the one in force (any more);
    nothing has been written then.
    """
    lock = select(func.pg_advisory_xact_lock(TREE_LOCK, work.tenant_id))
    await work.connection.execute(lock)
    await demand_in_force(work, "organization")


async def find(work: Work, asked: Sequence[Asked]) -> list[Organization] | Refused:
    """The organizations that the input names, in its order; unknown ones are the reasons.

    Their rows are locked against whoever appoints somebody there (FOR SHARE) until the end.
    """
    if not asked:
        return []
    keys = [organization_key(given, work.tenant_id) for given, _ in asked]
    o = ORGANIZATION.alias("o")
    codes = [key for key in keys if isinstance(key, str)]
    ids = [key for key in keys if isinstance(key, uuid.UUID)]
    named = or_(o.c.code == any_of(codes, Text()), o.c.id == any_of(ids, Uuid()))
    statement = _organizations(work, o).where(named).with_for_update(key_share=True, of=o)
    found: dict[str | uuid.UUID | None, Organization] = {}
    for organization in await _read(work, statement):
        found[organization.code] = found[organization.id] = organization
    unknown = tuple(
        _unknown(given, path)
        for key, (given, path) in zip(keys, asked, strict=True)
        if key not in found
    )
    return Refused(unknown) if unknown else [found[key] for key in keys]


def _unknown(given: str, path: tuple[str, ...]) -> Refusal:
    shown = given if len(given) <= 40 else given[:40] + "…"
    return Refusal(
        RefusalCode.ORGANIZATION_UNKNOWN,
        f"没有编码或编号为“{shown}”的组织;请用 organizations(search:) 查找。",
        f"There is no organization {shown!r}; find one with organizations(search:).",
        ("input", *path),
    )


async def children(
    work: Work, parents: Sequence[Organization], day: datetime.date
) -> list[Organization]:
    """The organizations directly below, in order of path, that do not end by `day`."""
    o = ORGANIZATION.alias("o")
    below = o.c.parent_id == any_of([parent.id for parent in parents], Uuid())
    return await _read(work, _organizations(work, o).where(below, lasts(o, day)).order_by(o.c.path))


async def namesake(
    work: Work,
    search_name: str,
    level: str,
    parent_id: uuid.UUID | None,
    day: datetime.date,
    but: Sequence[Organization] = (),
) -> Organization | None:
    """An organization of the level under the parent with this name that does not end by `day`.

    Names are compared in the form in which they are searched; `but` do not count.
    """
    o = ORGANIZATION.alias("o")
    statement = _organizations(work, o).where(
        o.c.parent_id == parent_id,  # IS NULL where it is None
        o.c.level == level,
        o.c.search_name == search_name,
        lasts(o, day),
        o.c.id.not_in([organization.id for organization in but]),
    )
    found = await _read(work, statement.order_by(o.c.code).limit(1))
    return found[0] if found else None


async def posts_since(work: Work, organizations: Sequence[Organization], day: datetime.date) -> int:
    """How many posts in organizations begin on `day` or later."""
    own = (POST.c.tenant_id == work.tenant_id, held_in(organizations))
    counted = select(func.count()).select_from(POST).where(*own, POST.c.valid_from >= day)
    return int(await work.connection.scalar(counted) or 0)


def _organizations(work: Work, o: Any) -> Select[Any]:
    """All that an `Organization` says, of the tenant's."""
    renamed = _newest(NAME.alias("m"), o).label("renamed_on")
    moved = _newest(PLACEMENT.alias("p"), o).label("moved_on")
    names = (
        "id", "code", "name", "search_name", "level", "parent_id", "path", "valid_from", "valid_to"
    )  # fmt: skip
    columns = [o.c[name] for name in names]
    return select(*columns, renamed, moved).where(o.c.tenant_id == work.tenant_id)


def _newest(history: Any, o: Any) -> Any:
    same = (history.c.tenant_id == o.c.tenant_id, history.c.organization_id == o.c.id)
    return select(func.max(history.c.valid_to)).where(*same).scalar_subquery()


async def _read(work: Work, statement: Select[Any]) -> list[Organization]:
    rows = await work.connection.execute(statement)
    return [Organization(**row) for row in rows.mappings()]


def lasts(table: Any, day: datetime.date) -> ColumnElement[bool]:
    """Whether the row's validity does not end by `day`."""
    return or_(table.c.valid_to.is_(None), table.c.valid_to > day)


def held_in(organizations: Sequence[Organization]) -> Any:
    """Whether a post is in one of the organizations."""
    return POST.c.organization_id == any_of([item.id for item in organizations], Uuid())


def array_of(values: Sequence[Any], kind: Any) -> Any:
    """One parameter for any number of values: the same SQL text however many there are."""
    return value(list(values), ARRAY(kind))


def any_of(values: Sequence[Any], kind: Any) -> Any:
    """The right side of `= ANY`."""
    return any_(array_of(values, kind))
