"""The database's processes: the processor time that all of them have used together."""

from pathlib import Path

import asyncpg


class Backends:
    """Every process of a PostgreSQL server on this machine, by the process id of its first."""

    def __init__(self, postmaster: int) -> None:
        self._postmaster = postmaster
        self._used: dict[str, int] = {}

    @classmethod
    async def of(cls, url: str) -> "Backends":
        """Those of the server at `url`.

        Errors: `OSError` where it is not on this machine, or is another user's.
        """
        connection = await asyncpg.connect(url)
        try:
            folder = Path(await connection.fetchval("SHOW data_directory"))
        finally:
            await connection.close()
        return cls(int((folder / "postmaster.pid").read_text("utf-8").split()[0]))

    def cpu_seconds(self) -> float:
        """Processor time that they have used, to the nanosecond; it never becomes less.

        Of one that ended it is what it had used when it was last looked at.
        """
        listed = Path(f"/proc/{self._postmaster}/task/{self._postmaster}/children")
        for pid in listed.read_text("utf-8").split():
            self._used[pid] = max(self._used.get(pid, 0), _used(Path(f"/proc/{pid}")))
        return sum(self._used.values()) / 1e9


def _used(process: Path) -> int:
    try:
        threads = process.glob("task/*/schedstat")
        return sum(int(each.read_text("utf-8").split()[0]) for each in threads)
    except FileNotFoundError:
        return 0  # it has just ended
