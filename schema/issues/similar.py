"""Similar open issues nearby, which "me too" joins instead of reporting the same once more."""

import datetime
import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ARRAY,
    DateTime,
    Float,
    Integer,
    Text,
    any_,
    bindparam,
    cast,
    func,
    literal_column,
    or_,
    select,
)

from schema.loaders.issue_standing import ISSUE
from schema.loaders.organization import ORGANIZATION
from schema.loaders.statement import Statement, render
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
    given = {
        "tenant": work.tenant_id,
        "below": below,
        "beyond": f"{below.removesuffix('/')}0",  # the character after the one that ends a path
        "since": work.now - WINDOW,
        "service": service,
        "pairs": sorted(pairs),
        "most": max(1, len(pairs)),
    }
    rows = await work.connection.fetch(_SIMILAR.sql, _SIMILAR.values(given))
    return tuple(Similar(work.tenant_id, *row) for row in rows)


_NAMES = (
    "id", "number", "service", "workflow", "workflow_version", "state", "organization_id",
    "reported_at", "supporters",
)  # fmt: skip
"""Columns of an issue, in the order of `Similar`."""


def _statement() -> Statement:
    """With what is always the same written into its text: the plan is made for any values."""
    found = _nearby().subquery("f")
    likeness = cast(found.c.common, Float()) / bindparam("most", type_=Float())
    same = found.c.service == bindparam("service", type_=Text())
    score = likeness + _literal(SAME_SERVICE) * cast(same, Integer())
    return render(
        select(*(found.c[name] for name in _NAMES))
        .where(or_(same, likeness >= _literal(ALIKE)))
        .order_by(score.desc(), found.c.reported_at.desc(), found.c.id.desc())
        .limit(_literal(MOST))
    )


def _nearby() -> Any:
    """The newest open issues in the subtree, with how many of the pairs each has in common."""
    i, w = _newest(), WORD.alias("w")
    pairs = bindparam("pairs", type_=ARRAY(Text(collation="C")))
    common = (
        select(func.count(w.c.word.distinct()))
        .where(
            w.c.tenant_id == _TENANT,
            w.c.reported_at == i.c.reported_at,
            w.c.issue_id == i.c.id,
            w.c.word == any_(pairs),
        )
        .scalar_subquery()
    )
    # the fence has what is in common worked out once
    return select(i, common.label("common")).offset(_literal(0))


def _newest() -> Any:
    """Open issues of the window about places in the subtree, the newest first, a limited number:
    where there are many, each of them is not worth the time that it takes to look at its words.
    """
    i, o = ISSUE.alias("i"), ORGANIZATION.alias("o")
    statement = (
        select(*(i.c[name] for name in _NAMES))
        .join(o, (o.c.tenant_id == i.c.tenant_id) & (o.c.id == i.c.place_id))
        .where(
            i.c.tenant_id == _TENANT,
            o.c.tenant_id == _TENANT,
            # as a range: `^@` has an index searched only where the plan is made for one path
            o.c.path >= bindparam("below", type_=Text()),
            o.c.path < bindparam("beyond", type_=Text()),
            i.c.reported_at > bindparam("since", type_=DateTime(timezone=True)),
            or_(*(i.c.phase == literal_column(f"'{phase}'") for phase in OPEN)),
        )
        .order_by(i.c.reported_at.desc())
        .limit(_literal(LOOKED_AT))
    )
    return statement.subquery("i")


def _literal(number: float) -> Any:
    return literal_column(str(number))


_TENANT = bindparam("tenant", type_=Integer())
_SIMILAR = _statement()
