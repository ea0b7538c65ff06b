"""Establishing an organization."""

import datetime
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from schema.changes import Change, ChangeKind
from schema.codes import Coded, free_code
from schema.events import Event, EventKind
from schema.ids import derived_uuid
from schema.loaders.organization import ORGANIZATION
from schema.organizations.naming import Named
from schema.organizations.outcome import Changed
from schema.organizations.rules import (
    AHEAD,
    Field,
    ending,
    lacking,
    like_named,
    misplaced,
    unknown_level,
    untimely,
)
from schema.organizations.tree import (
    Asked,
    Organization,
    find,
    hold,
    namesake,
)
from schema.organizations.writes import add
from schema.refusals import Refusal, Refused
from schema.work import Work
from tenants.definition import DataKind

CODED = Coded(ORGANIZATION, "组织", width=2)


@dataclass(frozen=True)
class New:
    """An organization that is to be; without a code it gets one made from its parent's."""

    name: Named
    code: str | None = None


@dataclass(frozen=True)
class Establish:
    """Establish an organization of a level under `parent` (None = at the top).

    `valid_from` may lie up to a year ahead, and is today where it is None.
    """

    new: New
    level: str
    parent: str | None
    valid_from: datetime.date | None = None

    async def __call__(self, work: Work) -> Changed | Refused:
        """Carry it out; the new organization, or why not.

        Errors: `StaleRegistryError`.
        """
        await hold(work)
        if reasons := tuple(unknown_level(work, self.level, ("level",))):
            return Refused(reasons)
        asked: list[Asked] = [] if self.parent is None else [(self.parent, ("parent",))]
        found = await find(work, asked)
        if isinstance(found, Refused):
            return found
        parent = found[0] if found else None
        if denied := tuple(lacking(work, parent.path if parent else "/", ("parent",))):
            return Refused(denied)
        place = Place(self.level, parent, self.valid_from or work.today)
        made = await establish(work, self.new, place, Fields("validFrom"))
        if isinstance(made, Refused):
            return made
        return Changed(work.tenant_id, made.id, changes(made))


@dataclass(frozen=True)
class Fields:
    """Where the input says what: the field of the day, and those above the others."""

    day: str
    within: Field = ()


@dataclass(frozen=True)
class Place:
    """Where an organization is to be, and from which day on."""

    level: str
    parent: Organization | None
    day: datetime.date

    @property
    def parent_id(self) -> uuid.UUID | None:
        """The id of the organization above."""
        return None if self.parent is None else self.parent.id


async def establish(
    work: Work, new: New, place: Place, fields: Fields, instead: Sequence[Organization] = ()
) -> Organization | Refused:
    """Insert an organization that the rules allow; `instead` are those that end for it.

    Whether the actor may do so is for the caller to ask.
    """
    spelled = new.name.spelling.search_name
    like = await namesake(work, spelled, place.level, place.parent_id, place.day, instead)
    reasons = (
        *_against(work, place, fields),
        *like_named(like, (*fields.within, "name")),
    )
    if reasons:
        return Refused(reasons)
    above = place.parent.code if place.parent else work.definition.tenant.code
    code = await free_code(work, CODED, new.code, f"{above}-", *fields.within, "code")
    if isinstance(code, Refused):
        return code
    made = _organization(work, new.name, code, place)
    rung = work.definition.hierarchy[place.level].rung
    given = {"data_kind": DataKind.REAL.value, "source": None, "assumed": False}
    await add(work, made, {**new.name.columns, "rung": rung, **given})
    work.events.append(_event(made))
    return made


def _against(work: Work, place: Place, fields: Fields) -> Iterator[Refusal]:
    field = (*fields.within, "parent")
    begin = None
    if place.parent is not None:
        begin = place.parent.valid_from
        yield from ending(place.parent, field)
    yield from misplaced(work, place.level, place.parent, field)
    yield from untimely(place.day, [begin], work.today + AHEAD, (fields.day,))


def _organization(work: Work, name: Named, code: str, place: Place) -> Organization:
    return Organization(
        id=derived_uuid("Organization", work.tenant_id, code),
        code=code,
        name=name.name,
        search_name=name.spelling.search_name,
        level=place.level,
        parent_id=place.parent_id,
        path=f"{place.parent.path if place.parent else '/'}{code}/",
        valid_from=place.day,
    )


def changes(made: Organization) -> tuple[Change, ...]:
    """What it is that a new organization adds."""
    return tuple(
        Change(kind, made.code, made.name, None, after)
        for kind, after in (
            (ChangeKind.VALID_FROM, str(made.valid_from)),
            (ChangeKind.NAME, made.name),
            (ChangeKind.PARENT, made.parent_code),
            (ChangeKind.PATH, made.path),
        )
        if after is not None
    )


def _event(made: Organization) -> Event:
    return Event(
        EventKind.ORGANIZATION_ESTABLISHED,
        made.id,
        {
            "code": made.code,
            "name": made.name,
            "level": made.level,
            "parent": made.parent_code,
            "on": str(made.valid_from),
        },
    )
