"""Sums over all pages of a list of `schema/loaders/pages.py`."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import func, select, true

from schema.database import Snapshot
from schema.loaders.loader import Loader
from schema.loaders.pages import Listing, Pages
from schema.loaders.statement import Statement, key_values, keys_table, render_keyed
from schema.scope import Scope


@dataclass(frozen=True)
class Summed:
    """Which list is summed up, with its filters."""

    pages: type[Pages]
    listing: Listing


class Sums(Loader[tuple[Any, ...], Summed]):
    """A key of a list → its row of sums, which the list's `sums` name."""

    counts = True

    @classmethod
    async def batch(
        cls,
        snapshot: Snapshot,
        scope: Scope,
        keys: Sequence[tuple[Any, ...]],
        arguments: Summed,
        columns: tuple[str, ...],
    ) -> list[Any]:
        """One statement for all keys."""
        scope.checked(key[0] for key in keys)
        pages: Any = arguments.pages
        statement = _sums(pages, arguments.listing.shape)
        given = {**arguments.listing.values(), **key_values(pages.names, keys)}
        rows: list[Any] = await snapshot.fetch(statement.sql, statement.values(given))
        found = {row["n"]: row for row in rows}
        return [found[at] for at in range(1, len(keys) + 1)]


@cache
def _sums(pages: Any, shape: Any) -> Statement:
    k = keys_table(*pages.names)
    t = pages.table.alias("t")
    rows = select(func.count().label("number"), *pages.sums(t)).where(pages.own(t, k, shape))
    summed = rows.select_from(t).where(*pages.narrow(t, shape)).lateral("s")
    return render_keyed(select(k.c.n, *summed.c).select_from(k.join(summed, true())))
