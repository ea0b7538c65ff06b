"""Issues are multiplied for the large database."""

from typing import Any

import asyncpg

from bench.issues import multiply_issues
from tenants.definition import Definition
from tests.bench.conftest import Both
from tests.rollups import differences

INDEXES = "SELECT indexdef FROM pg_indexes WHERE tablename = 'issue' ORDER BY indexname"
KEYS = """
SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
WHERE conrelid = 'issue'::regclass ORDER BY conname
"""


async def test_each_issue_is_there_so_many_times(both: Both, small: tuple[Definition, ...]) -> None:
    """Three times the issues, all counted; keys and indexes are as they were."""
    before = [await both.rows(INDEXES), await both.rows(KEYS)]
    ((count,),) = [row.values() for row in await both.rows("SELECT count(*) FROM issue")]
    connection: Any = await asyncpg.connect(both.url)
    try:
        done = [what async for what in multiply_issues(connection, small, 3)]
    finally:
        await connection.close()
    assert done[0] == "copying"
    ((after,),) = [row.values() for row in await both.rows("SELECT count(*) FROM issue")]
    assert after == 3 * count
    assert [await both.rows(INDEXES), await both.rows(KEYS)] == before
    assert await differences(both.url) == []
