"""WebSockets: queries, mutations and subscriptions by the protocol graphql-transport-ws.

The handler of strawberry was looked at and not taken: it makes one context for a connection where
every operation and every event needs its own, drops `extensions` (documents by id), knows no gate
before an operation, and cancels mutations with their client.
"""

import asyncio
import os
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import aclosing
from typing import Any
from urllib.parse import quote, urlsplit

import orjson
import structlog
from graphql import ExecutionResult, OperationType
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketDisconnected
from structlog.contextvars import bind_contextvars, reset_contextvars

from schema.errors import CodedError, ErrorCode
from server.answers import Answers
from server.asked import Asked, request_like
from server.deadline import ClientLeftError
from server.documents import DocumentFailure
from server.door import told
from server.errors import ErrorFormat, Report, log_fault
from server.facts import RequestFacts
from server.graphql import GraphQLEndpoint
from server.parameters import parameters_of
from server.payloads import Payloads, never_ran
from server.preferences import JSON, language
from server.subscriptions import Subscriptions

PROTOCOL = "graphql-transport-ws"

BAD_MESSAGE = 4400
UNAUTHORIZED = 4401
FORBIDDEN = 4403
BAD_PROTOCOL = 4406
INIT_TIMEOUT = 4408
ID_TAKEN = 4409
INIT_TWICE = 4429
RESTART = 1012
TRY_AGAIN = 1013

CODES = (
    *(RESTART, TRY_AGAIN, BAD_MESSAGE, UNAUTHORIZED, FORBIDDEN),
    *(BAD_PROTOCOL, INIT_TIMEOUT, ID_TAKEN, INIT_TWICE),
)
"""The codes with which sockets are closed here."""

INIT_SECONDS = 10.0
"""How long a client may take for its `connection_init`."""

MAX_OPERATIONS = 50
"""How many operations may run on one socket at once, subscriptions with them."""

HEADERS = ("authorization", "x-purpose", "accept-language")
"""What `connection_init` may say in place of headers, which a browser cannot set."""

_TOKENS = {ErrorCode.TOKEN_INVALID, ErrorCode.TOKEN_EXPIRED, ErrorCode.TOKEN_SCOPE}
_LEFT = (WebSocketDisconnect, WebSocketDisconnected)

log = structlog.get_logger("onegrid")

Observe = Callable[[RequestFacts, float], None]
"""Takes the facts of an operation that has ended and the seconds that it took."""


class SocketEndpoint:
    """Serves sockets; route it as `WebSocketRoute("/graphql", endpoint)`.

    `endpoint` prepares and runs operations as it does those of requests. Pages may connect of this
    host and of `origins`, which are exact or `*`. `clock` gives seconds.
    """

    def __init__(
        self,
        endpoint: GraphQLEndpoint,
        subscriptions: Subscriptions,
        *,
        origins: Iterable[str] = (),
        observe: Observe | None = None,
        init_seconds: float = INIT_SECONDS,
        report: Report = log_fault,
        clock: Callable[[], float] = time.perf_counter,
        new_id: Callable[[], str] = lambda: os.urandom(16).hex(),
    ) -> None:
        self.endpoint = endpoint
        self.subscriptions = subscriptions
        self.observe = observe
        self.init_seconds = init_seconds
        self.report = report
        self.clock = clock
        self._origins = frozenset(origins)
        self._new_id = new_id
        self.open = 0
        """How many sockets are open."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one socket until it is closed."""
        request_id = self._new_id()
        bound = bind_contextvars(request_id=request_id)
        try:
            websocket = WebSocket(scope, receive, send)
            if not self._is_welcome(websocket):
                await websocket.send_denial_response(self._denial())
            elif PROTOCOL not in scope["subprotocols"]:
                await websocket.accept()
                await websocket.close(BAD_PROTOCOL, "Subprotocol not acceptable")
            else:
                await self._serve(websocket, request_id)
        except _LEFT:
            pass
        finally:
            reset_contextvars(**bound)

    async def _serve(self, websocket: WebSocket, request_id: str) -> None:
        await websocket.accept(PROTOCOL, [(b"x-request-id", request_id.encode())])
        connection = _Connection(self, websocket, request_id)
        started = self.clock()
        self.open += 1
        try:
            await connection.run()
        finally:
            self.open -= 1
            ms = round((self.clock() - started) * 1000, 1)
            log.info("socket", ms=ms, operations=connection.operations, code=connection.code)

    def _is_welcome(self, websocket: WebSocket) -> bool:
        """Whether the page that connects may: a browser sends its cookies and network position."""
        host = websocket.headers.get("host", "").lower()
        return all(
            "*" in self._origins or origin in self._origins or _host(origin) == host
            for origin in websocket.headers.getlist("origin")
        )

    def _denial(self) -> Response:
        refusal = CodedError(
            ErrorCode.FORBIDDEN,
            "此网页来源(Origin)不得连接;请将其加入 ONEGRID_CORS_ORIGINS。",
            "Pages of this origin may not connect; add it to ONEGRID_CORS_ORIGINS.",
        )
        response = Answers(JSON, ErrorFormat("zh", self.report)).refusal(refusal)
        response.status_code = 403
        return response


