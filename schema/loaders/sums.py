"""Sums over all pages of a list of `schema/loaders/pages.py`."""

from functools import cache
from typing import Any

from sqlalchemy import func, select, true

from schema.loaders.pages import OverAllPages
from schema.loaders.statement import Statement, keys_table, render_keyed


class Sums(OverAllPages):
    """A key of a list → its row of sums, which the list's `sums` name."""

    @classmethod
    def statement(cls, pages: Any, shape: Any) -> Statement:
        """A count, and the list's sums."""
        return _sums(pages, shape)


@cache
def _sums(pages: Any, shape: Any) -> Statement:
    k = keys_table(*pages.names)
    t = pages.table.alias("t")
    rows = select(func.count().label("number"), *pages.sums(t)).where(pages.own(t, k, shape))
    summed = rows.select_from(t).where(*pages.narrow(t, shape)).lateral("s")
    return render_keyed(select(k.c.n, *summed.c).select_from(k.join(summed, true())))
