"""The door: ids, headers, the log, CORS, forgery from other origins, and bodies."""

import asyncio
import gzip
import re
import time
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from itertools import count
from typing import Any

import httpx
import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from schema.errors import CodedError, ErrorCode
from server.door import (
    CORS_EXPOSED,
    CORS_HEADERS,
    HEADERS,
    HTTPS_HEADERS,
    BodyLimit,
    Door,
    middleware,
)
from server.facts import RequestFacts, facts_of
from server.settings import Settings
from tests.docs.documents import blocks, table
from tests.server.bench import EXECUTE, GRAPHQL, JSON, Bench, answer, refusal

ID = "0123456789abcdef"
MAX_BODY = 1000


class Log:
    """Keeps what is logged."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str, dict[str, Any]]] = []

    def info(self, event: str, **values: Any) -> None:
        self.lines.append(("info", event, values))

    def debug(self, event: str, **values: Any) -> None:
        self.lines.append(("debug", event, values))


class Entrance:
    """An application behind a door, with what the door logged, measured and reported."""

    def __init__(self, app: ASGIApp) -> None:
        self.log = Log()
        self.observed: list[tuple[RequestFacts, int, float]] = []
        self.faults: list[BaseException] = []
        ticks = count(10.0, 0.25)
        self.door = Door(
            app,
            observe=lambda *seen: self.observed.append(seen),
            report=lambda reference, fault: self.faults.append(fault),
            log=self.log,
            clock=lambda: next(ticks),
            new_id=lambda: ID,
        )

    def client(self, base_url: str = "http://test") -> httpx.AsyncClient:
        return client_of(self.door, base_url)


def client_of(app: ASGIApp, base_url: str = "http://test") -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url=base_url)


async def hello(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse("hello")(scope, receive, send)


async def failing(scope: Scope, receive: Receive, send: Send) -> None:
    raise KeyError("secret")


async def echo(request: Request) -> Response:
    return Response(await request.body())


def shop(**options: Any) -> Starlette:
    """Routes behind all that stands before the real ones."""
    routes = [
        Route("/graphql", Bench().endpoint()),
        Route("/schema.graphql", echo),
        Route("/echo", echo, methods=["GET", "POST"]),
    ]
    limits = {"max_body": MAX_BODY, "body_seconds": 5.0}
    return Starlette(routes=routes, middleware=middleware(**(limits | options)))


@pytest.mark.parametrize(
    "given_id",
    ["abcdefgh", "a" * 128, "Root=1-67891233-abcdef", "01JD.x_y:z=+/-", "4bf92f3577b34da6"],
)
async def test_request_id_taken_over(given_id: str) -> None:
    """A well-formed id of the client is used and sent back."""
    entrance = Entrance(hello)
    response = await entrance.client().get("/", headers={"x-request-id": given_id})
    assert response.headers["x-request-id"] == given_id
    assert entrance.observed[0][0].request_id == given_id


@pytest.mark.parametrize(
    "given_id",
    [
        "",
        "short",
        "13812345678",
        "a" * 129,
        "-abcdefgh",
        "abcd efgh",
        "abcdefgh\t",
        'abcd"efgh',
        "编号编号编号",
    ],
)
async def test_request_id_made(given_id: str) -> None:
    """Where the client's id will not do, one is made."""
    response = await Entrance(hello).client().get("/", headers={b"x-request-id": given_id.encode()})
    assert response.headers["x-request-id"] == ID


async def test_request_ids_differ() -> None:
    """An id that is made is 32 hexadecimal digits, another for each request."""
    client = client_of(Door(hello, log=Log()))
    made = [(await client.get("/")).headers["x-request-id"] for _ in range(100)]
    assert (len(set(made)), [each for each in made if not re.fullmatch("[0-9a-f]{32}", each)]) == (
        100,
        [],
    )


async def test_request_id_is_bound() -> None:
    """While a request runs, its id is bound for every line of the log, and not afterwards."""
    seen: list[dict[str, Any]] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.create_task(look())
        await hello(scope, receive, send)

    async def look() -> None:
        seen.append(structlog.contextvars.get_contextvars())

    client = Entrance(app).client()
    await asyncio.gather(
        *(client.get("/", headers={"x-request-id": f"request-{at}"}) for at in range(3))
    )
    assert sorted(each["request_id"] for each in seen) == [f"request-{at}" for at in range(3)]
    assert structlog.contextvars.get_contextvars() == {}


