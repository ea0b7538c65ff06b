"""Whether a province's statistics cost the same over many issues as over few."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from bench.backends import Backends
from bench.contenders import Contender, pair
from bench.database import Databases, facts, swept
from bench.drawn import NOTHING
from bench.measure import Plan, run, runners
from bench.operations import Operation
from bench.results import Scale


async def measure_scale(
    databases: Databases,
    folder: Path,
    operation: Operation,
    plan: Plan,
    say: Callable[[str], None],
) -> list[Scale]:
    """Rows of the server and the limit over the small database and the large one, in turn."""
    urls = (databases.small, databases.large)
    with ExitStack() as stack:
        groups = []
        for at, url in enumerate(urls):
            own = folder / f"scale-{at}"
            own.mkdir()
            both: tuple[Contender, ...] = stack.enter_context(pair(url, own))
            await swept(url)
            groups += await runners([operation], both, NOTHING)
        in_turn = [runner for runners_ in zip(*groups, strict=True) for runner in runners_]
        await run([in_turn], await Backends.of(databases.small), plan, say)
    found = [await facts(url) for url in urls]
    return [
        Scale(issues=known.issues, cells=known.cells, row=runner.row())
        for known, group in zip(found, groups, strict=True)
        for runner in group
    ]
