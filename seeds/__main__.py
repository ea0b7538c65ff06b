"""The process that loads the data, with a progress bar."""

import asyncio
import datetime
import signal
import sys
from collections.abc import Sequence

import asyncpg
import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from seeds.load import load
from seeds.parts import pending
from server.cli import explained
from server.prepare import database_url, read_tenants
from server.settings import load_settings
from tenants.definition import Definition


def main() -> None:
    """Load what is pending into a database that is migrated and has its tenants."""
    try:
        with explained():
            settings = load_settings()
            definitions = read_tenants(settings)
            asyncio.run(_load(database_url(settings), definitions))
    except typer.Exit as end:
        sys.exit(end.exit_code)
    except KeyboardInterrupt:  # who pressed Ctrl+C knows
        sys.exit(128 + signal.SIGINT)


async def _load(url: str, definitions: Sequence[Definition]) -> None:
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
            task = bar.add_task("", total=len(await pending(connection, definitions)))
            now = datetime.datetime.now(datetime.UTC)
            async for done, total, what in load(connection, definitions, now):
                bar.update(task, completed=done, total=total, description=what)
    finally:
        await connection.close()


if __name__ == "__main__":
    main()
