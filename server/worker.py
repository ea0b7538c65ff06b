"""A worker: one of several processes that serve one port, started and watched by their parent."""

import asyncio
import gc
import os
import shutil
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from multiprocessing import parent_process
from pathlib import Path
from typing import Any

import structlog
import uvicorn
from starlette.applications import Starlette

from schema.database import Database, engine
from server.app import create_app
from server.commons import Commons
from server.listening import listening, protocols
from server.live import Live
from server.logs import configure_logs
from server.mapped import MappedNumber
from server.prepare import login_addresses
from server.services import open_services
from server.settings import Settings

HUNG_SECONDS = 30
"""How long a worker may not answer its parent before it counts as hung, and is killed."""

log = structlog.get_logger("onegrid")


def opened(settings: Settings, url: str, changes: MappedNumber | None = None) -> Live:
    """The tenants of the database at `url`, not looked for yet."""
    logins = login_addresses(settings, url)
    database = Database(url, settings.pool_size, settings.statement_timeout, logins)
    return Live(database, engine(url), settings.refresh_seconds, changes)


class WorkerConfig(uvicorn.Config):
    """What uvicorn makes each worker of; it is sent to the new process.

    `commons` is the folder of what the workers have together.
    """

    def __init__(self, settings: Settings, url: str, commons: Path) -> None:
        self._settings = settings
        super().__init__(
            partial(worker_app, settings, url, commons),
            factory=True,
            workers=settings.workers,
            timeout_worker_healthcheck=HUNG_SECONDS,
            **listening(settings.max_body),
        )

    def configure_logging(self) -> None:
        """Set up the log of a new process, whose lines all name it."""
        if parent_process() is not None:
            configure_logs(self._settings.log_format, self._settings.log_level)
            structlog.contextvars.bind_contextvars(worker=os.getpid())

    def load(self) -> None:
        """Make the application, and the protocols, which no process can send to another."""
        super().load()
        self.http_protocol_class, self.ws_protocol_class = protocols(self._settings.unread_seconds)


def worker_app(settings: Settings, url: str, folder: Path) -> Starlette:
    """The application of one worker.

    Errors: those of `open_services`.
    """
    commons = Commons.at(folder)
    services = open_services(settings, commons)
    live = opened(settings, url, commons.changes)
    app = create_app(live, services)
    app.router.lifespan_context = partial(_working, app.router.lifespan_context, live, folder)
    return app


@asynccontextmanager
async def _working(lifespan: Any, live: Live, folder: Path, app: Starlette) -> AsyncIterator[None]:
    """The life of a worker: as long as its parent's, and no longer."""
    with _told(live.stop), _orphaned(folder):
        async with lifespan(app):
            # modules, schema and tenants live as long as the process: looking at them in every
            # collection took a quarter of the processor time of a city page
            gc.collect()
            gc.freeze()
            yield


@contextmanager
def _told(stop: Callable[[], None]) -> Iterator[None]:
    """Call `stop` as soon as a signal tells the process to stop, before uvicorn begins to."""
    handlers = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}

    def handle(number: int, frame: Any) -> None:
        stop()
        before = handlers[signal.Signals(number)]
        if callable(before):
            before(number, frame)

    for each in handlers:
        signal.signal(each, handle)
    try:
        yield
    finally:
        for each, handler in handlers.items():
            signal.signal(each, handler)


@contextmanager
def _orphaned(folder: Path) -> Iterator[None]:
    """Stop the process once its parent is gone, and remove what the parent would have removed."""
    parent = parent_process()
    if parent is None:
        yield
        return
    loop, is_orphaned = asyncio.get_running_loop(), False

    def stop() -> None:
        nonlocal is_orphaned
        is_orphaned = True
        loop.remove_reader(parent.sentinel)
        log.error("the process that watches the workers is gone; this one stops")
        signal.raise_signal(signal.SIGTERM)

    loop.add_reader(parent.sentinel, stop)
    try:
        yield
    finally:
        loop.remove_reader(parent.sentinel)
        if is_orphaned:
            shutil.rmtree(folder, ignore_errors=True)
