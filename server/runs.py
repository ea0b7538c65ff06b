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


class Contexts:
    """Opens the contexts of operations: `async with contexts(request, caller) as context`."""

    def __init__(self, live: Live, services: Services, now: Now) -> None:
        self.now = now
        self.resources = Resources(
            live.database,
            services.keyring,
            live.refreshed,
            services.speller,
            services.settings.suppression_threshold,
        )

    def __call__(self, request: Request, caller: Caller) -> "Opening":
        """A context of one operation; its snapshots end with it."""
        return Opening(self, caller)


class Opening:
    """A context that is entered once.

    Errors: `CodedError` TOKEN_SCOPE where the token is bound to a person who is not there.
    """

    __slots__ = ("_caller", "_context", "_contexts", "_snapshot")

    def __init__(self, contexts: Contexts, caller: Caller) -> None:
        self._contexts = contexts
        self._caller = caller

    async def __aenter__(self) -> Context:
        caller, contexts = self._caller, self._contexts
        moment = contexts.now()
        today = moment.astimezone(CHINA).date()
        snapshot = self._snapshot = contexts.resources.database.snapshot(caller.scope)
        await snapshot.__aenter__()
        try:
            actor = caller.actor
            if actor.person is not None:
                actor = await bound(snapshot, caller.scope, actor, caller.registry, today)
        except BaseException as error:
            await snapshot.__aexit__(type(error), error, error.__traceback__)
            raise
        if actor is not caller.actor:
            caller.facts.role = actor.role.value
        self._context = Context(
            contexts.resources,
            snapshot,
            caller.registry,
            caller.scope,
            moment,
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
