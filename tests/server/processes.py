"""The `onegrid` command as people run it: processes of their own, in a folder without a .env.

Commands that are run to their end are forked from a process that has imported the program, which
takes a second: there are many. The script itself is what servers are started by.
"""

import atexit
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

import httpx
import psutil  # type: ignore[import-untyped]

import seeds.cli

ONEGRID = Path(sys.executable).parent / "onegrid"
SECONDS = 120
"""How long anything may take on a busy machine."""


class Done(NamedTuple):
    """What a command came to."""

    code: int
    out: str
    err: str


@dataclass
class Server:
    """A running `onegrid serve`."""

    process: subprocess.Popen[str]
    url: str

    def kill(self, *, group: bool = False) -> None:
        """`kill -9`; with `group` what it started in its session too (not PostgreSQL)."""
        if group:
            os.killpg(self.process.pid, signal.SIGKILL)
        else:
            self.process.kill()
        self.process.communicate(timeout=SECONDS)

    def stop(self) -> int:
        """Stop it as a service manager does; the exit code."""
        self.process.terminate()
        self.process.communicate(timeout=SECONDS)
        return self.process.returncode


def environment(**settings: object) -> dict[str, str]:
    """The environment of this process with only these settings of OneGrid; None leaves one out."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("ONEGRID_")}
    given = {f"ONEGRID_{name.upper()}": str(value) for name, value in settings.items()}
    return own | {"COLUMNS": "240"} | given


def onegrid(*arguments: str, cwd: Path, **settings: object) -> Done:
    """Run the command to its end."""
    with tempfile.TemporaryDirectory(prefix="onegrid-done-") as folder:
        said = [Path(folder) / name for name in ("out", "err")]
        process = _warm().Process(
            target=_command, args=(arguments, cwd, environment(**settings), said)
        )
        process.start()
        process.join(SECONDS)
        if process.exitcode is None:
            process.kill()
            raise subprocess.TimeoutExpired(["onegrid", *arguments], SECONDS)
        return Done(process.exitcode, *(path.read_text("utf-8") for path in said))


@cache
def _warm() -> "multiprocessing.context.ForkServerContext":
    """What starts processes that have imported the program already."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["seeds.cli", __name__])
    return context


def _command(
    arguments: Sequence[str], cwd: Path, settings: dict[str, str], said: Sequence[Path]
) -> None:
    """Be the command, from its entry point on."""
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(settings)
    for path, number in zip([Path(os.devnull), *said], range(3), strict=True):
        opened = os.open(path, os.O_RDWR | os.O_CREAT)
        os.dup2(opened, number)
        os.close(opened)
    sys.argv = [str(ONEGRID), *arguments]
    try:
        seeds.cli.main()
    finally:
        atexit._run_exitfuncs()  # multiprocessing leaves them out


def start(*arguments: str, cwd: Path, **settings: object) -> subprocess.Popen[str]:
    """Start the command in a session of its own, its output in one pipe."""
    return subprocess.Popen(
        [ONEGRID, *arguments],
        cwd=cwd,
        env=environment(**settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def start_server(*arguments: str, cwd: Path, **settings: object) -> Server:
    """Start `onegrid serve` on a free port; see `wait_ready`."""
    port = free_port()
    process = start("serve", *arguments, cwd=cwd, port=port, **settings)
    return Server(process, f"http://127.0.0.1:{port}")


def wait_ready(server: Server) -> None:
    """Wait until it says where it serves, then until it is ready."""
    assert server.process.stdout is not None
    said = []
    for line in server.process.stdout:
        said.append(line)
        if line.startswith("Stop with"):
            break
    else:
        raise AssertionError(f"onegrid serve ended: {''.join(said)}")
    assert httpx.get(f"{server.url}/readyz").json() == {"ready": True}


@contextmanager
def serving(*arguments: str, cwd: Path, **settings: object) -> Iterator[Server]:
    """A ready `onegrid serve`, stopped at the end."""
    server = start_server(*arguments, cwd=cwd, **settings)
    try:
        wait_ready(server)
        yield server
    finally:
        server.stop()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def processes_of(data: Path) -> list[psutil.Process]:
    """What runs in a data folder: the embedded PostgreSQL and what makes one."""
    return [
        process
        for process in psutil.process_iter(["cmdline", "status"])
        if any(str(data) in part for part in process.info["cmdline"] or ())
        and process.info["status"] != psutil.STATUS_ZOMBIE
    ]


def end_processes_of(data: Path) -> None:
    """End what a killed server left running in a data folder."""
    left = processes_of(data)
    for process in left:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(signal.SIGINT)  # a fast shutdown of PostgreSQL
    _, stubborn = psutil.wait_procs(left, timeout=10)
    for process in stubborn:
        with suppress(psutil.NoSuchProcess):
            process.kill()
