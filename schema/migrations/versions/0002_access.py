"""People, posts, events, former places; row-level security on every table for the login roles."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# what a city's operations may, beyond reading
WRITES = {
    "organization": "INSERT, UPDATE",
    "organization_name": "INSERT",
    "organization_placement": "INSERT",
    "succession": "INSERT",
    "person": "INSERT, UPDATE",
    "post": "INSERT, UPDATE",
    "event": "INSERT",
    "event_counter": "INSERT, UPDATE",
}
# nothing personal among them
SHARED = (
    "tenant",
    "tenant_version",
    "workflow_version",
    "organization",
    "organization_name",
    "organization_placement",
    "succession",
    "figure",
    "post",
)
PRIVATE = ("person", "event", "event_counter")
OWNERS = ("load",)

CITY = "tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::int"
PROVINCE = (
    "tenant_id = ANY (string_to_array("
    "NULLIF(current_setting('app.tenant_ids', true), ''), ',')::int[])"
)


def upgrade() -> None:
    _tables()
    # one key of the table of tenants began with something else than the tenant
    op.drop_constraint("tenant_slug_key", "tenant")
    for table in (*SHARED, *PRIVATE, *OWNERS):
        _secure(table)


def _tables() -> None:
    op.create_index(
        "organization_counts",
        "organization",
        ["tenant_id", "level"],
        postgresql_include=["rung", "valid_from", "valid_to"],
    )
    op.create_table(
        "organization_placement",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=False),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "organization_id", "valid_to"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "organization_id"], ["organization.tenant_id", "organization.id"]
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "parent_id"], ["organization.tenant_id", "organization.id"]
        ),
    )
    kinds = "data_kind IN ('REAL', 'REPORTED', 'GENERATED')"
    op.create_table(
        "person",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("phone_key", sa.Text(), nullable=True),
        sa.Column("phone_masked", sa.Text(), nullable=True),
        sa.Column("phone_index", sa.LargeBinary(), nullable=True),
        sa.Column("phone_index_key", sa.Text(), nullable=True),
        sa.Column("data_kind", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "id"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"]),
        sa.CheckConstraint(kinds, name="person_data_kind"),
        sa.CheckConstraint(
            "erased_at IS NULL OR (name IS NULL AND phone_sealed IS NULL AND phone_key IS NULL"
            " AND phone_masked IS NULL AND phone_index IS NULL AND phone_index_key IS NULL)",
            name="person_erased",
        ),
        sa.CheckConstraint(
            "num_nulls(phone_sealed, phone_key, phone_masked, phone_index, phone_index_key)"
            " IN (0, 5)",
            name="person_phone",
        ),
    )
    op.create_index("person_by_phone", "person", ["tenant_id", "phone_index"])
    op.create_index("person_by_phone_key", "person", ["tenant_id", "phone_key", "phone_index_key"])
    op.create_table(
        "post",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("data_kind", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"]),
        sa.ForeignKeyConstraint(["tenant_id", "person_id"], ["person.tenant_id", "person.id"]),
        sa.ForeignKeyConstraint(
            ["tenant_id", "organization_id"], ["organization.tenant_id", "organization.id"]
        ),
        sa.CheckConstraint(kinds, name="post_data_kind"),
        sa.CheckConstraint("valid_from <= valid_to", name="post_validity"),
    )
    op.create_index(
        "post_of_organization",
        "post",
        ["tenant_id", "organization_id", "kind", "valid_from", "id"],
    )
    op.create_index("post_of_person", "post", ["tenant_id", "person_id"])
    op.create_table(
        "event_counter",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"]),
    )
    op.create_table(
        "event",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("organization_id", sa.Uuid(), nullable=True),
        sa.Column("about", JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "seq"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"]),
    )
    op.create_index("event_of_organization", "event", ["tenant_id", "organization_id", "seq"])
    op.create_index("event_of_kind", "event", ["tenant_id", "kind", "seq"])


def _secure(table: str) -> None:
    """Force row-level security; policies compare with a setting directly, never a sub-select."""
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    # FORCE binds the owner too, who migrates, applies and loads across tenants
    op.execute(f"CREATE POLICY owner ON {table} TO CURRENT_USER USING (true) WITH CHECK (true)")
    if table in OWNERS:
        return
    op.execute(f"CREATE POLICY city ON {table} TO onegrid_city USING ({CITY}) WITH CHECK ({CITY})")
    op.execute(f"GRANT SELECT ON {table} TO onegrid_city")
    if table in WRITES:
        op.execute(f"GRANT {WRITES[table]} ON {table} TO onegrid_city")
    if table in SHARED:
        op.execute(
            f"CREATE POLICY province ON {table} FOR SELECT TO onegrid_province USING ({PROVINCE})"
        )
        op.execute(f"GRANT SELECT ON {table} TO onegrid_province")


def downgrade() -> None:
    op.drop_index("organization_counts", "organization")
    for table in ("event", "event_counter", "post", "person", "organization_placement"):
        op.drop_table(table)
    for table in (*SHARED, *OWNERS):
        if table in ("post", "organization_placement"):
            continue
        for policy in ("owner", "city", "province"):
            op.execute(f"DROP POLICY IF EXISTS {policy} ON {table}")
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
        op.execute(f"REVOKE ALL ON {table} FROM onegrid_city, onegrid_province")
    op.create_unique_constraint("tenant_slug_key", "tenant", ["slug"])
