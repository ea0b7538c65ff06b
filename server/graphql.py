"""GraphQL over HTTP: one ASGI endpoint for queries and mutations."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any

from graphql import ExecutionResult, OperationType
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from schema.errors import CodedError, ErrorCode
from server.answers import Answers
from server.asked import Asked
from server.deadline import ClientLeftError, deadline
from server.documents import Document, DocumentFailure, Documents
from server.errors import ErrorFormat, Report, log_fault
from server.event_stream import one_event
from server.facts import RequestFacts, facts_of
from server.headers import headers_of
from server.operations import Operation, select_operation
from server.parameters import Parameters, read_parameters
from server.payloads import Payloads
from server.preferences import (
    EVENT_STREAM,
    GRAPHQL_RESPONSE,
    JSON,
    accepts_stream,
    language,
    media_type,
)

PAUSE = 10
"""A refused document is answered after so many times as long as it took to refuse.

Whoever sends one after another leaves the processor to the others most of the time.
"""

MAX_PAUSE = 0.5
"""Seconds of that at most."""

_KINDS = {kind: kind.value for kind in OperationType}

Execute = Callable[[Operation, Any], Awaitable[ExecutionResult]]
OpenContext = Callable[[Request, Any], AbstractAsyncContextManager[Any]]
Stream = Callable[[Asked, Answers, Payloads], Awaitable[Response]]
"""Answers a subscription over HTTP."""


class Gate:
    """Who may run what, and how much of it; this one lets everything through.

    Every method refuses by a `CodedError`.
    """

    async def admit(self, request: Request, facts: RequestFacts) -> Any:
        """Who asks; given to the other methods and to `open_context`."""
        return None

    def text(self, parameters: Parameters) -> str:
        """The document's text, which the request may only name."""
        if parameters.query is None:
            raise CodedError(
                ErrorCode.PERSISTED_QUERY_NOT_FOUND,
                "PersistedQueryNotFound",
                "PersistedQueryNotFound",
            )
        return parameters.query

    def valid(self, parameters: Parameters) -> None:
        """The document has proved valid."""

    def keyed(self, caller: Any, request: Request, text: str, operation: Operation) -> Any:
        """The caller of a mutation, with the key under which it may be sent again."""
        return caller

    async def charge(
        self, caller: Any, document: Document, operation: Operation
    ) -> Mapping[str, str]:
        """Take the cost of an operation off what its sender may spend; headers that say so."""
        return {}

    async def spend(self, caller: Any, operation: Operation, cost: int) -> Mapping[str, str]:
        """Take so much more for an operation that runs; headers that say so."""
        return {}

    def owner(self, caller: Any) -> str:
        """Whose subscriptions are counted together."""
        return ""

    def cached(self, parameters: Parameters, request: Request) -> Mapping[str, str]:
        """Headers that let caches keep a good answer; none, unless it is everybody's."""
        return {}


