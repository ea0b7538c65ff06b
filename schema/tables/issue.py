"""Issues: what residents, workers and enterprises raise, who handles it, and until when."""

import datetime
import uuid
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    Numeric,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from schema.tables.organization import byte_ordered, one_of
from tenants.definition import DataKind
from tenants.workflow import Phase, Severity


def _time(name: str, nullable: bool = True) -> "Column[datetime.datetime]":
    return Column(name, DateTime(timezone=True), nullable=nullable)


def _place(column: str) -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["tenant_id", column], ["organization.tenant_id", "organization.id"]
    )


def _person(column: str) -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["tenant_id", column], ["person.tenant_id", "person.id"])


WAKE = (
    "(CASE WHEN paused_at <= due_at OR paused_at IS NOT NULL AND marked = 'OVERDUE'"
    " THEN paused_until WHEN marked IS NULL THEN warn_at ELSE due_at END)"
)
"""When the sweep next looks at an issue: a pause is over, it is due soon, or it is due.

An issue that was overdue when it was paused is marked first. As SQL over the columns of one
`issue` without an alias: PostgreSQL uses an index of an expression only for the very same one.
"""

AWAKE = (
    "due_at IS NOT NULL AND ended_at IS NULL"
    " AND (paused_at IS NOT NULL OR marked IS DISTINCT FROM 'OVERDUE')"
)
"""The issues that the sweep has not done with, as SQL like `WAKE`."""


def _some(name: str, where: str, *columns: str) -> Index:
    """An index of few rows: the others cost no write."""
    return Index(name, "tenant_id", *columns, postgresql_where=text(where))


RUNNING = "due_at IS NOT NULL AND ended_at IS NULL"
MISSED = "ended_at IS NOT NULL AND coalesce(paused_at, ended_at) > due_at"
UNRATED = "resolved_at IS NOT NULL AND rated_at IS NULL AND asked_at IS NULL"
UNTAKEN = (
    "phase IN ('REPORTED', 'ACCEPTED', 'IN_PROGRESS')"
    " AND (handed OR (lead_subject IS NULL AND lead_person_id IS NULL))"
)
UNCLOSED = "phase <> 'CLOSED'"
MOVED = "organization_id <> place_id"
"""What few issues are, of the many that there are in the end: lists of them have small indexes."""


