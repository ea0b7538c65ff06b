"""The door: what every request passes on its way in, and every answer on its way out."""

import asyncio
import os
import re
import time
from collections.abc import Awaitable, Callable, Iterable
from functools import lru_cache
from typing import Any

import structlog
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bind_contextvars, reset_contextvars

from schema.errors import CodedError, ErrorCode
from schema.personal import scrub
from server.answers import Answers
from server.deadline import Alarm
from server.errors import ErrorFormat, Report, log_fault
from server.facts import RequestFacts, facts_of
from server.headers import headers_of
from server.preferences import JSON, language, media_type

Observe = Callable[[RequestFacts, int, float], None]
"""Takes the facts of an answered request, its status and the seconds that it took."""

HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'self'; script-src 'self'; worker-src 'self'; "
    "style-src 'self' 'unsafe-inline'; font-src 'self' data:; img-src 'self' data:; "
    "connect-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
"""What every response has, where the application does not say otherwise."""

HTTPS_HEADERS = {"strict-transport-security": "max-age=31536000"}
"""What it has besides where the request came over https, as far as a trusted proxy says so."""

CORS_PATHS = frozenset({"/graphql", "/schema.graphql"})
"""What pages of other origins may ask."""

CORS_HEADERS = (
    "Accept-Language",
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "Last-Event-ID",
    "X-Purpose",
    "X-Request-Id",
    "Apollo-Require-Preflight",
    "ApolloGraphQL-Client-Name",
    "ApolloGraphQL-Client-Version",
    "X-Apollo-Operation-Id",
    "X-Apollo-Operation-Name",
    "X-Apollo-Operation-Type",
)
"""What they may send."""

CORS_EXPOSED = (
    "RateLimit",
    "RateLimit-Limit",
    "RateLimit-Policy",
    "RateLimit-Remaining",
    "RateLimit-Reset",
    "Retry-After",
    "Server-Timing",
    "X-Request-Id",
)
"""What they may read of an answer, besides its body."""

CORS_SECONDS = 7200

CLIENT_LEFT = 499
"""The status that is logged where the client left before it had an answer."""

LARGE_PAUSE = 0.05
"""Seconds until a body is refused for its size; the sender cannot send the next one meanwhile."""

_PROBES = frozenset({"/healthz", "/readyz", "/metrics"})
_REQUEST_ID = re.compile(rb"[A-Za-z0-9][A-Za-z0-9._:=+/-]{7,127}")
_SHOWN = 200
_WITHOUT_BODY = frozenset({"GET", "HEAD", "OPTIONS"})


def middleware(
    *,
    max_body: int,
    body_seconds: float,
    cors_origins: Iterable[str] = (),
    observe: Observe | None = None,
) -> list[Middleware]:
    """All that stands before the routes, from the outside in; for `Starlette(middleware=...)`.

    `max_body` is in bytes. Without `cors_origins` no answer has a header of CORS.
    """
    origins = tuple(cors_origins)
    return [
        Middleware(Door, observe=observe),
        *([Middleware(Cors, origins=origins)] if origins else []),
        Middleware(BodyLimit, max_body=max_body, seconds=body_seconds),
    ]


class Door:
    """Gives each request an id, and each answer its headers; logs and measures both.

    A well-formed `X-Request-Id` is taken over: 8 to 128 letters, digits or `._:=+/-`, unless it
    looks like somebody's number. What the
    application raises is answered as the GraphQL endpoint would: a CodedError as a refusal,
    anything else as a masked 500 that goes to `report`. `clock` gives seconds.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        observe: Observe | None = None,
        report: Report = log_fault,
        log: Any = None,
        clock: Callable[[], float] = time.perf_counter,
        new_id: Callable[[], str] = lambda: os.urandom(16).hex(),
    ) -> None:
        self._app = app
        self._observe = observe
        self._report = report
        self._log = structlog.get_logger("onegrid").bind() if log is None else log
        self._clock = clock
        self._new_id = new_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let one HTTP request in; anything else passes."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        facts = facts_of(scope)
        facts.request_id = _request_id(scope) or self._new_id()
        reply = _Reply(send, facts.request_id, scope.get("scheme") == "https")
        started = self._clock()
        bound = bind_contextvars(request_id=facts.request_id)
        try:
            await self._app(scope, receive, reply.send)
        except Exception as error:
            if reply.status is not None:  # too late to say anything: the connection is cut
                raise
            response = _response(_answers(scope, self._report), error)
            await response(scope, receive, reply.send)
        finally:
            self._finish(facts, reply, self._clock() - started)
            reset_contextvars(**bound)

    def _finish(self, facts: RequestFacts, reply: "_Reply", seconds: float) -> None:
        status = CLIENT_LEFT if reply.status is None else reply.status
        if self._observe is not None:
            self._observe(facts, status, seconds)
        log = self._log.debug if facts.path in _PROBES else self._log.info
        log(
            "request",
            method=facts.method,
            path=facts.path[:_SHOWN],
            status=status,
            ms=round(seconds * 1000, 1),
            bytes=reply.size,
            **told(facts),
        )


class Cors:
    """Lets pages of other origins ask `CORS_PATHS`.

    `origins` are exact, like https://grid.example.cn, or `*`. With `*` a browser sends no
    credentials of its own (cookies, client certificates); `Authorization` it does send.
    """

    def __init__(self, app: ASGIApp, origins: tuple[str, ...]) -> None:
        self._app = app
        self._open = CORSMiddleware(
            app,
            allow_origins=origins,
            allow_methods=("GET", "POST"),
            allow_headers=CORS_HEADERS,
            allow_credentials="*" not in origins,
            expose_headers=CORS_EXPOSED,
            max_age=CORS_SECONDS,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a preflight, or add what the browser needs to an answer."""
        open_ = scope["type"] == "http" and scope["path"] in CORS_PATHS
        await (self._open if open_ else self._app)(scope, receive, send)


