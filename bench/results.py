"""Results of a run, as `results.json` keeps them, and the bounds that they are held against."""

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import orjson
from pydantic import BaseModel, ConfigDict

SERVER = "onegrid"
LIMIT = "limit"
PATH = Path(__file__).parent / "results.json"
MAX_STATEMENTS = 5
MAX_MEMORY_MB = 200
MAX_SECURITY_US = 150
MAX_ATTACK_MS = 50
MAX_ATTACK_MB = 20
MAX_SLOWED = 2
CITY_PAGE = "city-page"
SECURED = ("city-page", "organization", "rungs")
"""The operations that are measured with security and without."""
ON = ", security on"
OFF = ", security off"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Row(_Part):
    """Medians over the rounds of one operation and contender; of a secured one with ON or OFF.

    `statements` are SQL statements an operation, `server_cpu_us` processor time of the
    contender's process a request, `rss_mb` the most resident memory at the end of a round.
    """

    operation: str
    contender: Literal["onegrid", "limit"]
    rps: float
    p50_ms: float
    p99_ms: float
    statements: int
    server_cpu_us: float
    rss_mb: float


class Memory(_Part):
    """A contender's resident memory before its first request, and the most it ever had."""

    contender: Literal["onegrid", "limit"]
    started_mb: float
    peak_mb: float


class Share(_Part):
    """What one part of security takes of an operation, in microseconds."""

    what: str
    us: float


class Abuse(_Part):
    """What an attack costs while it is refused with `status` and `code`.

    `cpu_ms` is processor time of the server a request, `growth_mb` the memory that it took at
    most for many; the p99 are of neighbours without, and beside one who attacks without a pause.
    """

    attack: str
    status: int
    code: str
    cpu_ms: float
    growth_mb: float
    quiet_p99_ms: float
    neighbour_p99_ms: float

    @property
    def slowed(self) -> float:
        """The neighbours' p99 beside the attack, as a multiple of that without."""
        return round(self.neighbour_p99_ms / self.quiet_p99_ms, 2)


class Setting(_Part):
    """Where and how it was measured."""

    date: datetime.date
    cores: int
    python: str
    postgresql: str
    organizations: int
    rounds: int
    seconds: float
    connections: int


class Results(_Part):
    """One run.

    `rows` end with those of `SECURED`, each operation with ON and OFF, asked one at a time.
    """

    generated: Literal["by `make bench`; do not edit"] = "by `make bench`; do not edit"
    setting: Setting
    memory: Sequence[Memory]
    rows: Sequence[Row]
    shares: Sequence[Share]
    abuse: Sequence[Abuse]

    def security_us(self, operation: str) -> float:
        """Microseconds of the server's processor that security takes of an operation."""
        on, off = (self.row(operation + way, SERVER) for way in (ON, OFF))
        return on.server_cpu_us - off.server_cpu_us

    def row(self, operation: str, contender: str) -> Row:
        """The row of an operation and a contender."""
        return next(
            row for row in self.rows if (row.operation, row.contender) == (operation, contender)
        )

    def ratio(self, operation: str) -> float:
        """The server's requests a second, as a part of the limit's."""
        return self.row(operation, SERVER).rps / self.row(operation, LIMIT).rps

    def bounds(self) -> "tuple[Bound, ...]":
        """What the server promises, held against what it did."""
        memory = next(part for part in self.memory if part.contender == SERVER)
        statements = self.row(CITY_PAGE, SERVER).statements
        security = (
            Bound(f"CPU µs of security, {key}", self.security_us(key), MAX_SECURITY_US)
            for key in SECURED
        )
        return (
            Bound("SQL statements of the city page", statements, MAX_STATEMENTS),
            Bound("MB of server memory after start", memory.started_mb, MAX_MEMORY_MB),
            Bound("MB of server memory under load, at most", memory.peak_mb, MAX_MEMORY_MB),
            *security,
            *self._abuse_bounds(),
        )

    def _abuse_bounds(self) -> "Iterator[Bound]":
        """Of the worst attack."""
        yield Bound("CPU ms of an attack, at most", self._worst("cpu_ms"), MAX_ATTACK_MS)
        yield Bound("MB that an attack adds, at most", self._worst("growth_mb"), MAX_ATTACK_MB)
        yield Bound("a neighbour's p99 beside it, at most times", self._worst("slowed"), MAX_SLOWED)

    def _worst(self, name: str) -> float:
        return max(float(getattr(item, name)) for item in self.abuse)


@dataclass(frozen=True)
class Bound:
    """A promise: `measured` is at most `allowed`."""

    what: str
    measured: float
    allowed: float

    @property
    def verdict(self) -> str:
        """Met or missed."""
        return "met" if self.measured <= self.allowed else "missed"


def save(results: Results, path: Path = PATH) -> None:
    """Write the file."""
    content = orjson.dumps(results.model_dump(mode="json"), option=orjson.OPT_INDENT_2)
    path.write_bytes(content + b"\n")


def saved(path: Path = PATH) -> Results:
    """The results in the file.

    Errors: `pydantic.ValidationError` where it has another shape.
    """
    return Results.model_validate_json(path.read_bytes())
