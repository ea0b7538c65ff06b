"""A write: one transaction in one tenant, whose rules either carry through or leave nothing."""

import datetime
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from schema.access import Denied, Permission, permitted
from schema.actor import Actor
from schema.counting import Counting
from schema.events import Event, append
from schema.keyring import Keyring
from schema.refusals import Refused, forbidden
from schema.rollup import Source
from schema.scope import Login, Scope
from schema.sides import each_side, peer
from schema.writing import Writing
from tenants.definition import Definition

T = TypeVar("T")


@dataclass
class Work:
    """What an action works with; it never commits, and adds what it did to `events`.

    `beside` has the events of other tenants' logs, by tenant, where copies of theirs were written.
    `counting` is what the rollups have to add at the end.
    """

    connection: Writing
    actor: Actor
    definition: Definition
    now: datetime.datetime
    today: datetime.date
    keyring: Keyring
    events: list[Event] = field(default_factory=list)
    beside: dict[int, list[Event]] = field(default_factory=dict)
    counting: Counting = field(default_factory=Counting)

    @property
    def tenant_id(self) -> int:
        """The one tenant that the transaction may touch."""
        return self.definition.tenant_id

    async def count(self, source: Source, ids: Iterable[Any], tenant_id: int | None = None) -> None:
        """Have the change of source rows counted: call it once they are locked, before it.

        `tenant_id` is the tenant that the transaction is in, None for the work's own. One
        statement; none for rows that are counted already.
        """
        await self.counting.before(self.connection.fetch, tenant_id or self.tenant_id, source, ids)

    def count_new(self, source: Source, ids: Iterable[Any], tenant_id: int | None = None) -> None:
        """Have source rows counted that the transaction makes."""
        self.counting.made(tenant_id or self.tenant_id, source, ids)

    def denial(self, permission: Permission, path: str | None, *named: str) -> Refused | None:
        """Why the actor may not do this at the organization with this path (None = the tenant).

        `named` leads to the input's field that it is about; None where the actor may.
        """
        verdict = permitted(self.actor, permission, self.tenant_id, path)
        return forbidden(verdict, *named) if isinstance(verdict, Denied) else None


Action = Callable[[Work], Awaitable[T | Refused]]
Open = Callable[[Scope, set[int]], AbstractAsyncContextManager[Writing]]
"""Opens a transaction; the set grows by the other tenants that it writes in."""


class _UndoneError(Exception):
    """Ends the transaction without a trace, with what the action gave."""


async def perform(
    open_: Open,
    action: Action[T],
    actor: Actor,
    definition: Definition,
    now: datetime.datetime,
    today: datetime.date,
    keyring: Keyring,
    dry_run: bool = False,
) -> T | Refused:
    """Run an action in a transaction of its own; a refusal or a dry run changes nothing."""
    scope = Scope(frozenset({definition.tenant_id}), Login.CITY)
    outcome: T | Refused
    beside: set[int] = set()
    try:
        async with open_(scope, beside) as connection:
            work = Work(connection, actor, definition, now, today, keyring)
            outcome = await action(work)
            if dry_run or isinstance(outcome, Refused):
                raise _UndoneError
            await _tell(work)
            beside.update(work.beside)
    except _UndoneError:
        pass
    return outcome


async def _tell(work: Work) -> None:
    """Count, then write all events, as the last things: who has a log's counter commits next."""
    own = work.tenant_id
    logs = {own: work.events, **work.beside}
    told = {tenant_id for tenant_id, events in logs.items() if events}
    async for tenant_id in each_side(work.connection, own, told | work.counting.tenants):
        await work.counting.write(work.connection.fetch, tenant_id)
        if tenant_id in told:
            actor = work.actor if tenant_id == own else peer(work.actor, own)
            await append(work.connection.fetch, tenant_id, actor, logs[tenant_id], work.now)
