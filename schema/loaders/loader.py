"""What a loader is: one batch function, one SQL statement a level."""

import uuid
from collections.abc import Hashable, Sequence
from functools import cache
from typing import Any, ClassVar, Generic, TypeVar

import asyncpg
from sqlalchemy import Select

from schema.database import Snapshot
from schema.loaders.statement import Statement, key_values, keys_table, render_keyed
from schema.moments import showing, split
from schema.scope import Scope

K = TypeVar("K", bound=Hashable)
A = TypeVar("A", bound=Hashable)


class Loader(Generic[K, A]):
    """One edge of the graph. Keys begin with the tenant id, which `batch` checks.

    `counts` says that a key's value is worked out over many rows, which costs more. `private`
    says that the rows belong to issues, whose tables the login of the public cannot read.
    """

    counts: ClassVar[bool] = False
    private: ClassVar[bool] = False

    @classmethod
    def is_open(cls, key: Any, arguments: Any, proven: frozenset[uuid.UUID]) -> bool:
        """Whether who has no token may read this key of a private loader.

        `proven` are the issues of the key's tenant whose secrets were shown; the key names one.
        """
        return key[1] in proven

    @classmethod
    def tenants_of(cls, key: Any) -> tuple[int, ...]:
        """The tenants whose rows a key asks for."""
        return (key[0],)

    @classmethod
    async def batch(
        cls,
        snapshot: Snapshot,
        scope: Scope,
        keys: Sequence[K],
        arguments: A,
        columns: tuple[str, ...],
    ) -> list[Any]:
        """The values of `keys`, in their order, by at most one SQL statement.

        `arguments` are the same for all keys; `columns` are those that the client's selection
        needs (more may come back).
        """
        raise NotImplementedError


class KeyedLoader(Loader[tuple[Any, ...], A]):
    """A loader whose statement joins a table of the keys, so that each row says whose it is.

    `names` are the columns of a key, `record` the class of its rows. Subclasses give `select`,
    and where they differ `shape` and `values` of the arguments, `gather`, and `is_nowhere`. One
    `shows` moments where its rows are those of a table, with the table's columns of moments.
    """

    names: ClassVar[tuple[str, ...]] = ("tenant_id", "id")
    record: ClassVar[type[asyncpg.Record] | None] = None
    shows: ClassVar[bool] = False

    @classmethod
    def select(cls, k: Any, columns: tuple[str, ...], shape: Any) -> Select[Any]:
        """The statement over the table `k` of keys; its rows begin with `k.n`."""
        raise NotImplementedError

    @classmethod
    def shape(cls, arguments: A) -> Hashable:
        """All of the arguments that changes the SQL text."""
        return None

    @classmethod
    def values(cls, arguments: A) -> dict[str, Any]:
        """Values of the statement's parameters, but for the keys."""
        return {}

    @classmethod
    def is_nowhere(cls, arguments: A) -> bool:
        """Whether these arguments can find nothing, so that no statement is needed."""
        return False

    @classmethod
    def gather(cls, rows: list[Any], key: tuple[Any, ...], arguments: A) -> Any:
        """The value of one key from its rows: the row, or None."""
        return rows[0] if rows else None

    @classmethod
    async def batch(
        cls,
        snapshot: Snapshot,
        scope: Scope,
        keys: Sequence[tuple[Any, ...]],
        arguments: A,
        columns: tuple[str, ...],
    ) -> list[Any]:
        """One statement for all keys, whose SQL is rendered once; none where nothing is found."""
        scope.demand([key[0] for key in keys])
        if cls.is_nowhere(arguments):
            return [cls.gather([], key, arguments) for key in keys]
        own: Any = cls
        statement = _rendered(own, columns, cls.shape(arguments))
        given = {**cls.values(arguments), **key_values(cls.names, keys)}
        rows: list[Any] = await snapshot.fetch(statement.sql, statement.values(given), cls.record)
        return cls.gathered(rows, keys, arguments)

    @classmethod
    def gathered(cls, rows: list[Any], keys: Sequence[tuple[Any, ...]], arguments: A) -> list[Any]:
        """The value of each key from the rows of all; a row begins with its key's `n`."""
        if len(keys) == 1:
            return [cls.gather(rows, keys[0], arguments)]
        groups: list[list[Any]] = [[] for _ in keys]
        for row in rows:
            groups[row[0] - 1].append(row)
        return [cls.gather(own, key, arguments) for own, key in zip(groups, keys, strict=True)]


class OneRowLoader(KeyedLoader[A]):
    """A keyed loader of at most one row a key, which is the key's value."""

    @classmethod
    def gathered(cls, rows: list[Any], keys: Sequence[tuple[Any, ...]], arguments: A) -> list[Any]:
        """The row of each key, or None."""
        found = {row[0]: row for row in rows}
        return [found.get(n) for n in range(1, len(keys) + 1)]


@cache
def _rendered(loader: Any, columns: tuple[str, ...], shape: Hashable) -> Statement:
    k = keys_table(*loader.names)
    taken, moments = split(columns)
    if not moments:
        return render_keyed(loader.select(k, columns, shape))
    rows = loader.select(k, taken, shape)
    return render_keyed(showing(rows, columns, moments, getattr(loader, "sort", ())))
