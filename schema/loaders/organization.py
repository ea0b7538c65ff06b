"""Organizations as the graph reads them: by id, by code, above, before and after."""

import uuid
from collections import defaultdict
from collections.abc import Sequence
from functools import cache
from typing import Any

import asyncpg
from sqlalchemy import (
    Date,
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
from schema.loaders.loader import Loader
from schema.loaders.statement import Statement, key_values, keys_table, render
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


class OrganizationById(Loader[tuple[int, uuid.UUID], None]):
    """(tenant, id) → the organization, or None."""

    @classmethod
    async def batch(
        cls,
        snapshot: Snapshot,
        scope: Scope,
        keys: Sequence[tuple[int, uuid.UUID]],
        arguments: None,
        columns: tuple[str, ...],
    ) -> list[Any]:
        """One statement for all ids."""
        return await _by_key(snapshot, scope, keys, ("tenant_id", "id"), columns)


class OrganizationByCode(Loader[tuple[int, str], None]):
    """(tenant, code) → the organization, or None."""

    @classmethod
    async def batch(
        cls,
        snapshot: Snapshot,
        scope: Scope,
        keys: Sequence[tuple[int, str]],
        arguments: None,
        columns: tuple[str, ...],
    ) -> list[Any]:
        """One statement for all codes."""
        return await _by_key(snapshot, scope, keys, ("tenant_id", "code"), columns)


async def _by_key(
    snapshot: Snapshot,
    scope: Scope,
    keys: Sequence[tuple[Any, ...]],
    names: tuple[str, ...],
    columns: tuple[str, ...],
) -> list[Any]:
    scope.checked(key[0] for key in keys)
    statement = _by_key_statement(names, columns)
    rows = await snapshot.fetch(
        statement.sql, statement.values(key_values(names, keys)), OrganizationRecord
    )
    found = {row["n"]: row for row in rows}
    return [found.get(at) for at in range(1, len(keys) + 1)]


@cache
def _by_key_statement(names: tuple[str, ...], columns: tuple[str, ...]) -> Statement:
    k, o = keys_table(*names), ORGANIZATION.alias("o")
    match = and_(*(o.c[name] == k.c[name] for name in names))
    return render(select(k.c.n, *_columns(o, columns)).select_from(k.join(o, match)))


def _columns(table: Any, columns: tuple[str, ...]) -> list[Any]:
    return [table.c[name] for name in columns if name in table.c]


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
        scope.checked(tenant for tenant, _ in keys)
        chains = [
            [(tenant, code) for code in path.strip("/").split("/")[:-1]] for tenant, path in keys
        ]
        wanted = sorted({key for chain in chains for key in chain})
        statement = _by_key_statement(("tenant_id", "code"), tuple({*columns, "tenant_id", "code"}))
        rows = await snapshot.fetch(
            statement.sql,
            statement.values(key_values(("tenant_id", "code"), wanted)),
            OrganizationRecord,
        )
        found = {(row["tenant_id"], row["code"]): row for row in rows}
        return [[found[key] for key in chain if key in found] for chain in chains]


class OrganizationSuccessors(Loader[tuple[int, uuid.UUID], None]):
    """(tenant, id) → the organizations that took it over."""

    @classmethod
    async def batch(
        cls,
        snapshot: Snapshot,
        scope: Scope,
        keys: Sequence[tuple[int, uuid.UUID]],
        arguments: None,
        columns: tuple[str, ...],
    ) -> list[Any]:
        """One statement for all organizations."""
        return await _over_succession(snapshot, scope, keys, columns, "successor_id")


class OrganizationPredecessors(Loader[tuple[int, uuid.UUID], None]):
    """(tenant, id) → the organizations that it took over."""

    @classmethod
    async def batch(
        cls,
        snapshot: Snapshot,
        scope: Scope,
        keys: Sequence[tuple[int, uuid.UUID]],
        arguments: None,
        columns: tuple[str, ...],
    ) -> list[Any]:
        """One statement for all organizations."""
        return await _over_succession(snapshot, scope, keys, columns, "organization_id")


async def _over_succession(
    snapshot: Snapshot,
    scope: Scope,
    keys: Sequence[tuple[int, uuid.UUID]],
    columns: tuple[str, ...],
    end: str,
) -> list[Any]:
    scope.checked(tenant for tenant, _ in keys)
    statement = _succession_statement(columns, end)
    given = key_values(("tenant_id", "id"), keys)
    rows: list[asyncpg.Record] = await snapshot.fetch(
        statement.sql, statement.values(given), OrganizationRecord
    )
    return _grouped(rows, len(keys))


@cache
def _succession_statement(columns: tuple[str, ...], end: str) -> Statement:
    k, s, o = keys_table("tenant_id", "id"), SUCCESSION.alias("s"), ORGANIZATION.alias("o")
    start = "organization_id" if end == "successor_id" else "successor_id"
    steps = k.join(s, and_(s.c.tenant_id == k.c.tenant_id, s.c[start] == k.c.id)).join(
        o, and_(o.c.tenant_id == s.c.tenant_id, o.c.id == s.c[end])
    )
    statement = select(k.c.n, *_columns(o, columns)).select_from(steps)
    return render(statement.order_by(k.c.n, o.c.pinyin, o.c.code))


class OrganizationFormerNames(Loader[tuple[int, uuid.UUID], None]):
    """(tenant, id) → rows of `organization_name`, the oldest first."""

    @classmethod
    async def batch(
        cls,
        snapshot: Snapshot,
        scope: Scope,
        keys: Sequence[tuple[int, uuid.UUID]],
        arguments: None,
        columns: tuple[str, ...],
    ) -> list[Any]:
        """One statement for all organizations."""
        scope.checked(tenant for tenant, _ in keys)
        statement = _former_names_statement()
        given = key_values(("tenant_id", "id"), keys)
        return _grouped(await snapshot.fetch(statement.sql, statement.values(given)), len(keys))


@cache
def _former_names_statement() -> Statement:
    k, m = keys_table("tenant_id", "id"), NAME.alias("m")
    match = and_(m.c.tenant_id == k.c.tenant_id, m.c.organization_id == k.c.id)
    statement = select(k.c.n, m.c.name, m.c.valid_to, m.c.source, m.c.assumed)
    return render(statement.select_from(k.join(m, match)).order_by(k.c.n, m.c.valid_to))


def _grouped(rows: Sequence[Any], count: int) -> list[Any]:
    groups: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        groups[row["n"]].append(row)
    return [groups[at] for at in range(1, count + 1)]
