"""What documents state of single cooperatives."""

from decimal import Decimal
from typing import Any

import asyncpg

from seeds.cooperatives import load_cooperatives
from seeds.figures import load_figures
from seeds.parts import pending
from tenants.cooperation import CooperativeMeasure as Measure
from tenants.definition import Definition, Province
from tests.conftest import NewDatabase, load_all, run_sql
from tests.seeds.cities import NORTHEAST

COLUMNS = (
    "tenant_id, code, name, kind, industry, products, founded_on, dissolved_on, revision,"
    " data_kind, source, assumed"
)
STATED = [
    (
        (
            210400,
            "210423101211-HZS1",
            "红透山村中药材种植合作社",
            "COOPERATIVE",
            "herbs",
            ["黄芪", "人参"],
            None,
            None,
            1,
            "REPORTED",
            "000_82855f5243dde796.txt",
            True,
        ),
        "210423101211",
        "210423101211",
    ),
    (
        (
            210800,
            "210804102211-LHS1",
            "红旗葡萄经济联合社",
            "UNION",
            "grape",
            ["葡萄"],
            None,
            None,
            1,
            "REPORTED",
            "001_ae84d585edebd25e.txt",
            True,
        ),
        "210804102211",
        "210804102211",
    ),
    (
        (
            522600,
            "522628-XH1",
            "锦屏县电子商务发展协会",
            "UNION",
            "e_commerce",
            [],
            None,
            None,
            1,
            "REPORTED",
            "003_1d95dd54681f5119.txt",
            True,
        ),
        "522628",
        None,
    ),
]
NOTHING = {
    "revenue": None,
    "collective_income": None,
    "online_sales": None,
    "sales": "[]",
    "mean_household_gain": None,
    "households": None,
    "people": None,
    "jobs": None,
    "approximate": True,
    "revision": 1,
    "superseded_at": None,
    "correction": None,
    "data_kind": "REPORTED",
}
SALES = '[{"amount": "5000000.00", "channel": "直播带货", "product": "农产品"}]'
RESULTS = {
    (210400, 2023): {
        "online_sales": Decimal("5000000.00"),
        "sales": SALES,
        "mean_household_gain": Decimal("8000.00"),
        "households": 200,
        "source": "000_82855f5243dde796.txt",
    },
    (210800, 2022): {
        "collective_income": Decimal("1300000.00"),
        "source": "001_ae84d585edebd25e.txt",
    },
    (522600, 2024): {
        "online_sales": Decimal("40000000.00"),
        "source": "003_1d95dd54681f5119.txt",
    },
}


async def fetched(url: str, statement: str) -> list[Any]:
    """Rows as the owner of the tables sees them."""
    connection: Any = await asyncpg.connect(url)
    try:
        return list(await connection.fetch(statement))
    finally:
        await connection.close()


async def test_what_is_stated_is_there(full_url: str) -> None:
    """Three cooperatives are in the data, as documents state them, and nothing else of them."""
    rows = await fetched(
        full_url,
        f"SELECT {COLUMNS}, (SELECT code FROM organization o WHERE o.tenant_id = c.tenant_id"
        " AND o.id = c.leader_id), (SELECT code FROM organization o WHERE o.tenant_id ="
        " c.tenant_id AND o.id = c.village_id) FROM cooperative c ORDER BY tenant_id",
    )
    assert [(tuple(row)[:-2], row[-2], row[-1]) for row in rows] == STATED


async def test_results_are_as_stated(full_url: str) -> None:
    """Of each there is one year with what the document says of it; the rest is empty."""
    names = ", ".join((*NOTHING, "source"))
    rows = await fetched(full_url, f"SELECT tenant_id, year, {names} FROM annual_result")
    found = {(row["tenant_id"], row["year"]): dict(row) for row in rows}
    assert found == {
        key: {"tenant_id": key[0], "year": key[1], **NOTHING, **stated}
        for key, stated in RESULTS.items()
    }


async def test_nothing_else_of_cooperation_is_made_up(full_url: str) -> None:
    """Without the sample there are no households, enterprises, postings, deals or trades."""
    tables = (
        "union_member, household, membership, enterprise, posting, deal, matching_event,"
        " asset_trade, weak_village"
    )
    counts = {
        table: (await fetched(full_url, f"SELECT count(*) FROM {table}"))[0][0]
        for table in tables.split(", ")
    }
    assert set(counts.values()) == {0}, counts


def test_amounts_are_those_of_the_figures() -> None:
    """Each amount that a cooperative states is a figure of the same document."""
    figures = {(figure.source, figure.value) for figure in load_figures()}
    for item in load_cooperatives():
        for result in item.results:
            values = (
                result.collective_income,
                result.online_sales,
                result.mean_household_gain,
                result.households,
                *(sale.amount for sale in result.sales),
            )
            for value in values:
                assert value is None or (item.source, value) in figures


def test_words_and_measures_are_declared(shipped: tuple[Definition, ...]) -> None:
    """Industries are words of the province, and the city records what is stated."""
    by_code = {item.tenant.code: item for item in shipped}
    needed = {
        "collective_income": Measure.COLLECTIVE_INCOME,
        "online_sales": Measure.ONLINE_SALES,
        "mean_household_gain": Measure.HOUSEHOLD_GAIN,
        "households": Measure.HOUSEHOLDS,
    }
    for item in load_cooperatives():
        city = by_code[item.tenant]
        above = next(p.tenant for p in shipped if p.tenant.code == city.content["province"])
        assert isinstance(above, Province)
        assert item.industry in {word.key for word in above.industries}
        for result in item.results:
            for name, measure in needed.items():
                if getattr(result, name) is not None:
                    assert city.cooperation.records(measure), (city.tenant.name, measure)


async def test_what_has_no_leader_is_left_out(new_database: NewDatabase) -> None:
    """A deployment's city without the organization that leads a cooperative has none of it."""
    url = await new_database(NORTHEAST)
    rows = await fetched(url, "SELECT code FROM cooperative")
    assert [row["code"] for row in rows] == ["210804102211-LHS1"]


async def test_what_people_changed_stays(new_database: NewDatabase) -> None:
    """A second load of everything changes no row, and brings no result back."""
    url = await new_database(NORTHEAST)
    await run_sql(
        url,
        "UPDATE cooperative SET name = '改过的名字', revision = 2",
        "DELETE FROM annual_result",
        "UPDATE load SET content_hash = 'another'",
    )
    await load_all(url, NORTHEAST)
    rows = await fetched(url, "SELECT name, revision FROM cooperative")
    assert [tuple(row) for row in rows] == [("改过的名字", 2)]
    assert await fetched(url, "SELECT FROM annual_result") == []


async def test_only_cities_of_which_something_is_stated(new_database: NewDatabase) -> None:
    """A part of the data is pending for the cities that the file names, and for no other."""
    connection: Any = await asyncpg.connect(await new_database())
    try:
        parts = await pending(connection, NORTHEAST, sample=False)
    finally:
        await connection.close()
    named = [(part.definition.tenant_id, part.name) for part in parts]
    assert [item for item in named if item[1] not in ("organizations", "figures")] == [
        (210400, "cooperatives"),
        (210800, "cooperatives"),
        (210400, "agreements"),
    ]
