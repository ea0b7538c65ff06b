"""The published scale: exact numbers, lawful issues, the same again after a kill."""

import asyncio
import json
import subprocess
import sys
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from schema.issues.replay import REPLAYED, replay
from schema.issues.values import plain
from schema.keyring import Keyring
from seeds.generate import generate
from seeds.load import load
from seeds.parts import pending
from seeds.published import PlannedIssues, load_plan
from seeds.quotas import Outcome, exact, quotas, split
from server.prepare import apply_tenants
from tenants.calendar import due_at
from tenants.definition import Definition
from tests.conftest import NOW, NewDatabase, opened
from tests.rollups import differences
from tests.seeds.publishing import CITY, contents, publish, small


@pytest.fixture
async def url(new_database: NewDatabase) -> str:
    """A database in which the city is in force."""
    address = await new_database()
    await apply_tenants(address, small())
    return address


async def rows(url: str, statement: str) -> Any:
    """What a statement gives."""
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetch(statement)
    finally:
        await connection.close()


def test_the_plan_names_what_cities_have(shipped: tuple[Definition, ...]) -> None:
    """Every service, workflow, post, level and kind of alliance of the plan is the city's."""
    by_id = {item.tenant_id: item for item in shipped}
    for tenant_id, plan in load_plan().items():
        city = by_id[tenant_id]
        levels = {level.key for level in city.tenant.levels}
        for issues in plan.issues:
            assert set(issues.services) <= city.services.keys()
            assert issues.chosen(city) != frozenset()
        for seats in plan.staff:
            assert (seats.post in city.posts, set(seats.at) <= levels) == (True, True)
        kinds = {kind.key for kind in city.cooperation.alliances}
        assert all(set(agreements.alliances) <= kinds for agreements in plan.agreements)


def test_rates_come_out_exactly() -> None:
    """Of 187,000 requests 98.5 % are closed, and 99.7 % of those that were rated are content."""
    plan = PlannedIssues(key="x", reported="F087", closed="F088", satisfied="F089")
    content, others, unrated, unfinished = (q.count for q in quotas(plan.outcome(Fraction(1))))
    assert content + others + unrated + unfinished == 187_000
    assert Fraction(content + others + unrated, 187_000) == Fraction(985, 1000)
    assert Fraction(content, content + others) == Fraction(997, 1000)


@pytest.mark.parametrize(
    ("total", "share", "expected"),
    [
        (2500, Fraction(997, 1000), (2000, 1994)),
        (500, Fraction(49, 50), (500, 490)),
        (7, Fraction(1, 2), (6, 3)),
        (7, Fraction(9, 10), (7, 6)),
        (0, Fraction(1, 2), (0, 0)),
    ],
)
def test_a_share_is_of_a_number_that_it_divides(
    total: int, share: Fraction, expected: tuple[int, int]
) -> None:
    """The largest number up to the total of which the share is whole, if there is any."""
    assert exact(total, share) == expected


def test_parts_have_the_quotas_together_and_what_is_recent_last() -> None:
    """Nothing is lost or added by splitting; open issues are of the last days."""
    whole = quotas(Outcome(answered=101, open=Fraction(1, 10)))
    parts = split(whole, 4)
    assert [[quota.count for quota in part] for part in parts] == [[25], [25], [25], [26, 10]]


async def test_numbers_are_those_of_the_plan(url: str, keys: Keyring) -> None:
    """Issues, people, cooperatives, their market and agreements come to what was planned."""
    await publish(url, keys)
    async with opened(url, statement_timeout=60) as graph:
        data = await graph.as_("CITY_ADMIN", CITY).data(
            """query ($city: ID!) { city(code: $city) { dataKinds
              now: issueStatistics(by: [], where: {reportedFrom: "2025-03-01T00:00:00+08:00",
                reportedTo: "2026-04-01T00:00:00+08:00"}) {
                total { reported closed rated closureRate satisfactionRate } }
              before: issueStatistics(by: [], where: {reportedFrom: "2024-01-01T00:00:00+08:00",
                reportedTo: "2025-01-01T00:00:00+08:00"}) { total { reported resolved open } }
              cooperativeStatistics(by: []) { total { cooperatives households householdsReached
                onlineSales enterprises intendedDeals dealCollectiveIncome dealHouseholdIncome
                assetTrades assetAmount assetPremium weakVillagesCleared supportFunds } }
              agreementStatistics(by: []) { total { agreements active funds } }
            } }""",
            city=CITY,
        )
    found = data["city"]
    assert "GENERATED" in found["dataKinds"]
    rated = {"rated": 85, "closureRate": 0.9, "satisfactionRate": 0.8}
    assert found["now"]["total"] == {"reported": 120, "closed": 108, **rated}
    assert found["before"]["total"] == {"reported": 18, "resolved": 15, "open": 3}
    together = found["cooperativeStatistics"]["total"]
    assert {name: Decimal(value) for name, value in together.items()} == {
        "cooperatives": 5,
        "households": 33,
        "householdsReached": 33,
        "onlineSales": 90001,
        "enterprises": 4,
        "intendedDeals": 9,
        "dealCollectiveIncome": 7777,
        "dealHouseholdIncome": 8888,
        "assetTrades": 6,
        "assetAmount": 12345,
        "assetPremium": 1234,
        "weakVillagesCleared": 2,
        "supportFunds": 555,
    }
    total = found["agreementStatistics"]["total"]
    assert (total["agreements"], total["active"], int(Decimal(total["funds"]))) == (4, 4, 1001)
    assert await differences(url) == []
    await _lawful(url)


