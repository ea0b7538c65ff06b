"""Measuring: equal answers first, then short rounds in which the contenders alternate."""

import statistics
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from bench.client import Answer, Burst, ask, burst
from bench.contenders import Contender
from bench.operations import Operation
from bench.results import Memory, Row


@dataclass(frozen=True)
class Plan:
    """How long to measure: so many rounds of so many seconds an operation and contender."""

    rounds: int
    seconds: float
    connections: int = 16


@dataclass(frozen=True)
class Sample:
    """One contender's burst at one operation, and what it cost its process."""

    burst: Burst
    cpu_seconds: float
    memory_mb: float


class DifferentAnswersError(Exception):
    """The contenders do not do the same work; the text shows both answers."""


async def measure(
    operations: Sequence[Operation],
    contenders: Sequence[Contender],
    plan: Plan,
    say: Callable[[str], None],
) -> tuple[list[Row], list[Memory]]:
    """A row for each operation and contender, then what memory each contender took.

    `say` is told what is done next.
    Errors: `DifferentAnswersError`.
    """
    firsts = {operation.key: await _first(operation, contenders) for operation in operations}
    samples: dict[tuple[str, int], list[Sample]] = defaultdict(list)
    for turn in range(plan.rounds + 1):  # the first warms up
        say(f"round {turn} of {plan.rounds}" if turn else "warming up")
        seconds = plan.seconds if turn else min(1.0, plan.seconds)
        for operation in operations:
            for at, item in list(enumerate(contenders))[:: 1 if turn % 2 else -1]:
                expected = firsts[operation.key][at].body
                sample = await _sample(item, operation, expected, plan.connections, seconds)
                if turn:
                    samples[operation.key, at].append(sample)
    rows = [
        _row(f"{key}{item.suffix}", item.name, _statements(answers[at]), samples[key, at])
        for key, answers in firsts.items()
        for at, item in enumerate(contenders)
    ]
    return rows, [_memory(item) for item in contenders]


async def _first(operation: Operation, contenders: Sequence[Contender]) -> list[Answer]:
    """Each contender's answer, all of them equal."""
    answers = [await ask(item.process.port, item.request(operation)) for item in contenders]
    check_equal(operation, [answer.body for answer in answers])
    return answers


def _statements(answer: Answer) -> int:
    """How many SQL statements its Server-Timing header tells of."""
    return int(answer.head.split('sql;desc="')[1].split()[0])


def check_equal(operation: Operation, bodies: Sequence[bytes]) -> None:
    """Nothing, where all bodies hold the same data and no errors.

    Errors: `DifferentAnswersError`.
    """
    answers: list[Any] = [orjson.loads(body) for body in bodies]
    if any("errors" in answer or answer != answers[0] for answer in answers):
        shown = "\n".join(body.decode()[:2000] for body in bodies)
        raise DifferentAnswersError(f"{operation.key} is answered differently:\n{shown}")


async def _sample(
    contender: Contender, operation: Operation, expected: bytes, connections: int, seconds: float
) -> Sample:
    process = contender.process
    before = process.cpu_seconds()
    request = contender.request(operation)
    found = await burst(process.port, request, expected, connections, seconds)
    return Sample(found, process.cpu_seconds() - before, process.memory_mb())


def _row(operation: str, contender: str, statements: int, samples: Sequence[Sample]) -> Row:
    def median(value: Callable[[Sample], float], digits: int) -> float:
        return round(statistics.median(map(value, samples)), digits)

    return Row(
        operation=operation,
        contender=contender,
        rps=median(lambda sample: sample.burst.rps, 1),
        p50_ms=median(lambda sample: sample.burst.percentile(50), 3),
        p99_ms=median(lambda sample: sample.burst.percentile(99), 3),
        statements=statements,
        server_cpu_us=median(
            lambda sample: sample.cpu_seconds / len(sample.burst.latencies) * 1e6, 0
        ),
        rss_mb=round(max(sample.memory_mb for sample in samples), 1),
    )


def _memory(contender: Contender) -> Memory:
    peak = contender.process.peak_memory_mb()
    return Memory(
        contender=contender.name,
        started_mb=round(contender.started_mb, 1),
        peak_mb=round(peak, 1),
    )
