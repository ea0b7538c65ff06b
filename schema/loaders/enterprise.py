"""Enterprises as the graph reads them: by id, by code, and a city's directory."""

import datetime
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import asyncpg
from sqlalchemy import Text, bindparam, func, or_

from schema.loaders.organization import TODAY
from schema.loaders.pages import Listing, Pages
from schema.loaders.row import RowByKey
from schema.tables.market import EnterpriseRow

ENTERPRISE: Any = EnterpriseRow.__table__  # type: ignore[attr-defined]


class EnterpriseRecord(asyncpg.Record):
    """A row of `enterprise` with the columns that were asked for."""


class EnterpriseById(RowByKey):
    """(tenant, id) → the enterprise, or None."""

    table = ENTERPRISE
    record = EnterpriseRecord


class EnterpriseByCode(EnterpriseById):
    """(tenant, code) → the enterprise, or None."""

    names: ClassVar[tuple[str, ...]] = ("tenant_id", "code")


@dataclass(frozen=True)
class EnterpriseListing(Listing):
    """Enterprises in the directory on a day, or with `past` also those that left it.

    `search` is part of a name or a whole code.
    """

    today: datetime.date
    search: str | None = None
    past: bool = False

    @property
    def shape(self) -> Hashable:
        """Which filters there are."""
        return self.search is not None, self.past

    def values(self) -> dict[str, Any]:
        """The day, and what is searched for."""
        return {"today": self.today, "search": self.search}


class EnterprisesOfTenant(Pages):
    """(tenant,) → a page of its enterprises, in order of name."""

    table = ENTERPRISE
    record = EnterpriseRecord
    names: ClassVar[tuple[str, ...]] = ("tenant_id",)
    sort = ("name", "id")

    @classmethod
    def narrow(cls, t: Any, shape: Any) -> Sequence[Any]:
        """Those in the directory; those with the text in their name."""
        searched, past = shape
        found = []
        if not past:
            found.append(or_(t.c.left_on.is_(None), t.c.left_on > TODAY))
        if searched:
            text = bindparam("search", type_=Text())
            inside = func.strpos(func.lower(t.c.name), func.lower(text)) > 0
            found.append(or_(inside, t.c.code == func.upper(text)))
        return found
