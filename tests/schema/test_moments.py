"""Moments that only are shown: PostgreSQL's text of them is that of the scalar."""

import datetime
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import select

from schema.database import Database
from schema.loaders.issue_standing import ISSUE
from schema.loaders.statement import render
from schema.moments import showing, shown, spelt, split
from schema.scalars import in_china
from schema.scope import Login, Scope
from tests.conftest import NewDatabase

SCOPE = Scope(frozenset({210400}), Login.CITY)

UTC = datetime.UTC

MOMENTS = (
    datetime.datetime(2026, 3, 15, 4, 0, tzinfo=UTC),
    datetime.datetime(2026, 12, 31, 16, 0, 0, 1, tzinfo=UTC),
    datetime.datetime(2026, 12, 31, 15, 59, 59, 120000, tzinfo=UTC),
    datetime.datetime(2026, 1, 1, 0, 0, 0, 123456, tzinfo=UTC),
    datetime.datetime(1988, 7, 1, 12, 0, tzinfo=UTC),  # clocks in China were changed then
    datetime.datetime(1970, 1, 1, tzinfo=UTC),
)


@pytest.fixture
async def database(new_database: NewDatabase) -> AsyncIterator[Database]:
    """A migrated database without rows."""
    opened = Database(await new_database(), size=1)
    await opened.open()
    yield opened
    await opened.close()


async def test_the_text_of_postgresql_is_that_of_the_scalar(database: Database) -> None:
    """Whatever its fraction and its year, a moment is spelt as the scalar spells it."""
    sql = "SELECT to_json(m)::text FROM unnest($1::timestamptz[]) AS m"
    async with database.snapshot(SCOPE) as snapshot:
        rows: list[Any] = await snapshot.fetch(sql, [list(MOMENTS)])
    assert [spelt(row[0]) for row in rows] == [in_china(moment) for moment in MOMENTS]


def test_columns_that_are_shown_are_told_from_others() -> None:
    """A column that is asked for in both ways is taken once and shown."""
    columns = ("id", "reported_at", shown("reported_at"), shown("resolved_at"))
    taken = ("id", "reported_at", "resolved_at")
    assert split(columns) == (taken, frozenset({"reported_at", "resolved_at"}))


def test_a_moment_is_decoded_only_where_it_is_asked_for_as_one() -> None:
    """What only is shown comes as text alone; what is kept or asked for comes as both."""
    rows = select(ISSUE.c.id, ISSUE.c.reported_at, ISSUE.c.resolved_at, ISSUE.c.rated_at)
    moments = frozenset({"reported_at", "resolved_at", "rated_at"})
    found = showing(rows, ("id", shown("reported_at"), "resolved_at"), moments, ("rated_at",))
    assert [column.key for column in found.selected_columns] == [
        "id",
        "reported_at_shown",
        "resolved_at_shown",
        "resolved_at",
        "rated_at_shown",
        "rated_at",
    ]
    assert "to_json(issue.reported_at) AS reported_at_shown" in render(found).sql


@pytest.mark.parametrize(
    ("name", "said"),
    [("number", "number is no column of moments, but TEXT"), ("due_at", r"no such .*'due_at'")],
)
def test_a_statement_without_the_moments_is_refused(name: str, said: str) -> None:
    """Neither a column of another type nor one that is missing can be shown."""
    with pytest.raises(ValueError, match=said):
        showing(select(ISSUE.c.id, ISSUE.c.number), (shown(name),), frozenset({name}), ())
