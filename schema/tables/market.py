"""The alliance of cooperatives and enterprises (社企联盟): supply, demand, deals, and trades of
what villages own."""

import datetime
import uuid
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from schema.tables.cooperative import TENANT, at, measure, money, of
from schema.tables.organization import byte_ordered, one_of
from tenants.definition import DataKind


class PostingKind(StrEnum):
    """What a posting offers or asks for."""

    SUPPLY = "SUPPLY"
    DEMAND = "DEMAND"


class PostingState(StrEnum):
    """Whether counterparts are still sought."""

    OPEN = "OPEN"
    CLOSED = "CLOSED"


class DealState(StrEnum):
    """How far a deal has come."""

    PROPOSED = "PROPOSED"
    INTENDED = "INTENDED"
    CONTRACTED = "CONTRACTED"
    DELIVERED = "DELIVERED"
    SETTLED = "SETTLED"
    FAILED = "FAILED"


class EnterpriseRow(SQLModel, table=True):
    """An enterprise in the directory of those that work with cooperatives.

    `organization_id` is where it is; `left_on` the first day on which it was not in the directory.
    """

    __tablename__ = "enterprise"
    __table_args__ = (
        UniqueConstraint("tenant_id", "code"),
        ForeignKeyConstraint(*TENANT),
        of("organization_id", "organization"),
        CheckConstraint("joined_on < left_on", name="enterprise_validity"),
        CheckConstraint(one_of("data_kind", DataKind), name="enterprise_data_kind"),
        Index("enterprise_by_name", "tenant_id", "name", "id"),
        Index("enterprise_of_organization", "tenant_id", "organization_id", "id"),
    )

    tenant_id: int = Field(primary_key=True)
    id: uuid.UUID = Field(primary_key=True)
    code: str = Field(sa_column=byte_ordered("code"))
    name: str = Field(sa_column=byte_ordered("name"))
    organization_id: uuid.UUID
    industry: str | None
    joined_on: datetime.date | None
    left_on: datetime.date | None
    data_kind: str
    source: str | None


class MatchingEventRow(SQLModel, table=True):
    """A meeting at which cooperatives and enterprises find each other (对接会)."""

    __tablename__ = "matching_event"
    __table_args__ = (
        of("organization_id", "organization"),
        CheckConstraint(one_of("data_kind", DataKind), name="matching_event_data_kind"),
        Index("matching_event_recent", "tenant_id", "held_on", "id"),
        Index("matching_event_of_organization", "tenant_id", "organization_id"),
    )

    tenant_id: int = Field(primary_key=True)
    id: uuid.UUID = Field(primary_key=True)
    organization_id: uuid.UUID
    title: str
    held_on: datetime.date
    data_kind: str
    source: str | None


class PostingRow(SQLModel, table=True):
    """What a cooperative or an enterprise offers or seeks; exactly one of the two posted it.

    `product_key` is the product as it is compared (`schema/products.py`). `price` is 元 a unit.
    The period is inclusive on both ends, null = open.
    """

    __tablename__ = "posting"
    __table_args__ = (
        of("cooperative_id", "cooperative"),
        of("enterprise_id", "enterprise"),
        CheckConstraint("num_nulls(cooperative_id, enterprise_id) = 1", name="posting_by"),
        CheckConstraint("quantity > 0", name="posting_quantity"),
        CheckConstraint("price >= 0", name="posting_price"),
        CheckConstraint("from_on <= until_on", name="posting_period"),
        CheckConstraint(one_of("kind", PostingKind), name="posting_kind"),
        CheckConstraint(one_of("state", PostingState), name="posting_state"),
        CheckConstraint(one_of("data_kind", DataKind), name="posting_data_kind"),
        Index("posting_of_cooperative", "tenant_id", "cooperative_id", "id"),
        Index("posting_of_enterprise", "tenant_id", "enterprise_id", "id"),
        Index("posting_open", "tenant_id", "state", "kind", "product_key"),
    )

    tenant_id: int = Field(primary_key=True)
    id: uuid.UUID = Field(primary_key=True)
    kind: str
    cooperative_id: uuid.UUID | None
    enterprise_id: uuid.UUID | None
    product: str
    product_key: str
    quantity: Decimal = Field(sa_column=measure("quantity", nullable=False))
    unit: str
    price: Decimal | None = Field(sa_column=money("price"))
    from_on: datetime.date | None
    until_on: datetime.date | None
    state: str
    posted_at: datetime.datetime = Field(sa_column=at("posted_at", nullable=False))
    data_kind: str


