"""What one operation runs in: its context, the audit of what it showed, a newer registry."""

import datetime
from collections.abc import Awaitable, Callable
from types import TracebackType

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


class open_context:  # noqa: N801 - used like a function
    """A context of one operation, entered; its snapshots end with it.

    Errors: `CodedError` TOKEN_SCOPE where the token is bound to a person who is not there.
    """

    __slots__ = ("_caller", "_context", "_live", "_moment", "_services", "_snapshot")

    def __init__(
        self, live: Live, services: Services, now: Now, request: Request, caller: Caller
    ) -> None:
        self._live = live
        self._services = services
        self._caller = caller
        self._moment = now()
        self._snapshot = live.database.snapshot(caller.scope)
        self._context: Context | None = None

    async def __aenter__(self) -> Context:
        caller, live, services, snapshot = self._caller, self._live, self._services, self._snapshot
        today = self._moment.astimezone(CHINA).date()
        actor = caller.actor
        if actor.person is not None:
            try:
                actor = await bound(snapshot, caller.scope, actor, caller.registry, today)
            except BaseException as error:
                await snapshot.__aexit__(type(error), error, None)
                raise
        caller.facts.role = actor.role.value
        self._context = Context(
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
            self._moment,
            today,
            caller.language,
            actor,
            caller.idempotency,
        )
        return self._context

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._context is not None
        try:
            await self._context.proofs.__aexit__(kind, error, trace)
        finally:
            await self._snapshot.__aexit__(kind, error, trace)


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
