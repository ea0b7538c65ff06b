"""Reporting an issue (上报): everything checked first, then one row, its words and one event."""

import datetime
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import ARRAY, Integer, Text, bindparam, cast, func, insert, select
from uuid_utils.compat import uuid7

from schema.access import Denied, Permission, permitted
from schema.events import Event, EventKind
from schema.in_force import demand_in_force
from schema.issue_rollups import ISSUES
from schema.issue_secret import hashed
from schema.issues.answers import Answer, checked_answers
from schema.issues.choosing import Chosen, chosen
from schema.issues.contact import Checked, Contact, checked_contact
from schema.issues.coordinates import Coordinates, checked_coordinates
from schema.issues.numbering import next_number
from schema.issues.opening import opening
from schema.issues.placing import Place, Placed, placed
from schema.issues.secret import new_secret
from schema.issues.similar import WORD, Similar, similar_issues
from schema.issues.texts import checked_description, checked_title
from schema.issues.values import plain
from schema.loaders.issue_standing import ISSUE
from schema.loaders.statement import Statement, render
from schema.refusals import Refusal, RefusalCode, Refused, forbidden, wrong
from schema.row_statements import insert_row
from schema.words import places, words
from schema.work import Work
from tenants.catalogue import Service
from tenants.channel import Channel
from tenants.definition import DataKind
from tenants.roles import Role
from tenants.workflow import Severity

T = TypeVar("T")

CHANNELS: Mapping[Role, Channel] = {
    Role.PUBLIC: Channel.WEB,
    Role.RESIDENT: Channel.APP,
    Role.MEMBER: Channel.APP,
    Role.GRID_WORKER: Channel.VISIT,
    Role.AGENT: Channel.STATION,
    Role.SECRETARY: Channel.VISIT,
    Role.CITY_ADMIN: Channel.PHONE,
}
"""On which way an issue came in where the reporter does not say; assumed."""


@dataclass(frozen=True)
class Reported:
    """What a report came to: the issue, and those like it that were open.

    `secret_key` is the id of the key that the secret of who has no token was made with.
    """

    tenant_id: int
    issue: uuid.UUID
    number: str
    similar: tuple[Similar, ...] = ()
    secret_key: str | None = None


@dataclass(frozen=True)
class Duplicate(Refused):
    """Why a report that must not be a duplicate was not stored: the similar ones."""

    similar: tuple[Similar, ...] = ()


@dataclass(frozen=True)
class Report:
    """Report an issue to the tenant of the work.

    `service` is a code or id, None for free text; `organization` a code or id, None for the one
    of the actor's token. A `title` that is left out is made from the description, else it is the
    service's name. `id` and `data_kind` are for who makes data.
    """

    service: str | None = None
    title: str | None = None
    description: str | None = None
    answers: tuple[Answer, ...] = ()
    organization: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    channel: Channel | None = None
    severity: Severity | None = None
    priority_group: str | None = None
    contact: Contact | None = None
    unless_similar: bool = False
    id: uuid.UUID | None = None
    data_kind: DataKind = DataKind.REAL

    async def __call__(self, work: Work) -> Reported | Refused:
        """Carry it out; the issue, or why not (`Duplicate` where similar ones forbid it).

        Errors: `StaleRegistryError`, `KeyFileError`.
        """
        verdict = permitted(work.actor, Permission.REPORT_ISSUES, work.tenant_id)
        if isinstance(verdict, Denied):
            return forbidden(verdict)
        await demand_in_force(work, "post")
        found = await self._draft(work)
        if isinstance(found, Refused):
            return found
        # before the look at the neighbours, so that of two reports at once one sees the other
        taken = await next_number(work) if self.unless_similar else None
        similar = await _similar(work, found)
        if similar and self.unless_similar:
            return Duplicate((_similar_open(similar),), similar)
        return await self._write(work, found, taken or await next_number(work), similar)

    async def _draft(self, work: Work) -> "_Draft | Refused":
        """Everything that was given, checked; or all that is wrong with it."""
        reasons = _Reasons()
        description = reasons.kept(checked_description(self.description))
        text = f"{self.title or ''}\n{description or ''}"
        choice = reasons.kept(chosen(work, self.service, text))
        named = choice.service.name if choice and not choice.classified else None
        title = reasons.kept(checked_title(self.title, description, named))
        at = reasons.kept(await placed(work, self.organization))
        coordinates = reasons.kept(checked_coordinates(self.latitude, self.longitude))
        contact = reasons.kept(checked_contact(work, self.contact))
        answers = {} if choice is None else reasons.kept(self._answers(choice))
        if choice is not None:
            reasons.found += self._unfit(choice.service)
        if at is not None:
            reasons.found += self._forbidden(work, at)
        if reasons.found:
            return Refused(tuple(reasons.found))
        assert choice is not None and title is not None and at is not None  # noqa: PT018
        assert coordinates is not None and answers is not None  # noqa: PT018
        return _Draft(choice, title, description, answers, at, coordinates, contact)

    def _answers(self, choice: Chosen) -> dict[str, str] | Refused:
        """Who did not choose the service need not answer what it asks."""
        checked = checked_answers(choice.service, self.answers, demanded=not choice.classified)
        return Refused(checked.refusals) if checked.refusals else dict(checked.values)

    def _unfit(self, service: Service) -> list[Refusal]:
        given = self.priority_group
        if given is None or given in service.priority_groups:
            return []
        listed = "、".join(service.priority_groups)
        return [
            wrong(
                RefusalCode.PRIORITY_UNKNOWN,
                f"“{service.name}”没有重点服务对象“{given[:40]}”;可用:{listed or '无'}。",
                f"{service.name!r} has no priority group {given[:40]!r}; it has: "
                f"{listed or 'none'}.",
                "priorityGroup",
            )
        ]

    def _forbidden(self, work: Work, at: Placed) -> list[Refusal]:
        """Who may not handle issues there says nothing of their severity."""
        if self.severity is None:
            return []
        path = at.place.path
        verdict = permitted(work.actor, Permission.HANDLE_ISSUES, work.tenant_id, path)
        return list(forbidden(verdict, "severity").refusals) if isinstance(verdict, Denied) else []

    async def _write(
        self, work: Work, found: "_Draft", number: str, similar: tuple[Similar, ...]
    ) -> Reported:
        issue = self.id or uuid7()
        key = None
        columns = self._columns(work, found) | {"id": issue, "number": number}
        if found.contact is not None:
            columns["reporter_person_id"] = await found.contact.add(work, self.data_kind)
        if work.actor.tenant_ids is None:
            secret, key = new_secret(work.keyring, work.tenant_id, issue)
            columns["secret_hash"] = hashed(secret)
        work.count_new(ISSUES, [issue])
        await work.connection.fetch(*insert_row(ISSUE, columns))
        await write_words(work, issue, work.now, found.title, found.description)
        service = found.choice.service.code
        about: dict[str, Any] = {"number": number, "service": service}
        if found.choice.classified:
            about["classified"] = True
        about["set"] = plain(columns)
        where = columns["organization_id"]
        work.events.append(Event(EventKind.ISSUE_REPORTED, where, about, issue))
        return Reported(work.tenant_id, issue, number, similar, key)

    def _columns(self, work: Work, found: "_Draft") -> dict[str, Any]:
        """All columns of the row but for id, number, contact and secret."""
        signed_in = work.actor.tenant_ids is not None
        return opening(work.definition, found.choice.service, found.at, work.now) | {
            "severity": (self.severity or Severity.ORDINARY).value,
            "channel": (self.channel or CHANNELS.get(work.actor.role, Channel.OTHER)).value,
            "priority_group": self.priority_group,
            "title": found.title,
            "description": found.description,
            "answers": found.answers,
            "latitude": found.coordinates.latitude,
            "longitude": found.coordinates.longitude,
            "reporter_subject": work.actor.subject if signed_in else None,
            "reporter_person_id": work.actor.person,
            "data_kind": self.data_kind.value,
        }


