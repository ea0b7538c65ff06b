"""Counted agreements: cells that are kept beside the copies, for statistics that read no copy."""

import datetime
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKeyConstraint, Numeric
from sqlmodel import Field, SQLModel

from schema.tables.agreement import AgreementState
from schema.tables.organization import one_of
from schema.tables.span import Span


class SeenBy(StrEnum):
    """Who sees agreements so.

    EVERYBODY where all parties have signed what stands. Where something newer is pending, the
    PARTIES see that, and OTHERS what all have signed, if they have.
    """

    EVERYBODY = "EVERYBODY"
    PARTIES = "PARTIES"
    OTHERS = "OTHERS"


class AgreementCellRow(SQLModel, table=True):
    """Agreements of which a tenant has a copy, without drafts.

    `cities` are the codes of the tenants that have copies, in order and with commas between them.
    `dimension` and its name are '' in the cells of whole agreements; an agreement is in one of
    these, and in one of each of its dimensions. `alliance` '' is none, `year` 0 unknown or not
    signed. The counters are what began less what ended in the span; `funds` in 元.
    """

    __tablename__ = "agreement_cell"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"]),
        CheckConstraint(one_of("span", Span), name="agreement_cell_span"),
        CheckConstraint(one_of("seen_by", SeenBy), name="agreement_cell_seen_by"),
        CheckConstraint(one_of("state", AgreementState), name="agreement_cell_state"),
    )

    tenant_id: int = Field(primary_key=True)
    seen_by: str = Field(primary_key=True)
    span: str = Field(primary_key=True)
    since: datetime.date = Field(primary_key=True)
    dimension: str = Field(primary_key=True)
    dimension_name: str = Field(primary_key=True)
    cities: str = Field(primary_key=True)
    state: str = Field(primary_key=True)
    alliance: str = Field(primary_key=True)
    year: int = Field(primary_key=True)
    agreements: int = Field(sa_type=BigInteger)
    cross_city: int = Field(sa_type=BigInteger)
    commitments: int = Field(sa_type=BigInteger)
    with_target: int = Field(sa_type=BigInteger)
    fulfilled: int = Field(sa_type=BigInteger)
    deliveries: int = Field(sa_type=BigInteger)
    confirmed: int = Field(sa_type=BigInteger)
    funds: Decimal = Field(sa_column=Column("funds", Numeric(), nullable=False))
    activities: int = Field(sa_type=BigInteger)
    meetings: int = Field(sa_type=BigInteger)
    solved: int = Field(sa_type=BigInteger)