def _host(origin: str) -> str | None:
    """The host of an origin, with its port where it is not the scheme's."""
    try:
        return urlsplit(origin).netloc.lower() or None
    except ValueError:
        return None


class _CloseError(Exception):
    """Ends the connection with a code."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class _Connection:
    """One socket with what runs on it."""

    def __init__(self, server: SocketEndpoint, websocket: WebSocket, request_id: str) -> None:
        self._server = server
        self._websocket = websocket
        self._request_id = request_id
        self._request: Request | None = None
        self._acknowledged = False
        self._running: dict[str, asyncio.Task[None]] = {}
        self._tasks: dict[asyncio.Task[None], OperationType] = {}
        self.operations = 0
        self.code: int | None = None

    async def run(self) -> None:
        """Serve until somebody closes."""
        try:
            await self._read()
        except _CloseError as closing:
            await self._close(closing.code, closing.reason)
        except TimeoutError:
            await self._close(INIT_TIMEOUT, "Connection initialisation timeout")
        finally:
            await self._end(lambda kind: kind is not OperationType.MUTATION)
        if self.code == RESTART:
            await self._close(RESTART, "service restart")

    async def _read(self) -> None:
        limit = asyncio.get_running_loop().time() + self._server.init_seconds
        while True:
            async with asyncio.timeout_at(None if self._acknowledged else limit):
                message = await self._websocket.receive()
                if message["type"] == "websocket.disconnect":
                    self.code = self.code or message.get("code")
                    if self.code == RESTART:
                        await self._end(lambda kind: kind is OperationType.SUBSCRIPTION)
                    return
                await self._take(_object(message.get("text")))

    async def _take(self, message: Mapping[str, Any]) -> None:
        match message.get("type"):
            case "connection_init":
                await self._begin(message.get("payload"))
            case "ping":
                payload = {"payload": message["payload"]} if "payload" in message else {}
                await self._send({"type": "pong", **payload})
            case "pong":
                pass
            case "subscribe":
                await self._subscribe(message.get("id"), message.get("payload"))
            case "complete":
                self._complete(message.get("id"))
            case _:
                raise _CloseError(BAD_MESSAGE, "Unknown message type")

    async def _begin(self, payload: object) -> None:
        if self._request is not None:
            raise _CloseError(INIT_TWICE, "Too many initialisation requests")
        self._request = request_like(self._websocket.scope, _headers(payload))
        try:
            await self._server.endpoint.admit(self._request, self._facts())
        except CodedError as refusal:
            raise _closing(refusal) from refusal
        self._acknowledged = True
        await self._send({"type": "connection_ack"})

    async def _subscribe(self, id_: object, payload: object) -> None:
        if not self._acknowledged or self._request is None:
            raise _CloseError(UNAUTHORIZED, "Unauthorized")
        if not isinstance(id_, str) or not id_ or not isinstance(payload, dict):
            raise _CloseError(BAD_MESSAGE, "Invalid subscribe message")
        if id_ in self._running:
            raise _CloseError(ID_TAKEN, f"Subscriber for {id_[:40]} already exists")
        self.operations += 1
        facts, started = self._facts(), self._server.clock()
        spoken = language(", ".join(self._request.headers.getlist("accept-language")))
        payloads = Payloads(ErrorFormat(spoken, self._server.report), facts)
        try:
            asked = await self._prepare(self._request, payload, facts)
        except Exception as error:
            await self._refuse(id_, error, payloads)
            self._ended(facts, started)
            return
        if isinstance(asked, DocumentFailure):
            await self._send_errors(id_, payloads.failure(asked))
            self._ended(facts, started)
            return
        task = asyncio.create_task(self._operate(id_, asked, payloads, started))
        self._running[id_], self._tasks[task] = task, asked.kind
        task.add_done_callback(self._tasks.pop)

    async def _prepare(
        self, request: Request, payload: dict[str, Any], facts: RequestFacts
    ) -> Asked | DocumentFailure:
        if len(self._tasks) >= MAX_OPERATIONS:
            raise _too_many()
        endpoint = self._server.endpoint
        caller = await endpoint.admit(request, facts)
        parameters = parameters_of(payload)
        return await endpoint.prepare(request, caller, parameters, facts, _any_kind)

    async def _operate(self, id_: str, asked: Asked, payloads: Payloads, started: float) -> None:
        """Run an operation, and send what it gives."""
        try:
            if asked.kind is OperationType.SUBSCRIPTION:
                await self._stream(id_, asked, payloads)
            else:
                result, _ = await self._server.endpoint.run(asked)
                await self._send_last(id_, result, payloads)
        except (*_LEFT, ClientLeftError):
            pass
        except Exception as error:
            await self._refuse(id_, error, payloads)
        finally:
            if self._running.get(id_) is asyncio.current_task():
                del self._running[id_]
            self._ended(asked.facts, started)

    async def _stream(self, id_: str, asked: Asked, payloads: Payloads) -> None:
        begun = await self._server.subscriptions.begin(asked)
        if isinstance(begun, ExecutionResult):
            await self._send_errors(id_, payloads.errors_of(begun))
            return
        try:
            async with aclosing(begun.results()) as results:
                async for _, result in results:
                    payload = payloads.result(result)
                    await self._send({"id": id_, "type": "next", "payload": payload})
        finally:
            begun.close()

    async def _send_last(self, id_: str, result: ExecutionResult, payloads: Payloads) -> None:
        """Send the one result of an operation that its client still waits for."""
        if not self._is_awaited(id_):
            return
        if never_ran(result):
            await self._send_errors(id_, payloads.errors_of(result))
            return
        await self._send({"id": id_, "type": "next", "payload": payloads.result(result)})
        if self._is_awaited(id_):
            del self._running[id_]  # before the client is told: it may use the id again
            await self._send({"id": id_, "type": "complete"})

    async def _refuse(self, id_: str, error: Exception, payloads: Payloads) -> None:
        """Say why an operation is not run (any more); without a good token nothing more is."""
        try:
            if isinstance(error, CodedError) and error.code in _TOKENS:
                closing = _closing(error)
                await self._close(closing.code, closing.reason)
            else:
                await self._send_errors(id_, payloads.error(error))
        except _LEFT:
            pass

    async def _send_errors(self, id_: str, errors: list[Any]) -> None:
        if self._is_awaited(id_):
            del self._running[id_]
        await self._send({"id": id_, "type": "error", "payload": errors})

    def _is_awaited(self, id_: str) -> bool:
        return self._running.get(id_) is asyncio.current_task()

    def _complete(self, id_: object) -> None:
        """The client wants no more of an operation; a mutation is finished all the same."""
        task = self._running.pop(id_, None) if isinstance(id_, str) else None
        if task is not None and self._tasks.get(task) is not OperationType.MUTATION:
            task.cancel()

    async def _end(self, is_cancelled: Callable[[OperationType], bool]) -> None:
        """Wait for all that runs, after cancelling some of it."""
        tasks = dict(self._tasks)
        for task, kind in tasks.items():
            if is_cancelled(kind):
                task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def _send(self, message: Mapping[str, Any]) -> None:
        await self._websocket.send_text(orjson.dumps(message).decode())

    async def _close(self, code: int, reason: str) -> None:
        if self.code is None or self.code == code:
            self.code = code
            await self._websocket.close(code, reason)

    def _facts(self) -> RequestFacts:
        return RequestFacts("WEBSOCKET", self._websocket.url.path, self._request_id)

    def _ended(self, facts: RequestFacts, started: float) -> None:
        seconds = self._server.clock() - started
        if self._server.observe is not None:
            self._server.observe(facts, seconds)
        log.info("operation", path=facts.path, ms=round(seconds * 1000, 1), **told(facts))


def _any_kind(kind: OperationType, request: Request) -> None:
    """Whatever it is, it may run."""


def _object(text: object) -> Mapping[str, Any]:
    """The message in a frame."""
    if not isinstance(text, str):
        raise _CloseError(BAD_MESSAGE, "Invalid message: expected text")
    try:
        message = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise _CloseError(BAD_MESSAGE, "Invalid message: expected JSON") from None
    if not isinstance(message, dict):
        raise _CloseError(BAD_MESSAGE, "Invalid message: expected an object")
    return message


def _headers(payload: object) -> dict[str, str | None]:
    """What the payload of `connection_init` says in place of headers."""
    if payload is None:
        return {}
    if not isinstance(payload, dict):
        raise _CloseError(BAD_MESSAGE, "Invalid connection_init payload")
    found: dict[str, str | None] = {}
    for name, value in payload.items():
        if name.lower() not in HEADERS:
            continue
        if not isinstance(value, str):
            raise _CloseError(BAD_MESSAGE, f"Invalid connection_init payload: {name}")
        found[name.lower()] = value if value.isascii() else quote(value)
    return found


def _closing(refusal: CodedError) -> _CloseError:
    code = TRY_AGAIN if refusal.code is ErrorCode.UNAVAILABLE else FORBIDDEN
    if refusal.code is ErrorCode.BAD_REQUEST:
        code = BAD_MESSAGE
    return _CloseError(code, refusal.code)


def _too_many() -> CodedError:
    return CodedError(
        ErrorCode.OPERATIONS_EXCEEDED,
        f"此套接字上已有 {MAX_OPERATIONS} 个操作在运行,不能再多;请待其完成。",
        f"{MAX_OPERATIONS} operations run on this socket, and no more may; wait for one to end.",
        limit=MAX_OPERATIONS,
    )
