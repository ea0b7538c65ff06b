"""Cooperatives: who leads them, who belongs to them, and what a year brought."""

import datetime
import uuid
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKeyConstraint,
    Index,
    Numeric,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from schema.tables.organization import byte_ordered, one_of
from tenants.definition import DataKind


class CooperativeKind(StrEnum):
    """合作社, 村办企业, 联合社."""

    COOPERATIVE = "COOPERATIVE"
    VILLAGE_ENTERPRISE = "VILLAGE_ENTERPRISE"
    UNION = "UNION"


def money(name: str) -> "Column[Decimal]":
    """An amount in 元, to the 分; null = not recorded."""
    return Column(name, Numeric(16, 2), nullable=True)


def measure(name: str, nullable: bool = True) -> "Column[Decimal]":
    """A quantity in a unit that stands beside it, to a thousandth."""
    return Column(name, Numeric(16, 3), nullable=nullable)


def at(name: str, nullable: bool = True) -> "Column[datetime.datetime]":
    """A moment."""
    return Column(name, DateTime(timezone=True), nullable=nullable)


def of(column: str, table: str) -> ForeignKeyConstraint:
    """A reference to a row of the same tenant."""
    return ForeignKeyConstraint(["tenant_id", column], [f"{table}.tenant_id", f"{table}.id"])


TENANT = (["tenant_id"], ["tenant.tenant_id"])


class CooperativeRow(SQLModel, table=True):
    """One cooperative, village enterprise or union, led by an organization (`leader_id`).

    `industry` is a key of the province's vocabulary, `village_id` where it works.
    `dissolved_on` is the first day without it.
    """

    __tablename__ = "cooperative"
    __table_args__ = (
        UniqueConstraint("tenant_id", "code"),
        ForeignKeyConstraint(*TENANT),
        of("leader_id", "organization"),
        of("village_id", "organization"),
        CheckConstraint(one_of("kind", CooperativeKind), name="cooperative_kind"),
        CheckConstraint(one_of("data_kind", DataKind), name="cooperative_data_kind"),
        CheckConstraint("founded_on < dissolved_on", name="cooperative_validity"),
        Index("cooperative_of_leader", "tenant_id", "leader_id", "code"),
        Index("cooperative_of_village", "tenant_id", "village_id", "code"),
        Index("cooperative_of_industry", "tenant_id", "industry", "code"),
    )

    tenant_id: int = Field(primary_key=True)
    id: uuid.UUID = Field(primary_key=True)
    code: str = Field(sa_column=byte_ordered("code"))
    name: str
    kind: str
    industry: str
    products: list[str] = Field(sa_column=Column("products", ARRAY(Text()), nullable=False))
    leader_id: uuid.UUID
    village_id: uuid.UUID | None
    founded_on: datetime.date | None
    dissolved_on: datetime.date | None
    revision: int
    data_kind: str
    source: str | None
    assumed: bool


class UnionMemberRow(SQLModel, table=True):
    """A cooperative that belongs to a union from a day on, until the day before `until`."""

    __tablename__ = "union_member"
    __table_args__ = (
        of("union_id", "cooperative"),
        of("member_id", "cooperative"),
        CheckConstraint("union_id <> member_id", name="union_member_other"),
        CheckConstraint("since < until", name="union_member_validity"),
        Index("union_member_of", "tenant_id", "member_id", "union_id"),
    )

    tenant_id: int = Field(primary_key=True)
    union_id: uuid.UUID = Field(primary_key=True)
    member_id: uuid.UUID = Field(primary_key=True)
    since: datetime.date = Field(primary_key=True)
    until: datetime.date | None


