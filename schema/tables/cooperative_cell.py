"""Counted cooperatives: cells that are kept beside the rows, for statistics that read no row."""

import datetime
from decimal import Decimal

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKeyConstraint, Numeric
from sqlmodel import Field, SQLModel

from schema.tables.organization import one_of
from schema.tables.span import Span


class CooperativeCellRow(SQLModel, table=True):
    """A measure of cooperatives, of their households, or of villages.

    `known` is of how many rows something is known, `total` the sum of what they say; both are
    what began less what ended in the span. Of cooperatives `kind` and `industry` are theirs; of
    households, each of which counts once in a cell, '' stands for all; else both are ''. `year` is
    that of results, else 0. `data_kind` is '' of households.
    """

    __tablename__ = "cooperative_cell"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"]),
        CheckConstraint(one_of("span", Span), name="cooperative_cell_span"),
    )

    tenant_id: int = Field(primary_key=True)
    measure: str = Field(primary_key=True)
    span: str = Field(primary_key=True)
    since: datetime.date = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    industry: str = Field(primary_key=True)
    year: int = Field(primary_key=True)
    data_kind: str = Field(primary_key=True)
    known: int = Field(sa_type=BigInteger)
    total: Decimal = Field(sa_column=Column("total", Numeric(), nullable=False))
