"""Establishing an organization."""

import datetime
from typing import Any

import pytest

from schema.changes import Change, ChangeKind
from schema.ids import derived_uuid
from schema.organizations.establish import Establish, New
from schema.organizations.outcome import Changed
from schema.refusals import Refused
from tenants.roles import Role
from tests.conftest import TODAY
from tests.rollups import recounted
from tests.schema.organizations.town import ID, Town, actor, spelled

GRID = "AA1-1"


def grid(name: str = "第3网格", code: str | None = None, **given: Any) -> Establish:
    """A grid to be established in a community."""
    return Establish(New(spelled(name), code), "grid", given.pop("parent", GRID), **given)


async def test_establishes_below_a_parent(town: Town) -> None:
    """The new organization has its place, its search columns and an event."""
    done = await town.do(grid("第10网格(临时)", "AA1-1-T", valid_from=datetime.date(2026, 1, 1)))
    made: dict[str, Any] = {"code": "AA1-1-T", "name": "第10网格(临时)"}
    assert done == Changed(
        ID,
        derived_uuid("Organization", ID, "AA1-1-T"),
        (
            Change(ChangeKind.VALID_FROM, **made, before=None, after="2026-01-01"),
            Change(ChangeKind.NAME, **made, before=None, after="第10网格(临时)"),
            Change(ChangeKind.PARENT, **made, before=None, after="AA1-1"),
            Change(ChangeKind.PATH, **made, before=None, after="/990100/AA/AA1/AA1-1/AA1-1-T/"),
        ),
    )
    assert await town.row("AA1-1-T") == {
        "parent": "AA1-1",
        "name": "第10网格(临时)",
        "level": "grid",
        "path": "/990100/AA/AA1/AA1-1/AA1-1-T/",
        "pinyin": "di 000010 wang ge lin shi",
        "initials": "dwgls",
        "search_name": "第10网格(临时)",
        "valid_from": datetime.date(2026, 1, 1),
        "valid_to": None,
        "data_kind": "REAL",
        "source": None,
        "assumed": False,
    }
    assert await town.events() == [
        (
            1,
            "ORGANIZATION_ESTABLISHED",
            '{"on": "2026-01-01", "code": "AA1-1-T", "name": "第10网格(临时)", "level": "grid",'
            ' "parent": "AA1-1"}',
        )
    ]
    assert await town.faults() == []


async def test_codes_left_out_are_numbered(town: Town) -> None:
    """A code is made of the parent's and the first number that no organization has or had."""
    codes = []
    for name, code in (("甲", None), ("乙", "AA1-1-03"), ("丙", None), ("丁", None)):
        done = await town.do(grid(name, code))
        assert isinstance(done, Changed)
        codes.append(done.changes[0].code)
    assert codes == ["AA1-1-01", "AA1-1-03", "AA1-1-02", "AA1-1-04"]


async def test_the_hundredth_code_has_three_digits(town: Town) -> None:
    """Numbers go on where two digits end."""
    for number in range(1, 100):
        await town.sql(
            "INSERT INTO organization SELECT tenant_id, gen_random_uuid(), $2, name, level, rung,"
            " parent_id, path, pinyin, initials, search_name, valid_from, valid_to, data_kind,"
            " source, assumed FROM organization WHERE tenant_id = $1 AND code = 'AA1-1-G1'",
            ID,
            f"AA1-1-{number:02d}",
        )
    await recounted(town.url)
    done = await town.do(grid("又一网格"))
    assert isinstance(done, Changed)
    assert done.changes[0].code == "AA1-1-100"


