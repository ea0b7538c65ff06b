"""PostGraphile installed from its lock file, with a Node of its own; or why it cannot be."""

import hashlib
import os
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

SOURCE = Path(__file__).parent / "postgraphile"
LOCKED = ("package.json", "package-lock.json")
SERVER = "server.mjs"
PATIENCE = 600
"""Seconds that an installation may take."""

Find = Callable[[str], str | None]

MACHINES = {"x86_64": "x64", "aarch64": "arm64", "arm64": "arm64"}


@dataclass(frozen=True)
class Installed:
    """Where its Node is, its server, and which version of each it is."""

    node: Path
    server: Path
    version: str


@dataclass(frozen=True)
class Missing:
    """Why it is left out."""

    reason: str


def install(cache: Path | None = None, find: Find = shutil.which) -> Installed | Missing:
    """Install what the lock file names into a folder of the user's cache, unless it is there.

    No script of a package is run. `find` gives the path of a program.
    """
    machine = MACHINES.get(platform.machine())
    if machine is None:
        return Missing(f"there is no Node for {platform.machine()} in its lock file")
    folder = (cache or _cache()) / _digest()
    node = folder / "node_modules" / f"node-linux-{machine}" / "bin" / "node"
    if not node.exists():
        reason = _install(folder, find("npm"))
        if reason is not None:
            return Missing(reason)
    shutil.copyfile(SOURCE / SERVER, folder / SERVER)
    return Installed(node, folder / SERVER, _version(folder, node))


def _cache() -> Path:
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "onegrid-bench"


def _digest() -> str:
    """Another lock file is installed into another folder."""
    content = b"".join((SOURCE / name).read_bytes() for name in LOCKED)
    return hashlib.sha256(content).hexdigest()[:16]


def _install(folder: Path, npm: str | None) -> str | None:
    """Into a folder beside, then moved there: what is interrupted leaves no half of one."""
    if npm is None:
        return "npm is not installed"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as made:
        new = Path(made) / "new"
        new.mkdir()
        for name in LOCKED:
            shutil.copyfile(SOURCE / name, new / name)
        command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        try:
            done = subprocess.run(command, cwd=new, timeout=PATIENCE, capture_output=True)
        except subprocess.TimeoutExpired:
            return f"npm ci took longer than {PATIENCE} s"
        if done.returncode:
            said = (done.stderr + done.stdout).decode(errors="replace").strip()
            return f"npm ci failed: {said[-300:]}"
        shutil.rmtree(folder, ignore_errors=True)
        new.rename(folder)
    return None


def _version(folder: Path, node: Path) -> str:
    told = subprocess.run([node, "--version"], capture_output=True, text=True, check=True)
    package = (folder / "node_modules" / "postgraphile" / "package.json").read_text("utf-8")
    found = package.partition('"version": "')[2].partition('"')[0]
    return f"PostGraphile {found}, Node {told.stdout.strip().removeprefix('v')}"
