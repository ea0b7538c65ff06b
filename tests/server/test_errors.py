"""Errors: what of an error a client sees and what is reported."""

from typing import Any

import pytest
from graphql import GraphQLError
from structlog.testing import capture_logs

from schema.errors import ErrorCode
from server.errors import ErrorFormat, log_fault
from tests.server.bench import GRAPHQL, JSON, Bench, located, post


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_one_report_a_fault() -> None:
    """A fault that broke several fields is reported once, under the reference they all show."""
    reports: list[tuple[str, BaseException]] = []
    errors = ErrorFormat("en", lambda reference, fault: reports.append((reference, fault)))
    fault, other = KeyError("secret"), KeyError("secret")
    shown = [
        errors.located(
            GraphQLError("'secret'", path=[name], original_error=cause), ErrorCode.BAD_REQUEST
        )
        for name, cause in [("a", fault), ("b", fault), ("c", other)]
    ]
    first, second = (reference for reference, _ in reports)
    assert [cause for _, cause in reports] == [fault, other]
    assert shown == [
        {
            "message": "Internal server error",
            "path": [name],
            "extensions": {"code": "INTERNAL", "reference": reference},
        }
        for name, reference in [("a", first), ("b", first), ("c", second)]
    ]


def test_unchanged() -> None:
    """The error that was given in keeps its own extensions."""
    error = GraphQLError("Unknown type 'X'.", extensions={"hint": 1})
    shown = ErrorFormat("zh", log_fault).located(error, ErrorCode.VALIDATION_FAILED)
    assert shown == {"message": "Unknown type 'X'.", "extensions": {"code": "VALIDATION_FAILED"}}
    assert error.extensions == {"hint": 1}


def test_log_fault() -> None:
    """A fault is logged with its reference and itself, for its traceback."""
    fault = KeyError("secret")
    with capture_logs() as logs:
        log_fault("0123", fault)
    assert logs == [
        {"event": "fault", "log_level": "error", "reference": "0123", "exc_info": fault}
    ]


@pytest.mark.asyncio
@pytest.mark.parametrize("media_type", [JSON, GRAPHQL])
async def test_partial(bench: Bench, media_type: str) -> None:
    """Fields that fail are null, each with its error; the others are there, with status 200."""
    sent = await post(bench.client(), "{ hello refused broken again: broken }", media_type)
    assert [repr(fault) for _, fault in bench.reports] == ["KeyError('secret')"] * 2
    first, second = (reference for reference, _ in bench.reports)
    masked = "服务器内部错误"
    assert sent == (
        200,
        {
            "data": {"hello": "你好，世界", "refused": None, "broken": None, "again": None},
            "errors": [
                located("INTERNAL", masked, 17, ["broken"], reference=first),
                located("INTERNAL", masked, 24, ["again"], reference=second),
                located("UNAVAILABLE", "数据库不可用。", 9, ["refused"], wait=5),
            ],
        },
    )


@pytest.mark.asyncio
async def test_null_violation(bench: Bench) -> None:
    """A field that is null against its type says so, and is reported as a fault."""
    sent = await post(bench.client(), "{ void }", GRAPHQL)
    ((reference, _),) = bench.reports
    message = "Cannot return null for non-nullable field Query.void."
    error = located("INTERNAL", message, 3, ["void"], reference=reference)
    assert sent == (200, {"data": None, "errors": [error]})


@pytest.mark.asyncio
async def test_argument(bench: Bench) -> None:
    """A variable that turns out not to fit an argument is the client's error, at its field."""
    query = "query($n: Int = 1) { double(number: $n) }"
    message = (
        "Argument 'number' has invalid value:"
        " Expected variable '$n' provided to non-null type 'Int!' not to be None."
    )
    sent = await post(bench.client(), {"query": query, "variables": {"n": None}})
    error = located("VARIABLES_INVALID", message, 37, ["double"])
    assert sent == (200, {"data": None, "errors": [error]})


@pytest.mark.asyncio
async def test_result_out_of_range(bench: Bench) -> None:
    """A resolver's result that its scalar cannot hold is a masked fault."""
    _, answered = await post(bench.client(), "{ double(number: 2147483647) }")
    expected = {**bench.masked(), "locations": [{"line": 1, "column": 3}], "path": ["double"]}
    assert answered == {"data": None, "errors": [expected]}


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "body",
    [
        {"query": '{ issue(fragile: "x") }'},
        {"query": "query($f: Fragile) { issue(fragile: $f) }", "variables": {"f": "x"}},
    ],
)
async def test_scalar_fault(bench: Bench, body: dict[str, Any]) -> None:
    """A scalar that breaks over a value is a masked fault, not the client's error."""
    status, answered = await post(bench.client(), body)
    (error,) = answered["errors"]
    del error["locations"]
    assert (status, error) == (500, bench.masked())
    assert [repr(fault) for _, fault in bench.reports] == ["KeyError('secret')"]


@pytest.mark.asyncio
async def test_same_failure_twice(bench: Bench) -> None:
    """A remembered failure is answered the same the second time, in each client's language."""
    client = bench.client()
    first = await post(client, '{ zzzz issue(code: "x") }')
    client.headers["accept-language"] = "en"
    english = await post(client, '{ zzzz issue(code: "x") }')
    del client.headers["accept-language"]
    assert await post(client, '{ zzzz issue(code: "x") }') == first
    assert [error["message"] for error in english[1]["errors"]] == [
        "Cannot query field 'zzzz' on type 'Query'.",
        "x is no id.",
    ]