@pytest.mark.parametrize(
    ("action", "reasons"),
    [
        (
            grid(parent="NO"),
            [("ORGANIZATION_UNKNOWN", "parent", "There is no organization 'NO'; find one with "
              "organizations(search:).")],
        ),
        (
            grid(parent="no id"),
            [("ORGANIZATION_UNKNOWN", "parent", "There is no organization 'no id'; find one with "
              "organizations(search:).")],
        ),
        (
            Establish(New(spelled("甲")), "planet", GRID),
            [("LEVEL_UNKNOWN", "level", "虚构市 has no level 'planet'; it has: city, county, "
              "street, township, community, station, grid.")],
        ),
        (
            grid(parent="AA1"),
            [("PARENT_NOT_ALLOWED", "parent", "'网格' may not stand under 'A第1街道' (街道); it "
              "may stand under: 社区.")],
        ),
        (
            grid(parent=None),
            [("PARENT_NOT_ALLOWED", "parent", "'网格' may not stand under nothing; it may stand "
              "under: 社区.")],
        ),
        (
            Establish(New(spelled("又一市")), "city", "AA"),
            [("PARENT_NOT_ALLOWED", "parent", "'市' may not stand under '东区' (区县); it may "
              "stand under: nothing (it is at the top).")],
        ),
        (
            grid("第1网格"),
            [("NAME_TAKEN", "name", "There is '第1网格' (AA1-1-G1) of the same level in the same "
              "place already.")],
        ),
        (
            Establish(New(spelled("AA1第1社区居委会")), "community", "AA1"),
            [("NAME_TAKEN", "name", "There is 'AA1第1社区' (AA1-1) of the same level in the same "
              "place already.")],
        ),
        (
            grid(code="AA1-1-G2"),
            [("CODE_TAKEN", "code", "The code 'AA1-1-G2' is in use, or was; give another, or "
              "leave it out.")],
        ),
        (
            grid(code="AA1-9"),
            [("CODE_TAKEN", "code", "The code 'AA1-9' is in use, or was; give another, or leave "
              "it out.")],
        ),
        (
            grid(code="g/1"),
            [("CODE_MALFORMED", "code", "The code 'g/1' is malformed: expected 2 to 120 capital "
              "letters, digits or hyphens, not beginning with a hyphen; left out, the server "
              "makes one.")],
        ),
        (
            grid(code="AA1-1-X\n"),
            [("CODE_MALFORMED", "code", "The code 'AA1-1-X\\n' is malformed: expected 2 to 120 "
              "capital letters, digits or hyphens, not beginning with a hyphen; left out, the "
              "server makes one.")],
        ),
        (
            grid(valid_from=datetime.date(2027, 3, 17)),
            [("DATE_OUT_OF_RANGE", "validFrom", "The day 2027-03-17 cannot be: expected not "
              "after 2027-03-16.")],
        ),
        (
            grid(parent="AA1-9"),
            [("ORGANIZATION_ENDED", "parent", "'旧社区' (AA1-9) is no more from 2020-01-01 on: it "
              "cannot be changed, and takes in nothing.")],
        ),
        (
            grid(parent="AA1-9", valid_from=datetime.date(1999, 12, 31)),
            [
                ("ORGANIZATION_ENDED", "parent", "'旧社区' (AA1-9) is no more from 2020-01-01 on: "
                 "it cannot be changed, and takes in nothing."),
                ("DATE_OUT_OF_RANGE", "validFrom", "The day 1999-12-31 cannot be: expected not "
                 "before 2000-01-01 (when what it concerns began or last changed) and not after "
                 "2027-03-16."),
            ],
        ),
    ],
)  # fmt: skip
async def test_refusals(town: Town, action: Establish, reasons: list[tuple[str, str, str]]) -> None:
    """What cannot be established is refused with every reason, and nothing is left of it."""
    before = await town.everything()
    refused = await town.do(action)
    assert isinstance(refused, Refused)
    found = [(reason.code.value, reason.path, reason.en) for reason in refused.refusals]
    assert found == [(code, ("input", field), en) for code, field, en in reasons]
    assert all(reason.zh for reason in refused.refusals)
    assert await town.everything() == before


async def test_a_made_code_that_is_too_long_is_asked_for(town: Town) -> None:
    """Where the parent's code leaves no room for a number, the client has to give a code."""
    long = "L" * 118
    await town.do(Establish(New(spelled("长"), long), "community", "AA1"))
    refused = await town.do(grid(parent=long))
    assert isinstance(refused, Refused)
    (reason,) = refused.refusals
    assert (reason.code, reason.path) == ("CODE_MALFORMED", ("input", "code"))
    assert isinstance(await town.do(grid(parent=long, code="SHORT")), Changed)


async def test_a_name_is_free_again_when_its_holder_ends(town: Town) -> None:
    """What has ended by the first day, or stands elsewhere, does not take a name."""
    done = await town.do(Establish(New(spelled("旧社区")), "community", "AA1"))
    assert isinstance(done, Changed)
    before = Establish(
        New(spelled("旧社区")), "community", "AA1", valid_from=datetime.date(2019, 1, 1)
    )
    refused = await town.do(before)
    assert isinstance(refused, Refused)
    assert [reason.code for reason in refused.refusals] == ["NAME_TAKEN"]
    elsewhere = Establish(New(spelled("旧社区")), "community", "AA2")
    assert isinstance(await town.do(elsewhere), Changed)


@pytest.mark.parametrize(
    ("role", "at", "parent", "allowed"),
    [
        (Role.CITY_ADMIN, None, "AA1-1", True),
        (Role.SECRETARY, "AA1-1", "AA1-1", True),
        (Role.SECRETARY, "AA1", "AA1-1", True),
        (Role.SECRETARY, "AA1-2", "AA1-1", False),
        (Role.SECRETARY, "AA1-1-G1", "AA1-1", False),
        (Role.AGENT, "AA1-1", "AA1-1", False),
        (Role.GRID_WORKER, "AA1-1", "AA1-1", False),
        (Role.RESIDENT, None, "AA1-1", False),
    ],
)
async def test_a_secretary_establishes_below_the_own_organization(
    town: Town, role: Role, at: str | None, parent: str, allowed: bool
) -> None:
    """The parent has to be in the subtree that the role reaches."""
    done = await town.do(grid(parent=parent), actor=actor(role, at))
    if allowed:
        assert isinstance(done, Changed)
        assert done.changes[0].after == str(TODAY)
    else:
        assert isinstance(done, Refused)
        (reason,) = done.refusals
        assert (reason.code, reason.path) == ("FORBIDDEN", ("input", "parent"))


async def test_only_the_whole_tenant_reaches_the_top(town: Town) -> None:
    """A second top organization is the administrator's; a secretary of the first may not."""
    top = Establish(New(spelled("又一市")), "city", None)
    refused = await town.do(top, actor=actor(Role.SECRETARY, "990100"))
    assert isinstance(refused, Refused)
    assert [reason.code for reason in refused.refusals] == ["FORBIDDEN"]
    done = await town.do(top)
    assert isinstance(done, Changed)
    assert (await town.row("990100-01"))["path"] == "/990100-01/"
