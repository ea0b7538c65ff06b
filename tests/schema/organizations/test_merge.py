"""Merging organizations."""

import datetime
from typing import Any

import pytest

from schema.changes import Change, ChangeKind
from schema.ids import derived_uuid
from schema.organizations.dissolve import Dissolve
from schema.organizations.establish import Establish, New
from schema.organizations.merge import Merge, NewPlace
from schema.organizations.move import Move
from schema.organizations.outcome import Changed
from schema.refusals import Refused
from tenants.roles import Role
from tests.conftest import TODAY
from tests.schema.organizations.town import ID, Town, actor, spelled

DAY = datetime.timedelta(days=1)


def new(name: str, parent: str | None = None, code: str | None = None) -> NewPlace:
    """A new organization to merge into."""
    return NewPlace(New(spelled(name), code), parent)


async def test_merges_into_one_that_exists(town: Town) -> None:
    """The merged ones end, their children stand under the one that is left, which succeeds."""
    await town.appoint("AA1-1", TODAY - 90 * DAY)
    done = await town.do(Merge(("AA1-1", "BB1-1"), "AA1-2"))
    assert isinstance(done, Changed)
    assert done.id == derived_uuid("Organization", ID, "AA1-2")
    assert [(c.kind.value, c.code, c.after, c.affected) for c in done.changes] == [
        ("VALID_TO", "AA1-1", "2026-03-15", 1),
        ("SUCCESSOR", "AA1-1", "AA1-2", 1),
        ("POSTS", "AA1-1", "0", 1),
        ("VALID_TO", "BB1-1", "2026-03-15", 1),
        ("SUCCESSOR", "BB1-1", "AA1-2", 1),
        ("PARENT", "AA1-1-G1", "AA1-2", 1),
        ("PATH", "AA1-1-G1", "/990100/AA/AA1/AA1-2/AA1-1-G1/", 1),
        ("PARENT", "AA1-1-G2", "AA1-2", 1),
        ("PATH", "AA1-1-G2", "/990100/AA/AA1/AA1-2/AA1-1-G2/", 1),
        ("PARENT", "BB1-1-G1", "AA1-2", 1),
        ("PATH", "BB1-1-G1", "/990100/AA/AA1/AA1-2/BB1-1-G1/", 1),
        ("PARENT", "BB1-1-G2", "AA1-2", 1),
        ("PATH", "BB1-1-G2", "/990100/AA/AA1/AA1-2/BB1-1-G2/", 1),
    ]
    assert (await town.history())["successors"] == [("AA1-1", "AA1-2"), ("BB1-1", "AA1-2")]
    assert [(kind, about) for _, kind, about in await town.events()][-2:] == [
        (
            "ORGANIZATION_MERGED",
            f'{{"on": "2026-03-15", "code": "{code}", "posts": {posts}, "children": 2,'
            ' "successors": ["AA1-2"]}',
        )
        for code, posts in (("AA1-1", 1), ("BB1-1", 0))
    ]
    assert await town.faults() == []


async def test_merges_into_a_new_one_of_the_same_name(town: Town) -> None:
    """The new one stands where the merged ones stood, and may have the name of one of them."""
    done = await town.do(Merge(("AA1-1", "AA1-2"), new("AA1第1社区")))
    made: dict[str, Any] = {"code": "AA1-01", "name": "AA1第1社区", "before": None}
    assert isinstance(done, Changed)
    assert done.id == derived_uuid("Organization", ID, "AA1-01")
    assert done.changes[:5] == (
        Change(ChangeKind.VALID_FROM, **made, after="2026-03-15"),
        Change(ChangeKind.NAME, **made, after="AA1第1社区"),
        Change(ChangeKind.PARENT, **made, after="AA1"),
        Change(ChangeKind.PATH, **made, after="/990100/AA/AA1/AA1-01/"),
        Change(ChangeKind.VALID_TO, "AA1-1", "AA1第1社区", None, "2026-03-15"),
    )
    kinds = [kind for _, kind, _ in await town.events()]
    assert kinds == [
        "ORGANIZATION_ESTABLISHED",
        *["ORGANIZATION_MOVED"] * 4,
        *["ORGANIZATION_MERGED"] * 2,
    ]
    assert await town.faults() == []


