"""Unions of cooperatives: joining, leaving, and what stands in the way."""

import asyncio
import datetime
import itertools
from pathlib import Path
from typing import Any

import pytest

from schema.cooperatives.outcome import Changed
from schema.cooperatives.unions import Join, Leave
from schema.refusals import Refused
from tests.conftest import Graph
from tests.schema.cooperatives.acting import act, admin, reasons, secretary
from tests.schema.cooperatives.village import (
    OTHER_ID,
    Given,
    cooperative_id,
    cooperative_uuid,
    put,
    rows_of,
    unite,
)
from tests.schema.organizations.town import town_at

TIES = "SELECT since, until FROM union_member WHERE union_id = $1 ORDER BY since"
LOG = (
    "SELECT kind, about->>'code' AS code, about->>'on' AS day FROM event"
    " WHERE cooperative_id = $1 ORDER BY seq"
)
PAST = datetime.date(2020, 1, 1)
NUMBERS = itertools.count()


def name() -> str:
    """A code that nothing has."""
    return f"M-{next(NUMBERS)}"


def sides(union: str, cooperative: str) -> dict[str, Any]:
    """The input that names the two by their codes."""
    return {"union": union, "cooperative": cooperative_id(cooperative)}


async def ties(url: str, union: str) -> list[tuple[datetime.date, datetime.date | None]]:
    """First days with and without them, of all members that a union had."""
    found = await rows_of(url, TIES, cooperative_uuid(union))
    return [(row["since"], row["until"]) for row in found]


async def test_joining_and_leaving_is_kept_on_both_sides(site: Graph, shared_url: str) -> None:
    """It is a member from the day on, and until the day before the other; both logs tell."""
    await put(shared_url, Given("J-1"), Given("J-U", kind="UNION", leader="AA3"))
    both = sides("J-U", "J-1")
    who = secretary(site, "AA3")
    joined = await act(who, "joinUnion", **both, on="2025-05-01")
    assert joined == {
        "cooperative": {"code": "J-1", "unions": [{"code": "J-U", "members": [{"code": "J-1"}]}]},
        "refusals": [],
    }
    left = await act(who, "leaveUnion", **both, on="2026-01-01")
    assert left == {"cooperative": {"code": "J-1", "unions": []}, "refusals": []}
    assert reasons(await act(who, "joinUnion", **both)) == []
    days = (datetime.date(2025, 5, 1), datetime.date(2026, 1, 1))
    assert await ties(shared_url, "J-U") == [days, (datetime.date(2026, 3, 15), None)]
    for code in ("J-1", "J-U"):
        events = await rows_of(shared_url, LOG, cooperative_uuid(code))
        assert [tuple(row.values()) for row in events] == [
            ("COOPERATIVE_JOINED_UNION", code, "2025-05-01"),
            ("COOPERATIVE_LEFT_UNION", code, "2026-01-01"),
            ("COOPERATIVE_JOINED_UNION", code, "2026-03-15"),
        ]


async def test_whoever_joined_today_leaves_tomorrow(site: Graph, shared_url: str) -> None:
    """Every membership lasts a day at least."""
    await put(shared_url, Given("T-1"), Given("T-U", kind="UNION"))
    both = sides("T-U", "T-1")
    assert reasons(await act(admin(site), "joinUnion", **both)) == []
    today = await act(admin(site), "leaveUnion", **both, on="2026-03-15")
    assert reasons(today) == [("DATE_OUT_OF_RANGE", "on")]
    assert reasons(await act(admin(site), "leaveUnion", **both)) == []
    tomorrow = datetime.date(2026, 3, 16)
    assert await ties(shared_url, "T-U") == [(datetime.date(2026, 3, 15), tomorrow)]
    again = await act(admin(site), "leaveUnion", **both)
    assert reasons(again) == [("NOT_MEMBER", "cooperative")]


@pytest.fixture
async def union(shared_url: str) -> str:
    """A union of AA3 that began in 2020, with a member U-M; and some others beside it."""
    if await rows_of(shared_url, "SELECT 1 FROM cooperative WHERE code = 'UNION'"):
        return "UNION"
    await put(
        shared_url,
        Given("UNION", kind="UNION", leader="AA3", founded_on=PAST),
        Given("U-M"),
        Given("U-FREE", founded_on=datetime.date(2024, 1, 1)),
        Given("U-GONE", dissolved_on=datetime.date(2025, 1, 1)),
        Given("U-FAR", leader="BB3-V1"),
        Given("U-FOREIGN", leader="CC1-V1", tenant_id=OTHER_ID),
        Given("U-OVER", kind="UNION"),
        Given("U-TOP", kind="UNION"),
    )
    await unite(shared_url, "UNION", "U-M")
    await unite(shared_url, "U-OVER", "UNION")
    await unite(shared_url, "U-TOP", "U-OVER")
    return "UNION"


