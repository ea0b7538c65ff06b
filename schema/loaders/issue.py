"""Issues as the graph reads them: by id and by number, as far as the viewer sees them."""

import uuid
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, NamedTuple

import asyncpg
from sqlalchemy import (
    LargeBinary,
    Select,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    exists,
    false,
    func,
    literal_column,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql.elements import ColumnElement

from schema.loaders.issue_standing import HANDLER, ISSUE
from schema.loaders.loader import KeyedLoader, OneRowLoader
from schema.loaders.organization import ORGANIZATION, Codes, covered

REPORTS, LEADS, HANDLES, CLEAR, PROVEN = "reports", "leads", "handles", "clear", "proven"
"""Columns that say what the viewer is to an issue: its reporter, its lead, one who handles it or
may where it stands, one who may read its personal data, one who showed its secret."""


class IssueRecord(asyncpg.Record):
    """A row of `issue` with the columns that were asked for, always `tenant_id` and `id`."""


@dataclass(frozen=True)
class IssueReach:
    """How far the viewer sees issues of a tenant, and what it is to them.

    `visible` are the subtrees of whose issues it sees all, that stand there or are about places
    there; `handled` those where it may handle what stands there, `parts` those whose part in
    handling an issue jointly is its own, `clear` those where it may read personal data.
    `subject` and `person` are whose own issues it sees; `proven` are issues whose secrets were
    shown, `secret` is the SHA-256 of one that is shown now.
    """

    visible: Codes = ()
    handled: Codes = ()
    parts: Codes = ()
    clear: Codes = ()
    subject: str | None = None
    person: uuid.UUID | None = None
    proven: tuple[uuid.UUID, ...] = ()
    secret: bytes | None = None

    @property
    def is_nowhere(self) -> bool:
        """Whether the viewer sees no issue at all."""
        own = self.subject is not None or self.person is not None
        return not (own or self.visible != () or self.proven or self.secret)

    @cached_property
    def shape(self) -> "ReachShape":
        """All of it that changes the text of a statement."""
        return ReachShape(
            _extent(self.visible),
            _extent(self.handled),
            _extent(self.parts),
            _extent(self.clear),
            self.subject is not None,
            self.person is not None,
            bool(self.proven),
            self.secret is not None,
        )

    def values(self) -> dict[str, Any]:
        """Values of the parameters that `visible` and `taken` use."""
        return self._values

    @cached_property
    def _values(self) -> dict[str, Any]:
        return {
            "reach_visible": list(self.visible or ()),
            "reach_handled": list(self.handled or ()),
            "reach_parts": list(self.parts or ()),
            "reach_clear": list(self.clear or ()),
            "reach_subject": self.subject,
            "reach_person": self.person,
            "reach_proven": list(self.proven),
            "reach_secret": self.secret,
        }


class ReachShape(NamedTuple):
    """Of an `IssueReach`: each set of subtrees is "all", "some" or "none"; what else there is."""

    visible: str
    handled: str
    parts: str
    clear: str
    subject: bool
    person: bool
    proven: bool
    secret: bool


def _extent(codes: Codes) -> str:
    return "all" if codes is None else "some" if codes else "none"


def visible(i: Any, shape: ReachShape) -> ColumnElement[bool]:
    """Whether the viewer sees the issue `i`: by a role, as its own, or as one to handle."""
    if shape.visible == "all":
        return true()
    found = [reports(i, shape), leads(i, shape), takes_part(i, shape)]
    if shape.visible == "some":
        found += [covers(i, "organization_id"), covers(i, "place_id")]
    return or_(false(), *found)


def covers(i: Any, column: str) -> ColumnElement[bool]:
    """Whether a role of the viewer covers the organization in the column."""
    o = ORGANIZATION.alias("vo")
    at = and_(o.c.tenant_id == i.c.tenant_id, o.c.id == i.c[column])
    return is_there(select(true()).where(at, covered(o, "reach_visible")))


def is_there(rows: Select[Any]) -> ColumnElement[bool]:
    """Whether there is such a row: looked up for each issue, where EXISTS might gather all."""
    found = rows.limit(literal_column("1")).scalar_subquery()
    return func.coalesce(found, false())


def reports(i: Any, shape: ReachShape) -> ColumnElement[bool]:
    """Whether the viewer reported the issue, or showed its secret."""
    found = [proven(i, shape)]
    if shape.subject:
        found.append(i.c.reporter_subject == _subject())
    if shape.person:
        found.append(i.c.reporter_person_id == _person())
    return or_(false(), *found)


def proven(i: Any, shape: ReachShape) -> ColumnElement[bool]:
    """Whether the secret of the issue was shown, before or now."""
    found: list[ColumnElement[bool]] = []
    if shape.proven:
        found.append(i.c.id == any_(bindparam("reach_proven", type_=ARRAY(Uuid()))))
    if shape.secret:
        found.append(i.c.secret_hash == bindparam("reach_secret", type_=LargeBinary()))
    return or_(false(), *found)


def leads(i: Any, shape: ReachShape) -> ColumnElement[bool]:
    """Whether the viewer has taken the issue over."""
    found = []
    if shape.subject:
        found.append(i.c.lead_subject == _subject())
    if shape.person:
        found.append(i.c.lead_person_id == _person())
    return or_(false(), *found)


def takes_part(i: Any, shape: ReachShape) -> ColumnElement[bool]:
    """Whether the viewer handles the issue jointly with its lead, answered or not."""
    h, q = HANDLER.alias("vh"), ORGANIZATION.alias("vq")
    own = and_(h.c.tenant_id == i.c.tenant_id, h.c.issue_id == i.c.id)
    at = and_(q.c.tenant_id == h.c.tenant_id, q.c.id == h.c.organization_id)
    found = []
    if shape.person:
        found.append(is_there(select(true()).where(own, h.c.person_id == _person())))
    of_all = h.c.person_id.is_(None)
    if shape.parts == "some":
        found.append(is_there(select(true()).where(own, of_all, at, covered(q, "reach_parts"))))
    if shape.parts == "all":
        found.append(is_there(select(true()).where(own, of_all)))
    return or_(false(), *found)


def _subject() -> Any:
    return bindparam("reach_subject", type_=Text())


def _person() -> Any:
    return bindparam("reach_person", type_=Uuid())


def _stands(i: Any, extent: str, name: str) -> ColumnElement[bool]:
    """Whether the issue stands in one of the subtrees."""
    if extent != "some":
        return true() if extent == "all" else false()
    o = ORGANIZATION.alias("so")
    at = and_(o.c.tenant_id == i.c.tenant_id, o.c.id == i.c.organization_id)
    return exists().where(at, covered(o, name))


def _relative(i: Any, shape: ReachShape, name: str) -> ColumnElement[bool]:
    if name == REPORTS:
        return reports(i, shape)
    if name == LEADS:
        return leads(i, shape)
    if name == HANDLES:
        stands = _stands(i, shape.handled, "reach_handled")
        return or_(leads(i, shape), takes_part(i, shape), stands)
    if name == CLEAR:
        return _stands(i, shape.clear, "reach_clear")
    return proven(i, shape)


def taken(i: Any, columns: Sequence[str], shape: ReachShape) -> list[Any]:
    """The columns of `i` that are wanted, always `tenant_id` and `id`.

    Those that say what the viewer is to the issue are worked out where they are wanted.
    """
    wanted = dict.fromkeys((*columns, "tenant_id", "id"))
    relative = [name for name in (REPORTS, LEADS, HANDLES, CLEAR, PROVEN) if name in wanted]
    return [
        *(i.c[name] for name in wanted if name in i.c),
        *(func.coalesce(_relative(i, shape, name), false()).label(name) for name in relative),
    ]


class ByReach(KeyedLoader[IssueReach]):
    """A loader of what belongs to issues, as far as the viewer sees these."""

    private = True

    @classmethod
    def shape(cls, arguments: IssueReach) -> Hashable:
        """Of the reach."""
        return arguments.shape

    @classmethod
    def values(cls, arguments: IssueReach) -> dict[str, Any]:
        """Of the reach."""
        return arguments.values()


class _One(OneRowLoader[IssueReach], ByReach):
    """The issue of a key, or None where the viewer does not see it."""

    record = IssueRecord
    shows = True

    @classmethod
    def select(cls, k: Any, columns: tuple[str, ...], shape: Any) -> Select[Any]:
        """The issues with the keys that the viewer sees."""
        i = ISSUE.alias("i")
        match = and_(*(i.c[name] == k.c[name] for name in cls.names))
        found = select(k.c.n, *taken(i, columns, shape)).select_from(k.join(i, match))
        return found.where(visible(i, shape))

    @classmethod
    def is_nowhere(cls, arguments: IssueReach) -> bool:
        """Whether the viewer sees no issue."""
        return arguments.is_nowhere


class IssueById(_One):
    """(tenant, id) → the issue, or None."""


class IssueByNumber(_One):
    """(tenant, number) → the issue, or None; its row says whether its secret was shown."""

    names: ClassVar[tuple[str, ...]] = ("tenant_id", "number")

    @classmethod
    def is_open(cls, key: Any, arguments: IssueReach, proven: frozenset[uuid.UUID]) -> bool:
        """A secret that is shown is looked at."""
        return arguments.secret is not None

    @classmethod
    def select(cls, k: Any, columns: tuple[str, ...], shape: Any) -> Select[Any]:
        """The issues with the numbers, and whether their secrets were shown."""
        return super().select(k, (*columns, PROVEN), shape)


class WorkflowOfIssue(IssueById):
    """(tenant, id) → which workflow the issue has, at which version: `IssueById` of two columns."""

    @classmethod
    def select(cls, k: Any, columns: tuple[str, ...], shape: Any) -> Select[Any]:
        """The two columns, whatever is selected of what is made from them."""
        return super().select(k, ("workflow", "workflow_version"), shape)