class BodyLimit:
    """Refuses bodies of more than `max_body` bytes (413), those that are not there after
    `seconds` (408), and compressed ones (415).

    A `Content-Length` that is too big is refused before anything is read. Where a body turns out
    too big or too slow later, the application is told that its client left, and what it answers
    to that is not sent.
    """

    def __init__(self, app: ASGIApp, max_body: int, seconds: float) -> None:
        self._app = app
        self._max_body = max_body
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let one request through, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = headers_of(scope)
        length = _length(headers.get("content-length", ""))
        encoding = headers.get("content-encoding", "").strip().lower()
        if (refusal := self._refusal(length, encoding)) is not None:
            # who expects 100 Continue may not send the body now, nor say so
            closing = {"connection": "close"} if "expect" in headers else {}
            await _refuse(scope, send, refusal, closing)
        elif not length and scope["method"] in _WITHOUT_BODY:
            await self._app(scope, receive, send)
        else:
            body = _Body(receive, send, self._max_body, self._seconds)
            try:
                await self._app(scope, body.receive, body.send)
            except ClientDisconnect:
                if body.refusal is None:
                    raise
            if body.refusal is not None and not body.answered:
                await _refuse(scope, send, body.refusal)

    def _refusal(self, length: int, encoding: str) -> CodedError | None:
        if length > self._max_body:
            return _too_large(self._max_body, length)
        if encoding not in ("", "identity"):
            return _compressed(encoding)
        return None


class _Reply:
    """Sends an answer with the headers of every answer; keeps its status and its size in bytes."""

    __slots__ = ("_id", "_secure", "_send", "size", "status")

    def __init__(self, send: Send, request_id: str, secure: bool) -> None:
        self._send = send
        self._id = request_id
        self._secure = secure
        self.status: int | None = None
        self.size = 0

    def send(self, message: Message) -> Awaitable[None]:
        """Send one message of the application."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message = {**message, "headers": self._completed(message.get("headers", ()))}
        elif message["type"] == "http.response.body":
            self.size += len(message.get("body", b""))
        return self._send(message)

    def _completed(self, headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        names = tuple([name for name, _ in headers])
        completed = [*headers, *_missing(self._secure, names)]
        if b"x-request-id" not in names:
            completed.append((b"x-request-id", self._id.encode()))
        return completed


class _Body:
    """One request's body as it arrives, at most so big and so late."""

    __slots__ = (
        "_deadline",
        "_loop",
        "_max",
        "_receive",
        "_send",
        "_size",
        "answered",
        "refusal",
        "whole",
    )

    def __init__(self, receive: Receive, send: Send, max_body: int, seconds: float) -> None:
        self._receive = receive
        self._send = send
        self._max = max_body
        self._loop = asyncio.get_running_loop()
        self._deadline = seconds + self._loop.time()
        self._size = 0
        self.whole = False
        self.answered = False
        self.refusal: CodedError | None = None

    async def receive(self) -> Message:
        """The next message; where the body broke a limit, that the client left."""
        if self.whole:
            return await self._receive()
        if self.refusal is None:
            alarm = Alarm(self._deadline - self._loop.time())
            try:
                message = await self._receive()
            except asyncio.CancelledError as error:
                if not alarm.explains(error):
                    raise
                self.refusal = _too_slow()
            else:
                self._count(message)
            finally:
                alarm.off()
        return message if self.refusal is None else {"type": "http.disconnect"}

    def send(self, message: Message) -> Awaitable[None]:
        """Send one message; nothing that answers a client who did not leave, but was refused."""
        if self.refusal is not None and not self.answered:
            return _nothing()
        self.answered = True
        return self._send(message)

    def _count(self, message: Message) -> None:
        self._size += len(message.get("body", b""))
        self.whole = not message.get("more_body", False)
        if self._size > self._max:
            self.whole = False
            self.refusal = _too_large(self._max)


