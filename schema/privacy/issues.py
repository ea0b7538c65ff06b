"""What issues hold about one person: listed for the person's copy, and erased."""

import datetime
import uuid
from collections.abc import AsyncIterator, Mapping
from typing import Any

from sqlalchemy import (
    ARRAY,
    DateTime,
    Integer,
    Text,
    Uuid,
    and_,
    any_,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy import delete as delete_from
from sqlalchemy.ext.asyncio import AsyncConnection

from schema.actor import PUBLIC
from schema.ids import GlobalId
from schema.loaders.issue_standing import HANDLER, ISSUE
from schema.loaders.organization import ORGANIZATION
from schema.scalars import in_china
from schema.tables.issue import IssueNoteRow, IssueSupporterRow, IssueWordRow
from schema.words import places
from tenants.definition import Definition

NOTE: Any = IssueNoteRow.__table__  # type: ignore[attr-defined]
SUPPORTER: Any = IssueSupporterRow.__table__  # type: ignore[attr-defined]
WORD: Any = IssueWordRow.__table__  # type: ignore[attr-defined]

ISSUE_LABELS: Mapping[str, str] = {
    "number": "事项编号",
    "service": "服务事项",
    "title": "标题",
    "description": "说明",
    "answers": "对事项所提问题的回答",
    "question": "问题键",
    "answer": "答案",
    "priorityGroup": "重点服务对象",
    "latitude": "纬度",
    "longitude": "经度",
    "phase": "阶段",
    "reportedAt": "上报时间",
    "solved": "是否解决",
    "satisfied": "满意度",
    "comment": "评语",
    "text": "文字",
    "evidence": "附件",
    "lead": "是否主办",
    "about": "内容",
}
"""Keys of the person's copy that only issues, notes and their like have, in Chinese."""

GONE: Mapping[str, Any] = {
    "description": None,
    "answers": {},
    "latitude": None,
    "longitude": None,
    "comment": None,
}
"""What a reporter wrote of an issue, beside its title, and what it is when erased."""


async def issues_of(
    connection: AsyncConnection, definition: Definition, person: uuid.UUID
) -> AsyncIterator[dict[str, Any]]:
    """The issues that the person reported, with all that it wrote of them, the oldest first."""
    i, o = ISSUE.alias("i"), ORGANIZATION.alias("o")
    statement = (
        select(i, o.c.code.label("place_code"), o.c.name.label("place_name"))
        .join(o, and_(o.c.tenant_id == i.c.tenant_id, o.c.id == i.c.place_id))
        .where(i.c.tenant_id == definition.tenant_id, i.c.reporter_person_id == person)
        .order_by(i.c.reported_at, i.c.id)
    )
    for row in await connection.execute(statement):
        exact = row.latitude is not None
        yield {
            "id": str(GlobalId("Issue", row.tenant_id, row.id.hex)),
            "uuid": str(row.id),
            "number": row.number,
            "service": {"code": row.service, "name": _service(definition, row.service)},
            "title": row.title,
            "description": row.description,
            "answers": [{"question": key, "answer": text} for key, text in row.answers.items()],
            "priorityGroup": row.priority_group,
            "organization": {"code": row.place_code, "name": row.place_name},
            "latitude": float(row.latitude) if exact else None,
            "longitude": float(row.longitude) if exact else None,
            "phase": row.phase,
            "reportedAt": in_china(row.reported_at),
            "solved": row.solved,
            "satisfied": row.satisfied,
            "comment": row.comment,
            "dataKind": row.data_kind,
        }


async def notes_of(
    connection: AsyncConnection, definition: Definition, person: uuid.UUID
) -> AsyncIterator[dict[str, Any]]:
    """The notes that the person wrote while issues were handled, the oldest first."""
    n, i = NOTE.alias("n"), ISSUE.alias("i")
    statement = (
        select(n, i.c.number)
        .join(i, and_(i.c.tenant_id == n.c.tenant_id, i.c.id == n.c.issue_id))
        .where(n.c.tenant_id == definition.tenant_id, _written_by(n, i, person))
        .order_by(n.c.at, n.c.id)
    )
    for row in await connection.execute(statement):
        yield {
            "uuid": str(row.id),
            "number": row.number,
            "text": row.text,
            "evidence": list(row.evidence),
            "at": in_china(row.at),
        }


async def supports_of(
    connection: AsyncConnection, definition: Definition, person: uuid.UUID
) -> AsyncIterator[dict[str, Any]]:
    """The issues that the person joined, and when."""
    s, i = SUPPORTER.alias("s"), ISSUE.alias("i")
    statement = (
        select(i.c.number, s.c.at)
        .join(i, and_(i.c.tenant_id == s.c.tenant_id, i.c.id == s.c.issue_id))
        .where(s.c.tenant_id == definition.tenant_id, s.c.person_id == person)
        .order_by(s.c.at, s.c.id)
    )
    for row in await connection.execute(statement):
        yield {"number": row.number, "at": in_china(row.at)}


async def handled_by(
    connection: AsyncConnection, definition: Definition, person: uuid.UUID
) -> AsyncIterator[dict[str, Any]]:
    """The issues that the person leads or handles jointly, in order of number."""
    i, h = ISSUE.alias("i"), HANDLER.alias("h")
    part = select(h.c.id).where(
        h.c.tenant_id == i.c.tenant_id, h.c.issue_id == i.c.id, h.c.person_id == person
    )
    leads = i.c.lead_person_id == person
    statement = (
        select(i.c.number, leads.label("leads"))
        .where(i.c.tenant_id == definition.tenant_id, or_(leads, part.exists()))
        .order_by(i.c.number)
    )
    for row in await connection.execute(statement):
        yield {"number": row.number, "lead": bool(row.leads)}


async def hold_issues(connection: AsyncConnection, tenant_id: int, person: uuid.UUID) -> int:
    """How many issues the person reported; nobody changes them until the transaction ends.

    Before the person's row is locked: who advances an issue locks them in this order too.
    """
    own = (ISSUE.c.tenant_id == tenant_id, ISSUE.c.reporter_person_id == person)
    held = select(ISSUE.c.id).where(*own).order_by(ISSUE.c.id).with_for_update()
    return len((await connection.execute(held)).all())


async def count_issues(connection: AsyncConnection, tenant_id: int, person: uuid.UUID) -> int:
    """How many issues the person reported."""
    own = (ISSUE.c.tenant_id == tenant_id, ISSUE.c.reporter_person_id == person)
    return int(await connection.scalar(select(func.count()).where(*own)) or 0)


async def erase_issues(
    connection: AsyncConnection,
    definition: Definition,
    person: uuid.UUID,
    now: datetime.datetime,
) -> None:
    """Erase all that the person wrote of issues: those that it reported get the names of their
    services for titles, and are found by these from then on. States, days and ratings stay.
    """
    tenant_id = definition.tenant_id
    columns = [ISSUE.c[name] for name in ("id", "service", "title", "description", "reported_at")]
    own = (ISSUE.c.tenant_id == tenant_id, ISSUE.c.reporter_person_id == person)
    await _erase_notes(connection, tenant_id, person, now)
    for row in (await connection.execute(select(*columns).where(*own))).all():
        title = _service(definition, row.service) or row.service
        await connection.execute(
            update(ISSUE)
            .where(ISSUE.c.tenant_id == tenant_id, ISSUE.c.id == row.id)
            .values(title=title, **GONE)
        )
        await _find_by(connection, tenant_id, row, title)


async def _erase_notes(
    connection: AsyncConnection, tenant_id: int, person: uuid.UUID, now: datetime.datetime
) -> None:
    statement = (
        update(NOTE)
        .where(
            NOTE.c.tenant_id == tenant_id,
            ISSUE.c.tenant_id == NOTE.c.tenant_id,
            ISSUE.c.id == NOTE.c.issue_id,
            NOTE.c.erased_at.is_(None),
            _written_by(NOTE, ISSUE, person),
        )
        .values(text=None, evidence=[], erased_at=now)
    )
    await connection.execute(statement)


async def _find_by(connection: AsyncConnection, tenant_id: int, row: Any, title: str) -> None:
    """Let an issue be found by a title, and by nothing that it was found by before."""
    former = sorted({pair for pair, _ in places(row.title, row.description)})
    await connection.execute(
        delete_from(WORD).where(
            WORD.c.tenant_id == tenant_id,
            WORD.c.word == any_(literal(former, ARRAY(Text()))),
            WORD.c.reported_at == row.reported_at,
            WORD.c.issue_id == row.id,
        )
    )
    found = places(title, None)
    pairs = literal([pair for pair, _ in found], ARRAY(Text()))
    at = literal([place for _, place in found], ARRAY(Integer()))
    listed = func.unnest(pairs, at).table_valued("word", "place", name="w").render_derived()
    moment = literal(row.reported_at, DateTime(timezone=True))
    own = (literal(tenant_id, Integer()), literal(row.id, Uuid()), moment)
    columns = ["tenant_id", "issue_id", "reported_at", "word", "place"]
    rows = select(*own, listed.c.word, listed.c.place)
    await connection.execute(insert(WORD).from_select(columns, rows))


def _written_by(note: Any, issue: Any, person: uuid.UUID) -> Any:
    """Whether the person wrote a note: by a token that is bound to it, or with the secret of the
    issue, without a token.
    """
    secret = and_(issue.c.reporter_person_id == person, note.c.author == PUBLIC.subject)
    return or_(note.c.person_id == person, and_(secret, note.c.person_id.is_(None)))


def _service(definition: Definition, code: str) -> str | None:
    found = definition.service(code)
    return None if found is None else found[1].name
