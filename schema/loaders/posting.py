"""Postings as the graph reads them: by id, and of a city, a cooperative or an enterprise."""

import datetime
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import asyncpg
from sqlalchemy import Text, and_, bindparam, func, not_, or_
from sqlalchemy.sql.elements import ColumnElement

from schema.loaders.organization import TODAY
from schema.loaders.pages import Listing, Pages
from schema.loaders.row import RowByKey
from schema.tables.market import PostingKind, PostingRow, PostingState

POSTING: Any = PostingRow.__table__  # type: ignore[attr-defined]


class PostingRecord(asyncpg.Record):
    """A row of `posting` with the columns that were asked for."""


def is_open(table: Any) -> ColumnElement[bool]:
    """Whether a posting seeks counterparts on the day `today`: neither closed nor past."""
    lasts = or_(table.c.until_on.is_(None), table.c.until_on >= TODAY)
    return and_(table.c.state == PostingState.OPEN.value, lasts)


class PostingById(RowByKey):
    """(tenant, id) → the posting, or None."""

    table = POSTING
    record = PostingRecord


@dataclass(frozen=True)
class PostingListing(Listing):
    """Postings of one kind, one state on a day, one product (a key, or part of one), or all."""

    today: datetime.date
    kind: PostingKind | None = None
    state: PostingState | None = None
    product: str | None = None

    @property
    def shape(self) -> Hashable:
        """Which filters there are."""
        return self.kind is not None, self.state, self.product is not None

    def values(self) -> dict[str, Any]:
        """Those that are given."""
        kind = None if self.kind is None else self.kind.value
        return {"today": self.today, "kind": kind, "product": self.product}


class _Pages(Pages):
    """The newest first: ids rise with time."""

    table = POSTING
    record = PostingRecord
    newest_first = True

    @classmethod
    def narrow(cls, t: Any, shape: Any) -> Sequence[Any]:
        """Of one kind, state, product."""
        kind, state, product = shape
        found = []
        if kind:
            found.append(t.c.kind == bindparam("kind", type_=Text()))
        if state is not None:
            found.append(is_open(t) if state is PostingState.OPEN else not_(is_open(t)))
        if product:
            found.append(func.strpos(t.c.product_key, bindparam("product", type_=Text())) > 0)
        return found


class PostingsOfTenant(_Pages):
    """(tenant,) → a page of its postings."""

    names: ClassVar[tuple[str, ...]] = ("tenant_id",)


class PostingsOfCooperative(_Pages):
    """(tenant, cooperative) → a page of what it posted."""

    names: ClassVar[tuple[str, ...]] = ("tenant_id", "cooperative_id")


class PostingsOfEnterprise(_Pages):
    """(tenant, enterprise) → a page of what it posted."""

    names: ClassVar[tuple[str, ...]] = ("tenant_id", "enterprise_id")
