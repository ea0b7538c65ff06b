"""What the server's security costs: with it and without, in one process, asked in turn."""

import statistics
from collections.abc import Callable, Sequence
from pathlib import Path

from bench.backends import Backends
from bench.contenders import with_and_without
from bench.drawn import NOTHING
from bench.measure import Plan, Runner, run, runners
from bench.operations import Operation
from bench.results import Security


async def measure_security(
    url: str,
    folder: Path,
    operations: Sequence[Operation],
    plan: Plan,
    say: Callable[[str], None],
) -> list[Security]:
    """A row for each operation, whose requests are all the same."""
    with with_and_without(url, folder) as both:
        pairs = await runners(operations, both, NOTHING)
        await run(pairs, await Backends.of(url), plan, say)
        return [_row(on, off) for on, off in pairs]


def _row(on: Runner, off: Runner) -> Security:
    def cpu_us(runner: Runner) -> float:
        used = (one.cpu_seconds / one.burst.count for one in runner.samples)
        return round(statistics.median(used) * 1e6, 1)

    def p50_ms(runner: Runner) -> float:
        return round(statistics.median(one.burst.percentile(50) for one in runner.samples), 3)

    return Security(
        operation=on.operation.key,
        on_us=cpu_us(on),
        off_us=cpu_us(off),
        on_p50_ms=p50_ms(on),
        off_p50_ms=p50_ms(off),
    )
