"""Results of a run, as `results.json` keeps them."""

import datetime
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import orjson
from pydantic import BaseModel, ConfigDict

Name = Literal["onegrid", "limit", "graphql-core", "postgraphile"]

SERVER: Name = "onegrid"
LIMIT: Name = "limit"
GENERAL: Name = "graphql-core"
POSTGRAPHILE: Name = "postgraphile"
NAMES: tuple[Name, ...] = (SERVER, LIMIT, GENERAL, POSTGRAPHILE)

PATH = Path(__file__).parent / "results.json"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Row(_Part):
    """Medians over the rounds of one operation and contender.

    `statements` are SQL statements a request; `server_cpu_us` and `database_cpu_us` processor
    time a request, of the contender's process and of all processes of PostgreSQL.
    """

    operation: str
    contender: Name
    rps: float
    p50_ms: float
    p99_ms: float
    statements: int
    server_cpu_us: float
    database_cpu_us: float


class Scale(_Part):
    """A row of Q3 over a database of so many issues, and so many cells that count them."""

    issues: int
    cells: int
    row: Row


class Memory(_Part):
    """A contender's resident memory before its first request, and the most it ever had."""

    contender: Name
    started_mb: float
    peak_mb: float


class Spent(_Part):
    """What one part of the server takes of an operation: microseconds of its processor."""

    operation: str
    part: str
    us: float


class Security(_Part):
    """An operation with the server's security and without: processor time and p50."""

    operation: str
    on_us: float
    off_us: float
    on_p50_ms: float
    off_p50_ms: float

    @property
    def us(self) -> float:
        """Microseconds of the server's processor that security takes."""
        return round(self.on_us - self.off_us, 1)


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
    """Where and how it was measured; `skipped` says why a contender was left out."""

    date: datetime.date
    cores: int
    python: str
    postgresql: str
    postgraphile: str | None
    skipped: str | None
    organizations: int
    issues: int
    rounds: int
    seconds: float
    connections: int


class Results(_Part):
    """One run."""

    generated: Literal["by `make bench`; do not edit"] = "by `make bench`; do not edit"
    setting: Setting
    memory: Sequence[Memory]
    rows: Sequence[Row]
    scale: Sequence[Scale]
    spent: Sequence[Spent]
    security: Sequence[Security]
    shares: Sequence[Share]
    abuse: Sequence[Abuse]

    def row(self, operation: str, contender: str) -> Row | None:
        """The row of an operation and a contender; None where it does not answer that."""
        found = (
            row for row in self.rows if (row.operation, row.contender) == (operation, contender)
        )
        return next(found, None)

    def ratio(self, operation: str, contender: str) -> float | None:
        """The server's requests a second, as a multiple of a contender's."""
        own, other = self.row(operation, SERVER), self.row(operation, contender)
        return None if own is None or other is None else round(own.rps / other.rps, 2)

    def growth(self, contender: str) -> float | None:
        """How often longer a contender's median of Q3 is over the most issues than the fewest."""
        own = sorted(
            (item for item in self.scale if item.row.contender == contender),
            key=lambda item: item.issues,
        )
        if len(own) < 2:
            return None
        return round(own[-1].row.p50_ms / own[0].row.p50_ms, 2)


def save(results: Results, path: Path = PATH) -> None:
    """Write the file."""
    content = orjson.dumps(results.model_dump(mode="json"), option=orjson.OPT_INDENT_2)
    path.write_bytes(content + b"\n")


def saved(path: Path = PATH) -> Results:
    """The results in the file.

    Errors: `pydantic.ValidationError` where it has another shape.
    """
    return Results.model_validate_json(path.read_bytes())
