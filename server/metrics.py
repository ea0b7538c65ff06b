"""The metrics: what Prometheus reads at /metrics, of one process or of all workers of a server."""

import asyncio
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
)
from prometheus_client.core import Metric
from prometheus_client.exposition import choose_encoder, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from schema.errors import ErrorCode
from server.facts import RequestFacts
from server.sweeping import Pass

OTHER = "other"
SUBSCRIPTION = "subscription"
UNNAMED = "unnamed"
MAX_NAMES = 100
"""How many operation names are counted by name, besides those known from the start."""
NOTE_SECONDS = 1.0
"""How old what another worker reads may be."""

_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
# a name as a developer gives one: not a number that may be somebody's
_NAME = re.compile(r"(?!.*\d{7})[_A-Za-z]\w{0,63}", re.ASCII)


@dataclass(frozen=True)
class PoolNumbers:
    """The connections of one login role: open ones, those in use, how many there may be.

    `waiting` are the operations that wait for one.
    """

    login: str
    size: int
    in_use: int
    limit: int
    waiting: int = 0


@dataclass(frozen=True)
class Readings:
    """What is not counted but read: connections, readiness, what is open."""

    pools: Callable[[], Iterable[PoolNumbers]] = tuple
    ready: Callable[[], bool] = bool
    tenants: Callable[[], int] = int
    subscriptions: Callable[[], int] = int
    sockets: Callable[[], int] = int


class Metrics:
    """The counts of one application, in a registry of its own.

    `names` are the operations that are always counted by name: those of examples and of trusted
    documents. Of all others the first `MAX_NAMES` are, the rest together as "other".

    With a `folder` each worker keeps its counts there, and each shows those of all: their sums,
    those of workers that ended too. The process must have been started with the folder in
    PROMETHEUS_MULTIPROC_DIR. A process alone adds up what it counted until somebody asks. What is
    read is read when somebody asks, of other workers as it was `NOTE_SECONDS` ago at most.
    """

    def __init__(
        self,
        names: Collection[str] = (),
        readings: Readings | None = None,
        folder: Path | None = None,
    ) -> None:
        self._counted = CollectorRegistry()
        self.registry = self._counted if folder is None else CollectorRegistry()
        self._is_shared = folder is not None
        self._answered: dict[tuple[str, int], int] = {}
        self._ran: dict[tuple[str | None, str, str | None], _Sums] = {}
        self._names = _Labels(names, MAX_NAMES, _NAME)
        self._codes = _Labels(tuple(ErrorCode), 0, _NAME)
        self._requests = _Children(
            self._counter("requests", "Requests answered.", "method", "status")
        )
        self._operations = _Children(
            self._counter("operations", "Operations run or refused.", "kind", "name")
        )
        self._operation_seconds = _Children(
            self._counter("operation_seconds", "Seconds that they took.", "kind", "name")
        )
        self._errors = _Children(self._counter("errors", "Errors in answers.", "code"))
        self._caches = _Children(
            self._counter("document_cache", "Documents asked of the memory.", "result")
        )
        self._limited = _Children(
            self._counter("rate_limited", "Requests refused for a rate.", "by")
        )
        self._statements = self._counter("sql_statements", "SQL statements of operations.")
        self._sql_seconds = self._counter("sql_seconds", "Seconds that they took.")
        self._swept = _Children(
            self._counter("issues_swept", "What the sweep of issues did.", "kind")
        )
        self._aged = _Children(
            self._counter("agreements_swept", "What the sweep of agreements did.", "kind")
        )
        self._sweep_failures = self._counter(
            "sweep_failures", "Issues, agreements and cities that a pass of the sweep left undone."
        )
        self._last_sweep = Gauge(
            "last_sweep_timestamp_seconds",
            "When the last pass of the sweep ended, in seconds since 1970; 0 = none yet.",
            namespace="onegrid",
            registry=self._counted,
            multiprocess_mode="max",
        )
        self._durations = Histogram(
            "request_seconds",
            "Seconds from a request to its answer.",
            ("route",),
            namespace="onegrid",
            buckets=_SECONDS,
            registry=self._counted,
        )
        self._api, self._rest = map(self._durations.labels, ("/graphql", OTHER))
        self._noted = _Noted(readings or Readings(), self._counted)
        if folder is None:
            for collector in (ProcessCollector, PlatformCollector, GCCollector):
                collector(registry=self.registry)
        else:
            MultiProcessCollector(self.registry, str(folder))  # type: ignore[no-untyped-call]
            self.registry.register(_Workers(folder))

    def observe(self, facts: RequestFacts, status: int, seconds: float) -> None:
        """Count one answered request."""
        method = facts.method if facts.method in _METHODS else OTHER
        answered = method, status // 100
        self._answered[answered] = self._answered.get(answered, 0) + 1
        if facts.operation_kind != SUBSCRIPTION:  # it lasts as long as its client likes
            (self._api if facts.path == "/graphql" else self._rest).observe(seconds)
        self.observe_operation(facts, seconds)

    def observe_operation(self, facts: RequestFacts, seconds: float) -> None:
        """Count one operation, which may not have come by a request of its own."""
        for code in facts.codes:
            self._errors.of(self._codes.label(code)).inc()
        if facts.limited is not None:
            self._limited.of(facts.limited).inc()
        name = self._names.label(facts.operation_name or UNNAMED)
        ran = facts.operation_kind, name, facts.cache
        sums = self._ran.get(ran)
        if sums is None:
            sums = self._ran[ran] = _Sums()
        sums.operations += 1
        sums.seconds += seconds
        sums.statements += facts.statements
        sums.sql_seconds += facts.sql_seconds
        if self._is_shared:
            self._settle()

    def _settle(self) -> None:
        """Put what was added up into the counters."""
        for (method, hundreds), count in self._answered.items():
            self._requests.of(method, f"{hundreds}xx").inc(count)
        for (kind, name, cache), sums in self._ran.items():
            if kind is not None:
                self._operations.of(kind, name).inc(sums.operations)
            if kind is not None and kind != SUBSCRIPTION:
                self._operation_seconds.of(kind, name).inc(sums.seconds)
            if cache is not None:
                self._caches.of(cache).inc(sums.operations)
            self._statements.inc(sums.statements)
            self._sql_seconds.inc(sums.sql_seconds)
        self._answered.clear()
        self._ran.clear()

    def observe_sweep(self, done: Pass) -> None:
        """Count what a pass of the sweep did, and when it ended."""
        for kind, count in done.total.items():
            self._swept.of(kind.value).inc(count)
        for aged, count in done.aged.items():
            self._aged.of(aged.value).inc(count)
        failures = done.failed_issues + done.failed_agreements + len(done.failed_cities)
        self._sweep_failures.inc(failures)
        if done.ended_at is not None:
            self._last_sweep.set(done.ended_at.timestamp())

    @property
    def app_route(self) -> Route:
        """The route /metrics, in the format that the Accept header asks for."""
        return Route("/metrics", self._exposition)

    async def note_for_ever(self, seconds: float = NOTE_SECONDS) -> None:
        """Note what is only read, every so many seconds: other workers show it too."""
        while True:
            self._note()
            await asyncio.sleep(seconds)

    def _note(self) -> None:
        self._settle()
        self._noted.note()

    async def _exposition(self, request: Request) -> Response:
        self._note()
        try:
            encode, content_type = choose_encoder(request.headers.get("accept", ""))
        except (TypeError, ValueError):  # a version that is no number
            encode, content_type = choose_encoder("")
        return Response(encode(self.registry), headers={"content-type": content_type})

    def text(self) -> str:
        """All counts, as Prometheus reads them by default."""
        self._note()
        return generate_latest(self.registry).decode()

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(name, text, labels, namespace="onegrid", registry=self._counted)


