"""Counted organizations: cells that are kept beside them, for statistics that read none."""

import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKeyConstraint
from sqlmodel import Field, SQLModel

from schema.tables.organization import one_of
from schema.tables.span import Span


class OrganizationCellRow(SQLModel, table=True):
    """Organizations of a level; with a `post`, those where so many hold it (`holders`, above 0).

    Without one (`post` '', `holders` 0) all of them. `organizations` is how many came less how
    many went in the span. From how many have how many holders follows what each lacks of any
    number that a rule may require.
    """

    __tablename__ = "organization_cell"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"]),
        CheckConstraint(one_of("span", Span), name="organization_cell_span"),
    )

    tenant_id: int = Field(primary_key=True)
    span: str = Field(primary_key=True)
    since: datetime.date = Field(primary_key=True)
    level: str = Field(primary_key=True)
    post: str = Field(primary_key=True)
    holders: int = Field(primary_key=True)
    organizations: int = Field(sa_type=BigInteger)
