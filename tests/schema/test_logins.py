"""The login roles: their addresses, their passwords, and who may make them."""

from typing import Any

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from schema.database import engine
from schema.logins import Address, addresses, password_of
from schema.migrate import migrate
from schema.scope import Login
from tests.conftest import NewDatabase, run_sql

OWNER = "postgresql://owner:secret@db/grid"


def test_passwords_follow_from_the_owners() -> None:
    """Every server works out the same passwords; each role, and each owner, has another."""
    found = {
        password_of(owner, login)
        for owner in (OWNER, "postgresql://owner:other@db/grid")
        for login in Login
    }
    assert len(found) == 4
    assert all(password and len(password) == 64 and "secret" not in password for password in found)
    assert password_of(OWNER, Login.CITY) == password_of(
        "postgresql://owner@elsewhere/grid?password=secret", Login.CITY
    )


@pytest.mark.parametrize("url", ["postgresql://db/grid", "postgresql://postgres:@/grid?host=/run"])
def test_without_a_password_there_is_none_to_make(url: str) -> None:
    """Where the server trusts the owner, it trusts the login roles."""
    assert addresses(url) == {login: Address(url, login.value, None) for login in Login}


def test_an_address_of_ones_own_is_taken_as_it_is() -> None:
    """A role whose address is set has nothing of the owner's."""
    own = "postgresql://town:hall@db/grid"
    found = addresses(OWNER, {Login.CITY: own, Login.PROVINCE: None})
    assert found[Login.CITY].arguments == {"dsn": own}
    assert found[Login.PROVINCE].arguments == {
        "dsn": OWNER,
        "user": "onegrid_province",
        "password": password_of(OWNER, Login.PROVINCE),
    }


async def _migrated_as(url: str, user: str, password: str | None = "x" * 64) -> None:
    writer: AsyncEngine = engine(url.replace("postgres:@", f"{user}@"))
    try:
        await migrate(writer, passwords=dict.fromkeys(Login, password))
    finally:
        await writer.dispose()


async def test_who_may_not_make_roles_is_told_what_to_do(new_database: NewDatabase) -> None:
    """An owner without the right to make or change roles gets the SQL for an administrator."""
    url = await new_database()
    await run_sql(
        url,
        "DO $$ BEGIN CREATE ROLE weak_owner LOGIN;"
        " EXCEPTION WHEN duplicate_object THEN NULL; END $$",
        "GRANT ALL ON ALL TABLES IN SCHEMA public TO weak_owner",
    )
    with pytest.raises(RuntimeError) as refused:
        await _migrated_as(url, "weak_owner")
    assert str(refused.value) == (
        "the user of ONEGRID_DATABASE_URL may not make the login role onegrid_city: let an "
        "administrator run CREATE ROLE onegrid_city LOGIN PASSWORD '...', and set "
        "ONEGRID_CITY_DATABASE_URL to the address with that user and password"
    )


async def test_a_restored_database_is_its_new_owners(new_database: NewDatabase) -> None:
    """Where the tables have another owner than the policies name, a migration amends that."""
    url = await new_database()
    await run_sql(
        url,
        "DO $$ BEGIN CREATE ROLE heir LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$",
        "INSERT INTO tenant (tenant_id, kind, slug, version) VALUES (210400, 'CITY', 'fushun', 1)",
        "DO $$ DECLARE t name; BEGIN FOR t IN SELECT tablename FROM pg_tables"
        " WHERE schemaname = 'public' LOOP EXECUTE format('ALTER TABLE %I OWNER TO heir', t);"
        " END LOOP; END $$",
    )
    heirs = url.replace("postgres:@", "heir@")
    seen = [await _tenants(heirs)]
    await _migrated_as(url, "heir", None)
    seen.append(await _tenants(heirs))
    assert seen == [0, 1]


async def _tenants(url: str) -> int:
    connection: Any = await asyncpg.connect(url)
    try:
        found: int = await connection.fetchval("SELECT count(*) FROM tenant")
        return found
    finally:
        await connection.close()
