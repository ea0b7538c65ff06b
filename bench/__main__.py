"""`make bench`: measure the server against the other contenders, print it and write it down."""

import asyncio
import datetime
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from uvicorn.loops.auto import auto_loop_factory

from bench import report, results
from bench.abuse import measure_abuse
from bench.backends import Backends
from bench.contenders import contenders, server
from bench.database import Facts, Sizes, facts, make_databases, swept
from bench.drawn import CITY, draw
from bench.measure import Plan, count_statements, memories, run, runners
from bench.node import Installed, install
from bench.operations import load_operations, load_secured
from bench.parts import measure_parts
from bench.results import Memory, Results, Row, Setting, Spent
from bench.scale import measure_scale
from bench.security import measure_security
from bench.shares import measure_shares
from bench.statements import statement_log
from bench.vocabulary import read_vocabulary
from server.logs import configure_logs

Say = Callable[[str], None]

WIDTH = 160
"""Characters of a line where what is printed goes to a file."""

LAST = 2000
"""Characters of a log that are shown."""

APART = ("Q1K",)
"""Operations that are not looked into: they take what others take."""


@dataclass(frozen=True)
class Plans:
    """How much is loaded, and how long each part takes.

    `parts` are seconds an operation; `times` are of a share, `requests` of an attack.
    """

    sizes: Sizes
    load: Plan
    scale: Plan
    alone: Plan
    parts: float
    times: int
    requests: int
    abuse_seconds: float


FULL = Plans(
    sizes=Sizes(20_000, 200_000, 10),
    load=Plan(rounds=5, seconds=2),
    scale=Plan(rounds=7, seconds=2),
    alone=Plan(rounds=120, seconds=0.2, connections=1),
    parts=3,
    times=2000,
    requests=50,
    abuse_seconds=3,
)
QUICK = Plans(
    sizes=Sizes(6_000, 12_000, 10),
    load=Plan(rounds=2, seconds=0.5),
    scale=Plan(rounds=2, seconds=0.5),
    alone=Plan(rounds=2, seconds=0.5, connections=1),
    parts=0.5,
    times=100,
    requests=5,
    abuse_seconds=0.5,
)


def main(
    quick: Annotated[bool, typer.Option("--quick", help="A short look; writes no files.")] = False,
) -> None:
    """Measure OneGrid against other ways to the same answers."""
    if sys.platform != "linux":
        raise typer.BadParameter("the bench reads /proc: run it on Linux")
    console = Console()
    if not console.is_terminal:
        console.width = WIDTH
    folder = Path(tempfile.mkdtemp(prefix="onegrid-bench-"))
    with (
        (folder / "bench.log").open("w") as log,
        asyncio.Runner(loop_factory=auto_loop_factory()) as runner,
        console.status("") as status,
    ):
        configure_logs("console", "info", stream=log)
        try:
            found = runner.run(measured(folder, QUICK if quick else FULL, status.update))
        except BaseException:
            for line in _logged(folder):
                console.print(line, markup=False, highlight=False)
            raise
    if found.setting.skipped is not None:
        console.print(f"PostGraphile is left out: {found.setting.skipped}")
    for shown in report.tables(found):
        console.print(shown)
    if not quick:
        titles = {item.key: item.title for item in (*load_operations(), *load_secured())}
        results.save(found)
        report.PATH.write_text(report.document(found, titles), "utf-8")
        console.print("Written: bench/results.json, docs/benchmark.md")


async def measured(folder: Path, plans: Plans, say: Say) -> Results:
    """A run; everything that it starts works in `folder`, and is stopped in the end."""
    say("installing PostGraphile")
    foreign = await asyncio.to_thread(install)
    databases = await make_databases(folder, plans.sizes, say)
    found = await facts(databases.main)  # before anything is written
    rows, memory, spent = await _loaded(databases.main, folder, plans, foreign, say)
    by_key = {operation.key: operation for operation in load_operations()}
    scale = await measure_scale(databases, folder, by_key["Q3"], plans.scale, say)
    secured = load_secured()
    security = await measure_security(databases.small, folder, secured, plans.alone, say)
    one = next(operation for operation in secured if operation.key == "organization")
    shares = await measure_shares(databases.small, folder, one, plans.times)
    with server(databases.small, folder) as process:
        abuse = await measure_abuse(process, one, plans.requests, plans.abuse_seconds, say)
    return Results(
        setting=_setting(found, plans.load, foreign),
        memory=memory,
        rows=rows,
        scale=scale,
        spent=spent,
        security=security,
        shares=shares,
        abuse=abuse,
    )


async def _loaded(
    url: str, folder: Path, plans: Plans, foreign: object, say: Say
) -> tuple[list[Row], list[Memory], list[Spent]]:
    """All operations by all contenders; queries first, since writes change their answers."""
    operations, drawn = load_operations(), await draw(url)
    names = (await read_vocabulary(url)).names(CITY)
    installed = foreign if isinstance(foreign, Installed) else None
    backends = await Backends.of(url)
    done = []
    with contenders(url, folder, names, installed) as running:
        say("waiting until the servers have swept")
        await swept(url)
        for is_write in (False, True):
            asked = [item for item in operations if item.is_write is is_write]
            groups = await runners(asked, running, drawn)
            async with statement_log(url) as log:
                await count_statements(groups, log)
            await run(groups, backends, plans.load, say)
            done += groups
        memory = memories(running)
    say("looking where the time goes")
    looked = [group for group in done if group[0].operation.key not in APART]
    spent = await measure_parts(url, folder, looked, plans.parts)
    return [runner.row() for group in done for runner in group], memory, spent


def _logged(folder: Path) -> Iterator[str]:
    """What the contenders said last; their logs go with the folder."""
    for path in sorted(folder.rglob("*.log")):
        yield f"--- {path.name}"
        yield path.read_text("utf-8", errors="replace")[-LAST:]


def _setting(found: Facts, plan: Plan, foreign: object) -> Setting:
    return Setting(
        date=datetime.date.today(),
        cores=len(os.sched_getaffinity(0)),
        python=platform.python_version(),
        postgresql=found.postgresql,
        postgraphile=foreign.version if isinstance(foreign, Installed) else None,
        skipped=None if isinstance(foreign, Installed) else getattr(foreign, "reason", None),
        organizations=found.organizations,
        issues=found.issues,
        rounds=plan.rounds,
        seconds=plan.seconds,
        connections=plan.connections,
    )


if __name__ == "__main__":
    typer.run(main)