class _Labels:
    """A bounded set of label values: some from the start, and the first so many others."""

    def __init__(self, known: Iterable[str], more: int, shape: re.Pattern[str]) -> None:
        self._known = {UNNAMED, *map(str, known)}
        self._most = len(self._known) + more
        self._shape = shape

    def label(self, value: str) -> str:
        """The value itself, or `OTHER`."""
        if value in self._known:
            return value
        if len(self._known) < self._most and self._shape.fullmatch(value):
            self._known.add(value)
            return value
        return OTHER


@dataclass(slots=True)
class _Sums:
    """What operations of one name came to together."""

    operations: int = 0
    seconds: float = 0.0
    statements: int = 0
    sql_seconds: float = 0.0


@dataclass
class _Children:
    """The children of a counter by their labels; finding one here is faster than there."""

    counter: Counter
    found: dict[tuple[str, ...], Counter] = field(default_factory=dict)

    def of(self, *labels: str) -> Counter:
        """The child with these labels."""
        child = self.found.get(labels)
        if child is None:
            child = self.found[labels] = self.counter.labels(*labels)
        return child


class _Noted:
    """What is read, as gauges: sums over the workers that live, or what is true of all of them."""

    def __init__(self, readings: Readings, registry: CollectorRegistry) -> None:
        self._readings = readings

        def gauge(name: str, text: str, mode: Mode = "livesum", *labels: str) -> Gauge:
            return Gauge(
                name, text, labels, namespace="onegrid", registry=registry, multiprocess_mode=mode
            )

        gauge("workers", "Processes that serve.").set(1)
        self._ready = gauge("ready", "Whether queries can be answered.", "livemin")
        self._tenants = gauge("tenants", "Tenants in force.", "livemin")
        self._subscriptions = gauge("subscriptions", "Subscriptions that are open.")
        self._sockets = gauge("sockets", "WebSockets that are open.")
        self._pools = {
            name: gauge(f"pool_{name}", text, "livesum", "login") for name, text in _POOL.items()
        }

    def note(self) -> None:
        """Note the readings as they are now."""
        readings = self._readings
        self._ready.set(readings.ready())
        self._tenants.set(readings.tenants())
        self._subscriptions.set(readings.subscriptions())
        self._sockets.set(readings.sockets())
        for pool in readings.pools():
            for name, gauge in self._pools.items():
                gauge.labels(pool.login).set(getattr(pool, name))


class _Workers(Collector):
    """The processes of the workers that live: sums, but of bounds and beginnings the least."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def collect(self) -> Iterator[Metric]:
        """What the operating system says of them together."""
        found: dict[str, Metric] = {}
        values: dict[str, list[float]] = {}
        for file in self._folder.glob("gauge_livesum_*.db"):
            pid = file.stem.rpartition("_")[2]
            for family in ProcessCollector(pid=pid.__str__, registry=None).collect():
                found.setdefault(family.name, family)
                read = [sample.value for sample in family.samples]
                values.setdefault(family.name, []).extend(read)
        for name, family in found.items():
            together = min if name in _LEAST else sum
            sample = family.samples[0]._replace(value=together(values[name]))
            family.samples = [sample]
            yield family


Mode = Literal["livesum", "livemin"]

_LEAST = {"process_start_time_seconds", "process_max_fds"}

_POOL = {
    "size": "Open database connections of a login role.",
    "in_use": "Those of them in use.",
    "limit": "How many there may be.",
    "waiting": "Operations that wait for one.",
}
