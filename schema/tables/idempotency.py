"""What was done under the keys that requests came with, until it is forgotten."""

import datetime
from typing import Any

from sqlalchemy import Column, DateTime, ForeignKeyConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel


class IdempotencyRow(SQLModel, table=True):
    """One request that changed something, by the hash of its key and of who sent it.

    `outcomes` holds what each mutation came to, by the response name of its field: ids and what
    is public of organizations, nothing personal. All of a row are of one `request_hash`.
    """

    __tablename__ = "idempotency"
    __table_args__ = (ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"]),)

    tenant_id: int = Field(primary_key=True)
    key_hash: bytes = Field(primary_key=True)
    request_hash: bytes
    outcomes: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    at: datetime.datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
