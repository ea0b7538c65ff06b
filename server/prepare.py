"""Making a database ready: address, migrations, tenant files."""

import asyncio
import datetime
from collections.abc import Mapping, Sequence
from pathlib import Path

from schema.database import engine
from schema.definitions.actions import apply
from schema.definitions.plan import TenantPlan, plan
from schema.logins import Addresses, addresses, password_of
from schema.migrate import migrate
from schema.scope import Login
from server.embedded import start_embedded
from server.settings import Settings
from tenants.definition import Definition
from tenants.files import SHIPPED, load_tenants


def database_url(settings: Settings) -> str:
    """The address of the database; starts the embedded one where none is set.

    Errors: `DataFolderError`.
    """
    return settings.database_url or start_embedded(settings.data)


def login_addresses(settings: Settings, url: str) -> Addresses:
    """Where the login roles connect: by their own settings, else beside the owner's `url`."""
    own = {
        Login.CITY: settings.city_database_url,
        Login.PROVINCE: settings.province_database_url,
    }
    return addresses(url, own)


def tenant_folders(settings: Settings) -> tuple[Path, ...]:
    """The folders that tenant files are read from, the shipped ones first.

    Errors: `FileNotFoundError` where a folder of ONEGRID_TENANTS does not exist.
    """
    for folder in settings.tenants:
        if not folder.is_dir():
            raise FileNotFoundError(f"ONEGRID_TENANTS names {folder}, which is no folder")
        if not any((folder / kind).is_dir() for kind in ("cities", "provinces")):
            raise FileNotFoundError(
                f"ONEGRID_TENANTS names {folder}, which has neither a folder cities nor provinces"
            )
    return (SHIPPED, *settings.tenants)


def read_tenants(settings: Settings) -> tuple[Definition, ...]:
    """The definitions in the tenant files.

    Errors: `InvalidTenantsError`, `FileNotFoundError`.
    """
    return load_tenants(tenant_folders(settings))


def login_passwords(settings: Settings, url: str) -> dict[Login, str | None]:
    """The passwords that migration gives the login roles; none to those with an address set."""
    own = {
        Login.CITY: settings.city_database_url,
        Login.PROVINCE: settings.province_database_url,
    }
    return {login: None if own[login] else password_of(url, login) for login in Login}


async def migrate_database(url: str, passwords: Mapping[Login, str | None] | None = None) -> None:
    """Bring the database to this version's schema, its login roles with these passwords."""
    writer = engine(url)
    try:
        await migrate(writer, passwords=passwords)
    finally:
        await writer.dispose()


async def plan_tenants(url: str, definitions: Sequence[Definition]) -> tuple[TenantPlan, ...]:
    """What applying the definitions would do."""
    writer = engine(url)
    try:
        async with writer.connect() as connection:
            return await plan(connection, definitions)
    finally:
        await writer.dispose()


async def apply_tenants(url: str, definitions: Sequence[Definition]) -> tuple[TenantPlan, ...]:
    """Put the definitions in force.

    Errors: `LossError`.
    """
    writer = engine(url)
    try:
        async with writer.begin() as connection:
            return await apply(connection, definitions, datetime.datetime.now(datetime.UTC))
    finally:
        await writer.dispose()


def prepare(
    url: str,
    definitions: Sequence[Definition],
    passwords: Mapping[Login, str | None] | None = None,
) -> tuple[TenantPlan, ...]:
    """Migrate, then apply; gives the plans that were carried out."""

    async def both() -> tuple[TenantPlan, ...]:
        await migrate_database(url, passwords)
        return await apply_tenants(url, definitions)

    return asyncio.run(both())
