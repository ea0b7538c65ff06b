"""Pairing agreements and alliances: each party's tenant keeps a whole copy (一式两份).

The id of an agreement is the same in every tenant. Every column of every row of an agreement is
the same in all copies, but for `organization_id` of a party, which only its own tenant has.
"""

import datetime
import uuid
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from schema.tables.cooperative import TENANT, at, measure, money, of
from schema.tables.organization import byte_ordered, one_of
from tenants.definition import DataKind


class AgreementState(StrEnum):
    """The life of an agreement."""

    DRAFT = "DRAFT"
    PROPOSED = "PROPOSED"
    SIGNED = "SIGNED"
    ACTIVE = "ACTIVE"
    COMPLETED = "COMPLETED"
    TERMINATED = "TERMINATED"
    DECLINED = "DECLINED"


class PartyRole(StrEnum):
    """What a party is to an agreement."""

    INITIATOR = "INITIATOR"
    PARTNER = "PARTNER"


class DeliveryState(StrEnum):
    """What the other side says of a delivery."""

    RECORDED = "RECORDED"
    CONFIRMED = "CONFIRMED"
    DISPUTED = "DISPUTED"


class ActivityKind(StrEnum):
    """What the parties did together."""

    MEETING = "MEETING"
    ACTIVITY = "ACTIVITY"


class EndReason(StrEnum):
    """Why an agreement is over."""

    FULFILLED = "FULFILLED"
    EXPIRED = "EXPIRED"
    AGREED = "AGREED"
    WITHDRAWN = "WITHDRAWN"


class Completion(StrEnum):
    """Why parties complete an agreement; both are an `EndReason`."""

    FULFILLED = "FULFILLED"
    AGREED = "AGREED"


class Every(StrEnum):
    """Whether a commitment's quantity is for each year of the term, or for all of it."""

    YEAR = "YEAR"
    ALL = "ALL"


TURN = "(CASE WHEN state = 'ACTIVE' THEN ends_on ELSE starts_on END)"
"""The first day of an agreement that waits for it, the last day of one that is in force.

As SQL over the columns of one `agreement` without an alias: PostgreSQL uses an index of an
expression only for the very same one, and under row-level security only where nothing in it can
fail, as `ends_on + 1` can.
"""

TURNING = "(state = 'SIGNED' OR state = 'ACTIVE' AND ends_on IS NOT NULL)"
"""The agreements to which a day will do something, as SQL like `TURN`."""


class AgreementRow(SQLModel, table=True):
    """A tenant's copy of one agreement.

    What was agreed is the content of a version. `version` is the newest one that stands, `agreed`
    the newest that every party has signed, null before there is one. `alliance` is the key of the
    kind of alliance, null for a pairing. `cities` is how many tenants its parties are of,
    `renews` the agreement that it goes on with.
    """

    __tablename__ = "agreement"
    __table_args__ = (
        ForeignKeyConstraint(*TENANT),
        CheckConstraint(one_of("state", AgreementState), name="agreement_state"),
        CheckConstraint(one_of("end_reason", EndReason), name="agreement_end_reason"),
        CheckConstraint(one_of("data_kind", DataKind), name="agreement_data_kind"),
        CheckConstraint("starts_on <= ends_on", name="agreement_term"),
        Index("agreement_recent", "tenant_id", "created_at", "id"),
        Index("agreement_of_state", "tenant_id", "state", "created_at", "id"),
        Index("agreement_turn", "tenant_id", text(TURN), "id", postgresql_where=text(TURNING)),
    )

    tenant_id: int = Field(primary_key=True)
    id: uuid.UUID = Field(primary_key=True)
    title: str
    alliance: str | None
    state: str
    version: int
    agreed: int | None
    content_hash: str
    cities: int
    starts_on: datetime.date | None
    ends_on: datetime.date | None
    renews: uuid.UUID | None
    created_at: datetime.datetime = Field(sa_column=at("created_at", nullable=False))
    signed_at: datetime.datetime | None = Field(sa_column=at("signed_at"))
    ended_at: datetime.datetime | None = Field(sa_column=at("ended_at"))
    end_reason: str | None
    end_text: str | None
    revision: int
    data_kind: str
    source: str | None


