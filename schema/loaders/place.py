"""Where somebody could work: one organization of a rung, for the personas of the demo."""

import datetime
from typing import Any

from sqlalchemy import Select, and_, exists, func, select

from schema.loaders.held_post import POST, held
from schema.loaders.loader import KeyedLoader
from schema.loaders.organization import ORGANIZATION, existing


class PlaceOfRung(KeyedLoader[datetime.date]):
    """(tenant, rung) → the code of the first organization by path in which a post is held.

    Where none is held the first of all; None where the tenant has no organization of the rung.
    """

    names = ("tenant_id", "rung")

    @classmethod
    def values(cls, arguments: datetime.date) -> dict[str, Any]:
        """The day."""
        return {"today": arguments}

    @classmethod
    def select(cls, k: Any, columns: tuple[str, ...], shape: Any) -> Select[Any]:
        """A code for each key."""
        o, p = ORGANIZATION.alias("o"), POST.alias("p")
        here = and_(o.c.tenant_id == k.c.tenant_id, o.c.rung == k.c.rung, existing(o))
        own = and_(p.c.tenant_id == o.c.tenant_id, p.c.organization_id == o.c.id, held(p))
        first = select(o.c.code).where(here).order_by(o.c.path).limit(1).correlate(k)
        staffed = first.where(exists().where(own))
        found = func.coalesce(staffed.scalar_subquery(), first.scalar_subquery())
        return select(k.c.n, found.label("code")).select_from(k).order_by(k.c.n)

    @classmethod
    def gather(cls, rows: list[Any], key: tuple[Any, ...], arguments: datetime.date) -> Any:
        """The code."""
        return rows[0]["code"]
