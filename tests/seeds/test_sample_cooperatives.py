"""Sample cooperatives and their market: by each city's rules, the same everywhere, loaded once."""

import json
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from schema.cooperatives.figures import MEASURES
from schema.database import engine
from schema.keyring import Keyring
from schema.market.steps import PAYING, PRICED
from schema.privacy.export import export_person
from schema.products import product_key
from seeds.load import load
from seeds.parts import pending
from seeds.people import GIVEN_NAMES, SURNAMES
from seeds.sample import load_sample
from seeds.sample_city import draw_city
from server.prepare import apply_tenants
from tenants.calendar import day_of
from tenants.cooperation import CooperativeMeasure as Measure
from tenants.definition import Definition, TenantKind
from tests.conftest import NOW, TODAY, NewDatabase, load_all, run_sql
from tests.seeds import drawing
from tests.seeds.cities import FUSHUN, NORTHEAST
from tests.seeds.drawing import ground_of
from tests.seeds.test_cooperatives import fetched

CITIES = set(load_sample().cities)
TABLES = (
    "cooperative",
    "union_member",
    "annual_result",
    "household",
    "membership",
    "enterprise",
    "matching_event",
    "posting",
    "deal",
    "asset_trade",
    "weak_village",
    "person",
    "event",
)


def test_pinned() -> None:
    """These are drawn of a small city, on every machine and with every Python."""
    drawn = draw_city(ground_of(FUSHUN), ["herbs", "grain", "fruit"])
    named = [
        (row["code"], row["name"], str(row["founded_on"])) for row in drawn.rows["cooperative"]
    ]
    assert named == [
        ("T1-V1-SL1", "T1第1村演示粮油专业合作社", "2018-09-30"),
        ("T2-V4-SL1", "T2第4村示例果业专业合作社", "2016-10-11"),
        ("T2-V1-SL1", "T2第1村示例中药材专业合作社", "2020-01-06"),
        ("T2-V7-SL1", "T2第7村样例粮油有限公司", "2021-10-12"),
        ("T1-V5-SL1", "T1第5村虚拟果业专业合作社", "2021-01-05"),
        ("T2-V2-SL1", "T2第2村样本中药材专业合作社", "2020-12-02"),
        ("T1-V2-SL1", "T1第2村样例粮油专业合作社", "2018-11-14"),
        ("T2-V3-SL1", "T2第3村虚构果业有限公司", "2017-10-20"),
        ("T2-V8-SL1", "T2第8村样本中药材专业合作社", "2018-02-17"),
        ("T1-SL1", "T1镇演示产业联合社", "2020-01-06"),
    ]
    assert [person.name for person in drawn.people[:3]] == ["杨样例", "曾样例", "彭试用"]
    assert {table: len(rows) for table, rows in drawn.rows.items()} == {
        "cooperative": 10,
        "union_member": 3,
        "annual_result": 28,
        "household": 113,
        "membership": 113,
        "enterprise": 10,
        "matching_event": 2,
        "posting": 35,
        "deal": 8,
        "asset_trade": 3,
        "weak_village": 2,
    }