async def test_counties_merge_with_all_below(town: Town) -> None:
    """Subtrees of several levels go over whole."""
    done = await town.do(Merge(("AA", "BB"), new("新区")))
    assert isinstance(done, Changed)
    moved = [c for c in done.changes if c.kind is ChangeKind.PATH and c.before is not None]
    assert sum(c.affected for c in moved) == 44
    assert (await town.row("BB3-2-G2"))["path"] == "/990100/990100-01/BB3/BB3-2/BB3-2-G2/"
    assert await town.faults() == []


async def test_a_merger_may_be_planned_once_no_child_remains(town: Town) -> None:
    """The new organization begins on the day on which the old ones end."""
    on = TODAY + 100 * DAY
    done = await town.do(Merge(("AA1-1-G1", "AA1-1-G2"), new("大网格"), on))
    assert isinstance(done, Changed)
    made = await town.row("AA1-1-01")
    assert (made["valid_from"], made["parent"]) == (on, "AA1-1")
    assert {(await town.row(code))["valid_to"] for code in ("AA1-1-G1", "AA1-1-G2")} == {on}


async def test_merging_the_only_top_makes_another(town: Town) -> None:
    """What stands at the top has no common parent, and needs none."""
    done = await town.do(Merge(("990100",), new("新虚构市")))
    assert isinstance(done, Changed)
    assert (await town.row("AA"))["path"] == "/990100-01/AA/"
    assert await town.faults() == []


@pytest.mark.parametrize(
    ("action", "reasons"),
    [
        (Merge((), "AA1-2"), [
            ("COUNT_OUT_OF_RANGE", ("organizations",), "0 organizations are given, expected 1 to "
             "100."),
        ]),
        (Merge(("AA1-1", "NO"), "NO2"), [
            ("ORGANIZATION_UNKNOWN", ("organizations", "1"), "There is no organization 'NO'; find "
             "one with organizations(search:)."),
            ("ORGANIZATION_UNKNOWN", ("into",), "There is no organization 'NO2'; find one with "
             "organizations(search:)."),
        ]),
        (Merge(("AA1-1", "AA2-1"), "AA1-1"), [
            ("SUCCESSOR_NOT_ALLOWED", ("into",), "'AA1第1社区' cannot succeed 'AA1第1社区': it "
             "is that itself, or stands below it."),
        ]),
        (Merge(("AA1", "AA3"), "AA2"), [
            ("LEVELS_DIFFER", ("organizations",), "Only organizations of one level merge, given "
             "are: A第1街道 (街道), A第3镇 (乡镇), A第2街道 (街道)."),
        ]),
        (Merge(("AA1", "AA3"), new("新", "AA")), [
            ("LEVELS_DIFFER", ("organizations",), "Only organizations of one level merge, given "
             "are: A第1街道 (街道), A第3镇 (乡镇)."),
        ]),
        (Merge(("AA1-1", "AA2-1"), new("新社区")), [
            ("PARENT_REQUIRED", ("intoNew", "parent"), "The merged organizations stand under "
             "different ones: name the new one's parent."),
        ]),
        (Merge(("AA1-1", "AA1-2"), new("新社区", "AA")), [
            ("PARENT_NOT_ALLOWED", ("intoNew", "parent"), "'社区' may not stand under '东区' "
             "(区县); it may stand under: 街道, 乡镇."),
        ]),
        (Merge(("AA1-1",), new("AA1第2社区")), [
            ("NAME_TAKEN", ("intoNew", "name"), "There is 'AA1第2社区' (AA1-2) of the same level "
             "in the same place already."),
        ]),
        (Merge(("AA1-1",), new("新社区", code="AA1-2")), [
            ("CODE_TAKEN", ("intoNew", "code"), "The code 'AA1-2' is in use, or was; give "
             "another, or leave it out."),
        ]),
        (Merge(("AA1-1",), new("新社区", "NO")), [
            ("ORGANIZATION_UNKNOWN", ("intoNew", "parent"), "There is no organization 'NO'; find "
             "one with organizations(search:)."),
        ]),
        (Merge(("AA1-9",), "AA1-2"), [
            ("ORGANIZATION_ENDED", ("organizations",), "'旧社区' (AA1-9) is no more from "
             "2020-01-01 on: it cannot be changed, and takes in nothing."),
        ]),
        (Merge(("AA1-1",), "AA1-9"), [
            ("ORGANIZATION_ENDED", ("into",), "'旧社区' (AA1-9) is no more from 2020-01-01 on: it "
             "cannot be changed, and takes in nothing."),
        ]),
        (Merge(("AA1-1",), "AA1-2", TODAY + DAY), [
            ("CHILDREN_REMAIN", ("organizations",), "organizations remain below (2): 第1网格, "
             "第2网格; moves cannot be planned: do it on that day, or see to them first."),
        ]),
        (Merge(("AA1-1",), new("新社区"), TODAY + DAY), [
            ("CHILDREN_REMAIN", ("organizations",), "organizations remain below (2): 第1网格, "
             "第2网格; moves cannot be planned: do it on that day, or see to them first."),
        ]),
        (Merge(("AA1-1",), new("新社区"), TODAY + 999 * DAY), [
            ("DATE_OUT_OF_RANGE", ("on",), "The day 2028-12-08 cannot be: expected not after "
             "2027-03-16."),
        ]),
    ],
)  # fmt: skip
async def test_refusals(
    town: Town, action: Merge, reasons: list[tuple[str, tuple[str, ...], str]]
) -> None:
    """What cannot be merged is refused with the reasons, and nothing is left of it."""
    before = await town.everything()
    refused = await town.do(action)
    assert isinstance(refused, Refused)
    found = [(reason.code.value, reason.path[1:], reason.en) for reason in refused.refusals]
    assert found == reasons
    assert await town.everything() == before


