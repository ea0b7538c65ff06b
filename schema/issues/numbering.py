"""Numbers of issues, as people are told them: FS-20260315-000042."""

import datetime
from typing import Any

from sqlalchemy import bindparam
from sqlalchemy.dialects.postgresql import insert

from schema.loaders.statement import Statement, render
from schema.tables.issue import IssueCounterRow
from schema.work import Work
from tenants.calendar import CHINA
from tenants.definition import Definition

COUNTER: Any = IssueCounterRow.__table__  # type: ignore[attr-defined]

DIGITS = 6


async def next_number(work: Work) -> str:
    """The next number of the tenant on this day of China.

    The counter's row stays locked until the transaction ends, which makes the numbers of a day
    unique, increasing in the order of commits, and without gaps: what is undone gives its back.
    """
    day = work.now.astimezone(CHINA).date()
    given = _TAKING.values({"tenant": work.tenant_id, "on": day})
    rows = await work.connection.fetch(_TAKING.sql, given)
    return number(work.definition, day, rows[0]["last"])


def _taking() -> Statement:
    own = {"tenant_id": "tenant", "day": "on"}
    given = {name: bindparam(key, type_=COUNTER.c[name].type) for name, key in own.items()}
    first = insert(COUNTER).values(**given, last=1)
    more = first.on_conflict_do_update(index_elements=[*own], set_={"last": COUNTER.c.last + 1})
    return render(more.returning(COUNTER.c.last))


_TAKING = _taking()


def number(definition: Definition, day: datetime.date, taken: int) -> str:
    """The number of a tenant's issue that is the `taken`-th (from 1) of a day of China."""
    return f"{definition.issue_prefix}-{day:%Y%m%d}-{taken:0{DIGITS}}"
