"""Cooperatives with their members and results, the market, and agreements in copies."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

CITY = "tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::int"
PROVINCE = (
    "tenant_id = ANY (string_to_array(NULLIF(current_setting('app.tenant_ids', true), ''), ',')"
    "::int[])"
)

# what a city's operations may, beyond reading
WRITES = {
    "cooperative": "INSERT, UPDATE",
    "union_member": "INSERT, UPDATE (until)",
    "annual_result": "INSERT, UPDATE (superseded_at)",
    "household": "INSERT, UPDATE (organization_id, address, people)",
    "membership": "INSERT, UPDATE (until, land, capital, share)",
    "enterprise": "INSERT, UPDATE",
    "matching_event": "INSERT",
    "posting": "INSERT, UPDATE (state)",
    "deal": "INSERT, UPDATE",
    "asset_trade": "INSERT",
    "weak_village": "INSERT, UPDATE (cleared_on, support)",
    "agreement": "INSERT, UPDATE",
    "agreement_version": "INSERT, UPDATE (content, content_hash, proposed_at, declined_by, declined_at, decline_reason)",
    "agreement_party": "INSERT, UPDATE (signed_version, signed_hash, signed_at)",
    "agreement_delivery": "INSERT, UPDATE (state, answered_by, answered_at, answer)",
    "agreement_activity": "INSERT",
}

# what provinces, and who has no token, may read: never who belongs to a cooperative, and of what
# was delivered no words
READS = {
    "cooperative": "SELECT",
    "union_member": "SELECT",
    "annual_result": "SELECT",
    "household": "SELECT (tenant_id, id, people)",
    "membership": "SELECT (tenant_id, cooperative_id, household_id, since, until, data_kind)",
    "enterprise": "SELECT",
    "matching_event": "SELECT",
    "posting": "SELECT",
    "deal": "SELECT",
    "asset_trade": "SELECT",
    "weak_village": "SELECT",
    "agreement": "SELECT",
    "agreement_version": "SELECT",
    "agreement_party": "SELECT",
    "agreement_delivery": "SELECT (tenant_id, id, agreement_id, commitment, delivered_on, quantity, funds, state)",
    "agreement_activity": "SELECT (tenant_id, id, agreement_id, kind, way, held_on, funds, solved)",
}


def upgrade() -> None:
    _tables()
    for table, writes in WRITES.items():
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY owner ON {table} TO CURRENT_USER USING (true) WITH CHECK (true)")
        op.execute(
            f"CREATE POLICY city ON {table} TO onegrid_city USING ({CITY}) WITH CHECK ({CITY})"
        )
        op.execute(
            f"CREATE POLICY province ON {table} FOR SELECT TO onegrid_province USING ({PROVINCE})"
        )
        op.execute(f"GRANT SELECT ON {table} TO onegrid_city")
        op.execute(f"GRANT {writes} ON {table} TO onegrid_city")
        op.execute(f"GRANT {READS[table]} ON {table} TO onegrid_province")


def _tables() -> None:
    op.create_table(
        "agreement",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("alliance", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("agreed", sa.Integer(), nullable=True),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("cities", sa.Integer(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("renews", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=True),
        sa.Column("end_text", sa.Text(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("data_kind", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "data_kind IN ('REAL', 'REPORTED', 'GENERATED')", name="agreement_data_kind"
        ),
        sa.CheckConstraint(
            "end_reason IN ('FULFILLED', 'EXPIRED', 'AGREED', 'WITHDRAWN')",
            name="agreement_end_reason",
        ),
        sa.CheckConstraint(
            "state IN ('DRAFT', 'PROPOSED', 'SIGNED', 'ACTIVE', 'COMPLETED', 'TERMINATED', 'DECLINED')",
            name="agreement_state",
        ),
        sa.CheckConstraint("starts_on <= ends_on", name="agreement_term"),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["tenant.tenant_id"],
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id"),
    )
    op.create_index("agreement_of_state", "agreement", ["tenant_id", "state", "created_at", "id"])
    op.create_index(
        "agreement_turn",
        "agreement",
        [
            "tenant_id",
            sa.literal_column("(CASE WHEN state = 'ACTIVE' THEN ends_on ELSE starts_on END)"),
            "id",
        ],
        postgresql_where=sa.text("(state = 'SIGNED' OR state = 'ACTIVE' AND ends_on IS NOT NULL)"),
    )
    op.create_index("agreement_recent", "agreement", ["tenant_id", "created_at", "id"])
    op.create_table(
        "agreement_activity",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agreement_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("way", sa.Text(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("parties", sa.ARRAY(sa.Integer()), nullable=False),
        sa.Column("funds", sa.Numeric(precision=16, scale=2), nullable=True),
        sa.Column("solved", sa.Integer(), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("recorded_by", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("data_kind", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "data_kind IN ('REAL', 'REPORTED', 'GENERATED')", name="agreement_activity_data_kind"
        ),
        sa.CheckConstraint("kind IN ('MEETING', 'ACTIVITY')", name="agreement_activity_kind"),
        sa.CheckConstraint("funds >= 0 AND solved >= 0", name="agreement_activity_results"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "agreement_id"],
            ["agreement.tenant_id", "agreement.id"],
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id"),
    )
    op.create_index(
        "agreement_activity_of",
        "agreement_activity",
        ["tenant_id", "agreement_id", "held_on", "id"],
    )
    op.create_table(
        "agreement_delivery",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agreement_id", sa.Uuid(), nullable=False),
        sa.Column("commitment", sa.Text(), nullable=False),
        sa.Column("party", sa.Integer(), nullable=False),
        sa.Column("delivered_on", sa.Date(), nullable=False),
        sa.Column("quantity", sa.Numeric(precision=16, scale=3), nullable=True),
        sa.Column("funds", sa.Numeric(precision=16, scale=2), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("evidence", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("answered_by", sa.Integer(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("data_kind", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "data_kind IN ('REAL', 'REPORTED', 'GENERATED')", name="agreement_delivery_data_kind"
        ),
        sa.CheckConstraint(
            "state IN ('RECORDED', 'CONFIRMED', 'DISPUTED')", name="agreement_delivery_state"
        ),
        sa.CheckConstraint("funds >= 0", name="agreement_delivery_funds"),
        sa.CheckConstraint("quantity > 0", name="agreement_delivery_quantity"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "agreement_id"],
            ["agreement.tenant_id", "agreement.id"],
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id"),
    )
    op.create_index(
        "agreement_delivery_of",
        "agreement_delivery",
        ["tenant_id", "agreement_id", "commitment", "id"],
    )
    op.create_table(
        "agreement_party",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("agreement_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("party_tenant_id", sa.Integer(), nullable=False),
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=True),
        sa.Column("signed_version", sa.Integer(), nullable=True),
        sa.Column("signed_hash", sa.Text(), nullable=True),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("role IN ('INITIATOR', 'PARTNER')", name="agreement_party_role"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "agreement_id"],
            ["agreement.tenant_id", "agreement.id"],
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "organization_id"],
            ["organization.tenant_id", "organization.id"],
        ),
        sa.PrimaryKeyConstraint("tenant_id", "agreement_id", "number"),
    )
    op.create_index(
        "agreement_party_of", "agreement_party", ["tenant_id", "organization_id", "agreement_id"]
    )
    op.create_table(
        "agreement_version",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("agreement_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("content", JSONB(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("proposed_by", sa.Integer(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("declined_by", sa.Integer(), nullable=True),
        sa.Column("declined_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decline_reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "agreement_id"],
            ["agreement.tenant_id", "agreement.id"],
        ),
        sa.PrimaryKeyConstraint("tenant_id", "agreement_id", "version"),
    )
    op.create_table(
        "asset_trade",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("asset", sa.Text(), nullable=False),
        sa.Column("reserve_price", sa.Numeric(precision=16, scale=2), nullable=True),
        sa.Column("deal_price", sa.Numeric(precision=16, scale=2), nullable=True),
        sa.Column("traded_on", sa.Date(), nullable=False),
        sa.Column("data_kind", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "data_kind IN ('REAL', 'REPORTED', 'GENERATED')", name="asset_trade_data_kind"
        ),
        sa.CheckConstraint("reserve_price >= 0 AND deal_price >= 0", name="asset_trade_prices"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "organization_id"],
            ["organization.tenant_id", "organization.id"],
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id"),
    )
    op.create_index("asset_trade_of_organization", "asset_trade", ["tenant_id", "organization_id"])
    op.create_index("asset_trade_recent", "asset_trade", ["tenant_id", "traded_on", "id"])
    op.create_table(
        "cooperative",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("industry", sa.Text(), nullable=False),
        sa.Column("products", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("leader_id", sa.Uuid(), nullable=False),
        sa.Column("village_id", sa.Uuid(), nullable=True),
        sa.Column("founded_on", sa.Date(), nullable=True),
        sa.Column("dissolved_on", sa.Date(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("data_kind", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("assumed", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "data_kind IN ('REAL', 'REPORTED', 'GENERATED')", name="cooperative_data_kind"
        ),
        sa.CheckConstraint(
            "kind IN ('COOPERATIVE', 'VILLAGE_ENTERPRISE', 'UNION')", name="cooperative_kind"
        ),
        sa.CheckConstraint("founded_on < dissolved_on", name="cooperative_validity"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "leader_id"],
            ["organization.tenant_id", "organization.id"],
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "village_id"],
            ["organization.tenant_id", "organization.id"],
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["tenant.tenant_id"],
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id"),
        sa.UniqueConstraint("tenant_id", "code"),
    )
    op.create_index("cooperative_of_industry", "cooperative", ["tenant_id", "industry", "code"])
    op.create_index("cooperative_of_leader", "cooperative", ["tenant_id", "leader_id", "code"])
    op.create_index("cooperative_of_village", "cooperative", ["tenant_id", "village_id", "code"])
    op.create_table(
        "enterprise",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(collation="C"), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("industry", sa.Text(), nullable=True),
        sa.Column("joined_on", sa.Date(), nullable=True),
        sa.Column("left_on", sa.Date(), nullable=True),
        sa.Column("data_kind", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "data_kind IN ('REAL', 'REPORTED', 'GENERATED')", name="enterprise_data_kind"
        ),
        sa.CheckConstraint("joined_on < left_on", name="enterprise_validity"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "organization_id"],
            ["organization.tenant_id", "organization.id"],
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["tenant.tenant_id"],
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id"),
        sa.UniqueConstraint("tenant_id", "code"),
    )
    op.create_index("enterprise_by_name", "enterprise", ["tenant_id", "name", "id"])
    op.create_index(
        "enterprise_of_organization", "enterprise", ["tenant_id", "organization_id", "id"]
    )
    op.create_table(
        "household",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("head_id", sa.Uuid(), nullable=False),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("people", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("data_kind", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "data_kind IN ('REAL', 'REPORTED', 'GENERATED')", name="household_data_kind"
        ),
        sa.CheckConstraint("people > 0", name="household_people"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "head_id"],
            ["person.tenant_id", "person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "organization_id"],
            ["organization.tenant_id", "organization.id"],
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id"),
    )
    op.create_index("household_of_head", "household", ["tenant_id", "head_id"])
    op.create_index(
        "household_of_organization", "household", ["tenant_id", "organization_id", "id"]
    )
    op.create_table(
        "matching_event",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("data_kind", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "data_kind IN ('REAL', 'REPORTED', 'GENERATED')", name="matching_event_data_kind"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "organization_id"],
            ["organization.tenant_id", "organization.id"],
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id"),
    )
    op.create_index(
        "matching_event_of_organization", "matching_event", ["tenant_id", "organization_id"]
    )
    op.create_index("matching_event_recent", "matching_event", ["tenant_id", "held_on", "id"])
    op.create_table(
        "weak_village",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("listed_on", sa.Date(), nullable=False),
        sa.Column("cleared_on", sa.Date(), nullable=True),
        sa.Column("support", sa.Numeric(precision=16, scale=2), nullable=True),
        sa.Column("data_kind", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "data_kind IN ('REAL', 'REPORTED', 'GENERATED')", name="weak_village_data_kind"
        ),
        sa.CheckConstraint("listed_on <= cleared_on", name="weak_village_validity"),
        sa.CheckConstraint("support >= 0", name="weak_village_support"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "organization_id"],
            ["organization.tenant_id", "organization.id"],
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id"),
        sa.UniqueConstraint("tenant_id", "organization_id", "listed_on"),
    )
    op.create_table(
        "annual_result",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("cooperative_id", sa.Uuid(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("revenue", sa.Numeric(precision=16, scale=2), nullable=True),
        sa.Column("collective_income", sa.Numeric(precision=16, scale=2), nullable=True),
        sa.Column("online_sales", sa.Numeric(precision=16, scale=2), nullable=True),
        sa.Column("sales", JSONB(), nullable=False),
        sa.Column("mean_household_gain", sa.Numeric(precision=16, scale=2), nullable=True),
        sa.Column("households", sa.Integer(), nullable=True),
        sa.Column("people", sa.Integer(), nullable=True),
        sa.Column("jobs", sa.Integer(), nullable=True),
        sa.Column("approximate", sa.Boolean(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("correction", sa.Text(), nullable=True),
        sa.Column("data_kind", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "data_kind IN ('REAL', 'REPORTED', 'GENERATED')", name="annual_result_data_kind"
        ),
        sa.CheckConstraint("year BETWEEN 1949 AND 2200", name="annual_result_year"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "cooperative_id"],
            ["cooperative.tenant_id", "cooperative.id"],
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id"),
        sa.UniqueConstraint("tenant_id", "cooperative_id", "year", "revision"),
    )
    op.create_index(
        "annual_result_current",
        "annual_result",
        ["tenant_id", "cooperative_id", "year"],
        unique=True,
        postgresql_where=sa.text("superseded_at IS NULL"),
    )
    op.create_table(
        "membership",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("cooperative_id", sa.Uuid(), nullable=False),
        sa.Column("household_id", sa.Uuid(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("land", sa.Numeric(precision=16, scale=3), nullable=True),
        sa.Column("capital", sa.Numeric(precision=16, scale=2), nullable=True),
        sa.Column("share", sa.Numeric(precision=16, scale=3), nullable=True),
        sa.Column("data_kind", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "data_kind IN ('REAL', 'REPORTED', 'GENERATED')", name="membership_data_kind"
        ),
        sa.CheckConstraint("land >= 0 AND capital >= 0", name="membership_contribution"),
        sa.CheckConstraint("share BETWEEN 0 AND 100", name="membership_share"),
        sa.CheckConstraint("since < until", name="membership_validity"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "cooperative_id"],
            ["cooperative.tenant_id", "cooperative.id"],
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "household_id"],
            ["household.tenant_id", "household.id"],
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id"),
    )
    op.create_index(
        "membership_counted",
        "membership",
        ["tenant_id", "cooperative_id", "household_id", "since", "until"],
        postgresql_include=["data_kind"],
    )
    op.create_index(
        "membership_of_cooperative", "membership", ["tenant_id", "cooperative_id", "id"]
    )
    op.create_index("membership_of_household", "membership", ["tenant_id", "household_id", "id"])
    op.create_table(
        "posting",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("cooperative_id", sa.Uuid(), nullable=True),
        sa.Column("enterprise_id", sa.Uuid(), nullable=True),
        sa.Column("product", sa.Text(), nullable=False),
        sa.Column("product_key", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Numeric(precision=16, scale=3), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("price", sa.Numeric(precision=16, scale=2), nullable=True),
        sa.Column("from_on", sa.Date(), nullable=True),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("data_kind", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "data_kind IN ('REAL', 'REPORTED', 'GENERATED')", name="posting_data_kind"
        ),
        sa.CheckConstraint("kind IN ('SUPPLY', 'DEMAND')", name="posting_kind"),
        sa.CheckConstraint("state IN ('OPEN', 'CLOSED')", name="posting_state"),
        sa.CheckConstraint("from_on <= until_on", name="posting_period"),
        sa.CheckConstraint("num_nulls(cooperative_id, enterprise_id) = 1", name="posting_by"),
        sa.CheckConstraint("price >= 0", name="posting_price"),
        sa.CheckConstraint("quantity > 0", name="posting_quantity"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "cooperative_id"],
            ["cooperative.tenant_id", "cooperative.id"],
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "enterprise_id"],
            ["enterprise.tenant_id", "enterprise.id"],
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id"),
    )
    op.create_index("posting_of_cooperative", "posting", ["tenant_id", "cooperative_id", "id"])
    op.create_index("posting_of_enterprise", "posting", ["tenant_id", "enterprise_id", "id"])
    op.create_index("posting_open", "posting", ["tenant_id", "state", "kind", "product_key"])
    op.create_table(
        "union_member",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("union_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.CheckConstraint("since < until", name="union_member_validity"),
        sa.CheckConstraint("union_id <> member_id", name="union_member_other"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "member_id"],
            ["cooperative.tenant_id", "cooperative.id"],
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "union_id"],
            ["cooperative.tenant_id", "cooperative.id"],
        ),
        sa.PrimaryKeyConstraint("tenant_id", "union_id", "member_id", "since"),
    )
    op.create_index("union_member_of", "union_member", ["tenant_id", "member_id", "union_id"])
    op.create_table(
        "deal",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("cooperative_id", sa.Uuid(), nullable=False),
        sa.Column("enterprise_id", sa.Uuid(), nullable=False),
        sa.Column("supply_id", sa.Uuid(), nullable=True),
        sa.Column("demand_id", sa.Uuid(), nullable=True),
        sa.Column("matching_event_id", sa.Uuid(), nullable=True),
        sa.Column("product", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Numeric(precision=16, scale=3), nullable=True),
        sa.Column("unit", sa.Text(), nullable=True),
        sa.Column("amount", sa.Numeric(precision=16, scale=2), nullable=True),
        sa.Column("collective_income", sa.Numeric(precision=16, scale=2), nullable=True),
        sa.Column("household_income", sa.Numeric(precision=16, scale=2), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("data_kind", sa.Text(), nullable=False),
        sa.CheckConstraint("data_kind IN ('REAL', 'REPORTED', 'GENERATED')", name="deal_data_kind"),
        sa.CheckConstraint(
            "state IN ('PROPOSED', 'INTENDED', 'CONTRACTED', 'DELIVERED', 'SETTLED', 'FAILED')",
            name="deal_state",
        ),
        sa.CheckConstraint(
            "amount >= 0 AND collective_income >= 0 AND household_income >= 0", name="deal_amounts"
        ),
        sa.CheckConstraint("quantity > 0", name="deal_quantity"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "cooperative_id"],
            ["cooperative.tenant_id", "cooperative.id"],
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "demand_id"],
            ["posting.tenant_id", "posting.id"],
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "enterprise_id"],
            ["enterprise.tenant_id", "enterprise.id"],
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "matching_event_id"],
            ["matching_event.tenant_id", "matching_event.id"],
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "supply_id"],
            ["posting.tenant_id", "posting.id"],
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id"),
    )
    op.create_index("deal_of_cooperative", "deal", ["tenant_id", "cooperative_id", "id"])
    op.create_index("deal_of_demand", "deal", ["tenant_id", "demand_id"])
    op.create_index("deal_of_enterprise", "deal", ["tenant_id", "enterprise_id", "id"])
    op.create_index("deal_of_matching_event", "deal", ["tenant_id", "matching_event_id", "id"])
    op.create_index("deal_of_supply", "deal", ["tenant_id", "supply_id"])
    op.add_column("event", sa.Column("cooperative_id", sa.Uuid(), nullable=True))
    op.add_column("event", sa.Column("agreement_id", sa.Uuid(), nullable=True))
    op.create_index(
        "event_of_agreement",
        "event",
        ["tenant_id", "agreement_id", "seq"],
        postgresql_where=sa.text("agreement_id IS NOT NULL"),
    )
    op.create_index(
        "event_of_cooperative",
        "event",
        ["tenant_id", "cooperative_id", "seq"],
        postgresql_where=sa.text("cooperative_id IS NOT NULL"),
    )


def downgrade() -> None:
    for name in ("event_of_cooperative", "event_of_agreement"):
        op.drop_index(name, "event")
    for name in ("cooperative_id", "agreement_id"):
        op.drop_column("event", name)
    for table in (
        "deal",
        "union_member",
        "posting",
        "membership",
        "annual_result",
        "weak_village",
        "matching_event",
        "household",
        "enterprise",
        "cooperative",
        "asset_trade",
        "agreement_version",
        "agreement_party",
        "agreement_delivery",
        "agreement_activity",
        "agreement",
    ):
        op.drop_table(table)
