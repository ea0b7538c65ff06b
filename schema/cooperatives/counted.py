"""Having a cooperative counted anew with what counts under it, where its kind of cell changes."""

import uuid

from sqlalchemy import select

from schema.cooperative_rollups import COOPERATION
from schema.loaders.deal import DEAL
from schema.loaders.household import HOUSEHOLD
from schema.loaders.membership import MEMBERSHIP
from schema.work import Work


async def count_with_deals(work: Work, cooperative: uuid.UUID) -> None:
    """Have a cooperative counted with its deals; its row is locked, which nobody adds to them."""
    own = (DEAL.c.tenant_id == work.tenant_id, DEAL.c.cooperative_id == cooperative)
    deals = await work.connection.scalars(select(DEAL.c.id).where(*own))
    await work.count(COOPERATION, [cooperative, *deals])


async def count_with_all(work: Work, cooperative: uuid.UUID) -> None:
    """The same with the households that are or were its members, which are locked, too.

    They may be members elsewhere; whoever locks several does so in order of id.
    """
    m, h = MEMBERSHIP, HOUSEHOLD
    members = select(m.c.household_id).where(
        m.c.tenant_id == work.tenant_id, m.c.cooperative_id == cooperative
    )
    own = (h.c.tenant_id == work.tenant_id, h.c.id.in_(members))
    locked = select(h.c.id).where(*own).order_by(h.c.id).with_for_update()
    households = (await work.connection.scalars(locked)).all()
    await count_with_deals(work, cooperative)
    await work.count(COOPERATION, households)
