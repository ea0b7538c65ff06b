"""What one issue adds to the counted issues."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Date,
    Select,
    and_,
    case,
    cast,
    extract,
    func,
    literal,
    or_,
    select,
)

from schema.loaders.issue_standing import ISSUE
from schema.loaders.organization import ORGANIZATION
from schema.rollup import Rollup, Source
from schema.tables.issue_rollup import (
    IssueMonthRow,
    IssueOrganizationRow,
    IssuePlaceRow,
    IssueTotalRow,
)
from tenants.deadline import DeadlineStatus
from tenants.workflow import Phase, Solved

SATISFIED = 4
"""From this rating on somebody counts as satisfied; assumed."""


def _table(row: Any) -> Rollup:
    return Rollup(row.__table__)


TOTAL, MONTH = _table(IssueTotalRow), _table(IssueMonthRow)
ORGANIZATIONS, PLACE = _table(IssueOrganizationRow), _table(IssuePlaceRow)


def month_of(moment: Any) -> Any:
    """The first day of a moment's month in China, as SQL."""
    return cast(func.date_trunc("month", func.timezone("Asia/Shanghai", moment)), Date())


def _one(condition: Any) -> Any:
    return cast(case((condition, 1), else_=0), BigInteger())


def contributions() -> Select[Any]:
    """A row an issue, where it stands now."""
    i, o = ISSUE.alias("i"), ORGANIZATION.alias("o")
    resolved = or_(i.c.resolved_at.is_not(None), i.c.phase == Phase.CLOSED.value)
    handled = and_(resolved, i.c.merged_into.is_(None))
    lasted = func.coalesce(i.c.resolved_at, i.c.closed_at) - i.c.reported_at
    seconds = cast(func.floor(extract("epoch", lasted)), BigInteger())
    rated = i.c.rated_at.is_not(None)
    ended = and_(i.c.ended_at.is_not(None), i.c.due_at.is_not(None))
    overdue = and_(i.c.marked == DeadlineStatus.OVERDUE.value, i.c.ended_at.is_(None))
    return select(
        i.c.tenant_id,
        i.c.id.label("source_id"),
        month_of(i.c.reported_at).label("month"),
        o.c.level,
        i.c.organization_id,
        i.c.service,
        i.c.phase,
        i.c.severity,
        i.c.channel,
        cast(literal(1), BigInteger()).label("reported"),
        _one(resolved).label("resolved"),
        _one(handled).label("handled"),
        case((handled, seconds), else_=0).label("handled_seconds"),
        _one(rated).label("rated"),
        _one(and_(rated, i.c.solved == Solved.YES.value)).label("solved"),
        _one(and_(rated, i.c.satisfied >= SATISFIED)).label("satisfied"),
        _one(ended).label("ended"),
        _one(and_(ended, func.coalesce(i.c.paused_at, i.c.ended_at) <= i.c.due_at)).label(
            "on_time"
        ),
        _one(overdue).label("overdue"),
    ).select_from(i.join(o, and_(o.c.tenant_id == i.c.tenant_id, o.c.id == i.c.organization_id)))


ISSUES = Source("issue", contributions, (TOTAL, MONTH, ORGANIZATIONS, PLACE), ("issue",))