class AgreementVersionRow(SQLModel, table=True):
    """One version of what is agreed: its whole content, and the SHA-256 of that (64 hex digits).

    `proposed_by` and `declined_by` are numbers of parties.
    """

    __tablename__ = "agreement_version"
    __table_args__ = (of("agreement_id", "agreement"),)

    tenant_id: int = Field(primary_key=True)
    agreement_id: uuid.UUID = Field(primary_key=True)
    version: int = Field(primary_key=True)
    content: dict[str, Any] = Field(sa_column=Column("content", JSONB, nullable=False))
    content_hash: str
    proposed_by: int
    proposed_at: datetime.datetime = Field(sa_column=at("proposed_at", nullable=False))
    declined_by: int | None
    declined_at: datetime.datetime | None = Field(sa_column=at("declined_at"))
    decline_reason: str | None


class AgreementPartyRow(SQLModel, table=True):
    """A party, numbered from 1: a small snapshot of an organization, and what it has signed.

    `party_tenant_id`, `city`, `code` and `name` tell which organization of which city it is (as
    they were when it was named), `organization_id` only in the copy of the party's own tenant.
    `signed_hash` is that of the newest version that it signed.
    """

    __tablename__ = "agreement_party"
    __table_args__ = (
        of("agreement_id", "agreement"),
        of("organization_id", "organization"),
        CheckConstraint(one_of("role", PartyRole), name="agreement_party_role"),
        Index("agreement_party_of", "tenant_id", "organization_id", "agreement_id"),
    )

    tenant_id: int = Field(primary_key=True)
    agreement_id: uuid.UUID = Field(primary_key=True)
    number: int = Field(primary_key=True)
    party_tenant_id: int
    city: str
    code: str = Field(sa_column=byte_ordered("code"))
    name: str
    role: str
    organization_id: uuid.UUID | None
    signed_version: int | None
    signed_hash: str | None
    signed_at: datetime.datetime | None = Field(sa_column=at("signed_at"))


class AgreementDeliveryRow(SQLModel, table=True):
    """Something delivered on a commitment (`commitment`, its key in the content) by a party.

    `quantity` in the commitment's unit, `funds` in 元. `evidence` are addresses of files that the
    cities' own storage keeps. `answered_by` is the party that confirmed or disputed it.
    """

    __tablename__ = "agreement_delivery"
    __table_args__ = (
        of("agreement_id", "agreement"),
        CheckConstraint("quantity > 0", name="agreement_delivery_quantity"),
        CheckConstraint("funds >= 0", name="agreement_delivery_funds"),
        CheckConstraint(one_of("state", DeliveryState), name="agreement_delivery_state"),
        CheckConstraint(one_of("data_kind", DataKind), name="agreement_delivery_data_kind"),
        Index("agreement_delivery_of", "tenant_id", "agreement_id", "commitment", "id"),
    )

    tenant_id: int = Field(primary_key=True)
    id: uuid.UUID = Field(primary_key=True)
    agreement_id: uuid.UUID
    commitment: str
    party: int
    delivered_on: datetime.date
    quantity: Decimal | None = Field(sa_column=measure("quantity"))
    funds: Decimal | None = Field(sa_column=money("funds"))
    text: str | None
    evidence: list[str] = Field(sa_column=Column("evidence", ARRAY(Text()), nullable=False))
    recorded_at: datetime.datetime = Field(sa_column=at("recorded_at", nullable=False))
    state: str
    answered_by: int | None
    answered_at: datetime.datetime | None = Field(sa_column=at("answered_at"))
    answer: str | None
    data_kind: str


class AgreementActivityRow(SQLModel, table=True):
    """A meeting of the parties, or what they did together (`way` is one of the city's 五联).

    `parties` are numbers of parties. `funds` in 元, `solved` how many problems it settled.
    """

    __tablename__ = "agreement_activity"
    __table_args__ = (
        of("agreement_id", "agreement"),
        CheckConstraint(one_of("kind", ActivityKind), name="agreement_activity_kind"),
        CheckConstraint("funds >= 0 AND solved >= 0", name="agreement_activity_results"),
        CheckConstraint(one_of("data_kind", DataKind), name="agreement_activity_data_kind"),
        Index("agreement_activity_of", "tenant_id", "agreement_id", "held_on", "id"),
    )

    tenant_id: int = Field(primary_key=True)
    id: uuid.UUID = Field(primary_key=True)
    agreement_id: uuid.UUID
    kind: str
    way: str | None
    subject: str
    held_on: datetime.date
    parties: list[int] = Field(sa_column=Column("parties", ARRAY(Integer()), nullable=False))
    funds: Decimal | None = Field(sa_column=money("funds"))
    solved: int | None
    text: str | None
    recorded_by: int
    recorded_at: datetime.datetime = Field(sa_column=at("recorded_at", nullable=False))
    data_kind: str
