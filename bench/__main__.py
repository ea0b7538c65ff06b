"""`make bench`: measure the server against hand-written SQL, print it and write it down."""

import asyncio
import datetime
import os
import platform
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from uvicorn.loops.auto import auto_loop_factory

from bench import report, results
from bench.abuse import measure_abuse
from bench.contenders import contenders, server, with_and_without
from bench.database import facts, make_database
from bench.measure import Plan, measure
from bench.operations import load_operations
from bench.results import SECURED, Results, Setting
from bench.shares import measure_shares


@dataclass(frozen=True)
class Plans:
    """How long each part takes: `times` of a share, `requests` of an attack."""

    load: Plan
    alone: Plan
    times: int
    requests: int
    abuse_seconds: float


FULL = Plans(Plan(rounds=5, seconds=3), Plan(rounds=120, seconds=0.2, connections=1), 2000, 50, 3)
QUICK = Plans(Plan(rounds=2, seconds=0.5), Plan(rounds=2, seconds=0.5, connections=1), 100, 5, 0.5)


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
    plans = QUICK if quick else FULL
    with asyncio.Runner(loop_factory=auto_loop_factory()) as runner:
        found = runner.run(_run(url, folder, plans, console))
    for shown in (report.table, report.security_table, report.abuse_table):
        console.print(shown(found))
    for line in report.bound_lines(found):
        console.print(line)
    if not quick:
        titles = {operation.key: operation.title for operation in load_operations()}
        results.save(found)
        report.PATH.write_text(report.document(found, titles), "utf-8")
        console.print("Written: bench/results.json, docs/benchmark.md")


async def _run(url: str, folder: Path, plans: Plans, console: Console) -> Results:
    found, plan = await facts(url), plans.load
    operations = load_operations()
    by_key = {operation.key: operation for operation in operations}
    one = by_key["organization"]
    with console.status("") as status:
        with contenders(url, folder) as running:
            rows, memory = await measure(operations, running, plan, status.update)
        with with_and_without(url, folder) as both:
            secured = [by_key[key] for key in SECURED]
            more, _ = await measure(secured, both, plans.alone, status.update)
        shares = await measure_shares(url, folder, one, plans.times)
        with server(url, folder) as process:
            abuse = await measure_abuse(
                process, one, plans.requests, plans.abuse_seconds, status.update
            )
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
    return Results(setting=setting, memory=memory, rows=[*rows, *more], shares=shares, abuse=abuse)


if __name__ == "__main__":
    typer.run(main)
