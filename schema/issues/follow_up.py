"""Following up: staff ask after an issue that was settled and that nobody has rated."""

import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, update
from uuid_utils.compat import uuid7

from schema.access import Denied, Permission, permitted
from schema.events import Event, EventKind
from schema.issues.advance import Advanced, locked, unknown_issue
from schema.issues.draft import Given
from schema.issues.needs import malformed
from schema.issues.standing import Standing
from schema.issues.values import plain
from schema.loaders.issue_standing import ISSUE
from schema.refusals import Refusal, RefusalCode, Refused, forbidden, wrong
from schema.tables.issue import IssueNoteRow
from schema.work import Work
from tenants.workflow import Phase

NOTE: Any = IssueNoteRow.__table__  # type: ignore[attr-defined]
SETTLED = (Phase.RESOLVED, Phase.CLOSED)


@dataclass(frozen=True)
class RecordFollowUp:
    """Record that somebody asked after the issue with the UUID `issue`.

    Where the reporter was not `reached`, the issue stays among those to ask after.
    """

    issue: uuid.UUID
    reached: bool
    note: str | None = None

    async def __call__(self, work: Work) -> Advanced | Refused:
        """Carry it out; the issue, or why not."""
        found = await locked(work, self.issue)
        if found is None:
            return Refused((unknown_issue(),))
        verdict = permitted(work.actor, Permission.HANDLE_ISSUES, work.tenant_id, found.path)
        if isinstance(verdict, Denied):
            return forbidden(verdict, "issue")
        reasons = [*_too_early_or_late(found), *malformed(Given(note=self.note))]
        if reasons:
            return Refused(tuple(reasons))
        await self._record(work, found)
        return Advanced(work.tenant_id, self.issue)

    async def _record(self, work: Work, found: Standing) -> None:
        row = found.row
        sets: dict[str, Any] = {"revision": row["revision"] + 1}
        if self.reached:
            sets["asked_at"] = work.now
        about = {"number": row["number"], "reached": self.reached, "set": plain(sets)}
        if (self.note or "").strip():
            about["note"] = str(await self._write_note(work))
        own = (ISSUE.c.tenant_id == work.tenant_id) & (ISSUE.c.id == self.issue)
        await work.connection.execute(update(ISSUE).where(own).values(**sets))
        place = row["organization_id"]
        work.events.append(Event(EventKind.ISSUE_FOLLOWED_UP, place, about, self.issue))

    async def _write_note(self, work: Work) -> uuid.UUID:
        id_ = uuid7()
        await work.connection.execute(
            insert(NOTE).values(
                tenant_id=work.tenant_id,
                id=id_,
                issue_id=self.issue,
                author=work.actor.subject,
                person_id=work.actor.person,
                text=self.note,
                evidence=[],
                at=work.now,
            )
        )
        return id_


def _too_early_or_late(found: Standing) -> list[Refusal]:
    """An issue is asked after once it is settled, and until it has its rating."""
    if found.phase not in SETTLED:
        return [
            wrong(
                RefusalCode.ACTION_NOT_AVAILABLE,
                f"回访须在办结之后,现为“{found.state.name}”。",
                f"An issue is asked after once it is settled; it is {found.state.name!r} now.",
                "issue",
            )
        ]
    if found.row["rated_at"] is not None:
        return [
            wrong(
                RefusalCode.ACTION_NOT_AVAILABLE,
                "已有评价,无需回访。",
                "It has been rated: there is nothing to ask after.",
                "issue",
            )
        ]
    return []
