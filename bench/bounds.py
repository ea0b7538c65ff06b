"""The bounds that a run is held against."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bench.results import LIMIT, POSTGRAPHILE, SERVER, Name, Results

LEAST: Mapping[str, tuple[float | None, float | None]] = {
    "Q0": (0.85, 2.2),
    "Q0L": (None, 8),
    "Q1": (0.7, 2.6),
    "Q1D": (0.9, 7),
    "Q2": (0.65, 2.2),
    "Q3": (0.7, None),
    "M1": (0.5, None),
    "M2": (0.5, None),
}
"""By operation: the server's requests a second at least, as a multiple of the limit's, and of
PostGraphile's."""

MAX_GROWTH = 1.2
MAX_STATEMENTS = 5
MAX_STARTED_MB = 200
MAX_MEMORY_MB = 250
MAX_SECURITY_US = 150
MAX_ATTACK_MS = 50
MAX_ATTACK_MB = 20
MAX_SLOWED = 2


@dataclass(frozen=True)
class Bound:
    """A promise: `measured` is at most `allowed`, or at least where it `is_least`."""

    what: str
    measured: float
    allowed: float
    is_least: bool = False

    @property
    def is_met(self) -> bool:
        """Up to and with its number."""
        if self.is_least:
            return self.measured >= self.allowed
        return self.measured <= self.allowed

    @property
    def verdict(self) -> str:
        """Met, or missed by how much of it."""
        if self.is_met:
            return "met"
        by = abs(self.measured - self.allowed) / self.allowed
        return f"missed by {by:.0%}" if by >= 0.01 else "missed by less than 1%"


def bounds(results: Results) -> tuple[Bound, ...]:
    """All that were measured."""
    return (*_ratios(results), *_own(results), *_abuse(results))


def ratio_bound(results: Results, operation: str, contender: Name) -> Bound | None:
    """The bound of an operation against a contender; None where there is none, or no figure."""
    limit, postgraphile = LEAST.get(operation, (None, None))
    allowed = limit if contender == LIMIT else postgraphile
    measured = results.ratio(operation, contender)
    if allowed is None or measured is None:
        return None
    of = "the limit" if contender == LIMIT else "PostGraphile"
    return Bound(f"{operation}, as a multiple of {of}'s", measured, allowed, is_least=True)


def _ratios(results: Results) -> Iterator[Bound]:
    others: tuple[Name, ...] = (LIMIT, POSTGRAPHILE)
    for operation in LEAST:
        for contender in others:
            bound = ratio_bound(results, operation, contender)
            if bound is not None:
                yield bound


def _own(results: Results) -> Iterator[Bound]:
    growth, page = results.growth(SERVER), results.row("Q1", SERVER)
    if growth is not None:
        yield Bound("Q3 over the most issues, times that over the fewest", growth, MAX_GROWTH)
    if page is not None:
        yield Bound("SQL statements of Q1", page.statements, MAX_STATEMENTS)
    memory = next(part for part in results.memory if part.contender == SERVER)
    yield Bound("MB of server memory after start", memory.started_mb, MAX_STARTED_MB)
    yield Bound("MB of server memory under load, at most", memory.peak_mb, MAX_MEMORY_MB)
    for one in results.security:
        yield Bound(f"CPU µs of security, {one.operation}", one.us, MAX_SECURITY_US)


def _abuse(results: Results) -> Iterator[Bound]:
    """Of the worst attack."""
    attacks = results.abuse
    worst = max(item.cpu_ms for item in attacks)
    yield Bound("CPU ms of an attack, at most", worst, MAX_ATTACK_MS)
    growth = max(item.growth_mb for item in attacks)
    yield Bound("MB that an attack adds, at most", growth, MAX_ATTACK_MB)
    slowed = max(item.slowed for item in attacks)
    yield Bound("a neighbour's p99 beside it, at most times", slowed, MAX_SLOWED)
