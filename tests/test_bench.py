"""The bench: equal answers, the shape of its results, and the page that it writes."""

import asyncio
import datetime
import json
import re
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bench import report, results
from bench.client import ask, burst, post
from bench.contenders import contenders
from bench.limit import Limit
from bench.measure import DifferentAnswersError, Plan, check_equal, measure
from bench.operations import Operation, load_operations
from bench.process import free_port, running
from bench.results import Memory, Results, Row, Setting
from tests.conftest import TODAY, Graph

OPERATIONS = load_operations()
NAMES = ("onegrid", "limit")
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="it reads /proc")


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.key)
async def test_the_hand_written_sql_gives_the_same_answer(
    graph: Graph, full_url: str, operation: Operation
) -> None:
    """Server and hand-written SQL answer an operation equally."""
    async with Limit.opened(full_url, size=1) as limit:
        body = await limit.answer(operation, operation.variables, TODAY)
    answer = await graph(operation.query, **operation.variables)
    assert answer == json.loads(body)


async def test_the_city_page_stays_within_its_bound(graph: Graph) -> None:
    """The city page runs at most five SQL statements."""
    (page,) = (item for item in OPERATIONS if item.key == results.CITY_PAGE)
    assert await graph.statements(page.query, **page.variables) <= results.MAX_STATEMENTS


def test_every_operation_has_its_sql() -> None:
    """Each statement names the values of all the places in it."""
    assert [item.key for item in OPERATIONS] == ["city-page", "organization", "rungs", "search"]
    for operation in OPERATIONS:
        places = {int(place) for place in re.findall(r"\$(\d+)::", operation.sql)}
        assert places == set(range(1, len(operation.parameters) + 1))


def test_results_have_the_documented_shape() -> None:
    """results.json says that it is generated, and has a row an operation and contender."""
    saved = json.loads(results.PATH.read_text("utf-8"))
    assert saved["generated"] == "by `make bench`; do not edit"
    assert [(row["operation"], row["contender"]) for row in saved["rows"]] == [
        (operation.key, name) for operation in OPERATIONS for name in NAMES
    ]
    for row in saved["rows"]:
        assert list(row) == [
            "operation",
            "contender",
            "rps",
            "p50_ms",
            "p99_ms",
            "statements",
            "server_cpu_us",
            "rss_mb",
        ]
        assert all(value > 0 for value in list(row.values())[2:])


def test_the_page_is_that_of_the_results() -> None:
    """docs/benchmark.md is what the report makes of results.json."""
    titles = {operation.key: operation.title for operation in OPERATIONS}
    written = report.PATH.read_text("utf-8")
    assert written == report.document(results.saved(), titles)
    assert "Generated" in written.partition("\n")[0]


def made(statements: int, peak_mb: float) -> Results:
    """Results of one operation with these numbers."""
    row = Row(
        operation=results.CITY_PAGE,
        contender="onegrid",
        rps=500,
        p50_ms=2,
        p99_ms=4,
        statements=statements,
        server_cpu_us=900,
        rss_mb=110,
    )
    limit = row.model_copy(update={"contender": "limit", "rps": 2000.0, "statements": 1})
    setting = Setting(
        date=datetime.date(2026, 3, 15),
        cores=2,
        python="3.11.7",
        postgresql="18.4",
        organizations=10,
        rounds=5,
        seconds=3,
        connections=16,
    )
    memory = Memory(contender="onegrid", started_mb=100, peak_mb=peak_mb)
    return Results(setting=setting, memory=[memory], rows=[row, limit])


def test_bounds_are_met_or_missed() -> None:
    """A bound is met up to and with its number."""
    assert [bound.verdict for bound in made(5, 200).bounds()] == ["met", "met", "met"]
    assert list(report.bound_lines(made(6, 200.5))) == [
        "SQL statements of the city page: 6 of 5 allowed, missed",
        "MB of server memory after start: 100 of 200 allowed, met",
        "MB of server memory under load, at most: 200.5 of 200 allowed, missed",
    ]


def test_saved_results_are_read_back(tmp_path: Path) -> None:
    """What is saved is read back the same, and the ratio is of requests a second."""
    found = made(4, 120)
    results.save(found, tmp_path / "results.json")
    assert results.saved(tmp_path / "results.json") == found
    assert found.ratio(results.CITY_PAGE) == 0.25


def test_different_answers_are_not_timed() -> None:
    """Answers that differ, or hold errors, stop the bench."""
    operation = OPERATIONS[0]
    check_equal(operation, [b'{"data":{"a":1}}', b'{"data": {"a": 1}}'])
    for bodies in ([b'{"data":1}', b'{"data":2}'], [b'{"errors":[]}', b'{"errors":[]}']):
        with pytest.raises(DifferentAnswersError, match="city-page is answered differently"):
            check_equal(operation, bodies)


@asynccontextmanager
async def answering(answer: Callable[[int], bytes]) -> AsyncIterator[int]:
    """A server that sends its n-th answer in two pieces; its port."""
    count = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal count
        while await reader.read(4096):
            body = answer(count)
            count += 1
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body[:1])
            await writer.drain()
            writer.write(body[1:])
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def test_the_client_reads_whole_answers() -> None:
    """An answer in pieces is one answer; each connection asks at least once."""
    async with answering(lambda n: b"same") as port:
        assert (await ask(port, post("/graphql", b"{}"))).body == b"same"
        found = await burst(port, post("/graphql", b"{}"), b"same", connections=3, seconds=0)
        assert len(found.latencies) == 3
        assert found.percentile(50) <= found.percentile(99)


async def test_the_client_compares_answers_under_load() -> None:
    """An answer unlike the first ends the burst with an error that shows it."""
    async with answering(lambda n: b"%04d" % n) as port:
        with pytest.raises(ValueError, match="0001"):
            await burst(port, post("/graphql", b"{}"), b"0000", connections=1, seconds=60)


@LINUX
async def test_both_contenders_are_measured(full_url: str, tmp_path: Path) -> None:
    """The real server and the limit start, answer equally, and give a row each."""
    plan = Plan(rounds=1, seconds=0, connections=2)
    with contenders(full_url, tmp_path) as both:
        rows, memory = await measure(OPERATIONS, both, plan, lambda text: None)
    expected = [(operation.key, name) for operation in OPERATIONS for name in NAMES]
    assert [(row.operation, row.contender) for row in rows] == expected
    assert [part.contender for part in memory] == list(NAMES)
    assert all(0 < part.started_mb <= part.peak_mb for part in memory)


@LINUX
def test_a_contender_that_does_not_start_says_why(tmp_path: Path) -> None:
    """The error holds what the process printed."""
    command = [sys.executable, "-c", "raise SystemExit('no such luck')"]
    with (
        pytest.raises(RuntimeError, match="no such luck"),
        running(command, free_port(), {}, tmp_path / "log"),
    ):
        pass
