"""Organizations: the nodes of a tenant's tree, their former names and their successors."""

import datetime
import uuid
from enum import StrEnum

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    Text,
    UniqueConstraint,
)
from sqlmodel import Field, SQLModel

from tenants.definition import DataKind
from tenants.hierarchy import Rung


def byte_ordered(name: str, nullable: bool = False) -> "Column[str]":
    """A text column that sorts by bytes whatever the database's locale is."""
    return Column(name, Text(collation="C"), nullable=nullable)


def one_of(column: str, values: type[StrEnum]) -> str:
    """The CHECK that stands in for an enum type."""
    return f"{column} IN ({', '.join(repr(value.value) for value in values)})"


class OrganizationRow(SQLModel, table=True):
    """One organization.

    `path` is `/` and the codes from the top down to this one, each followed by `/`; so a subtree
    is the range from `path` up to `path` with its last `/` replaced by `0`, the next byte.
    `pinyin` holds the syllables of the name apart from each other by a space, and sorts names;
    `initials` holds their first letters; `search_name` the name without a committee's suffix.
    `valid_to` is the first day on which the organization no longer existed.
    """

    __tablename__ = "organization"
    __table_args__ = (
        UniqueConstraint("tenant_id", "code"),
        ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"]),
        ForeignKeyConstraint(
            ["tenant_id", "parent_id"],
            ["organization.tenant_id", "organization.id"],
            deferrable=True,
            initially="DEFERRED",
        ),
        CheckConstraint(one_of("rung", Rung), name="organization_rung"),
        CheckConstraint(one_of("data_kind", DataKind), name="organization_data_kind"),
        CheckConstraint("path LIKE '/%/'", name="organization_path"),
        CheckConstraint("valid_from < valid_to", name="organization_validity"),
        Index("organization_children", "tenant_id", "parent_id", "pinyin", "code"),
        Index("organization_by_name", "tenant_id", "pinyin", "code"),
        Index("organization_by_level", "tenant_id", "level", "pinyin", "code"),
        Index("organization_subtree", "tenant_id", "path", "rung", "level"),
        # holds all that is counted: a province's counts read no row, under row-level security too
        Index(
            "organization_counts",
            "tenant_id",
            "level",
            postgresql_include=["rung", "valid_from", "valid_to"],
        ),
    )

    tenant_id: int = Field(primary_key=True)
    id: uuid.UUID = Field(primary_key=True)
    code: str = Field(sa_column=byte_ordered("code"))
    name: str
    level: str
    rung: str | None
    parent_id: uuid.UUID | None
    path: str = Field(sa_column=byte_ordered("path"))
    pinyin: str = Field(sa_column=byte_ordered("pinyin"))
    initials: str
    search_name: str
    valid_from: datetime.date | None
    valid_to: datetime.date | None
    data_kind: str
    source: str | None
    assumed: bool


class OrganizationNameRow(SQLModel, table=True):
    """A name that an organization had until `valid_to` (the first day of its next name)."""

    __tablename__ = "organization_name"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "organization_id"], ["organization.tenant_id", "organization.id"]
        ),
    )

    tenant_id: int = Field(primary_key=True)
    organization_id: uuid.UUID = Field(primary_key=True)
    valid_to: datetime.date = Field(primary_key=True)
    name: str
    search_name: str
    source: str | None
    assumed: bool


class OrganizationPlacementRow(SQLModel, table=True):
    """The organization that one stood under until `valid_to` (the first day of its next place)."""

    __tablename__ = "organization_placement"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "organization_id"], ["organization.tenant_id", "organization.id"]
        ),
        ForeignKeyConstraint(
            ["tenant_id", "parent_id"], ["organization.tenant_id", "organization.id"]
        ),
    )

    tenant_id: int = Field(primary_key=True)
    organization_id: uuid.UUID = Field(primary_key=True)
    valid_to: datetime.date = Field(primary_key=True)
    parent_id: uuid.UUID | None


class SuccessionRow(SQLModel, table=True):
    """An organization that ended, and one that took it over."""

    __tablename__ = "succession"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "organization_id"], ["organization.tenant_id", "organization.id"]
        ),
        ForeignKeyConstraint(
            ["tenant_id", "successor_id"], ["organization.tenant_id", "organization.id"]
        ),
    )

    tenant_id: int = Field(primary_key=True)
    organization_id: uuid.UUID = Field(primary_key=True)
    successor_id: uuid.UUID = Field(primary_key=True)
