"""`make bench`: measure the server against hand-written SQL, print it and write it down."""

import asyncio
import datetime
import os
import platform
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from uvicorn.loops.auto import auto_loop_factory

from bench import report, results
from bench.contenders import contenders
from bench.database import facts, make_database
from bench.measure import Plan, measure
from bench.operations import load_operations
from bench.results import Results, Setting

FULL = Plan(rounds=5, seconds=3)
QUICK = Plan(rounds=2, seconds=0.5)


def main(
    quick: Annotated[bool, typer.Option("--quick", help="A short look; writes no files.")] = False,
) -> None:
    """Measure OneGrid against the same answers by hand-written SQL."""
    if sys.platform != "linux":
        raise typer.BadParameter("the bench reads /proc: run it on Linux")
    console = Console()
    folder = Path(tempfile.mkdtemp(prefix="onegrid-bench-"))
    with console.status("starting PostgreSQL and loading every tenant"):
        url = make_database(folder)
    plan = QUICK if quick else FULL
    with asyncio.Runner(loop_factory=auto_loop_factory()) as runner:
        found = runner.run(_run(url, folder, plan, console))
    console.print(report.table(found))
    for line in report.bound_lines(found):
        console.print(line)
    if not quick:
        titles = {operation.key: operation.title for operation in load_operations()}
        results.save(found)
        report.PATH.write_text(report.document(found, titles), "utf-8")
        console.print("Written: bench/results.json, docs/benchmark.md")


async def _run(url: str, folder: Path, plan: Plan, console: Console) -> Results:
    found = await facts(url)
    with contenders(url, folder) as running, console.status("") as status:
        rows, memory = await measure(load_operations(), running, plan, status.update)
    setting = Setting(
        date=datetime.date.today(),
        cores=len(os.sched_getaffinity(0)),
        python=platform.python_version(),
        postgresql=found.postgresql,
        organizations=found.organizations,
        rounds=plan.rounds,
        seconds=plan.seconds,
        connections=plan.connections,
    )
    return Results(setting=setting, memory=memory, rows=rows)


if __name__ == "__main__":
    typer.run(main)
