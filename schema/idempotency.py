"""Mutations that may be sent again: done once, and answered again from what was done."""

import datetime
import typing
from dataclasses import dataclass
from functools import cache, reduce
from operator import or_
from types import FunctionType, UnionType
from typing import Any, TypeVar, Union

import orjson
from pydantic import TypeAdapter
from sqlalchemy import bindparam, delete, func, select, update
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from schema.errors import CodedError, ErrorCode
from schema.loaders.statement import Statement, render
from schema.refusals import Refused
from schema.tables.idempotency import IdempotencyRow
from schema.work import Action, Work

T = TypeVar("T")

# two processes that delete the same rows in different orders would wait for each other
LOCK = 7_201_104_007

TABLE: Any = IdempotencyRow.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True)
class IdempotencyKey:
    """A key that a request came with, as two hashes of 32 bytes.

    `holder` is of the key and who sent it, `request` of the key and what was asked: without the
    key, which is not kept, neither tells anything.
    """

    holder: bytes
    request: bytes


@dataclass(frozen=True)
class Attempt:
    """The mutation under a key whose field has this response name."""

    key: IdempotencyKey
    field: str


class KeyReusedError(CodedError):
    """A key under which the same sender has asked for something else; nothing was done now."""

    def __init__(self) -> None:
        super().__init__(
            ErrorCode.IDEMPOTENCY_KEY_REUSED,
            "请求头 Idempotency-Key 已用于另一个请求;重试应原样发送,新的操作请换一个新的键。",
            "The Idempotency-Key was given to another request before; send that one again as it "
            "was, or give this one a key of its own.",
            header="Idempotency-Key",
        )


def once(action: Action[T], attempt: Attempt) -> Action[T]:
    """The same action, carried out the first time only; later the outcome of then.

    Whoever comes with the same key meanwhile waits for the end of the first transaction. Where
    that leaves nothing (a refusal, a fault) the next one carries the action out. The outcome is
    written in the action's own transaction, so both are there or neither is.
    Errors: `KeyReusedError`; those of the action.
    """

    async def run(work: Work) -> T | Refused:
        outcomes: TypeAdapter[T] = outcomes_of(action)
        done = await _claim(work, attempt.key)
        if attempt.field in done:
            return outcomes.validate_python(done[attempt.field])
        outcome = await action(work)
        if not isinstance(outcome, Refused):
            await _keep(work, attempt, outcomes.dump_python(outcome, mode="json"))
        return outcome

    return run


def outcomes_of(action: Action[Any]) -> TypeAdapter[Any]:
    """How the outcomes of an action are written down and read again, by the type that it returns.

    What was written by an older version is read for some days: give new fields a default.
    Errors: `TypeError` where the type is not declared.
    """
    return _adapter(action if isinstance(action, FunctionType) else type(action).__call__)


@cache
def _adapter(function: Any) -> TypeAdapter[Any]:
    returned = typing.get_type_hints(function).get("return")
    union = typing.get_origin(returned) in (Union, UnionType)
    kinds = [
        kind
        for kind in (typing.get_args(returned) if union else (returned,))
        if kind is not Refused
    ]
    if not kinds or any(kind in (Any, object, None) for kind in kinds):
        raise TypeError(f"{function.__qualname__} does not say which outcome it returns")
    return TypeAdapter(reduce(or_, kinds))


async def forget(connection: AsyncConnection, before: datetime.datetime) -> int:
    """Forget what was done under keys before a moment, in all tenants; how many requests.

    For the owner of the table: the application's logins cannot delete. 0 where another
    process does so now.
    """
    lock = select(func.pg_try_advisory_xact_lock(LOCK))
    if not await connection.scalar(lock):
        return 0
    found = await connection.execute(delete(TABLE).where(TABLE.c.at < before))
    return int(found.rowcount)


def _claiming() -> Statement:
    """One statement that waits for whoever has the row, then locks it: as it was, or new."""
    new = {name: bindparam(f"new_{name}", type_=column.type) for name, column in TABLE.c.items()}
    statement = (
        insert(TABLE)
        .values(new)
        .on_conflict_do_update(
            index_elements=["tenant_id", "key_hash"],
            set_={"outcomes": TABLE.c.outcomes},
        )
    )
    return render(statement.returning(TABLE.c.request_hash, TABLE.c.outcomes))


_CLAIM = _claiming()
_KEEP = render(
    update(TABLE)
    .where(TABLE.c.tenant_id == bindparam("of_tenant"), TABLE.c.key_hash == bindparam("of_key"))
    .values(outcomes=TABLE.c.outcomes.concat(bindparam("outcome", type_=JSONB)))
)


async def _claim(work: Work, key: IdempotencyKey) -> dict[str, Any]:
    """What was done under the key; until the transaction ends nobody else looks."""
    row = {
        "tenant_id": work.tenant_id,
        "key_hash": key.holder,
        "request_hash": key.request,
        "outcomes": "{}",
        "at": work.now,
    }
    given = _CLAIM.values({f"new_{name}": value for name, value in row.items()})
    ((request, outcomes),) = await work.connection.fetch(_CLAIM.sql, given)
    if request != key.request:
        raise KeyReusedError
    done: dict[str, Any] = outcomes
    return done


async def _keep(work: Work, attempt: Attempt, outcome: Any) -> None:
    given = {
        "of_tenant": work.tenant_id,
        "of_key": attempt.key.holder,
        "outcome": orjson.dumps({attempt.field: outcome}).decode(),
    }
    await work.connection.fetch(_KEEP.sql, _KEEP.values(given))
