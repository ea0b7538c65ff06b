"""The three layers of isolation: how each is removed, and what notices that it is gone."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

import asyncpg
import httpx
from graphql import GraphQLSchema
from sqlalchemy import (
    ARRAY,
    JSON,
    Boolean,
    Date,
    DateTime,
    Integer,
    Numeric,
    Table,
    UniqueConstraint,
    Uuid,
)
from sqlmodel import SQLModel
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route

from schema.database import Database, engine
from schema.logins import addresses
from schema.scope import Login, Scope
from server.documents import Documents
from server.execution import level_wise
from server.facts import RequestFacts
from server.gate import Admission, Caller
from server.graphql import GraphQLEndpoint
from server.live import Live
from server.runs import Contexts, execute_current
from server.services import Services
from tests.conftest import NOON, TODAY, Graph
from tests.isolation.catalogue import KEYS, rows
from tests.isolation.world import World

REFUSED = asyncpg.InsufficientPrivilegeError
TABLES = [table.name for table in SQLModel.metadata.sorted_tables]


@dataclass(frozen=True)
class OpenScope(Scope):
    """A scope whose check in the loaders, and before them, is gone; the login is what it was."""

    def permits(self, tenant_id: int) -> bool:
        """Everybody may read everything."""
        return True

    def checked(self, tenant_ids: Any) -> list[int]:
        """No fault for any of them."""
        return sorted(set(tenant_ids))


class OpenAdmission(Admission):
    """A gate that hands out open scopes."""

    async def admit(self, request: Request, facts: RequestFacts) -> Caller:
        """The caller, who may read everything as far as the loaders know."""
        caller = await super().admit(request, facts)
        return caller._replace(scope=OpenScope(caller.scope.tenant_ids, caller.scope.login))


@asynccontextmanager
async def opened_without_scope(
    url: str, services: Services, schema: GraphQLSchema
) -> AsyncIterator[Graph]:
    """The application, as `opened` gives it, without the first layer."""
    live = Live(Database(url, size=4), engine(url), refresh_seconds=60)
    await live.refresh()
    noon = datetime.combine(TODAY, NOON, UTC)
    endpoint = GraphQLEndpoint(
        Documents(schema, bounds=services.bounds),
        partial(execute_current, live, partial(level_wise.execute, schema)),
        Contexts(live, services, lambda: noon),
        gate=OpenAdmission(live, services.identity, services.rates, services.trusted),
    )
    transport = httpx.ASGITransport(Starlette(routes=[Route("/graphql", endpoint)]))
    try:
        async with httpx.AsyncClient(transport=transport, base_url="http://onegrid") as http:
            yield Graph(http, live, services)
    finally:
        await live.close()


def without_policies() -> list[str]:
    """Statements that leave every table to the grants alone."""
    return [
        f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY"
        for table in TABLES
    ]


async def without_keys(url: str) -> list[str]:
    """Statements that let every row refer to any tenant's: foreign keys of the id alone."""
    statements = []
    found = [key for key in await rows(url, KEYS) if _refers(key)]
    for other in sorted({key["other"] for key in found}):
        statements.append(f"ALTER TABLE {other} ADD UNIQUE (id)")
    for key in found:
        table, _, name = key["name"].partition(".")
        statements += [
            f"ALTER TABLE {table} DROP CONSTRAINT {name}",
            f"ALTER TABLE {table} ADD FOREIGN KEY ({key['columns'][1]})"
            f" REFERENCES {key['other']} (id)",
        ]
    return statements


async def forgeries(url: str, world: World) -> list[str]:
    """Statements that let rows of city a refer to a row of city b, a column each."""
    found = []
    for table, column, other in await references(url):
        forged = f"'{world.row('b', other, 1)['id']}'"
        # of a key one row only, and the same one when it is tried again
        one = column in _of_keys(SQLModel.metadata.tables[table])
        rows_ = (
            f"SELECT ctid FROM {table} WHERE tenant_id = 990100 AND {column} IS NOT NULL"
            f" ORDER BY {column} = {forged} DESC{' LIMIT 1' if one else ''}"
        )
        found.append(f"UPDATE {table} SET {column} = {forged} WHERE ctid = ANY (ARRAY({rows_}))")
    return found


def _of_keys(table: Table) -> set[str]:
    """The columns of whose values no two rows may have the same."""
    keys = [table.primary_key, *(c for c in table.constraints if isinstance(c, UniqueConstraint))]
    return {column.name for key in keys for column in key.columns}


def _refers(key: Mapping[str, Any]) -> bool:
    """Whether it is a foreign key to a row by its id, not to what comes from files."""
    return bool(key["kind"] == b"f" and key["others"][-1] == "id")