async def test_headers() -> None:
    """Every answer has the standard headers, whatever its status and content."""
    client = client_of(shop())
    for path in ("/echo", "/none", "/graphql", "/schema.graphql"):
        for method in ("GET", "HEAD", "POST", "PUT", "OPTIONS"):
            response = await client.request(method, path)
            found = {name: response.headers.get_list(name) for name in HEADERS}
            assert found == {name: [value] for name, value in HEADERS.items()}, (method, path)
            assert len(response.headers["x-request-id"]) == 32
            assert "strict-transport-security" not in response.headers


async def test_own_headers() -> None:
    """What the application says itself is left as it is."""
    own = {"cache-control": "no-cache", "content-security-policy": "x", "x-request-id": "mine"}
    response = await Entrance(Response("x", headers=own)).client().get("/")
    assert {name: response.headers.get_list(name) for name in own} == {
        name: [value] for name, value in own.items()
    }
    assert response.headers["referrer-policy"] == "no-referrer"


async def test_https() -> None:
    """A browser that came by https is told to stay there."""
    for base_url, expected in (("https://test", HTTPS_HEADERS), ("http://test", {})):
        response = await Entrance(hello).client(base_url).get("/")
        found = {n: v for n, v in response.headers.items() if n == "strict-transport-security"}
        assert found == expected


async def test_other_protocols() -> None:
    """What is no HTTP request passes."""
    passed: list[Scope] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        passed.append(scope)

    outer: Any = app
    for each in middleware(max_body=1, body_seconds=1, cors_origins=["*"]):
        outer = each.cls(outer, *each.args, **each.kwargs)
    scope = {"type": "lifespan"}
    await outer(scope, None, None)
    assert passed == [{"type": "lifespan"}]


@pytest.mark.parametrize(("accept", "language_"), [(JSON, "zh"), (GRAPHQL, "en")])
async def test_fault(accept: str, language_: str) -> None:
    """What an application raises is a masked 500 with all headers, logged and reported."""
    entrance = Entrance(failing)
    headers = {"accept": accept, "accept-language": language_}
    response = await entrance.client().get("/graphiql", headers=headers)
    (error,) = response.json()["errors"]
    message = {"zh": "服务器内部错误", "en": "Internal server error"}[language_]
    assert (response.status_code, error["message"], error["extensions"]["code"]) == (
        500,
        message,
        "INTERNAL",
    )
    assert response.headers["content-type"] == f"{accept}; charset=utf-8"
    assert (response.headers["x-request-id"], response.headers["referrer-policy"]) == (
        ID,
        "no-referrer",
    )
    assert [repr(fault) for fault in entrance.faults] == ["KeyError('secret')"]
    assert [(facts.codes, status) for facts, status, _ in entrance.observed] == [
        (["INTERNAL"], 500)
    ]
    assert "secret" not in response.text + repr(entrance.log.lines)


async def test_refusal() -> None:
    """A coded error of any route is answered with the status of its code."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise CodedError(ErrorCode.UNAVAILABLE, "不可用。", "Not available.")

    entrance = Entrance(app)
    sent = answer(await entrance.client().get("/demo"))
    assert (sent, entrance.faults) == ((503, refusal("UNAVAILABLE", "不可用。")), [])


async def test_fault_in_an_answer() -> None:
    """An answer that breaks off is logged, and its connection cut by the server."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        async def parts() -> AsyncIterator[bytes]:
            yield b"one"
            raise KeyError("secret")

        await StreamingResponse(parts())(scope, receive, send)

    entrance = Entrance(app)
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    with pytest.raises(BaseException, match="secret"):
        await entrance.door(scope_of("GET", "/"), disconnected, send)
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    assert [line[2]["status"] for line in entrance.log.lines] == [200]


async def disconnected() -> Message:
    return {"type": "http.disconnect"}


async def ignored(message: Message) -> None:
    """Send nothing."""


def scope_of(method: str, path: str, headers: dict[str, str] | None = None) -> Scope:
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in (headers or {}).items()],
        "server": ("test", 80),
        "client": ("127.0.0.1", 1),
    }


