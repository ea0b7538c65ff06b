"""The duty: what one of several workers does for all of them."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

if sys.platform != "win32":
    import fcntl

SECONDS = 1.0
"""How often a worker looks whether the duty has become free."""


class Duty:
    """Taken by the first who asks, and his until his process ends, however it ends.

    Without a file it is everybody's: one who is alone.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._file = None if path is None else os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        self._is_ours = path is None

    def close(self) -> None:
        """Leave it to somebody else."""
        if self._file is not None:
            os.close(self._file)
            self._file, self._is_ours = None, False

    def taken(self) -> bool:
        """Take it if it is free; whether it is ours."""
        if not self._is_ours and self._file is not None:
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            self._is_ours = True
        return self._is_ours

    async def do(self, *work: Callable[[], Awaitable[None]], seconds: float = SECONDS) -> None:
        """Wait until it is ours, looking every so many seconds, then do all the work at once."""
        while not self.taken():  # noqa: ASYNC110 another process gives it up
            await asyncio.sleep(seconds)
        await asyncio.gather(*(each() for each in work))
