"""Issues: what is raised, who handles it, what was written, and what titles can be found by."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

CITY = "tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::int"

# when the sweep next looks at an issue, and those that it has not done with
WAKE = (
    "(CASE WHEN paused_at <= due_at OR paused_at IS NOT NULL AND marked = 'OVERDUE'"
    " THEN paused_until WHEN marked IS NULL THEN warn_at ELSE due_at END)"
)
AWAKE = (
    "due_at IS NOT NULL AND ended_at IS NULL"
    " AND (paused_at IS NOT NULL OR marked IS DISTINCT FROM 'OVERDUE')"
)

# what a city's operations may, beyond reading; provinces have no part in any of these
WRITES = {
    "issue": "INSERT, UPDATE",
    "issue_counter": "INSERT, UPDATE",
    "issue_handler": "INSERT, UPDATE (answered_at, note_id)",
    "issue_note": "INSERT, UPDATE (text, evidence, erased_at)",
    "issue_supporter": "INSERT",
    "issue_word": "INSERT, DELETE",
}

INDEXES = {
    "issue_recent": ["reported_at", "id"],
    "issue_of_phase": ["phase", "reported_at", "id"],
    "issue_of_state": ["state", "reported_at", "id"],
    "issue_of_service": ["service", "reported_at", "id"],
    "issue_of_channel": ["channel", "reported_at", "id"],
    "issue_of_organization": ["organization_id", "reported_at", "id"],
    "issue_of_lead": ["lead_subject", "phase", "reported_at", "id"],
    "issue_of_lead_person": ["lead_person_id", "phase", "reported_at", "id"],
    "issue_led": ["lead_organization_id", "reported_at", "id"],
    "issue_of_reporter": ["reporter_subject", "reported_at", "id"],
    "issue_of_reporting_person": ["reporter_person_id", "reported_at", "id"],
    "issue_by_workflow": ["workflow", "workflow_version", "phase"],
}
RUNNING = "due_at IS NOT NULL AND ended_at IS NULL"
SMALL_INDEXES = {
    "issue_of_place": (
        "organization_id <> place_id OR phase <> 'CLOSED'",
        ["place_id", "reported_at", "id"],
    ),
    "issue_moved": ("organization_id <> place_id", ["organization_id", "reported_at", "id"]),
    "issue_hard": ("severity <> 'ORDINARY'", ["severity", "reported_at", "id"]),
    "issue_prior": ("priority_group IS NOT NULL", ["reported_at", "id"]),
    "issue_missed": (
        "ended_at IS NOT NULL AND coalesce(paused_at, ended_at) > due_at",
        ["reported_at", "id"],
    ),
    "issue_unrated": (
        "resolved_at IS NOT NULL AND rated_at IS NULL AND asked_at IS NULL",
        ["reported_at", "id"],
    ),
    "issue_untaken": (
        "phase IN ('REPORTED', 'ACCEPTED', 'IN_PROGRESS')"
        " AND (handed OR (lead_subject IS NULL AND lead_person_id IS NULL))",
        ["reported_at", "id"],
    ),
    "issue_unclosed": ("phase <> 'CLOSED'", ["organization_id", "phase", "reported_at", "id"]),
    "issue_merged_into": ("merged_into IS NOT NULL", ["merged_into"]),
    "issue_due": (RUNNING, ["due_at", "id"]),
    "issue_running": (RUNNING, ["reported_at", "id"]),
    "issue_running_at": (RUNNING, ["organization_id", "due_at", "id"]),
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
        op.execute(f"GRANT SELECT ON {table} TO onegrid_city")
        op.execute(f"GRANT {writes} ON {table} TO onegrid_city")


def _tables() -> None:
    op.create_table(
        "issue_counter",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"]),
        sa.PrimaryKeyConstraint("tenant_id", "day"),
    )
    op.create_table(
        "issue",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Text(collation="C"), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("workflow", sa.Text(), nullable=False),
        sa.Column("workflow_version", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("phase", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("priority_group", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("answers", JSONB(), nullable=False),
        sa.Column("latitude", sa.Numeric(precision=9, scale=6), nullable=True),
        sa.Column("longitude", sa.Numeric(precision=9, scale=6), nullable=True),
        sa.Column("place_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("trail", sa.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("lead_organization_id", sa.Uuid(), nullable=False),
        sa.Column("lead_subject", sa.Text(), nullable=True),
        sa.Column("lead_person_id", sa.Uuid(), nullable=True),
        sa.Column("handed", sa.Boolean(), nullable=False),
        sa.Column("reporter_subject", sa.Text(), nullable=True),
        sa.Column("reporter_person_id", sa.Uuid(), nullable=True),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=True),
        sa.Column("supporters", sa.Integer(), nullable=False),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("unit", sa.Text(), nullable=True),
        sa.Column("warn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paused_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("pauses", sa.Integer(), nullable=False),
        sa.Column("extensions", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("marked", sa.Text(), nullable=True),
        sa.Column("service_started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("service_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("service_unit", sa.Text(), nullable=True),
        sa.Column("service_warn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("service_marked", sa.Text(), nullable=True),
        sa.Column("merged_into", sa.Uuid(), nullable=True),
        sa.Column("reopenings", sa.Integer(), nullable=False),
        sa.Column("solved", sa.Text(), nullable=True),
        sa.Column("satisfied", sa.Integer(), nullable=True),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("rated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("data_kind", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "data_kind IN ('REAL', 'REPORTED', 'GENERATED')", name="issue_data_kind"
        ),
        sa.CheckConstraint("marked IN ('DUE_SOON', 'OVERDUE')", name="issue_marked"),
        sa.CheckConstraint(
            "phase IN ('REPORTED', 'ACCEPTED', 'IN_PROGRESS', 'RESOLVED', 'CLOSED', 'REJECTED', 'WITHDRAWN')",
            name="issue_phase",
        ),
        sa.CheckConstraint("severity IN ('ORDINARY', 'COMPLEX', 'MAJOR')", name="issue_severity"),
        sa.CheckConstraint("solved IN ('YES', 'PARTLY', 'NO')", name="issue_solved"),
        sa.CheckConstraint("merged_into <> id", name="issue_merged"),
        sa.CheckConstraint(
            "num_nulls(started_at, due_at, unit, warn_at) IN (0, 4)", name="issue_clock"
        ),
        sa.CheckConstraint("satisfied BETWEEN 1 AND 5", name="issue_satisfied"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "lead_organization_id"], ["organization.tenant_id", "organization.id"]
        ),
        sa.ForeignKeyConstraint(["tenant_id", "lead_person_id"], ["person.tenant_id", "person.id"]),
        sa.ForeignKeyConstraint(["tenant_id", "merged_into"], ["issue.tenant_id", "issue.id"]),
        sa.ForeignKeyConstraint(
            ["tenant_id", "organization_id"], ["organization.tenant_id", "organization.id"]
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "place_id"], ["organization.tenant_id", "organization.id"]
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "reporter_person_id"], ["person.tenant_id", "person.id"]
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "workflow", "workflow_version"],
            ["workflow_version.tenant_id", "workflow_version.key", "workflow_version.version"],
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"]),
        sa.PrimaryKeyConstraint("tenant_id", "id"),
        sa.UniqueConstraint("tenant_id", "number"),
    )
    for name, columns in INDEXES.items():
        op.create_index(name, "issue", ["tenant_id", *columns])
    for name, (where, columns) in SMALL_INDEXES.items():
        op.create_index(name, "issue", ["tenant_id", *columns], postgresql_where=sa.text(where))
    op.create_index(
        "issue_wake",
        "issue",
        ["tenant_id", sa.text(WAKE), "id"],
        postgresql_where=sa.text(AWAKE),
    )
    op.create_table(
        "issue_note",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("issue_id", sa.Uuid(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("evidence", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["tenant_id", "issue_id"], ["issue.tenant_id", "issue.id"]),
        sa.PrimaryKeyConstraint("tenant_id", "id"),
    )
    op.create_index("issue_note_by_author", "issue_note", ["tenant_id", "author"])
    op.create_index("issue_note_of_issue", "issue_note", ["tenant_id", "issue_id", "id"])
    op.create_table(
        "issue_supporter",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("issue_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id", "issue_id"], ["issue.tenant_id", "issue.id"]),
        sa.ForeignKeyConstraint(["tenant_id", "person_id"], ["person.tenant_id", "person.id"]),
        sa.PrimaryKeyConstraint("tenant_id", "issue_id", "id"),
    )
    op.create_index(
        "issue_supporter_by_subject", "issue_supporter", ["tenant_id", "subject", "issue_id"]
    )
    op.create_table(
        "issue_word",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("word", sa.Text(collation="C"), nullable=False),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("issue_id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id", "issue_id"], ["issue.tenant_id", "issue.id"]),
        sa.PrimaryKeyConstraint("tenant_id", "word", "reported_at", "issue_id", "place"),
    )
    op.create_table(
        "issue_handler",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("issue_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["tenant_id", "issue_id"], ["issue.tenant_id", "issue.id"]),
        sa.ForeignKeyConstraint(
            ["tenant_id", "note_id"], ["issue_note.tenant_id", "issue_note.id"]
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "organization_id"], ["organization.tenant_id", "organization.id"]
        ),
        sa.ForeignKeyConstraint(["tenant_id", "person_id"], ["person.tenant_id", "person.id"]),
        sa.PrimaryKeyConstraint("tenant_id", "issue_id", "id"),
    )
    op.create_index(
        "issue_handler_of_organization",
        "issue_handler",
        ["tenant_id", "organization_id", "issue_id"],
    )
    op.create_index(
        "issue_handler_of_person", "issue_handler", ["tenant_id", "person_id", "issue_id"]
    )
    op.add_column("event", sa.Column("issue_id", sa.Uuid(), nullable=True))
    op.create_index("event_of_issue", "event", ["tenant_id", "issue_id", "seq"])


def downgrade() -> None:
    op.drop_index("event_of_issue", "event")
    op.drop_column("event", "issue_id")
    for table in (
        "issue_handler",
        "issue_note",
        "issue_supporter",
        "issue_word",
        "issue",
        "issue_counter",
    ):
        op.drop_table(table)
