"""Deliveries on commitments: sums for everybody, the rows for who sees the copy whole."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import asyncpg
from sqlalchemy import Integer, Select, Text, and_, bindparam, cast, func, select

from schema.loaders.loader import KeyedLoader
from schema.loaders.pages import Listing, Pages
from schema.tables.agreement import AgreementDeliveryRow, DeliveryState

DELIVERY: Any = AgreementDeliveryRow.__table__  # type: ignore[attr-defined]


class DeliveryRecord(asyncpg.Record):
    """A row of `agreement_delivery` with the columns that were asked for."""


class DeliverySums(KeyedLoader[None]):
    """(tenant, agreement) → rows of commitment, year, `done` and how many deliveries of each state.

    `done` is the sum of the confirmed quantities, 0 where none has one. Reads only columns that
    everybody may.
    """

    @classmethod
    def select(cls, k: Any, columns: tuple[str, ...], shape: Any) -> Select[Any]:
        """One row a commitment and calendar year with deliveries."""
        d = DELIVERY.alias("d")
        own = and_(d.c.tenant_id == k.c.tenant_id, d.c.agreement_id == k.c.id)
        year = cast(func.extract("year", d.c.delivered_on), Integer())
        counts = [
            func.count().filter(d.c.state == state.value).label(state.value.lower())
            for state in DeliveryState
        ]
        done = func.sum(d.c.quantity).filter(d.c.state == DeliveryState.CONFIRMED.value)
        found = select(
            k.c.n, d.c.commitment, year.label("year"), func.coalesce(done, 0).label("done"), *counts
        )
        return found.select_from(k.join(d, own)).group_by(k.c.n, d.c.commitment, year)

    @classmethod
    def gather(cls, rows: list[Any], key: tuple[Any, ...], arguments: None) -> Any:
        """All of the agreement."""
        return rows


@dataclass(frozen=True)
class DeliveryListing(Listing):
    """A page of deliveries, of one commitment or state or of all."""

    commitment: str | None = None
    state: str | None = None

    @property
    def shape(self) -> Hashable:
        """Which filters there are."""
        return self.commitment is not None, self.state is not None

    def values(self) -> dict[str, Any]:
        """Of the filters."""
        return {"commitment": self.commitment, "state": self.state}


class DeliveriesOfAgreement(Pages):
    """(tenant, agreement) → a page of its deliveries, the newest day first.

    Only for who is known to see the copy whole.
    """

    table = DELIVERY
    record = DeliveryRecord
    names: ClassVar[tuple[str, ...]] = ("tenant_id", "agreement_id")
    sort: ClassVar[tuple[str, ...]] = ("delivered_on", "id")
    newest_first = True

    @classmethod
    def narrow(cls, t: Any, shape: Any) -> Sequence[Any]:
        """Of one commitment, in one state."""
        given = zip(("commitment", "state"), shape, strict=True)
        return [t.c[name] == bindparam(name, type_=Text()) for name, is_given in given if is_given]
