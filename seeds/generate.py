"""Issue sets of any size, for benchmarks: as many issues as asked for over some cities."""

import datetime
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from fractions import Fraction
from typing import Any

import asyncpg

from schema.keyring import Keyring
from seeds.bare import bared
from seeds.load_published import Scale, load_people, pieces_of_issues, rebuild_counts
from seeds.loading import Loading
from seeds.published import PlannedIssues
from seeds.shares import shares
from tenants.calendar import day_of
from tenants.definition import Definition, TenantKind

_CLOSED, _SATISFIED = Fraction(9, 10), Fraction(9, 10)
"""The shares of what is closed, and of those who are content with it."""

TABLES = ("issue", "issue_note", "issue_handler", "issue_word", "event")


async def generate(
    connection: "asyncpg.Connection[Any]",
    definitions: Sequence[Definition],
    count: int,
    now: datetime.datetime,
    keyring: Keyring,
    seed: int = 1,
    *,
    alone: bool = False,
) -> AsyncIterator[tuple[int, int, str]]:
    """Add `count` issues evenly over the cities; yields (issues so far, `count`, what).

    Cities where nobody works get invented people first. They are reported in the year before
    `now`; the same arguments give the same issues, so a second set needs another `seed`. One
    transaction for 50,000 issues at most, and one to count those of a city. `alone`: nobody else
    uses the database, which is three times as fast (`seeds/bare.py`).
    Errors: `KeyFileError`.
    """
    loading = Loading(connection, definitions, now, keyring)
    cities = [item for item in definitions if item.kind is TenantKind.CITY]
    done, scale = 0, Scale(seed=seed)
    async with AsyncExitStack() as stack:
        if alone:
            await stack.enter_async_context(bared(connection, TABLES))
        for city, share in zip(cities, shares(count, len(cities)), strict=True):
            async with connection.transaction():
                await load_people(loading, city, scale)
            planned = PlannedIssues(key="set", reported=share, closed=_CLOSED, satisfied=_SATISFIED)
            for piece in pieces_of_issues(city, planned, scale, day_of(now)):
                async with connection.transaction():
                    await piece.load(loading, city)
                done += min(share, piece.count)
                yield done, count, city.tenant.name
    await connection.execute("ANALYZE")
    for city in cities:
        async with connection.transaction():
            await rebuild_counts(loading, city)
        yield done, count, f"{city.tenant.name}: counted"