class IssueRow(SQLModel, table=True):
    """One issue.

    What a change of it sets is in the event of the change too, so that replaying the events gives
    the row; only texts that people wrote, and who they are, are here alone.

    Where: `place_id` is the organization that it is about, `organization_id` the one where it
    stands now, `trail` those where it stood before, the last one last.

    Who: the lead is an organization, and who of it took the issue over (`lead_subject`, the
    subject of the token, and `lead_person_id`, the person that it was bound to). While `handed`,
    the issue has been passed on, and the lead stays responsible until somebody takes over.
    `reporter_subject` is who reported with a token; who had none follows with a secret, of which
    `secret_hash` is the SHA-256.

    Until when: the clock of the deadline (`tenants/deadline.py`), `marked` what the sweep said of
    it last, `ended_at` when it was met or missed. While the clock is that of a state with a limit
    of its own, the service's stands in the columns `service_...`, as it was when that began.

    `revision` counts the changes.
    """

    __tablename__ = "issue"
    __table_args__ = (
        UniqueConstraint("tenant_id", "number"),
        ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"]),
        ForeignKeyConstraint(
            ["tenant_id", "workflow", "workflow_version"],
            ["workflow_version.tenant_id", "workflow_version.key", "workflow_version.version"],
        ),
        _place("place_id"),
        _place("organization_id"),
        _place("lead_organization_id"),
        _person("lead_person_id"),
        _person("reporter_person_id"),
        ForeignKeyConstraint(["tenant_id", "merged_into"], ["issue.tenant_id", "issue.id"]),
        CheckConstraint(one_of("phase", Phase), name="issue_phase"),
        CheckConstraint(one_of("severity", Severity), name="issue_severity"),
        CheckConstraint(one_of("data_kind", DataKind), name="issue_data_kind"),
        CheckConstraint("solved IN ('YES', 'PARTLY', 'NO')", name="issue_solved"),
        CheckConstraint("satisfied BETWEEN 1 AND 5", name="issue_satisfied"),
        CheckConstraint("marked IN ('DUE_SOON', 'OVERDUE')", name="issue_marked"),
        CheckConstraint(
            "num_nulls(started_at, due_at, unit, warn_at) IN (0, 4)", name="issue_clock"
        ),
        CheckConstraint("merged_into <> id", name="issue_merged"),
        # lists: whatever narrows them most, newest first
        Index("issue_recent", "tenant_id", "reported_at", "id"),
        Index("issue_of_phase", "tenant_id", "phase", "reported_at", "id"),
        Index("issue_of_state", "tenant_id", "state", "reported_at", "id"),
        Index("issue_of_service", "tenant_id", "service", "reported_at", "id"),
        Index("issue_of_channel", "tenant_id", "channel", "reported_at", "id"),
        Index("issue_of_organization", "tenant_id", "organization_id", "reported_at", "id"),
        _some("issue_of_place", f"{MOVED} OR {UNCLOSED}", "place_id", "reported_at", "id"),
        _some("issue_moved", MOVED, "organization_id", "reported_at", "id"),
        _some("issue_hard", "severity <> 'ORDINARY'", "severity", "reported_at", "id"),
        _some("issue_prior", "priority_group IS NOT NULL", "reported_at", "id"),
        _some("issue_missed", MISSED, "reported_at", "id"),
        _some("issue_unrated", UNRATED, "reported_at", "id"),
        _some("issue_untaken", UNTAKEN, "reported_at", "id"),
        _some("issue_unclosed", UNCLOSED, "organization_id", "phase", "reported_at", "id"),
        # whose it is
        Index("issue_of_lead", "tenant_id", "lead_subject", "phase", "reported_at", "id"),
        Index("issue_of_lead_person", "tenant_id", "lead_person_id", "phase", "reported_at", "id"),
        Index("issue_led", "tenant_id", "lead_organization_id", "reported_at", "id"),
        Index("issue_of_reporter", "tenant_id", "reporter_subject", "reported_at", "id"),
        Index("issue_of_reporting_person", "tenant_id", "reporter_person_id", "reported_at", "id"),
        _some("issue_merged_into", "merged_into IS NOT NULL", "merged_into"),
        # deadlines that run or are paused, and what the sweep has not done with
        Index("issue_wake", "tenant_id", text(WAKE), "id", postgresql_where=text(AWAKE)),
        _some("issue_due", RUNNING, "due_at", "id"),
        _some("issue_running", RUNNING, "reported_at", "id"),
        _some("issue_running_at", RUNNING, "organization_id", "due_at", "id"),
        Index("issue_by_workflow", "tenant_id", "workflow", "workflow_version", "phase"),
    )

    tenant_id: int = Field(primary_key=True)
    id: uuid.UUID = Field(primary_key=True)
    number: str = Field(sa_column=byte_ordered("number"))
    service: str
    workflow: str
    workflow_version: int
    state: str
    phase: str
    severity: str
    channel: str
    priority_group: str | None
    title: str
    description: str | None
    answers: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    latitude: Decimal | None = Field(sa_column=Column("latitude", Numeric(9, 6)))
    longitude: Decimal | None = Field(sa_column=Column("longitude", Numeric(9, 6)))
    place_id: uuid.UUID
    organization_id: uuid.UUID
    trail: list[uuid.UUID] = Field(sa_column=Column("trail", ARRAY(Uuid()), nullable=False))
    lead_organization_id: uuid.UUID
    lead_subject: str | None
    lead_person_id: uuid.UUID | None
    handed: bool
    reporter_subject: str | None
    reporter_person_id: uuid.UUID | None
    secret_hash: bytes | None = Field(sa_column=Column("secret_hash", LargeBinary))
    supporters: int
    reported_at: datetime.datetime = Field(sa_column=_time("reported_at", nullable=False))
    resolved_at: datetime.datetime | None = Field(sa_column=_time("resolved_at"))
    closed_at: datetime.datetime | None = Field(sa_column=_time("closed_at"))
    started_at: datetime.datetime | None = Field(sa_column=_time("started_at"))
    due_at: datetime.datetime | None = Field(sa_column=_time("due_at"))
    unit: str | None
    warn_at: datetime.datetime | None = Field(sa_column=_time("warn_at"))
    paused_at: datetime.datetime | None = Field(sa_column=_time("paused_at"))
    paused_until: datetime.datetime | None = Field(sa_column=_time("paused_until"))
    pauses: int
    extensions: int
    ended_at: datetime.datetime | None = Field(sa_column=_time("ended_at"))
    marked: str | None
    service_started_at: datetime.datetime | None = Field(sa_column=_time("service_started_at"))
    service_due_at: datetime.datetime | None = Field(sa_column=_time("service_due_at"))
    service_unit: str | None
    service_warn_at: datetime.datetime | None = Field(sa_column=_time("service_warn_at"))
    service_marked: str | None
    merged_into: uuid.UUID | None
    reopenings: int
    solved: str | None
    satisfied: int | None
    comment: str | None
    rated_at: datetime.datetime | None = Field(sa_column=_time("rated_at"))
    asked_at: datetime.datetime | None = Field(sa_column=_time("asked_at"))
    revision: int
    data_kind: str


