"""Renaming an organization."""

import datetime

import pytest

from schema.changes import Change, ChangeKind
from schema.ids import GlobalId, derived_uuid
from schema.organizations.outcome import Changed
from schema.organizations.rename import Rename
from schema.refusals import Refused
from tenants.roles import Role
from tests.conftest import TODAY
from tests.rollups import recounted
from tests.schema.organizations.town import ID, Town, actor, spelled

DAY = datetime.timedelta(days=1)


def renamed(name: str, on: datetime.date | None = None, code: str = "AA1-1") -> Rename:
    """A community under a new name."""
    return Rename(code, spelled(name), on)


async def test_renames_and_keeps_the_former_name(town: Town) -> None:
    """The row has the new name and what follows from it; the old one is kept with its last day."""
    done = await town.do(renamed("朝阳社区"))
    change = Change(ChangeKind.NAME, "AA1-1", "朝阳社区", "AA1第1社区", "朝阳社区")
    assert done == Changed(ID, derived_uuid("Organization", ID, "AA1-1"), (change,))
    row = await town.row("AA1-1")
    assert [row[name] for name in ("name", "pinyin", "initials", "search_name", "path")] == [
        "朝阳社区",
        "chao yang she qu",
        "cysq",
        "朝阳社区",
        "/990100/AA/AA1/AA1-1/",
    ]
    assert (await town.history())["names"] == [("AA1-1", "AA1第1社区", TODAY)]
    assert await town.events() == [
        (
            1,
            "ORGANIZATION_RENAMED",
            '{"on": "2026-03-15", "code": "AA1-1", "after": "朝阳社区", "before": "AA1第1社区"}',
        )
    ]


async def test_organizations_are_named_by_global_id_too(town: Town) -> None:
    """A global id means what the code means."""
    id_ = derived_uuid("Organization", ID, "AA1-1")
    done = await town.do(renamed("朝阳社区", code=str(GlobalId("Organization", ID, id_.hex))))
    assert isinstance(done, Changed)
    assert (await town.row("AA1-1"))["name"] == "朝阳社区"


async def test_the_first_name_of_a_day_is_kept(town: Town) -> None:
    """Of several changes on one day history keeps where they began, the events keep all."""
    for name in ("甲社区", "乙社区", "AA1第1社区"):
        assert isinstance(await town.do(renamed(name)), Changed)
    assert (await town.history())["names"] == [("AA1-1", "AA1第1社区", TODAY)]
    assert len(await town.events()) == 3


async def test_names_follow_each_other(town: Town) -> None:
    """A name cannot begin before the one that it follows, but on the same day."""
    first = TODAY - 10 * DAY
    assert isinstance(await town.do(renamed("甲社区", first)), Changed)
    refused = await town.do(renamed("乙社区", first - DAY))
    assert isinstance(refused, Refused)
    assert [(reason.code, reason.path) for reason in refused.refusals] == [
        ("DATE_OUT_OF_RANGE", ("input", "on"))
    ]
    assert isinstance(await town.do(renamed("乙社区", TODAY)), Changed)
    assert (await town.history())["names"] == [
        ("AA1-1", "AA1第1社区", first),
        ("AA1-1", "甲社区", TODAY),
    ]


async def test_one_that_is_to_begin_is_renamed_from_then_on(town: Town) -> None:
    """An organization that does not exist yet has its new name from its first day."""
    begin = TODAY + 30 * DAY
    await town.sql(
        "UPDATE organization SET valid_from = $2 WHERE tenant_id = $1 AND code = 'AA1-1-G1'",
        ID,
        begin,
    )
    await recounted(town.url)
    refused = await town.do(renamed("甲", TODAY, "AA1-1-G1"))
    assert isinstance(refused, Refused)
    assert [reason.code for reason in refused.refusals] == ["DATE_OUT_OF_RANGE"]
    assert isinstance(await town.do(renamed("甲", code="AA1-1-G1")), Changed)
    assert (await town.history())["names"] == [("AA1-1-G1", "第1网格", begin)]


@pytest.mark.parametrize(
    ("action", "reasons"),
    [
        (renamed("甲", code="NO"), [("ORGANIZATION_UNKNOWN", "organization")]),
        (renamed("AA1第1社区"), [("NAME_UNCHANGED", "name")]),
        (renamed("AA1第2社区"), [("NAME_TAKEN", "name")]),
        (renamed("AA1第2社区委员会"), [("NAME_TAKEN", "name")]),
        (renamed("甲社区", TODAY + DAY), [("DATE_OUT_OF_RANGE", "on")]),
        (
            renamed("新社区", code="AA1-9"),
            [("ORGANIZATION_ENDED", "organization")],
        ),
        (
            renamed("旧社区", datetime.date(1990, 1, 1), "AA1-9"),
            [
                ("ORGANIZATION_ENDED", "organization"),
                ("NAME_UNCHANGED", "name"),
                ("DATE_OUT_OF_RANGE", "on"),
            ],
        ),
    ],
)
async def test_refusals(town: Town, action: Rename, reasons: list[tuple[str, str]]) -> None:
    """What cannot be renamed is refused with every reason, and nothing is left of it."""
    before = await town.everything()
    refused = await town.do(action)
    assert isinstance(refused, Refused)
    found = [(reason.code.value, reason.path) for reason in refused.refusals]
    assert found == [(code, ("input", field)) for code, field in reasons]
    assert await town.everything() == before


async def test_a_name_may_come_nearer_to_its_own(town: Town) -> None:
    """The suffix of a committee may be added: only another organization takes a name."""
    assert isinstance(await town.do(renamed("AA1第1社区居委会")), Changed)


@pytest.mark.parametrize(
    ("at", "allowed"), [("AA1", True), ("AA", True), ("AA1-1", False), ("AA1-1-G1", False)]
)
async def test_the_permission_is_needed_over_the_one_above(
    town: Town, at: str, allowed: bool
) -> None:
    """A secretary renames all below the own organization, and not that itself."""
    done = await town.do(renamed("甲社区"), actor=actor(Role.SECRETARY, at))
    if allowed:
        assert isinstance(done, Changed)
    else:
        assert isinstance(done, Refused)
        (reason,) = done.refusals
        assert (reason.code, reason.path) == ("FORBIDDEN", ("input", "organization"))
