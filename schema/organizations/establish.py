"""Establishing an organization."""

import datetime
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from schema.changes import Change, ChangeKind
from schema.events import Event, EventKind
from schema.ids import derived_uuid
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
    codes_from,
    find,
    hold,
    is_taken,
    namesake,
)
from schema.organizations.writes import add
from schema.refusals import RefusalCode, Refused, refuse
from schema.work import Work
from tenants.definition import ORGANIZATION_CODE, DataKind


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
        day = self.valid_from or work.today
        made = await establish(work, self.new, self.level, parent, day, Fields("validFrom"))
        if isinstance(made, Refused):
            return made
        return Changed(work.tenant_id, made.id, changes(made))


@dataclass(frozen=True)
class Fields:
    """Where the input says what: the field of the day, and those above the others."""

    day: str
    within: Field = ()


async def establish(
    work: Work,
    new: New,
    level: str,
    parent: Organization | None,
    day: datetime.date,
    fields: Fields,
    instead: Sequence[Organization] = (),
) -> Organization | Refused:
    """Insert an organization that the rules allow; `instead` are those that end for it.

    Whether the actor may do so is for the caller to ask.
    """
    above = None if parent is None else parent.id
    spelled = new.name.spelling.search_name
    like = await namesake(work, spelled, level, above, day, instead)
    begin = parent.valid_from if parent else None
    reasons = (
        *(ending(parent, (*fields.within, "parent")) if parent else ()),
        *misplaced(work, level, parent, (*fields.within, "parent")),
        *untimely(day, [begin], work.today + AHEAD, (fields.day,)),
        *like_named(like, (*fields.within, "name")),
    )
    if reasons:
        return Refused(reasons)
    code = await _code(work, new, parent, (*fields.within, "code"))
    if isinstance(code, Refused):
        return code
    made = Organization(
        id=derived_uuid("Organization", work.tenant_id, code),
        code=code,
        name=new.name.name,
        search_name=spelled,
        level=level,
        parent_id=above,
        path=f"{parent.path if parent else '/'}{code}/",
        valid_from=day,
    )
    await add(
        work,
        made,
        {
            **new.name.columns,
            "rung": work.definition.hierarchy[level].rung,
            "data_kind": DataKind.REAL.value,
            "source": None,
            "assumed": False,
        },
    )
    work.events.append(_event(made))
    return made


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


async def _code(work: Work, new: New, parent: Organization | None, field: Field) -> str | Refused:
    """The code that is given, if it is free, or one made from the parent's."""
    if new.code is None:
        return await _next_code(work, parent.code if parent else work.definition.tenant.code, field)
    if re.fullmatch(ORGANIZATION_CODE, new.code) is None:
        return refuse(
            RefusalCode.CODE_MALFORMED,
            f"组织编码“{new.code[:140]}”格式不正确:应为 2 至 120 个大写字母、数字或连字符,"
            "不以连字符开头;可不填,由系统编号。",
            f"The code {new.code[:140]!r} is malformed: expected 2 to 120 capital letters, digits "
            "or hyphens, not beginning with a hyphen; left out, the server makes one.",
            *field,
        )
    if await is_taken(work, new.code):
        return refuse(
            RefusalCode.CODE_TAKEN,
            f"组织编码“{new.code}”已被使用(含已撤销的组织);请换一个,或不填由系统编号。",
            f"The code {new.code!r} is in use, or was; give another, or leave it out.",
            *field,
        )
    return new.code


async def _next_code(work: Work, above: str, field: Field) -> str | Refused:
    """The parent's code and the first running number that is free: 210411002-01."""
    taken = await codes_from(work, f"{above}-")
    code = next(code for code in _numbered(above) if code not in taken)
    if re.fullmatch(ORGANIZATION_CODE, code) is None:
        return refuse(
            RefusalCode.CODE_MALFORMED,
            f"自动编号“{code[:140]}”超过 120 个字符;请自行填写组织编码。",
            f"The code that would be made, {code[:140]!r}, is longer than 120 characters: give "
            "one yourself.",
            *field,
        )
    return code


def _numbered(above: str) -> Iterator[str]:
    number = 0
    while True:
        number += 1
        yield f"{above}-{number:02d}"
