"""Posts as the graph reads them: those of an organization and those of a person."""

import datetime
import uuid
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, ClassVar

import asyncpg
from sqlalchemy import Integer, Select, Text, Uuid, and_, bindparam, select, true, tuple_

from schema.loaders.held_post import POST, held
from schema.loaders.loader import KeyedLoader
from schema.loaders.organization import ORGANIZATION, Codes, covered
from schema.paging import Window, page


class PostRecord(asyncpg.Record):
    """A row of `post` with the columns that were asked for."""


@dataclass(frozen=True)
class PostPage:
    """A page of posts: those held on a day, or with `past` all that ever were; one kind or all."""

    today: datetime.date
    window: Window
    kind: str | None = None
    past: bool = False

    def values(self) -> dict[str, Any]:
        """Values of the statement's parameters, but for the keys."""
        position = self.window.position or (None, None)
        return {
            "today": self.today,
            "limit": self.window.limit + 1,
            "kind": self.kind,
            "after_kind": position[0],
            "after_id": uuid.UUID(position[1]) if position[1] else None,
        }


class _Pages(KeyedLoader[PostPage]):
    """A page of posts a key, in order of kind."""

    record = PostRecord
    owner: ClassVar[str]

    @classmethod
    def shape(cls, arguments: PostPage) -> Hashable:
        """Which filters there are, and how the page lies."""
        window = arguments.window
        return (
            arguments.kind is not None,
            arguments.past,
            window.position is not None,
            window.backward,
        )

    @classmethod
    def values(cls, arguments: PostPage) -> dict[str, Any]:
        """Of the filters and the window."""
        return arguments.values()

    @classmethod
    def select(cls, k: Any, columns: tuple[str, ...], shape: Any) -> Select[Any]:
        """Up to one row more than the page, a key."""
        kind, past, positioned, backward = shape
        p = POST.alias("p")
        names = [name for name in dict.fromkeys((*columns, "kind", "id")) if name in p.c]
        own = and_(p.c.tenant_id == k.c.tenant_id, p.c[cls.owner] == k.c.id)
        rows = select(*(p.c[name] for name in names)).where(own)
        if not past:
            rows = rows.where(held(p))
        if kind:
            rows = rows.where(p.c.kind == bindparam("kind", type_=Text()))
        order = [p.c.kind, p.c.id]
        if positioned:
            bound = tuple_(
                bindparam("after_kind", type_=Text()), bindparam("after_id", type_=Uuid())
            )
            rows = rows.where(tuple_(*order) < bound if backward else tuple_(*order) > bound)
        ordering = [part.desc() for part in order] if backward else order
        limit = bindparam("limit", type_=Integer())
        found = rows.order_by(*ordering).limit(limit).lateral("r")
        outer = [found.c.kind, found.c.id]
        statement = select(k.c.n, *found.c).select_from(k.join(found, true()))
        return statement.order_by(k.c.n, *([part.desc() for part in outer] if backward else outer))

    @classmethod
    def gather(cls, rows: list[Any], key: tuple[Any, ...], arguments: PostPage) -> Any:
        """The slice of one key."""
        return page(rows, arguments.window, ("kind", "id"), key, arguments)


class PostsOfOrganization(_Pages):
    """(tenant, organization) → a page of its posts."""

    owner = "organization_id"


class PostsOfPerson(_Pages):
    """(tenant, person) → a page of the person's posts."""

    owner = "person_id"


class PostById(KeyedLoader[Codes]):
    """(tenant, id) → the post, or None where it is in none of the subtrees that are asked for."""

    record = PostRecord

    @classmethod
    def shape(cls, arguments: Codes) -> Hashable:
        """Whether any subtrees are asked for."""
        return arguments is not None

    @classmethod
    def values(cls, arguments: Codes) -> dict[str, Any]:
        """The subtrees."""
        return {"visible": list(arguments or ())}

    @classmethod
    def select(cls, k: Any, columns: tuple[str, ...], shape: Any) -> Select[Any]:
        """The posts whose ids are the keys."""
        p, o = POST.alias("p"), ORGANIZATION.alias("o")
        match = and_(p.c.tenant_id == k.c.tenant_id, p.c.id == k.c.id)
        at = and_(o.c.tenant_id == p.c.tenant_id, o.c.id == p.c.organization_id)
        taken = [p.c[name] for name in columns if name in p.c]
        found = select(k.c.n, *taken).select_from(k.join(p, match).join(o, at))
        return found.where(covered(o, "visible")) if shape else found
