"""What is held about one person, as a JSON document of a stable form."""

import datetime
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Text, and_, cast, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from schema.ids import GlobalId
from schema.keyring import Keyring, Sealed, sealing_context
from schema.loaders.event import EVENT
from schema.loaders.held_post import POST
from schema.loaders.organization import ORGANIZATION
from schema.privacy.households import HOUSEHOLD_LABELS, households_of
from schema.privacy.issues import (
    ISSUE_LABELS,
    handled_by,
    issues_of,
    notes_of,
    supports_of,
)
from schema.privacy.subject import hold_person
from schema.scalars import in_china
from tenants.definition import Definition

FORMAT = "onegrid-person-3"

LABELS: Mapping[str, str] = {
    "format": "文件格式",
    "labels": "各项含义",
    "exportedAt": "导出时间",
    "city": "城市",
    "person": "本人",
    "posts": "任职",
    "events": "与本人有关的记录",
    "id": "编号",
    "uuid": "原始编号",
    "code": "编码",
    "name": "姓名或名称",
    "phone": "电话",
    "dataKind": "数据种类",
    "createdAt": "登记时间",
    "erasedAt": "注销时间",
    "kind": "种类",
    "kindName": "岗位名称",
    "organization": "组织",
    "validFrom": "任职日",
    "validTo": "卸任日(不含)",
    "seq": "序号",
    "at": "时间",
    "role": "操作者角色",
    "byPerson": "是否本人操作",
    "subject": "本人登录标识",
    "issues": "本人上报的事项",
    "notes": "本人在办理中所写",
    "supports": "本人附议的事项",
    "handled": "本人承办的事项",
    **ISSUE_LABELS,
    "households": "本人为户主的农户",
    **HOUSEHOLD_LABELS,
}
"""Every key of the document, but for those in `about`, in Chinese."""

# keys of `about` that hold ids of people: those of others stay out of this person's document
_ONE, _MANY = "person", "people"

# of what an event of an issue sets: who leads and who reported, by person and by subject
_SET = "set"
_PEOPLE = ("lead_person_id", "reporter_person_id")
_SUBJECTS = ("lead_subject", "reporter_subject")

# those who handle an issue jointly
_PARTS = "co_handlers"


async def export_person(
    connection: AsyncConnection,
    definition: Definition,
    id_: uuid.UUID,
    keyring: Keyring,
    now: datetime.datetime,
) -> dict[str, Any]:
    """Everything held about a person: the row in clear, posts, what it reported, wrote, joined
    and handled, the households that it heads, and events by or about it.

    Events say nothing of other people: neither their ids nor the subjects of their tokens.
    Errors: `UnknownPersonError`, `CannotOpenError`, `KeyFileError`.
    """
    person = await hold_person(connection, definition, id_, read=True)
    return {
        "format": FORMAT,
        "labels": dict(LABELS),
        "exportedAt": in_china(now),
        "city": {"code": definition.tenant.code, "name": definition.tenant.name},
        "person": _person(person, keyring),
        "posts": [item async for item in _posts(connection, definition, id_)],
        "issues": [item async for item in issues_of(connection, definition, id_)],
        "notes": [item async for item in notes_of(connection, definition, id_)],
        "supports": [item async for item in supports_of(connection, definition, id_)],
        "handled": [item async for item in handled_by(connection, definition, id_)],
        "households": [item async for item in households_of(connection, definition, id_)],
        "events": [item async for item in _events(connection, definition.tenant_id, id_)],
    }


def _person(row: Any, keyring: Keyring) -> dict[str, Any]:
    phone = None
    if row.phone_sealed is not None:
        sealed = Sealed(row.phone_key, row.phone_sealed)
        phone = keyring.open(sealed, sealing_context(row.tenant_id, row.id, "phone"))
    return {
        "id": str(GlobalId("Person", row.tenant_id, row.id.hex)),
        "uuid": str(row.id),
        "name": row.name,
        "phone": phone,
        "dataKind": row.data_kind,
        "createdAt": in_china(row.created_at),
        "erasedAt": None if row.erased_at is None else in_china(row.erased_at),
    }


async def _posts(connection: AsyncConnection, definition: Definition, id_: uuid.UUID) -> Any:
    p, o = POST.alias("p"), ORGANIZATION.alias("o")
    at = and_(o.c.tenant_id == p.c.tenant_id, o.c.id == p.c.organization_id)
    statement = (
        select(p, o.c.code, o.c.name)
        .select_from(p.join(o, at))
        .where(p.c.tenant_id == definition.tenant_id, p.c.person_id == id_)
        .order_by(p.c.valid_from, p.c.id)
    )
    for row in await connection.execute(statement):
        kind = definition.posts.get(row.kind)
        yield {
            "id": str(GlobalId("Post", row.tenant_id, row.id.hex)),
            "uuid": str(row.id),
            "kind": row.kind,
            "kindName": None if kind is None else kind.name,
            "organization": {"code": row.code, "name": row.name},
            "validFrom": str(row.valid_from),
            "validTo": None if row.valid_to is None else str(row.valid_to),
            "dataKind": row.data_kind,
        }


async def _events(connection: AsyncConnection, tenant_id: int, id_: uuid.UUID) -> Any:
    e, o = EVENT.alias("e"), ORGANIZATION.alias("o")
    at = and_(o.c.tenant_id == e.c.tenant_id, o.c.id == e.c.organization_id)
    mentioned = func.strpos(cast(e.c.about, Text), str(id_)) > 0
    statement = (
        select(e, o.c.code, o.c.name)
        .select_from(e.outerjoin(o, at))
        .where(e.c.tenant_id == tenant_id, or_(e.c.person_id == id_, mentioned))
        .order_by(e.c.seq)
    )
    for row in await connection.execute(statement):
        own = row.person_id == id_
        yield {
            "seq": row.seq,
            "at": in_china(row.at),
            "kind": row.kind,
            "role": row.role,
            "byPerson": own,
            **({"subject": row.actor} if own else {}),
            "organization": None if row.code is None else {"code": row.code, "name": row.name},
            "about": dict(_own(row.about, str(id_), row.actor if own else None)),
        }


def _own(about: Mapping[str, Any], id_: str, subject: str | None) -> Iterator[tuple[str, Any]]:
    """What an event says, without other people; `subject` is the person's own, where known."""
    for key, value in about.items():
        if key == _MANY:
            yield key, [item for item in value if item == id_]
        elif key == _SET:
            yield key, {k: v for k, v in value.items() if _is_own(k, v, id_, subject)}
        elif key == _PARTS:
            yield key, [part for part in value if part.get("person_id") in (None, id_)]
        elif key != _ONE or value == id_:
            yield key, value


def _is_own(column: str, value: Any, id_: str, subject: str | None) -> bool:
    """Whether a column of an issue names nobody else."""
    if column in _PEOPLE:
        return value in (None, id_)
    return column not in _SUBJECTS or value in (None, subject)
