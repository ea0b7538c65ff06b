"""Bringing a database to this version's schema, in one transaction, or saying why not."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

from schema.logins import make_logins
from schema.scope import Login

# two servers that start on one new database must not migrate it at the same time
LOCK = 7_201_104_001


def revision(connection: Connection) -> str | None:
    """The revision that a database has; None where it was never migrated."""
    return MigrationContext.configure(connection).get_current_revision()


@cache
def head() -> str:
    """The newest revision that this version of OneGrid knows."""
    newest = ScriptDirectory.from_config(_config()).get_current_head()
    assert newest is not None
    return newest


def unknown(current: str | None) -> str | None:
    """Why this version cannot use a database of revision `current`, where it does not know it."""
    scripts = ScriptDirectory.from_config(_config()).walk_revisions()
    if current is None or current in {script.revision for script in scripts}:
        return None
    return (
        f"the database has schema {current}, which this version of OneGrid does not know "
        f"(newest known: {head()}); install the newer version that made it"
    )


async def migrate(
    engine: AsyncEngine,
    target: str = "head",
    passwords: Mapping[Login, str | None] | None = None,
) -> None:
    """Make the login roles and run every migration up to `target`, in one transaction.

    `passwords` are those that the login roles shall have.
    Errors: `RuntimeError` where the database is newer than this version knows, or the user may
    not make login roles.
    """
    async with engine.begin() as connection:
        await connection.run_sync(_upgrade, target, passwords or {})


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def _upgrade(connection: Connection, target: str, passwords: Mapping[Login, str | None]) -> None:
    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
    if reason := unknown(revision(connection)):
        raise RuntimeError(reason)
    make_logins(connection, passwords)
    _take_over(connection)
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, target)


# a dump names the owner that the database had
_OTHERS = """
SELECT format('ALTER POLICY owner ON %I.%I TO %I', p.schemaname, p.tablename, t.tableowner)
FROM pg_policies p JOIN pg_tables t USING (schemaname, tablename)
WHERE p.schemaname = current_schema() AND p.policyname = 'owner'
    AND p.roles <> ARRAY[t.tableowner]
"""


def _take_over(connection: Connection) -> None:
    """Let who owns the tables see their rows, also in a database that was another's before."""
    for (statement,) in connection.exec_driver_sql(_OTHERS).all():
        connection.exec_driver_sql(statement)
