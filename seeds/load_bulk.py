"""Writing issues by the hundred thousand: the lines of a printer, as they come."""

import asyncio
import datetime
from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Any

import asyncpg

from schema.issues.placing import Place
from seeds.bulk_issues import Order, Printed, Printer
from seeds.events import EVENT_ROW
from seeds.issues import HANDLER_ROW, ISSUE_ROW, NOTE_ROW, WORD_ROW
from seeds.ladders import Ladders, ladders_of
from seeds.load_issues import POSTS, TAKEN
from seeds.people import Post
from seeds.rows import hold_tree
from seeds.texts import copy_lines
from seeds.titles import load_titles
from tenants.definition import Definition

BATCH = 4000
"""Issues that are written together."""


async def write_issues(
    connection: "asyncpg.Connection[Any]", definition: Definition, order: Order, within: str | None
) -> int:
    """Make and write the issues of one order, below one organization; how many events there are.

    In the caller's transaction, and with nothing after it that waits for others: the counter of
    events is held from before the first row. Cells are not counted: rebuild them afterwards.
    Errors: `RuntimeError` where nobody works in the city, or nothing fits a quota.
    """
    tenant_id = definition.tenant_id
    # nobody ends an organization meanwhile, or relieves somebody of a post
    await hold_tree(connection, tenant_id)
    ladders = await load_ladders(connection, definition, order.reported_until.date())
    printer = Printer(ladders.within(within), load_titles())
    days = await connection.fetch(TAKEN, tenant_id)
    await connection.execute(_COUNTED, tenant_id)
    first = await connection.fetchval(_HOLD, tenant_id)
    seq, numbers = first, dict[datetime.date, int]()
    printed = printer.print(order, {row["day"]: row["last"] for row in days})
    async for batch in _ahead(_batches(printed)):
        await copy_lines(connection, "issue", ISSUE_ROW, batch.issues)
        if not numbers:
            # else foreign keys are looked up as in the empty table that it was: row after row
            await connection.execute("ANALYZE issue")
        await copy_lines(connection, "issue_note", NOTE_ROW, batch.notes)
        if not numbers:
            await connection.execute("ANALYZE issue_note")
        await copy_lines(connection, "issue_handler", HANDLER_ROW, batch.handlers)
        await copy_lines(connection, "issue_word", WORD_ROW, batch.words)
        told = [line.replace("\x02", str(at), 1) for at, line in enumerate(batch.events, seq + 1)]
        await copy_lines(connection, "event", EVENT_ROW, told)
        seq += len(told)
        numbers |= batch.numbers
    counts = [(tenant_id, day, last) for day, last in sorted(numbers.items())]
    await connection.executemany(_NUMBERED, counts)
    await connection.execute(_APPENDED, tenant_id, seq)
    return int(seq - first)


async def load_ladders(
    connection: "asyncpg.Connection[Any]", definition: Definition, before: datetime.date
) -> Ladders:
    """The ladders of a city as it is, of what was there already on a day, with invented people.

    Errors: `RuntimeError` where there are none.
    """
    tenant_id = definition.tenant_id
    versions = await connection.fetch(_VERSIONS, tenant_id)
    in_force = Definition(
        definition.tenant, (), workflow_versions={row["key"]: row["version"] for row in versions}
    )
    places = await connection.fetch(_PLACES, tenant_id, before - datetime.timedelta(days=400))
    posts = await connection.fetch(POSTS, tenant_id)
    if not posts:
        raise RuntimeError(f"{definition.tenant.name}: nobody works here; load its people first")
    return ladders_of(in_force, [Place(*row) for row in places], [Post(*row) for row in posts])


async def _ahead(batches: Iterator[Printed]) -> AsyncIterator[Printed]:
    """The same; while one is being written, the next one is made in a thread."""
    coming = asyncio.create_task(asyncio.to_thread(next, batches, None))
    try:
        while (batch := await coming) is not None:
            coming = asyncio.create_task(asyncio.to_thread(next, batches, None))
            yield batch
    finally:
        await asyncio.gather(coming, return_exceptions=True)


def _batches(printed: Iterable[Printed]) -> Iterator[Printed]:
    """Several days at once."""
    batch = Printed()
    for day in printed:
        batch.issues += day.issues
        batch.notes += day.notes
        batch.handlers += day.handlers
        batch.words += day.words
        batch.events += day.events
        batch.numbers |= day.numbers
        if len(batch.issues) >= BATCH:
            yield batch
            batch = Printed()
    yield batch


_VERSIONS = """
SELECT key, max(version) AS version FROM workflow_version WHERE tenant_id = $1 GROUP BY key
"""
_PLACES = """
SELECT id, code, name, level, path FROM organization
WHERE tenant_id = $1 AND valid_to IS NULL AND (valid_from IS NULL OR valid_from < $2)
"""
_COUNTED = "INSERT INTO event_counter (tenant_id, seq) VALUES ($1, 0) ON CONFLICT DO NOTHING"
_HOLD = "SELECT seq FROM event_counter WHERE tenant_id = $1 FOR UPDATE"
_APPENDED = "UPDATE event_counter SET seq = $2 WHERE tenant_id = $1"
_NUMBERED = """
INSERT INTO issue_counter (tenant_id, day, last) VALUES ($1, $2, $3)
ON CONFLICT (tenant_id, day) DO UPDATE SET last = $3
"""
