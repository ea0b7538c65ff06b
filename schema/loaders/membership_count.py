"""How many households, and how many people, belong to cooperatives on a day."""

import datetime
from typing import Any

from sqlalchemy import Select, and_, case, func, literal_column, select, true, union_all

from schema.loaders.household import HOUSEHOLD
from schema.loaders.loader import KeyedLoader
from schema.loaders.membership import MEMBERSHIP, current
from schema.loaders.union_member import MEMBER, belonging


class MembershipCounts(KeyedLoader[datetime.date]):
    """(tenant, cooperative) → a row of `households` and `people` on the day.

    Of a union those of its members on the day, each household once. `people` is None where the
    number of one household is not known. Columns that the public's login may read, and no others.
    """

    counts = True

    @classmethod
    def values(cls, arguments: datetime.date) -> dict[str, Any]:
        """The day."""
        return {"today": arguments}

    @classmethod
    def select(cls, k: Any, columns: tuple[str, ...], shape: Any) -> Select[Any]:
        """Both numbers of each key."""
        m, h = MEMBERSHIP.alias("m"), HOUSEHOLD.alias("h")
        members = (
            select(m.c.household_id)
            .where(m.c.tenant_id == k.c.tenant_id, m.c.cooperative_id.in_(_counted(k)), current(m))
            .correlate(k)
        )
        known = func.coalesce(func.sum(h.c.people), literal_column("0"))
        number = select(
            func.count().label("households"),
            case((func.count(h.c.people) == func.count(), known)).label("people"),
        )
        of = and_(h.c.tenant_id == k.c.tenant_id, h.c.id.in_(members))
        counted = number.select_from(h).where(of).lateral("c")
        found = select(k.c.n, counted.c.households, counted.c.people)
        return found.select_from(k.join(counted, true()))


def _counted(k: Any) -> Any:
    """The cooperatives whose members count for a key: itself, and those that belong to it."""
    u = MEMBER.alias("u")
    united = (
        select(u.c.member_id)
        .where(u.c.tenant_id == k.c.tenant_id, u.c.union_id == k.c.id, belonging(u))
        .correlate(k)
    )
    return union_all(select(k.c.id).correlate(k), united)
