"""Dissolving an organization."""

import datetime
from typing import Any

import pytest

from schema.changes import Change, ChangeKind
from schema.ids import derived_uuid
from schema.organizations.dissolve import Dissolve
from schema.organizations.establish import Establish, New
from schema.organizations.move import Move
from schema.organizations.outcome import Changed
from schema.refusals import Refused
from tenants.roles import Role
from tests.conftest import TODAY
from tests.schema.organizations.town import ID, Town, actor, spelled

DAY = datetime.timedelta(days=1)


async def test_dissolves_one_without_children(town: Town) -> None:
    """It ends on the day, its successors are kept, and its row stays."""
    done = await town.do(Dissolve("AA1-1-G1", ("AA1-1-G2", "AA1-2-G1", "AA1-1-G2")))
    own: dict[str, Any] = {"code": "AA1-1-G1", "name": "第1网格", "before": None}
    assert done == Changed(
        ID,
        derived_uuid("Organization", ID, "AA1-1-G1"),
        (
            Change(ChangeKind.VALID_TO, **own, after="2026-03-15"),
            Change(ChangeKind.SUCCESSOR, **own, after="AA1-1-G2"),
            Change(ChangeKind.SUCCESSOR, **own, after="AA1-2-G1"),
        ),
    )
    assert (await town.row("AA1-1-G1"))["valid_to"] == TODAY
    assert (await town.history())["successors"] == [
        ("AA1-1-G1", "AA1-1-G2"),
        ("AA1-1-G1", "AA1-2-G1"),
    ]
    assert await town.events() == [
        (
            1,
            "ORGANIZATION_DISSOLVED",
            '{"on": "2026-03-15", "code": "AA1-1-G1", "posts": 0, "children": 0,'
            ' "successors": ["AA1-1-G2", "AA1-2-G1"]}',
        )
    ]
    assert await town.faults() == []


async def test_children_go_to_the_single_successor(town: Town) -> None:
    """Children that remain move with all below them; each has its former place and its event."""
    done = await town.do(Dissolve("AA1-1", ("BB1-1",)))
    assert isinstance(done, Changed)
    assert [(c.kind.value, c.code, c.before, c.after, c.affected) for c in done.changes] == [
        ("VALID_TO", "AA1-1", None, "2026-03-15", 1),
        ("SUCCESSOR", "AA1-1", None, "BB1-1", 1),
        ("PARENT", "AA1-1-G1", "AA1-1", "BB1-1", 1),
        (
            "PATH",
            "AA1-1-G1",
            "/990100/AA/AA1/AA1-1/AA1-1-G1/",
            "/990100/BB/BB1/BB1-1/AA1-1-G1/",
            1,
        ),
        ("PARENT", "AA1-1-G2", "AA1-1", "BB1-1", 1),
        (
            "PATH",
            "AA1-1-G2",
            "/990100/AA/AA1/AA1-1/AA1-1-G2/",
            "/990100/BB/BB1/BB1-1/AA1-1-G2/",
            1,
        ),
    ]
    assert (await town.history())["places"] == [
        ("AA1-1-G1", "AA1-1", TODAY),
        ("AA1-1-G2", "AA1-1", TODAY),
    ]
    assert [kind for _, kind, _ in await town.events()] == [
        "ORGANIZATION_MOVED",
        "ORGANIZATION_MOVED",
        "ORGANIZATION_DISSOLVED",
    ]
    assert await town.faults() == []


async def test_ended_children_stay_with_the_one_that_they_had(town: Town) -> None:
    """What ended before is history of the dissolved organization, not of its successor."""
    await town.do(Move("AA1-S", "AA1-1"))
    done = await town.do(Dissolve("AA1", ("AA2",)))
    assert isinstance(done, Changed)
    assert (await town.row("AA1-9"))["path"] == "/990100/AA/AA1/AA1-9/"
    assert (await town.row("AA1-1-G1"))["path"] == "/990100/AA/AA2/AA1-1/AA1-1-G1/"
    assert await town.faults() == []


async def test_children_may_go_up_to_the_parent(town: Town) -> None:
    """The organization above can be the successor, where the hierarchy lets it take them in."""
    await town.do(Establish(New(spelled("甲站"), "AA1-1-S"), "station", "AA1-1"))
    for code in ("AA1-1-G1", "AA1-1-G2"):
        await town.do(Dissolve(code))
    done = await town.do(Dissolve("AA1-1", ("AA1",)))
    assert isinstance(done, Changed)
    assert (await town.row("AA1-1-S"))["path"] == "/990100/AA/AA1/AA1-1-S/"
    assert await town.faults() == []


