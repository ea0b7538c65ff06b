"""A write: one transaction in one tenant, whose rules either carry through or leave nothing."""

import datetime
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from schema.actor import Actor
from schema.events import Event, append
from schema.keyring import Keyring
from schema.refusals import Refused
from schema.scope import Login, Scope
from tenants.definition import Definition

T = TypeVar("T")


@dataclass
class Work:
    """What an action works with; it never commits, and adds what it did to `events`."""

    connection: AsyncConnection
    actor: Actor
    definition: Definition
    now: datetime.datetime
    today: datetime.date
    keyring: Keyring
    events: list[Event] = field(default_factory=list)

    @property
    def tenant_id(self) -> int:
        """The one tenant that the transaction may touch."""
        return self.definition.tenant_id


Action = Callable[[Work], Awaitable[T | Refused]]
Open = Callable[[Scope], AbstractAsyncContextManager[AsyncConnection]]


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
    try:
        async with open_(scope) as connection:
            work = Work(connection, actor, definition, now, today, keyring)
            outcome = await action(work)
            if dry_run or isinstance(outcome, Refused):
                raise _UndoneError
            if work.events:
                await append(connection, work.tenant_id, actor, work.events, now)
    except _UndoneError:
        pass
    return outcome
