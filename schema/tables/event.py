"""The event log: what happened, a gapless number a tenant, never changed."""

import datetime
import uuid
from typing import Any

from sqlalchemy import BigInteger, Column, DateTime, ForeignKeyConstraint, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel


def _number(name: str, primary_key: bool = False) -> "Column[int]":
    return Column(name, BigInteger, primary_key=primary_key, autoincrement=False, nullable=False)


def _about(name: str, column: str) -> Index:
    """An index of few events: the others cost no write."""
    return Index(name, "tenant_id", column, "seq", postgresql_where=text(f"{column} IS NOT NULL"))


class EventCounterRow(SQLModel, table=True):
    """The number of a tenant's newest event.

    Taken last in a transaction: whoever holds it commits next, so that readers of "everything
    after n" never miss one that commits later with a smaller number.
    """

    __tablename__ = "event_counter"
    __table_args__ = (ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"]),)

    tenant_id: int = Field(primary_key=True)
    seq: int = Field(sa_column=_number("seq"))


class EventRow(SQLModel, table=True):
    """One event.

    `actor` is the subject of the token, `person_id` the person that it was bound to. No name,
    phone or text of a person is in `about`: ids only, so that erasing a person leaves events be.
    """

    __tablename__ = "event"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"]),
        Index("event_of_organization", "tenant_id", "organization_id", "seq"),
        Index("event_of_issue", "tenant_id", "issue_id", "seq"),
        _about("event_of_cooperative", "cooperative_id"),
        _about("event_of_agreement", "agreement_id"),
        Index("event_of_kind", "tenant_id", "kind", "seq"),
    )

    tenant_id: int = Field(primary_key=True)
    seq: int = Field(sa_column=_number("seq", primary_key=True))
    at: datetime.datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    kind: str
    actor: str
    role: str
    person_id: uuid.UUID | None
    organization_id: uuid.UUID | None
    issue_id: uuid.UUID | None
    cooperative_id: uuid.UUID | None
    agreement_id: uuid.UUID | None
    about: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