class GraphQLEndpoint:
    """Answers GET (queries) and POST (queries and mutations) by the GraphQL-over-HTTP draft.

    With `stream` it answers subscriptions too, to clients who accept text/event-stream; who
    accepts nothing else gets any answer as such a stream, of one result.

    `execute(operation, context)` gives the result; `open_context(request, caller)` is entered
    once an operation, after its document is known to be valid, and left after its execution. A
    context with `statements`, a number of SQL statements, is told to the client in Server-Timing.
    `gate` says who asks, which text a request names, and what it costs. An operation ends after
    `timeout` seconds, a query also when its client leaves.

    A CodedError from any of them is the answer, with the status of its code; any other exception
    is a masked 500 and goes to `report`. `clock` gives seconds. Route it without `methods`, so
    that its own 405 is sent: `Route("/graphql", endpoint)`.
    """

    def __init__(
        self,
        documents: Documents,
        execute: Execute,
        open_context: OpenContext,
        *,
        gate: Gate | None = None,
        timeout: float = 10.0,
        stream: Stream | None = None,
        report: Report = log_fault,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._stream = stream
        self._documents = documents
        self._execute = execute
        self._open_context = open_context
        self._gate = gate or Gate()
        self._timeout = timeout
        self._report = report
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request; nothing is sent to a client that left."""
        facts = facts_of(scope)
        try:
            response = await self._respond(Request(scope, receive), facts)
        except (ClientDisconnect, ClientLeftError):
            return
        await response(scope, receive, send)

    async def _respond(self, request: Request, facts: RequestFacts) -> Response:
        headers = headers_of(request.scope)
        accept = headers.get("accept", "")
        accepted = media_type(accept)
        streams = accepted is None and self._stream is not None and accepts_stream(accept)
        errors = ErrorFormat(language(headers.get("accept-language", "")), self._report)
        answers = Answers(accepted or JSON, errors, facts)
        try:
            _check_method(request.scope["method"])
            _check_accept(accepted or streams, request)
            response = await self._answer(request, answers, errors, facts)
        except (ClientDisconnect, ClientLeftError):
            raise
        except CodedError as refusal:
            response = answers.refusal(refusal)
        except Exception as fault:
            response = answers.fault(fault)
        return one_event(response) if streams and response.status_code == 200 else response

    async def _answer(
        self, request: Request, answers: Answers, errors: ErrorFormat, facts: RequestFacts
    ) -> Response:
        started = self._clock()
        caller = await self.admit(request, facts)
        parameters = await read_parameters(request)
        asked = await self.prepare(request, caller, parameters, facts, self._check_kind)
        if isinstance(asked, DocumentFailure):
            return answers.failure(asked)
        answers.headers.update(asked.headers)
        if self._stream is not None and asked.kind is OperationType.SUBSCRIPTION:
            return await self._stream(asked, answers, Payloads(errors, facts))
        leaving = request.receive if asked.kind is OperationType.QUERY else None
        result, context = await self.run(asked, leaving)
        if not result.errors:
            answers.headers.update(self._gate.cached(parameters, request))
        answers.headers.update(_timing(context, self._clock() - started))
        return answers.result(result)

    def admit(self, request: Request, facts: RequestFacts) -> Coroutine[Any, Any, Any]:
        """Who asks.

        Errors: `CodedError`.
        """
        return self._gate.admit(request, facts)

    async def prepare(
        self,
        request: Request,
        caller: Any,
        parameters: Parameters,
        facts: RequestFacts,
        check: Callable[[OperationType, Request], None],
    ) -> Asked | DocumentFailure:
        """The operation that is asked for, paid for; or why its text is none, after a while.

        `check` refuses kinds that cannot come this way.
        Errors: `CodedError`.
        """
        text = self._gate.text(parameters)
        known = self._documents.find(text)
        facts.cache = "miss" if known is None else "hit"
        document = self._documents.get(text) if known is None else known
        if isinstance(document, DocumentFailure):
            await asyncio.sleep(min(document.seconds * PAUSE, MAX_PAUSE))
            return document
        self._gate.valid(parameters)
        operation = select_operation(document, parameters)
        kind = operation.definition.operation
        facts.operation_name, facts.operation_kind = operation.operation_name, _KINDS[kind]
        check(kind, request)
        if kind is OperationType.MUTATION:
            caller = self._gate.keyed(caller, request, text, operation)
        headers = await self._gate.charge(caller, document, operation)
        return Asked(request, caller, document, operation, facts, headers)

    async def run(
        self, asked: Asked, leaving: Receive | None = None
    ) -> tuple[ExecutionResult, Any]:
        """The result of a query or mutation, with the context that it ran in.

        `leaving` is where its client says that it leaves, which ends it.
        Errors: `CodedError`, `ClientLeftError`.
        """
        facts = asked.facts
        async with (
            deadline(self._timeout, leaving),
            self._open_context(asked.request, asked.caller) as context,
        ):
            try:
                return await self._execute(asked.operation, context), context
            finally:
                facts.statements = getattr(context, "statements", 0)
                facts.sql_seconds = getattr(context, "sql_seconds", 0.0)
        swallowed = "the context swallowed an exception of the execution"
        raise RuntimeError(swallowed)

    def _check_kind(self, kind: OperationType, request: Request) -> None:
        if self._stream is not None and kind is OperationType.SUBSCRIPTION:
            _check_stream(request)
        else:
            _check_kind(kind, request.method)


def _header(request: Request, name: str) -> str:
    return headers_of(request.scope).get(name, "")


def _timing(context: object, seconds: float) -> dict[str, str]:
    statements = getattr(context, "statements", None)
    if statements is None:
        return {}
    return {"server-timing": f'sql;desc="{statements} statements", total;dur={seconds * 1000:.1f}'}


def _check_method(method: str) -> None:
    if method not in ("GET", "POST"):
        raise CodedError(
            ErrorCode.METHOD_NOT_ALLOWED,
            f"本地址不支持 {method} 方法；应为 GET（仅查询）或 POST。",
            f"The method {method} is not allowed here; expected GET (queries only) or POST.",
            method=method,
            allowed=["GET", "POST"],
        )


def _check_accept(accepted: str | bool | None, request: Request) -> None:
    if not accepted:
        given = _header(request, "accept")
        raise CodedError(
            ErrorCode.NOT_ACCEPTABLE,
            f"请求头 Accept 为 {given}；应含 {GRAPHQL_RESPONSE} 或 {JSON}。",
            f"The header Accept is {given}; expected {GRAPHQL_RESPONSE} or {JSON} in it.",
            given=given,
            expected=[GRAPHQL_RESPONSE, JSON],
        )


def _check_stream(request: Request) -> None:
    given = _header(request, "accept")
    if not accepts_stream(given):
        raise CodedError(
            ErrorCode.NOT_ACCEPTABLE,
            f"订阅以事件流答复,而请求头 Accept 为 {given or '空'};应含 {EVENT_STREAM},或改用 "
            "graphql-transport-ws 套接字。",
            f"A subscription is answered by a stream of events, but the header Accept is "
            f"{given or 'empty'}; expected {EVENT_STREAM} in it, or a graphql-transport-ws socket.",
            given=given,
            expected=[EVENT_STREAM],
        )


def _check_kind(kind: OperationType, method: str) -> None:
    if kind is OperationType.SUBSCRIPTION:
        raise CodedError(
            ErrorCode.BAD_REQUEST,
            "本地址不支持 subscription 操作；应为 query 或 mutation。",
            "Operations of the kind subscription are not run here; expected query or mutation.",
            given="subscription",
            expected=["query", "mutation"],
        )
    if kind is OperationType.MUTATION and method == "GET":
        raise CodedError(
            ErrorCode.METHOD_NOT_ALLOWED,
            "GET 请求只能执行查询，不能执行 mutation；请改用 POST。",
            "A GET request can run queries only, not a mutation; use POST.",
            method="GET",
            allowed=["POST"],
        )
