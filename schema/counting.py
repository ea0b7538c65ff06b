"""Counting in a transaction: what its changes add to cells, written last.

What source rows contribute is read before they change, under their locks, and once more when all
is done; the net differences are added by one statement a source, in the order of the cells' keys,
so that hot cells are locked shortest, and by everybody in one order.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from schema.fetching import Fetch
from schema.rollup import Source, some


@dataclass
class _Counted:
    """Source rows of one tenant, and what they contributed before: a tuple of columns each."""

    ids: set[Any] = field(default_factory=set)
    before: list[tuple[Any, ...]] = field(default_factory=list)


@dataclass
class Counting:
    """What a transaction has to count, by tenant and source."""

    _counted: dict[tuple[int, str], tuple[Source, _Counted]] = field(default_factory=dict)

    @property
    def tenants(self) -> set[int]:
        """Tenants of which something is counted."""
        return {tenant_id for tenant_id, _ in self._counted}

    async def before(
        self, fetch: Fetch, tenant_id: int, source: Source, ids: Iterable[Any]
    ) -> None:
        """Keep what source rows contribute, before they change and while they are locked.

        Rows that are counted already keep what they contributed then: no statement. Where the
        transaction's scope is another tenant than `tenant_id`, nothing would be found: enter it.
        """
        counted = self._of(tenant_id, source)
        new = sorted(set(ids) - counted.ids)
        if new:
            rows = await fetch(_reading(source), (tenant_id, new))
            counted.before += _contributed(source, rows)
            counted.ids.update(new)

    def made(self, tenant_id: int, source: Source, ids: Iterable[Any]) -> None:
        """Count rows that the transaction makes: they contributed nothing before."""
        self._of(tenant_id, source).ids.update(ids)

    async def write(self, fetch: Fetch, tenant_id: int) -> None:
        """Add to the cells of a tenant, whose scope the transaction has, what has changed."""
        for (tenant, _), (source, counted) in sorted(self._counted.items(), key=lambda it: it[0]):
            if tenant == tenant_id and counted.ids:
                await fetch(_writing(source), _given(tenant_id, source, counted))

    def _of(self, tenant_id: int, source: Source) -> _Counted:
        return self._counted.setdefault((tenant_id, source.name), (source, _Counted()))[1]


async def add(
    fetch: Fetch,
    tenant_id: int,
    source: Source,
    ids: Iterable[Any],
    before: Sequence[tuple[Any, ...]] = (),
) -> None:
    """Count source rows that a transaction without a `Work` has made, before its events.

    `before` is what rows that were there contributed, which `contributed` gave then.
    """
    await fetch(_writing(source), _given(tenant_id, source, _Counted(set(ids), [*before])))


async def contributed(
    fetch: Fetch, tenant_id: int, source: Source, ids: Iterable[Any]
) -> list[tuple[Any, ...]]:
    """What source rows contribute, before they change and while nobody else may change them."""
    rows = await fetch(_reading(source), (tenant_id, sorted(set(ids))))
    return _contributed(source, rows)


def _contributed(source: Source, rows: Iterable[Any]) -> list[tuple[Any, ...]]:
    return [tuple(row[name] for name in source.columns) for row in rows]


def _given(tenant_id: int, source: Source, counted: _Counted) -> tuple[Any, ...]:
    """The parameters of `_writing`."""
    columns = zip(*counted.before, strict=True) if counted.before else ()
    arrays = [list(values) for values in columns] or [[] for _ in source.columns]
    return (tenant_id, sorted(counted.ids), *arrays)


def _contributions(source: Source) -> str:
    """The contributions of the source rows `$2` of the tenant `$1`."""
    return (
        f"SELECT {', '.join(source.columns)} FROM ({source.sql}) s "
        f"WHERE s.tenant_id = $1::integer AND s.source_id = ANY ($2::{source.id_type}[])"
    )


@cache
def _reading(source: Source) -> str:
    return _contributions(source)


@cache
def _writing(source: Source) -> str:
    """One statement: the net change by all keys, and from it the cells of each rollup."""
    types = ", ".join(
        f"${at}::{source.type_of(name)}[]" for at, name in enumerate(source.columns, start=3)
    )
    negative = ", ".join((*source.keys, *(f"-{name}" for name in source.counters)))
    change = (
        f"SELECT {', '.join(source.keys)}, {source.sums(source.counters)} FROM ("
        f"{_contributions(source)} UNION ALL SELECT {negative} FROM unnest({types})"
        f" AS b({', '.join(source.columns)})) x"
        f" GROUP BY {', '.join(source.keys)} HAVING {some(source.counters)}"
    )
    return source.filled(change, adding=True)
