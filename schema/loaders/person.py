"""People as the graph reads them: by id, with how far the viewer's permissions reach them."""

import datetime
import uuid
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg
from sqlalchemy import (
    Integer,
    LargeBinary,
    Select,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    exists,
    false,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql.elements import ColumnElement

from schema.database import Snapshot
from schema.loaders.held_post import PERSON, POST, held
from schema.loaders.household import HOUSEHOLD
from schema.loaders.loader import KeyedLoader
from schema.loaders.organization import (
    ORGANIZATION,
    Codes,
    OrganizationRef,
    below,
    covered,
    demand_known,
    is_named,
    ref_values,
)
from schema.paging import Window, page
from schema.scope import Scope


class PersonRecord(asyncpg.Record):
    """A row of `person` with the columns that were asked for, `clear` and `visible`."""


@dataclass(frozen=True)
class PersonReach:
    """How far the viewer sees people: at all (`visible`), and unmasked (`clear`)."""

    today: datetime.date
    visible: Codes
    clear: Codes
    own: uuid.UUID | None = None

    @property
    def is_nowhere(self) -> bool:
        """Whether the viewer sees nobody at all."""
        return self.visible == () and self.own is None


class PersonById(KeyedLoader[PersonReach]):
    """(tenant, id) → the person, or None where the viewer may not see who it is.

    The row says whether the person holds a post, or heads a household, where the viewer may read
    personal data (`clear`). A person always sees itself: that is for the field to decide.
    """

    record = PersonRecord

    @classmethod
    def shape(cls, arguments: PersonReach) -> Hashable:
        """How far each permission reaches: everywhere, nowhere, or some subtrees."""
        return _shape(arguments)

    @classmethod
    def values(cls, arguments: PersonReach) -> dict[str, Any]:
        """The day and the subtrees."""
        return _values(arguments)

    @classmethod
    def select(cls, k: Any, columns: tuple[str, ...], shape: Any) -> Select[Any]:
        """The people whose ids are the keys."""
        x = PERSON.alias("x")
        match = and_(x.c.tenant_id == k.c.tenant_id, x.c.id == k.c.id)
        return select(k.c.n, *_taken(x, columns, shape)).select_from(k.join(x, match))

    @classmethod
    def is_nowhere(cls, arguments: PersonReach) -> bool:
        """Whether the viewer sees nobody."""
        return arguments.is_nowhere

    @classmethod
    def gather(cls, rows: list[Any], key: tuple[Any, ...], arguments: PersonReach) -> Any:
        """The person, if the viewer may see who it is."""
        seen = rows and (rows[0]["visible"] or key[1] == arguments.own)
        return rows[0] if seen else None


class PersonName(PersonById):
    """(tenant, id) → the person's row with the name alone, whatever is selected."""

    @classmethod
    def select(cls, k: Any, columns: tuple[str, ...], shape: Any) -> Select[Any]:
        """The names of the people whom the viewer sees."""
        return super().select(k, ("name",), shape)


@dataclass(frozen=True)
class PersonPage:
    """A page of people: whom the viewer reaches, filters, and the window."""

    reach: PersonReach
    window: Window
    under: OrganizationRef | None = None
    kind: str | None = None
    phone: tuple[bytes, ...] | None = None

    def values(self) -> dict[str, Any]:
        """Values of the statement's parameters, but for the keys."""
        position = self.window.position
        return {
            **_values(self.reach),
            "limit": self.window.limit + 1,
            **ref_values(self.under),
            "kind": self.kind,
            "phone": list(self.phone or ()),
            "after": uuid.UUID(position[0]) if position else None,
        }


class PeopleOfTenant(KeyedLoader[PersonPage]):
    """(tenant,) → a page of the people whom the viewer may see, in order of id.

    Whoever never held a post is a contact of who reported an issue, and is shown with that alone.
    Never in order of name or phone: who may not see them must not learn them by sorting.
    """

    names = ("tenant_id",)
    record = PersonRecord

    @classmethod
    def shape(cls, arguments: PersonPage) -> Hashable:
        """Which filters there are, and how the page lies."""
        return (
            _shape(arguments.reach),
            arguments.under is not None,
            arguments.kind is not None,
            arguments.phone is not None,
            arguments.window.position is not None,
            arguments.window.backward,
        )

    @classmethod
    def values(cls, arguments: PersonPage) -> dict[str, Any]:
        """Of the filters and the window."""
        return arguments.values()

    @classmethod
    def select(cls, k: Any, columns: tuple[str, ...], shape: Any) -> Select[Any]:
        """Up to one row more than the page, a tenant."""
        reach, under, kind, phone, positioned, backward = shape
        x = PERSON.alias("x")
        rows = select(*_taken(x, ("id", *columns), reach)).where(x.c.tenant_id == k.c.tenant_id)
        rows = rows.where(x.c.erased_at.is_(None), _within(x, reach[0], "visible"))
        rows = rows.where(_posted(x, under, kind) if under or kind else _ever_posted(x))
        if phone:
            rows = rows.where(
                x.c.phone_index == any_(bindparam("phone", type_=ARRAY(LargeBinary()))),
                _within(x, reach[1], "clear"),
            )
        if positioned:
            after = bindparam("after", type_=Uuid())
            rows = rows.where(x.c.id < after if backward else x.c.id > after)
        order = x.c.id.desc() if backward else x.c.id
        found = rows.order_by(order).limit(bindparam("limit", type_=Integer())).lateral("r")
        outer = found.c.id.desc() if backward else found.c.id
        statement = select(k.c.n, *found.c).select_from(k.join(found, true()))
        return statement.order_by(k.c.n, outer)

    @classmethod
    async def batch(
        cls,
        snapshot: Snapshot,
        scope: Scope,
        keys: Sequence[tuple[Any, ...]],
        arguments: PersonPage,
        columns: tuple[str, ...],
    ) -> list[Any]:
        """One statement; a second where nobody was found below an organization."""
        slices = await super().batch(snapshot, scope, keys, arguments, columns)
        if arguments.under is not None and not any(found.rows for found in slices):
            await demand_known(snapshot, scope, keys[0][0], arguments.under)
        return slices

    @classmethod
    def gather(cls, rows: list[Any], key: tuple[Any, ...], arguments: PersonPage) -> Any:
        """The slice of one tenant."""
        return page(rows, arguments.window, ("id",), key, arguments)


def _shape(reach: PersonReach) -> tuple[str, str]:
    return _extent(reach.visible), _extent(reach.clear)


def _extent(codes: Codes) -> str:
    return "all" if codes is None else "some" if codes else "none"


def _values(reach: PersonReach) -> dict[str, Any]:
    return {
        "today": reach.today,
        "visible": list(reach.visible or ()),
        "clear": list(reach.clear or ()),
    }


def _taken(x: Any, columns: tuple[str, ...], shape: tuple[str, str]) -> list[Any]:
    visible, clear = shape
    names = [name for name in dict.fromkeys((*columns, "tenant_id", "id")) if name in x.c]
    return [
        *(x.c[name] for name in names),
        or_(_within(x, visible, "visible"), _heads(x, visible, "visible")).label("visible"),
        or_(_within(x, clear, "clear"), _heads(x, clear, "clear")).label("clear"),
    ]


def _heads(x: Any, extent: str, name: str) -> ColumnElement[bool]:
    """Whether the person heads a household in one of the subtrees."""
    if extent != "some":
        return false()  # everywhere and nowhere are for posts to say
    h, o = HOUSEHOLD.alias("hh"), ORGANIZATION.alias("ho")
    return exists().where(
        h.c.tenant_id == x.c.tenant_id,
        h.c.head_id == x.c.id,
        o.c.tenant_id == h.c.tenant_id,
        o.c.id == h.c.organization_id,
        covered(o, name),
    )


def _within(x: Any, extent: str, name: str) -> ColumnElement[bool]:
    """Whether the person holds a post in one of the subtrees."""
    if extent != "some":
        return true() if extent == "all" else false()
    p, o = POST.alias("p"), ORGANIZATION.alias("o")
    return exists().where(
        p.c.tenant_id == x.c.tenant_id,
        p.c.person_id == x.c.id,
        held(p),
        o.c.tenant_id == p.c.tenant_id,
        o.c.id == p.c.organization_id,
        covered(o, name),
    )


def _ever_posted(x: Any) -> ColumnElement[bool]:
    """Whether the person holds or held a post."""
    p = POST.alias("q")
    return exists().where(p.c.tenant_id == x.c.tenant_id, p.c.person_id == x.c.id)


def _posted(x: Any, under: bool, kind: bool) -> ColumnElement[bool]:
    """Whether the person holds a post of the kind, at the organization `under` or below it."""
    p, o, u = POST.alias("q"), ORGANIZATION.alias("v"), ORGANIZATION.alias("u")
    where = [p.c.tenant_id == x.c.tenant_id, p.c.person_id == x.c.id, held(p)]
    if kind:
        where.append(p.c.kind == bindparam("kind", type_=Text()))
    if under:
        where += [
            o.c.tenant_id == p.c.tenant_id,
            o.c.id == p.c.organization_id,
            u.c.tenant_id == p.c.tenant_id,
            is_named(u),
            or_(o.c.id == u.c.id, below(o, u.c.path)),
        ]
    return exists().where(*where)
