"""Counted issues: cells that are kept beside the issues, for statistics that read no issue."""

import datetime
import uuid

from sqlalchemy import BigInteger, CheckConstraint, ForeignKeyConstraint
from sqlmodel import Field, SQLModel

from schema.tables.organization import one_of
from tenants.workflow import Phase, Severity


class IssueCounts(SQLModel):
    """What a cell counts of its issues (件, but for seconds).

    `resolved`: answered, or closed. `handled`: of those the ones that were not merged into
    another, with the whole seconds from report to answer in `handled_seconds`. `rated`: with a
    rating, of which `solved` say YES and `satisfied` 4 or 5. `ended`: with a deadline that was met
    or missed, of which `on_time` met it. `overdue`: open, and marked so by the sweep.
    """

    reported: int = Field(sa_type=BigInteger)
    resolved: int = Field(sa_type=BigInteger)
    handled: int = Field(sa_type=BigInteger)
    handled_seconds: int = Field(sa_type=BigInteger)
    rated: int = Field(sa_type=BigInteger)
    solved: int = Field(sa_type=BigInteger)
    satisfied: int = Field(sa_type=BigInteger)
    ended: int = Field(sa_type=BigInteger)
    on_time: int = Field(sa_type=BigInteger)
    overdue: int = Field(sa_type=BigInteger)


class IssueTotalRow(IssueCounts, table=True):
    """Issues of all time by the level of the organization where they stand, service and phase."""

    __tablename__ = "issue_total"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"]),
        CheckConstraint(one_of("phase", Phase), name="issue_total_phase"),
    )

    tenant_id: int = Field(primary_key=True)
    level: str = Field(primary_key=True)
    service: str = Field(primary_key=True)
    phase: str = Field(primary_key=True)


class IssueMonthRow(IssueCounts, table=True):
    """The same by the month of their report too, as its first day in China, and what they are."""

    __tablename__ = "issue_month"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"]),
        CheckConstraint(one_of("phase", Phase), name="issue_month_phase"),
        CheckConstraint(one_of("severity", Severity), name="issue_month_severity"),
    )

    tenant_id: int = Field(primary_key=True)
    month: datetime.date = Field(primary_key=True)
    level: str = Field(primary_key=True)
    service: str = Field(primary_key=True)
    phase: str = Field(primary_key=True)
    severity: str = Field(primary_key=True)
    channel: str = Field(primary_key=True)


class IssueOrganizationRow(IssueCounts, table=True):
    """Issues of all time by the organization where they stand, and phase."""

    __tablename__ = "issue_organization"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"]),
        CheckConstraint(one_of("phase", Phase), name="issue_organization_phase"),
    )

    tenant_id: int = Field(primary_key=True)
    organization_id: uuid.UUID = Field(primary_key=True)
    phase: str = Field(primary_key=True)


class IssuePlaceRow(IssueCounts, table=True):
    """Issues by the organization where they stand and all else that is asked for."""

    __tablename__ = "issue_place"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"]),
        CheckConstraint(one_of("phase", Phase), name="issue_place_phase"),
        CheckConstraint(one_of("severity", Severity), name="issue_place_severity"),
    )

    tenant_id: int = Field(primary_key=True)
    organization_id: uuid.UUID = Field(primary_key=True)
    month: datetime.date = Field(primary_key=True)
    service: str = Field(primary_key=True)
    phase: str = Field(primary_key=True)
    severity: str = Field(primary_key=True)
    channel: str = Field(primary_key=True)
