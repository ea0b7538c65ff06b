"""Reported figures: what the source documents state, value by value."""

import decimal
import uuid

from sqlalchemy import Column, ForeignKeyConstraint, Numeric, UniqueConstraint
from sqlmodel import Field, SQLModel

from schema.tables.organization import byte_ordered


class FigureRow(SQLModel, table=True):
    """One figure of one document, in the tenant that it speaks of.

    A figure about two tenants is kept by each of them under the same `code`.
    """

    __tablename__ = "figure"
    __table_args__ = (
        UniqueConstraint("tenant_id", "code"),
        ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"]),
    )

    tenant_id: int = Field(primary_key=True)
    id: uuid.UUID = Field(primary_key=True)
    code: str = Field(sa_column=byte_ordered("code"))
    stated_for: str
    subject: str
    value: decimal.Decimal = Field(sa_column=Column(Numeric, nullable=False))
    unit: str
    approximate: bool
    period: str | None
    place: str | None
    source: str
