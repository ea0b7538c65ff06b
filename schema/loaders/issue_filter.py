"""Which issues a list has: the filters, and each as a condition of SQL on a row."""

import datetime
import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from sqlalchemy import (
    Boolean,
    DateTime,
    Integer,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    column,
    func,
    literal_column,
    or_,
    select,
    true,
    tuple_,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql.elements import ColumnElement

from schema.loaders.issue import is_there
from schema.loaders.issue_standing import HANDLER
from schema.loaders.organization import ORGANIZATION, OrganizationRef
from schema.tables.issue import MISSED, RUNNING, UNCLOSED, UNRATED, UNTAKEN, IssueWordRow
from tenants.deadline import DeadlineStatus
from tenants.workflow import Phase, Severity

WORD: Any = IssueWordRow.__table__  # type: ignore[attr-defined]
MOMENT = DateTime(timezone=True)
Condition = ColumnElement[bool]


@dataclass(frozen=True)
class Claimable:
    """Where somebody may claim: below an organization ("" = everywhere), in which states."""

    code: str
    workflow: str
    version: int
    state: str
    severity: str


@dataclass(frozen=True)
class Unrated:
    """Until when an issue of a workflow's version was resolved that is asked after now."""

    workflow: str
    version: int
    until: datetime.datetime


@dataclass(frozen=True)
class IssueFilters:
    """What all of a list's issues have; None = whatever.

    `services` are codes. `under` is the organization in whose subtree they stand. `handler` is a
    person (UUID) or an organization. `runs` are the texts that are found in them, each of two
    characters or more, in the form in which pairs are stored. `since` is the first moment of
    reporting, `until` the first one after.
    """

    phase: Phase | None = None
    state: str | None = None
    services: tuple[str, ...] | None = None
    severity: Severity | None = None
    channel: str | None = None
    deadline: DeadlineStatus | None = None
    under: OrganizationRef | None = None
    handler: OrganizationRef | uuid.UUID | None = None
    mine: bool = False
    claimable: tuple[Claimable, ...] | None = None
    unrated: tuple[Unrated, ...] | None = None
    runs: tuple[str, ...] = ()
    since: datetime.datetime | None = None
    until: datetime.datetime | None = None

    @cached_property
    def shape(self) -> "FiltersShape":
        """All that changes the text of a statement."""
        handler = self.handler
        return FiltersShape(
            phase=self.phase,
            state=self.state is not None,
            services=None if self.services is None else len(self.services) == 1,
            severity=self.severity,
            channel=self.channel is not None,
            deadline=self.deadline,
            under=self.under is not None,
            handler="" if handler is None else "person" if _is_person(handler) else "organization",
            mine=self.mine,
            claimable=self.claimable is not None,
            unrated=self.unrated is not None,
            runs=tuple(len(run) for run in self.runs),
            since=self.since is not None,
            until=self.until is not None,
        )

    def values(self) -> dict[str, Any]:
        """Values of the parameters of `conditions`."""
        return self._values

    @cached_property
    def _values(self) -> dict[str, Any]:
        handler = self.handler
        ref = handler if isinstance(handler, OrganizationRef) else None
        found: dict[str, Any] = {
            "state": self.state,
            "services": list(self.services or ()),
            "service": self.services[0] if self.services else None,
            "channel": self.channel,
            "under_code": self.under.code if self.under else None,
            "under_id": self.under.id if self.under else None,
            "handler_person": handler if isinstance(handler, uuid.UUID) else None,
            "handler_code": ref.code if ref else None,
            "handler_id": ref.id if ref else None,
            "since": self.since,
            "until": self.until,
        }
        for name in ("code", "workflow", "version", "state", "severity"):
            found[f"claim_{name}s"] = [getattr(item, name) for item in self.claimable or ()]
        for name in ("workflow", "version", "until"):
            found[f"unrated_{name}s"] = [getattr(item, name) for item in self.unrated or ()]
        for at, run in enumerate(self.runs):
            found |= {f"pair_{at}_{place}": run[place : place + 2] for place in cover(len(run))}
        pairs = [run[at : at + 2] for run in self.runs for at in range(len(run) - 1)]
        return found | {"pairs": list(dict.fromkeys(pairs))}


EVERY = IssueFilters()
"""Whatever the issues have."""


def cover(length: int) -> tuple[int, ...]:
    """Places in a run of so many characters at which pairs begin that together cover it."""
    return (*range(0, length - 2, 2), length - 2)


class FiltersShape(NamedTuple):
    """Which filters there are; what few values there are of is part of the text."""

    phase: Phase | None
    state: bool
    services: bool | None
    severity: Severity | None
    channel: bool
    deadline: DeadlineStatus | None
    under: bool
    handler: str
    mine: bool
    claimable: bool
    unrated: bool
    runs: tuple[int, ...]
    since: bool
    until: bool


def _is_person(handler: OrganizationRef | uuid.UUID) -> bool:
    return isinstance(handler, uuid.UUID)


def conditions(i: Any, shape: FiltersShape) -> list[Condition]:
    """What is asked of a row `i` by itself: not the organization and texts, nor whose it is.

    That leads to issues by ways of its own; of two such filters one is asked of the row.

    Conditions that small indexes have are written as there: PostgreSQL must see that they hold.
    """
    found: list[Condition] = []
    if shape.phase is not None:
        found.append(i.c.phase == _constant(shape.phase))
        if shape.phase is not Phase.CLOSED:
            found.append(stated(i, UNCLOSED))
    if shape.severity is not None:
        found.append(i.c.severity == _constant(shape.severity))
        if shape.severity is not Severity.ORDINARY:
            found.append(stated(i, "severity <> 'ORDINARY'"))
    if shape.state:
        found.append(i.c.state == bindparam("state", type_=Text()))
    if shape.services is not None:
        found.append(_service(i, shape.services))
    if shape.channel:
        found.append(i.c.channel == bindparam("channel", type_=Text()))
    if shape.since:
        found.append(i.c.reported_at >= bindparam("since", type_=MOMENT))
    if shape.until:
        found.append(i.c.reported_at < bindparam("until", type_=MOMENT))
    if shape.deadline is not None:
        found += standing_with_deadline(i, shape.deadline)
    return found + _of_people(i, shape)


def _of_people(i: Any, shape: FiltersShape) -> list[Condition]:
    found: list[Condition] = []
    if shape.handler and shape.mine:
        found.append(handled(i, shape.handler))
    if shape.unrated:
        found += [stated(i, UNRATED), _unrated(i)]
    if shape.claimable:
        found += [stated(i, UNTAKEN), _claimable(i)]
    return found


def stated(i: Any, words: str) -> Condition:
    """A condition over columns of one table, as an index of few rows has it, of the alias `i`."""
    spelled = re.sub(
        r"[a-z_]+",
        lambda found: f"{i.name}.{found[0]}" if found[0] in i.c else found[0],
        words,
    )
    return literal_column(f"({spelled})", Boolean())


def _constant(value: str) -> Any:
    """One of a closed set of values, as text of the statement."""
    return literal_column(f"'{value.value if hasattr(value, 'value') else value}'", Text())


def _service(i: Any, is_one: bool) -> Condition:
    if is_one:
        return i.c.service == bindparam("service", type_=Text())  # type: ignore[no-any-return]
    return i.c.service == any_(bindparam("services", type_=ARRAY(Text())))  # type: ignore[no-any-return]


def standing_with_deadline(i: Any, status: DeadlineStatus) -> list[Condition]:
    """Whether the deadline of `i` has the status at the parameter `now`, as `status` tells it."""
    now = bindparam("now", type_=MOMENT)
    if status is DeadlineStatus.MISSED:
        return [stated(i, MISSED)]
    if status is DeadlineStatus.MET:
        in_time = func.coalesce(i.c.paused_at, i.c.ended_at) <= i.c.due_at
        return [i.c.ended_at.is_not(None), in_time]
    running = stated(i, RUNNING)
    in_time = func.coalesce(i.c.paused_at, now) <= i.c.due_at
    if status is DeadlineStatus.OVERDUE:
        return [running, func.coalesce(i.c.paused_at, now) > i.c.due_at]
    if status is DeadlineStatus.PAUSED:
        return [running, i.c.paused_at.is_not(None), in_time]
    soon = i.c.warn_at <= now if status is DeadlineStatus.DUE_SOON else i.c.warn_at > now
    return [running, i.c.paused_at.is_(None), in_time, soon]


def handled(i: Any, kind: str) -> Condition:
    """Whether the handler that is asked for leads the issue or handles it jointly."""
    h = HANDLER.alias("fh")
    own = and_(h.c.tenant_id == i.c.tenant_id, h.c.issue_id == i.c.id)
    if kind == "person":
        person = bindparam("handler_person", type_=Uuid())
        joint = select(true()).where(own, h.c.person_id == person)
        return or_(i.c.lead_person_id == person, is_there(joint))
    # by its name: inside two sub-selects SQLAlchemy would read the table once more
    at = handling_organization(literal_column(f"{i.name}.tenant_id", Integer()))
    joint = select(true()).where(own, h.c.person_id.is_(None), h.c.organization_id == at)
    return or_(i.c.lead_organization_id == at, is_there(joint))


def handling_organization(tenant_id: Any) -> Any:
    """The id of the organization that is asked for as a handler."""
    o = ORGANIZATION.alias("ho")
    code, id_ = bindparam("handler_code", type_=Text()), bindparam("handler_id", type_=Uuid())
    named = or_(o.c.code == code, o.c.id == id_)
    return select(o.c.id).where(o.c.tenant_id == tenant_id, named).scalar_subquery()


def _rows(prefix: str, **types: Any) -> Any:
    """A table of parameters, an array a column."""
    arrays = [bindparam(f"{prefix}_{name}s", type_=ARRAY(kind)) for name, kind in types.items()]
    columns: list[Any] = [column(name, kind) for name, kind in types.items()]
    table: Any = func.unnest(*arrays).table_valued(*columns, name=prefix)
    return table.render_derived()


def _claimable(i: Any) -> Condition:
    """Whether it stands below one of the places, in one of the states in which one may claim."""
    c = _rows(
        "claim", code=Text(), workflow=Text(), version=Integer(), state=Text(), severity=Text()
    )
    o = ORGANIZATION.alias("co")
    below = or_(c.c.code == "", func.strpos(o.c.path, func.concat("/", c.c.code, "/")) > 0)
    names = (("workflow", "workflow"), ("version", "workflow_version"), ("state", "state"))
    same = [c.c[own] == i.c[name] for own, name in (*names, ("severity", "severity"))]
    at = and_(o.c.tenant_id == i.c.tenant_id, o.c.id == i.c.organization_id)
    return is_there(select(true()).select_from(c, o).where(at, below, *same))


def _unrated(i: Any) -> Condition:
    """Whether it was resolved so long ago that somebody asks after it."""
    u = _rows("unrated", workflow=Text(), version=Integer(), until=MOMENT)
    same = and_(u.c.workflow == i.c.workflow, u.c.version == i.c.workflow_version)
    return is_there(select(true()).select_from(u).where(same, i.c.resolved_at <= u.c.until))


def containing(i: Any, runs: Sequence[int]) -> list[Condition]:
    """Whether the texts of the issue `i` contain the runs, of which the lengths are given."""
    return [_contains(i, at, length) for at, length in enumerate(runs)]


def _contains(i: Any, run: int, length: int) -> Condition:
    """Whether pairs that cover the run stand where they have to behind the first one."""
    places = cover(length)
    tables = [WORD.alias(f"w{run}_{place}") for place in places]
    found: list[Condition] = []
    for place, w in zip(places, tables, strict=True):
        found += [
            w.c.tenant_id == i.c.tenant_id,
            w.c.word == pair(run, place),
            w.c.reported_at == i.c.reported_at,
            w.c.issue_id == i.c.id,
        ]
        if place:
            found.append(w.c.place == tables[0].c.place + literal_column(str(place), Integer()))
    return is_there(select(true()).where(*found))


def pair(run: int, at: int) -> Any:
    """The parameter of a pair."""
    return bindparam(f"pair_{run}_{at}", type_=Text(collation="C"))


def after(columns: tuple[Any, Any], is_less: bool) -> Condition:
    """Whether a row lies beyond the position of the page, in its direction."""
    bound = tuple_(bindparam("after_at", type_=MOMENT), bindparam("after_id", type_=Uuid()))
    return tuple_(*columns) < bound if is_less else tuple_(*columns) > bound
