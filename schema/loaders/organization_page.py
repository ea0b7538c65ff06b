"""Pages of organizations: children, descendants, a tenant's; filtered, searched, as of a day."""

import datetime
import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

import asyncpg
from sqlalchemy import (
    Integer,
    Select,
    Text,
    Uuid,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal,
    or_,
    select,
    true,
    tuple_,
)
from sqlalchemy import cast as sql_cast
from sqlalchemy.sql.elements import ColumnElement

from schema.database import Snapshot
from schema.loaders.loader import KeyedLoader, Loader
from schema.loaders.organization import (
    NAME,
    ORGANIZATION,
    TODAY,
    OrganizationRecord,
    below,
    existing,
    unknown_organization,
)
from schema.loaders.statement import Statement, key_values, keys_table, render
from schema.names import search_name
from schema.paging import Window, page
from schema.scope import Scope

LIMIT = bindparam("limit", type_=Integer())


@dataclass(frozen=True)
class Search:
    """What a person typed, read as a name or, where it is Latin letters, as pinyin."""

    text: str
    latin: bool

    @property
    def pattern(self) -> str:
        """Pinyin letters as a pattern that may begin at any syllable and cross syllables."""
        return "(^| )" + " ?".join(self.text)


def search(text: str) -> Search:
    """`text` as a search; committee suffixes, spaces, case and width do not matter."""
    latin = re.sub(r"[\s']+", "", text).lower()
    if re.fullmatch(r"[a-z]+", latin):
        return Search(latin, latin=True)
    return Search(search_name(text), latin=False)


@dataclass(frozen=True)
class OrganizationPage:
    """A page of organizations: filters, the day they are as of, and the window."""

    as_of: datetime.date
    window: Window
    historic: bool = False
    level: str | None = None
    rung: str | None = None
    search: Search | None = None
    under_code: str | None = None
    under_id: uuid.UUID | None = None

    @property
    def sort(self) -> tuple[str, ...]:
        """The columns that order the page and make its cursors."""
        return ("rank", "pinyin", "code") if self.search else ("pinyin", "code")

    def shape(self) -> "_Shape":
        """All that changes the SQL text."""
        return _Shape(
            level=self.level is not None,
            rung=self.rung is not None,
            search=None if self.search is None else self.search.latin,
            under="code" if self.under_code else "id" if self.under_id else "",
            positioned=self.window.position is not None,
            backward=self.window.backward,
            historic=self.historic,
        )

    def values(self) -> dict[str, object]:
        """Values of the statement's parameters, but for the keys."""
        position = self.window.position or ()
        return {
            "today": self.as_of,
            "limit": self.window.limit + 1,
            "level": self.level,
            "rung": self.rung,
            "under_code": self.under_code,
            "under_id": self.under_id,
            "text": self.search.text if self.search else None,
            "pattern": self.search.pattern if self.search else None,
            **{f"after_{name}": value for name, value in zip(self.sort, position, strict=False)},
        }


@dataclass(frozen=True)
class _Shape:
    level: bool = False
    rung: bool = False
    search: bool | None = None
    under: str = ""
    positioned: bool = False
    backward: bool = False
    historic: bool = False


class _Pages(KeyedLoader[OrganizationPage]):
    """A page of organizations a key: limited in SQL, by a lateral join."""

    record = OrganizationRecord

    @classmethod
    def belongs(cls, o: Any, k: Any) -> ColumnElement[bool]:
        """Which organizations belong to a key."""
        raise NotImplementedError

    @classmethod
    def shape(cls, arguments: OrganizationPage) -> _Shape:
        """Which filters there are, and how the page lies."""
        return arguments.shape()

    @classmethod
    def values(cls, arguments: OrganizationPage) -> dict[str, Any]:
        """Of the filters and the window."""
        return arguments.values()

    @classmethod
    def select(cls, k: Any, columns: tuple[str, ...], shape: Any) -> Select[Any]:
        """Up to one row more than the page, a key; and whether the key's `under` was found."""
        return _page_select(cls, k, columns, shape)

    @classmethod
    def gather(cls, rows: list[Any], key: tuple[Any, ...], arguments: OrganizationPage) -> Any:
        """The slice of one key.

        Errors: `CodedError` ORGANIZATION_UNKNOWN.
        """
        if rows and rows[0]["under_found"] is False:
            raise unknown_organization(str(arguments.under_code or arguments.under_id))
        own = [row for row in rows if row["code"] is not None]
        return page(own, arguments.window, arguments.sort, (cls, key), arguments)


