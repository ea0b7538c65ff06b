"""Counted agreements: cells say what counting live says, on every day and for everybody."""

import asyncio
import datetime
from collections.abc import Iterator
from itertools import combinations
from typing import Any

import asyncpg
import pytest

from schema.agreement_measures import AgreementDimension
from schema.loaders.agreement import AgreementReach
from schema.loaders.agreement_cells import reading
from schema.loaders.agreement_filter import AgreementFilters
from schema.loaders.agreement_statistics import AgreementSums, counting
from schema.loaders.part import part_values
from schema.loaders.span import span_values
from schema.loaders.statement import Statement
from tests.conftest import TODAY, Templates, copied_database
from tests.schema.agreements.pair import DEFINITIONS, A, B, C
from tests.schema.agreements.rows import put
from tests.schema.agreements.test_statistics import STOCK

DAYS = [
    *(TODAY.replace(year=year, month=1, day=1) for year in (2023, 2025, 2026, 2027, 2029)),
    *(datetime.date(year, 12, 31) for year in (2024, 2025, 2026)),
    TODAY,
    TODAY + datetime.timedelta(days=40),
]
BREAKDOWNS = [
    frozenset(by) for number in range(3) for by in combinations(AgreementDimension, number)
]
COLUMNS = (
    *("at", "is_total", "city", "state", "dimension", "dimension_name", "city_a", "city_b"),
    *("alliance", "year", *AgreementSums._fields),
)


@pytest.fixture(scope="module")
def stocked_url(server_url: str, templates: Templates) -> Iterator[str]:
    """A database with the invented cities and agreements; only for reading."""
    with copied_database(server_url, asyncio.run(templates.with_(DEFINITIONS))) as url:
        asyncio.run(put(url, *STOCK))
        yield url


@pytest.mark.parametrize("day", DAYS, ids=str)
async def test_cells_say_what_is_counted_live(stocked_url: str, day: datetime.date) -> None:
    """Whatever it is broken down by, for who sees all copies whole and who sees none so."""
    connection: Any = await asyncpg.connect(stocked_url)
    try:
        for by in BREAKDOWNS:
            for shape in ("all", "none"):
                live = counting(by, shape, frozenset(), in_subtrees=False)
                kept = await _rows(connection, reading(by, shape), day)
                assert kept == await _rows(connection, live, day), (by, shape)
    finally:
        await connection.close()


async def _rows(connection: Any, statement: Statement, day: datetime.date) -> list[Any]:
    """Rows in one order, of two keys: two cities, and one alone."""
    given = {
        **AgreementReach(day).values(),
        **AgreementFilters().values(),
        **span_values(day),
        **part_values([((A, B), None), ((C,), None)]),
    }
    rows = await connection.fetch(statement.sql, *statement.values(given))
    return sorted((tuple(row[name] for name in COLUMNS) for row in rows), key=str)