BAD: list[tuple[str, dict[str, str], list[tuple[str, str]]]] = [
    ("AA3", {"cooperative": "U-M"}, [("ALREADY_MEMBER", "cooperative")]),
    ("AA3", {"cooperative": "U-GONE"}, [("COOPERATIVE_DISSOLVED", "cooperative")]),
    ("AA3", {"cooperative": "U-FAR"}, [("FORBIDDEN", "cooperative")]),
    ("AA3-V1", {"cooperative": "U-FREE"}, [("FORBIDDEN", "union")]),
    ("AA3-V2", {"cooperative": "U-FREE"}, [("FORBIDDEN", "union"), ("FORBIDDEN", "cooperative")]),
    ("AA3", {"cooperative": "U-FREE", "union": "U-M"}, [("UNION_REQUIRED", "union")]),
    ("AA3", {"cooperative": "UNION"}, [("UNDER_ITSELF", "union")]),
    ("AA3", {"cooperative": "U-OVER"}, [("UNDER_ITSELF", "union")]),
    ("AA3", {"cooperative": "U-TOP"}, [("UNDER_ITSELF", "union")]),
    ("AA3", {"cooperative": "U-FREE", "on": "2023-12-31"}, [("DATE_OUT_OF_RANGE", "on")]),
    ("AA3", {"cooperative": "U-FREE", "on": "2026-03-16"}, [("DATE_OUT_OF_RANGE", "on")]),
    ("AA3", {"cooperative": "U-FREE", "union": "NOTHING"}, [("COOPERATIVE_UNKNOWN", "union")]),
    ("AA3", {"cooperative": "U-FREE", "union": "U-FOREIGN"}, [("COOPERATIVE_UNKNOWN", "union")]),
    ("AA3", {"cooperative": "NOTHING"}, [("COOPERATIVE_UNKNOWN", "cooperative")]),
    (
        "AA3",
        {"cooperative": "NOTHING", "union": "\n"},
        [("COOPERATIVE_UNKNOWN", "union"), ("COOPERATIVE_UNKNOWN", "cooperative")],
    ),
]


@pytest.mark.parametrize(("at", "given", "expected"), BAD, ids=lambda value: str(value)[:40])
async def test_what_cannot_join_is_refused(
    site: Graph,
    shared_url: str,
    union: str,
    at: str,
    given: dict[str, str],
    expected: list[tuple[str, str]],
) -> None:
    """With every reason, and nothing is written."""
    before = await ties(shared_url, union)
    input_: dict[str, Any] = {"union": union, **given}
    input_["cooperative"] = cooperative_id(given["cooperative"])
    payload = await act(secretary(site, at), "joinUnion", **input_)
    assert (payload["cooperative"], reasons(payload)) == (None, expected)
    assert await ties(shared_url, union) == before


@pytest.mark.parametrize("at", ["AA3-V1", "AA3", "BB3-V1"])
async def test_either_side_may_let_it_leave(site: Graph, shared_url: str, at: str) -> None:
    """The permission at one of the leaders is enough; at none it is refused."""
    member, whole = name(), name()
    await put(shared_url, Given(member), Given(whole, kind="UNION", leader="BB3-V1"))
    await unite(shared_url, whole, member)
    both = sides(whole, member)
    nobody = await act(secretary(site, "AA3-V2"), "leaveUnion", **both)
    assert reasons(nobody) == [("FORBIDDEN", "cooperative")]
    assert reasons(await act(secretary(site, at), "leaveUnion", **both)) == []


async def test_a_later_membership_stands_in_the_way_of_an_earlier_one(
    site: Graph, shared_url: str
) -> None:
    """Two of one cooperative in one union never overlap."""
    member, whole = name(), name()
    await put(shared_url, Given(member), Given(whole, kind="UNION"))
    since, until = datetime.date(2024, 1, 1), datetime.date(2025, 1, 1)
    await unite(shared_url, whole, member, since=since, until=until)
    both = sides(whole, member)
    for day, expected in (
        ("2023-06-01", ["ALREADY_MEMBER"]),
        ("2024-06-01", ["ALREADY_MEMBER"]),
        ("2025-01-01", []),
    ):
        payload = await act(admin(site), "joinUnion", **both, on=day)
        assert [code for code, _ in reasons(payload)] == expected


async def test_a_union_has_an_end(site: Graph, shared_url: str) -> None:
    """Five hundred members are the most."""
    whole, one = name(), name()
    members = [Given(f"{whole}-{n}") for n in range(500)]
    await put(shared_url, *members, Given(whole, kind="UNION"), Given(one))
    await unite(shared_url, whole, *(member.code for member in members))
    both = sides(whole, one)
    payload = await act(admin(site), "joinUnion", **both)
    assert reasons(payload) == [("COUNT_OUT_OF_RANGE", "union")]


async def test_who_joins_several_times_at_once_joins_once(shared_url: str, tmp_path: Path) -> None:
    """One is accepted, the others are members already."""
    member, whole = name(), name()
    await put(shared_url, Given(member), Given(whole, kind="UNION"))
    async with town_at(shared_url, tmp_path / "keys.json") as town:
        outcomes = await asyncio.gather(*(town.do(Join(whole, member)) for _ in range(4)))
        ended = await asyncio.gather(*(town.do(Leave(whole, member)) for _ in range(4)))
    assert _counted(outcomes) == [(None, 1), ("ALREADY_MEMBER", 3)]
    assert _counted(ended) == [(None, 1), ("NOT_MEMBER", 3)]
    assert len(await ties(shared_url, whole)) == 1


async def test_unions_that_join_each_other_at_once_make_no_ring(
    shared_url: str, tmp_path: Path
) -> None:
    """Of four that each join the next one, one is refused."""
    ring = [name() for _ in range(4)]
    await put(shared_url, *(Given(code, kind="UNION") for code in ring))
    pairs = zip(ring, [*ring[1:], ring[0]], strict=True)
    async with town_at(shared_url, tmp_path / "keys.json") as town:
        outcomes = await asyncio.gather(*(town.do(Join(one, next_)) for one, next_ in pairs))
    assert _counted(outcomes) == [(None, 3), ("UNDER_ITSELF", 1)]


def _counted(outcomes: list[Changed | Refused]) -> list[tuple[str | None, int]]:
    """How often each code came, None for what was carried out."""
    codes = [one.refusals[0].code if isinstance(one, Refused) else None for one in outcomes]
    return sorted(((code, codes.count(code)) for code in set(codes)), key=str, reverse=True)