class IssueCounterRow(SQLModel, table=True):
    """The last number that a tenant gave to an issue on a day of Asia/Shanghai."""

    __tablename__ = "issue_counter"
    __table_args__ = (ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"]),)

    tenant_id: int = Field(primary_key=True)
    day: datetime.date = Field(primary_key=True)
    last: int


class IssueHandlerRow(SQLModel, table=True):
    """One of those who handle an issue jointly with its lead: an organization, or somebody of it.

    `answered_at` is when it gave its own answer, whose text is the note `note_id`.
    """

    __tablename__ = "issue_handler"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "issue_id"], ["issue.tenant_id", "issue.id"]),
        _place("organization_id"),
        _person("person_id"),
        ForeignKeyConstraint(["tenant_id", "note_id"], ["issue_note.tenant_id", "issue_note.id"]),
        Index("issue_handler_of_organization", "tenant_id", "organization_id", "issue_id"),
        Index("issue_handler_of_person", "tenant_id", "person_id", "issue_id"),
    )

    tenant_id: int = Field(primary_key=True)
    issue_id: uuid.UUID = Field(primary_key=True)
    id: uuid.UUID = Field(primary_key=True)
    organization_id: uuid.UUID
    person_id: uuid.UUID | None
    added_at: datetime.datetime = Field(sa_column=_time("added_at", nullable=False))
    answered_at: datetime.datetime | None = Field(sa_column=_time("answered_at"))
    note_id: uuid.UUID | None


class IssueNoteRow(SQLModel, table=True):
    """What somebody wrote or attached with an action; events name it by its id only.

    `evidence` are addresses of files that the city's own storage keeps. An erased note keeps its
    row and loses both.
    """

    __tablename__ = "issue_note"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "issue_id"], ["issue.tenant_id", "issue.id"]),
        Index("issue_note_of_issue", "tenant_id", "issue_id", "id"),
        Index("issue_note_by_author", "tenant_id", "author"),
    )

    tenant_id: int = Field(primary_key=True)
    id: uuid.UUID = Field(primary_key=True)
    issue_id: uuid.UUID
    author: str
    person_id: uuid.UUID | None
    text: str | None
    evidence: list[str] = Field(sa_column=Column("evidence", ARRAY(Text()), nullable=False))
    at: datetime.datetime = Field(sa_column=_time("at", nullable=False))
    erased_at: datetime.datetime | None = Field(sa_column=_time("erased_at"))


class IssueSupporterRow(SQLModel, table=True):
    """Somebody who has the same trouble and joined instead of reporting it once more."""

    __tablename__ = "issue_supporter"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "issue_id"], ["issue.tenant_id", "issue.id"]),
        _person("person_id"),
        Index("issue_supporter_by_subject", "tenant_id", "subject", "issue_id"),
    )

    tenant_id: int = Field(primary_key=True)
    issue_id: uuid.UUID = Field(primary_key=True)
    id: uuid.UUID = Field(primary_key=True)
    subject: str | None
    person_id: uuid.UUID | None
    at: datetime.datetime = Field(sa_column=_time("at", nullable=False))


class IssueWordRow(SQLModel, table=True):
    """Two neighbouring characters of an issue's title or description, and their place there.

    Chinese has no spaces, and under row-level security PostgreSQL uses no index of patterns or
    of arrays, because their operators are not leakproof; equality is. `reported_at` is the
    issue's, which never changes: what has a word comes in the order of lists.
    """

    __tablename__ = "issue_word"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "issue_id"], ["issue.tenant_id", "issue.id"]),
    )

    tenant_id: int = Field(primary_key=True)
    word: str = Field(sa_column=Column("word", Text(collation="C"), primary_key=True))
    reported_at: datetime.datetime = Field(
        sa_column=Column("reported_at", DateTime(timezone=True), primary_key=True)
    )
    issue_id: uuid.UUID = Field(primary_key=True)
    place: int = Field(primary_key=True)
