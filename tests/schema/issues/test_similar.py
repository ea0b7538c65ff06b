"""Similar issues: which ones are offered, in which order, and what is said of them."""

from datetime import timedelta
from typing import Any

import pytest

from schema.actor import PUBLIC
from schema.issues.similar import Similar
from tests.conftest import NOW
from tests.rollups import recounted
from tests.schema.issues.reporting import NORTH, Town

STREET_LIGHT: dict[str, Any] = {"service": "B2", "title": "二号楼道路灯不亮", "answers": ()}


async def offered(town: Town, **given: Any) -> list[str]:
    """The numbers offered to who reports a broken street light, but stores nothing."""
    outcome = await town.report(**(STREET_LIGHT | given), dry_run=True)
    return [item.number[-2:] for item in outcome.similar]


async def test_what_is_said_of_a_similar_one(town: Town) -> None:
    """Nothing that anybody wrote, and nobody's name."""
    first = await town.report(PUBLIC, description="隐私")
    await town.join(first.number)
    outcome = await town.report(dry_run=True)
    (row,) = await town.rows("SELECT organization_id FROM issue")
    assert outcome.similar == (
        Similar(
            NORTH.tenant_id,
            first.issue,
            first.number,
            "A1",
            "quick",
            1,
            "new",
            row["organization_id"],
            NOW,
            1,
        ),
    )


@pytest.mark.parametrize(
    ("title", "found"),
    [
        ("二号楼道路灯不亮", ["01"]),
        ("楼道路灯不亮了", ["01"]),
        ("路灯不亮", ["01"]),
        ("Ｌ号 路灯坏了很久没人管", []),
        ("垃圾成堆", []),
    ],
)
async def test_texts_with_half_of_the_pairs_are_alike(
    town: Town, title: str, found: list[str]
) -> None:
    """Of another service, an issue is similar by half of the pairs of the new title."""
    await town.report(service="A2", title="二号楼道路灯不亮", answers=())
    assert await offered(town, title=title) == found


@pytest.mark.parametrize(
    ("place", "found"),
    [
        ("S1-C1-G1", ["01"]),
        ("S1-C1-G2", ["01"]),
        ("S1-C1", ["01"]),
        ("S1-C2-G1", []),
        ("S1-C2", []),
        ("S1", ["01"]),
        ("990100", ["01"]),
    ],
)
async def test_nearby_is_the_same_community(town: Town, place: str, found: list[str]) -> None:
    """Issues of the nearest community at or above the place, else of all below the place."""
    await town.report(**STREET_LIGHT, organization="S1-C1-G1")
    assert await offered(town, organization=place) == found


@pytest.mark.parametrize(("days", "found"), [(0, ["01"]), (29, ["01"]), (30, [])])
async def test_thirty_days_count(town: Town, days: int, found: list[str]) -> None:
    """What was reported thirty days ago is no longer offered."""
    await town.report(**STREET_LIGHT, now=NOW - timedelta(days=days))
    assert await offered(town) == found


@pytest.mark.parametrize(
    ("phase", "found"),
    [
        ("REPORTED", ["01"]),
        ("ACCEPTED", ["01"]),
        ("IN_PROGRESS", ["01"]),
        ("RESOLVED", []),
        ("CLOSED", []),
        ("REJECTED", []),
        ("WITHDRAWN", []),
    ],
)
async def test_only_open_ones_are_offered(town: Town, phase: str, found: list[str]) -> None:
    """What has been settled is no duplicate."""
    await town.report(**STREET_LIGHT)
    await town.rows("UPDATE issue SET phase = $1 RETURNING id", phase)
    await recounted(town.url)
    assert await offered(town) == found


async def test_the_five_likest_come_first(town: Town) -> None:
    """Same service and text before text alone before service alone; of equals the newest; and
    never more than five."""
    titles = [
        ("B2", "全然另一回事"),
        ("A2", "二号楼道路灯不亮"),
        ("B2", "二号楼道路灯不亮"),
        ("B2", "二号楼道路灯不亮"),
        ("B2", "路灯不亮"),
        ("A2", "垃圾成堆"),
        ("B2", "又是另一回事"),
    ]
    for n, (service, title) in enumerate(titles):
        now = NOW - timedelta(hours=20 - n)
        await town.report(service=service, title=title, answers=(), now=now)
    numbers = await town.rows("SELECT number FROM issue ORDER BY reported_at")
    by_number = {row["number"]: n for n, row in enumerate(numbers)}
    outcome = await town.report(**STREET_LIGHT, dry_run=True)
    assert [by_number[item.number] for item in outcome.similar] == [3, 2, 1, 4, 6]
