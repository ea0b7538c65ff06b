"""The login roles of PostgreSQL: made at migration, used by every operation.

Neither owns a table nor bypasses row-level security: what they may is in the migrations. The user
of ONEGRID_DATABASE_URL, who owns the tables, only migrates, applies and loads.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from schema.scope import Login


@dataclass(frozen=True)
class Address:
    """Where to connect, and as whom; `user` and `password` None are those of the URL."""

    url: str
    user: str | None = None
    password: str | None = None

    @property
    def arguments(self) -> dict[str, Any]:
        """Arguments of `asyncpg.connect` and `create_pool`."""
        given = {"dsn": self.url, "user": self.user, "password": self.password}
        return {name: value for name, value in given.items() if value is not None}


Addresses = Mapping[Login, Address]


def addresses(url: str, own: Mapping[Login, str | None] | None = None) -> Addresses:
    """The address of each login role: its own URL where there is one, else made from the owner's.

    Made ones have a password that only those can work out who know the owner's, so that every
    server of one database finds the same without one more secret to hand around; where the owner
    has none (the embedded database trusts its socket), neither have they.
    """
    own = own or {}
    return {
        login: Address(given)
        if (given := own.get(login))
        else Address(url, login.value, password_of(url, login))
        for login in Login
    }


def password_of(url: str, login: Login) -> str | None:
    """The password of a login role whose owner has the address `url`; None where that has none."""
    owners = _password(url)
    if owners is None:
        return None
    name = f"onegrid login {login.value}".encode()
    return hmac.new(owners.encode(), name, hashlib.sha256).hexdigest()


def _password(url: str) -> str | None:
    parts = urlsplit(url)
    _, colon, password = parts.netloc.rpartition("@")[0].partition(":")
    if colon and password:
        return unquote(password)
    return parse_qs(parts.query).get("password", [None])[0]


def make_logins(connection: Connection, passwords: Mapping[Login, str | None]) -> None:
    """Make the login roles that are missing, and set the passwords that are given.

    Errors: `RuntimeError` with the SQL for an administrator, where the user may not do so.
    """
    for login in Login:
        found = text("SELECT 1 FROM pg_roles WHERE rolname = :name")
        exists = connection.execute(found, {"name": login.value}).scalar()
        password = passwords.get(login)
        secret = f" PASSWORD '{password}'" if password else ""  # hexadecimal: nothing to quote
        if not exists:
            _run(connection, f"CREATE ROLE {login.value} LOGIN NOINHERIT{secret}", login)
        elif secret:
            _run(connection, f"ALTER ROLE {login.value} LOGIN{secret}", login)


def _run(connection: Connection, sql: str, login: Login) -> None:
    try:
        with connection.begin_nested():
            connection.exec_driver_sql(sql)
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", "") in ("42710", "23505"):
            return  # another database of the same server made it just now
        if getattr(error.orig, "sqlstate", "") != "42501":
            raise
        raise RuntimeError(
            f"the user of ONEGRID_DATABASE_URL may not make the login role {login.value}: let an "
            f"administrator run CREATE ROLE {login.value} LOGIN PASSWORD '...', and set "
            f"ONEGRID_{login.name}_DATABASE_URL to the address with that user and password"
        ) from None
