"""Moving an organization."""

import datetime
from typing import Any

import pytest

from schema.changes import Change, ChangeKind
from schema.ids import derived_uuid
from schema.organizations.dissolve import Dissolve
from schema.organizations.move import Move
from schema.organizations.outcome import Changed
from schema.refusals import Refused
from tenants.roles import Role
from tests.conftest import TODAY
from tests.schema.organizations.town import ID, Town, actor

DAY = datetime.timedelta(days=1)


async def test_moves_with_all_below(town: Town) -> None:
    """The whole subtree has its new paths, ended organizations too; the former place is kept."""
    before = await town.sql("SELECT code, path, parent_id FROM organization")
    done = await town.do(Move("AA1", "BB"))
    own: dict[str, Any] = {"code": "AA1", "name": "A第1街道"}
    assert done == Changed(
        ID,
        derived_uuid("Organization", ID, "AA1"),
        (
            Change(ChangeKind.PARENT, **own, before="AA", after="BB"),
            Change(
                ChangeKind.PATH,
                **own,
                before="/990100/AA/AA1/",
                after="/990100/BB/AA1/",
                affected=9,
            ),
        ),
    )
    parent = derived_uuid("Organization", ID, "BB")
    assert sorted(await town.sql("SELECT code, path, parent_id FROM organization")) == sorted(
        (
            code,
            path.replace("/990100/AA/AA1/", "/990100/BB/AA1/"),
            parent if code == "AA1" else above,
        )
        for code, path, above in before
    )
    assert (await town.history())["places"] == [("AA1", "AA", TODAY)]
    assert await town.events() == [
        (
            1,
            "ORGANIZATION_MOVED",
            '{"on": "2026-03-15", "code": "AA1", "after": "BB", "before": "AA", "affected": 9}',
        )
    ]
    assert await town.faults() == []


async def test_codes_that_begin_alike_stay_where_they_are(town: Town) -> None:
    """A subtree is a range of paths with the delimiter: AA1-1 is not below AA1's namesakes."""
    await town.do(Move("AA1-1", "BB1"))
    assert (await town.row("AA1-1-G1"))["path"] == "/990100/BB/BB1/AA1-1/AA1-1-G1/"
    assert (await town.row("AA1-2"))["path"] == "/990100/AA/AA1/AA1-2/"
    assert (await town.row("AA1-9"))["path"] == "/990100/AA/AA1/AA1-9/"
    assert await town.faults() == []


async def test_moves_of_one_day_keep_the_first_place(town: Town) -> None:
    """There and back again on one day leaves where it began, and two events."""
    for parent in ("BB1", "AA1"):
        assert isinstance(await town.do(Move("AA1-1", parent)), Changed)
    assert (await town.history())["places"] == [("AA1-1", "AA1", TODAY)]
    assert len(await town.events()) == 2
    assert (await town.row("AA1-1"))["path"] == "/990100/AA/AA1/AA1-1/"


async def test_places_follow_each_other(town: Town) -> None:
    """A place cannot begin before the one that it follows."""
    assert isinstance(await town.do(Move("AA1-1", "BB1", TODAY - DAY)), Changed)
    refused = await town.do(Move("AA1-1", "BB2", TODAY - 2 * DAY))
    assert isinstance(refused, Refused)
    assert [(reason.code, reason.path) for reason in refused.refusals] == [
        ("DATE_OUT_OF_RANGE", ("input", "on"))
    ]
    assert isinstance(await town.do(Move("AA1-1", "BB2")), Changed)
    assert (await town.history())["places"] == [
        ("AA1-1", "AA1", TODAY - DAY),
        ("AA1-1", "BB1", TODAY),
    ]


@pytest.mark.parametrize(
    ("action", "reasons"),
    [
        (Move("NO", "NO2"), [("ORGANIZATION_UNKNOWN", "organization"),
                             ("ORGANIZATION_UNKNOWN", "parent")]),
        (Move("AA", "AA"), [("UNDER_ITSELF", "parent")]),
        (Move("AA", "AA1-1"), [("UNDER_ITSELF", "parent")]),
        (Move("AA1", "AA"), [("PLACE_UNCHANGED", "parent")]),
        (Move("AA1-1", "AA"), [("PARENT_NOT_ALLOWED", "parent")]),
        (Move("990100", "AA"), [("UNDER_ITSELF", "parent")]),
        (Move("AA1-1", "BB1", TODAY + DAY), [("DATE_OUT_OF_RANGE", "on")]),
        (Move("AA1-9", "BB1"), [("ORGANIZATION_ENDED", "organization")]),
        (Move("AA1-1-G1", "AA1-9"), [("ORGANIZATION_ENDED", "parent")]),
        (Move("AA1-1-G1", "AA1-2"), [("NAME_TAKEN", "parent")]),
        (
            Move("AA1-9", "AA", datetime.date(1999, 1, 1)),
            [("ORGANIZATION_ENDED", "organization"), ("PARENT_NOT_ALLOWED", "parent"),
             ("DATE_OUT_OF_RANGE", "on")],
        ),
    ],
)  # fmt: skip
async def test_refusals(town: Town, action: Move, reasons: list[tuple[str, str]]) -> None:
    """What cannot be moved is refused with every reason, and nothing is left of it."""
    before = await town.everything()
    refused = await town.do(action)
    assert isinstance(refused, Refused)
    found = [(reason.code.value, reason.path) for reason in refused.refusals]
    assert found == [(code, ("input", field)) for code, field in reasons]
    assert await town.everything() == before


async def test_nothing_is_moved_under_one_whose_end_is_set(town: Town) -> None:
    """An organization with an end takes in nothing, but may itself still be moved until then."""
    await town.do(Dissolve("AA1-1-G1", on=TODAY + DAY))
    await town.do(Dissolve("AA1-1-G2", on=TODAY + DAY))
    await town.do(Dissolve("AA1-1", on=TODAY + 9 * DAY))
    refused = await town.do(Move("AA1-2-G1", "AA1-1"))
    assert isinstance(refused, Refused)
    assert "ORGANIZATION_ENDED" in [reason.code for reason in refused.refusals]
    assert isinstance(await town.do(Move("AA1-1", "BB1")), Changed)
    assert await town.faults() == []


@pytest.mark.parametrize(
    ("at", "fields"),
    [
        ("990100", []),
        ("AA", ["parent"]),
        ("AA1", ["parent"]),
        ("AA1-1", ["organization", "parent"]),
        ("BB", ["organization"]),
        ("BB1", ["organization"]),
        ("BB1-1", ["organization", "parent"]),
    ],
)
async def test_the_permission_is_needed_at_both_ends(
    town: Town, at: str, fields: list[str]
) -> None:
    """A secretary moves from one place to another only within the own subtree."""
    done = await town.do(Move("AA1-1", "BB1"), actor=actor(Role.SECRETARY, at))
    if not fields:
        assert isinstance(done, Changed)
        return
    assert isinstance(done, Refused)
    assert [(reason.code, reason.path) for reason in done.refusals] == [
        ("FORBIDDEN", ("input", field)) for field in fields
    ]
