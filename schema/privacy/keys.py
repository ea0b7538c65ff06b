"""Which keys of personal data the rows name, and whether they are at hand."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from schema.keyring import Keyring
from schema.loaders.held_post import PERSON


class KeyKind(StrEnum):
    """The two kinds of keys."""

    SEALING = "sealing"
    INDEX = "index"

    @property
    def column(self) -> Any:
        """The column of `person` that names a row's key."""
        return PERSON.c.phone_key if self is KeyKind.SEALING else PERSON.c.phone_index_key

    def current(self, keyring: Keyring) -> str:
        """The id of the key for what is new."""
        return keyring.key_id if self is KeyKind.SEALING else keyring.index_key_id

    def known(self, keyring: Keyring) -> frozenset[str]:
        """The ids of all keys of this kind in the file."""
        return keyring.key_ids if self is KeyKind.SEALING else keyring.index_key_ids


@dataclass(frozen=True)
class KeyUse:
    """A key that rows name, or that the file has: how many rows, and where it stands."""

    kind: KeyKind
    key_id: str
    rows: int
    is_known: bool
    is_current: bool


async def key_use(connection: AsyncConnection, keyring: Keyring) -> Sequence[KeyUse]:
    """Every key that is in use or in the file, by kind and id.

    Errors: `KeyFileError`.
    """
    return [
        KeyUse(kind, key_id, rows.get(key_id, 0), key_id in known, key_id == current)
        for kind in KeyKind
        for rows in [await rows_by_key(connection, kind)]
        for known, current in [(kind.known(keyring), kind.current(keyring))]
        for key_id in sorted({*rows, *known})
    ]


async def rows_by_key(connection: AsyncConnection, kind: KeyKind) -> dict[str, int]:
    """How many rows name each key of a kind."""
    column = kind.column
    statement = select(column, func.count()).where(column.is_not(None)).group_by(column)
    found = await connection.execute(statement)
    return {row[0]: row[1] for row in found}
