"""The embedded PostgreSQL: where it may live, what it finds there, and when it ends."""

import os
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from tests.server.processes import Done, onegrid, processes_of

MIGRATED = Done(0, "The database has this version's schema.\n", "")


def test_it_ends_with_its_last_user(tmp_path: Path, data: Path) -> None:
    """A command on the embedded database leaves no process and no other file behind."""
    assert onegrid("migrate", cwd=tmp_path, data=data) == MIGRATED
    assert processes_of(data) == []
    assert sorted(path.name for path in data.iterdir()) == [".lock", "postgresql"]


@pytest.mark.soak
def test_chinese_path(tmp_path: Path, data: Path) -> None:
    """The data folder may have a Chinese name."""
    assert onegrid("migrate", cwd=tmp_path, data=data / "数据") == MIGRATED


@pytest.mark.parametrize("name", ["my data", "a'b", "$(touch x)", "50%"])
def test_path_that_postgresql_cannot_take(tmp_path: Path, name: str) -> None:
    """A path that PostgreSQL cannot be started with is refused before anything is made."""
    done = onegrid("migrate", cwd=tmp_path, data=name)
    assert done == Done(
        1,
        "",
        f"the path of the data folder {tmp_path / name} has a space or a sign that the embedded "
        "PostgreSQL cannot be started with: set ONEGRID_DATA to another\n",
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.soak
def test_folder_that_is_no_database(tmp_path: Path, data: Path) -> None:
    """A folder in the place of the database that is none is left as it is."""
    folder = data / "postgresql"
    folder.mkdir(parents=True)
    (folder / "letters.txt").write_text("precious")
    done = onegrid("migrate", cwd=tmp_path, data=data)
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("the embedded PostgreSQL did not start (")
    assert len(done.err.splitlines()) == 1
    assert [path.name for path in data.rglob("*")] == ["postgresql", "letters.txt"]


def test_database_of_another_postgresql(tmp_path: Path, data: Path) -> None:
    """A database of another version of PostgreSQL is said, and left as it is."""
    folder = data / "postgresql"
    folder.mkdir(parents=True)
    (folder / "PG_VERSION").write_text("12\n")
    assert onegrid("migrate", cwd=tmp_path, data=data) == Done(
        1,
        "",
        "the embedded PostgreSQL did not start (Version mismatch: expecting version 18 but found "
        f"version 12: {folder}): see {folder}/log\n",
    )


@pytest.mark.soak
def test_what_crashes_left(tmp_path: Path, data: Path) -> None:
    """A lock with another program's number and half a database of a killed start do no harm."""
    assert onegrid("migrate", cwd=tmp_path, data=data) == MIGRATED
    lock = [os.getpid(), data / "postgresql", 1, 5432, data / "postgresql", "", "1 1", "ready"]
    (data / "postgresql" / "postmaster.pid").write_text("".join(f"{line}\n" for line in lock))
    (data / "postgresql" / ".handle_pids.json").write_text(f"[{dead_process()}]")
    half = data / f".postgresql-{dead_process()}"
    half.mkdir()
    (half / "PG_VERSION").write_text("18\n")
    (data / "postgresql").rename(data / "aside")
    assert onegrid("migrate", cwd=tmp_path, data=data) == MIGRATED
    assert sorted(path.name for path in data.iterdir()) == [".lock", "aside", "postgresql"]
    (data / "postgresql").rename(data / "second")
    (data / "aside").rename(data / "postgresql")
    assert onegrid("migrate", cwd=tmp_path, data=data) == MIGRATED
    assert processes_of(data) == []


def dead_process() -> int:
    """A number that no process has."""
    return next(number for number in range(4_000_000, 1, -1) if not psutil.pid_exists(number))
