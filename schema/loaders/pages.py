"""Pages of the rows of one table, a page a key: a filter, an order, a position, a limit in SQL.

A list is a class that names its table, its order and the columns of its keys, and says what its
filters mean. One statement gives the pages of all keys, another one their totals.
"""

import datetime
import uuid
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

from sqlalchemy import Integer, Select, and_, bindparam, func, select, true, tuple_

from schema.database import Snapshot
from schema.loaders.loader import KeyedLoader, Loader
from schema.loaders.statement import Statement, key_values, keys_table, render_keyed
from schema.paging import Slice, Window, cursor, malformed_cursor, page, window
from schema.scope import Scope

LIMIT = bindparam("limit", type_=Integer())


def _moment(text: str) -> datetime.datetime:
    """A moment of a cursor, in UTC; `OverflowError` where no calendar has it there."""
    moment = datetime.datetime.fromisoformat(text)
    if moment.utcoffset() is None:
        raise ValueError(f"{text} has no offset")
    return moment.astimezone(datetime.UTC)


_PARSE: dict[type, Callable[[str], Any]] = {
    uuid.UUID: uuid.UUID,
    datetime.date: datetime.date.fromisoformat,
    datetime.datetime: _moment,
    int: int,
    str: str,
}


@dataclass(frozen=True)
class Listing:
    """A page that is asked for; subclasses add filters.

    `shape` is all of the filters that changes the text of the statement, `values` are those of its
    parameters.
    """

    window: Window

    @property
    def shape(self) -> Hashable:
        """Nothing changes without filters."""
        return None

    def values(self) -> dict[str, Any]:
        """Nothing is given without filters."""
        return {}


class Pages(KeyedLoader[Any]):
    """A page a key of the rows of `table` in the order of `sort`, whose last column is unique.

    `names` are the columns of a key; each is the row's column of the same name, unless `own` says
    otherwise. The arguments are a `Listing`.
    """

    shows = True
    table: ClassVar[Any]
    sort: ClassVar[tuple[str, ...]] = ("id",)
    newest_first: ClassVar[bool] = False

    @classmethod
    def own(cls, t: Any, k: Any, shape: Any) -> Any:
        """Whether the row `t` is of the key `k`."""
        return and_(*(t.c[name] == k.c[name] for name in cls.names))

    @classmethod
    def narrow(cls, t: Any, shape: Any) -> Sequence[Any]:
        """The conditions of the filters."""
        return ()

    @classmethod
    def taken(cls, t: Any, columns: tuple[str, ...], shape: Any) -> list[Any]:
        """What is read of a row."""
        names = dict.fromkeys((*columns, *cls.sort, "tenant_id"))
        return [t.c[name] for name in names if name in t.c]

    @classmethod
    def shape(cls, arguments: Listing) -> Hashable:
        """The filters' shape, whether there is a position, and the direction."""
        given = arguments.window
        return arguments.shape, given.position is not None, given.backward

    @classmethod
    def values(cls, arguments: Listing) -> dict[str, Any]:
        """Of the filters and the window."""
        position = arguments.window.position or (None,) * len(cls.sort)
        parsed = (_parsed(cls, at, value) for at, value in enumerate(position))
        at = dict(zip((f"after_{name}" for name in cls.sort), parsed, strict=True))
        return {**arguments.values(), **at, "limit": arguments.window.limit + 1}

    @classmethod
    def select(cls, k: Any, columns: tuple[str, ...], shape: Any) -> Select[Any]:
        """Up to one row more than the page, a key."""
        filters, positioned, backward = shape
        t = cls.table.alias("t")
        rows = select(*cls.taken(t, columns, filters)).where(cls.own(t, k, filters))
        rows = rows.where(*cls.narrow(t, filters))
        sort = [t.c[name] for name in cls.sort]
        down = cls.newest_first != backward
        if positioned:
            places = [bindparam(f"after_{name}", type_=t.c[name].type) for name in cls.sort]
            bound = tuple_(*places)
            rows = rows.where(tuple_(*sort) < bound if down else tuple_(*sort) > bound)
        rows = rows.order_by(*(part.desc() if down else part for part in sort)).limit(LIMIT)
        found = rows.lateral("r")
        outer = [found.c[name] for name in cls.sort]
        statement = select(k.c.n, *found.c).select_from(k.join(found, true()))
        return statement.order_by(k.c.n, *(part.desc() if down else part for part in outer))

    @classmethod
    def gather(cls, rows: list[Any], key: tuple[Any, ...], arguments: Any) -> Slice:
        """The slice of one key; its `key` is the loader's with it, for the total."""
        return page(rows, arguments.window, cls.sort, (cls, key), arguments)


def listed(
    loader: type[Pages],
    first: int | None,
    after: str | None,
    last: int | None = None,
    before: str | None = None,
) -> Window:
    """The window that a list's arguments ask for, its cursor one of that list.

    Errors: `CodedError` PAGE_SIZE, ARGUMENTS_CONFLICT or CURSOR_MALFORMED.
    """
    given = window(first, after, last, before, len(loader.sort))
    if given.position is not None:
        try:
            for at, value in enumerate(given.position):
                _parsed(loader, at, value)
        except (ValueError, OverflowError):
            raise malformed_cursor(cursor(given.position)) from None
    return given


def _parsed(loader: type[Pages], at: int, value: str | None) -> Any:
    if value is None:
        return None
    return _PARSE[loader.table.c[loader.sort[at]].type.python_type](value)


@dataclass(frozen=True)
class Counted:
    """Which list is counted, with its filters.

    The list is an argument, because keys of two lists must never meet in one batch.
    """

    pages: type[Pages]
    listing: Listing


class OverAllPages(Loader[tuple[Any, ...], Counted]):
    """A key of a list → something worked out over the rows of all its pages.

    Subclasses give `statement`, whose one row a key has `n`, and `value` of that row.
    """

    counts = True

    @classmethod
    def statement(cls, pages: Any, shape: Any) -> Statement:
        """The statement for a list with filters of a shape, rendered once."""
        raise NotImplementedError

    @classmethod
    def value(cls, row: Any) -> Any:
        """The value of a key from its row."""
        return row

    @classmethod
    async def batch(
        cls,
        snapshot: Snapshot,
        scope: Scope,
        keys: Sequence[tuple[Any, ...]],
        arguments: Counted,
        columns: tuple[str, ...],
    ) -> list[Any]:
        """One statement for all keys."""
        scope.checked(key[0] for key in keys)
        pages = arguments.pages
        statement = cls.statement(pages, arguments.listing.shape)
        given = {**arguments.listing.values(), **key_values(pages.names, keys)}
        rows: list[Any] = await snapshot.fetch(statement.sql, statement.values(given))
        found = {row["n"]: cls.value(row) for row in rows}
        return [found[at] for at in range(1, len(keys) + 1)]


class Total(OverAllPages):
    """A key of a list → how many rows all its pages have."""

    @classmethod
    def statement(cls, pages: Any, shape: Any) -> Statement:
        """A count."""
        return _total(pages, shape)

    @classmethod
    def value(cls, row: Any) -> Any:
        """The count; 0 where there are no rows."""
        return row["total"]


@cache
def _total(pages: Any, shape: Any) -> Statement:
    k = keys_table(*pages.names)
    t = pages.table.alias("t")
    rows = select(func.count().label("total")).where(pages.own(t, k, shape))
    counted = rows.select_from(t).where(*pages.narrow(t, shape)).lateral("c")
    return render_keyed(select(k.c.n, counted.c.total).select_from(k.join(counted, true())))
