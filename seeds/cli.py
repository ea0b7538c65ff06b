"""The `onegrid` command: the server's command line with the data that it loads."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import Sequence

import asyncpg

from seeds.parts import pending
from seeds.shares import COUNT
from server.cli import build
from tenants.definition import Definition

# asks the process that loads for sample people too, for so many sample issues, for a scale
SAMPLE = "--sample"
ISSUES = "--issues"
SCALE = "--scale"
RANDOM_SEED = "--random-seed"


class Loader:
    """Real divisions, organizations of the tenant files, reported figures, sample data."""

    issues = COUNT

    def pending(
        self, url: str, definitions: Sequence[Definition], sample: bool, issues: int
    ) -> int:
        """How many parts are not loaded yet."""
        return asyncio.run(_pending(url, definitions, sample, issues))

    def load(self, sample: bool, issues: int) -> int:
        """Load them; the exit code.

        In a process of its own (`seeds/__main__.py`): the dictionary of pinyin takes 55 MB, which
        a server that goes on running should not keep.
        """
        return _run(*([SAMPLE, f"{ISSUES}={issues}"] if sample else []))

    def load_published(self, scale: int, seed: int) -> int:
        """Load what documents state, so many times of it; the exit code. In a process like that."""
        return _run(f"{SCALE}={scale}", f"{RANDOM_SEED}={seed}")


def _run(*wanted: str) -> int:
    # -P: a folder `seeds` in the working folder is not ours
    command = [sys.executable, "-P", "-m", "seeds", *wanted]
    with subprocess.Popen(command) as process:
        try:
            code = process.wait()
        except BaseException:  # stopped: it must be gone before the embedded PostgreSQL
            process.send_signal(signal.SIGINT)
            process.wait()
            raise
    if code < 0:
        print(
            f"loading was ended by signal {-code}; what is loaded is kept: run it again",
            file=sys.stderr,
        )
        return 128 - code
    return code


def main() -> None:
    """Run the command."""
    # so that exit handlers run: the embedded PostgreSQL stops with its last user
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    build(Loader())()


async def _pending(url: str, definitions: Sequence[Definition], sample: bool, issues: int) -> int:
    connection = await asyncpg.connect(url)
    try:
        return len(await pending(connection, definitions, sample, issues))
    finally:
        await connection.close()
