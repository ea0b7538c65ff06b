"""Lines as COPY reads them."""

import datetime
import uuid
from decimal import Decimal
from typing import Any

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seeds.texts import copy_lines, escaped, line
from tests.conftest import NewDatabase

AT = datetime.datetime(2026, 3, 15, 12, 0, 0, 5, datetime.timezone(datetime.timedelta(hours=8)))
ID = uuid.UUID(int=7)
VALUES: tuple[Any, ...] = (
    "一\t二\n三\\四\r",
    None,
    True,
    12,
    Decimal("1.50"),
    AT,
    ID,
    [ID, ID],
    ['a"b\\c', "d,{e}", ""],
    [],
    '{"a": "b\\\\c\\n"}',
)
TABLE = """
CREATE TABLE lines (a text, b text, c boolean, d bigint, e numeric, f timestamptz, g uuid,
    h uuid[], i text[], j text[], k jsonb)
"""


@pytest.mark.parametrize("bound", [False, True])
async def test_a_row_comes_back_as_it_was(new_database: NewDatabase, bound: bool) -> None:
    """Every kind of value, whether row-level security binds who writes or not."""
    connection: Any = await asyncpg.connect(await new_database())
    try:
        await connection.execute(TABLE)
        if bound:
            await connection.execute("ALTER TABLE lines OWNER TO onegrid_city")
            await connection.execute("ALTER TABLE lines ENABLE ROW LEVEL SECURITY")
            await connection.execute("ALTER TABLE lines FORCE ROW LEVEL SECURITY")
            await connection.execute("CREATE POLICY all_rows ON lines USING (true)")
            await connection.execute("SET ROLE onegrid_city")
        async with connection.transaction():
            await copy_lines(connection, "lines", tuple("abcdefghijk"), [line(VALUES)] * 2)
            await copy_lines(connection, "lines", tuple("abcdefghijk"), [])
        found = [tuple(row) for row in await connection.fetch("SELECT * FROM lines")]
        assert found == [VALUES] * 2
    finally:
        await connection.close()


@given(st.text())
def test_a_text_stays_in_its_cell(text: str) -> None:
    """Whatever is written, it neither ends a cell nor a line, and can be told again."""
    cell = escaped(text)
    assert not {"\t", "\n", "\r"} & set(cell)
    plain = cell.replace("\\\\", "\0").replace("\\t", "\t").replace("\\n", "\n")
    assert plain.replace("\\r", "\r").replace("\0", "\\") == text.replace("\0", "\\")
