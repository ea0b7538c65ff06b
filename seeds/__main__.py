"""The process that loads the data, with a progress bar."""

import asyncio
import datetime
import gc
import signal
import sys
from collections.abc import Sequence

import asyncpg
import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from schema.keyring import Keyring
from seeds.cli import ISSUES, SAMPLE
from seeds.load import load
from seeds.parts import pending
from server.cli import explained
from server.prepare import database_url, read_tenants
from server.services import personal_keys
from server.settings import load_settings
from tenants.definition import Definition


def main() -> None:
    """Load what is pending into a database that is migrated and has its tenants.

    The argument `--sample` asks for sample people too, `--issues=N` for N sample issues.
    """
    # the rows of a part live until it is written, and nothing here is garbage in circles
    gc.set_threshold(100_000)
    try:
        with explained():
            settings = load_settings()
            definitions = read_tenants(settings)
            sample = personal_keys(settings) if SAMPLE in sys.argv[1:] else None
            asyncio.run(_load(database_url(settings), definitions, sample, _issues()))
    except typer.Exit as end:
        sys.exit(end.exit_code)
    except KeyboardInterrupt:  # who pressed Ctrl+C knows
        sys.exit(128 + signal.SIGINT)


def _issues() -> int:
    given = (item.partition("=") for item in sys.argv[1:])
    return next((int(number) for name, _, number in given if name == ISSUES), 0)


async def _load(
    url: str, definitions: Sequence[Definition], sample: Keyring | None, issues: int
) -> None:
    connection = await asyncpg.connect(url)
    bar = Progress(
        TextColumn("loading 加载数据"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
    )
    try:
        with bar:
            parts = await pending(connection, definitions, sample is not None, issues)
            task = bar.add_task("", total=len(parts))
            now = datetime.datetime.now(datetime.UTC)
            async for done, total, what in load(connection, definitions, now, sample, issues):
                bar.update(task, completed=done, total=total, description=what)
    finally:
        await connection.close()


if __name__ == "__main__":
    main()
