"""Playing sample issues: the workflows as they are, by the rules as they are, in memory."""

import datetime
import heapq
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from schema.actor import Actor
from schema.events import Event, EventKind
from schema.issues.available import unavailable
from schema.issues.draft import Draft, Given, Named, Other
from schema.issues.effects.registry import EFFECTS
from schema.issues.needs import refused
from schema.issues.numbering import number
from schema.issues.opening import opening
from schema.issues.party import party
from schema.issues.settle import settle, told
from schema.issues.standing import CoHandler, Standing
from schema.issues.sweep import NOTE, Swept, steps, sweeper
from schema.issues.values import plain
from schema.loaders.issue_standing import CLAIMED, ISSUE
from seeds.chance import Chance
from seeds.events import Happened
from seeds.giving import Asked, Giving
from seeds.pace import WINDOW, next_action, reported_at
from seeds.reporting import RESIDENTS, Draw, Reporting
from seeds.scene import Member, Scene
from seeds.titles import Titles
from tenants.calendar import CHINA
from tenants.definition import DataKind
from tenants.roles import Role
from tenants.workflow import FINAL, ActionNeed, Effect, Phase, Workflow, WorkflowAction, needs

_EMPTY: Mapping[str, Any] = dict.fromkeys(column.name for column in ISSUE.columns)
_NOBODY = Named()
_SWEEP = datetime.timedelta(seconds=20)
_NEW, _NEW_STATE = 5, 40
"""How much likelier an action is that the play has not shown, and how likely a new state."""

_LONGEST = 40
"""Actions of one issue at most."""


@dataclass(frozen=True)
class Reports:
    """Which issues are reported: of these services, in `days` days before `until`.

    None are all services, and the moment until which it is played. Another `key` makes other
    issues.
    """

    services: frozenset[str] | None = None
    until: datetime.datetime | None = None
    days: int = WINDOW
    key: tuple[object, ...] = ()


@dataclass
class Played:
    """What a play came to: rows as mappings, events in order, the last number of each day."""

    issues: list[dict[str, Any]] = field(default_factory=list)
    handlers: list[dict[str, Any]] = field(default_factory=list)
    notes: list[dict[str, Any]] = field(default_factory=list)
    events: list[Happened] = field(default_factory=list)
    numbers: dict[datetime.date, int] = field(default_factory=dict)


@dataclass
class _Issue:
    """One issue in the play; `parts` are its co-handlers by id."""

    ordinal: int
    chance: Chance
    draw: Draw
    workflow: Workflow
    row: dict[str, Any]
    parts: dict[uuid.UUID, dict[str, Any]] = field(default_factory=dict)
    done: Counter[str] = field(default_factory=Counter)


