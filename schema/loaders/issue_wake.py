"""Issues that the sweep has to look at: what has fallen due, or whose pause is over."""

import datetime
import uuid
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import DateTime, Integer, Select, bindparam, literal_column, select, tuple_
from sqlalchemy import text as sql

from schema.database import Snapshot
from schema.loaders.issue_standing import COLUMNS, ISSUE
from schema.loaders.statement import Statement, render
from schema.scope import Scope
from schema.tables.issue import AWAKE, WAKE

MOMENT = DateTime(timezone=True)


class Wake(NamedTuple):
    """A place in the order in which the sweep goes: when it is to look at an issue, and its id."""

    at: datetime.datetime
    id: uuid.UUID


FIRST = Wake(datetime.datetime(1, 1, 2, tzinfo=datetime.UTC), uuid.UUID(int=0))
"""Before all issues."""


def awake(tenant_id: int, now: datetime.datetime, after: Wake, limit: int) -> Select[Any]:
    """The rows (`COLUMNS` and `wake`) that the sweep has to look at, those after `after`.

    They are locked; those that others have locked are passed over, for whoever has them changes
    them. In order of `Wake`.
    """
    wake: Any = literal_column(WAKE, MOMENT)
    return (
        select(*(ISSUE.c[name] for name in COLUMNS), wake.label("wake"))
        .where(
            ISSUE.c.tenant_id == tenant_id,
            sql(AWAKE),
            wake <= now,
            tuple_(wake, ISSUE.c.id) > tuple_(*after),
        )
        .order_by(wake, ISSUE.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )


async def is_any_awake(
    snapshot: Snapshot, scope: Scope, tenant_id: int, now: datetime.datetime
) -> bool:
    """Whether the sweep has anything to look at in a tenant; one look at an index.

    Errors: those of `Snapshot.fetch`.
    """
    scope.checked([tenant_id])
    statement = _any_awake()
    values = statement.values({"tenant": tenant_id, "now": now})
    return bool(await snapshot.fetch(statement.sql, values))


@cache
def _any_awake() -> Statement:
    wake: Any = literal_column(WAKE, MOMENT)
    found: Select[Any] = select(literal_column("1")).select_from(ISSUE)
    return render(
        found.where(
            ISSUE.c.tenant_id == bindparam("tenant", type_=Integer()),
            sql(AWAKE),
            wake <= bindparam("now", type_=MOMENT),
        ).limit(literal_column("1"))
    )
