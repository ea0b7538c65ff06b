"""The general executor: graphql-core over the resolvers of a strawberry schema."""

from typing import Any

import pytest
import strawberry
from graphql import ExecutionResult, GraphQLError

from server.documents import Document, Documents
from server.execution.general import execute
from server.operations import select_operation
from server.parameters import Parameters

pytestmark = pytest.mark.asyncio


@strawberry.type
class Query:
    @strawberry.field
    def greeting(self, info: strawberry.Info[Any, None], name: str) -> str:
        return f"{info.context}，{name}"

    @strawberry.field
    async def later(self) -> int:
        return 1


SCHEMA = strawberry.Schema(Query)._schema


async def run(text: str, name: str | None = None, **variables: Any) -> ExecutionResult:
    document = Documents(SCHEMA).get(text)
    assert isinstance(document, Document)
    operation = select_operation(document, Parameters(text, name, variables, {}))
    return await execute(SCHEMA, operation, "你好")


async def test_sync() -> None:
    """An operation whose resolvers are all synchronous gets context and variables."""
    result = await run("query($n: String!) { greeting(name: $n) }", n="葫芦岛")
    assert result == ExecutionResult({"greeting": "你好，葫芦岛"}, None)


async def test_async() -> None:
    """An operation with asynchronous resolvers is awaited."""
    assert await run("{ later }") == ExecutionResult({"later": 1}, None)


async def test_named() -> None:
    """Of several operations the selected one runs."""
    result = await run("query A { a: later } query B { b: later }", "B")
    assert result == ExecutionResult({"b": 1}, None)


async def test_variables() -> None:
    """Variables that do not fit are errors without data and without a path."""
    result = await run("query($n: String!) { greeting(name: $n) }", n=1)
    assert result.data is None
    assert result.errors == [
        GraphQLError(
            "Variable '$n' has invalid value: String cannot represent a non string value: 1",
            result.errors[0].nodes if result.errors else None,
        )
    ]
