"""What somebody gives with an action of a sample issue: notes, assignees, ratings and the like."""

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from schema.actor import Actor
from schema.ids import GlobalId
from schema.issues.draft import Given, Named, Other, Rating
from schema.issues.handlers import Handler
from schema.issues.party import roles_at
from seeds.chance import Chance
from seeds.scene import Member, Scene
from seeds.titles import Titles
from tenants.workflow import ActionNeed, Effect, Solved, WorkflowAction, needs

_SATISFIED = {
    Solved.YES: ((5, 4, 3), (64, 28, 8)),
    Solved.PARTLY: ((4, 3, 2), (30, 50, 20)),
    Solved.NO: ((3, 2, 1), (15, 35, 50)),
}


@dataclass(frozen=True)
class Asked:
    """An action that somebody is about to do with an issue, whose `row` and `members` are near.

    `others` are open issues of the same service.
    """

    row: Any
    action: WorkflowAction
    actor: Actor
    now: datetime.datetime
    members: Sequence[Member]
    answers: bool = False
    others: Iterable[Other] = field(default=())


class Giving:
    """Makes up what actions need."""

    def __init__(self, scene: Scene, titles: Titles) -> None:
        self._scene, self._titles = scene, titles

    def given(self, asked: Asked, chance: Chance) -> tuple[Given, Named] | None:
        """All that the action needs; None where there is nobody or nothing to name."""
        wanted = needs(asked.action)
        values: dict[str, Any] = {}
        named: dict[str, Any] = {}
        if ActionNeed.ASSIGNEE in wanted:
            found = self._assignee(asked, chance)
            if found is None:
                return None
            values["assignee"], named["assignee"] = self._name(found), found
        if ActionNeed.CO_HANDLERS in wanted:
            parts = self._co_handlers(asked, chance)
            if not parts:
                return None
            values["co_handlers"] = tuple(self._name(part) for part in parts)
            named["co_handlers"] = tuple(parts)
        if ActionNeed.MERGE_INTO in wanted:
            other = next(iter(asked.others), None)
            if other is None:
                return None
            values["merge_into"] = str(GlobalId("Issue", self._scene.tenant_id, other.id.hex))
            named["merge_into"] = other
        if ActionNeed.UNTIL in wanted:
            values["until"] = self._until(asked, chance)
        if ActionNeed.RATING in wanted:
            values["rating"] = self._rating(asked, chance)
        if ActionNeed.EVIDENCE in wanted:
            values["evidence"] = (f"https://example.com/sample/{1 + chance.number(40)}.jpg",)
        if ActionNeed.NOTE in wanted or (not asked.answers and chance.is_one_of(0.25)):
            values["note"] = self._note(asked, chance)
        return Given(**values), Named(**named)

    def _note(self, asked: Asked, chance: Chance) -> str:
        effect = asked.action.effect
        kind = "answer" if asked.answers else effect.value if effect else "ordinary"
        return chance.pick(self._titles.notes[kind])

    def _assignee(self, asked: Asked, chance: Chance) -> Handler | None:
        """Somebody near whom the actor's role covers; else the organization itself."""
        by = set(asked.action.by)
        near = [
            member
            for member in asked.members[:12]
            if member.actor.person is not None
            and roles_at(member.home.path, self._scene.tenant_id, asked.actor) & by
        ]
        if near and chance.is_one_of(0.8):
            return _handler(chance.pick(near[:4]))
        place = self._scene.by_id.get(asked.row["place_id"])
        if place is None:
            return None
        return Handler(place.id, place.path, place.name)

    def _co_handlers(self, asked: Asked, chance: Chance) -> list[Handler]:
        """An organization above the place or somebody near, who is not the lead."""
        place = self._scene.by_id[asked.row["place_id"]]
        lead = (asked.row["lead_organization_id"], asked.row["lead_person_id"])
        upwards = self._scene.placed(place).upwards[:3]
        found = [Handler(item.id, item.path, item.name) for item in upwards]
        found += [_handler(m) for m in asked.members[:8] if m.actor.person is not None]
        found = [item for item in found if (item.organization_id, item.person_id) != lead]
        if not found:
            return []
        first, second = chance.pick(found), chance.pick(found)
        return [first] if first == second or chance.is_one_of(0.6) else [first, second]

    def _name(self, found: Handler) -> str:
        if found.person_id is not None:
            return str(GlobalId("Person", self._scene.tenant_id, found.person_id.hex))
        return self._scene.by_id[found.organization_id].code

    def _until(self, asked: Asked, chance: Chance) -> datetime.datetime:
        days = datetime.timedelta(days=1 + chance.number(9), hours=2)
        due: datetime.datetime | None = asked.row["due_at"]
        if asked.action.effect is Effect.EXTEND and due is not None:
            return max(due, asked.now) + days * 2
        return asked.now + days

    def _rating(self, asked: Asked, chance: Chance) -> Rating:
        row = asked.row
        is_late = row["due_at"] is not None and (row["ended_at"] or asked.now) > row["due_at"]
        weights = (60, 24, 16) if is_late else (82, 13, 5)
        solved = chance.weighted(tuple(Solved), weights)
        comment = None
        if chance.is_one_of(0.4):
            comment = chance.pick(self._titles.comments[solved.value])
        return Rating(solved, chance.weighted(*_SATISFIED[solved]), comment)


def _handler(member: Member) -> Handler:
    home = member.home
    return Handler(home.id, home.path, home.name, member.actor.person)