@pytest.mark.soak
def test_same_in_every_process() -> None:
    """Another process, whose sets are in another order, draws the same."""
    done = subprocess.run(
        [sys.executable, "-m", drawing.__name__],
        env={"PYTHONHASHSEED": "1", "PYTHONUTF8": "1"},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"{drawing.digest()}\n"


def test_words_for_every_industry(shipped: tuple[Definition, ...]) -> None:
    """Words are there for all industries of the sample's provinces but for what is other."""
    codes = {f"{tenant_id // 10_000}0000" for tenant_id in CITIES}
    for province in (item for item in shipped if item.tenant.code in codes):
        keys = {word["key"] for word in province.content["industries"]}
        assert keys - load_sample().industries.keys() == {"other"}


# --- of the shipped cities, as the demo has them


async def sampled(url: str, table: str) -> dict[int, list[Any]]:
    """Rows of a table that are not reported, by tenant."""
    found: defaultdict[int, list[Any]] = defaultdict(list)
    where = "" if table == "union_member" else " WHERE data_kind <> 'REPORTED'"
    for row in await fetched(url, f"SELECT * FROM {table}{where} ORDER BY 1, 2, 3"):
        found[row["tenant_id"]].append(row)
    return dict(found)


async def test_every_city_of_the_sample_has_some(demo_url: str) -> None:
    """Six to twelve cooperatives, one of them a union, all GENERATED and called made up."""
    rows = await sampled(demo_url, "cooperative")
    assert rows.keys() == CITIES
    for own in rows.values():
        assert 6 <= len(own) <= 12
        assert Counter(row["kind"] for row in own)["UNION"] == 1
        assert {row["data_kind"] for row in own} == {"GENERATED"}
        for row in own:
            assert any(word in row["name"] for word in load_sample().invented)


async def test_industries_are_words_of_the_province(
    demo_url: str, shipped: tuple[Definition, ...]
) -> None:
    """Cooperatives and enterprises are of industries that the province declares."""
    words = {
        item.tenant.code[:2]: {word["key"] for word in item.content["industries"]}
        for item in shipped
        if item.kind is TenantKind.PROVINCE
    }
    for table in ("cooperative", "enterprise"):
        for tenant_id, own in (await sampled(demo_url, table)).items():
            used = {row["industry"] for row in own} - {None}
            assert used <= words[str(tenant_id)[:2]]


async def test_results_have_what_the_city_records(
    demo_url: str, shipped: tuple[Definition, ...]
) -> None:
    """A result has every measure that its city records, and none that it does not."""
    by_id = {item.tenant_id: item.cooperation for item in shipped}
    rows = await sampled(demo_url, "annual_result")
    assert rows.keys() == CITIES
    for tenant_id, own in rows.items():
        assert {row["year"] for row in own} == {2023, 2024, 2025}
        for row in own:
            for name, measure in MEASURES.items():
                is_given = row[name] not in (None, "[]")
                if measure is not Measure.JOBS or row["superseded_at"] is None:
                    assert is_given == by_id[tenant_id].records(measure), (tenant_id, name)


async def test_sales_are_the_sum_of_their_channels(demo_url: str) -> None:
    """Online sales of a year are what the channels brought together."""
    for own in (await sampled(demo_url, "annual_result")).values():
        for row in own:
            amounts = [Decimal(sale["amount"]) for sale in json.loads(row["sales"])]
            assert row["online_sales"] is None or sum(amounts) == row["online_sales"]


async def test_corrections_keep_the_value_before(demo_url: str) -> None:
    """A corrected year has two revisions: the first ended when the second began."""
    found = 0
    for own in (await sampled(demo_url, "annual_result")).values():
        later = {(r["cooperative_id"], r["year"]): r for r in own if r["revision"] == 2}
        for row in (r for r in own if r["superseded_at"] is not None):
            after = later[row["cooperative_id"], row["year"]]
            assert row["superseded_at"] == after["recorded_at"]
            assert after["correction"] is not None
            found += 1
    assert found > 0


async def test_households_are_members_by_the_rules(
    demo_url: str, shipped: tuple[Definition, ...]
) -> None:
    """5 to 20 a cooperative where households are recorded, each in one, with shares below 100 %."""
    by_id = {item.tenant_id: item.cooperation for item in shipped}
    founded = {
        row["id"]: row for own in (await sampled(demo_url, "cooperative")).values() for row in own
    }
    rows, members = await sampled(demo_url, "household"), await sampled(demo_url, "membership")
    assert rows.keys() == members.keys()
    assert rows.keys() == {i for i in CITIES if by_id[i].records(Measure.HOUSEHOLDS)}
    for tenant_id, own in members.items():
        has_people = by_id[tenant_id].records(Measure.PEOPLE)
        assert {row["people"] is not None for row in rows[tenant_id]} == {has_people}
        assert len({row["household_id"] for row in own}) == len(own) == len(rows[tenant_id])
        counts = Counter(row["cooperative_id"] for row in own)
        assert all(5 <= count <= 20 for count in counts.values())
        for id_ in counts:
            shares = [row["share"] for row in own if row["cooperative_id"] == id_]
            assert founded[id_]["kind"] != "UNION"
            assert sum(shares) <= 100
        for row in own:
            assert founded[row["cooperative_id"]]["founded_on"] <= row["since"] < TODAY
            assert row["until"] is None or row["until"] < TODAY


async def test_heads_are_plainly_invented(demo_url: str) -> None:
    """Who heads a household has a name that says so, no phone, and an address that is none."""
    rows = await fetched(
        demo_url,
        "SELECT p.name, p.phone_masked, p.data_kind, h.address FROM household h JOIN person p"
        " ON p.tenant_id = h.tenant_id AND p.id = h.head_id",
    )
    invented = {surname + given for surname in SURNAMES for given in GIVEN_NAMES}
    assert {row["name"] for row in rows} <= invented
    assert {(row["phone_masked"], row["data_kind"]) for row in rows} == {(None, "GENERATED")}
    assert all(row["address"].startswith(("示例", "虚构", "样例", "演示")) for row in rows)


async def test_postings_match_each_other(demo_url: str) -> None:
    """Whatever an enterprise seeks, a cooperative of its city offers, in the same unit."""
    rows = await sampled(demo_url, "posting")
    assert rows.keys() == CITIES
    for own in rows.values():
        offered = {
            (row["product_key"], row["unit"]) for row in own if row["cooperative_id"] is not None
        }
        sought = {
            (row["product_key"], row["unit"]) for row in own if row["enterprise_id"] is not None
        }
        assert sought
        assert sought <= offered
        assert all(row["product_key"] == product_key(row["product"]) for row in own)
    assert {row["state"] for own in rows.values() for row in own} == {"OPEN", "CLOSED"}


async def test_deals_are_in_every_state(demo_url: str) -> None:
    """All six states occur, with an amount from the contract on, incomes once paid, a reason for
    failing."""
    rows = await sampled(demo_url, "deal")
    assert rows.keys() == CITIES
    deals = [row for own in rows.values() for row in own]
    assert len({row["state"] for row in deals}) == 6
    for row in deals:
        assert (row["amount"] is not None) == (row["state"] in PRICED)
        assert (row["reason"] is not None) == (row["state"] == "FAILED")
        incomes = (row["collective_income"] or 0) + (row["household_income"] or 0)
        assert incomes <= (row["amount"] or 0)
        assert not incomes or row["state"] in PAYING
        assert row["proposed_at"] <= row["changed_at"] < NOW
        assert row["revision"] == 1 or row["proposed_at"] < row["changed_at"]


async def test_deals_come_after_their_postings(demo_url: str) -> None:
    """A deal is proposed after both of its postings, at its matching event where it has one."""
    rows = await fetched(
        demo_url,
        "SELECT d.proposed_at, s.posted_at AS supply, w.posted_at AS demand, s.product_key ="
        " w.product_key AS same, s.cooperative_id = d.cooperative_id AND w.enterprise_id ="
        " d.enterprise_id AS own, m.held_on FROM deal d"
        " JOIN posting s ON s.tenant_id = d.tenant_id AND s.id = d.supply_id"
        " JOIN posting w ON w.tenant_id = d.tenant_id AND w.id = d.demand_id"
        " LEFT JOIN matching_event m ON m.tenant_id = d.tenant_id AND m.id = d.matching_event_id",
    )
    for row in rows:
        assert max(row["supply"], row["demand"]) < row["proposed_at"]
        assert row["held_on"] in (None, day_of(row["proposed_at"]))
        assert row["same"]
        assert row["own"]
    assert any(row["held_on"] is not None for row in rows)


async def test_villages_trade_and_grow(demo_url: str, shipped: tuple[Definition, ...]) -> None:
    """Trades are where the city records them, two meetings and two weak villages in each city."""
    by_id = {item.tenant_id: item.cooperation for item in shipped}
    trades = await sampled(demo_url, "asset_trade")
    assert trades.keys() == {i for i in CITIES if by_id[i].records(Measure.ASSET_TRADES)}
    for table in ("matching_event", "weak_village"):
        rows = await sampled(demo_url, table)
        assert {tenant_id: len(own) for tenant_id, own in rows.items()} == dict.fromkeys(CITIES, 2)


async def test_timelines_tell_it_without_naming_anybody(demo_url: str) -> None:
    """Each sample cooperative was founded in its log, and no event names a person but by id."""
    founded = await fetched(
        demo_url,
        "SELECT cooperative_id FROM event WHERE kind = 'COOPERATIVE_FOUNDED'",
    )
    known = await fetched(demo_url, "SELECT id FROM cooperative WHERE data_kind = 'GENERATED'")
    assert sorted(row[0] for row in founded) == sorted(row[0] for row in known)
    texts = await fetched(demo_url, "SELECT about::text FROM event")
    names = {f'"{surname}{given}"' for surname in SURNAMES for given in GIVEN_NAMES}
    assert not any(name in row[0] for row in texts for name in names)


async def test_logs_have_no_gap(demo_url: str) -> None:
    """Events of the sample are numbered on, tenant by tenant."""
    rows = await fetched(
        demo_url, "SELECT tenant_id, array_agg(seq ORDER BY seq) FROM event GROUP BY tenant_id"
    )
    counters = dict(map(tuple, await fetched(demo_url, "SELECT tenant_id, seq FROM event_counter")))
    assert {tenant_id: len(seqs) for tenant_id, seqs in rows} == counters
    assert all(seqs == list(range(1, len(seqs) + 1)) for _, seqs in rows)


# --- loaded


@pytest.fixture
def keyring(tmp_path: Path) -> Keyring:
    """Keys of the test's own."""
    return Keyring(tmp_path / "keys.json")


async def rows_of(url: str) -> dict[str, list[dict[str, Any]]]:
    """Every row of the tables that a sample city writes."""
    return {
        table: [
            dict(row) for row in await fetched(url, f"SELECT * FROM {table} ORDER BY 1, 2, 3, 4")
        ]
        for table in TABLES
    }


async def drain(url: str, keyring: Keyring | None) -> list[str]:
    """Load what is pending; what was loaded."""
    connection: Any = await asyncpg.connect(url)
    try:
        return [what async for _, _, what in load(connection, NORTHEAST, NOW, keyring)]
    finally:
        await connection.close()


async def test_loaded_twice(new_database: NewDatabase, keyring: Keyring) -> None:
    """A second load has nothing to do; one that makes everything anew leaves every row."""
    url = await new_database(NORTHEAST)
    assert await drain(url, keyring) == [
        "甲市 people",
        "乙市 people",
        "甲市 sample_cooperatives",
        "乙市 sample_cooperatives",
        "甲市 sample_agreements",
        "乙市 sample_agreements",
        "甲市 sample_agreements+210800",
    ]
    before = await rows_of(url)
    assert len(before["household"]) > 30
    assert await drain(url, keyring) == []
    await run_sql(url, "UPDATE load SET content_hash = 'another'")
    await drain(url, keyring)
    assert await rows_of(url) == before


async def test_an_interrupted_load_is_completed(
    new_database: NewDatabase, keyring: Keyring
) -> None:
    """A load that stops within a city leaves nothing of it, and the next one has it all."""
    url = await new_database(NORTHEAST)
    await run_sql(url, "ALTER TABLE weak_village ADD CONSTRAINT no CHECK (tenant_id <> 210800)")
    with pytest.raises(asyncpg.CheckViolationError):
        await drain(url, keyring)
    found = await fetched(url, "SELECT tenant_id FROM cooperative WHERE data_kind = 'GENERATED'")
    assert {row[0] for row in found} == {210400}
    await run_sql(url, "ALTER TABLE weak_village DROP CONSTRAINT no")
    assert (await drain(url, keyring))[0] == "乙市 sample_cooperatives"
    found = await fetched(url, "SELECT tenant_id FROM cooperative WHERE data_kind = 'GENERATED'")
    assert {row[0] for row in found} == {210400, 210800}


ENTERED = (
    "INSERT INTO person (tenant_id, id, name, data_kind, created_at)"
    " VALUES (210400, '00000000-0000-7000-8000-000000000001', '某人', 'REAL', now())",
    "INSERT INTO enterprise (tenant_id, id, code, name, organization_id, data_kind)"
    " SELECT 210400, id, 'E1', '某公司', id, 'REAL' FROM organization"
    " WHERE tenant_id = 210400 AND code = 'S1'",
    "INSERT INTO cooperative (tenant_id, id, code, name, kind, industry, products, leader_id,"
    " revision, data_kind, assumed) SELECT 210400, id, 'C1', '某社', 'COOPERATIVE', 'herbs', '{}',"
    " id, 1, 'REAL', false FROM organization WHERE tenant_id = 210400 AND code = 'T1-V1'",
)


@pytest.mark.parametrize("entered", ENTERED)
async def test_never_beside_what_people_entered(
    entered: str, new_database: NewDatabase, keyring: Keyring
) -> None:
    """A city with people, enterprises or cooperatives of its own gets no sample; another does."""
    url = await new_database(NORTHEAST)
    await run_sql(url, entered)
    await drain(url, keyring)
    rows = await fetched(url, "SELECT DISTINCT tenant_id FROM deal UNION SELECT DISTINCT tenant_id"
                              " FROM posting WHERE data_kind = 'GENERATED'")  # fmt: skip
    assert {row[0] for row in rows} == {210800}


async def test_none_without_sample_people(new_database: NewDatabase, keyring: Keyring) -> None:
    """Where nobody holds a sample post, there is nobody to lead a sample cooperative."""
    url = await new_database(NORTHEAST)
    await run_sql(
        url,
        "INSERT INTO load (tenant_id, part, content_hash, loaded_at)"
        " SELECT tenant_id, 'people', 'done', now() FROM tenant",
    )
    connection: Any = await asyncpg.connect(url)
    try:
        parts = await pending(connection, NORTHEAST, sample=True)
    finally:
        await connection.close()
    assert "sample_cooperatives" in {part.name for part in parts}
    await run_sql(
        url,
        *(
            f"UPDATE load SET content_hash = '{part.content_hash}' WHERE part = 'people'"
            f" AND tenant_id = {part.definition.tenant_id}"
            for part in parts
            if part.kind == "people"
        ),
    )
    await drain(url, keyring)
    found = await rows_of(url)
    assert [row["data_kind"] for row in found["cooperative"]] == ["REPORTED"]
    assert found["household"] == found["event"] == []


async def test_personal_data_of_heads_can_be_exported(
    new_database: NewDatabase, keyring: Keyring
) -> None:
    """A sample head is exported like any person, with the household."""
    url = await new_database()
    await apply_tenants(url, NORTHEAST)
    await load_all(url, NORTHEAST, keyring)
    (head, *_) = await fetched(url, "SELECT head_id, address FROM household ORDER BY id")
    owner = engine(url)
    try:
        async with owner.connect() as connection:
            found = await export_person(connection, FUSHUN, head["head_id"], keyring, NOW)
    finally:
        await owner.dispose()
    assert (found["person"]["dataKind"], found["person"]["phone"]) == ("GENERATED", None)
    kinds = {event["kind"] for event in found["events"]}
    assert "COOPERATIVE_HOUSEHOLD_ENROLLED" in kinds


def test_few_villages_make_few() -> None:
    """A city without villages has no cooperatives, and no market of them."""
    organizations = [item for item in FUSHUN.tenant.organizations if item.level != "village"]
    bare = FUSHUN.tenant.model_copy(update={"organizations": organizations})
    drawn = draw_city(ground_of(Definition(bare, ())), ["herbs"])
    assert {table for table, rows in drawn.rows.items() if rows} == {"enterprise", "matching_event"}


def test_an_industry_that_nobody_knows() -> None:
    """Where the sample has words for none of the province's industries, there is nothing."""
    drawn = draw_city(ground_of(FUSHUN), ["unheard_of"])
    assert drawn.rows["cooperative"] == drawn.rows["household"] == []


def sorts(values: Sequence[Any]) -> bool:
    """Whether they are in order."""
    return list(values) == sorted(values)


def test_events_are_in_order_of_time() -> None:
    """What happened is told in order, none of it today or later."""
    drawn = draw_city(ground_of(FUSHUN), ["herbs", "grain", "fruit"])
    moments = [happened.at for happened in drawn.log]
    assert sorts(moments)
    assert moments[-1].date() < TODAY
