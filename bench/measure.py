"""Measuring: equal answers first, then short rounds in which the contenders alternate."""

import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice, repeat
from typing import Any

from bench.answers import check_equal
from bench.backends import Backends
from bench.client import Answer, Burst, Exchange, ask, burst
from bench.contenders import Contender
from bench.drawn import Drawn
from bench.operations import Operation
from bench.results import Memory, Row
from bench.statements import StatementLog

SAMPLES = 20
"""How many answers of an operation whose requests differ are compared."""


@dataclass(frozen=True)
class Plan:
    """How long to measure: so many rounds of so many seconds an operation and contender."""

    rounds: int
    seconds: float
    connections: int = 16


@dataclass(frozen=True)
class Sample:
    """One contender's burst at one operation, and what it cost its process and the database."""

    burst: Burst
    cpu_seconds: float
    database_seconds: float


@dataclass
class Runner:
    """One contender at one operation: its requests, how many statements one takes, its samples."""

    contender: Contender
    operation: Operation
    exchanges: Iterator[Exchange]
    statements: int = 0
    samples: list[Sample] = field(default_factory=list)

    async def ask(self) -> Answer:
        """One request."""
        return await ask(self.contender.process.port, next(self.exchanges).request)

    async def sample(self, backends: Backends, connections: int, seconds: float) -> Sample:
        """One burst."""
        process = self.contender.process
        own, database = process.cpu_seconds(), backends.cpu_seconds()
        found = await burst(process.port, self.exchanges, connections, seconds)
        used = backends.cpu_seconds() - database
        return Sample(found, process.cpu_seconds() - own, used)

    def row(self) -> Row:
        """The medians of the samples."""

        def median(value: Callable[[Sample], float], digits: int) -> float:
            return round(statistics.median(map(value, self.samples)), digits)

        return Row(
            operation=self.operation.key,
            contender=self.contender.name,
            rps=median(lambda one: one.burst.rps, 1),
            p50_ms=median(lambda one: one.burst.percentile(50), 3),
            p99_ms=median(lambda one: one.burst.percentile(99), 3),
            statements=self.statements,
            server_cpu_us=median(lambda one: one.cpu_seconds / one.burst.count * 1e6, 1),
            database_cpu_us=median(lambda one: one.database_seconds / one.burst.count * 1e6, 1),
        )


async def runners(
    operations: Sequence[Operation], contenders: Sequence[Contender], drawn: Drawn
) -> list[list[Runner]]:
    """Who takes part in each operation, after all their answers were found equal.

    Errors: `bench.answers.DifferentAnswersError`; `ValueError` where an answer holds errors.
    """
    return [await _compared(operation, contenders, drawn) for operation in operations]


async def count_statements(found: Sequence[Sequence[Runner]], log: StatementLog) -> None:
    """Have each runner know how many statements a request takes."""
    for group in found:
        for runner in group:
            runner.statements = await log.count(runner.ask)


async def run(
    found: Sequence[Sequence[Runner]],
    backends: Backends,
    plan: Plan,
    say: Callable[[str], None],
) -> None:
    """Give each runner its samples; `say` is told what is done next."""
    for turn in range(plan.rounds + 1):  # the first warms up
        say(f"round {turn} of {plan.rounds}" if turn else "warming up")
        seconds = plan.seconds if turn else min(1.0, plan.seconds)
        for group in found:
            for runner in group[:: 1 if turn % 2 else -1]:
                sample = await runner.sample(backends, plan.connections, seconds)
                if turn:
                    runner.samples.append(sample)


def memories(contenders: Sequence[Contender]) -> list[Memory]:
    """What memory each contender took until now."""
    return [
        Memory(
            contender=item.name,
            started_mb=round(item.started_mb, 1),
            peak_mb=round(item.process.peak_memory_mb(), 1),
        )
        for item in contenders
    ]


async def _compared(
    operation: Operation, contenders: Sequence[Contender], drawn: Drawn
) -> list[Runner]:
    """The runners of one operation: each answer of each is that of the first."""
    found: list[Runner] = []
    expected: list[Any] = []
    for item in contenders:
        exchanges = await item.exchanges(operation, drawn)
        if exchanges is None:
            continue
        first = next(exchanges)
        asked = [first, *islice(exchanges, SAMPLES - 1)] if first.part else [first]
        bodies = [(await ask(item.process.port, each.request)).body for each in asked]
        answers = [item.data(operation, body) for body in bodies]
        expected = expected or answers
        check_equal(operation, item.name, expected, answers)
        if not first.part:
            exchanges = repeat(replace(first, whole=bodies[0]))
        found.append(Runner(item, operation, exchanges))
    return found