_Pairs = tuple[tuple[bytes, bytes], ...]


def _encoded(headers: dict[str, str]) -> _Pairs:
    return tuple([(name.encode(), value.encode()) for name, value in headers.items()])


_PLAIN = _encoded(HEADERS)
_SECURE = _encoded(HEADERS | HTTPS_HEADERS)


@lru_cache(256)
def _missing(secure: bool, names: tuple[bytes, ...]) -> _Pairs:
    """The headers of every answer that are not among the names."""
    standard = _SECURE if secure else _PLAIN
    return tuple([pair for pair in standard if pair[0] not in names])


def _request_id(scope: Scope) -> str | None:
    """The id that the request came with, if it came with one that will do."""
    if "x-request-id" not in headers_of(scope):
        return None
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _REQUEST_ID.fullmatch(value):
            text: str = value.decode()
            return text if scrub(text) == text else None
    return None


def told(facts: RequestFacts) -> dict[str, object]:
    """What is known of the operation, for a line of the log."""
    found: dict[str, object] = {}
    if facts.operation_kind is not None:
        found["kind"] = facts.operation_kind
        found["operation"] = facts.operation_name and facts.operation_name[:_SHOWN]
        found["statements"] = facts.statements
    if facts.codes:
        found["codes"] = sorted(set(facts.codes))
    if facts.role is not None:
        found["role"] = facts.role
    if facts.tenant is not None:
        found["tenant"] = facts.tenant
    return found


def _length(value: str) -> int:
    """The body's length in bytes, 0 where none is declared."""
    # more digits than any machine has bytes, and as many as fit a number in JSON
    return int(value[:18]) if value[:18].isdecimal() else 0


def _answers(scope: Scope, report: Report = log_fault) -> Answers:
    headers = Headers(scope=scope)
    accepted = media_type(", ".join(headers.getlist("accept")))
    spoken = language(", ".join(headers.getlist("accept-language")))
    return Answers(accepted or JSON, ErrorFormat(spoken, report), facts_of(scope))


def _response(answers: Answers, error: Exception) -> Response:
    return answers.refusal(error) if isinstance(error, CodedError) else answers.fault(error)


async def _refuse(
    scope: Scope, send: Send, refusal: CodedError, headers: dict[str, str] | None = None
) -> None:
    if refusal.code is ErrorCode.BODY_TOO_LARGE:
        await asyncio.sleep(LARGE_PAUSE)
    response: Response = _answers(scope).refusal(refusal)
    if refusal.code is ErrorCode.DEADLINE_EXCEEDED:
        response.status_code = 408  # it was not the server that took so long
    response.headers.update(headers or {})
    await response(scope, _never, send)


async def _never() -> Message:
    raise RuntimeError("an answer reads nothing")


async def _nothing() -> None:
    pass


def _too_large(limit: int, given: int | None = None) -> CodedError:
    zh = "" if given is None else f"为 {given} 字节,"
    en = "" if given is None else f" has {given} bytes, which"
    facts = {} if given is None else {"given": given}
    return CodedError(
        ErrorCode.BODY_TOO_LARGE,
        f"请求体{zh}超过上限 {limit} 字节;请缩短文档,或将文字放入变量后分次发送。",
        f"The body{en} is more than the limit of {limit} bytes; send a shorter document, "
        "or several requests.",
        limit=limit,
        **facts,
    )


def _too_slow() -> CodedError:
    return CodedError(
        ErrorCode.DEADLINE_EXCEEDED,
        "请求体未能及时到达;请检查网络后重试。",
        "The body did not arrive in time; look at the network, then try again.",
    )


def _compressed(encoding: str) -> CodedError:
    return CodedError(
        ErrorCode.UNSUPPORTED_MEDIA_TYPE,
        f"请求头 Content-Encoding 为 {encoding};请求体不得压缩。",
        f"The header Content-Encoding is {encoding}; expected a body that is not compressed.",
        given=encoding,
        expected="identity",
    )
