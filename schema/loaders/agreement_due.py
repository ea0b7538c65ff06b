"""Agreements to which the day does something: their first day has come, or the last one is over."""

import datetime
import uuid
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Date, Integer, Select, Uuid, bindparam, literal_column, or_, select, tuple_
from sqlalchemy import text as sql

from schema.database import Snapshot
from schema.loaders.agreement import AGREEMENT
from schema.loaders.statement import Statement, render
from schema.scope import Scope
from schema.tables.agreement import TURN, TURNING


class Turn(NamedTuple):
    """A place in the order in which agreements are due: a day, and an id."""

    on: datetime.date
    id: uuid.UUID


FIRST = Turn(datetime.date.min, uuid.UUID(int=0))
"""Before all agreements."""


async def due_agreements(
    snapshot: Snapshot,
    scope: Scope,
    tenant_id: int,
    today: datetime.date,
    after: Turn = FIRST,
    limit: int = 100,
) -> list[Turn]:
    """A tenant's due agreements after `after`, in order; one look at an index.

    Errors: those of `Snapshot.fetch`.
    """
    scope.checked([tenant_id])
    statement = _due()
    given = {
        "tenant": tenant_id,
        "today": today,
        "after_turn": after.on,
        "after_id": after.id,
        "limit": limit,
    }
    rows: list[Any] = await snapshot.fetch(statement.sql, statement.values(given))
    return [Turn(row["turn"], row["id"]) for row in rows]


@cache
def _due() -> Statement:
    turn: Any = literal_column(TURN, Date())
    a, today = AGREEMENT, bindparam("today", type_=Date())
    found: Select[Any] = select(a.c.id, turn.label("turn")).where(
        a.c.tenant_id == bindparam("tenant", type_=Integer()),
        sql(TURNING),
        turn <= today,
        or_(a.c.state == literal_column("'SIGNED'"), turn < today),
        tuple_(turn, a.c.id)
        > tuple_(bindparam("after_turn", type_=Date()), bindparam("after_id", type_=Uuid())),
    )
    return render(found.order_by(turn, a.c.id).limit(bindparam("limit", type_=Integer())))
