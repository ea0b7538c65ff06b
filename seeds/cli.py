"""The `onegrid` command: the server's command line with the data that it loads."""

import asyncio
import subprocess
import sys
from collections.abc import Sequence

import asyncpg

from seeds.parts import pending
from server.cli import build
from tenants.definition import Definition


class Loader:
    """Real divisions, organizations of the tenant files, reported figures."""

    def pending(self, url: str, definitions: Sequence[Definition]) -> int:
        """How many parts are not loaded yet."""
        return asyncio.run(_pending(url, definitions))

    def load(self) -> int:
        """Load them; the exit code.

        In a process of its own (`seeds/__main__.py`): the dictionary of pinyin takes 55 MB, which
        a server that goes on running should not keep.
        """
        return subprocess.call([sys.executable, "-m", "seeds"])


def main() -> None:
    """Run the command."""
    build(Loader())()


async def _pending(url: str, definitions: Sequence[Definition]) -> int:
    connection = await asyncpg.connect(url)
    try:
        return len(await pending(connection, definitions))
    finally:
        await connection.close()
