"""Changing what is said of a cooperative, and who leads it."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update

from schema.cooperatives.counted import count_with_all
from schema.cooperatives.found import leading
from schema.cooperatives.led import Led, led
from schema.cooperatives.outcome import Changed
from schema.cooperatives.sayings import checked_industry, checked_name, checked_products
from schema.events import Event, EventKind
from schema.loaders.cooperative import COOPERATIVE
from schema.loaders.organization import ORGANIZATION
from schema.places import Place, place_in_being
from schema.refusals import RefusalCode, Refused, refuse
from schema.work import Work

COLUMNS = ("name", "industry", "products", "village_id", "leader_id")


@dataclass(frozen=True)
class Change:
    """Change a cooperative (code or id) at the revision that was seen.

    `given` has those of name, industry, products, village and leader that are to change; an
    organization is a code or an id, None is no village. `industries` are the keys of the province's
    vocabulary. A new leader needs the permission there too.
    """

    cooperative: str
    revision: int
    given: Mapping[str, Any]
    industries: tuple[str, ...]

    async def __call__(self, work: Work) -> Changed | Refused:
        """Carry it out; the cooperative, or why not."""
        found = await led(work, self.cooperative)
        if isinstance(found, Refused):
            return found
        if (refused := _against(found, self.revision)) is not None:
            return refused
        said = await self._said(work)
        if isinstance(said, Refused):
            return said
        before = await _columns(work, found.id)
        after = {name: value for name, value in said.items() if value != before[name]}
        if not after:
            return unchanged()
        return await _write(work, found, before, after)

    async def _said(self, work: Work) -> dict[str, Any] | Refused:
        """The columns that are given, or all reasons against them."""
        given, said = self.given, dict[str, Any]()
        if "name" in given:
            said["name"] = checked_name(given["name"], "name")
        if "industry" in given:
            said["industry"] = checked_industry(given["industry"], self.industries, "industry")
        if "products" in given:
            said["products"] = checked_products(given["products"], "products")
        if "leader" in given:
            said["leader_id"] = _id(await leading(work, given["leader"]))
        if "village" in given:
            said["village_id"] = None
            if given["village"] is not None:
                said["village_id"] = _id(await place_in_being(work, given["village"], "village"))
        refused = [value.refusals for value in said.values() if isinstance(value, Refused)]
        return Refused(tuple(item for each in refused for item in each)) if refused else said


def _id(found: Place | Refused) -> uuid.UUID | Refused:
    return found if isinstance(found, Refused) else found.id


def _against(found: Led, revision: int) -> Refused | None:
    if found.dissolved_on is not None:
        return dissolved(found)
    if found.revision != revision:
        return changed_meanwhile(found.revision)
    return None


def dissolved(found: Led, *path: str) -> Refused:
    """What is said of a cooperative that is dissolved."""
    return refuse(
        RefusalCode.COOPERATIVE_DISSOLVED,
        f"“{found.name}”已于 {found.dissolved_on} 解散。",
        f"{found.name!r} was dissolved on {found.dissolved_on}.",
        *(path or ("cooperative",)),
    )


def changed_meanwhile(revision: int) -> Refused:
    """What is said where another revision was seen than the one that there is."""
    return refuse(
        RefusalCode.COOPERATIVE_CHANGED,
        f"在您查看之后已有更新(现为第 {revision} 版);请重新查看后再办理。",
        f"It has changed since you looked (its revision is {revision} now); look again first.",
        "revision",
    )


def unchanged() -> Refused:
    """What is said where all is as it was."""
    return refuse(
        RefusalCode.CONTENT_UNCHANGED,
        "所给内容与现有内容相同。",
        "What is given is what there is already.",
    )


async def _columns(work: Work, id_: uuid.UUID) -> Mapping[str, Any]:
    own = (COOPERATIVE.c.tenant_id == work.tenant_id, COOPERATIVE.c.id == id_)
    statement = select(*(COOPERATIVE.c[name] for name in COLUMNS)).where(*own)
    return dict((await work.connection.execute(statement)).one()._mapping)


async def _write(
    work: Work, found: Led, before: Mapping[str, Any], after: Mapping[str, Any]
) -> Changed:
    own = (COOPERATIVE.c.tenant_id == work.tenant_id, COOPERATIVE.c.id == found.id)
    if "industry" in after:
        await count_with_all(work, found.id)
    revised = {**after, "revision": found.revision + 1}
    await work.connection.execute(update(COOPERATIVE).where(*own).values(revised))
    facts = {
        "code": found.code,
        "revision": found.revision + 1,
        "changes": await _changes(work, before, after),
    }
    leader = after.get("leader_id", found.leader_id)
    kind = EventKind.COOPERATIVE_CHANGED
    work.events.append(Event(kind, leader, facts, cooperative_id=found.id))
    return Changed(work.tenant_id, found.id)


async def _changes(
    work: Work, before: Mapping[str, Any], after: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Each field with what there was and what there is; organizations by code."""
    pairs = {name: (before[name], value) for name, value in after.items()}
    ids = [id_ for pair in pairs.values() for id_ in pair if isinstance(id_, uuid.UUID)]
    o = ORGANIZATION
    named = select(o.c.id, o.c.code).where(o.c.tenant_id == work.tenant_id, o.c.id.in_(ids))
    codes = {row.id: row.code for row in await work.connection.execute(named)} if ids else {}

    def shown(value: Any) -> Any:
        return codes[value] if isinstance(value, uuid.UUID) else value

    return [
        {"field": name.removesuffix("_id"), "before": shown(old), "after": shown(new)}
        for name, (old, new) in pairs.items()
    ]
