"""Appointing somebody to a post."""

import datetime
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import insert
from uuid_utils.compat import uuid7

from schema.access import Denied, Permission, permitted, subtrees
from schema.changes import Change, ChangeKind
from schema.events import Event, EventKind
from schema.in_force import demand_in_force
from schema.loaders.held_post import POST
from schema.organization_rollups import ORGANIZATIONS
from schema.people.outcome import Appointed
from schema.people.places import Holding, holdings, known_person
from schema.persons import add_person, checked_name, checked_phone
from schema.places import Place, place
from schema.refusals import Refusal, RefusalCode, Refused, forbidden, refuse
from schema.work import Work
from tenants.definition import DataKind
from tenants.posts import PostKind
from tenants.roles import Role

# how far ahead somebody may be appointed: a year, leap or not
AHEAD = datetime.timedelta(days=366)


@dataclass(frozen=True)
class NewPerson:
    """Somebody who is not known yet; `phone` is as people write it."""

    name: str
    phone: str | None = None


@dataclass(frozen=True)
class Appoint:
    """Give a person, known (a global id) or new, a post in an organization.

    `since` None is today (or the organization's first day, where that is later); `until` is the
    first day on which the post is no longer held.
    """

    organization: str
    kind: str
    person: str | NewPerson
    since: datetime.date | None = None
    until: datetime.date | None = None

    async def __call__(self, work: Work) -> Appointed | Refused:
        """Carry it out; the post, or why not.

        Errors: `StaleRegistryError`.
        """
        await demand_in_force(work, "post")
        kind = _kind(work, self.kind)
        if isinstance(kind, Refused):
            return kind
        at = await place(work, self.organization)
        if isinstance(at, Refused):
            return at
        if (denied := lacking(work, at, kind)) is not None:
            return denied
        since = self.since or max(work.today, at.valid_from or work.today)
        others = await holdings(work, at, kind.key, since)
        if reasons := tuple(self._against(work, at, kind, since, others)):
            return Refused(reasons)
        person = await self._person(work, others)
        if isinstance(person, Refused):
            return person
        return await self._write(work, at, kind, person, since, len(others))

    async def _person(self, work: Work, others: Sequence[Holding]) -> uuid.UUID | Refused:
        if isinstance(self.person, NewPerson):
            return await _add(work, self.person)
        visible = subtrees(work.actor, Permission.READ_PEOPLE, work.tenant_id)
        found = await known_person(work, self.person, visible)
        if found is None:
            return refuse(
                RefusalCode.PERSON_UNKNOWN,
                "没有此人,或不在可查看的组织中;请用 people 查找,或以 newPerson 登记。",
                "There is no such person within your reach; find one with people, or give "
                "newPerson.",
                "person",
            )
        if any(other.person_id == found for other in others):
            return refuse(
                RefusalCode.POST_TAKEN,
                "此人已在该组织担任这一岗位。",
                "The person holds this post in the organization already.",
                "person",
            )
        return found

    def _against(
        self,
        work: Work,
        at: Place,
        kind: PostKind,
        since: datetime.date,
        others: Sequence[Holding],
    ) -> Iterator[Refusal]:
        if not kind.is_held_at(at.level):
            hierarchy = work.definition.hierarchy
            names = [hierarchy[key].name for key in kind.levels]
            yield Refusal(
                RefusalCode.POST_NOT_ALLOWED,
                f"“{kind.name}”不设于“{at.name}”所在层级;可设于:{'、'.join(names)}。",
                f"{kind.name!r} is not held at the level of {at.name!r}; it is at: "
                f"{', '.join(names)}.",
                ("input", "kind"),
            )
        yield from self._untimely(work, at, since)
        if kind.single and others and not self._before(others[0]):
            first = others[0].valid_from
            yield Refusal(
                RefusalCode.POST_TAKEN,
                f"“{at.name}”的“{kind.name}”自 {first} 起已有人担任,同时至多一人;请先免去。",
                f"{kind.name!r} of {at.name!r} is held since {first}, by one at a time: relieve "
                "the holder first.",
                ("input", "kind"),
            )

    def _before(self, other: Holding) -> bool:
        """Whether the new post ends by the time that the other begins."""
        return self.until is not None and self.until <= other.valid_from

    def _untimely(self, work: Work, at: Place, since: datetime.date) -> Iterator[Refusal]:
        latest = work.today + AHEAD
        earliest = at.valid_from or datetime.date.min
        ends = at.valid_to or datetime.date.max
        if not earliest <= since <= latest or since >= ends:
            yield _wrong_day(since, earliest, min(latest, ends), "since")
        if self.until is not None and not since < self.until <= ends:
            yield _wrong_day(self.until, since, ends, "until")

    async def _write(
        self,
        work: Work,
        at: Place,
        kind: PostKind,
        person: uuid.UUID,
        since: datetime.date,
        held: int,
    ) -> Appointed:
        post = uuid7()
        until = self.until or at.valid_to
        await work.count(ORGANIZATIONS, [at.id])
        await work.connection.execute(
            insert(POST).values(
                tenant_id=work.tenant_id,
                id=post,
                person_id=person,
                organization_id=at.id,
                kind=kind.key,
                valid_from=since,
                valid_to=until,
                data_kind=DataKind.REAL,
            )
        )
        facts = {"post": str(post), "person": str(person), "kind": kind.key, "since": str(since)}
        if until is not None:
            facts["until"] = str(until)
        work.events.append(Event(EventKind.APPOINTED, at.id, facts))
        change = Change(ChangeKind.POSTS, at.code, at.name, str(held), str(held + 1))
        return Appointed(work.tenant_id, post, (change,))


def lacking(work: Work, at: Place, kind: PostKind | None) -> Refused | None:
    """Why the actor may not fill this post there, if so.

    A post that makes a secretary is filled from above: by whom the organization above is open to.
    """
    path = at.above if kind is not None and kind.role is Role.SECRETARY else at.path
    verdict = permitted(work.actor, Permission.APPOINT, work.tenant_id, path)
    return forbidden(verdict, "organization") if isinstance(verdict, Denied) else None


def _kind(work: Work, key: str) -> PostKind | Refused:
    kinds = work.definition.posts
    if key in kinds:
        return kinds[key]
    known = "、".join(kinds)
    return refuse(
        RefusalCode.POST_UNKNOWN,
        f"{work.definition.tenant.name}没有岗位“{key[:40]}”;可用:{known}。",
        f"{work.definition.tenant.name} has no kind of post {key[:40]!r}; it has: {known}.",
        "kind",
    )


async def _add(work: Work, new: NewPerson) -> uuid.UUID | Refused:
    name = checked_name(new.name, "newPerson")
    if isinstance(name, Refused):
        return name
    phone = None if new.phone is None else checked_phone(new.phone, "newPerson")
    if isinstance(phone, Refused):
        return phone
    return await add_person(work, name, phone)


def _wrong_day(
    day: datetime.date, earliest: datetime.date, latest: datetime.date, field: str
) -> Refusal:
    from_zh = f"不早于 {earliest}、" if earliest > datetime.date.min else ""
    from_en = f"not before {earliest}, " if earliest > datetime.date.min else ""
    to_zh = f"不晚于 {latest}" if latest < datetime.date.max else "在任职日之后"
    to_en = f"not after {latest}" if latest < datetime.date.max else "after the first day"
    return Refusal(
        RefusalCode.DATE_OUT_OF_RANGE,
        f"日期 {day} 不可用:应{from_zh}{to_zh}。",
        f"The day {day} cannot be: expected {from_en}{to_en}.",
        ("input", field),
    )
