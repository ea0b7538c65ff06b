"""Numbers of issues, as people are told them: FS-20260315-000042."""

import datetime
from typing import Any

from sqlalchemy.dialects.postgresql import insert

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
    first = insert(COUNTER).values(tenant_id=work.tenant_id, day=day, last=1)
    statement = first.on_conflict_do_update(
        index_elements=["tenant_id", "day"], set_={"last": COUNTER.c.last + 1}
    )
    taken = await work.connection.scalar(statement.returning(COUNTER.c.last))
    return number(work.definition, day, int(taken or 0))


def number(definition: Definition, day: datetime.date, taken: int) -> str:
    """The number of a tenant's issue that is the `taken`-th (from 1) of a day of China."""
    return f"{definition.issue_prefix}-{day:%Y%m%d}-{taken:0{DIGITS}}"
