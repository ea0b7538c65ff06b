"""What the level-wise executor does when it is stopped, and when what it reads fails."""

import asyncio
from functools import partial
from typing import Any

import pytest
from graphql import ExecutionResult
from starlette.requests import Request

from schema.context import Context
from schema.errors import CodedError, ErrorCode
from schema.root import graphql_schema
from server.documents import Document, Documents
from server.execution import general, level_wise
from server.facts import RequestFacts
from server.gate import Admission
from server.operations import select_operation
from server.parameters import Parameters
from server.runs import Contexts
from tests.conftest import NOW, opened
from tests.server.execution.comparing import differences
from tests.server.execution.invented import World, invented_context
from tests.server.execution.test_level_wise import SCHEMA as INVENTED
from tests.server.execution.test_level_wise import both, operation

SCHEMA = graphql_schema()
TWO_LEVELS = "{ loaded { lNumberN lNumberLn page { count } } alpha { rAlphaN { id } } }"


async def _cancelled(after: int) -> Context:
    """The context of a run that was cancelled while its statement number `after` ran."""
    context = invented_context(World())
    reached = asyncio.Event()
    read = context.read
    count = 0

    async def held(batch: Any, keys: list[Any]) -> list[Any]:
        nonlocal count
        count += 1
        if count == after:
            reached.set()
            await asyncio.Event().wait()
        return await read(batch, keys)

    context.read = held  # type: ignore[method-assign]
    task = asyncio.create_task(level_wise.execute(INVENTED, operation(TWO_LEVELS, {}), context))
    await reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    return context


@pytest.mark.parametrize("after", [1, 2, 3])
async def test_cancelled(after: int) -> None:
    """A run that is cancelled reads nothing more, and leaves no task behind."""
    context = await _cancelled(after)
    before = context.statements
    others = asyncio.all_tasks() - {asyncio.current_task()}
    await asyncio.sleep(0)
    assert (context.statements, others) == (before, set())


async def test_one_plan_for_many() -> None:
    """Runs of one operation at the same time, of which some are cancelled, share its plan only."""
    asked = operation(TWO_LEVELS, {})
    expected = await general.execute(INVENTED, asked, invented_context(World()))
    runs = [
        asyncio.create_task(level_wise.execute(INVENTED, asked, invented_context(World(number))))
        for number in [0, 1] * 10
    ]
    await asyncio.sleep(0)
    for run in runs[1::4]:
        assert run.cancel()
    done = await asyncio.gather(*runs, return_exceptions=True)
    assert all(isinstance(each, asyncio.CancelledError) for each in done[1::4])
    assert [differences(each, expected) for each in done[::2] if not isinstance(each, BaseException)
    ] == [[]] * 10  # fmt: skip


class Failing(World):
    """A world whose every batch fails."""

    def wrong(self, *what: Any) -> None:
        """Fail, if it is a batch.

        Errors: `CodedError`.
        """
        if what[0] == "batch":
            raise CodedError(ErrorCode.DEADLINE_EXCEEDED, "太慢", "too slow", statement=what[1])


async def test_coded_error_of_a_loader() -> None:
    """A batch that is refused is that error at each field that asked for it, and nowhere else."""
    text = '{ a: thing(id: "x3") { id } alpha { name page { count } x: page { nodes { id } } } }'
    found, expected = await both(operation(text, {}), Failing())
    assert differences(found, expected) == []
    causes: dict[Any, Any] = {
        tuple(error.path or ()): error.original_error for error in found.errors or ()
    }
    assert {path: cause.facts for path, cause in causes.items()} == {
        ("a",): {"statement": "entry"},
        ("alpha", "page"): {"statement": "page_Thing_ln"},
        ("alpha", "x"): {"statement": "page_Thing_ln"},
    }


async def test_too_few_values() -> None:
    """A loader that gives too few values is a fault of each field that asked it."""
    context = invented_context(World())
    read = context.read

    async def short(batch: Any, keys: list[Any]) -> list[Any]:
        return (await read(batch, keys))[:-1]

    context.read = short  # type: ignore[method-assign]
    text = "{ alpha { name page { count } x: page { nodes { id } } } }"
    found = await level_wise.execute(INVENTED, operation(text, {}), context)
    assert found.data == {"alpha": {"name": "一", "page": None, "x": None}}
    assert [error.path for error in found.errors or ()] == [["alpha", "page"], ["alpha", "x"]]


EVERYWHERE = """{ city(code: "dandong") { name organization(code: "210600") { name }
  organizations(first: 2) { nodes { name } } }
  cities { name organizations(first: 1) { totalCount } } }"""
NULLABLE = """{ city(code: "dandong") { name level: levels { key }
  a: organization(code: "210600") { name } b: organization(code: "x") { name } }
  node(id: "T3JnYW5pemF0aW9uOjIxMDYwMDowMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMA") { id } }"""


@pytest.mark.parametrize("text", [EVERYWHERE, NULLABLE])
async def test_database_gone(full_url: str, text: str) -> None:
    """Without a database every field that reads it is UNAVAILABLE, and the others are answered."""
    document = Documents(SCHEMA).get(text)
    assert isinstance(document, Document), document
    asked = select_operation(document, Parameters(text, None, {}, {}))
    async with opened(full_url) as graph:
        live, services = graph.live, graph.services
        admission = Admission(live, services.identity, services.rates, services.trusted)
        request = Request({"type": "http", "method": "POST", "path": "/", "headers": []})
        caller = await admission.admit(request, RequestFacts())
        await live.database.close()

        async def run(execute: Any) -> ExecutionResult:
            async with Contexts(live, services, lambda: NOW)(request, caller) as context:
                result: ExecutionResult = await partial(execute, SCHEMA)(asked, context)
                return result

        found, expected = await run(level_wise.execute), await run(general.execute)
    assert differences(found, expected) == []
    causes = [error.original_error for error in found.errors or ()]
    assert causes
    assert all(isinstance(cause, CodedError) for cause in causes)
    assert {getattr(cause, "code", None) for cause in causes} == {ErrorCode.UNAVAILABLE}
