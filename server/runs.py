"""What one operation runs in: its context, the audit of what it showed, a newer registry."""

import datetime
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from graphql import ExecutionResult, OperationType
from starlette.requests import Request

from schema.audit import write_audit
from schema.binding import bound
from schema.context import Context, Resources, StaleRegistryError
from schema.errors import CodedError
from schema.idempotency import KeyReusedError
from schema.scalars import CHINA
from server.gate import Caller
from server.live import Live
from server.operations import Operation
from server.services import Services

Now = Callable[[], datetime.datetime]
Execute = Callable[[Operation, Context], Awaitable[ExecutionResult]]


@asynccontextmanager
async def open_context(
    live: Live, services: Services, now: Now, request: Request, caller: Caller
) -> AsyncIterator[Context]:
    """A context of one operation; its snapshots end with it.

    Errors: `CodedError` TOKEN_SCOPE where the token is bound to a person who is not there.
    """
    moment = now()
    today = moment.astimezone(CHINA).date()
    async with live.database.snapshot(caller.scope) as snapshot:
        actor = await bound(snapshot, caller.scope, caller.actor, caller.registry, today)
        caller.facts.role = actor.role.value
        context = Context(
            Resources(
                live.database,
                services.keyring,
                live.refreshed,
                services.speller,
                services.settings.suppression_threshold,
            ),
            snapshot,
            caller.registry,
            caller.scope,
            moment,
            today,
            caller.language,
            actor,
            caller.idempotency,
        )
        async with context.proofs:
            yield context


async def execute_current(
    live: Live, execute: Execute, operation: Operation, context: Context
) -> ExecutionResult:
    """Run an operation; a query whose rows were newer than the registry once more with a new one.

    What it showed of people is in the audit before its answer leaves.
    So is a subscription's event.
    Errors: `KeyReusedError`, where the first field that would have written found so.
    """
    result = await execute(operation, context)
    if operation.definition.operation is not OperationType.MUTATION and _is_stale(result):
        await context.begin_anew(await live.refreshed())
        result = await execute(operation, context)
    await write_audit(context)
    if (reused := _cause(result, KeyReusedError)) is not None:
        raise reused
    return result


def _is_stale(result: ExecutionResult) -> bool:
    return _cause(result, StaleRegistryError) is not None


def _cause(result: ExecutionResult, kind: type[CodedError]) -> CodedError | None:
    """The first error of a kind that a field of the result raised."""
    causes = (error.original_error for error in result.errors or ())
    return next((cause for cause in causes if isinstance(cause, kind)), None)
