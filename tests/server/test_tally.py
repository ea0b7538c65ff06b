"""Tallies: how many of something an owner has open, in one process or in several."""

from pathlib import Path

import pytest

from server.mapped import MappedTable
from server.tally import MappedTally, Tally


@pytest.mark.parametrize("kind", ["alone", "mapped"])
def test_limit(tmp_path: Path, kind: str) -> None:
    """An owner may have so many and no more; what is given back may be taken again."""
    table = MappedTable(tmp_path / "open")
    tally = Tally() if kind == "alone" else MappedTally(table)
    assert [tally.take("a", 2) for _ in range(3)] == [True, True, False]
    assert tally.take("b", 2)
    tally.give_back("a")
    assert [tally.take("a", 2) for _ in range(2)] == [True, False]
    for _ in range(2):
        tally.give_back("a")
    assert [tally.take("a", 2) for _ in range(3)] == [True, True, False]
    table.close()


def test_together(tmp_path: Path) -> None:
    """Several processes count together, and what a dead one had open is forgotten with it."""
    table = MappedTable(tmp_path / "open")
    one, two, three = (MappedTally(table, process) for process in (1, 2, 3))
    assert [tally.take("a", 3) for tally in (one, one, two, three)] == [True, True, True, False]
    table.forget_part(1)
    assert [tally.take("a", 3) for tally in (three, three, two)] == [True, True, False]
    two.give_back("a")
    assert three.take("a", 3)
    table.close()