async def test_log() -> None:
    """A request is one line: what was asked for and what came of it, but no query string."""
    entrance = Entrance(hello)
    await entrance.client().get("/graphiql?query={secret}&phone=13812345678")
    assert entrance.log.lines == [
        (
            "info",
            "request",
            {"method": "GET", "path": "/graphiql", "status": 200, "ms": 250.0, "bytes": 5},
        )
    ]


async def test_log_of_an_operation() -> None:
    """What the endpoint knows of the operation stands in the line: names and numbers only."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        facts = facts_of(scope)
        facts.operation_name, facts.operation_kind = "CityPage", "query"
        facts.role, facts.tenant, facts.statements = "SECRETARY", "210400", 3
        facts.codes += ["UNAVAILABLE", "LEVEL_UNKNOWN", "UNAVAILABLE"]
        await hello(scope, receive, send)

    entrance = Entrance(app)
    await entrance.client().post("/graphql", headers={"authorization": "Bearer secret"})
    ((_, _, values),) = entrance.log.lines
    assert values == {
        "method": "POST",
        "path": "/graphql",
        "status": 200,
        "ms": 250.0,
        "bytes": 5,
        "kind": "query",
        "operation": "CityPage",
        "statements": 3,
        "codes": ["LEVEL_UNKNOWN", "UNAVAILABLE"],
        "role": "SECRETARY",
        "tenant": "210400",
    }


async def test_documented_log() -> None:
    """The line that the operations guide shows is one that is written."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        facts = facts_of(scope)
        facts.operation_name, facts.operation_kind = "CityPage", "query"
        facts.role, facts.tenant = "SECRETARY", "210400"
        await hello(scope, receive, send)

    entrance = Entrance(app)
    await entrance.client().post("/graphql")
    (example,) = (
        block.json() for block in blocks("docs/operations.md") if block.words == ("json",)
    )
    ((level, event, values),) = entrance.log.lines
    known = {"event": event, "request_id": ID, "level": level, "timestamp": "now"}
    assert list(example) == [*values, *known]
    rows = [row[0] for row in table("docs/operations.md", "The log")]
    explained = {name for row in rows for name in row.replace("`", "").split(", ")}
    assert explained == {*values, "codes", "request_id", "worker"} - {"method", "path", "bytes"}


