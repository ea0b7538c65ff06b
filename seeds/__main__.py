"""The process that loads the data, with a progress bar."""

import asyncio
import datetime
import gc
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from fractions import Fraction

import asyncpg
import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from schema.keyring import Keyring
from seeds.cli import ISSUES, RANDOM_SEED, SAMPLE, SCALE
from seeds.load import load
from seeds.load_published import Scale, load_published
from seeds.parts import pending
from server.cli import explained
from server.prepare import database_url, read_tenants
from server.services import personal_keys
from server.settings import load_settings
from tenants.definition import Definition


def main() -> None:
    """Load what is pending into a database that is migrated and has its tenants.

    The argument `--sample` asks for sample people too, `--issues=N` for N sample issues; instead
    `--scale=N` for N times the published scale, as the number after `--random-seed=` has it.
    """
    # the rows of a part live until it is written, and nothing here is garbage in circles
    gc.set_threshold(100_000)
    try:
        with explained():
            settings = load_settings()
            definitions = read_tenants(settings)
            given = dict(item.partition("=")[::2] for item in sys.argv[1:])
            url, is_published = database_url(settings), SCALE in given
            keys = personal_keys(settings) if is_published or SAMPLE in given else None
            if is_published:
                scale = Scale(Fraction(given[SCALE]), int(given[RANDOM_SEED]))
                asyncio.run(_load_published(url, definitions, keys, scale))
            else:
                asyncio.run(_load(url, definitions, keys, int(given.get(ISSUES, 0))))
    except typer.Exit as end:
        sys.exit(end.exit_code)
    except KeyboardInterrupt:  # who pressed Ctrl+C knows
        sys.exit(128 + signal.SIGINT)


async def _load(
    url: str, definitions: Sequence[Definition], sample: Keyring | None, issues: int
) -> None:
    connection = await asyncpg.connect(url)
    try:
        parts = await pending(connection, definitions, sample is not None, issues)
        now = datetime.datetime.now(datetime.UTC)
        await _shown(load(connection, definitions, now, sample, issues), len(parts))
    finally:
        await connection.close()


async def _load_published(
    url: str, definitions: Sequence[Definition], keys: Keyring | None, scale: Scale
) -> None:
    assert keys is not None
    await _load(url, definitions, None, 0)
    connection = await asyncpg.connect(url)
    try:
        now = datetime.datetime.now(datetime.UTC)
        await _shown(load_published(connection, definitions, now, keys, scale), None)
    finally:
        await connection.close()


async def _shown(parts: AsyncIterator[tuple[int, int, str]], total: int | None) -> None:
    """Load parts with a progress bar."""
    bar = Progress(
        TextColumn("loading 加载数据"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
    )
    with bar:
        task = bar.add_task("", total=total)
        async for done, whole, what in parts:
            bar.update(task, completed=done, total=whole, description=what)


if __name__ == "__main__":
    main()
