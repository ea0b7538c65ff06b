"""Parameters: what a GraphQL request says, read from the query string or a JSON body."""

from email.message import Message
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import orjson
from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive

from schema.errors import CodedError, ErrorCode
from server.headers import headers_of

_NAMES = ("query", "documentId", "operationName", "variables", "extensions")


class Parameters(NamedTuple):
    """A well-formed request; absent maps are empty.

    `query` is any text, None where the document is only named: by `document_id`, any text, or by
    `persisted_hash`, what `extensions.persistedQuery` says. Both may stand beside `query` too.
    """

    query: str | None
    operation_name: str | None
    variables: dict[str, Any]
    extensions: dict[str, Any]
    document_id: str | None = None
    persisted_hash: str | None = None


async def read_parameters(request: Request) -> Parameters:
    """The parameters of a GET or POST request.

    Raises CodedError UNSUPPORTED_MEDIA_TYPE for a body that is not declared JSON in UTF-8, and
    BAD_REQUEST for anything else that is not well-formed. Names it does not know are ignored.
    """
    if request.method == "GET":
        return parameters_of(_query_string(request.scope["query_string"]))
    _check_content_type(headers_of(request.scope).get("content-type"))
    message = await request.receive()
    if message["type"] == "http.disconnect":
        raise ClientDisconnect
    body = message.get("body", b"")
    if message.get("more_body", False):  # it seldom comes in parts
        body += await _rest(request.receive)
    return parameters_of(_body(body))


async def _rest(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


def parameters_of(given: dict[str, Any]) -> Parameters:
    """The parameters that a JSON object holds.

    Errors: `CodedError` BAD_REQUEST.
    """
    query, document_id = _text(given, "query"), _text(given, "documentId")
    name = _text(given, "operationName")
    variables, extensions = _map(given, "variables"), _map(given, "extensions")
    persisted_hash = _persisted_hash(extensions)
    if query is None and not document_id and persisted_hash is None:
        raise _missing("query")
    # An empty operationName is no name: GraphQL over HTTP, section "GET". So with documentId.
    return Parameters(
        query, name or None, variables, extensions, document_id or None, persisted_hash
    )


def _text(given: dict[str, Any], name: str) -> str | None:
    value = given.get(name)
    if value is not None and not isinstance(value, str):
        raise _wrong_type(name, value, "string")
    return value


def _persisted_hash(extensions: dict[str, Any]) -> str | None:
    """The hash of `extensions.persistedQuery`, the protocol of Apollo in its only version."""
    asked = extensions.get("persistedQuery")
    if asked is None:
        return None
    where = "extensions.persistedQuery"
    if not isinstance(asked, dict):
        raise _wrong_type(where, asked, "object")
    version, value = asked.get("version"), asked.get("sha256Hash")
    if not isinstance(version, int | float) or isinstance(version, bool):
        raise _wrong_type(f"{where}.version", version, "number")
    if version != 1:
        raise _wrong_version(f"{where}.version", version)
    if not isinstance(value, str):
        raise _wrong_type(f"{where}.sha256Hash", value, "string")
    return value


def _map(given: dict[str, Any], name: str) -> dict[str, Any]:
    value = given.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _wrong_type(name, value, "object")
    return value


def _query_string(raw: bytes) -> dict[str, Any]:
    try:
        pairs = parse_qsl(raw.decode(), keep_blank_values=True, errors="strict")
    except UnicodeDecodeError:
        raise CodedError(
            ErrorCode.BAD_REQUEST,
            "网址中的参数不是有效的 UTF-8；应为按 UTF-8 百分号编码的参数。",
            "The parameters of the URL are not valid UTF-8; expected percent-encoded UTF-8.",
        ) from None
    given: dict[str, Any] = {}
    for name, value in pairs:
        if name not in _NAMES:
            continue
        if name in given:
            raise CodedError(
                ErrorCode.BAD_REQUEST,
                f"参数 {name} 给出了多次；应至多一次。",
                f"The parameter {name} was given more than once; expected it at most once.",
                parameter=name,
            )
        given[name] = _decode(value, name) if name in ("variables", "extensions") else value
    return given


def _body(raw: bytes) -> dict[str, Any]:
    value = _decode(raw, "body")
    if not isinstance(value, dict):
        raise _wrong_type("body", value, "object")
    return value


def _decode(raw: str | bytes, parameter: str) -> Any:
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise CodedError(
            ErrorCode.BAD_REQUEST,
            f"{_zh(parameter)}不是有效的 JSON（第 {error.lineno} 行第 {error.colno} 列）；"
            "应为 UTF-8 编码的 JSON 对象。",
            f"{_en(parameter)} is not valid JSON (line {error.lineno}, column {error.colno});"
            " expected a JSON object in UTF-8.",
            parameter=parameter,
            line=error.lineno,
            column=error.colno,
        ) from None


def _check_content_type(content_type: str | None) -> None:
    if not _is_json(content_type or ""):
        raise CodedError(
            ErrorCode.UNSUPPORTED_MEDIA_TYPE,
            f"请求头 Content-Type 为 {content_type or '空'}；应为 application/json（UTF-8 编码）。",
            f"The header Content-Type is {content_type or 'empty'};"
            " expected application/json (in UTF-8).",
            given=content_type,
            expected="application/json",
        )


@lru_cache(256)
def _is_json(content_type: str) -> bool:
    message = Message()
    message["content-type"] = content_type
    charset = str(message.get_param("charset", "utf-8")).lower()
    return message.get_content_type() == "application/json" and charset == "utf-8"


def _missing(parameter: str) -> CodedError:
    return CodedError(
        ErrorCode.BAD_REQUEST,
        f"缺少参数 {parameter}；应为 GraphQL 文档的文本。",
        f"The parameter {parameter} is missing; expected the text of a GraphQL document.",
        parameter=parameter,
    )


def _wrong_type(parameter: str, value: object, expected: str) -> CodedError:
    given = _json_type(value)
    return CodedError(
        ErrorCode.BAD_REQUEST,
        f"{_zh(parameter)}的类型为 {given}；应为 {expected}。",
        f"{_en(parameter)} is of type {given}; expected {expected}.",
        parameter=parameter,
        given=given,
        expected=expected,
    )


def _wrong_version(parameter: str, given: float) -> CodedError:
    return CodedError(
        ErrorCode.BAD_REQUEST,
        f"{_zh(parameter)}为 {given}；应为 1。",
        f"{_en(parameter)} is {given}; expected 1.",
        parameter=parameter,
        given=given,
        expected=1,
    )


def _json_type(value: object) -> str:
    names = {type(None): "null", bool: "boolean", str: "string", list: "array", dict: "object"}
    return names.get(type(value), "number")


def _zh(parameter: str) -> str:
    return "请求体" if parameter == "body" else f"参数 {parameter} "


def _en(parameter: str) -> str:
    return "The body" if parameter == "body" else f"The parameter {parameter}"
