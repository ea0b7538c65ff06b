"""Which kinds of data a tenant holds."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import asyncpg
from sqlalchemy import (
    Integer,
    Text,
    any_,
    bindparam,
    func,
    literal,
    select,
    union,
)
from sqlalchemy.dialects.postgresql import ARRAY

from schema.database import Snapshot
from schema.loaders.agreement import AGREEMENT
from schema.loaders.cooperative import COOPERATIVE
from schema.loaders.held_post import POST
from schema.loaders.loader import Loader
from schema.loaders.organization import ORGANIZATION
from schema.loaders.statement import Statement, render
from schema.scope import Scope
from schema.tables.figure import FigureRow
from tenants.definition import DataKind

FIGURE: Any = FigureRow.__table__  # type: ignore[attr-defined]


class TenantDataKinds(Loader[tuple[int], None]):
    """(tenant,) → the kinds of data that its organizations, posts, figures, cooperatives and
    agreements are, as text.

    People are of the kind of their posts, and not every login may read them. Generated issues are
    only where there are generated posts; no login but the city's may read issues. Enterprises and
    what else belongs to cooperatives is generated only where cooperatives are.
    """

    counts = True

    @classmethod
    async def batch(
        cls,
        snapshot: Snapshot,
        scope: Scope,
        keys: Sequence[tuple[int]],
        arguments: None,
        columns: tuple[str, ...],
    ) -> list[Any]:
        """One statement for all tenants."""
        tenants = scope.checked(tenant for (tenant,) in keys)
        statement = _data_kinds_statement()
        rows: list[asyncpg.Record] = await snapshot.fetch(
            statement.sql, statement.values({"tenants": tenants})
        )
        found = {row["tenant_id"]: row["kinds"] for row in rows}
        order = [kind.value for kind in DataKind]
        return [sorted(found.get(tenant, []), key=order.index) for (tenant,) in keys]


@cache
def _data_kinds_statement() -> Statement:
    tenants = any_(bindparam("tenants", type_=ARRAY(Integer())))
    reported = literal(DataKind.REPORTED.value, Text()).label("data_kind")
    kinds = union(
        select(ORGANIZATION.c.tenant_id, ORGANIZATION.c.data_kind).where(
            ORGANIZATION.c.tenant_id == tenants
        ),
        select(POST.c.tenant_id, POST.c.data_kind).where(POST.c.tenant_id == tenants),
        select(FIGURE.c.tenant_id, reported).where(FIGURE.c.tenant_id == tenants),
        select(COOPERATIVE.c.tenant_id, COOPERATIVE.c.data_kind).where(
            COOPERATIVE.c.tenant_id == tenants
        ),
        select(AGREEMENT.c.tenant_id, AGREEMENT.c.data_kind).where(
            AGREEMENT.c.tenant_id == tenants
        ),
    ).subquery("kinds")
    grouped = select(kinds.c.tenant_id, func.array_agg(kinds.c.data_kind).label("kinds"))
    return render(grouped.group_by(kinds.c.tenant_id))
