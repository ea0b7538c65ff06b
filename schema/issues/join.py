"""Joining an issue (附议): "me too" instead of reporting the same once more."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ARRAY, LargeBinary, any_, exists, insert, literal, or_, select, update
from uuid_utils.compat import uuid7

from schema.access import Denied, Permission, permitted
from schema.events import Event, EventKind
from schema.ids import uuid_in
from schema.issues.advance import unknown_issue
from schema.issues.contact import Checked, Contact, checked_contact
from schema.issues.similar import OPEN
from schema.loaders.held_post import PERSON
from schema.loaders.issue_standing import ISSUE
from schema.refusals import Refusal, RefusalCode, Refused, forbidden, wrong
from schema.tables.issue import IssueSupporterRow
from schema.work import Work

SUPPORTER: Any = IssueSupporterRow.__table__  # type: ignore[attr-defined]

COLUMNS = (
    "id",
    "number",
    "phase",
    "organization_id",
    "reporter_subject",
    "reporter_person_id",
    "supporters",
    "revision",
)


@dataclass(frozen=True)
class Joined:
    """What joining came to: the issue, and how many have joined it."""

    tenant_id: int
    issue: uuid.UUID
    number: str
    supporters: int


@dataclass(frozen=True)
class Join:
    """Say that one has the same trouble as an issue (its number or id).

    Whoever may report may join, also an issue that they may not see: it was offered to them as a
    similar one. Everybody once: by the subject of the token, or by the number of the telephone.
    """

    issue: str
    contact: Contact | None = None

    async def __call__(self, work: Work) -> Joined | Refused:
        """Carry it out; the issue, or why not.

        Errors: `KeyFileError`.
        """
        verdict = permitted(work.actor, Permission.REPORT_ISSUES, work.tenant_id)
        if isinstance(verdict, Denied):
            return forbidden(verdict)
        contact = checked_contact(work, self.contact)
        if isinstance(contact, Refused):
            return contact
        row = await self._locked(work)
        if row is None:
            return Refused((unknown_issue(),))
        if row.phase not in OPEN:
            return Refused((_closed(row.number),))
        if await _takes_part(work, row, contact):
            return Refused((_joined_already(row.number),))
        return await _write(work, row, contact)

    async def _locked(self, work: Work) -> Any:
        """The issue, held against all other changes."""
        id_ = uuid_in(self.issue, "Issue", work.tenant_id)
        number = "".join(self.issue.split()).upper()
        same = ISSUE.c.number == number if id_ is None else ISSUE.c.id == id_
        columns = [ISSUE.c[name] for name in COLUMNS]
        statement = select(*columns).where(ISSUE.c.tenant_id == work.tenant_id, same)
        return (await work.connection.execute(statement.with_for_update())).first()


async def _takes_part(work: Work, row: Any, contact: Checked | None) -> bool:
    """Whether the actor reported the issue, or has joined it."""
    s, x = SUPPORTER.alias("s"), PERSON.alias("x")
    actor = work.actor
    if actor.tenant_ids is not None:
        if row.reporter_subject == actor.subject:
            return True
        mine = s.c.subject == actor.subject
        if actor.person is not None:
            if row.reporter_person_id == actor.person:
                return True
            mine = or_(mine, s.c.person_id == actor.person)
        joined = exists().where(s.c.tenant_id == work.tenant_id, s.c.issue_id == row.id, mine)
        return bool(await work.connection.scalar(select(joined)))
    indexes = _indexes(work, contact)
    joiners = select(s.c.person_id).where(
        s.c.tenant_id == work.tenant_id, s.c.issue_id == row.id, s.c.person_id.is_not(None)
    )
    known = exists().where(
        x.c.tenant_id == work.tenant_id,
        or_(x.c.id == row.reporter_person_id, x.c.id.in_(joiners)),
        x.c.phone_index == any_(literal(indexes, ARRAY(LargeBinary()))),
    )
    return bool(await work.connection.scalar(select(known)))


def _indexes(work: Work, contact: Checked | None) -> Sequence[bytes]:
    assert contact is not None  # who has no token has given a number
    assert contact.phone is not None
    return [item.data for item in work.keyring.indexes(contact.phone.e164, work.tenant_id)]


async def _write(work: Work, row: Any, contact: Checked | None) -> Joined:
    signed_in = work.actor.tenant_ids is not None
    supporter = uuid7()
    person = work.actor.person if contact is None else await contact.add(work)
    await work.connection.execute(
        insert(SUPPORTER).values(
            tenant_id=work.tenant_id,
            issue_id=row.id,
            id=supporter,
            subject=work.actor.subject if signed_in else None,
            person_id=person,
            at=work.now,
        )
    )
    sets = {"supporters": row.supporters + 1, "revision": row.revision + 1}
    await work.connection.execute(
        update(ISSUE)
        .where(ISSUE.c.tenant_id == work.tenant_id, ISSUE.c.id == row.id)
        .values(**sets)
    )
    about = {"number": row.number, "supporter": str(supporter), "set": sets}
    work.events.append(Event(EventKind.ISSUE_JOINED, row.organization_id, about, row.id))
    return Joined(work.tenant_id, row.id, row.number, sets["supporters"])


def _closed(number: str) -> Refusal:
    return wrong(
        RefusalCode.ISSUE_CLOSED,
        f"{number} 已办结,不能附议;如仍未解决,请用 reportIssue 上报。",
        f"{number} is settled and cannot be joined; if the trouble is still there, report it.",
        "issue",
    )


def _joined_already(number: str) -> Refusal:
    return wrong(
        RefusalCode.ALREADY_JOINED,
        f"您已上报或附议过 {number}。",
        f"You have reported or joined {number} already.",
        "issue",
    )