async def references(url: str) -> list[tuple[str, str, str]]:
    """Tables, columns that refer to a row of another table, and that table."""
    return [
        (key["name"].partition(".")[0], column, key["other"])
        for key in await rows(url, KEYS)
        if _refers(key)
        for column in key["columns"]
        if column != "tenant_id"
    ]


async def key_faults(url: str, world: World) -> list[str]:
    """References to another tenant's row that the database would take; they are not kept."""
    connection: Any = await asyncpg.connect(url)
    found = []
    try:
        for statement in await forgeries(url, world):
            transaction = connection.transaction()
            await transaction.start()
            try:
                assert await connection.execute(statement) != "UPDATE 0"
                await connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
                found.append(statement)
            except asyncpg.ForeignKeyViolationError:
                pass
            finally:
                await transaction.rollback()
    finally:
        await connection.close()
    return found


@asynccontextmanager
async def signed_in(url: str, login: Login) -> "AsyncIterator[Any]":
    """A connection of a login role."""
    connection: Any = await asyncpg.connect(**addresses(url)[login].arguments)
    try:
        yield connection
    finally:
        await connection.close()


async def policy_faults(url: str, world: World) -> list[str]:
    """What a login role may read or write beyond its scope, table by table."""
    found = []
    for login, setting, letters in (
        (Login.CITY, "SET LOCAL app.tenant_id = '990100'", "a"),
        (Login.PROVINCE, "SET LOCAL app.tenant_ids = '990000,990100'", "ad"),
    ):
        inside = [str(world.fillers[letter].definition.tenant_id) for letter in letters]
        async with signed_in(url, login) as connection:
            for table in TABLES:
                for statement in _read(table, inside, setting):
                    if await _rows(connection, statement):
                        found.append(f"{login}: {statement[-1]}")
                for statement in _written(table, world, setting):
                    if await _done(connection, statement):
                        found.append(f"{login}: {statement[-1]}")
    return found


Statements = tuple[str, ...]


def _read(table: str, inside: list[str], setting: str) -> Iterator[Statements]:
    """What must give no rows: without a scope, with the other login's, of others, afterwards."""
    other = "app.tenant_id" if "tenant_ids" in setting else "app.tenant_ids"
    every = f"SELECT tenant_id FROM {table}"
    yield (every,)
    yield f"SET LOCAL {other} = '990100'", every
    yield setting, f"{every} WHERE tenant_id NOT IN ({', '.join(inside)})"
    yield setting, "COMMIT", "BEGIN", every
    yield setting, "ROLLBACK", "BEGIN", every


def _written(table: str, world: World, setting: str) -> Iterator[Statements]:
    """What must change no row: of city b, or of one's own that is made city b's."""
    yield setting, f"UPDATE {table} SET tenant_id = tenant_id WHERE tenant_id = 990200"
    yield setting, f"UPDATE {table} SET tenant_id = 990200 WHERE tenant_id = 990100"
    yield setting, f"DELETE FROM {table} WHERE tenant_id = 990200"
    yield setting, f"TRUNCATE {table} CASCADE"
    columns = list(SQLModel.metadata.tables[table].columns)
    values = ["990200" if c.name == "tenant_id" else _some(c) for c in columns]
    listed = ", ".join(column.name for column in columns)
    yield setting, f"INSERT INTO {table} ({listed}) VALUES ({', '.join(values)})"


def _some(column: Any) -> str:
    """A value of the column's type; policies are asked before keys and checks."""
    if column.nullable:
        return "NULL"
    return next((value for kind, value in _VALUES if isinstance(column.type, kind)), "'x'")


_VALUES = (
    (ARRAY, "'{}'"),
    (Uuid, "gen_random_uuid()"),
    (JSON, "'{}'"),
    (Boolean, "true"),
    (Date | DateTime, "now()"),
    (Integer | Numeric, "9"),
)


async def _rows(connection: Any, statements: Statements) -> list[Any]:
    """The rows of the last statement; none where the login may not ask."""
    return await _run(connection, statements, connection.fetch) or []


async def _done(connection: Any, statements: Statements) -> bool:
    """Whether the last statement changed anything, or failed for want of anything but rights."""
    try:
        status = await _run(connection, statements, connection.execute)
    except asyncpg.IntegrityConstraintViolationError:
        return True
    return status is not None and not status.endswith(" 0")


async def _run(connection: Any, statements: Statements, last: Any) -> Any:
    """What the last statement gives, in a transaction that is undone; None where it is refused."""
    await connection.execute("BEGIN")
    try:
        for statement in statements[:-1]:
            await connection.execute(statement)
        return await last(statements[-1])
    except REFUSED:
        return None
    finally:
        await connection.execute("ROLLBACK")
