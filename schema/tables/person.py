"""People, and the posts that they hold in organizations."""

import datetime
import uuid

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
)
from sqlmodel import Field, SQLModel

from schema.tables.organization import one_of
from tenants.definition import DataKind


def _bytes(name: str) -> "Column[bytes]":
    return Column(name, LargeBinary, nullable=True)


class PersonRow(SQLModel, table=True):
    """One person.

    The phone number is sealed (`phone_sealed`, with the key `phone_key`); `phone_masked` is what
    most may see, `phone_index` finds it by equality without opening it (made with the key
    `phone_index_key`). An erased person keeps the row, so that posts and events stay true, and
    nothing that tells who it was.
    """

    __tablename__ = "person"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"]),
        CheckConstraint(one_of("data_kind", DataKind), name="person_data_kind"),
        CheckConstraint(
            "erased_at IS NULL OR (name IS NULL AND phone_sealed IS NULL AND phone_key IS NULL"
            " AND phone_masked IS NULL AND phone_index IS NULL AND phone_index_key IS NULL)",
            name="person_erased",
        ),
        CheckConstraint(
            "num_nulls(phone_sealed, phone_key, phone_masked, phone_index, phone_index_key)"
            " IN (0, 5)",
            name="person_phone",
        ),
        Index("person_by_phone", "tenant_id", "phone_index"),
        Index("person_by_phone_key", "tenant_id", "phone_key", "phone_index_key"),
    )

    tenant_id: int = Field(primary_key=True)
    id: uuid.UUID = Field(primary_key=True)
    name: str | None
    phone_sealed: bytes | None = Field(sa_column=_bytes("phone_sealed"))
    phone_key: str | None
    phone_masked: str | None
    phone_index: bytes | None = Field(sa_column=_bytes("phone_index"))
    phone_index_key: str | None
    data_kind: str
    created_at: datetime.datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    erased_at: datetime.datetime | None = Field(
        sa_column=Column(DateTime(timezone=True), nullable=True)
    )


class PostRow(SQLModel, table=True):
    """A post that a person holds in an organization.

    `kind` is a key of the tenant's post kinds; `valid_to` the first day on which it was no
    longer held. One that is relieved on its first day has both the same, and was never held.
    """

    __tablename__ = "post"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"]),
        ForeignKeyConstraint(["tenant_id", "person_id"], ["person.tenant_id", "person.id"]),
        ForeignKeyConstraint(
            ["tenant_id", "organization_id"], ["organization.tenant_id", "organization.id"]
        ),
        CheckConstraint(one_of("data_kind", DataKind), name="post_data_kind"),
        CheckConstraint("valid_from <= valid_to", name="post_validity"),
        Index("post_of_organization", "tenant_id", "organization_id", "kind", "valid_from", "id"),
        Index("post_of_person", "tenant_id", "person_id"),
    )

    tenant_id: int = Field(primary_key=True)
    id: uuid.UUID = Field(primary_key=True)
    person_id: uuid.UUID
    organization_id: uuid.UUID
    kind: str
    valid_from: datetime.date
    valid_to: datetime.date | None
    data_kind: str
