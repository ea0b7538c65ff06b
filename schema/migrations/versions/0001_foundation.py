"""Tenants, organizations, reported figures and what has been loaded."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "tenant",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("kind IN ('CITY', 'PROVINCE')", name="tenant_kind"),
        sa.PrimaryKeyConstraint("tenant_id"),
        sa.UniqueConstraint("slug"),
    )
    op.create_table(
        "figure",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(collation="C"), nullable=False),
        sa.Column("stated_for", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("value", sa.Numeric(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("approximate", sa.Boolean(), nullable=False),
        sa.Column("period", sa.Text(), nullable=True),
        sa.Column("place", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["tenant.tenant_id"],
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id"),
        sa.UniqueConstraint("tenant_id", "code"),
    )
    op.create_table(
        "load",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("loaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["tenant.tenant_id"],
        ),
        sa.PrimaryKeyConstraint("tenant_id", "part"),
    )
    op.create_table(
        "organization",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("rung", sa.Text(), nullable=True),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("path", sa.Text(collation="C"), nullable=False),
        sa.Column("pinyin", sa.Text(collation="C"), nullable=False),
        sa.Column("initials", sa.Text(), nullable=False),
        sa.Column("search_name", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("data_kind", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("assumed", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "data_kind IN ('REAL', 'REPORTED', 'GENERATED')", name="organization_data_kind"
        ),
        sa.CheckConstraint("path LIKE '/%/'", name="organization_path"),
        sa.CheckConstraint(
            "rung IN ('PROVINCE', 'CITY', 'COUNTY', 'STREET', 'TOWNSHIP', 'COMMUNITY', 'VILLAGE', 'GRID', 'BUILDING', 'STATION', 'PROPERTY', 'ENTERPRISE', 'SECTOR')",
            name="organization_rung",
        ),
        sa.CheckConstraint("valid_from < valid_to", name="organization_validity"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "parent_id"],
            ["organization.tenant_id", "organization.id"],
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["tenant.tenant_id"],
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id"),
        sa.UniqueConstraint("tenant_id", "code"),
    )
    op.create_index(
        "organization_by_level",
        "organization",
        ["tenant_id", "level", "pinyin", "code"],
        unique=False,
    )
    op.create_index(
        "organization_by_name", "organization", ["tenant_id", "pinyin", "code"], unique=False
    )
    op.create_index(
        "organization_children",
        "organization",
        ["tenant_id", "parent_id", "pinyin", "code"],
        unique=False,
    )
    op.create_index(
        "organization_subtree", "organization", ["tenant_id", "path", "rung", "level"], unique=False
    )
    op.create_table(
        "tenant_version",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("content", JSONB(), nullable=False),
        sa.Column("leaves", JSONB(), nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["tenant.tenant_id"],
        ),
        sa.PrimaryKeyConstraint("tenant_id", "version"),
    )
    op.create_table(
        "workflow_version",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("content", JSONB(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["tenant.tenant_id"],
        ),
        sa.PrimaryKeyConstraint("tenant_id", "key", "version"),
    )
    op.create_table(
        "organization_name",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("search_name", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("assumed", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "organization_id"],
            ["organization.tenant_id", "organization.id"],
        ),
        sa.PrimaryKeyConstraint("tenant_id", "organization_id", "valid_to"),
    )
    op.create_table(
        "succession",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("successor_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "organization_id"],
            ["organization.tenant_id", "organization.id"],
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "successor_id"],
            ["organization.tenant_id", "organization.id"],
        ),
        sa.PrimaryKeyConstraint("tenant_id", "organization_id", "successor_id"),
    )


def downgrade() -> None:
    for table in (
        "succession",
        "organization_name",
        "workflow_version",
        "tenant_version",
        "organization",
        "load",
        "figure",
        "tenant",
    ):
        op.drop_table(table)