async def test_log_is_bounded() -> None:
    """However long a path or a name is, the line is short."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        facts = facts_of(scope)
        facts.operation_name, facts.operation_kind = "n" * 10_000, "query"
        await hello(scope, receive, send)

    entrance = Entrance(app)
    await entrance.client().get("/" + "p" * 10_000)
    ((_, _, values),) = entrance.log.lines
    assert (len(values["path"]), len(values["operation"])) == (200, 200)


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
async def test_log_of_probes(path: str) -> None:
    """Probes come every second: they are logged at debug only, and measured all the same."""
    entrance = Entrance(hello)
    await entrance.client().get(path)
    assert [level for level, _, _ in entrance.log.lines] == ["debug"]
    assert [status for _, status, _ in entrance.observed] == [200]


async def test_client_that_leaves() -> None:
    """A request without an answer, or cancelled, is logged as one whose client left."""

    async def nothing(scope: Scope, receive: Receive, send: Send) -> None:
        """Answer nothing."""

    async def cancelled(scope: Scope, receive: Receive, send: Send) -> None:
        raise asyncio.CancelledError

    for app in (nothing, cancelled):
        entrance = Entrance(app)
        if app is cancelled:
            with pytest.raises(asyncio.CancelledError):
                await entrance.door(scope_of("GET", "/"), disconnected, ignored)
        else:
            await entrance.door(scope_of("GET", "/"), disconnected, ignored)
        assert [line[2]["status"] for line in entrance.log.lines] == [499]
        assert [(status, seconds) for _, status, seconds in entrance.observed] == [(499, 0.25)]


async def test_facts() -> None:
    """The facts of a request are one record, for the endpoint as for the door."""
    scope = scope_of("POST", "/graphql")
    assert facts_of(scope) is facts_of(scope)
    assert facts_of(scope) == RequestFacts(method="POST", path="/graphql")


PREFLIGHT = {
    "origin": "https://grid.example.cn",
    "access-control-request-method": "POST",
    "access-control-request-headers": "authorization,content-type,x-purpose",
}


def cors_headers(response: httpx.Response) -> dict[str, str]:
    return {
        name: value
        for name, value in response.headers.items()
        if name.startswith("access-control-")
    }


async def test_no_cors() -> None:
    """Unless origins are set, no answer says a word of CORS, and a preflight is refused."""
    client = client_of(shop())
    preflight = await client.options("/graphql", headers=PREFLIGHT)
    asked = await client.get("/graphql?query={hello}", headers={"origin": "https://evil.example"})
    assert (preflight.status_code, cors_headers(preflight)) == (405, {})
    assert (asked.status_code, cors_headers(asked)) == (200, {})
    assert asked.headers["vary"] == "Accept, Accept-Language"


@pytest.mark.parametrize(
    ("origins", "allowed"),
    [
        (
            ["https://grid.example.cn", "http://localhost:5173"],
            {
                "access-control-allow-origin": "https://grid.example.cn",
                "access-control-allow-credentials": "true",
            },
        ),
        (["*"], {"access-control-allow-origin": "*"}),
    ],
    ids=["exact", "any"],
)
async def test_preflight(origins: list[str], allowed: dict[str, str]) -> None:
    """A preflight from an origin that is set is answered, without reaching the endpoint."""
    client = client_of(shop(cors_origins=origins))
    response = await client.options("/graphql", headers=PREFLIGHT)
    safe = {"Accept", "Accept-Language", "Content-Language", "Content-Type"}
    assert (response.status_code, cors_headers(response)) == (
        200,
        {
            **allowed,
            "access-control-allow-methods": "GET, POST",
            "access-control-allow-headers": ", ".join(sorted(safe | set(CORS_HEADERS))),
            "access-control-max-age": "7200",
        },
    )
    assert "x-request-id" in response.headers


@pytest.mark.parametrize("name", CORS_HEADERS)
async def test_preflight_of_headers(name: str) -> None:
    """Every header that a front end sends may be sent, in any case."""
    client = client_of(shop(cors_origins=["*"]))
    asked = PREFLIGHT | {"access-control-request-headers": name.lower()}
    assert (await client.options("/graphql", headers=asked)).status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"origin": "https://evil.example"},
        {"origin": "https://grid.example.cn.evil.example"},
        {"origin": "http://grid.example.cn"},
        {"origin": "https://grid.example.cn:8443"},
        {"origin": "null"},
        {"access-control-request-method": "DELETE"},
        {"access-control-request-headers": "x-forwarded-for"},
    ],
)
async def test_preflight_refused(wrong: dict[str, str]) -> None:
    """A preflight for anything else is refused."""
    client = client_of(shop(cors_origins=["https://grid.example.cn"]))
    response = await client.options("/graphql", headers=PREFLIGHT | wrong)
    assert response.status_code == 400
    if "origin" in wrong:
        assert "access-control-allow-origin" not in response.headers


async def test_cors() -> None:
    """A page of an origin that is set may read answers and the headers that it needs."""
    client = client_of(shop(cors_origins=["https://grid.example.cn"]))
    headers = {"origin": "https://grid.example.cn"}
    query = {"query": "{ hello }"}
    for response in (
        await client.post("/graphql", json=query, headers=headers),
        await client.post("/graphql", json={"query": "x" * MAX_BODY}, headers=headers),
        await client.post("/graphql", content=b"{", headers=headers),
    ):
        assert cors_headers(response) == {
            "access-control-allow-origin": "https://grid.example.cn",
            "access-control-allow-credentials": "true",
            "access-control-expose-headers": ", ".join(CORS_EXPOSED),
        }
        assert response.headers["vary"] == "Accept, Accept-Language, Origin"
    other = await client.post("/graphql", json=query, headers={"origin": "https://evil.example"})
    assert "access-control-allow-origin" not in other.headers


async def test_cors_of_other_paths() -> None:
    """Pages and metrics are for no other origin, whatever is set."""
    client = client_of(shop(cors_origins=["*"]))
    for path in ("/echo", "/none", "/graphql/"):
        response = await client.get(path, headers={"origin": "https://grid.example.cn"})
        assert cors_headers(response) == {}


@pytest.mark.parametrize(
    "origins",
    [
        ("*",),
        ("https://grid.example.cn", "http://localhost:5173"),
        ("https://[::1]:8443", "capacitor://localhost"),
    ],
)
def test_origins(origins: tuple[str, ...]) -> None:
    """Origins are set as browsers send them."""
    assert Settings(cors_origins=origins).cors_origins == origins


@pytest.mark.parametrize(
    "origin",
    [
        "https://grid.example.cn/",
        "https://grid.example.cn/page",
        "https://Grid.example.cn",
        "https://*.example.cn",
        "https://me@grid.example.cn",
        "grid.example.cn",
        "null",
    ],
)
def test_origins_that_would_never_match(origin: str) -> None:
    """What no browser sends as an origin is no setting."""
    with pytest.raises(ValueError, match=r"expected origins like https://grid\.example\.cn"):
        Settings(cors_origins=("https://city.example.cn", origin))


MUTATION = 'mutation { rename(name: "x") }'
SIMPLE_TYPES = ("text/plain", "multipart/form-data", "application/x-www-form-urlencoded")


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        *SIMPLE_TYPES,
        "TEXT/PLAIN",
        "text/plain;application/json",
        "text/plain; charset=utf-8; application/json",
        "text/plain; x=application/json",
        'text/plain; x="; application/json"',
        "text/plain, application/json",
        "application/json, text/plain",
        "application/json; charset=utf-8, text/plain",
        "multipart/form-data; boundary=application/json",
        "application/x-www-form-urlencoded; charset=application/json",
        ";application/json",
        "application/jsonp",
        "application/json/x",
        "json",
        "*/*",
        "application/json; charset=utf-16",
        "application/graphql",
        "application/graphql-response+json",
        "text/plain\tapplication/json",
    ],
)
async def test_forged_mutation(content_type: str | None) -> None:
    """A body that a page of another origin can send unasked never runs anything."""
    bench = Bench()
    headers = {} if content_type is None else {"content-type": content_type}
    for body in (
        b'{"query": "mutation { rename(name: \\"x\\") }"}',
        b'{"query": "{ hello }", "x": "="}',
        b"query=mutation { rename(name: 1) }",
    ):
        response = await bench.client().post(
            "/graphql", content=body, headers={"origin": "https://evil.example"} | headers
        )
        code = response.json()["errors"][0]["extensions"]["code"]
        assert (response.status_code, code) == (415, "UNSUPPORTED_MEDIA_TYPE")
    assert bench.events == []


@given(
    st.sampled_from(SIMPLE_TYPES),
    st.text(st.sampled_from("aA;=/,\"' \tjsonpplication/json*+"), max_size=40),
    st.booleans(),
)
async def test_simple_types_never_run(essence: str, parameters: str, upper: bool) -> None:
    """Whatever parameters follow a type that needs no preflight, nothing runs."""
    bench = Bench()
    content_type = f"{essence.upper() if upper else essence};{parameters}"
    response = await bench.client().post(
        "/graphql", content=b'{"query": "{ hello }"}', headers={"content-type": content_type}
    )
    assert (response.status_code, bench.events) == (415, [])


async def test_json_types_run() -> None:
    """JSON is JSON in any case, with any parameters that leave it in UTF-8."""
    for content_type in ("application/json", "Application/JSON; Charset=UTF-8; x=y"):
        bench = Bench()
        response = await bench.client().post(
            "/graphql", content=b'{"query": "{ hello }"}', headers={"content-type": content_type}
        )
        assert (response.status_code, bench.events) == (200, ["open /graphql", "close"])


@pytest.mark.parametrize(
    "request_",
    [
        {"method": "GET", "params": {"query": MUTATION}},
        {"method": "GET", "params": {"query": MUTATION}, "headers": {"content-type": JSON}},
        {"method": "GET", "params": {"query": "{ hello }"}, "json": {"query": MUTATION}},
        {"method": "GET", "params": {"query": MUTATION, "_method": "POST"}},
        {
            "method": "GET",
            "params": {"query": MUTATION},
            "headers": {"x-http-method-override": "POST"},
        },
        {"method": "HEAD", "params": {"query": MUTATION}},
        {"method": "POST", "params": {"query": MUTATION}},
        {"method": "POST", "params": {"query": MUTATION}, "json": {"variables": {}}},
        {"method": "POST", "data": {"query": MUTATION}},
        {"method": "POST", "files": {"operations": ("x", b'{"query": "{ hello }"}', JSON)}},
        {"method": "PUT", "json": {"query": MUTATION}},
    ],
)
async def test_other_ways_to_mutate(request_: dict[str, Any]) -> None:
    """A mutation runs by a JSON POST and in no other way."""
    bench = Bench()
    ran: list[str] = []

    async def execute(operation: Any, context: object) -> Any:
        ran.append(operation.definition.operation.value)
        return await EXECUTE(operation, context)

    await bench.client(execute=execute).request(url="/graphql", **request_)
    assert ran in ([], ["query"])


def too_large(given_: int | None = None) -> dict[str, Any]:
    """The answer to a body of more than `MAX_BODY` bytes."""
    facts = {} if given_ is None else {"given": given_}
    return {"code": "BODY_TOO_LARGE", "limit": MAX_BODY, **facts}


@pytest.mark.parametrize("path", ["/graphql", "/echo", "/none"])
@pytest.mark.parametrize("size", [MAX_BODY + 1, 10 * 1024 * 1024])
async def test_body_with_a_length(path: str, size: int) -> None:
    """A body whose length is over the limit is refused before anything is read."""
    read: list[int] = []

    async def body() -> AsyncIterator[bytes]:
        read.append(1)
        yield b"x" * size

    headers = {"content-length": str(size), "content-type": JSON, "accept-language": "en"}
    response = await client_of(shop()).post(path, content=body(), headers=headers)
    (error,) = response.json()["errors"]
    assert (response.status_code, error["extensions"], read) == (413, too_large(size), [])
    assert error["message"] == (
        f"The body has {size} bytes, which is more than the limit of {MAX_BODY} bytes; "
        "send a shorter document, or several requests."
    )


@pytest.mark.parametrize("path", ["/graphql", "/echo"])
async def test_body_in_chunks(path: str) -> None:
    """A body without a length is cut off as soon as it is over the limit."""
    read: list[int] = []

    async def body() -> AsyncIterator[bytes]:
        for at in range(1000):
            read.append(at)
            yield b"x" * 100

    headers = {"content-type": JSON, "accept": GRAPHQL}
    response = await client_of(shop()).post(path, content=body(), headers=headers)
    (error,) = response.json()["errors"]
    assert (response.status_code, error["extensions"]) == (413, too_large())
    assert (len(read), error["message"]) == (
        11,
        f"请求体超过上限 {MAX_BODY} 字节;请缩短文档,或将文字放入变量后分次发送。",
    )
    assert response.headers["content-type"] == f"{GRAPHQL}; charset=utf-8"


@given(st.lists(st.integers(0, 400), max_size=6))
async def test_bodies_at_the_limit(sizes: list[int]) -> None:
    """A body is taken whole up to the limit, in whatever parts it comes, and refused above."""

    async def body() -> AsyncIterator[bytes]:
        for size in sizes:
            yield b"x" * size

    response = await client_of(shop()).post("/echo", content=body())
    fits = sum(sizes) <= MAX_BODY
    assert response.status_code == (200 if fits else 413)
    if fits:
        assert response.content == b"x" * sum(sizes)


@pytest.mark.parametrize("length", ["9" * 30, "9" * 10_000, "99999999999999999999x"])
async def test_strange_lengths(length: str) -> None:
    """A length of any number of digits is a refusal, not a fault."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    scope = scope_of("POST", "/echo", {"content-length": length})
    await shop()(scope, disconnected, send)
    assert sent[0]["status"] == 413


