"""How an issue stands: all that the rules of its workflow look at, in one statement."""

from collections.abc import Hashable
from dataclasses import dataclass
from functools import cache
from typing import Any

import asyncpg
from sqlalchemy import (
    ARRAY,
    Integer,
    Select,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    func,
    literal_column,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by

from schema.loaders.loader import KeyedLoader
from schema.loaders.organization import ORGANIZATION, codes_of
from schema.tables.issue import IssueHandlerRow, IssueRow

ISSUE: Any = IssueRow.__table__  # type: ignore[attr-defined]
HANDLER: Any = IssueHandlerRow.__table__  # type: ignore[attr-defined]

COLUMNS = (
    "tenant_id",
    "id",
    "number",
    "service",
    "workflow",
    "workflow_version",
    "state",
    "phase",
    "severity",
    "place_id",
    "organization_id",
    "trail",
    "lead_organization_id",
    "lead_subject",
    "lead_person_id",
    "handed",
    "reporter_subject",
    "reporter_person_id",
    "secret_hash",
    "supporters",
    "reported_at",
    "resolved_at",
    "closed_at",
    "started_at",
    "due_at",
    "unit",
    "warn_at",
    "paused_at",
    "paused_until",
    "pauses",
    "extensions",
    "ended_at",
    "marked",
    "service_started_at",
    "service_due_at",
    "service_unit",
    "service_warn_at",
    "service_marked",
    "merged_into",
    "reopenings",
    "rated_at",
    "revision",
    "data_kind",
)
"""What of the row the rules read, or write back changed."""

CLAIMED = ("ACCEPTED", "IN_PROGRESS")
"""Phases in which an issue counts among the open claims of whoever took it over."""

NOBODY: Any = literal_column("'[]'::json")


class StandingRecord(asyncpg.Record):
    """A row of `issue` with where it stands (`path`, `level`), what is above, and who handles."""


@dataclass(frozen=True)
class Viewer:
    """Whose open claims are counted: the subject of a token."""

    subject: str | None


class IssueStandings(KeyedLoader[Viewer]):
    """(tenant, id) → how the issue stands; None where there is none."""

    record = StandingRecord
    private = True

    @classmethod
    def shape(cls, arguments: Viewer) -> Hashable:
        """Whether claims are counted."""
        return arguments.subject is not None

    @classmethod
    def values(cls, arguments: Viewer) -> dict[str, Any]:
        """The subject."""
        return {"subject": arguments.subject}

    @classmethod
    def select(cls, k: Any, columns: tuple[str, ...], shape: Any) -> Select[Any]:
        """The issues whose ids are the keys."""
        i = ISSUE.alias("i")
        match = and_(i.c.tenant_id == k.c.tenant_id, i.c.id == k.c.id)
        return standing(select(k.c.n), k.join(i, match), i, counted=bool(shape))


@cache
def standings_of(*, counted: bool) -> Select[Any]:
    """How the issues `ids` of `tenant` stand; made once, since that takes longer than to run it."""
    i = ISSUE.alias("i")
    mine = and_(
        i.c.tenant_id == bindparam("tenant", type_=Integer()),
        i.c.id == any_(bindparam("ids", type_=ARRAY(Uuid()))),
    )
    return standing(select(), i, i, counted=counted).where(mine)


def standing(statement: Select[Any], source: Any, i: Any, *, counted: bool) -> Select[Any]:
    """`statement` from `source`, which has the issue `i`, with all of how it stands.

    `counted` adds how many open claims the parameter `subject` has.
    """
    o, p, lead = (ORGANIZATION.alias(name) for name in ("o", "p", "lead"))
    for table, column in ((o, "organization_id"), (p, "place_id"), (lead, "lead_organization_id")):
        match = and_(table.c.tenant_id == i.c.tenant_id, table.c.id == i.c[column])
        source = source.join(table, match)
    above, handlers = _above(i, o), _handlers(i)
    chosen = [
        *(i.c[name] for name in COLUMNS),
        o.c.path.label("path"),
        o.c.level.label("level"),
        p.c.path.label("place_path"),
        lead.c.path.label("lead_path"),
        above.c.above,
        handlers.c.handlers,
    ]
    if counted:
        chosen.append(_claims(i).label("claims"))
    source = source.join(above, true()).join(handlers, true())
    return statement.add_columns(*chosen).select_from(source)


def _claims(i: Any) -> Any:
    """How many issues the subject has taken over that are open."""
    c = ISSUE.alias("c")
    mine = c.c.lead_subject == bindparam("subject", type_=Text())
    counted = select(func.count()).where(
        c.c.tenant_id == i.c.tenant_id, mine, or_(*(c.c.phase == phase for phase in CLAIMED))
    )
    return counted.scalar_subquery()


def _above(i: Any, o: Any) -> Any:
    """The organizations above the one where it stands, the nearest first, as JSON."""
    a, part = ORGANIZATION.alias("a"), codes_of(o)
    object_ = func.json_build_object(
        "id", a.c.id, "code", a.c.code, "name", a.c.name, "level", a.c.level, "path", a.c.path
    )
    found = select(
        func.coalesce(
            func.json_agg(aggregate_order_by(object_, func.length(a.c.path).desc())), NOBODY
        ).label("above")
    )
    found = found.select_from(part.join(a, a.c.code == part.c.code))
    found = found.where(a.c.tenant_id == i.c.tenant_id, a.c.id != o.c.id)
    return found.lateral("above")


def _handlers(i: Any) -> Any:
    """Those who handle it jointly, as JSON."""
    h, q = HANDLER.alias("h"), ORGANIZATION.alias("q")
    object_ = func.json_build_object(
        "id",
        h.c.id,
        "organization_id",
        h.c.organization_id,
        "path",
        q.c.path,
        "person_id",
        h.c.person_id,
        "answered",
        h.c.answered_at.is_not(None),
    )
    found = (
        select(
            func.coalesce(func.json_agg(aggregate_order_by(object_, h.c.id)), NOBODY).label(
                "handlers"
            )
        )
        .select_from(h.join(q, and_(q.c.tenant_id == h.c.tenant_id, q.c.id == h.c.organization_id)))
        .where(h.c.tenant_id == i.c.tenant_id, h.c.issue_id == i.c.id)
    )
    return found.lateral("handlers")