async def _lawful(url: str) -> None:
    """Each issue follows from its events, which are in order without a gap; its clock is right."""
    (city,) = (item for item in small() if item.tenant.code == CITY)
    issues = await rows(url, "SELECT * FROM issue")
    told: dict[Any, list[Any]] = {row["id"]: [] for row in issues}
    log = await rows(url, "SELECT seq, issue_id, about FROM event ORDER BY seq")
    assert [event["seq"] for event in log] == [*range(1, len(log) + 1)]
    for event in log:
        if event["issue_id"] is not None:
            told[event["issue_id"]].append(json.loads(event["about"]))
    for row in issues:
        assert replay(told[row["id"]]) == plain({name: row[name] for name in REPLAYED})
        if row["due_at"] and not row["extensions"] and not row["pauses"]:
            limits = [city.services[row["service"]][1].time_limit]
            limits += [state.time_limit for state in city.workflows[row["workflow"]].states]
            due = {due_at(row["started_at"], limit) for limit in limits if limit is not None}
            assert row["due_at"] in due
    kinds = await rows(url, "SELECT DISTINCT data_kind FROM issue UNION SELECT data_kind FROM post")
    assert [row[0] for row in kinds] == ["GENERATED"]
    (gaps,) = await rows(
        url,
        "SELECT count(*) FROM issue_counter c WHERE last <> (SELECT count(*) FROM issue i"
        " WHERE date(i.reported_at AT TIME ZONE 'Asia/Shanghai') = c.day)",
    )
    assert gaps[0] == 0
    (handled,) = await rows(
        url, "SELECT count(DISTINCT organization_id) FROM issue WHERE lead_person_id IS NOT NULL"
    )
    assert handled[0] > 10
    (astray,) = await rows(
        url,
        "SELECT count(*) FROM issue i JOIN organization p ON p.id = i.place_id"
        " JOIN organization o"
        " ON o.id = ANY (i.trail || i.organization_id || i.lead_organization_id)"
        " WHERE NOT p.path ^@ o.path",
    )
    assert astray[0] == 0
    (strangers,) = await rows(
        url,
        "SELECT count(*) FROM event e JOIN issue i ON i.id = e.issue_id"
        " JOIN organization p ON p.id = i.place_id JOIN post x ON x.person_id = e.person_id"
        " JOIN organization o ON o.id = x.organization_id WHERE NOT p.path ^@ o.path",
    )
    assert strangers[0] == 0
    (bare,) = await rows(
        url,
        "SELECT count(*) FROM issue i WHERE NOT EXISTS"
        " (SELECT FROM issue_word w WHERE w.issue_id = i.id)",
    )
    assert bare[0] == 0


async def test_a_second_load_and_a_sample_add_nothing(url: str, keys: Keyring) -> None:
    """What is there stays; another random seed is refused, and a sample is not pending."""
    assert len(await publish(url, keys)) > 5
    before = await contents(url)
    assert await publish(url, keys) == []
    with pytest.raises(ValueError, match="another scale or random seed"):
        await publish(url, keys, seed=2)
    connection = await asyncpg.connect(url)
    try:
        assert await pending(connection, small(), sample=True, issues=50) == []
    finally:
        await connection.close()
    assert await contents(url) == before


async def test_a_city_with_other_data_is_refused(url: str, keys: Keyring) -> None:
    """Beside sample people numbers would not be exact: nothing is loaded, and the city is named."""
    connection = await asyncpg.connect(url)
    try:
        async for _ in load(connection, small(), NOW, keys):
            pass
    finally:
        await connection.close()
    before = await contents(url)
    with pytest.raises(ValueError, match="银川市"):
        await publish(url, keys)
    assert await contents(url) == before


async def test_sets_for_benchmarks_are_of_any_size(url: str, keys: Keyring) -> None:
    """As many issues as asked for, counted; indexes that were away meanwhile are all there."""
    indexes = "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY indexname"
    constraints = (
        "SELECT conname, convalidated, pg_get_constraintdef(oid) FROM pg_constraint ORDER BY 1"
    )
    connection = await asyncpg.connect(url)
    try:
        async for _ in load(connection, small(), NOW):
            pass
        before = await rows(url, indexes), await rows(url, constraints)
        done = generate(connection, small(), 60, NOW, keys, alone=True)
        assert [at async for at, _, _ in done] == [60, 60]
        assert (await rows(url, indexes), await rows(url, constraints)) == before
        more = generate(connection, small(), 10, NOW, keys, seed=2)
        assert [at async for at, _, _ in more] == [10, 10]
    finally:
        await connection.close()
    assert [row[0] for row in await rows(url, "SELECT count(*) FROM issue")] == [70]
    assert await differences(url) == []


@pytest.mark.soak
async def test_a_load_that_is_killed_goes_on(
    url: str, keys: Keyring, new_database: NewDatabase, tmp_path: Path
) -> None:
    """Killed again and again at any moment, it ends with what a load in one go gives."""
    whole = await new_database()
    await apply_tenants(whole, small())
    await publish(whole, keys)
    command = [sys.executable, "-m", "tests.seeds.publishing", url, str(tmp_path / "keys.json")]
    kills = 0
    while await asyncio.to_thread(_killed, command, 0.13 * kills):
        kills += 1
    assert kills > 2
    assert await contents(url) == await contents(whole)


def _killed(command: list[str], after: float) -> bool:
    """Run a load and kill it so many seconds after its first part; False where it was done."""
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        if not process.stdout.readline():
            assert process.wait() == 0
            return False
        try:
            process.wait(after)
        except subprocess.TimeoutExpired:
            process.kill()
            return True
        assert process.returncode == 0
        return False
