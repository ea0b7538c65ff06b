"""The workers: processes that serve one port together, kept going by their parent."""

import asyncio
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog
from prometheus_client.multiprocess import mark_process_dead
from uvicorn.supervisors.multiprocess import Multiprocess, Process

from server.commons import Commons
from server.connections import shared_out
from server.services import open_services
from server.settings import PREFIX, Settings, SettingsError
from server.worker import WorkerConfig

METRICS = "PROMETHEUS_MULTIPROC_DIR"
"""What tells prometheus-client in a new process to keep its values where others see them."""

log = structlog.get_logger("onegrid")


class WorkersError(Exception):
    """Workers that cannot serve; the text says what to do."""


def serve_together(
    settings: Settings, url: str, listener: socket.socket, on_ready: Callable[[], None]
) -> None:
    """Serve with several workers until stopped; a running request is finished first.

    `on_ready` is called once, when all of them serve.
    Errors: `SettingsError`, `WorkersError`; those of `open_services`; `KeyboardInterrupt`.
    """
    if sys.platform == "win32":
        raise SettingsError(f"{PREFIX}WORKERS={settings.workers}: on Windows expected 1")
    open_services(settings)  # what is wrong with it is said once, and files are made once
    settings = asyncio.run(shared_out(settings, url))
    with _commons() as commons:
        workers = Workers(WorkerConfig(settings, url, commons.folder), listener, commons, on_ready)
        workers.run()
    if workers.is_interrupted:
        raise KeyboardInterrupt
    if workers.has_failed:
        raise WorkersError("a worker ended before it served: see the lines above")


@contextmanager
def _commons() -> Iterator[Commons]:
    """What the workers have together, for as long as they are."""
    folder = Path(tempfile.mkdtemp(prefix="onegrid-workers-"))
    commons = Commons.at(folder)
    os.environ[METRICS] = str(commons.metrics)
    try:
        yield commons
    finally:
        del os.environ[METRICS]
        commons.close()
        shutil.rmtree(folder, ignore_errors=True)


class Workers(Multiprocess):
    """uvicorn's supervisor, which says what happens to workers, and clears up after them.

    A worker that dies or hangs is replaced; where one ends before all have served, all end.
    SIGHUP replaces the workers one after the other.
    """

    def __init__(
        self,
        config: WorkerConfig,
        listener: socket.socket,
        commons: Commons,
        on_ready: Callable[[], None],
    ) -> None:
        super().__init__(config, [listener])
        self._commons = commons
        self._on_ready = on_ready
        self._known: dict[int, Process] = {}
        self._has_served = False
        self.is_interrupted = False
        self.has_failed = False

    def keep_subprocess_alive(self) -> None:
        """Replace those that died, and say so; say once that all serve."""
        if self.should_exit.is_set():
            return
        self._known |= {each.pid: each for each in self.processes if each.pid is not None}
        super().keep_subprocess_alive()
        for pid, code in self._cleared():
            self._ended(pid, code)
        if self.should_exit.is_set():  # one could not start
            self.has_failed = True
        elif not self._has_served and all(each.is_ready() for each in self.processes):
            self._has_served = True
            self._on_ready()

    def _cleared(self) -> list[tuple[int, int | None]]:
        """Number and exit code of the workers that are no more, after clearing up behind them."""
        current = {each.pid for each in self.processes}
        gone = [pid for pid in self._known if pid not in current]
        for pid in gone:
            mark_process_dead(pid, str(self._commons.metrics))  # type: ignore[no-untyped-call]
            self._commons.open.forget_part(pid)
        return [(pid, self._known.pop(pid).exitcode) for pid in gone]

    def _ended(self, pid: int, code: int | None) -> None:
        if not self._has_served:
            log.error("a worker ended before it served", worker=pid, code=code)
            self.should_exit.set()
        else:
            log.error("a worker ended; another takes its place", worker=pid, code=code)

    def terminate_all(self) -> None:
        """Take no new connection, and tell all to stop."""
        for listener in self.sockets:
            listener.close()
        super().terminate_all()

    def handle_int(self) -> None:
        """Stop as Ctrl+C does."""
        self.is_interrupted = True
        super().handle_int()

    def handle_hup(self) -> None:
        """Replace the workers, one after the other."""
        log.info("the workers are being replaced", workers=len(self.processes))
        super().handle_hup()
        for pid, _ in self._cleared():
            log.info("a worker was replaced", worker=pid)

    def handle_ttin(self) -> None:
        """Stay as many: the connections to the database are shared out among so many."""

    def handle_ttou(self) -> None:
        """Stay as many."""