async def test_posts_end_on_the_day(town: Town) -> None:
    """Who holds a post there holds it no longer; posts that ended before stay as they were."""
    past = (TODAY - 90 * DAY, TODAY - 30 * DAY)
    await town.appoint("AA1-1-G1", *past)
    await town.appoint("AA1-1-G1", past[0])
    await town.appoint("AA1-1-G1", past[1], TODAY + 9 * DAY)
    await town.appoint("AA1-1-G2", past[0])
    done = await town.do(Dissolve("AA1-1-G1"))
    assert isinstance(done, Changed)
    assert done.changes == (
        Change(ChangeKind.VALID_TO, "AA1-1-G1", "第1网格", None, "2026-03-15"),
        Change(ChangeKind.POSTS, "AA1-1-G1", "第1网格", "2", "0", 2),
    )
    assert sorted(await town.posts(), key=str) == sorted(
        [
            ("AA1-1-G1", *past),
            ("AA1-1-G1", past[0], TODAY),
            ("AA1-1-G1", past[1], TODAY),
            ("AA1-1-G2", past[0], None),
        ],
        key=str,
    )


@pytest.mark.parametrize("since", [TODAY, TODAY + 9 * DAY])
async def test_posts_that_begin_later_stand_in_the_way(town: Town, since: datetime.date) -> None:
    """A post cannot begin where nothing is left: it has to be relieved first."""
    await town.appoint("AA1-1-G1", since)
    before = await town.everything()
    refused = await town.do(Dissolve("AA1-1-G1"))
    assert isinstance(refused, Refused)
    (reason,) = refused.refusals
    assert (reason.code, reason.path, reason.en) == (
        "POSTS_REMAIN",
        ("input", "on"),
        "1 posts begin on 2026-03-15 or later: relieve them, or give a later day.",
    )
    assert await town.everything() == before


async def test_may_be_planned_a_year_ahead_without_children(town: Town) -> None:
    """An end that is set shows at once, and lets nothing be changed that would outlive it."""
    on = TODAY + 366 * DAY
    assert isinstance(await town.do(Dissolve("AA1-1-G1", on=on)), Changed)
    assert (await town.row("AA1-1-G1"))["valid_to"] == on
    again = await town.do(Dissolve("AA1-1-G1"))
    assert isinstance(again, Refused)
    assert [reason.code for reason in again.refusals] == ["ORGANIZATION_ENDED"]


async def test_children_that_end_in_time_do_not_remain(town: Town) -> None:
    """A community may end with its grids, or after them, not before."""
    for code, days in (("AA1-1-G1", 5), ("AA1-1-G2", 9)):
        assert isinstance(await town.do(Dissolve(code, on=TODAY + days * DAY)), Changed)
    refused = await town.do(Dissolve("AA1-1", on=TODAY + 8 * DAY))
    assert isinstance(refused, Refused)
    (reason,) = refused.refusals
    assert (reason.code, reason.en) == (
        "CHILDREN_REMAIN",
        "organizations remain below (1): 第2网格; move, merge or dissolve them first, or name a "
        "single successor.",
    )
    assert isinstance(await town.do(Dissolve("AA1-1", on=TODAY + 9 * DAY)), Changed)
    assert await town.faults() == []


async def test_children_that_are_to_begin_go_over_on_their_first_day(town: Town) -> None:
    """A child that does not exist yet begins under the successor."""
    begin = TODAY + 30 * DAY
    new = Establish(New(spelled("新网格"), "AA1-1-N"), "grid", "AA1-1", begin)
    assert isinstance(await town.do(new), Changed)
    assert isinstance(await town.do(Dissolve("AA1-1", ("AA1-2",))), Changed)
    assert (await town.row("AA1-1-N"))["parent"] == "AA1-2"
    assert ("AA1-1-N", "AA1-1", begin) in (await town.history())["places"]
    assert await town.faults() == []


CHILDREN = "organizations remain below (2): 第1网格, 第2网格; "


