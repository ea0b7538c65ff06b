"""A toy schema behind a GraphQL endpoint, and helpers to ask it and to spell its answers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from typing import Any, NewType

import httpx
import strawberry
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route
from strawberry.schema.config import StrawberryConfig

from schema.errors import CodedError, ErrorCode
from server.documents import Documents
from server.execution.general import execute
from server.graphql import Execute, Gate, GraphQLEndpoint, OpenContext

GRAPHQL = "application/graphql-response+json"


JSON = "application/json"


Code = NewType("Code", str)


Fragile = NewType("Fragile", str)


def unavailable() -> CodedError:
    return CodedError(ErrorCode.UNAVAILABLE, "数据库不可用。", "The database is down.", wait=5)


def malformed(given: str) -> Code:
    raise CodedError(ErrorCode.ID_MALFORMED, f"{given} 不是编号。", f"{given} is no id.", id=given)


def fail(given: object) -> Fragile:
    raise KeyError("secret")


@strawberry.type
class Query:
    @strawberry.field
    def hello(self, name: str = "世界") -> str:
        return f"你好，{name}"

    @strawberry.field
    def double(self, number: int = 1) -> int:
        return number * 2

    @strawberry.field
    def issue(self, code: Code | None = None, fragile: Fragile | None = None) -> str:
        return "never"

    @strawberry.field
    async def refused(self) -> str | None:
        raise unavailable()

    @strawberry.field
    def broken(self) -> str | None:
        raise KeyError("secret")

    @strawberry.field
    def void(self) -> str:
        return None  # type: ignore[return-value]


@strawberry.type
class Mutation:
    @strawberry.mutation
    def rename(self, name: str) -> str:
        return name


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def ticks(self) -> AsyncIterator[int]:
        yield 1


SCHEMA = strawberry.Schema(
    Query,
    Mutation,
    Subscription,
    config=StrawberryConfig(
        scalar_map={
            Code: strawberry.scalar(name="Code", parse_value=malformed),
            Fragile: strawberry.scalar(name="Fragile", parse_value=fail),
        }
    ),
)._schema


EXECUTE: Execute = partial(execute, SCHEMA)


@dataclass
class Bench:
    """An endpoint with what it did: contexts opened and closed, faults reported."""

    events: list[str] = field(default_factory=list)
    reports: list[tuple[str, BaseException]] = field(default_factory=list)
    context: object = None

    @asynccontextmanager
    async def open_context(self, request: Request, caller: object) -> AsyncIterator[object]:
        self.events.append(f"open {request.url.path}")
        try:
            yield self.context
        finally:
            self.events.append("close")

    def endpoint(
        self,
        execute: Execute = EXECUTE,
        open_context: OpenContext | None = None,
        gate: Gate | None = None,
    ) -> GraphQLEndpoint:
        return GraphQLEndpoint(
            Documents(SCHEMA),
            execute,
            open_context or self.open_context,
            gate=gate,
            report=lambda reference, fault: self.reports.append((reference, fault)),
            clock=partial(next, count(10.0, 0.25)),
        )

    def client(self, **parts: Any) -> httpx.AsyncClient:
        app = Starlette(routes=[Route("/graphql", self.endpoint(**parts))])
        return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test")

    def masked(self, message: str = "服务器内部错误") -> dict[str, Any]:
        """What a client sees of the one fault reported."""
        ((reference, _),) = self.reports
        return {"message": message, "extensions": {"code": "INTERNAL", "reference": reference}}


def answer(response: httpx.Response) -> tuple[int, Any]:
    """Status and body of an answer that is well-formed JSON."""
    return response.status_code, response.json()


def refusal(code: str, message: str, **facts: object) -> dict[str, Any]:
    """The body of an answer that is one error without a place."""
    return {"errors": [{"message": message, "extensions": {"code": code, **facts}}]}


def located(
    code: str, message: str, column: int, path: list[str] | None = None, **facts: object
) -> dict[str, Any]:
    """An error at a column of the document's only line."""
    where = {"path": path} if path else {}
    return {
        "message": message,
        "locations": [{"line": 1, "column": column}],
        **where,
        "extensions": {"code": code, **facts},
    }


async def post(client: httpx.AsyncClient, body: str | dict[str, Any], accept: str = JSON) -> Any:
    """Status and body of the answer to a POST of `body`; a text is a query alone."""
    parameters = {"query": body} if isinstance(body, str) else body
    return answer(await client.post("/graphql", json=parameters, headers={"accept": accept}))
