"""Results of a run, as `results.json` keeps them, and the bounds that they are held against."""

import datetime
from collections.abc import Sequence
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
CITY_PAGE = "city-page"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Row(_Part):
    """Medians over the rounds of one operation and contender.

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
    """One run."""

    generated: Literal["by `make bench`; do not edit"] = "by `make bench`; do not edit"
    setting: Setting
    memory: Sequence[Memory]
    rows: Sequence[Row]

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
        return (
            Bound("SQL statements of the city page", statements, MAX_STATEMENTS),
            Bound("MB of server memory after start", memory.started_mb, MAX_MEMORY_MB),
            Bound("MB of server memory under load, at most", memory.peak_mb, MAX_MEMORY_MB),
        )


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