@pytest.mark.parametrize(
    ("action", "reasons"),
    [
        (Dissolve("NO", ("NO2",)), [
            ("ORGANIZATION_UNKNOWN", ("organization",), "There is no organization 'NO'; find one "
             "with organizations(search:)."),
            ("ORGANIZATION_UNKNOWN", ("successors", "0"), "There is no organization 'NO2'; find "
             "one with organizations(search:)."),
        ]),
        (Dissolve("AA1-1"), [
            ("CHILDREN_REMAIN", ("organization",), CHILDREN + "move, merge or dissolve them "
             "first, or name a single successor."),
        ]),
        (Dissolve("AA1-1", ("AA1-2", "AA2-1")), [
            ("CHILDREN_REMAIN", ("organization",), CHILDREN + "move, merge or dissolve them "
             "first, or name a single successor."),
        ]),
        (Dissolve("AA1-1", ("AA1-2",), TODAY + DAY), [
            ("CHILDREN_REMAIN", ("organization",), CHILDREN + "moves cannot be planned: do it on "
             "that day, or see to them first."),
        ]),
        (Dissolve("AA1-1", ("AA1",)), [
            ("CHILDREN_REMAIN", ("organization",), CHILDREN + "they may not stand under "
             "'A第1街道' (街道)."),
        ]),
        (Dissolve("AA1", ("AA3",)), [
            ("CHILDREN_REMAIN", ("organization",), "organizations remain below (1): 便民站; they "
             "may not stand under 'A第3镇' (乡镇)."),
        ]),
        (Dissolve("990100"), [
            ("CHILDREN_REMAIN", ("organization",), "organizations remain below (2): 东区, 西区; "
             "move, merge or dissolve them first, or name a single successor."),
        ]),
        (Dissolve("AA1", ("AA1-1",)), [
            ("SUCCESSOR_NOT_ALLOWED", ("successors",), "'AA1第1社区' cannot succeed 'A第1街道': "
             "it is that itself, or stands below it."),
        ]),
        (Dissolve("AA1", ("AA1",)), [
            ("SUCCESSOR_NOT_ALLOWED", ("successors",), "'A第1街道' cannot succeed 'A第1街道': "
             "it is that itself, or stands below it."),
        ]),
        (Dissolve("AA1-9"), [
            ("ORGANIZATION_ENDED", ("organization",), "'旧社区' (AA1-9) is no more from "
             "2020-01-01 on: it cannot be changed, and takes in nothing."),
        ]),
        (Dissolve("AA1-1-G1", ("AA1-9",)), [
            ("ORGANIZATION_ENDED", ("successors",), "'旧社区' (AA1-9) is no more from "
             "2020-01-01 on: it cannot be changed, and takes in nothing."),
        ]),
        (Dissolve("AA1-1-G1", on=TODAY + 367 * DAY), [
            ("DATE_OUT_OF_RANGE", ("on",), "The day 2027-03-17 cannot be: expected not after "
             "2027-03-16."),
        ]),
        (Dissolve("AA1-1-G1", ("AA1-1-G2",) * 101), [
            ("COUNT_OUT_OF_RANGE", ("successors",), "101 organizations are given, expected 0 to "
             "100."),
        ]),
    ],
)  # fmt: skip
async def test_refusals(
    town: Town, action: Dissolve, reasons: list[tuple[str, tuple[str, ...], str]]
) -> None:
    """What cannot be dissolved is refused with the reasons, and nothing is left of it."""
    before = await town.everything()
    refused = await town.do(action)
    assert isinstance(refused, Refused)
    found = [(reason.code.value, reason.path[1:], reason.en) for reason in refused.refusals]
    assert found == reasons
    assert await town.everything() == before


async def test_an_end_lies_after_all_that_is_known(town: Town) -> None:
    """Neither on its first day, nor before its last move or that of a child that goes over."""
    await town.do(Establish(New(spelled("新"), "AA1-1-N"), "grid", "AA1-1"))
    refused = await town.do(Dissolve("AA1-1-N"))
    assert isinstance(refused, Refused)
    assert [reason.code for reason in refused.refusals] == ["DATE_OUT_OF_RANGE"]
    await town.do(Move("AA1-1", "AA2", TODAY - 5 * DAY))
    await town.do(Move("AA1-S", "BB1-2", TODAY - 5 * DAY))
    for code, heir in (("AA1-1", "BB2-1"), ("BB1-2", "BB2-1")):
        early = await town.do(Dissolve(code, (heir,), TODAY - 6 * DAY))
        assert isinstance(early, Refused)
        assert [reason.code for reason in early.refusals] == ["DATE_OUT_OF_RANGE"]
        done = await town.do(Dissolve(code, (heir,), TODAY - 5 * DAY))
        assert isinstance(done, Changed)
    assert await town.faults() == []


@pytest.mark.parametrize(
    ("at", "fields"),
    [
        ("AA1", []),
        ("AA1-1", ["organization", "successors"]),
        ("AA1-2", ["organization", "successors"]),
        ("BB", ["organization", "successors"]),
    ],
)
async def test_the_permission_is_needed_over_successors_too(
    town: Town, at: str, fields: list[str]
) -> None:
    """A secretary dissolves what stands below the own organization, for what stands there too."""
    done = await town.do(Dissolve("AA1-1", ("AA1-2",)), actor=actor(Role.SECRETARY, at))
    if not fields:
        assert isinstance(done, Changed)
        return
    assert isinstance(done, Refused)
    assert [(reason.code, reason.path) for reason in done.refusals] == [
        ("FORBIDDEN", ("input", field)) for field in fields
    ]
