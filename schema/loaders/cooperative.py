"""Cooperatives as the graph reads them: by id and by code."""

from typing import Any, ClassVar

import asyncpg
from sqlalchemy import Select, and_, select

from schema.loaders.loader import KeyedLoader
from schema.loaders.organization import ORGANIZATION
from schema.tables.cooperative import CooperativeRow

COOPERATIVE: Any = CooperativeRow.__table__  # type: ignore[attr-defined]


class CooperativeRecord(asyncpg.Record):
    """A row of `cooperative` with the columns that were asked for.

    `leader_path` is the path of the organization that leads it.
    """


def taken(c: Any, columns: tuple[str, ...]) -> list[Any]:
    """What is read of a row: its own columns, and `leader_path`."""
    wanted = dict.fromkeys(columns)
    own = [c.c[name] for name in wanted if name in c.c]
    if "leader_path" in wanted:
        own.append(leader_path(c).label("leader_path"))
    return own


def leader_path(c: Any) -> Any:
    """The path of the organization that leads a cooperative."""
    o = ORGANIZATION.alias("l")
    leads = and_(o.c.tenant_id == c.c.tenant_id, o.c.id == c.c.leader_id)
    return select(o.c.path).where(leads).scalar_subquery()


class _ByKey(KeyedLoader[None]):
    record = CooperativeRecord

    @classmethod
    def select(cls, k: Any, columns: tuple[str, ...], shape: Any) -> Select[Any]:
        """The cooperatives whose columns are the keys."""
        c = COOPERATIVE.alias("c")
        match = and_(*(c.c[name] == k.c[name] for name in cls.names))
        return select(k.c.n, *taken(c, columns)).select_from(k.join(c, match))


class CooperativeById(_ByKey):
    """(tenant, id) → the cooperative, or None."""


class CooperativeByCode(_ByKey):
    """(tenant, code) → the cooperative, or None."""

    names: ClassVar[tuple[str, ...]] = ("tenant_id", "code")
