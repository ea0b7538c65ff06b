"""What people wrote and attached while an issue was handled; for who sees the issue."""

import uuid
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, ClassVar

import asyncpg
from sqlalchemy import Integer, Select, Uuid, and_, bindparam, func, literal, select, true
from sqlalchemy.sql.elements import ColumnElement

from schema.actor import PUBLIC
from schema.loaders.issue import ByReach, visible
from schema.loaders.issue_standing import ISSUE
from schema.loaders.loader import KeyedLoader
from schema.paging import Window, page
from schema.tables.issue import IssueNoteRow

NOTE: Any = IssueNoteRow.__table__  # type: ignore[attr-defined]


class NoteRecord(asyncpg.Record):
    """A row of `issue_note` with the columns that were asked for.

    `by_reporter` says whether whoever reported the issue wrote it.
    """


@dataclass(frozen=True)
class NotePage:
    """A page of the notes of an issue, the oldest first."""

    window: Window


class NotesOfIssue(KeyedLoader[NotePage]):
    """(tenant, issue) → a page of its notes, in order of their ids, which is that of time."""

    record = NoteRecord
    private = True

    @classmethod
    def shape(cls, arguments: NotePage) -> Hashable:
        """How the page lies."""
        return arguments.window.position is not None, arguments.window.backward

    @classmethod
    def values(cls, arguments: NotePage) -> dict[str, Any]:
        """Of the window."""
        position = arguments.window.position
        after = uuid.UUID(position[0]) if position else None
        return {"limit": arguments.window.limit + 1, "after": after}

    @classmethod
    def select(cls, k: Any, columns: tuple[str, ...], shape: Any) -> Select[Any]:
        """Up to one row more than the page, a key."""
        positioned, backward = shape
        n, i = NOTE.alias("n"), ISSUE.alias("i")
        of = and_(i.c.tenant_id == n.c.tenant_id, i.c.id == n.c.issue_id)
        rows = select(*_taken(n, i, ("id", *columns))).select_from(n.join(i, of))
        rows = rows.where(n.c.tenant_id == k.c.tenant_id, n.c.issue_id == k.c.id)
        if positioned:
            after = bindparam("after", type_=Uuid())
            rows = rows.where(n.c.id < after if backward else n.c.id > after)
        order = n.c.id.desc() if backward else n.c.id
        found = rows.order_by(order).limit(bindparam("limit", type_=Integer())).lateral("r")
        outer = found.c.id.desc() if backward else found.c.id
        statement = select(k.c.n, *found.c).select_from(k.join(found, true()))
        return statement.order_by(k.c.n, outer)

    @classmethod
    def gather(cls, rows: list[Any], key: tuple[Any, ...], arguments: NotePage) -> Any:
        """The slice of one issue."""
        return page(rows, arguments.window, ("id",), key, arguments)


class NoteOfIssue(ByReach):
    """(tenant, issue, note) → the note, or None where the viewer does not see the issue."""

    names: ClassVar[tuple[str, ...]] = ("tenant_id", "issue_id", "id")
    record = NoteRecord

    @classmethod
    def select(cls, k: Any, columns: tuple[str, ...], shape: Any) -> Select[Any]:
        """The notes with the ids, of issues that the viewer sees."""
        n, i = NOTE.alias("n"), ISSUE.alias("i")
        match = and_(*(n.c[name] == k.c[name] for name in cls.names))
        of = and_(i.c.tenant_id == n.c.tenant_id, i.c.id == n.c.issue_id)
        found = select(k.c.n, *_taken(n, i, columns)).select_from(k.join(n, match).join(i, of))
        return found.where(visible(i, shape))


def _taken(n: Any, i: Any, columns: tuple[str, ...]) -> list[Any]:
    wanted = dict.fromkeys(columns)
    own = [n.c[name] for name in wanted if name in n.c]
    if "by_reporter" in wanted:
        own.append(_by_reporter(n, i).label("by_reporter"))
    return own


def _by_reporter(n: Any, i: Any) -> ColumnElement[bool]:
    """Who has no token writes under the name that they all have."""
    reporter = func.coalesce(i.c.reporter_subject, literal(PUBLIC.subject))
    found: ColumnElement[bool] = n.c.author == reporter
    return found