class Play:
    """Plays `count` issues from the ordinal `first` on until the moment `until`.

    `taken` are the last numbers that days have given already. The same arguments give the same
    play, in every process.
    """

    def __init__(
        self,
        scene: Scene,
        titles: Titles,
        first: int,
        count: int,
        until: datetime.datetime,
        taken: Mapping[datetime.date, int] | None = None,
        reports: Reports = Reports(),
    ) -> None:
        self._scene, self._until, self._reports = scene, until, reports
        self._ordinals = range(first, first + count)
        self._reporting = Reporting(scene, titles, count // RESIDENTS, reports.services)
        self._giving = Giving(scene, titles)
        self._played = Played(numbers=dict(taken or {}))
        self._agenda: list[tuple[datetime.datetime, int, int]] = []
        self._issues: dict[int, _Issue] = {}
        self._by_id: dict[uuid.UUID, _Issue] = {}
        self._open: defaultdict[str, dict[uuid.UUID, _Issue]] = defaultdict(dict)
        self._claims: Counter[str] = Counter()
        self._shown: set[tuple[str, str]] = set()
        self._entered: set[tuple[str, str]] = set()
        actors = (scene.admin, *(member.actor for member in scene.everybody))
        self._actors = {actor.subject: actor for actor in actors}

    def run(self) -> Played:
        """Play it to the end."""
        about, reports = ("issue", *self._reports.key, self._scene.tenant_id), self._reports
        chances = {at: Chance(*about, at) for at in self._ordinals}
        for ordinal, chance in chances.items():
            at = reported_at(chance, reports.until or self._until, reports.days)
            self._plan(at, ordinal, 0)
        while self._agenda:
            at, ordinal, revision = heapq.heappop(self._agenda)
            issue = self._issues.get(ordinal)
            if issue is None:
                self._report(ordinal, chances[ordinal], at)
            elif revision:
                self._sweep(issue, revision, at)
            else:
                self._act(issue, at)
        self._played.issues = [issue.row for issue in self._by_id.values()]
        self._played.handlers = [
            part for issue in self._by_id.values() for part in issue.parts.values()
        ]
        return self._played

    def _plan(self, at: datetime.datetime, ordinal: int, revision: int) -> None:
        """Put it on the agenda: a sweep of a revision, or with 0 what people do."""
        if at < self._until:
            heapq.heappush(self._agenda, (at, ordinal, revision))

    def _report(self, ordinal: int, chance: Chance, now: datetime.datetime) -> None:
        day = now.astimezone(CHINA).date()
        draw = self._reporting.draw(chance, day)
        if draw is None:
            return
        taken = self._played.numbers.get(day, 0) + 1
        self._played.numbers[day] = taken
        definition, service = self._scene.definition, draw.service
        columns = {
            **opening(definition, service, self._scene.placed(draw.place), now),
            **draw.columns,
            "data_kind": DataKind.GENERATED.value,
            "id": chance.uuid7(now),
            "number": number(definition, day, taken),
        }
        workflow = definition.workflows[service.workflow or ""]
        issue = _Issue(ordinal, chance, draw, workflow, {**_EMPTY, **columns})
        self._issues[ordinal] = self._by_id[columns["id"]] = issue
        self._open[service.code][columns["id"]] = issue
        about = {"number": columns["number"], "service": service.code, "set": plain(columns)}
        where = columns["organization_id"]
        event = Event(EventKind.ISSUE_REPORTED, where, about, columns["id"])
        self._played.events.append(Happened(now, draw.reporter, event))
        self._plan(next_action(chance, issue.row, now), ordinal, 0)
        self._plan_sweep(issue, now)

    def _act(self, issue: _Issue, now: datetime.datetime) -> None:
        """Somebody does one of the actions that are available; or nobody can do any."""
        actions = [a for a in issue.workflow.actions if issue.row["state"] in a.from_]
        weights = [self._weight(issue, action) for action in actions]
        while any(weights):
            action = issue.chance.weighted(actions, weights)
            if self._do(issue, action, now):
                issue.done[action.key] += 1
                self._shown.add((issue.workflow.key, action.key))
                self._entered.add((issue.workflow.key, issue.row["state"]))
                break
            weights = [
                0 if item is action or item.effect in _ENDINGS else weight
                for item, weight in zip(actions, weights, strict=True)
            ]
        if sum(issue.done.values()) < _LONGEST:
            self._plan(next_action(issue.chance, issue.row, now), issue.ordinal, 0)

    def _weight(self, issue: _Issue, action: WorkflowAction) -> float:
        """What the play has not shown yet is likelier, a state above all."""
        key, weight = issue.workflow.key, _weight(issue, action)
        if weight and (key, action.to) not in self._entered:
            return _NEW_STATE
        return weight if (key, action.key) in self._shown else weight * _NEW

    def _do(self, issue: _Issue, action: WorkflowAction, now: datetime.datetime) -> bool:
        day = now.astimezone(CHINA).date()
        here = self._scene.by_id[issue.row["organization_id"]]
        members = [m for m in self._scene.members(here) if m.since <= day]
        standing = self._standing(issue)
        for actor in self._actors_for(issue, action, members):
            found = standing
            if action.effect is Effect.CLAIM:
                found = replace(standing, claims=self._claims[actor.subject])
            who = party(found, actor)
            if unavailable(found, action, who, actor, now) is None:
                draft = self._draft(issue, found, action, actor, now, members)
                return draft is not None and self._settle(issue, draft)
        return False

    def _actors_for(
        self, issue: _Issue, action: WorkflowAction, members: list[Member]
    ) -> Iterator[Actor]:
        """Who might do it, the likeliest first."""
        if EFFECTS[action.effect].by_reporter:
            yield issue.draw.reporter
            return
        row = issue.row
        if action.effect is Effect.RESOLVE and issue.chance.is_one_of(0.7):
            yield from self._parts_of(issue)
        for subject in (row["lead_subject"], row["lead_person_id"]):
            if subject is not None and str(subject) in self._actors:
                yield self._actors[str(subject)]
        able = [m for m in members if not set(action.by).isdisjoint(g.role for g in m.actor.grants)]
        if len(able) > 1 and issue.chance.is_one_of(0.4):
            able = [able.pop(issue.chance.number(min(4, len(able)))), *able]
        yield from (member.actor for member in able[:5])
        if Role.CITY_ADMIN in action.by:
            yield self._scene.admin

    def _parts_of(self, issue: _Issue) -> Iterator[Actor]:
        for part in issue.parts.values():
            if part["answered_at"] is None:
                person = part["person_id"]
                if person is not None:
                    yield self._actors[str(person)]
                else:
                    place = self._scene.by_id[part["organization_id"]]
                    yield from (member.actor for member in self._scene.members(place)[:2])

    def _draft(
        self, issue: _Issue, standing: Standing, action: WorkflowAction, actor: Actor,
        now: datetime.datetime, members: list[Member],
    ) -> Draft | None:  # fmt: skip
        who = party(standing, actor)
        asked = Asked(
            issue.row, action, actor, now, self._near(issue, members),
            answers=action.effect is Effect.RESOLVE and who.co_handler is not None,
            others=self._others(issue, actor) if action.effect is Effect.MERGE else (),
        )  # fmt: skip
        found = self._giving.given(asked, issue.chance)
        if found is None:
            return None
        given, named = found
        assert not refused(action, given)
        return self._drafted(issue, standing, action, actor, now, given, named)

    def _drafted(
        self, issue: _Issue, standing: Standing, action: WorkflowAction, actor: Actor,
        now: datetime.datetime, given: Given, named: Named = _NOBODY, *, by_rule: bool = False,
    ) -> Draft:  # fmt: skip
        def new_id() -> uuid.UUID:
            return issue.chance.uuid7(now)

        return Draft(
            standing,
            action,
            party(standing, actor),
            given,
            now,
            issue.draw.service.time_limit,
            new_id() if given.note or given.evidence else None,
            by_rule=by_rule,
            actor=actor,
            named=named,
            new_id=new_id,
        )

    def _near(self, issue: _Issue, members: list[Member]) -> list[Member]:
        """Those near the place first, then those near where it stands."""
        near = [m for m in self._scene.members(issue.draw.place) if m in members]
        if len(near) < len(members) or not near:
            day = issue.row["reported_at"].astimezone(CHINA).date()
            near = [m for m in self._scene.members(issue.draw.place) if m.since <= day]
        return near

    def _others(self, issue: _Issue, actor: Actor) -> Iterable[Other]:
        """Open issues of the same service that stand where the actor has a role."""
        for id_, other in self._open[issue.row["service"]].items():
            place = self._scene.by_id[other.row["organization_id"]]
            if id_ != issue.row["id"] and any(grant.covers(place.path) for grant in actor.grants):
                names = ("number", "phase", "merged_into", "supporters", "revision")
                values = {name: other.row[name] for name in names}
                yield Other(id=id_, organization_id=place.id, path=place.path, **values)

    def _standing(self, issue: _Issue) -> Standing:
        row, places = issue.row, self._scene.by_id
        here = places[row["organization_id"]]
        return Standing(
            row=row,
            workflow=issue.workflow,
            path=here.path,
            level=here.level,
            place_path=issue.draw.place.path,
            lead_path=places[row["lead_organization_id"]].path,
            above=self._scene.above(here),
            co_handlers=tuple(self._co_handler(part) for part in issue.parts.values()),
        )

    def _co_handler(self, part: Mapping[str, Any]) -> CoHandler:
        organization = part["organization_id"]
        path, answered = self._scene.by_id[organization].path, part["answered_at"] is not None
        return CoHandler(part["id"], organization, path, part["person_id"], answered)

    def _settle(self, issue: _Issue, draft: Draft) -> bool:
        if settle(draft) is not None:
            return False
        events = told(draft)
        self._note(draft)
        for part in draft.parts:
            issue.parts[part["id"]] = {"answered_at": None, "note_id": None, **part}
        if draft.answered is not None:
            given = {"answered_at": draft.now, "note_id": draft.note_id}
            issue.parts[draft.answered.id] |= given
        self._set(issue, draft.sets, draft.now)
        for id_, sets in draft.beside.items():
            self._set(self._by_id[id_], sets, draft.now)
        happened = (Happened(draft.now, draft.actor, event) for event in events)
        self._played.events.extend(happened)
        return True

    def _note(self, draft: Draft) -> None:
        if draft.note_id is not None:
            self._played.notes.append(
                {
                    "tenant_id": draft.standing.tenant_id,
                    "id": draft.note_id,
                    "issue_id": draft.row["id"],
                    "author": draft.actor.subject,
                    "person_id": draft.actor.person,
                    "text": draft.given.note,
                    "evidence": list(draft.given.evidence),
                    "at": draft.now,
                    "erased_at": None,
                }
            )

    def _set(self, issue: _Issue, sets: Mapping[str, Any], now: datetime.datetime) -> None:
        """Change the row, and all that is counted by it."""
        row = issue.row
        self._count(row, -1)
        row |= sets
        self._count(row, 1)
        if Phase(row["phase"]) in FINAL:
            self._open[row["service"]].pop(row["id"], None)
        else:
            self._open[row["service"]][row["id"]] = issue
        self._plan_sweep(issue, now)

    def _count(self, row: Mapping[str, Any], by: int) -> None:
        if row["lead_subject"] is not None and row["phase"] in CLAIMED:
            self._claims[row["lead_subject"]] += by

    def _plan_sweep(self, issue: _Issue, now: datetime.datetime) -> None:
        row = issue.row
        if row["due_at"] is None or row["ended_at"] is not None:
            return
        moments = (row["paused_until"], row["warn_at"], row["due_at"])
        for moment in sorted(max(now, m) + _SWEEP for m in moments if m is not None):
            if steps(row, moment):
                self._plan(moment, issue.ordinal, row["revision"])
                return

    def _sweep(self, issue: _Issue, revision: int, now: datetime.datetime) -> None:
        row = issue.row
        if row["revision"] != revision:
            return
        found = steps(row, now)
        actor = sweeper(self._scene.tenant_id)
        for step in found:
            sets = {**step.sets, "revision": row["revision"] + 1}
            about = {"number": row["number"], "set": plain(sets)}
            event = Event(step.kind, row["organization_id"], about, row["id"])
            self._played.events.append(Happened(now, actor, event))
            row |= sets
        if any(step.did is Swept.OVERDUE for step in found):
            self._by_rule(issue, now)
        self._plan_sweep(issue, now)

    def _by_rule(self, issue: _Issue, now: datetime.datetime) -> None:
        """What the city's rule does with what is overdue."""
        key = issue.workflow.rules.overdue
        action = None if key is None else issue.workflow.action(key)
        if action is None:
            return
        actor, standing = sweeper(self._scene.tenant_id, *action.by), self._standing(issue)
        given = Given(note=NOTE if ActionNeed.NOTE in needs(action) else None)
        who = party(standing, actor)
        if unavailable(standing, action, who, actor, now) or refused(action, given):
            return
        draft = self._drafted(issue, standing, action, actor, now, given, by_rule=True)
        self._settle(issue, draft)


def _weight(issue: _Issue, action: WorkflowAction) -> float:
    """How likely an action is where it is available, by what it does; seldom the same again."""
    row, moves = issue.row, action.to != issue.row["state"]
    weight = (_MOVES if moves else _STAYS).get(action.effect, 0.0)
    state = issue.workflow.state(action.to)
    if action.effect is None and state is not None:
        keys = [item.key for item in issue.workflow.states]
        is_back = keys.index(action.to) < keys.index(row["state"])
        weight = 0.4 if is_back else 3.0 if state.phase in FINAL else weight
    if action.effect is Effect.REOPEN:
        weight = {"NO": 8.0, "PARTLY": 2.0}.get(row["solved"] or "", 0.5)
    if action.effect is Effect.RATE and row["rated_at"] is not None:
        return 0.0
    return weight / (1 + 3 * issue.done[action.key])


# seldom, and not for want of anything else
_ENDINGS = frozenset({Effect.WITHDRAW, Effect.REJECT, Effect.MERGE})
_MOVES: Mapping[Effect | None, float] = {
    None: 8,
    Effect.ASSIGN: 8,
    Effect.CLAIM: 9,
    Effect.ESCALATE: 0.8,
    Effect.RETURN: 0.7,
    Effect.CO_HANDLE: 4,
    Effect.MERGE: 0.4,
    Effect.PAUSE: 0.5,
    Effect.EXTEND: 0.5,
    Effect.RESOLVE: 10,
    Effect.REJECT: 0.5,
    Effect.RATE: 7,
    Effect.WITHDRAW: 0.3,
}
_STAYS: Mapping[Effect | None, float] = {
    None: 0.3,
    Effect.ASSIGN: 0.6,
    Effect.CLAIM: 1,
    Effect.ESCALATE: 0.8,
    Effect.RETURN: 0.5,
    Effect.CO_HANDLE: 1.2,
    Effect.MERGE: 0.4,
    Effect.PAUSE: 0.6,
    Effect.EXTEND: 0.7,
    Effect.RESOLVE: 4,
    Effect.RATE: 7,
    Effect.WITHDRAW: 0.35,
}
