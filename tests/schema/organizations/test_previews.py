"""Previews: the same answer as the change itself, and nothing changed."""

import datetime
from typing import Any

import pytest

from schema.organizations.dissolve import Dissolve
from schema.organizations.establish import Establish, New
from schema.organizations.merge import Merge, NewPlace
from schema.organizations.move import Move
from schema.organizations.outcome import Changed
from schema.organizations.rename import Rename
from schema.refusals import Refused
from tests.conftest import TODAY
from tests.schema.organizations.town import Town, spelled

NEW = New(spelled("新组织"))
ACTIONS: dict[str, tuple[Any, int]] = {
    "establish": (Establish(NEW, "grid", "AA1-1"), 10),
    "establish with a code": (Establish(New(NEW.name, "AA1-1-N"), "grid", "AA1-1"), 10),
    "rename": (Rename("AA1-1", NEW.name), 9),
    "move": (Move("AA1", "BB"), 9),
    "merge": (Merge(("AA1-1", "AA2-1"), "AA1-2"), 15),
    "merge a county": (Merge(("AA",), "BB"), 15),
    "merge into a new one": (Merge(("AA1-1", "AA1-2"), NewPlace(NEW)), 19),
    "merge elsewhere": (Merge(("AA1-1", "AA1-2"), NewPlace(NEW, "AA2")), 18),
    "merge without children": (Merge(("AA1-1-G1",), "AA1-1-G2"), 13),
    "dissolve": (Dissolve("AA1-1-G1"), 12),
    "dissolve for one": (Dissolve("AA1-1", ("AA1-2",)), 15),
    "dissolve later": (Dissolve("AA1-1-G1", on=TODAY + datetime.timedelta(days=9)), 12),
}


@pytest.mark.parametrize("name", ACTIONS)
async def test_a_preview_says_what_the_change_does(town: Town, name: str) -> None:
    """A dry run leaves every table as it was and gives the outcome of the change after it."""
    action, _ = ACTIONS[name]
    await town.appoint("AA1-1", TODAY - datetime.timedelta(days=1))
    before = await town.everything()
    preview = await town.do(action, dry_run=True)
    assert await town.everything() == before
    done = await town.do(action)
    assert isinstance(done, Changed)
    assert preview == done
    assert await town.everything() != before
    assert await town.faults() == []


@pytest.mark.parametrize("name", ACTIONS)
async def test_a_change_runs_a_pinned_number_of_statements(town: Town, name: str) -> None:
    """As many as are written here: two for the events, up to two to count, whatever moves."""
    action, count = ACTIONS[name]
    assert isinstance(await town.do(action), Changed)
    assert len(town.statements) == count
    assert "event" in town.statements[-1]


async def test_a_preview_is_refused_as_the_change_is(town: Town) -> None:
    """The reasons are the same, too."""
    action = Move("AA1-1", "AA")
    preview = await town.do(action, dry_run=True)
    assert isinstance(preview, Refused)
    assert preview == await town.do(action)
