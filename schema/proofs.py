"""Proofs: what an operation without a token has shown the secret of, and where it reads that.

Rows of issues are no rows for everybody: the login that reads what is public has no right to
them. Who has shown a secret reads that one issue by the login of its city.
"""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import TracebackType

from schema.database import Database, Snapshot, SnapshotClosedError
from schema.scope import Login, Scope


class Proofs:
    """Of one operation, whose own snapshot is `public`; leave it when the operation ends.

    Each batch takes a connection of the city's login for as long as it reads, and sees the rows
    that `public` would see. To keep one would not do: operations that hold a connection of each
    login, taken in either order, could wait for each other for ever.
    """

    def __init__(self, database: Database, public: Snapshot) -> None:
        self._database = database
        self._public = public
        self._proven: dict[int, set[uuid.UUID]] = {}
        self._current: Snapshot | None = None
        self._lock = asyncio.Lock()
        self._closed = False
        self.statements = 0
        self.seconds = 0.0

    def prove(self, tenant_id: int, issue: uuid.UUID) -> None:
        """The secret of this issue was shown."""
        self._proven.setdefault(tenant_id, set()).add(issue)

    def proven(self, tenant_id: int) -> frozenset[uuid.UUID]:
        """The issues of a tenant whose secrets were shown."""
        return frozenset(self._proven.get(tenant_id, ()))

    @asynccontextmanager
    async def reading(self, tenant_id: int) -> AsyncIterator[tuple[Snapshot, Scope]]:
        """A snapshot of one city by its own login, and its scope, for one batch.

        Errors: `SnapshotClosedError` after the operation has ended; those of statements.
        """
        scope = Scope(frozenset({tenant_id}), Login.CITY)
        async with self._lock:
            like = await self._public.name()
            if self._closed:
                raise SnapshotClosedError
            async with self._database.snapshot(scope, like) as snapshot:
                self._current = snapshot
                try:
                    yield snapshot, scope
                finally:
                    self._current = None
                    self.statements += snapshot.statements
                    self.seconds += snapshot.seconds

    async def __aenter__(self) -> "Proofs":
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Cancel what still reads."""
        self._closed = True
        if self._current is not None:
            await self._current.__aexit__(kind, error, trace)
