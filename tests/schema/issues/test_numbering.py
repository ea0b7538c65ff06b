"""Numbers of issues: what they look like, whose day they have, and that each is given once."""

import datetime

from schema.issues.numbering import next_number, number
from schema.refusals import RefusalCode, Refused, refuse
from schema.work import Work
from tests.schema.issues.reporting import NORTH, Town

DAY = datetime.date(2026, 3, 15)


def at(hour: int, day: int = 15) -> datetime.datetime:
    """A moment in UTC."""
    return datetime.datetime(2026, 3, day, hour, tzinfo=datetime.UTC)


def test_a_number_has_city_day_and_six_digits() -> None:
    """The digits grow beyond six where a day has a million issues."""
    assert number(NORTH, DAY, 42) == "NO-20260315-000042"
    assert number(NORTH, DAY, 1_234_567) == "NO-20260315-1234567"


async def test_the_day_is_that_of_china(town: Town) -> None:
    """A quarter past four in the afternoon of Greenwich is the next day, which begins with one."""
    given = [await town.do(next_number, now=now) for now in (at(15), at(15), at(16), at(15))]
    assert given == [
        "NO-20260315-000001",
        "NO-20260315-000002",
        "NO-20260316-000001",
        "NO-20260315-000003",
    ]


async def test_what_is_undone_gives_its_number_back(town: Town) -> None:
    """A refusal after the number was taken leaves no gap."""

    async def refused(work: Work) -> str | Refused:
        await next_number(work)
        return refuse(RefusalCode.FORBIDDEN, "不", "no")

    await town.do(refused)
    assert await town.do(next_number) == "NO-20260315-000001"