class _Reasons:
    """Collects why a report cannot be stored."""

    def __init__(self) -> None:
        self.found: list[Refusal] = []

    def kept(self, part: T | Refusal | Refused) -> T | None:
        """The part, if it can be; else None, and its reasons are kept."""
        if isinstance(part, Refusal):
            self.found.append(part)
        elif isinstance(part, Refused):
            self.found += part.refusals
        else:
            return part
        return None


@dataclass(frozen=True)
class _Draft:
    """A report of which everything has been checked."""

    choice: Chosen
    title: str
    description: str | None
    answers: dict[str, str]
    at: Placed
    coordinates: Coordinates
    contact: Checked | None


async def write_words(
    work: Work,
    issue: uuid.UUID,
    reported_at: datetime.datetime,
    title: str,
    description: str | None,
) -> None:
    """Store what an issue can be found by."""
    found = places(title, description)
    given = {
        "tenant": work.tenant_id,
        "issue": issue,
        "moment": reported_at,
        # as PostgreSQL reads arrays of text, which it does faster than the driver writes them;
        # two letters or digits need no quotes
        "pairs": f"{{{','.join(pair for pair, _ in found)}}}",
        "places": f"{{{','.join(str(place) for _, place in found)}}}",
    }
    await work.connection.fetch(_WORDS.sql, _WORDS.values(given))


def _adding_words() -> Statement:
    pairs = cast(bindparam("pairs", type_=Text()), ARRAY(Text()))
    at = cast(bindparam("places", type_=Text()), ARRAY(Integer()))
    listed = func.unnest(pairs, at).table_valued("word", "place", name="w").render_derived()
    own = {"tenant_id": "tenant", "issue_id": "issue", "reported_at": "moment"}
    chosen = [bindparam(given, type_=WORD.c[name].type) for name, given in own.items()]
    rows = select(*chosen, listed.c.word, listed.c.place)
    return render(insert(WORD).from_select([*own, "word", "place"], rows))


_WORDS = _adding_words()


async def _similar(work: Work, found: _Draft) -> tuple[Similar, ...]:
    rungs = {level.key: level.rung for level in work.definition.tenant.levels}
    near: Place = found.at.neighbourhood(rungs)
    pairs = words(found.title, None)
    return await similar_issues(work, near.path, found.choice.service.code, pairs)


def _similar_open(similar: tuple[Similar, ...]) -> Refusal:
    numbers = "、".join(item.number for item in similar)
    return wrong(
        RefusalCode.SIMILAR_OPEN,
        f"附近已有 {len(similar)} 件相似的未办结事项({numbers});请用 joinIssue 附议,"
        "或去掉 unlessSimilar 仍要上报。",
        f"{len(similar)} similar issues are open nearby ({numbers}): join one with joinIssue, or "
        "leave unlessSimilar out to report nevertheless.",
        "unlessSimilar",
    )
