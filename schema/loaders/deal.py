"""Deals as the graph reads them: by id, of a party or a matching event, and where parties are."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import asyncpg
from sqlalchemy import Select, Text, and_, bindparam, func, select

from schema.loaders.cooperative import COOPERATIVE
from schema.loaders.enterprise import ENTERPRISE
from schema.loaders.loader import KeyedLoader
from schema.loaders.organization import ORGANIZATION
from schema.loaders.pages import Listing, Pages
from schema.loaders.row import RowByKey
from schema.tables.market import DealRow, DealState

DEAL: Any = DealRow.__table__  # type: ignore[attr-defined]


class DealRecord(asyncpg.Record):
    """A row of `deal` with the columns that were asked for."""


class DealById(RowByKey):
    """(tenant, id) → the deal, or None."""

    table = DEAL
    record = DealRecord


@dataclass(frozen=True)
class DealListing(Listing):
    """Deals in one state, or all."""

    state: DealState | None = None

    @property
    def shape(self) -> Hashable:
        """Whether there is a filter."""
        return self.state is not None

    def values(self) -> dict[str, Any]:
        """The state."""
        return {"state": None if self.state is None else self.state.value}


class _Pages(Pages):
    """The newest first: ids rise with time."""

    table = DEAL
    record = DealRecord
    newest_first = True

    @classmethod
    def narrow(cls, t: Any, shape: Any) -> Sequence[Any]:
        """In one state."""
        return [t.c.state == bindparam("state", type_=Text())] if shape else []


class DealsOfCooperative(_Pages):
    """(tenant, cooperative) → a page of its deals."""

    names: ClassVar[tuple[str, ...]] = ("tenant_id", "cooperative_id")


class DealsOfEnterprise(_Pages):
    """(tenant, enterprise) → a page of its deals."""

    names: ClassVar[tuple[str, ...]] = ("tenant_id", "enterprise_id")


class DealsOfMatchingEvent(_Pages):
    """(tenant, matching event) → a page of the deals that came of it."""

    names: ClassVar[tuple[str, ...]] = ("tenant_id", "matching_event_id")


@dataclass(frozen=True)
class DealCount:
    """How many deals are in a state."""

    state: DealState
    count: int


class DealCountsOfMatchingEvent(KeyedLoader[None]):
    """(tenant, matching event) → how many of its deals are in each state that has any."""

    names: ClassVar[tuple[str, ...]] = ("tenant_id", "matching_event_id")
    counts = True

    @classmethod
    def select(cls, k: Any, columns: tuple[str, ...], shape: Any) -> Select[Any]:
        """A row for each event and state."""
        d = DEAL.alias("d")
        match = and_(*(d.c[name] == k.c[name] for name in cls.names))
        found = select(k.c.n, d.c.state, func.count().label("deals"))
        return found.select_from(k.join(d, match)).group_by(k.c.n, d.c.state)

    @classmethod
    def gather(cls, rows: list[Any], key: tuple[Any, ...], arguments: None) -> Any:
        """In the order in which a deal goes through its states."""
        found = {row["state"]: row["deals"] for row in rows}
        return [DealCount(state, found[state]) for state in DealState if state in found]


class Places(NamedTuple):
    """The paths of the organizations that may speak for a deal's parties."""

    leader: str
    enterprise: str


class PlacesOfDeal(KeyedLoader[None]):
    """(tenant, cooperative, enterprise) → where its leader and where the enterprise is."""

    names: ClassVar[tuple[str, ...]] = ("tenant_id", "cooperative_id", "enterprise_id")

    @classmethod
    def select(cls, k: Any, columns: tuple[str, ...], shape: Any) -> Select[Any]:
        """A row for each pair."""
        c, e = COOPERATIVE.alias("c"), ENTERPRISE.alias("e")
        leader, place = ORGANIZATION.alias("l"), ORGANIZATION.alias("p")
        found = k.join(c, _is(c, k.c.tenant_id, k.c.cooperative_id))
        found = found.join(e, _is(e, k.c.tenant_id, k.c.enterprise_id))
        found = found.join(leader, _is(leader, c.c.tenant_id, c.c.leader_id))
        found = found.join(place, _is(place, e.c.tenant_id, e.c.organization_id))
        paths = leader.c.path.label("leader"), place.c.path.label("enterprise")
        return select(k.c.n, *paths).select_from(found)

    @classmethod
    def gather(cls, rows: list[Any], key: tuple[Any, ...], arguments: None) -> Any:
        """The two paths."""
        (row,) = rows
        return Places(row["leader"], row["enterprise"])


def _is(table: Any, tenant_id: Any, id_: Any) -> Any:
    return and_(table.c.tenant_id == tenant_id, table.c.id == id_)
