"""A contender's process: started, ready, measured by what the kernel counts, and stopped."""

import os
import re
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.client import HOST

ROOT = Path(__file__).parent.parent
START_SECONDS = 30


@dataclass(frozen=True)
class Process:
    """A running process that listens on a port."""

    pid: int
    port: int

    def cpu_seconds(self) -> float:
        """Processor time that its threads have used; those that ended are not counted.

        To the nanosecond, where `stat` has ticks of a hundredth of a second.
        """
        threads = Path(f"/proc/{self.pid}/task").glob("*/schedstat")
        return sum(int(each.read_text("utf-8").split()[0]) for each in threads) / 1e9

    def memory_mb(self) -> float:
        """Resident memory now."""
        return self._status("VmRSS")

    def peak_memory_mb(self) -> float:
        """The most resident memory that it ever had."""
        return self._status("VmHWM")

    def forget_peak(self) -> None:
        """From now on the peak is that of what follows."""
        Path(f"/proc/{self.pid}/clear_refs").write_text("5", "utf-8")

    def _status(self, name: str) -> float:
        found = re.search(rf"^{name}:\s+(\d+) kB$", self._read("status"), re.MULTILINE)
        assert found is not None
        return int(found[1]) / 1024

    def _read(self, name: str) -> str:
        return Path(f"/proc/{self.pid}/{name}").read_text("utf-8")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(
    command: Sequence[str], port: int, environment: Mapping[str, str], log: Path
) -> Iterator[Process]:
    """The command's process, from when it listens on the port.

    It sees none of the caller's ONEGRID_ settings. What it prints goes to `log`.
    Errors: `RuntimeError` with the end of the log where it does not start.
    """
    own = {name: value for name, value in os.environ.items() if not name.startswith("ONEGRID_")}
    with (
        log.open("w") as out,
        subprocess.Popen(
            command,
            env={**own, "PYTHONPATH": str(ROOT), **environment},
            cwd=log.parent,
            stdout=out,
            stderr=subprocess.STDOUT,
        ) as child,
    ):
        try:
            _wait(child, port, log)
            yield Process(child.pid, port)
        finally:
            child.terminate()


def _wait(child: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while child.poll() is None and time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex((HOST, port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"{child.args!r} did not start:\n{log.read_text('utf-8')[-2000:]}")
