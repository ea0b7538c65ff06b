"""Relieving somebody of a post."""

import datetime
from dataclasses import dataclass

from sqlalchemy import update

from schema.changes import Change, ChangeKind
from schema.events import Event, EventKind
from schema.in_force import demand_in_force
from schema.loaders.held_post import POST
from schema.organization_rollups import ORGANIZATIONS
from schema.people.appoint import AHEAD, lacking
from schema.people.outcome import Appointed
from schema.people.places import Holding, holding, holdings
from schema.places import Place, place
from schema.refusals import RefusalCode, Refused, refuse
from schema.work import Work


@dataclass(frozen=True)
class Relieve:
    """End a post (a global id) on a day: the first on which it is no longer held.

    None is today: at once, also where the post began today.
    """

    post: str
    on: datetime.date | None = None

    async def __call__(self, work: Work) -> Appointed | Refused:
        """Carry it out; the post, or why not.

        Errors: `StaleRegistryError`.
        """
        await demand_in_force(work, "post")
        held = await holding(work, self.post)
        if held is None:
            return _unknown()
        at = await place(work, held.organization_id)
        if isinstance(at, Refused):
            return at
        if (denied := lacking(work, at, work.definition.posts.get(held.kind))) is not None:
            return denied
        day = self.on or max(work.today, held.valid_from)
        if (refused := self._against(work, held, day)) is not None:
            return refused
        return await self._write(work, at, held, day)

    def _against(self, work: Work, held: Holding, day: datetime.date) -> Refused | None:
        if held.valid_to is not None and held.valid_to <= work.today:
            return refuse(
                RefusalCode.POST_ENDED,
                f"此任职已于 {held.valid_to} 结束。",
                f"The post ended on {held.valid_to} already.",
                "post",
            )
        latest = min(held.valid_to or datetime.date.max, work.today + AHEAD)
        if not held.valid_from <= day <= latest:
            return refuse(
                RefusalCode.DATE_OUT_OF_RANGE,
                f"日期 {day} 不可用:应不早于任职日 {held.valid_from},不晚于 {latest}。",
                f"The day {day} cannot be: expected from {held.valid_from}, its first day, "
                f"to {latest}.",
                "on",
            )
        return None

    async def _write(self, work: Work, at: Place, held: Holding, day: datetime.date) -> Appointed:
        before = len(await holdings(work, at, held.kind, day))
        own = (POST.c.tenant_id == work.tenant_id, POST.c.id == held.id)
        await work.count(ORGANIZATIONS, [at.id])
        await work.connection.execute(update(POST).where(*own).values(valid_to=day))
        after = len(await holdings(work, at, held.kind, day))
        facts = {
            "post": str(held.id),
            "person": str(held.person_id),
            "kind": held.kind,
            "on": str(day),
        }
        work.events.append(Event(EventKind.RELIEVED, at.id, facts))
        change = Change(ChangeKind.POSTS, at.code, at.name, str(before), str(after))
        return Appointed(work.tenant_id, held.id, (change,))


def _unknown() -> Refused:
    return refuse(
        RefusalCode.ID_UNKNOWN,
        "没有这一任职;请用 Organization.posts 查找。",
        "There is no such post; find one with Organization.posts.",
        "post",
    )
