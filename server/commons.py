"""The commons: what the workers of one server have together, in a folder of files."""

from dataclasses import dataclass
from pathlib import Path

from server.duty import Duty
from server.mapped import MappedNumber, MappedTable


@dataclass(frozen=True)
class Commons:
    """One of each, opened by one process.

    `counts` are what actors and cities spent, `open` who has how many subscriptions in which
    process, `changes` how often a worker found other tenants in force than before; `metrics` is
    where each process keeps its own.
    """

    folder: Path
    counts: MappedTable
    open: MappedTable
    changes: MappedNumber
    duty: Duty
    metrics: Path

    @classmethod
    def at(cls, folder: Path) -> "Commons":
        """Those in a folder; what is missing is made.

        262,144 counts and 65,536 pairs of actor and process have room, in 16 MB at most.
        """
        metrics = folder / "metrics"
        metrics.mkdir(exist_ok=True)
        return cls(
            folder,
            MappedTable(folder / "counts"),
            MappedTable(folder / "open", buckets=512, ways=128),
            MappedNumber(folder / "changes"),
            Duty(folder / "duty"),
            metrics,
        )

    def close(self) -> None:
        """Let go of all."""
        for each in (self.counts, self.open, self.changes, self.duty):
            each.close()
