"""People in a database, written as a server writes them, and whether their phones still open."""

import asyncio
import datetime
import uuid
from collections import Counter
from pathlib import Path
from typing import Any

import asyncpg

from schema.keyring import Indexed, Keyring, Sealed, sealing_context
from schema.personal import PersonalClass, mask
from schema.privacy.keys import KeyKind

NORTH, SOUTH = 990100, 990200
NOW = datetime.datetime(2026, 3, 15, 4, tzinfo=datetime.UTC)

_INSERT = """
INSERT INTO person (tenant_id, id, name, phone_sealed, phone_key, phone_masked, phone_index,
                    phone_index_key, data_kind, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'REAL', $9)
"""


def phone_of(number: int) -> str:
    """The phone of person `number`."""
    return f"+86138{number:08}"


def id_of(number: int) -> uuid.UUID:
    """The id of person `number`."""
    return uuid.UUID(int=(0x0190C1E2 << 96) + (7 << 76) + (8 << 60) + number)


def row(keyring: Keyring, number: int) -> tuple[Any, ...]:
    """The row of person `number`, sealed now; those with odd numbers are of the other city."""
    tenant_id, id_, phone = (NORTH, SOUTH)[number % 2], id_of(number), phone_of(number)
    sealed = keyring.seal(phone, sealing_context(tenant_id, id_, "phone"))
    index = keyring.index(phone, tenant_id)
    masked = mask(PersonalClass.PHONE, phone)
    name = f"样本{number}"
    return (
        tenant_id, id_, name, sealed.data, sealed.key_id, masked, index.data, index.key_id, NOW
    )  # fmt: skip


async def insert(connection: Any, rows: list[tuple[Any, ...]]) -> None:
    """Write rows."""
    await connection.executemany(_INSERT, rows)


def populate(url: str, keyring: Keyring, numbers: range) -> None:
    """Write people, and one more without a phone."""

    async def write() -> None:
        connection: Any = await asyncpg.connect(url)
        try:
            await insert(connection, [row(keyring, number) for number in numbers])
            await connection.execute(
                "INSERT INTO person (tenant_id, id, name, data_kind, created_at)"
                " VALUES ($1, $2, '无', 'REAL', $3) ON CONFLICT DO NOTHING",
                NORTH,
                uuid.UUID(int=1),
                NOW,
            )
        finally:
            await connection.close()

    asyncio.run(write())


async def stored(url: str) -> list[Any]:
    """Every row with a phone."""
    connection: Any = await asyncpg.connect(url)
    try:
        return list(
            await connection.fetch("SELECT * FROM person WHERE phone_key IS NOT NULL ORDER BY id")
        )
    finally:
        await connection.close()


def used(rows: list[Any], kind: KeyKind) -> Counter[str]:
    """How many rows have each key."""
    return Counter(
        row["phone_key" if kind is KeyKind.SEALING else "phone_index_key"] for row in rows
    )


def assert_whole(rows: list[Any], keyring: Keyring, numbers: range) -> None:
    """Each person's phone opens to what it was, and is found by it."""
    found = {}
    for item in rows:
        context = sealing_context(item["tenant_id"], item["id"], "phone")
        phone = keyring.open(Sealed(item["phone_key"], item["phone_sealed"]), context)
        index = Indexed(item["phone_index_key"], item["phone_index"])
        assert index in keyring.indexes(phone, item["tenant_id"])
        found[item["id"]] = phone
    assert found == {id_of(number): phone_of(number) for number in numbers}


def keys_at(folder: Path) -> Keyring:
    """The keys of a data folder, made where there are none."""
    return Keyring(folder / "secrets" / "personal-keys.json")
