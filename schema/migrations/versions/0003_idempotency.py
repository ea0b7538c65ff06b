"""What was done under the keys that requests came with."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

CITY = "tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::int"


def upgrade() -> None:
    op.create_table(
        "idempotency",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("key_hash", sa.LargeBinary(), nullable=False),
        sa.Column("request_hash", sa.LargeBinary(), nullable=False),
        sa.Column("outcomes", JSONB(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "key_hash"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"]),
    )
    op.execute("ALTER TABLE idempotency ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE idempotency FORCE ROW LEVEL SECURITY")
    op.execute("CREATE POLICY owner ON idempotency TO CURRENT_USER USING (true) WITH CHECK (true)")
    op.execute(
        f"CREATE POLICY city ON idempotency TO onegrid_city USING ({CITY}) WITH CHECK ({CITY})"
    )
    op.execute("GRANT SELECT, INSERT, UPDATE (outcomes) ON idempotency TO onegrid_city")


def downgrade() -> None:
    op.drop_table("idempotency")