class DealRow(SQLModel, table=True):
    """A deal of a cooperative with an enterprise.

    `amount` and the two incomes in 元, null = not known. `supply_id` and `demand_id` are the
    postings that it came from. `reason` says why it failed; `revision` counts the changes.
    """

    __tablename__ = "deal"
    __table_args__ = (
        of("cooperative_id", "cooperative"),
        of("enterprise_id", "enterprise"),
        of("supply_id", "posting"),
        of("demand_id", "posting"),
        of("matching_event_id", "matching_event"),
        CheckConstraint("quantity > 0", name="deal_quantity"),
        CheckConstraint(
            "amount >= 0 AND collective_income >= 0 AND household_income >= 0", name="deal_amounts"
        ),
        CheckConstraint(one_of("state", DealState), name="deal_state"),
        CheckConstraint(one_of("data_kind", DataKind), name="deal_data_kind"),
        Index("deal_of_cooperative", "tenant_id", "cooperative_id", "id"),
        Index("deal_of_enterprise", "tenant_id", "enterprise_id", "id"),
        Index("deal_of_matching_event", "tenant_id", "matching_event_id", "id"),
        Index("deal_of_supply", "tenant_id", "supply_id"),
        Index("deal_of_demand", "tenant_id", "demand_id"),
    )

    tenant_id: int = Field(primary_key=True)
    id: uuid.UUID = Field(primary_key=True)
    cooperative_id: uuid.UUID
    enterprise_id: uuid.UUID
    supply_id: uuid.UUID | None
    demand_id: uuid.UUID | None
    matching_event_id: uuid.UUID | None
    product: str
    quantity: Decimal | None = Field(sa_column=measure("quantity"))
    unit: str | None
    amount: Decimal | None = Field(sa_column=money("amount"))
    collective_income: Decimal | None = Field(sa_column=money("collective_income"))
    household_income: Decimal | None = Field(sa_column=money("household_income"))
    state: str
    reason: str | None
    proposed_at: datetime.datetime = Field(sa_column=at("proposed_at", nullable=False))
    changed_at: datetime.datetime = Field(sa_column=at("changed_at", nullable=False))
    revision: int
    data_kind: str


class AssetTradeRow(SQLModel, table=True):
    """A village's collective sold or let something it owns; prices in 元."""

    __tablename__ = "asset_trade"
    __table_args__ = (
        of("organization_id", "organization"),
        CheckConstraint("reserve_price >= 0 AND deal_price >= 0", name="asset_trade_prices"),
        CheckConstraint(one_of("data_kind", DataKind), name="asset_trade_data_kind"),
        Index("asset_trade_recent", "tenant_id", "traded_on", "id"),
        Index("asset_trade_of_organization", "tenant_id", "organization_id"),
    )

    tenant_id: int = Field(primary_key=True)
    id: uuid.UUID = Field(primary_key=True)
    organization_id: uuid.UUID
    asset: str
    reserve_price: Decimal | None = Field(sa_column=money("reserve_price"))
    deal_price: Decimal | None = Field(sa_column=money("deal_price"))
    traded_on: datetime.date
    data_kind: str
    source: str | None


class WeakVillageRow(SQLModel, table=True):
    """A village whose collective economy is weak, and what was done about it.

    `support` in 元 is what was paid so far; `cleared_on` the day on which it was weak no more.
    """

    __tablename__ = "weak_village"
    __table_args__ = (
        UniqueConstraint("tenant_id", "organization_id", "listed_on"),
        of("organization_id", "organization"),
        CheckConstraint("listed_on <= cleared_on", name="weak_village_validity"),
        CheckConstraint("support >= 0", name="weak_village_support"),
        CheckConstraint(one_of("data_kind", DataKind), name="weak_village_data_kind"),
    )

    tenant_id: int = Field(primary_key=True)
    id: uuid.UUID = Field(primary_key=True)
    organization_id: uuid.UUID
    listed_on: datetime.date
    cleared_on: datetime.date | None
    support: Decimal | None = Field(sa_column=money("support"))
    data_kind: str
    source: str | None
