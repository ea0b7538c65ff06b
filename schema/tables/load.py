"""What has been loaded, so that an interrupted load is completed and a done one not repeated."""

import datetime

from sqlalchemy import Column, DateTime, ForeignKeyConstraint
from sqlmodel import Field, SQLModel


class LoadRow(SQLModel, table=True):
    """One part of the data, loaded in one transaction from input with this hash."""

    __tablename__ = "load"
    __table_args__ = (ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"]),)

    tenant_id: int = Field(primary_key=True)
    part: str = Field(primary_key=True)
    content_hash: str
    loaded_at: datetime.datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
