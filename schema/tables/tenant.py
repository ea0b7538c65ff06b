"""Tenants, the versions of their definitions, and the versions of their workflows."""

import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Column, DateTime, ForeignKeyConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel


class TenantRow(SQLModel, table=True):
    """One city or province; its `version` is the definition in force."""

    __tablename__ = "tenant"
    __table_args__ = (CheckConstraint("kind IN ('CITY', 'PROVINCE')", name="tenant_kind"),)

    tenant_id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    kind: str
    slug: str
    version: int


class TenantVersionRow(SQLModel, table=True):
    """A definition as it was applied; kept for ever, because issues refer to old workflows."""

    __tablename__ = "tenant_version"
    __table_args__ = (ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"]),)

    tenant_id: int = Field(primary_key=True)
    version: int = Field(primary_key=True)
    content: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    leaves: list[Any] = Field(sa_column=Column(JSONB, nullable=False))
    applied_at: datetime.datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))


class WorkflowVersionRow(SQLModel, table=True):
    """A workflow's content at one of its own versions; the newest is in force."""

    __tablename__ = "workflow_version"
    __table_args__ = (ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"]),)

    tenant_id: int = Field(primary_key=True)
    key: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    content: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
