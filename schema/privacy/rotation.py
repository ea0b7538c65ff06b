"""Rotating the keys of personal data: all rows sealed, or indexed, anew in small transactions.

Rows say which key they have, so that a rotation goes on where it was killed, and servers go on
writing meanwhile: what they write has the new key. Who seals must hold a lock on the table `post`
or `person` beforehand, as `appoint` does: then the last look, under `LOCK`, misses nobody.
"""

import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from schema.keyring import CannotOpenError, Keyring, Sealed, sealing_context
from schema.loaders.held_post import PERSON
from schema.privacy.keys import KeyKind, rows_by_key
from schema.tables.tenant import TenantRow

TENANT: Any = TenantRow.__table__  # type: ignore[attr-defined]

# keeps a second rotation out; readers and writers take no notice
ADVISORY = 7_201_104_003
# waits for the transactions that write people, and keeps new ones out; in the order of `appoint`
LOCK = "LOCK TABLE post, person IN SHARE ROW EXCLUSIVE MODE"
BATCH = 500


class BusyError(RuntimeError):
    """Others are in the way for now; the text says who, and what to do."""


@dataclass(frozen=True)
class Done:
    """What one batch came to: rows with the new key, and rows that stay closed."""

    changed: int
    failed: int


@dataclass(frozen=True)
class _Place:
    """Where a batch begins."""

    tenant_id: int
    after: uuid.UUID


async def pending(connection: AsyncConnection, keyring: Keyring, kind: KeyKind) -> int:
    """How many rows have another key than the current one, of those in the file."""
    rows = await rows_by_key(connection, kind)
    current, known = kind.current(keyring), kind.known(keyring)
    return sum(number for key_id, number in rows.items() if key_id in known and key_id != current)


async def unused(connection: AsyncConnection, keyring: Keyring, kind: KeyKind) -> list[str]:
    """The keys in the file that are not current, and that no row has (any more)."""
    rows = await rows_by_key(connection, kind)
    return sorted(kind.known(keyring) - {kind.current(keyring)} - rows.keys())


async def renew(
    engine: AsyncEngine, keyring: Keyring, kind: KeyKind, size: int = BATCH
) -> AsyncIterator[Done]:
    """Give every row the current key, a batch a transaction; once over all rows.

    Errors: `KeyFileError`.
    """
    async with engine.connect() as connection:
        found = await connection.scalars(select(TENANT.c.tenant_id).order_by(TENANT.c.tenant_id))
        tenants = list(found)
    for tenant_id in tenants:
        place: _Place | None = _Place(tenant_id, uuid.UUID(int=0))
        while place is not None:
            async with engine.begin() as connection:
                done, place = await _batch(connection, keyring, kind, place, size)
            yield done


async def _batch(
    connection: AsyncConnection, keyring: Keyring, kind: KeyKind, place: _Place, size: int
) -> tuple[Done, _Place | None]:
    """Renew up to `size` rows; where the next batch begins."""
    own = PERSON.c.tenant_id == place.tenant_id
    known = kind.known(keyring) - {kind.current(keyring)}
    statement = (
        select(PERSON.c.id, PERSON.c.phone_sealed, PERSON.c.phone_key)
        .where(own, PERSON.c.id > place.after, kind.column.in_(sorted(known)))
        .order_by(PERSON.c.id)
        .limit(size)
        .with_for_update(key_share=True)
    )
    rows = (await connection.execute(statement)).all()
    made = [_renewed(keyring, kind, place.tenant_id, row) for row in rows]
    values = [item for item in made if item is not None]
    if values:
        # the other names in `values` are columns
        await connection.execute(update(PERSON).where(own, PERSON.c.id == bindparam("of")), values)
    done = Done(len(values), len(rows) - len(values))
    return done, _Place(place.tenant_id, rows[-1].id) if len(rows) == size else None


def _renewed(keyring: Keyring, kind: KeyKind, tenant_id: int, row: Any) -> dict[str, object] | None:
    """The columns of a row under the current key; None where its value cannot be opened."""
    context = sealing_context(tenant_id, row.id, "phone")
    try:
        phone = keyring.open(Sealed(row.phone_key, row.phone_sealed), context)
    except CannotOpenError:
        return None
    if kind is KeyKind.SEALING:
        sealed = keyring.seal(phone, context)
        return {"of": row.id, "phone_sealed": sealed.data, "phone_key": sealed.key_id}
    index = keyring.index(phone, tenant_id)
    return {"of": row.id, "phone_index": index.data, "phone_index_key": index.key_id}


async def hold_writers(connection: AsyncConnection, seconds: float) -> None:
    """Keep writers of people out until the transaction ends, after those that run have ended.

    Errors: SQLAlchemy's `DBAPIError` where one runs for longer than `seconds`.
    """
    await connection.execute(text(f"SET LOCAL lock_timeout = '{int(seconds * 1000)}ms'"))
    await connection.execute(text(LOCK))


async def mark(connection: AsyncConnection) -> str:
    """A moment in the database's history, for `older`; take it in a transaction of its own."""
    return str(await connection.scalar(text("SELECT pg_current_xact_id()::xid::text")))


async def older(connection: AsyncConnection, moment: str) -> int:
    """How many transactions may still see rows as they were before `moment`."""
    statement = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND pid <> pg_backend_pid() AND backend_type IS DISTINCT FROM 'autovacuum worker'"
        " AND age(backend_xmin) > age(CAST(CAST(:moment AS text) AS xid))"
    )
    return int(await connection.scalar(statement, {"moment": moment}) or 0)
