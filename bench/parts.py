"""Where the server's time goes: its parts by samples of what runs, in this process.

The application is asked without sockets, one request at a time; every so often of its processor
time it is noted which part of the program is at work, with what it calls of other libraries.
"""

import asyncio
import signal
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from starlette.types import ASGIApp

from bench.bare import secured_settings
from bench.client import Exchange
from bench.database import swept
from bench.measure import Runner
from bench.results import Spent
from schema.database import Database, engine
from server.app import create_app
from server.live import Live
from server.services import open_services

INTERVAL = 0.001
"""Seconds of processor time between two samples, at least; the kernel may take more."""

FEWEST = 30
"""Requests of an operation at least."""

SOCKETS = "HTTP and sockets"
OTHER = "other"

PARTS: Sequence[tuple[str, tuple[str, ...]]] = (
    ("PostgreSQL's protocol", ("/asyncpg/", "/sqlalchemy/", "schema/database.py")),
    ("loaders", ("schema/loaders/",)),
    ("writing", ("schema/work.py", "schema/counting.py", "schema/events.py", "schema/issues/")),
    ("execution", ("server/execution/", "/graphql/execution/", "/aiodataloader")),
    ("fields", ("schema/",)),
    ("documents", ("/graphql/", "server/documents.py", "server/cost.py", "server/extent.py")),
    (
        "identity, rates, deadline",
        (
            "server/gate.py",
            "server/identity.py",
            "server/rates.py",
            "server/payers.py",
            "server/deadline.py",
            "/limits/",
            "/jwt/",
        ),
    ),
    ("request and answer", ("server/", "/starlette/", "/structlog/", "/prometheus_client/")),
)
"""What a file belongs to: the first part with something that stands in its path."""

_ROOT = str(Path(__file__).parent.parent)


async def measure_parts(
    url: str, folder: Path, groups: Sequence[Sequence[Runner]], seconds: float
) -> list[Spent]:
    """Microseconds of each part, by operation; of the server's runner in each group.

    What its rows count beyond is that of HTTP and sockets.
    """
    live = Live(Database(url), engine(url), refresh_seconds=60)
    settings = secured_settings(folder).model_copy(update={"sweep_seconds": 3600.0})
    app = create_app(live, open_services(settings))
    found: list[Spent] = []
    async with app.router.lifespan_context(app):
        await swept(url)
        for own, *_ in groups:
            found += await _operation(app, own, seconds)
    return found


async def _operation(app: ASGIApp, runner: Runner, seconds: float) -> list[Spent]:
    for _ in range(20):
        await _ask(app, next(runner.exchanges))  # warms up
    count, began, used = 0, time.perf_counter(), time.process_time()
    with _sampled() as samples:
        while count < FEWEST or time.perf_counter() < began + seconds:
            await _ask(app, next(runner.exchanges))
            count += 1
    each = (time.process_time() - used) / count * 1e6
    key, total = runner.operation.key, sum(samples.values())
    found = [
        Spent(operation=key, part=part, us=round(samples[part] / total * each, 1))
        for part in (*(name for name, _ in PARTS), OTHER)
        if samples[part]
    ]
    rest = max(runner.row().server_cpu_us - each, 0)
    return [*found, Spent(operation=key, part=SOCKETS, us=round(rest, 1))]


@contextmanager
def _sampled() -> Iterator[Counter[str]]:
    """Inside, what runs is counted by part."""
    samples: Counter[str] = Counter()

    def note(number: int, frame: FrameType | None) -> None:
        samples[_part(frame)] += 1

    before = signal.signal(signal.SIGPROF, note)
    signal.setitimer(signal.ITIMER_PROF, INTERVAL, INTERVAL)
    try:
        yield samples
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _part(frame: FrameType | None) -> str:
    while frame is not None:
        path = frame.f_code.co_filename.removeprefix(_ROOT + "/")
        for part, pieces in PARTS:
            if any(
                path.startswith(piece) or (f"/{piece.strip('/')}" in path and piece[0] == "/")
                for piece in pieces
            ):
                return part
        frame = frame.f_back
    return OTHER


async def _ask(app: ASGIApp, exchange: Exchange) -> None:
    """One request, as the server of sockets hands it on."""
    head, _, body = exchange.request.partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    headers = [tuple(line.split(b": ", 1)) for line in lines]
    path = first.split(b" ")[1].decode()
    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": headers,
        "client": ("127.0.0.1", 40000),
        "server": ("127.0.0.1", 8000),
    }
    sent: list[Any] = []
    given = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Any:
        return given.pop() if given else await asyncio.Future()

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
    if sent[0]["status"] != 200:
        raise ValueError(f"an answer with status {sent[0]['status']}")
