"""The database's processes: the processor time that all of them have used together."""

from pathlib import Path

import asyncpg


class Backends:
    """Every process of a PostgreSQL server on this machine, by the process id of its first."""

    def __init__(self, postmaster: int) -> None:
        self._postmaster = postmaster

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
        """Processor time that they have used, to the nanosecond; those that ended are left out."""
        listed = Path(f"/proc/{self._postmaster}/task/{self._postmaster}/children")
        used = (_used(Path(f"/proc/{pid}")) for pid in listed.read_text("utf-8").split())
        return sum(used) / 1e9


def _used(process: Path) -> int:
    try:
        threads = process.glob("task/*/schedstat")
        return sum(int(each.read_text("utf-8").split()[0]) for each in threads)
    except FileNotFoundError:
        return 0  # it has just ended