class OrganizationChildren(_Pages):
    """(tenant, id) → a page of the organizations directly below."""

    names = ("tenant_id", "id")

    @classmethod
    def belongs(cls, o: Any, k: Any) -> ColumnElement[bool]:
        """Its parent is the key."""
        return and_(o.c.tenant_id == k.c.tenant_id, o.c.parent_id == k.c.id)


class OrganizationDescendants(_Pages):
    """(tenant, path) → a page of the organizations anywhere below."""

    names = ("tenant_id", "path")

    @classmethod
    def belongs(cls, o: Any, k: Any) -> ColumnElement[bool]:
        """Its path begins with the key's."""
        return and_(o.c.tenant_id == k.c.tenant_id, below(o, k.c.path))


class OrganizationsOfTenant(_Pages):
    """(tenant,) → a page of all its organizations, or of those below one."""

    names = ("tenant_id",)

    @classmethod
    def belongs(cls, o: Any, k: Any) -> ColumnElement[bool]:
        """It is the tenant's."""
        return cast(ColumnElement[bool], o.c.tenant_id == k.c.tenant_id)


@dataclass(frozen=True)
class TotalArguments:
    """Which pages are counted: the loader that gives them, and their filters.

    The loader is an argument, because keys of two loaders must never meet in one batch.
    """

    pages: type[_Pages]
    page: OrganizationPage


class OrganizationTotal(Loader[tuple[Any, ...], TotalArguments]):
    """A key of the pages' loader → how many organizations all its pages have."""

    counts = True

    @classmethod
    async def batch(
        cls,
        snapshot: Snapshot,
        scope: Scope,
        keys: Sequence[tuple[Any, ...]],
        arguments: TotalArguments,
        columns: tuple[str, ...],
    ) -> list[Any]:
        """One statement for all keys."""
        scope.checked(key[0] for key in keys)
        pages: Any = arguments.pages
        statement = _total_statement(pages, arguments.page.shape())
        values = {**arguments.page.values(), **key_values(pages.names, keys)}
        rows: list[asyncpg.Record] = await snapshot.fetch(statement.sql, statement.values(values))
        found = {row["n"]: row["total"] for row in rows}
        return [found.get(at, 0) for at in range(1, len(keys) + 1)]


@cache
def _total_statement(loader: Any, shape: _Shape) -> Statement:
    k, o = keys_table(*loader.names), ORGANIZATION.alias("o")
    source, under = _with_under(k, shape)
    matching = (
        select(func.count().label("total"))
        .select_from(o)
        .where(loader.belongs(o, k), *_filters(o, shape, under))
        .lateral("t")
    )
    return render(select(k.c.n, matching.c.total).select_from(source.join(matching, true())))