@pytest.mark.parametrize("length", ["x", "", "-1", "1.5"])
async def test_lengths_that_are_none(length: str) -> None:
    """What is no length is counted as it arrives."""
    parts = iter([b"x" * 600, b"x" * 600])

    async def receive() -> Message:
        return {"type": "http.request", "body": next(parts), "more_body": True}

    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    await shop()(scope_of("POST", "/echo", {"content-length": length}), receive, send)
    assert sent[0]["status"] == 413


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "br", "identity, gzip", "x"])
async def test_compressed_body(encoding: str) -> None:
    """A compressed body is refused, however small it is."""
    headers = {"content-encoding": encoding, "content-type": JSON, "accept-language": "en"}
    content = gzip.compress(b'{"query": "{ hello }"}')
    response = await client_of(shop()).post("/graphql", content=content, headers=headers)
    shown = encoding.lower()
    assert answer(response) == (
        415,
        refusal(
            "UNSUPPORTED_MEDIA_TYPE",
            f"The header Content-Encoding is {shown}; expected a body that is not compressed.",
            given=shown,
            expected="identity",
        ),
    )


async def test_uncompressed_body() -> None:
    """A body that says it is not compressed is taken."""
    headers = {"content-encoding": "identity"}
    response = await client_of(shop()).post("/echo", content=b"x", headers=headers)
    assert (response.status_code, response.content) == (200, b"x")


