"""Organizations as the graph reads them: by id, by code, above, before and after."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import asyncpg
from sqlalchemy import (
    Date,
    Select,
    Text,
    Uuid,
    and_,
    bindparam,
    column,
    exists,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql.elements import ColumnElement

from schema.database import Snapshot
from schema.errors import CodedError, ErrorCode
from schema.loaders.loader import KeyedLoader, Loader, OneRowLoader
from schema.scope import Scope
from schema.tables.organization import (
    OrganizationNameRow,
    OrganizationPlacementRow,
    OrganizationRow,
    SuccessionRow,
)

ORGANIZATION: Any = OrganizationRow.__table__  # type: ignore[attr-defined]
NAME: Any = OrganizationNameRow.__table__  # type: ignore[attr-defined]
PLACEMENT: Any = OrganizationPlacementRow.__table__  # type: ignore[attr-defined]
SUCCESSION: Any = SuccessionRow.__table__  # type: ignore[attr-defined]
TODAY = bindparam("today", type_=Date())

Codes = tuple[str, ...] | None
"""Organizations whose subtrees a permission reaches; None = the whole tenant, () = nowhere."""


@dataclass(frozen=True)
class OrganizationRef:
    """An organization as an argument names it: by code, or by id."""

    code: str | None = None
    id: uuid.UUID | None = None


def is_named(table: Any) -> ColumnElement[bool]:
    """Whether the row is the organization that `ref_values` names."""
    code, id_ = bindparam("under_code", type_=Text()), bindparam("under_id", type_=Uuid())
    return or_(table.c.code == code, table.c.id == id_)


def ref_values(ref: OrganizationRef | None) -> dict[str, Any]:
    """Values of the parameters of `is_named`."""
    return {"under_code": ref.code if ref else None, "under_id": ref.id if ref else None}


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


def within(o: Any, path: Any) -> ColumnElement[bool]:
    """Whether the organization has the path or stands below it: a range, served by the index."""
    end = func.substr(path, 1, func.length(path) - 1).op("||")(literal("0", Text()))
    return and_(o.c.path >= path, o.c.path < end)


def covered(table: Any, name: str) -> ColumnElement[bool]:
    """Whether the row stands in one of the subtrees whose codes the parameter `name` lists.

    A path holds the codes of all above, so no other row is looked at.
    """
    unnested = func.unnest(bindparam(name, type_=ARRAY(Text())))
    codes = unnested.table_valued("code", name="c").render_derived()
    inside = func.strpos(table.c.path, func.concat("/", codes.c.code, "/")) > 0
    return exists().select_from(codes).where(inside)


def codes_of(table: Any) -> Any:
    """A table of the codes in the row's path, to join from.

    Under row-level security no index serves `code = any(…)`, and each one of many is looked up.
    """
    parts = func.string_to_array(func.btrim(table.c.path, "/"), "/")
    unnested = func.unnest(parts).table_valued(column("code", Text()), name="part")
    return unnested.render_derived().lateral()


def columns_of(table: Any, columns: tuple[str, ...]) -> list[Any]:
    """Those of the wanted columns that the table has."""
    return [table.c[name] for name in columns if name in table.c]


class _ByKey(OneRowLoader[None]):
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


async def demand_known(
    snapshot: Snapshot, scope: Scope, tenant_id: int, ref: OrganizationRef
) -> None:
    """Refuse an organization that the tenant does not have; for answers that came out empty.

    Errors: `CodedError` ORGANIZATION_UNKNOWN.
    """
    loader, key = (OrganizationByCode, ref.code) if ref.code else (OrganizationById, ref.id)
    (found,) = await loader.batch(snapshot, scope, [(tenant_id, key)], None, ("id",))
    if found is None:
        raise unknown_organization(str(key))


def unknown_organization(code: str) -> CodedError:
    """What is said of an organization that the city does not have."""
    return CodedError(
        ErrorCode.ORGANIZATION_UNKNOWN,
        f"没有编码或编号为“{code}”的组织;请用 organizations(search:) 查找。",
        f"There is no organization {code!r}; find one with organizations(search:).",
        given=code,
    )


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


class OrganizationFormerParents(_Lists):
    """(tenant, id) → rows of `organization_placement`, the oldest first."""

    @classmethod
    def select(cls, k: Any, columns: tuple[str, ...], shape: Any) -> Select[Any]:
        """The former places of the keys."""
        p = PLACEMENT.alias("p")
        match = and_(p.c.tenant_id == k.c.tenant_id, p.c.organization_id == k.c.id)
        statement = select(k.c.n, p.c.tenant_id, p.c.parent_id, p.c.valid_to)
        return statement.select_from(k.join(p, match)).order_by(k.c.n, p.c.valid_to)
