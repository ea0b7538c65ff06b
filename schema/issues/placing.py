"""Where an issue is, and which organization it goes to first."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Integer, bindparam, func, select, true

from schema.loaders.organization import ORGANIZATION, codes_of
from schema.loaders.statement import Statement, render
from schema.references import organization_key
from schema.refusals import Refusal, RefusalCode, wrong
from schema.work import Work
from tenants.catalogue import Service
from tenants.hierarchy import Rung
from tenants.workflow import Workflow

NEIGHBOURHOODS = frozenset({Rung.COMMUNITY, Rung.VILLAGE})


@dataclass(frozen=True)
class Place:
    """An organization of the tree."""

    id: uuid.UUID
    code: str
    name: str
    level: str
    path: str


_PLACE = ("id", "code", "name", "level", "path")


@dataclass(frozen=True)
class Placed:
    """The organization that an issue is about, with those above it, the nearest first."""

    place: Place
    above: tuple[Place, ...]

    @property
    def upwards(self) -> tuple[Place, ...]:
        """The place, then all above it."""
        return (self.place, *self.above)

    def handler(self, service: Service, workflow: Workflow) -> Place:
        """The nearest at or above the place of the level that handles the service, else of one
        that may handle the workflow, else the place itself.
        """
        found = None
        if service.handled_by is not None:
            found = _nearest(self.upwards, (service.handled_by,))
        return found or _nearest(self.upwards, workflow.levels) or self.place

    def neighbourhood(self, rungs: dict[str, Rung | None]) -> Place:
        """The nearest community or village at or above the place, else the place itself."""
        levels = [level for level, rung in rungs.items() if rung in NEIGHBOURHOODS]
        return _nearest(self.upwards, levels) or self.place


async def placed(work: Work, given: str | None) -> Placed | Refusal:
    """The organization (code or id) that is named, else the one of the actor's token; it is held
    against whoever ends it.
    """
    named = given or _own(work)
    if named is None:
        return wrong(
            RefusalCode.ORGANIZATION_UNKNOWN,
            "请给出地点 organization(网格、社区等组织的编码或编号):令牌未限定组织。",
            "Give the organization (code or id of a grid, community ...): the token names none.",
            "organization",
        )
    rows = await _chain(work, named)
    if not rows:
        return wrong(
            RefusalCode.ORGANIZATION_UNKNOWN,
            f"没有编码或编号为“{named[:40]}”的组织;请用 organizations(search:) 查找。",
            f"There is no organization {named[:40]!r}; find one with organizations(search:).",
            "organization",
        )
    first = rows[0]
    if (refusal := _not_in_being(work, first)) is not None:
        return refusal
    place, *above = (Place(*row[: len(_PLACE)]) for row in rows)
    return Placed(place, tuple(above))


def _own(work: Work) -> str | None:
    return next(
        (
            grant.organization
            for grant in work.actor.grants
            if grant.tenant_id == work.tenant_id and grant.organization is not None
        ),
        None,
    )


async def _chain(work: Work, given: str) -> Sequence[Any]:
    key = organization_key(given, work.tenant_id)
    statement = _chain_from("id" if isinstance(key, uuid.UUID) else "code")
    values = statement.values({"tenant": work.tenant_id, "key": key})
    return await work.connection.fetch(statement.sql, values)


@cache
def _chain_from(column: str) -> Statement:
    """The organization whose `column` is `key`, and those above it, the nearest first; held."""
    o, a = ORGANIZATION.alias("o"), ORGANIZATION.alias("a")
    tenant = bindparam("tenant", type_=Integer())
    same = o.c[column] == bindparam("key", type_=o.c[column].type)
    part = codes_of(o)
    return render(
        select(*(a.c[name] for name in (*_PLACE, "valid_from", "valid_to")))
        .select_from(o.join(part, true()).join(a, a.c.code == part.c.code))
        .where(o.c.tenant_id == tenant, a.c.tenant_id == tenant, same)
        .order_by(func.length(a.c.path).desc())
        .with_for_update(key_share=True, read=True, of=a)
    )


def _not_in_being(work: Work, row: Any) -> Refusal | None:
    begins = row["valid_from"] is not None and row["valid_from"] > work.today
    if not begins and (row["valid_to"] is None or row["valid_to"] > work.today):
        return None
    day, zh, en = (
        (row["valid_from"], "尚未设立", "does not exist before")
        if begins
        else (row["valid_to"], "已撤销", "has not existed since")
    )
    return wrong(
        RefusalCode.ORGANIZATION_ENDED,
        f"“{row['name']}”{zh}({day});请改用现有的组织。",
        f"{row['name']!r} {en} {day}; name an organization that exists today.",
        "organization",
    )


def _nearest(upwards: Sequence[Place], levels: Sequence[str]) -> Place | None:
    return next((place for place in upwards if place.level in levels), None)
