"""Parameters: what of a request is not well-formed, in bodies, URLs and headers."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from starlette.requests import Request
from starlette.types import Message

from server.parameters import Parameters, read_parameters
from tests.server.bench import GRAPHQL, JSON, Bench, answer, refusal

pytestmark = pytest.mark.asyncio


NOT_JSON = "不是有效的 JSON（第 {} 行第 {} 列）；应为 UTF-8 编码的 JSON 对象。"


def not_json(parameter: str, subject: str, line: int, column: int) -> dict[str, Any]:
    message = subject + NOT_JSON.format(line, column)
    return refusal("BAD_REQUEST", message, parameter=parameter, line=line, column=column)


def wrong_type(parameter: str, subject: str, given: str, expected: str) -> dict[str, Any]:
    return refusal(
        "BAD_REQUEST",
        f"{subject}的类型为 {given}；应为 {expected}。",
        parameter=parameter,
        given=given,
        expected=expected,
    )


PERSISTED = "extensions.persistedQuery"
VERSION, HASH = f"{PERSISTED}.version", f"{PERSISTED}.sha256Hash"
NO_QUERY = refusal("BAD_REQUEST", "缺少参数 query；应为 GraphQL 文档的文本。", parameter="query")


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.mark.parametrize("media_type", [JSON, GRAPHQL])
@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", not_json("body", "请求体", 1, 1)),
        (b'{"query":\n "{ hello', not_json("body", "请求体", 2, 10)),
        (b'\xef\xbb\xbf{"query": "{ hello }"}', not_json("body", "请求体", 1, 1)),
        (b'{"query": "{ hello }\xff"}', not_json("body", "请求体", 1, 1)),
        ('{"query": "{ hello }"}'.encode("utf-16"), not_json("body", "请求体", 1, 1)),
        (b'{"query": "\\ud800"}', not_json("body", "请求体", 1, 12)),
        (b'{"query": NaN}', not_json("body", "请求体", 1, 11)),
        (b"[" * 100_000, not_json("body", "请求体", 1, 1026)),
        (b'"abc"', wrong_type("body", "请求体", "string", "object")),
        (b"null", wrong_type("body", "请求体", "null", "object")),
        (b"7", wrong_type("body", "请求体", "number", "object")),
        (b'[{"query": "{ hello }"}]', wrong_type("body", "请求体", "array", "object")),
        (b"{}", NO_QUERY),
        (b'{"query": null}', NO_QUERY),
        (b'{"query": ["{ hello }"]}', wrong_type("query", "参数 query ", "array", "string")),
        (b'{"query": true}', wrong_type("query", "参数 query ", "boolean", "string")),
        (
            b'{"query": "{ hello }", "operationName": 1.5}',
            wrong_type("operationName", "参数 operationName ", "number", "string"),
        ),
        (
            b'{"query": "{ hello }", "variables": "{}"}',
            wrong_type("variables", "参数 variables ", "string", "object"),
        ),
        (
            b'{"query": "{ hello }", "variables": false}',
            wrong_type("variables", "参数 variables ", "boolean", "object"),
        ),
        (
            b'{"query": "{ hello }", "extensions": [1]}',
            wrong_type("extensions", "参数 extensions ", "array", "object"),
        ),
        (b'{"documentId": ""}', NO_QUERY),
        (b'{"documentId": null, "extensions": {"persistedQuery": null}}', NO_QUERY),
        (
            b'{"query": "{ hello }", "documentId": 7}',
            wrong_type("documentId", "参数 documentId ", "number", "string"),
        ),
        (
            b'{"query": "{ hello }", "extensions": {"persistedQuery": true}}',
            wrong_type(PERSISTED, f"参数 {PERSISTED} ", "boolean", "object"),
        ),
        (
            b'{"extensions": {"persistedQuery": {"sha256Hash": "ab"}}}',
            wrong_type(VERSION, f"参数 {VERSION} ", "null", "number"),
        ),
        (
            b'{"extensions": {"persistedQuery": {"version": true, "sha256Hash": "ab"}}}',
            wrong_type(VERSION, f"参数 {VERSION} ", "boolean", "number"),
        ),
        (
            b'{"extensions": {"persistedQuery": {"version": 2, "sha256Hash": "ab"}}}',
            refusal(
                "BAD_REQUEST",
                f"参数 {VERSION} 为 2；应为 1。",
                parameter=VERSION,
                given=2,
                expected=1,
            ),
        ),
        (
            b'{"extensions": {"persistedQuery": {"version": 1}}}',
            wrong_type(
                f"{PERSISTED}.sha256Hash", f"参数 {PERSISTED}.sha256Hash ", "null", "string"
            ),
        ),
    ],
)
async def test_bad_body(bench: Bench, media_type: str, body: bytes, expected: object) -> None:
    """A body that is not a well-formed request is refused with 400 in every media type."""
    headers = {"content-type": JSON, "accept": media_type}
    response = await bench.client().post("/graphql", content=body, headers=headers)
    assert answer(response) == (400, expected)
    assert response.headers["content-type"] == f"{media_type}; charset=utf-8"
    assert (bench.events, bench.reports) == ([], [])


async def test_repeated_member(bench: Bench) -> None:
    """Of a JSON member given twice the last one counts, as with most JSON parsers."""
    response = await bench.client().post(
        "/graphql",
        content=b'{"query": "{ hello }", "query": "{ double }"}',
        headers={"content-type": JSON},
    )
    assert answer(response) == (200, {"data": {"double": 2}})


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("", NO_QUERY),
        ("?query={hello}&variables=", not_json("variables", "参数 variables ", 1, 1)),
        ("?query={hello}&variables={", not_json("variables", "参数 variables ", 1, 2)),
        (
            "?query={hello}&variables=[]",
            wrong_type("variables", "参数 variables ", "array", "object"),
        ),
        (
            "?query={hello}&extensions=1",
            wrong_type("extensions", "参数 extensions ", "number", "object"),
        ),
        (
            "?query={hello}&query={double}",
            refusal("BAD_REQUEST", "参数 query 给出了多次；应至多一次。", parameter="query"),
        ),
        ("?documentId=", NO_QUERY),
        (
            "?documentId=a&documentId=b",
            refusal(
                "BAD_REQUEST", "参数 documentId 给出了多次；应至多一次。", parameter="documentId"
            ),
        ),
        (
            "?extensions={%22persistedQuery%22:[]}",
            wrong_type(PERSISTED, f"参数 {PERSISTED} ", "array", "object"),
        ),
        (
            "?query=%7Bhello%ff%7D",
            refusal("BAD_REQUEST", "网址中的参数不是有效的 UTF-8；应为按 UTF-8 百分号编码的参数。"),
        ),
    ],
)
async def test_bad_url(bench: Bench, url: str, expected: object) -> None:
    """A query string that is not a well-formed request is refused with 400."""
    assert answer(await bench.client().get(f"/graphql{url}")) == (400, expected)


APQ = {"persistedQuery": {"version": 1, "sha256Hash": "ab"}}


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"query": "{ hello }"}, Parameters("{ hello }", None, {}, {})),
        ({"query": ""}, Parameters("", None, {}, {})),
        (
            {"documentId": "sha256:ab", "operationName": "A", "variables": {"a": [1]}},
            Parameters(None, "A", {"a": [1]}, {}, "sha256:ab"),
        ),
        ({"extensions": APQ}, Parameters(None, None, {}, APQ, None, "ab")),
        (
            {"query": "{ hello }", "documentId": "ab", "extensions": APQ | {"x": 1}},
            Parameters("{ hello }", None, {}, APQ | {"x": 1}, "ab", "ab"),
        ),
    ],
)
async def test_read(method: str, given: dict[str, Any], expected: Parameters) -> None:
    """A request has a text, or an id or hash of one, or several of them; URLs say the same."""
    assert await read_parameters(request(method, given)) == expected


def request(method: str, given: dict[str, Any]) -> Request:
    spelled = {k: v if isinstance(v, str) else json.dumps(v) for k, v in given.items()}
    scope = {
        "type": "http",
        "method": method,
        "query_string": urlencode(spelled if method == "GET" else {}).encode(),
        "headers": [(b"content-type", b"application/json")],
    }

    async def receive() -> Message:
        return {"type": "http.request", "body": json.dumps(given).encode()}

    return Request(scope, receive)


@pytest.mark.parametrize(
    ("content_type", "shown"),
    [
        (None, "空"),
        ("text/plain", "text/plain"),
        ("application/x-www-form-urlencoded", "application/x-www-form-urlencoded"),
        ("multipart/form-data; boundary=x", "multipart/form-data; boundary=x"),
        ("application/json; charset=gbk", "application/json; charset=gbk"),
        (GRAPHQL, GRAPHQL),
        ("nonsense", "nonsense"),
    ],
)
async def test_content_type(bench: Bench, content_type: str | None, shown: str) -> None:
    """A body that is not declared JSON in UTF-8 is refused with 415."""
    headers = {"content-type": content_type} if content_type else {}
    response = await bench.client().post(
        "/graphql", content=b'{"query": "{ hello }"}', headers=headers
    )
    message = f"请求头 Content-Type 为 {shown}；应为 application/json（UTF-8 编码）。"
    expected = refusal("UNSUPPORTED_MEDIA_TYPE", message, given=content_type, expected=JSON)
    assert answer(response) == (415, expected)


@pytest.mark.parametrize("content_type", ["Application/JSON", 'application/json;charset="UTF-8"'])
async def test_content_type_spelling(bench: Bench, content_type: str) -> None:
    """The media type of a body may be spelled as HTTP allows."""
    response = await bench.client().post(
        "/graphql", content=b'{"query": "{ hello }"}', headers={"content-type": content_type}
    )
    assert answer(response) == (200, {"data": {"hello": "你好，世界"}})
