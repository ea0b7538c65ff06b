"""Mapped tables: what one process puts there, the others find, also where one of them is killed."""

import os
import signal
from collections.abc import Iterator
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.mapped import MappedNumber, MappedTable

FOREVER = float("inf")
SECONDS = 60


@pytest.fixture
def table(tmp_path: Path) -> Iterator[MappedTable]:
    opened = MappedTable(tmp_path / "table", buckets=4, ways=4)
    yield opened
    opened.close()


def found(table: MappedTable, key: str, now: float = 0.0) -> dict[int, int]:
    """The values of a key, by part."""
    with table.held(key) as bucket:
        return {entry.part: bucket.value(entry.part, now) for entry in bucket.entries()}


def test_one_file(tmp_path: Path) -> None:
    """All who open a file have the same entries, and nobody else can read it."""
    one, two = (MappedTable(tmp_path / "table") for _ in range(2))
    with one.held("a") as bucket:
        bucket.put(1, 5, FOREVER, 0)
        bucket.put(2, -6, FOREVER, 0)
    assert (found(two, "a"), found(two, "b")) == ({1: 5, 2: -6}, {})
    with two.held("a") as bucket:
        bucket.remove(1)
        bucket.remove(3)
    assert found(one, "a") == {2: -6}
    assert (tmp_path / "table").stat().st_mode & 0o777 == 0o600
    one.close()
    two.close()


def test_ended(table: MappedTable) -> None:
    """What has ended is 0."""
    with table.held("a") as bucket:
        bucket.put(1, 5, 10.0, 0)
        assert [bucket.value(1, now) for now in (0, 9.9, 10, 11)] == [5, 5, 0, 0]
        assert (bucket.ends(1), bucket.ends(2)) == (10.0, None)


@given(st.lists(st.tuples(st.text(max_size=2), st.integers(-3, 3), st.integers()), max_size=40))
def test_like_a_dictionary(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[str, int, int]]
) -> None:
    """Whatever is put where, exactly that is found, as long as there is room."""
    table = MappedTable(tmp_path_factory.mktemp("tables") / "table", buckets=2, ways=64)
    known: dict[str, dict[int, int]] = {}
    for key, part, number in changes:
        value = number % 2**63
        with table.held(key) as bucket:
            if number < 0:
                bucket.remove(part)
                known.get(key, {}).pop(part, None)
            else:
                bucket.put(part, value, FOREVER, 0)
                known.setdefault(key, {})[part] = value
    assert {key: found(table, key) for key in known} == known
    table.close()


def test_full(table: MappedTable) -> None:
    """Where there is no room, what has ended goes first, then what was changed longest ago."""
    for part in range(4):
        with table.held("a") as bucket:
            bucket.put(part, 1, 5.0 if part == 2 else FOREVER, part)
    for part in (0, 7, 8):
        with table.held("a") as bucket:
            bucket.put(part, 2, FOREVER, 10 + part)
    assert found(table, "a", 20) == {0: 2, 7: 2, 3: 1, 8: 2}


def test_forget(table: MappedTable) -> None:
    """The entries of one part can be forgotten, whatever their key, or all."""
    keys = ("a", "b", "c")
    for key in keys:
        with table.held(key) as bucket:
            bucket.put(1, 5, FOREVER, 0)
            bucket.put(2, 6, FOREVER, 0)
    table.forget_part(1)
    assert [found(table, key) for key in keys] == [{2: 6}] * 3
    table.clear()
    assert [found(table, key) for key in keys] == [{}] * 3


def _add(path: Path, times: int) -> None:
    table = MappedTable(path)
    for _ in range(times):
        with table.held("a") as bucket:
            bucket.put(0, bucket.value(0, 0) + 1, FOREVER, 0)


def test_at_once(tmp_path: Path) -> None:
    """Processes that add at once lose nothing."""
    path, spawn = tmp_path / "table", get_context("spawn")
    adding = [spawn.Process(target=_add, args=(path, 2000)) for _ in range(3)]
    for process in adding:
        process.start()
    for process in adding:
        process.join(SECONDS)
    table = MappedTable(path)
    assert found(table, "a") == {0: 6000}
    table.close()


def _hold(path: Path, said: Connection) -> None:
    with MappedTable(path).held("a") as bucket:
        bucket.put(0, 1, FOREVER, 0)
        said.send("held")
        signal.pause()


def test_killed(tmp_path: Path) -> None:
    """A process that is killed while it holds a bucket holds it no longer."""
    path, spawn = tmp_path / "table", get_context("spawn")
    heard, said = spawn.Pipe(duplex=False)
    holding = spawn.Process(target=_hold, args=(path, said))
    holding.start()
    assert heard.poll(SECONDS)
    assert holding.pid is not None
    os.kill(holding.pid, signal.SIGKILL)
    holding.join(SECONDS)
    table = MappedTable(path)
    assert found(table, "a") == {0: 1}
    table.close()


def test_number(tmp_path: Path) -> None:
    """A number is 0 at first, and what anybody counts up is seen by all."""
    one, two = (MappedNumber(tmp_path / "number") for _ in range(2))
    assert (one.value, one.count_up(), two.count_up(), one.value) == (0, 1, 2, 2)
    one.close()
    two.close()
