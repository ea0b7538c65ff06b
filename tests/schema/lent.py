"""A connection of one login's pool, by itself: what tests look at when nobody reads."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from schema.database import Database
from schema.scope import Login


@asynccontextmanager
async def lent(database: Database, login: Login) -> AsyncIterator[Any]:
    """A connection for one use, out of the transaction that it may have been kept warm in."""
    leases, lease = await database.lease(login)
    try:
        if lease.is_in_transaction:
            await lease.connection.execute("COMMIT")
            lease.is_in_transaction = False
        yield lease.connection
    finally:
        leases.give_back(lease)