class AnnualResultRow(SQLModel, table=True):
    """What a year brought a cooperative, as it was recorded or corrected once.

    A correction is a further row with the next `revision`, and gives the one before its
    `superseded_at`: exactly one row of a year has none. Amounts in 元, null = not recorded.
    `online_sales` is the sum of `sales`, a list of {channel, product, amount}. `households` (户)
    and `people` (人) are those whom the year reached; they are the weights of means. The kind of
    data says whether it was recorded here (REAL), reported by the document `source`, or made up.
    """

    __tablename__ = "annual_result"
    __table_args__ = (
        UniqueConstraint("tenant_id", "cooperative_id", "year", "revision"),
        of("cooperative_id", "cooperative"),
        CheckConstraint("year BETWEEN 1949 AND 2200", name="annual_result_year"),
        CheckConstraint(one_of("data_kind", DataKind), name="annual_result_data_kind"),
        Index(
            "annual_result_current",
            "tenant_id",
            "cooperative_id",
            "year",
            unique=True,
            postgresql_where=text("superseded_at IS NULL"),
        ),
    )

    tenant_id: int = Field(primary_key=True)
    id: uuid.UUID = Field(primary_key=True)
    cooperative_id: uuid.UUID
    year: int
    revision: int
    revenue: Decimal | None = Field(sa_column=money("revenue"))
    collective_income: Decimal | None = Field(sa_column=money("collective_income"))
    online_sales: Decimal | None = Field(sa_column=money("online_sales"))
    sales: list[dict[str, Any]] = Field(sa_column=Column("sales", JSONB, nullable=False))
    mean_household_gain: Decimal | None = Field(sa_column=money("mean_household_gain"))
    households: int | None
    people: int | None
    jobs: int | None
    approximate: bool
    recorded_at: datetime.datetime = Field(sa_column=at("recorded_at", nullable=False))
    superseded_at: datetime.datetime | None = Field(sa_column=at("superseded_at"))
    correction: str | None
    data_kind: str
    source: str | None


class HouseholdRow(SQLModel, table=True):
    """One household (户) of a village: its head is a person, its address personal.

    `people` is how many belong to it, null where that is not recorded.
    """

    __tablename__ = "household"
    __table_args__ = (
        of("organization_id", "organization"),
        of("head_id", "person"),
        CheckConstraint("people > 0", name="household_people"),
        CheckConstraint(one_of("data_kind", DataKind), name="household_data_kind"),
        Index("household_of_organization", "tenant_id", "organization_id", "id"),
        Index("household_of_head", "tenant_id", "head_id"),
    )

    tenant_id: int = Field(primary_key=True)
    id: uuid.UUID = Field(primary_key=True)
    organization_id: uuid.UUID
    head_id: uuid.UUID
    address: str | None
    people: int | None
    created_at: datetime.datetime = Field(sa_column=at("created_at", nullable=False))
    data_kind: str


class MembershipRow(SQLModel, table=True):
    """A household's membership of a cooperative, until the day before `until`.

    `land` in 亩, `capital` in 元, `share` in percent; each null where nothing of it was brought
    or recorded.
    """

    __tablename__ = "membership"
    __table_args__ = (
        of("cooperative_id", "cooperative"),
        of("household_id", "household"),
        CheckConstraint("since < until", name="membership_validity"),
        CheckConstraint("land >= 0 AND capital >= 0", name="membership_contribution"),
        CheckConstraint("share BETWEEN 0 AND 100", name="membership_share"),
        CheckConstraint(one_of("data_kind", DataKind), name="membership_data_kind"),
        Index("membership_of_cooperative", "tenant_id", "cooperative_id", "id"),
        # households, and the kinds of data that they are, are counted from this index alone
        Index(
            "membership_counted",
            *("tenant_id", "cooperative_id", "household_id", "since", "until"),
            postgresql_include=["data_kind"],
        ),
        Index("membership_of_household", "tenant_id", "household_id", "id"),
    )

    tenant_id: int = Field(primary_key=True)
    id: uuid.UUID = Field(primary_key=True)
    cooperative_id: uuid.UUID
    household_id: uuid.UUID
    since: datetime.date
    until: datetime.date | None
    land: Decimal | None = Field(sa_column=measure("land"))
    capital: Decimal | None = Field(sa_column=money("capital"))
    share: Decimal | None = Field(sa_column=measure("share"))
    data_kind: str
