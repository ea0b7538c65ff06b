"""Doing an action of an issue's workflow: the one way in which an issue changes."""

import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Integer, Update, Uuid, bindparam, insert, select, update
from uuid_utils.compat import uuid7

from schema.access import Permission, subtrees
from schema.issue_rollups import ISSUES
from schema.issue_secret import proves
from schema.issues.available import available, unavailable
from schema.issues.draft import Draft, Given
from schema.issues.named import find_named
from schema.issues.needs import refused
from schema.issues.party import party
from schema.issues.reasons import cannot
from schema.issues.settle import settle, told
from schema.issues.standing import CoHandler, Standing, standing
from schema.loaders.issue_standing import HANDLER, ISSUE, standings_of
from schema.loaders.statement import render
from schema.refusals import Refusal, RefusalCode, Refused, wrong
from schema.row_statements import insert_row, update_row
from schema.tables.issue import IssueNoteRow
from schema.work import Work
from tenants.definition import Definition
from tenants.workflow import TimeLimit

NOTE: Any = IssueNoteRow.__table__  # type: ignore[attr-defined]

_OWN = (
    ISSUE.c.tenant_id == bindparam("tenant", type_=Integer()),
    ISSUE.c.id == bindparam("id", type_=Uuid()),
)
_HOLDING = render(select(ISSUE.c.id).where(*_OWN).with_for_update())
_STANDING = render(standings_of(counted=True))


@dataclass(frozen=True)
class Advanced:
    """What an action came to: the issue."""

    tenant_id: int
    issue: uuid.UUID


@dataclass(frozen=True)
class Advance:
    """Do `action` on the issue with the UUID `issue`.

    `revision` is the one that the doer saw, None where it does not matter; `secret` is that of an
    issue that was reported without a token.
    """

    issue: uuid.UUID
    action: str
    given: Given
    revision: int | None = None
    secret: str | None = None

    async def __call__(self, work: Work) -> Advanced | Refused:
        """Carry it out; the issue, or why not."""
        found = await locked(work, self.issue, self.secret)
        if found is None:
            return Refused((unknown_issue(),))
        if self.revision is not None and self.revision != found.row["revision"]:
            return Refused((_changed(found, self.revision),))
        action = found.workflow.action(self.action)
        if action is None:
            return Refused((_unknown_action(found, self.action, work),))
        who = party(found, work.actor)
        if (reason := unavailable(found, action, who, work.actor, work.now)) is not None:
            return Refused((reason,))
        if reasons := refused(action, self.given):
            return Refused(tuple(reasons))
        draft = Draft(
            found,
            action,
            who,
            self.given,
            work.now,
            service_limit(work.definition, found.row["service"]),
            _note_id(self.given),
        )
        return await carried_out(work, draft)


async def locked(work: Work, issue: uuid.UUID, secret: str | None = None) -> Standing | None:
    """How an issue stands, held against all other changes; None where it is not for the actor."""
    own = {"tenant": work.tenant_id, "id": issue}
    if not await work.connection.fetch(_HOLDING.sql, _HOLDING.values(own)):
        return None
    values = {"subject": work.actor.subject, "tenant": work.tenant_id, "ids": [issue]}
    (row,) = await work.connection.fetch(_STANDING.sql, _STANDING.values(values))
    workflow = work.definition.workflow(row["workflow"], row["workflow_version"])
    proven = secret is not None and proves(secret, row["secret_hash"])
    found = standing(row, workflow, proven=proven)
    return found if is_visible(found, work) else None


def is_visible(found: Standing, work: Work) -> bool:
    """Whether the actor may see the issue: in the reach of a role, its own, or one to handle."""
    who = party(found, work.actor)
    if who.is_reporter or who.is_lead or who.takes_part:
        return True
    codes = subtrees(work.actor, Permission.READ_ISSUES, work.tenant_id)
    if codes is None:
        return True
    return any(f"/{code}/" in path for code in codes for path in (found.path, found.place_path))


async def carried_out(work: Work, draft: Draft) -> Advanced | Refused:
    """The effect, the state, the clock, the note and the event of a draft, in this order."""
    named = await find_named(work, draft.given)
    if isinstance(named, Refusal):
        return Refused((named,))
    draft.actor, draft.named = work.actor, named
    if (reason := settle(draft)) is not None:
        return Refused((reason,))
    await _write(work, draft)
    work.events.extend(told(draft))
    return Advanced(work.tenant_id, draft.row["id"])


def service_limit(definition: Definition, code: str) -> TimeLimit | None:
    """The time limit of a service, as it last was where it is gone; None where it has none."""
    found = definition.service(code)
    return None if found is None else found[1].time_limit


def _note_id(given: Given) -> uuid.UUID | None:
    return uuid7() if given.note or given.evidence else None


async def _write(work: Work, draft: Draft) -> None:
    row = draft.row
    if draft.note_id is not None:
        note = {
            "tenant_id": work.tenant_id,
            "id": draft.note_id,
            "issue_id": row["id"],
            "author": work.actor.subject,
            "person_id": work.actor.person,
            "text": draft.given.note,
            "evidence": list(draft.given.evidence),
            "at": draft.now,
        }
        await work.connection.fetch(*insert_row(NOTE, note))
    if draft.parts:
        await work.connection.execute(insert(HANDLER).values(draft.parts))
    if draft.answered is not None:
        await work.connection.execute(_answer(draft, draft.answered))
    await work.count(ISSUES, [row["id"]])
    for id_, sets in (*draft.beside.items(), (row["id"], draft.sets)):
        await work.connection.fetch(*update_row(ISSUE, work.tenant_id, id_, sets))


def _answer(draft: Draft, part: CoHandler) -> Update:
    own = (HANDLER.c.tenant_id == draft.standing.tenant_id) & (
        HANDLER.c.issue_id == draft.row["id"]
    )
    given = {"answered_at": draft.now, "note_id": draft.note_id}
    return update(HANDLER).where(own, HANDLER.c.id == part.id).values(**given)


def unknown_issue(*path: str) -> Refusal:
    """What is said of an issue that is not there, or not for the actor."""
    return wrong(
        RefusalCode.ISSUE_UNKNOWN,
        "没有此事项,或不在您可查看之列;请核对编号(未登录上报的须给出查询码 secret)。",
        "There is no such issue within your reach; check its id (one that was reported without a "
        "token needs its secret).",
        *(path or ("issue",)),
    )


def _changed(found: Standing, seen: int) -> Refusal:
    now = found.row["revision"]
    return wrong(
        RefusalCode.ISSUE_CHANGED,
        f"事项已有更新(您所见为第 {seen} 版,现为第 {now} 版);请重新查看后再办理。",
        f"The issue has changed since (you saw revision {seen}, it is {now} now): look again.",
        "revision",
    )


def _unknown_action(found: Standing, given: str, work: Work) -> Refusal:
    names = [action.key for action in available(found, work.actor, work.now)]
    return cannot(
        RefusalCode.ACTION_UNKNOWN,
        f"流程“{found.workflow.name}”没有动作“{given[:40]}”;现可用:{'、'.join(names) or '无'}。",
        f"The workflow {found.workflow.name!r} has no action {given[:40]!r}; you may now do: "
        f"{', '.join(names) or 'nothing'}.",
    )
