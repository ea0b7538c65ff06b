"""Changing a tenant's tree: rows written, nothing ever deleted.

What was so until the day of the change is kept beside the row: names, places, successors.
"""

import datetime
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, Text, Uuid, case, column, func, select, update
from sqlalchemy.dialects.postgresql import insert

from schema.loaders.held_post import POST
from schema.loaders.organization import NAME, ORGANIZATION, PLACEMENT, SUCCESSION
from schema.organization_rollups import ORGANIZATIONS
from schema.organizations.tree import (
    Organization,
    any_of,
    array_of,
    held_in,
    lasts,
)
from schema.work import Work


@dataclass(frozen=True)
class Graft:
    """An organization that goes under another one from a day on, with all below it."""

    organization: Organization
    parent: Organization
    day: datetime.date

    @property
    def path(self) -> str:
        """The path that it will have."""
        return f"{self.parent.path}{self.organization.code}/"


async def add(work: Work, organization: Organization, columns: dict[str, Any]) -> None:
    """Insert an organization; `columns` are those that `Organization` does not have."""
    own = {
        name: getattr(organization, name)
        for name in (
            "id", "code", "name", "search_name", "level", "parent_id", "path", "valid_from"
        )
    }  # fmt: skip
    row = {"tenant_id": work.tenant_id, "valid_to": None, **own, **columns}
    await work.connection.execute(insert(ORGANIZATION).values(row))
    work.count_new(ORGANIZATIONS, [organization.id])


async def rename(
    work: Work, organization: Organization, columns: dict[str, str], day: datetime.date
) -> None:
    """Give new names; the one until `day` is kept, once a day: the first stays."""
    kept = insert(NAME).values(
        tenant_id=work.tenant_id,
        organization_id=organization.id,
        valid_to=day,
        name=organization.name,
        search_name=organization.search_name,
        source=None,
        assumed=False,
    )
    await work.connection.execute(kept.on_conflict_do_nothing())
    own = (ORGANIZATION.c.tenant_id == work.tenant_id, ORGANIZATION.c.id == organization.id)
    await work.connection.execute(update(ORGANIZATION).where(*own).values(columns))


async def transplant(work: Work, grafts: Sequence[Graft]) -> Counter[uuid.UUID]:
    """Move subtrees, none of them inside another; how many organizations each has, itself too.

    The places until then are kept, once a day: the first stays.
    """
    places = [
        {
            "tenant_id": work.tenant_id,
            "organization_id": graft.organization.id,
            "valid_to": graft.day,
            "parent_id": graft.organization.parent_id,
        }
        for graft in grafts
    ]
    await work.connection.execute(insert(PLACEMENT).on_conflict_do_nothing(), places)
    rows: Any = await work.connection.execute(_transplanting(work, grafts))
    return Counter({row.id: row.total for row in rows})


def _transplanting(work: Work, grafts: Sequence[Graft]) -> Select[Any]:
    """One statement over a table `g` of the grafts: each moves a range of paths."""
    old = [graft.organization.path for graft in grafts]
    g = func.unnest(
        array_of([graft.organization.id for graft in grafts], Uuid()),
        array_of([graft.parent.id for graft in grafts], Uuid()),
        array_of(old, Text()),
        array_of([path[:-1] + "0" for path in old], Text()),  # the next byte after "/"
        array_of([graft.path for graft in grafts], Text()),
    ).table_valued(
        column("id", Uuid()),
        column("parent_id", Uuid()),
        column("path", Text()),
        column("end", Text()),
        column("new", Text()),
        name="g",
    )
    g = g.render_derived()
    o = ORGANIZATION
    moved = (
        update(o)
        .where(o.c.tenant_id == work.tenant_id, o.c.path >= g.c.path, o.c.path < g.c.end)
        .values(
            path=g.c.new.op("||")(func.substr(o.c.path, func.length(g.c.path) + 1)),
            parent_id=case((o.c.id == g.c.id, g.c.parent_id), else_=o.c.parent_id),
        )
        .returning(g.c.id)
        .cte("moved")
    )
    return select(moved.c.id, func.count().label("total")).group_by(moved.c.id)


async def end(work: Work, ending: Sequence[Organization], day: datetime.date) -> None:
    """Let organizations be no more from `day` on; `end_posts` comes after it."""
    o = ORGANIZATION
    await work.count(ORGANIZATIONS, [item.id for item in ending])
    own = (o.c.tenant_id == work.tenant_id, o.c.id == any_of([item.id for item in ending], Uuid()))
    await work.connection.execute(update(o).where(*own).values(valid_to=day))


async def succeed(
    work: Work, ended: Sequence[Organization], successors: Sequence[Organization]
) -> None:
    """Let each of `successors` be one of each of `ended`."""
    rows = [
        {"tenant_id": work.tenant_id, "organization_id": old.id, "successor_id": new.id}
        for old in ended
        for new in successors
    ]
    if rows:
        await work.connection.execute(insert(SUCCESSION).on_conflict_do_nothing(), rows)


async def end_posts(
    work: Work, organizations: Sequence[Organization], day: datetime.date
) -> Counter[uuid.UUID]:
    """End the posts that last longer than `day`; how many, by organization."""
    own = (POST.c.tenant_id == work.tenant_id, held_in(organizations), lasts(POST, day))
    statement = update(POST).where(*own).values(valid_to=day).returning(POST.c.organization_id)
    return Counter(await work.connection.scalars(statement))
