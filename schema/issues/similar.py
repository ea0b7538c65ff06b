"""Similar open issues nearby, which "me too" joins instead of reporting the same once more."""

import datetime
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ARRAY, Float, Integer, Text, any_, cast, func, literal, or_, select

from schema.loaders.issue_standing import ISSUE
from schema.loaders.organization import ORGANIZATION
from schema.tables.issue import IssueWordRow
from schema.work import Work
from tenants.workflow import Phase

WORD: Any = IssueWordRow.__table__  # type: ignore[attr-defined]

MOST = 5
WINDOW = datetime.timedelta(days=30)
LOOKED_AT = 300
"""How many of the newest open issues nearby are compared."""

OPEN = (Phase.REPORTED, Phase.ACCEPTED, Phase.IN_PROGRESS)
ALIKE = 0.5
"""The share of the title's pairs that makes a text similar."""

SAME_SERVICE = 0.5
"""What the same service counts for in the order, where all pairs in common count for 1."""


@dataclass(frozen=True)
class Similar:
    """An open issue like the one that is reported, without anything that people wrote.

    `service` is a code, `workflow` with `version` and `state` are keys, `organization` is where
    it stands, `supporters` how many joined.
    """

    tenant_id: int
    id: uuid.UUID
    number: str
    service: str
    workflow: str
    version: int
    state: str
    organization: uuid.UUID
    reported_at: datetime.datetime
    supporters: int


async def similar_issues(
    work: Work, below: str, service: str, pairs: frozenset[str]
) -> tuple[Similar, ...]:
    """At most five open issues of the last 30 days about places in the subtree with the path
    `below`, the likest first.

    One is like the report where it has the same service, or where its text has at least half of
    the `pairs` of the report's title.
    """
    found = _nearby(work, below, pairs).subquery("f")
    likeness = cast(found.c.common, Float()) / max(1, len(pairs))
    same = found.c.service == service
    score = likeness + SAME_SERVICE * cast(same, Integer())
    statement = (
        select(found)
        .where(or_(same, likeness >= ALIKE))
        .order_by(score.desc(), found.c.reported_at.desc(), found.c.id.desc())
        .limit(MOST)
    )
    rows: Sequence[Any] = (await work.connection.execute(statement)).all()
    return tuple(
        Similar(
            work.tenant_id,
            row.id,
            row.number,
            row.service,
            row.workflow,
            row.workflow_version,
            row.state,
            row.organization_id,
            row.reported_at,
            row.supporters,
        )
        for row in rows
    )


def _nearby(work: Work, below: str, pairs: frozenset[str]) -> Any:
    """The newest open issues in the subtree, with how many of the pairs each has in common."""
    i, w = _newest(work, below), WORD.alias("w")
    common = (
        select(func.count(w.c.word.distinct()))
        .where(
            w.c.tenant_id == work.tenant_id,
            w.c.reported_at == i.c.reported_at,
            w.c.issue_id == i.c.id,
            w.c.word == any_(literal(sorted(pairs), ARRAY(Text(collation="C")))),
        )
        .scalar_subquery()
    )
    return select(i, common.label("common"))


def _newest(work: Work, below: str) -> Any:
    """Open issues of the window about places in the subtree, the newest first, a limited number:
    where there are many, each of them is not worth the time that it takes to look at its words.
    """
    i, o = ISSUE.alias("i"), ORGANIZATION.alias("o")
    names = (
        "id", "number", "service", "workflow", "workflow_version", "state", "organization_id",
        "reported_at", "supporters",
    )  # fmt: skip
    statement = (
        select(*(i.c[name] for name in names))
        .join(o, (o.c.tenant_id == i.c.tenant_id) & (o.c.id == i.c.place_id))
        .where(
            i.c.tenant_id == work.tenant_id,
            o.c.tenant_id == work.tenant_id,
            o.c.path.op("^@", is_comparison=True)(below),
            i.c.reported_at > work.now - WINDOW,
            or_(*(i.c.phase == phase for phase in OPEN)),
        )
        .order_by(i.c.reported_at.desc())
        .limit(LOOKED_AT)
    )
    return statement.subquery("i")