@pytest.mark.parametrize("path", ["/graphql", "/echo"])
async def test_slow_body(path: str) -> None:
    """A body that is not there in time is refused, and it is the client's time that was over."""
    sent: list[Message] = []
    never = asyncio.Event()
    parts = iter([b"{", b'"'])

    async def receive() -> Message:
        part = next(parts, None)
        if part is None:
            await never.wait()
        return {"type": "http.request", "body": part, "more_body": True}

    async def send(message: Message) -> None:
        sent.append(message)

    headers = {"content-type": JSON, "content-length": "500"}
    await shop(body_seconds=0.01)(scope_of("POST", path, headers), receive, send)
    assert (sent[0]["status"], b"DEADLINE_EXCEEDED" in sent[1]["body"]) == (408, True)


async def test_expected_body() -> None:
    """A client that waits with its body until it is asked for it is told that it need not."""
    headers = {"expect": "100-continue", "content-length": str(MAX_BODY + 1)}
    response = await client_of(shop()).post("/echo", content=b"", headers=headers)
    assert (response.status_code, response.headers["connection"]) == (413, "close")


async def test_leaving_is_seen_after_the_body() -> None:
    """An application that has the whole body learns that its client left, without a time limit."""
    messages: Iterator[Message] = iter(
        [{"type": "http.request", "body": b"x", "more_body": False}, {"type": "http.disconnect"}]
    )
    seen: list[str] = []

    async def receive() -> Message:
        return next(messages)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.extend([(await receive())["type"], (await receive())["type"]])

    await BodyLimit(app, 10, 5.0)(scope_of("POST", "/"), receive, ignored)
    assert seen == ["http.request", "http.disconnect"]