def _page_select(
    loader: type[_Pages], k: Any, columns: tuple[str, ...], shape: _Shape
) -> Select[Any]:
    o = ORGANIZATION.alias("o")
    source, under = _with_under(k, shape)
    order = [o.c.pinyin, o.c.code]
    names = [name for name in dict.fromkeys((*columns, "pinyin", "code")) if name in o.c]
    taken = [_name(o, shape) if name == "name" else o.c[name] for name in names]
    if shape.search is not None:
        rank = _rank(o, shape.search)
        order.insert(0, rank)
        taken.append(rank.label("rank"))
    inner: Select[Any] = (
        select(*taken).select_from(o).where(loader.belongs(o, k), *_filters(o, shape, under))
    )
    if shape.positioned:
        keys = ["rank", "pinyin", "code"] if shape.search is not None else ["pinyin", "code"]
        bound = tuple_(*(bindparam(f"after_{name}", type_=Text()) for name in keys))
        inner = inner.where(tuple_(*order) < bound if shape.backward else tuple_(*order) > bound)
    ordering = [part.desc() for part in order] if shape.backward else order
    rows = inner.order_by(*ordering).limit(LIMIT).lateral("r")
    found = (under.c.code.is_not(None) if under is not None else literal(True)).label("under_found")
    statement = select(k.c.n, found, *rows.c).select_from(source.outerjoin(rows, true()))
    outer = [rows.c[name] for name in (["rank"] if shape.search is not None else [])]
    outer += [rows.c.pinyin, rows.c.code]
    if shape.backward:
        return statement.order_by(k.c.n, *(part.desc() for part in outer))
    return statement.order_by(k.c.n, *outer)


def _with_under(k: Any, shape: _Shape) -> tuple[Any, Any]:
    """The keys, each with the organization that the page is limited to the subtree of, if any."""
    if not shape.under:
        return k, None
    under = ORGANIZATION.alias("u")
    kind: Any = Text() if shape.under == "code" else Uuid()
    wanted = under.c[shape.under] == bindparam(f"under_{shape.under}", type_=kind)
    return k.outerjoin(under, and_(under.c.tenant_id == k.c.tenant_id, wanted)), under


def _filters(o: Any, shape: _Shape, under: Any) -> list[ColumnElement[bool]]:
    filters = [existing(o)]
    if under is not None:
        filters.append(below(o, under.c.path))
    if shape.level:
        filters.append(o.c.level == bindparam("level", type_=Text()))
    if shape.rung:
        filters.append(o.c.rung == bindparam("rung", type_=Text()))
    if shape.search is True:
        pattern = bindparam("pattern", type_=Text())
        initials = func.strpos(o.c.initials, bindparam("text", type_=Text())) > 0
        filters.append(or_(initials, o.c.pinyin.op("~")(pattern)))
    elif shape.search is False:
        former = exists().where(
            NAME.c.tenant_id == o.c.tenant_id,
            NAME.c.organization_id == o.c.id,
            func.strpos(NAME.c.search_name, bindparam("text", type_=Text())) > 0,
        )
        filters.append(or_(_position(o.c.search_name) > 0, former))
    return filters


def _position(name: Any) -> Any:
    return func.strpos(name, bindparam("text", type_=Text()))


def _rank(o: Any, latin: bool) -> Any:
    """'0' the name itself, '1' names that begin so, '2' the rest; then the higher in the tree.

    Text, because cursors hold text.
    """
    text = bindparam("text", type_=Text())
    if latin:
        joined = func.replace(o.c.pinyin, " ", "")
        whole = or_(o.c.initials == text, joined == text)
        begins = or_(func.strpos(o.c.initials, text) == 1, func.strpos(joined, text) == 1)
    else:
        whole, begins = o.c.search_name == text, _position(o.c.search_name) == 1
    nearness = case(
        (whole, literal("0", Text())), (begins, literal("1", Text())), else_=literal("2", Text())
    )
    slashes = func.length(o.c.path) - func.length(func.replace(o.c.path, "/", ""))
    height = func.lpad(sql_cast(slashes, Text()), 2, "0")
    return nearness.op("||")(height).collate("C")


def _name(o: Any, shape: _Shape) -> Any:
    """The name on the day asked for: a former one where it was still in use."""
    if not shape.historic:
        return o.c.name
    former = (
        select(NAME.c.name)
        .where(
            NAME.c.tenant_id == o.c.tenant_id,
            NAME.c.organization_id == o.c.id,
            NAME.c.valid_to > TODAY,
        )
        .order_by(NAME.c.valid_to)
        .limit(1)
        .scalar_subquery()
    )
    return func.coalesce(former, o.c.name).label("name")
