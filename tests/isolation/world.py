"""A database with five tenants, three cities of two provinces, all of it canaries."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table, text
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import SQLModel

from schema.database import engine
from schema.fetching import fetching
from schema.recount import rebuild
from schema.rollups import SOURCES
from server.prepare import apply_tenants
from server.services import Services
from tests.conftest import copy_database, run_sql
from tests.isolation.canaries import Kind
from tests.isolation.definitions import LETTER_OF, definitions
from tests.isolation.rows import FROM_FILES, Filler

# read by provinces, for how many there are; who holds them is not for everybody
HIDDEN = {"post"}
# tables with columns that provinces may read, for the same reason: their rows stay
COUNTED = {"agreement_activity", "agreement_delivery", "household", "membership"}


@dataclass(frozen=True)
class World:
    """A filled database to copy, on which nobody is connected, and the rows in it by letter."""

    server: str
    name: str
    services: Services
    fillers: Mapping[str, Filler]

    async def copy(self, name: str, *statements: str) -> str:
        """Another database like it, changed by statements; its address."""
        url = await copy_database(self.server, self.name, name)
        await run_sql(url, *statements)
        return url

    def row(self, letter: str, table: str, n: int) -> dict[str, Any]:
        """A row of a tenant."""
        return self.fillers[letter].rows[table][n]

    def levels(self, letter: str) -> list[str]:
        """The keys of a tenant's levels, from the top."""
        return [level.key for level in self.fillers[letter].definition.hierarchy.levels]

    def without(self, letters: str, people: bool) -> list[str]:
        """Statements that leave only the rows of these tenants; and `people` or nothing private."""
        kept = ", ".join(str(self.fillers[letter].definition.tenant_id) for letter in letters)
        made = [
            f"DELETE FROM {table.name} WHERE tenant_id NOT IN ({kept})"
            for table in reversed(SQLModel.metadata.sorted_tables)
            if table.name not in FROM_FILES
        ]
        return made if people else [*made, *self._impersonal()]

    def _impersonal(self) -> Iterator[str]:
        """Empty the tables that provinces may not read; where rows refer to them, their texts."""
        kinds = self.fillers["a"].kinds
        private = [table for table in SQLModel.metadata.sorted_tables if kinds[table.name] == "f"]
        for table in private:
            if table.name in HIDDEN:
                continue
            optional = [
                name
                for name in (column.name for column in table.columns if column.nullable)
                if f"{table.name}.{name}" not in kinds
            ]
            if table.name in COUNTED or any(
                _refers(other, table) for other in SQLModel.metadata.sorted_tables
            ):
                yield f"UPDATE {table.name} SET " + ", ".join(f"{n} = NULL" for n in optional)
            else:
                yield f"DELETE FROM {table.name}"


def _refers(table: Table, other: Table) -> bool:
    return any(key.column.table is other for key in table.foreign_keys)


def make_world(server: str, template: str, services: Services, name: str = "world") -> World:
    """Apply the definitions and fill every table, on a server with a migrated template."""
    url = asyncio.run(copy_database(server, template, name))
    fillers = asyncio.run(_fill(url, services))
    return World(server, name, services, fillers)


async def _fill(url: str, services: Services) -> dict[str, Filler]:
    made = definitions()
    await apply_tenants(url, made)
    writer = engine(url)
    fillers = {}
    try:
        async with writer.begin() as connection:
            kinds = await _kinds(connection)
            for definition in made:
                letter = LETTER_OF[definition.tenant_id]
                filler = fillers[letter] = Filler(letter, definition, kinds, services.keyring)
                for table, rows in filler.fill():
                    await connection.execute(table.insert(), rows)
                await rebuild(fetching(connection), SOURCES, definition.tenant_id)
    finally:
        await writer.dispose()
    return fillers


async def _kinds(connection: AsyncConnection) -> dict[str, Kind]:
    """A table that provinces may read is public, any other is private but for columns that are."""
    whole = text("SELECT has_table_privilege('onegrid_province', :name, 'SELECT')")
    single = text("SELECT has_column_privilege('onegrid_province', :name, :column, 'SELECT')")
    found, columns = {}, {}
    for table in SQLModel.metadata.sorted_tables:
        is_public = await connection.scalar(whole, {"name": table.name})
        hidden = table.name in HIDDEN or not is_public
        found[table.name] = Kind.PRIVATE if hidden else Kind.PUBLIC
        for column in table.columns if table.name in COUNTED else ():
            given = {"name": table.name, "column": column.name}
            # ids are counted, and shown to nobody
            if column.name != "id" and await connection.scalar(single, given):
                columns[f"{table.name}.{column.name}"] = Kind.PUBLIC
    return found | columns
