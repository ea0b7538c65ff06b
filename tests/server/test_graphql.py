"""GraphQL over HTTP: whole requests to whole answers."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import pytest
from graphql import ExecutionResult
from starlette.requests import Request
from starlette.types import Message

from schema.errors import CodedError, ErrorCode
from tests.server.bench import GRAPHQL, JSON, Bench, answer, located, post, refusal, unavailable

pytestmark = pytest.mark.asyncio


@dataclass
class Context:
    statements: int = 0


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.mark.parametrize("media_type", [JSON, GRAPHQL])
async def test_post(bench: Bench, media_type: str) -> None:
    """A query is answered as accepted: UTF-8 that is not escaped, not cached, not sniffed."""
    response = await bench.client().post(
        "/graphql", json={"query": "{ hello }"}, headers={"accept": media_type}
    )
    assert (response.status_code, response.content, dict(response.headers)) == (
        200,
        '{"data":{"hello":"你好，世界"}}'.encode(),
        {
            "cache-control": "no-store",
            "vary": "Accept, Accept-Language",
            "x-content-type-options": "nosniff",
            "content-type": f"{media_type}; charset=utf-8",
            "content-length": "36",
        },
    )


async def test_get(bench: Bench) -> None:
    """A query may come in the URL; an empty operationName is none."""
    parameters = {
        "query": "query($n: String!) { hello(name: $n) }",
        "variables": '{"n": "葫芦岛"}',
        "operationName": "",
        "extensions": "{}",
        "unknown": "ignored",
    }
    response = await bench.client().get("/graphql", params=parameters)
    assert answer(response) == (200, {"data": {"hello": "你好，葫芦岛"}})


async def test_post_all_parameters(bench: Bench) -> None:
    """The executor gets the selected operation, the variables and the extensions as sent."""
    seen: list[Any] = []

    async def execute(operation: Any, context: object) -> ExecutionResult:
        seen.append((operation.operation_name, operation.variables, operation.extensions, context))
        return ExecutionResult({"done": True}, None, {"cost": 1})

    bench.context = "the context"
    body = {
        "query": "query A { hello } query B { hello }",
        "operationName": "B",
        "variables": {"n": 1},
        "extensions": {"e": [2]},
        "other": 3,
    }
    sent = await post(bench.client(execute=execute), body)
    assert sent == (200, {"data": {"done": True}, "extensions": {"cost": 1}})
    assert seen == [("B", {"n": 1}, {"e": [2]}, "the context")]


async def test_mutation(bench: Bench) -> None:
    """A mutation runs by POST."""
    sent = await post(bench.client(), 'mutation { rename(name: "新") }')
    assert sent == (200, {"data": {"rename": "新"}})


@pytest.mark.parametrize("accept", [None, "*/*", "application/json, multipart/mixed"])
async def test_accept_json(bench: Bench, accept: str | None) -> None:
    """A client that does not name the GraphQL media type, as GraphiQL, gets application/json."""
    client = bench.client()
    del client.headers["accept"]
    headers = {"accept": accept} if accept else {}
    response = await client.post("/graphql", json={"query": "{ hello }"}, headers=headers)
    assert response.headers["content-type"] == "application/json; charset=utf-8"


async def test_not_acceptable(bench: Bench) -> None:
    """A client that takes neither media type is refused with 406, in JSON."""
    response = await bench.client().post(
        "/graphql", json={"query": "{ hello }"}, headers={"accept": "text/html"}
    )
    message = f"请求头 Accept 为 text/html；应含 {GRAPHQL} 或 {JSON}。"
    expected = refusal("NOT_ACCEPTABLE", message, given="text/html", expected=[GRAPHQL, JSON])
    assert answer(response) == (406, expected)
    assert response.headers["content-type"] == "application/json; charset=utf-8"


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS"])
async def test_method(bench: Bench, method: str) -> None:
    """Other methods than GET and POST are refused with 405 and told which are allowed."""
    response = await bench.client().request(method, "/graphql")
    message = f"本地址不支持 {method} 方法；应为 GET（仅查询）或 POST。"
    expected = refusal("METHOD_NOT_ALLOWED", message, method=method, allowed=["GET", "POST"])
    assert answer(response) == (405, expected)
    assert response.headers["allow"] == "GET, POST"


async def test_head(bench: Bench) -> None:
    """HEAD is refused like other methods, without a body as HTTP says."""
    response = await bench.client().head("/graphql?query={hello}")
    assert (response.status_code, response.headers["allow"], bench.events) == (405, "GET, POST", [])


async def test_mutation_by_get(bench: Bench) -> None:
    """A mutation by GET is refused with 405 before anything is opened."""
    query = 'query A { hello } mutation B { rename(name: "新") }'
    parameters = {"query": query, "operationName": "B"}
    response = await bench.client().get("/graphql", params=parameters)
    message = "GET 请求只能执行查询，不能执行 mutation；请改用 POST。"
    expected = refusal("METHOD_NOT_ALLOWED", message, method="GET", allowed=["POST"])
    assert answer(response) == (405, expected)
    assert (response.headers["allow"], bench.events) == ("POST", [])


async def test_subscription(bench: Bench) -> None:
    """A subscription is refused."""
    sent = await post(bench.client(), "subscription { ticks }")
    message = "本地址不支持 subscription 操作；应为 query 或 mutation。"
    assert sent == (
        400,
        refusal("BAD_REQUEST", message, given="subscription", expected=["query", "mutation"]),
    )


@pytest.mark.parametrize(("media_type", "status"), [(JSON, 200), (GRAPHQL, 400)])
@pytest.mark.parametrize(
    ("body", "error"),
    [
        (
            {"query": "{"},
            located("PARSE_FAILED", "Syntax Error: Expected Name, found <EOF>.", 2),
        ),
        ({"query": ""}, located("PARSE_FAILED", "Syntax Error: Unexpected <EOF>.", 1)),
        (
            {"query": "{ hello zzzz }"},
            located("VALIDATION_FAILED", "Cannot query field 'zzzz' on type 'Query'.", 9),
        ),
        (
            {"query": "query($n: Int!) { double(number: $n) }"},
            located(
                "VARIABLES_INVALID",
                "Variable '$n' has invalid value:"
                " Expected a value of non-null type 'Int!' to be provided.",
                7,
            ),
        ),
        (
            {"query": "query($n: Int!) { double(number: $n) }", "variables": {"n": "x"}},
            located(
                "VARIABLES_INVALID",
                "Variable '$n' has invalid value: Int cannot represent non-integer value: 'x'",
                7,
            ),
        ),
        (
            {"query": '{ issue(code: "x") }'},
            located("ID_MALFORMED", "x 不是编号。", 15, id="x"),
        ),
        (
            {"query": "query($c: Code) { issue(code: $c) }", "variables": {"c": "x"}},
            located("ID_MALFORMED", "x 不是编号。", 7, id="x"),
        ),
        (
            {"query": "query A { hello } query B { hello }"},
            {
                "message": "文档含 2 个操作而 operationName 未给出；应为其中之一：A、B。",
                "extensions": {
                    "code": "OPERATION_UNKNOWN",
                    "operationName": None,
                    "operations": ["A", "B"],
                },
            },
        ),
        (
            {"query": "query A { hello } query B { hello }", "operationName": "C"},
            {
                "message": "文档中没有名为 C 的操作；应为其中之一：A、B。",
                "extensions": {
                    "code": "OPERATION_UNKNOWN",
                    "operationName": "C",
                    "operations": ["A", "B"],
                },
            },
        ),
        (
            {"query": "{ hello }", "operationName": "A"},
            {
                "message": "文档中没有名为 A 的操作；其唯一的操作没有名称。",
                "extensions": {
                    "code": "OPERATION_UNKNOWN",
                    "operationName": "A",
                    "operations": [],
                },
            },
        ),
    ],
)
async def test_request_error(
    bench: Bench, media_type: str, status: int, body: dict[str, Any], error: dict[str, Any]
) -> None:
    """A well-formed request that cannot run has no data: 400, or 200 for old clients."""
    assert await post(bench.client(), body, media_type) == (status, {"errors": [error]})


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (
            {"method": "PUT"},
            "The method PUT is not allowed here; expected GET (queries only) or POST.",
        ),
        (
            {"method": "GET"},
            "The parameter query is missing; expected the text of a GraphQL document.",
        ),
        (
            {"method": "GET", "params": {"query": "{ hello }", "variables": "7"}},
            "The parameter variables is of type number; expected object.",
        ),
        (
            {"method": "GET", "params": {"query": "{ hello }", "variables": "x"}},
            "The parameter variables is not valid JSON (line 1, column 1);"
            " expected a JSON object in UTF-8.",
        ),
        (
            {"method": "GET", "params": [("query", "{ hello }"), ("query", "{ hello }")]},
            "The parameter query was given more than once; expected it at most once.",
        ),
        (
            {"method": "GET", "url": "/graphql?query=%ff"},
            "The parameters of the URL are not valid UTF-8; expected percent-encoded UTF-8.",
        ),
        ({"method": "POST", "json": []}, "The body is of type array; expected object."),
        (
            {"method": "POST", "content": b"{}"},
            "The header Content-Type is empty; expected application/json (in UTF-8).",
        ),
        (
            {"method": "GET", "headers": {"accept": "image/png"}},
            f"The header Accept is image/png; expected {GRAPHQL} or {JSON} in it.",
        ),
        (
            {"method": "GET", "params": {"query": 'mutation { rename(name: "x") }'}},
            "A GET request can run queries only, not a mutation; use POST.",
        ),
        (
            {"method": "GET", "params": {"query": "subscription { ticks }"}},
            "Operations of the kind subscription are not run here; expected query or mutation.",
        ),
        (
            {"method": "GET", "params": {"query": "query A { hello } query B { hello }"}},
            "The document has 2 operations and no operationName was given; expected one of: A, B.",
        ),
        (
            {"method": "GET", "params": {"query": "query A { hello }", "operationName": "B"}},
            "The document has no operation named B; expected one of: A.",
        ),
        (
            {"method": "GET", "params": {"query": "{ hello }", "operationName": "B"}},
            "The document has no operation named B; its only one has no name.",
        ),
    ],
)
async def test_english(bench: Bench, request_: dict[str, Any], message: str) -> None:
    """A client that prefers English is refused in English."""
    client = bench.client()
    client.headers["accept-language"] = "en-US, en;q=0.9, zh;q=0.8"
    _, answered = answer(await client.request(**{"url": "/graphql", **request_}))
    assert [error["message"] for error in answered["errors"]] == [message]


async def test_unwritable(bench: Bench) -> None:
    """Data that JSON cannot hold is a masked fault."""

    async def execute(operation: object, context: object) -> ExecutionResult:
        return ExecutionResult({"big": 2**70}, None)

    sent = await post(bench.client(execute=execute), "{ hello }")
    assert sent == (500, {"errors": [bench.masked()]})


@pytest.mark.parametrize("media_type", [JSON, GRAPHQL])
@pytest.mark.parametrize("where", ["open", "execute", "close"])
async def test_fault(bench: Bench, where: str, media_type: str) -> None:
    """What nobody foresaw around an execution is a masked 500 and reported."""
    fault = KeyError("secret")

    @asynccontextmanager
    async def open_context(request: Request, caller: object) -> AsyncIterator[None]:
        if where == "open":
            raise fault
        yield None
        if where == "close":
            raise fault

    async def execute(operation: object, context: object) -> ExecutionResult:
        if where == "execute":
            raise fault
        return ExecutionResult({"hello": "x"}, None)

    client = bench.client(execute=execute, open_context=open_context)
    client.headers["accept-language"] = "en"
    sent = await post(client, "{ hello }", media_type)
    assert sent == (500, {"errors": [bench.masked("Internal server error")]})
    assert [reported for _, reported in bench.reports] == [fault]


@pytest.mark.parametrize("media_type", [JSON, GRAPHQL])
@pytest.mark.parametrize(
    ("error", "status", "expected"),
    [
        (unavailable(), 503, refusal("UNAVAILABLE", "数据库不可用。", wait=5)),
        (
            CodedError(ErrorCode.CITY_UNKNOWN, "没有此城市。", "No such city.", city="x"),
            400,
            refusal("CITY_UNKNOWN", "没有此城市。", city="x"),
        ),
        (
            CodedError(ErrorCode.INTERNAL, "坏了。", "Broken."),
            500,
            refusal("INTERNAL", "坏了。"),
        ),
    ],
)
async def test_refused_context(
    bench: Bench, media_type: str, error: CodedError, status: int, expected: object
) -> None:
    """A coded error around an execution is the answer, with the status of its code."""

    @asynccontextmanager
    async def open_context(request: Request, caller: object) -> AsyncIterator[None]:
        raise error
        yield None

    sent = await post(bench.client(open_context=open_context), "{ hello }", media_type)
    assert (sent, bench.reports) == ((status, expected), [])


async def test_swallowing_context(bench: Bench) -> None:
    """A context that swallows an exception of the execution leaves no answer but a masked one."""

    @asynccontextmanager
    async def open_context(request: Request, caller: object) -> AsyncIterator[None]:
        with suppress(KeyError):
            yield None

    async def execute(operation: object, context: object) -> ExecutionResult:
        raise KeyError("secret")

    sent = await post(bench.client(execute=execute, open_context=open_context), "{ hello }")
    assert sent == (500, {"errors": [bench.masked()]})


async def test_context_life(bench: Bench) -> None:
    """A context is opened once for a valid operation and closed after its execution."""

    async def execute(operation: object, context: object) -> ExecutionResult:
        bench.events.append("execute")
        return ExecutionResult({}, None)

    client = bench.client(execute=execute)
    await post(client, "{ hello }")
    await post(client, "{ zzzz }")
    await post(client, {"query": "{ hello }", "operationName": "A"})
    assert bench.events == ["open /graphql", "execute", "close"]


async def test_server_timing(bench: Bench) -> None:
    """A context that counts statements is told to the client, with those of closing it."""
    context = Context(2)

    @asynccontextmanager
    async def open_context(request: Request, caller: object) -> AsyncIterator[Context]:
        yield context
        context.statements += 1

    response = await bench.client(open_context=open_context).post(
        "/graphql", json={"query": "{ hello }"}
    )
    assert response.headers["server-timing"] == 'sql;desc="3 statements", total;dur=250.0'


async def test_disconnect(bench: Bench) -> None:
    """Nothing is sent to a client that leaves while it sends its request."""
    sent: list[Message] = []
    received: Iterator[Message] = iter(
        [{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}]
    )

    async def receive() -> Message:
        return next(received)

    async def send(message: Message) -> None:
        sent.append(message)

    headers = [(b"content-type", b"application/json")]
    scope = {"type": "http", "method": "POST", "path": "/graphql", "headers": headers}
    await bench.endpoint()(scope, receive, send)
    assert (sent, bench.reports) == ([], [])
