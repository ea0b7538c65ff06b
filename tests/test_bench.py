"""The bench: equal answers, the shape of its results, and the page that it writes."""

import asyncio
import datetime
import json
import re
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from bench import report, results
from bench.abuse import measure_abuse, send
from bench.attacks import attacks
from bench.client import ask, burst, post
from bench.contenders import contenders, server, with_and_without
from bench.limit import Limit
from bench.measure import DifferentAnswersError, Plan, check_equal, measure
from bench.operations import Operation, load_operations
from bench.process import free_port, running
from bench.results import OFF, ON, Abuse, Memory, Results, Row, Setting, Share
from bench.shares import measure_shares
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
    """results.json is generated: a row an operation and contender, then with security or not."""
    saved = json.loads(results.PATH.read_text("utf-8"))
    assert saved["generated"] == "by `make bench`; do not edit"
    assert [(row["operation"], row["contender"]) for row in saved["rows"]] == [
        *((operation.key, name) for operation in OPERATIONS for name in NAMES),
        *((key + way, "onegrid") for key in results.SECURED for way in (ON, OFF)),
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


def made(
    statements: int, peak_mb: float, security_us: float = 150, slowed_ms: float = 20
) -> Results:
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
    parts = [
        row.model_copy(update={"operation": key + way, "server_cpu_us": cpu})
        for key in results.SECURED
        for way, cpu in ((ON, security_us), (OFF, 0.0))
    ]
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
    attack = Abuse(
        attack="2^20-fold",
        status=400,
        code="FIELDS_EXCEEDED",
        cpu_ms=0.5,
        growth_mb=0.1,
        quiet_p99_ms=10,
        neighbour_p99_ms=slowed_ms,
    )
    return Results(
        setting=setting,
        memory=[Memory(contender="onegrid", started_mb=100, peak_mb=peak_mb)],
        rows=[row, limit, *parts],
        shares=[Share(what="identity", us=5)],
        abuse=[attack],
    )


def test_bounds_are_met_or_missed() -> None:
    """A bound is met up to and with its number."""
    assert {bound.verdict for bound in made(5, 200).bounds()} == {"met"}
    assert list(report.bound_lines(made(6, 200.5, 151, 21))) == [
        "SQL statements of the city page: 6 of 5 allowed, missed",
        "MB of server memory after start: 100 of 200 allowed, met",
        "MB of server memory under load, at most: 200.5 of 200 allowed, missed",
        "CPU µs of security, city-page: 151 of 150 allowed, missed",
        "CPU µs of security, organization: 151 of 150 allowed, missed",
        "CPU µs of security, rungs: 151 of 150 allowed, missed",
        "CPU ms of an attack, at most: 0.5 of 50 allowed, met",
        "MB that an attack adds, at most: 0.1 of 20 allowed, met",
        "a neighbour's p99 beside it, at most times: 2.1 of 2 allowed, missed",
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
@pytest.mark.soak
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
@pytest.mark.soak
async def test_security_is_measured(full_url: str, tmp_path: Path) -> None:
    """With and without security the answers are equal, and each gives a row."""
    plan = Plan(rounds=1, seconds=0, connections=2)
    secured = [item for item in OPERATIONS if item.key in results.SECURED]
    with with_and_without(full_url, tmp_path) as both:
        rows, _ = await measure(secured, both, plan, lambda text: None)
    expected = [(key + way, "onegrid") for key in results.SECURED for way in (ON, OFF)]
    assert [(row.operation, row.contender) for row in rows] == expected


async def test_shares_are_measured(full_url: str, tmp_path: Path) -> None:
    """Each part of security has a time, and none takes a millisecond."""
    (one,) = (item for item in OPERATIONS if item.key == "organization")
    found = await measure_shares(full_url, tmp_path, one, times=20)
    names = ["identity", "bounds and cost", "rates", "deadline", "row-level security"]
    assert [share.what for share in found] == names
    assert all(0 <= share.us < 1000 for share in found)


@LINUX
@pytest.mark.soak
async def test_bad_input_is_refused(full_url: str, tmp_path: Path) -> None:
    """Every attack is refused as it must be, while the server serves."""
    with server(full_url, tmp_path) as process:
        for attack in attacks():
            send(process.port, attack, range(3))
        bodies = {attack.body(number) for attack in attacks() for number in range(2)}
        assert len(bodies) == 2 * len(attacks()) - 1  # the large one is refused unread


@LINUX
@pytest.mark.soak
async def test_bad_input_slows_nobody(full_url: str, tmp_path: Path) -> None:
    """To refuse an attack takes 50 ms and 20 MB at most, and its neighbours are hardly slower."""
    (one,) = (item for item in OPERATIONS if item.key == "organization")
    with server(full_url, tmp_path) as process:
        found = await measure_abuse(process, one, 50, 3, lambda text: None)
    assert [row.attack for row in found] == [attack.title for attack in attacks()]
    for row in found:
        assert row.cpu_ms <= results.MAX_ATTACK_MS, row
        assert row.growth_mb <= results.MAX_ATTACK_MB, row
        assert row.slowed <= 2 * results.MAX_SLOWED, row  # other processes count too


@pytest.mark.soak
async def test_an_answer_that_is_no_refusal_is_noticed(full_url: str, tmp_path: Path) -> None:
    """What is not refused as it must be ends the measuring."""
    harmless = replace(attacks()[0], body=lambda number: b'{"query": "{ __typename }"}')
    with (
        server(full_url, tmp_path) as process,
        pytest.raises(ValueError, match="2\\^20-fold nested fragments: 200"),
    ):
        send(process.port, harmless, [0])


@LINUX
def test_a_contender_that_does_not_start_says_why(tmp_path: Path) -> None:
    """The error holds what the process printed."""
    command = [sys.executable, "-c", "raise SystemExit('no such luck')"]
    with (
        pytest.raises(RuntimeError, match="no such luck"),
        running(command, free_port(), {}, tmp_path / "log"),
    ):
        pass
