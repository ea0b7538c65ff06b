"""Issues by the million: the same ones again and again, where only their number matters."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import asyncpg

from schema.fetching import fetching_directly
from schema.recount import rebuild
from schema.rollups import SOURCES
from schema.tables.issue import IssueRow
from seeds.bare import bared
from tenants.definition import Definition


async def multiply_issues(
    connection: "asyncpg.Connection[Any]", definitions: Sequence[Definition], times: int
) -> AsyncIterator[str]:
    """Have each issue so many times, and count them; yields what is done next.

    The copies have no events, notes and words of their own. Nobody else uses the database.
    """
    yield "copying"
    columns = [column.name for column in IssueRow.__table__.columns]  # type: ignore[attr-defined]
    made = {"id": "gen_random_uuid()", "number": "number || '-' || n", "merged_into": "NULL"}
    values = ", ".join(made.get(name, name) for name in columns)
    async with bared(connection, ("issue",)):
        await connection.execute(
            f"INSERT INTO issue ({', '.join(columns)}) SELECT {values} FROM issue"
            f" CROSS JOIN generate_series(2, {int(times)}) AS n"
        )
        yield "making their indexes"
    for item in definitions:
        yield f"counting those of {item.tenant.name}"
        async with connection.transaction():
            await rebuild(fetching_directly(connection), SOURCES, item.tenant_id)
