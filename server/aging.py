"""What the day does to agreements: in force from their first day, over after their last one."""

import datetime
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog

from schema.actor import Actor
from schema.agreements.life import Age, Lived
from schema.database import Database
from schema.errors import CodedError, ErrorCode
from schema.keyring import Keyring
from schema.loaders.agreement_due import Turn, due_agreements
from schema.refusals import Refused
from schema.scalars import CHINA
from schema.scope import Login, Scope
from schema.work import perform
from tenants.definition import Definition

log = structlog.get_logger("onegrid")


@dataclass
class Aging:
    """How often each thing was done to agreements of a city, and how many could not be done."""

    counts: Counter[Lived] = field(default_factory=Counter)
    failures: int = 0


async def age(
    database: Database,
    definition: Definition,
    keyring: Keyring,
    actor: Actor,
    now: datetime.datetime,
    due: Sequence[Turn],
    size: int,
) -> Aging:
    """Let the due agreements of a city have their day, and all after them; a transaction each.

    `due` are the first `size`, as `due_agreements` gives them. One that fails is left as it is.
    Errors: `CodedError` UNAVAILABLE where the database is away.
    """
    done = Aging()
    scope = Scope(frozenset({definition.tenant_id}), Login.CITY)
    today = now.astimezone(CHINA).date()
    while due:
        for turn in due:
            await _one(database, definition, keyring, actor, now, turn.id, done)
        if len(due) < size:
            break
        async with database.snapshot(scope) as snapshot:
            due = await due_agreements(snapshot, scope, definition.tenant_id, today, due[-1], size)
    return done


async def _one(
    database: Database,
    definition: Definition,
    keyring: Keyring,
    actor: Actor,
    now: datetime.datetime,
    agreement: uuid.UUID,
    done: Aging,
) -> None:
    today = now.astimezone(CHINA).date()
    action = Age(agreement)
    try:
        aged = await perform(database.unit_of_work, action, actor, definition, now, today, keyring)
    except Exception as error:  # one agreement must not hold up the others
        if isinstance(error, CodedError) and error.code is ErrorCode.UNAVAILABLE:
            raise
        done.failures += 1
        log.error(
            "an agreement could not be swept",
            city=definition.tenant.code,
            agreement=str(agreement),
            error=type(error).__name__,
            reason=str(error),
        )
    else:
        if not isinstance(aged, Refused):
            done.counts.update(aged.did)