async def test_posts_that_begin_later_undo_the_new_organization(town: Town) -> None:
    """A reason that shows only at the end leaves nothing of what came before it."""
    await town.appoint("AA1-1", TODAY + DAY)
    before = await town.everything()
    refused = await town.do(Merge(("AA1-1", "AA1-2"), new("新社区")))
    assert isinstance(refused, Refused)
    assert [reason.code for reason in refused.refusals] == ["POSTS_REMAIN"]
    assert await town.everything() == before


async def test_one_named_twice_is_merged_once(town: Town) -> None:
    """The same organization by code and by code again is one."""
    done = await town.do(Merge(("AA1-1", "AA1-1"), "AA1-2"))
    assert isinstance(done, Changed)
    assert [c.code for c in done.changes if c.kind is ChangeKind.VALID_TO] == ["AA1-1"]


async def test_mergers_follow_each_other(town: Town) -> None:
    """What was merged into today may itself be merged or dissolved, and its children go on."""
    await town.do(Merge(("AA1-1",), "AA1-2", TODAY - DAY))
    await town.do(Merge(("AA1-2",), "AA2-1"))
    await town.do(Dissolve("AA2-1", ("AA2-2",)))
    await town.do(Move("AA2-2", "BB1"))
    await town.do(Establish(New(spelled("又一网格")), "grid", "AA2-2"))
    assert (await town.row("AA1-1-G1"))["path"] == "/990100/BB/BB1/AA2-2/AA1-1-G1/"
    assert (await town.history())["places"][:2] == [
        ("AA1-1-G1", "AA1-1", TODAY - DAY),
        ("AA1-1-G1", "AA1-2", TODAY),
    ]
    assert await town.faults() == []


@pytest.mark.parametrize(
    ("at", "into", "fields"),
    [
        ("AA1", "AA1-2", []),
        ("AA1", new("新社区"), []),
        ("AA1-1", "AA1-2", [("organizations",), ("into",)]),
        ("AA1", "AA2-1", [("into",)]),
        ("AA2", "AA2-1", [("organizations",)]),
        ("AA1", new("新社区", "AA2"), [("intoNew", "parent")]),
        ("AA2", new("新社区", "AA2"), [("organizations",)]),
    ],
)
async def test_the_permission_is_needed_everywhere(
    town: Town, at: str, into: str | NewPlace, fields: list[tuple[str, ...]]
) -> None:
    """A secretary merges what stands below the own organization, into what stands there."""
    done = await town.do(Merge(("AA1-1",), into), actor=actor(Role.SECRETARY, at))
    if not fields:
        assert isinstance(done, Changed)
        return
    assert isinstance(done, Refused)
    assert [(reason.code, reason.path) for reason in done.refusals] == [
        ("FORBIDDEN", ("input", *field)) for field in fields
    ]
