"""Organizations as the graph reads them: by id, by code, above, before and after."""

from collections.abc import Sequence
from typing import Any, ClassVar

import asyncpg
from sqlalchemy import (
    Date,
    Select,
    Text,
    and_,
    bindparam,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.sql.elements import ColumnElement

from schema.database import Snapshot
from schema.loaders.loader import KeyedLoader, Loader
from schema.scope import Scope
from schema.tables.organization import OrganizationNameRow, OrganizationRow, SuccessionRow

ORGANIZATION: Any = OrganizationRow.__table__  # type: ignore[attr-defined]
NAME: Any = OrganizationNameRow.__table__  # type: ignore[attr-defined]
SUCCESSION: Any = SuccessionRow.__table__  # type: ignore[attr-defined]
TODAY = bindparam("today", type_=Date())


class OrganizationRecord(asyncpg.Record):
    """A row of `organization` with the columns that were asked for."""


def existing(table: Any) -> ColumnElement[bool]:
    """Whether the row was in being on the day `today`."""
    began = or_(table.c.valid_from.is_(None), table.c.valid_from <= TODAY)
    lasts = or_(table.c.valid_to.is_(None), table.c.valid_to > TODAY)
    return and_(began, lasts)


def below(table: Any, path: Any) -> ColumnElement[bool]:
    """Whether the row stands below `path`: a range, because an index serves it for any path."""
    end = func.substr(path, 1, func.length(path) - 1).op("||")(literal("0", Text()))
    return and_(table.c.path > path, table.c.path < end)


def columns_of(table: Any, columns: tuple[str, ...]) -> list[Any]:
    """Those of the wanted columns that the table has."""
    return [table.c[name] for name in columns if name in table.c]


class _ByKey(KeyedLoader[None]):
    record = OrganizationRecord

    @classmethod
    def select(cls, k: Any, columns: tuple[str, ...], shape: Any) -> Select[Any]:
        """The organizations whose columns are the keys."""
        o = ORGANIZATION.alias("o")
        match = and_(*(o.c[name] == k.c[name] for name in cls.names))
        return select(k.c.n, *columns_of(o, columns)).select_from(k.join(o, match))


class OrganizationById(_ByKey):
    """(tenant, id) → the organization, or None."""


class OrganizationByCode(_ByKey):
    """(tenant, code) → the organization, or None."""

    names = ("tenant_id", "code")


class OrganizationAncestors(Loader[tuple[int, str], None]):
    """(tenant, path) → the organizations above, from the top."""

    @classmethod
    async def batch(
        cls,
        snapshot: Snapshot,
        scope: Scope,
        keys: Sequence[tuple[int, str]],
        arguments: None,
        columns: tuple[str, ...],
    ) -> list[Any]:
        """One statement: the codes are in the paths."""
        chains = [
            [(tenant, code) for code in path.strip("/").split("/")[:-1]] for tenant, path in keys
        ]
        wanted = sorted({key for chain in chains for key in chain})
        rows = await OrganizationByCode.batch(snapshot, scope, wanted, None, columns)
        found = dict(zip(wanted, rows, strict=True))
        return [[found[key] for key in chain if found[key] is not None] for chain in chains]


class _Lists(KeyedLoader[None]):
    """A list of rows a key."""

    @classmethod
    def gather(cls, rows: list[Any], key: tuple[Any, ...], arguments: None) -> Any:
        """All rows of the key."""
        return rows


class _OverSuccession(_Lists):
    record = OrganizationRecord
    start: ClassVar[str]
    end: ClassVar[str]

    @classmethod
    def select(cls, k: Any, columns: tuple[str, ...], shape: Any) -> Select[Any]:
        """The organizations at the other end of the key's successions."""
        s, o = SUCCESSION.alias("s"), ORGANIZATION.alias("o")
        steps = k.join(s, and_(s.c.tenant_id == k.c.tenant_id, s.c[cls.start] == k.c.id)).join(
            o, and_(o.c.tenant_id == s.c.tenant_id, o.c.id == s.c[cls.end])
        )
        statement = select(k.c.n, *columns_of(o, columns)).select_from(steps)
        return statement.order_by(k.c.n, o.c.pinyin, o.c.code)


class OrganizationSuccessors(_OverSuccession):
    """(tenant, id) → the organizations that took it over."""

    start, end = "organization_id", "successor_id"


class OrganizationPredecessors(_OverSuccession):
    """(tenant, id) → the organizations that it took over."""

    start, end = "successor_id", "organization_id"


class OrganizationFormerNames(_Lists):
    """(tenant, id) → rows of `organization_name`, the oldest first."""

    @classmethod
    def select(cls, k: Any, columns: tuple[str, ...], shape: Any) -> Select[Any]:
        """The former names of the keys."""
        m = NAME.alias("m")
        match = and_(m.c.tenant_id == k.c.tenant_id, m.c.organization_id == k.c.id)
        statement = select(k.c.n, m.c.name, m.c.valid_to, m.c.source, m.c.assumed)
        return statement.select_from(k.join(m, match)).order_by(k.c.n, m.c.valid_to)