async def test_client_that_leaves_its_body() -> None:
    """A client that leaves while it sends its body is no fault, and answered nothing."""
    messages: Iterator[Message] = iter(
        [{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}]
    )
    sent: list[Message] = []

    async def receive() -> Message:
        return next(messages)

    async def send(message: Message) -> None:
        sent.append(message)

    await shop()(scope_of("POST", "/graphql", {"content-type": JSON}), receive, send)
    assert sent == []


async def test_large_body_is_cheap() -> None:
    """A body of 10 MiB in chunks costs less than 20 MB of memory and 50 ms of processor time."""

    async def body() -> AsyncIterator[bytes]:
        part = bytes(65_536)
        for _ in range(160):
            yield part

    client = client_of(shop(max_body=102_400))
    headers = {"content-type": JSON}
    await client.post("/graphql", content=b"{}", headers=headers)
    tracemalloc.start()
    response = await client.post("/graphql", content=body(), headers=headers)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    began = time.process_time()
    await client.post("/graphql", content=body(), headers=headers)
    spent = time.process_time() - began
    assert (response.status_code, peak < 20_000_000, spent < 0.05) == (413, True, True)


async def test_overhead() -> None:
    """All that stands before the routes costs a small part of what any operation costs."""
    bare = Starlette(routes=[Route("/graphql", hello_endpoint)])
    guarded = Starlette(
        routes=[Route("/graphql", hello_endpoint)],
        middleware=middleware(max_body=102_400, body_seconds=10),
    )
    fast = await microseconds(bare), await microseconds(guarded)
    assert fast[1] - fast[0] < 150


hello_endpoint = PlainTextResponse("hello")


async def microseconds(app: Callable[..., Awaitable[None]]) -> float:
    """What a POST costs at best."""
    body = b'{"query": "{ hello }"}'

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    headers = {"content-length": str(len(body)), "content-type": JSON}
    best = 1.0
    for _ in range(200):
        began = time.perf_counter()
        await app(scope_of("POST", "/graphql", headers), receive, ignored)
        best = min(best, time.perf_counter() - began)
    return best * 1e6
