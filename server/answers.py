"""Answers: the HTTP responses of the GraphQL endpoint, in the media type of one request."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import orjson
from graphql import ExecutionResult
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from schema.errors import CodedError, ErrorCode
from server.documents import DocumentFailure
from server.errors import ErrorFormat
from server.facts import RequestFacts
from server.preferences import JSON
from server.rates import RateLimitedError

HEADERS = {
    "cache-control": "no-store",
    "vary": "Accept, Accept-Language",
    "x-content-type-options": "nosniff",
}

_EVERY = frozenset({*HEADERS, "content-type"})

_STATUS = {
    ErrorCode.TOKEN_INVALID: 401,
    ErrorCode.TOKEN_EXPIRED: 401,
    ErrorCode.TOKEN_SCOPE: 403,
    ErrorCode.DOCUMENT_UNTRUSTED: 403,
    ErrorCode.METHOD_NOT_ALLOWED: 405,
    ErrorCode.NOT_ACCEPTABLE: 406,
    ErrorCode.BODY_TOO_LARGE: 413,
    ErrorCode.UNSUPPORTED_MEDIA_TYPE: 415,
    ErrorCode.IDEMPOTENCY_KEY_REUSED: 422,
    ErrorCode.RATE_LIMITED: 429,
    ErrorCode.OPERATIONS_EXCEEDED: 429,
    ErrorCode.INTERNAL: 500,
    ErrorCode.UNAVAILABLE: 503,
    ErrorCode.DEADLINE_EXCEEDED: 504,
}
"""Any other code is 400."""

_WELL_FORMED = {
    ErrorCode.PARSE_FAILED,
    ErrorCode.VALIDATION_FAILED,
    ErrorCode.OPERATION_UNKNOWN,
    ErrorCode.VARIABLES_INVALID,
    ErrorCode.NODES_EXCEEDED,
    ErrorCode.COST_EXCEEDED,
    ErrorCode.PERSISTED_QUERY_NOT_FOUND,
    ErrorCode.PERSISTED_QUERY_NOT_SUPPORTED,
}


class Answers:
    """Builds the answer to one request: `{data?, errors?, extensions?}` in UTF-8.

    An answer without `data` has a 4xx or 5xx status; as application/json, though, a well-formed
    request is answered 200, because old clients take other statuses for a proxy's.
    """

    def __init__(
        self, media_type: str, errors: ErrorFormat, facts: RequestFacts | None = None
    ) -> None:
        self._media_type = media_type
        self._errors = errors
        self._facts = facts or RequestFacts()
        self.headers: dict[str, str] = {}

    def refusal(self, error: CodedError) -> Response:
        """A request that is not run; `allowed` among the facts becomes the Allow header."""
        self.headers.update(_headers_of(error))
        body = {"errors": [self._errors.coded(error)]}
        if error.code in _WELL_FORMED:
            return self._request_error(body)
        return self._response(_STATUS.get(error.code, 400), body)

    def failure(self, failure: DocumentFailure) -> Response:
        """A text that is no valid document."""
        located = [self._errors.located(error, failure.code) for error in failure.errors]
        return self._request_error({"errors": located})

    def result(self, result: ExecutionResult) -> Response:
        """What an executor gave; without data and without a path it never came to the fields."""
        body: dict[str, Any] = {"data": result.data}
        if result.errors:
            located = self._errors.located
            body["errors"] = [located(e, ErrorCode.VARIABLES_INVALID) for e in result.errors]
        if result.extensions:
            body["extensions"] = result.extensions
        if result.data is None and result.errors and not any(e.path for e in result.errors):
            del body["data"]
            return self._request_error(body)
        return self._response(200, body)

    def fault(self, fault: Exception) -> Response:
        """What nobody foresaw."""
        return self._response(500, {"errors": [self._errors.fault(fault)]})

    def _request_error(self, body: dict[str, Any]) -> Response:
        codes = [error["extensions"]["code"] for error in body["errors"]]
        status = max(_STATUS.get(code, 400) for code in codes)
        legacy = self._media_type == JSON and status == 400
        return self._response(200 if legacy else status, body)

    def _response(self, status: int, body: dict[str, Any]) -> Response:
        for error in body.get("errors", ()):
            self._facts.codes.append(str(error["extensions"]["code"]))
        return _Answer(orjson.dumps(body), status, self._media_type, self.headers)


class _Answer(Response):
    """An answer whose standard headers are encoded already."""

    def __init__(
        self, body: bytes, status: int, media_type: str, headers: Mapping[str, str]
    ) -> None:
        self.status_code = status
        self.background = None
        self.body = body
        self.raw_headers = [
            *_standard(media_type, _EVERY.intersection(headers)),
            (b"content-length", b"%d" % len(body)),
            *[(name.encode(), value.encode("latin-1")) for name, value in headers.items()],
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it, by what is sent of every answer and no more."""
        if scope["type"] != "http":  # a socket that is refused
            await super().__call__(scope, receive, send)
            return
        await send(
            {
                "type": "http.response.start",
                "status": self.status_code,
                "headers": self.raw_headers,
            }
        )
        await send({"type": "http.response.body", "body": self.body})


@lru_cache(256)
def _standard(media_type: str, but: frozenset[str]) -> tuple[tuple[bytes, bytes], ...]:
    """The headers of every answer, without those that it has of its own."""
    standard = HEADERS | {"content-type": f"{media_type}; charset=utf-8"}
    return tuple(
        [(name.encode(), value.encode()) for name, value in standard.items() if name not in but]
    )


def _headers_of(error: CodedError) -> dict[str, str]:
    headers = dict(error.headers) if isinstance(error, RateLimitedError) else {}
    allowed = error.facts.get("allowed")
    if isinstance(allowed, list):
        headers["allow"] = ", ".join(allowed)
    if error.code in (ErrorCode.TOKEN_INVALID, ErrorCode.TOKEN_EXPIRED):
        headers["www-authenticate"] = 'Bearer error="invalid_token"'
    return headers
