"""Events as the graph reads them: pages of a tenant's log, and of one organization's."""

import uuid
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import asyncpg
import orjson
from sqlalchemy import BigInteger, Integer, Select, Text, and_, bindparam, select, true

from schema.database import Snapshot
from schema.loaders.loader import KeyedLoader, Loader
from schema.loaders.organization import OrganizationById
from schema.loaders.person import PersonById, PersonReach
from schema.paging import Slice, Window, page
from schema.scope import Scope
from schema.tables.event import EventRow

EVENT: Any = EventRow.__table__  # type: ignore[attr-defined]

PeopleKey = tuple[int, tuple[uuid.UUID, ...]]


class EventRecord(asyncpg.Record):
    """A row of `event` with the columns that were asked for, and always `seq` and `kind`."""


def facts(row: EventRecord) -> dict[str, Any]:
    """What the column `about` of a row holds."""
    found: dict[str, Any] = orjson.loads(row["about"])
    return found


@dataclass(frozen=True)
class EventPage:
    """A page of events in the order of their numbers; of one kind or all.

    The position of the window is the number of an event, as text.
    """

    window: Window
    kind: str | None = None

    def values(self) -> dict[str, Any]:
        """Values of the statement's parameters, but for the keys."""
        position = self.window.position
        return {
            "limit": self.window.limit + 1,
            "kind": self.kind,
            "after": int(position[0]) if position else None,
        }


class _Pages(KeyedLoader[EventPage]):
    """A page of events a key."""

    record = EventRecord
    shows = True

    @classmethod
    def owned(cls, e: Any, k: Any) -> Any:
        """Whether an event is one of the key's."""
        raise NotImplementedError

    @classmethod
    def shape(cls, arguments: EventPage) -> Hashable:
        """Which filter there is, and how the page lies."""
        window = arguments.window
        return arguments.kind is not None, window.position is not None, window.backward

    @classmethod
    def values(cls, arguments: EventPage) -> dict[str, Any]:
        """Of the filter and the window."""
        return arguments.values()

    @classmethod
    def select(cls, k: Any, columns: tuple[str, ...], shape: Any) -> Select[Any]:
        """Up to one row more than the page, a key."""
        kind, positioned, backward = shape
        e = EVENT.alias("e")
        names = [name for name in dict.fromkeys((*columns, "seq", "kind")) if name in e.c]
        rows = select(*(e.c[name] for name in names)).where(cls.owned(e, k))
        if kind:
            rows = rows.where(e.c.kind == bindparam("kind", type_=Text()))
        if positioned:
            after = bindparam("after", type_=BigInteger())
            rows = rows.where(e.c.seq < after if backward else e.c.seq > after)
        rows = rows.order_by(e.c.seq.desc() if backward else e.c.seq)
        found = rows.limit(bindparam("limit", type_=Integer())).lateral("r")
        outer = found.c.seq.desc() if backward else found.c.seq
        statement = select(k.c.n, *found.c).select_from(k.join(found, true()))
        return statement.order_by(k.c.n, outer)

    @classmethod
    def gather(cls, rows: list[Any], key: tuple[Any, ...], arguments: EventPage) -> Any:
        """The slice of one key."""
        return page(rows, arguments.window, ("seq",), key, arguments)


class EventsOfTenant(_Pages):
    """(tenant,) → a page of its log."""

    names: ClassVar[tuple[str, ...]] = ("tenant_id",)

    @classmethod
    def owned(cls, e: Any, k: Any) -> Any:
        """All of the tenant."""
        return e.c.tenant_id == k.c.tenant_id


class EventsOfOrganization(_Pages):
    """(tenant, organization) → a page of what happened to it."""

    @classmethod
    def owned(cls, e: Any, k: Any) -> Any:
        """Those of the organization itself, not of what is below it."""
        return and_(e.c.tenant_id == k.c.tenant_id, e.c.organization_id == k.c.id)


class EventsOfIssue(_Pages):
    """(tenant, issue) → a page of what happened to it; for who sees the issue."""

    private = True

    @classmethod
    def owned(cls, e: Any, k: Any) -> Any:
        """Those of the issue."""
        return and_(e.c.tenant_id == k.c.tenant_id, e.c.issue_id == k.c.id)


class EventsOfCooperative(_Pages):
    """(tenant, cooperative) → a page of what happened to it, its members, results and deals."""

    @classmethod
    def owned(cls, e: Any, k: Any) -> Any:
        """Those of the cooperative."""
        return and_(e.c.tenant_id == k.c.tenant_id, e.c.cooperative_id == k.c.id)


class EventsOfAgreement(_Pages):
    """(tenant, agreement) → a page of what happened to it; for who sees the copy whole."""

    @classmethod
    def owned(cls, e: Any, k: Any) -> Any:
        """Those of the agreement."""
        return and_(e.c.tenant_id == k.c.tenant_id, e.c.agreement_id == k.c.id)


@dataclass(frozen=True)
class EventPeople:
    """A page of the people whom an event names, in order of id, as far as the viewer sees them."""

    reach: PersonReach
    window: Window


class PeopleOfEvent(Loader[PeopleKey, EventPeople]):
    """(tenant, ids in order) → a page of these people; who may not be seen is left out."""

    @classmethod
    async def batch(
        cls,
        snapshot: Snapshot,
        scope: Scope,
        keys: Sequence[PeopleKey],
        arguments: EventPeople,
        columns: tuple[str, ...],
    ) -> list[Any]:
        """One statement for the pages of all keys: only rows of the pages are read."""
        pages = [(tenant, *_ids_of_page(ids, arguments.window)) for tenant, ids in keys]
        wanted = sorted({(tenant, id_) for tenant, ids, _ in pages for id_ in ids})
        rows = await PersonById.batch(snapshot, scope, wanted, arguments.reach, columns)
        found = dict(zip(wanted, rows, strict=True))
        return [
            _slice({id_: found[tenant, id_] for id_ in ids}, more, arguments.window)
            for tenant, ids, more in pages
        ]


class OrganizationsOfEvent(Loader[PeopleKey, None]):
    """(tenant, ids) → these organizations, in this order."""

    @classmethod
    async def batch(
        cls,
        snapshot: Snapshot,
        scope: Scope,
        keys: Sequence[PeopleKey],
        arguments: None,
        columns: tuple[str, ...],
    ) -> list[Any]:
        """One statement for all keys; none where no event names any."""
        scope.checked(key[0] for key in keys)
        wanted = sorted({(tenant, id_) for tenant, ids in keys for id_ in ids})
        if not wanted:
            return [[] for _ in keys]
        rows = await OrganizationById.batch(snapshot, scope, wanted, None, columns)
        found = dict(zip(wanted, rows, strict=True))
        return [
            [row for id_ in ids if (row := found[tenant, id_]) is not None] for tenant, ids in keys
        ]


def _ids_of_page(ids: Sequence[uuid.UUID], window: Window) -> tuple[Sequence[uuid.UUID], bool]:
    """The ids of a page, and whether more follow."""
    after = uuid.UUID(window.position[0]) if window.position else None
    rest = [id_ for id_ in ids if after is None or id_ > after]
    return rest[: window.limit], len(rest) > window.limit


def _slice(found: dict[uuid.UUID, Any], more: bool, window: Window) -> Slice:
    seen = {id_: row for id_, row in found.items() if row is not None}
    return Slice(
        rows=list(seen.values()),
        has_next=more,
        has_previous=window.position is not None,
        sort=("id",),
    )
