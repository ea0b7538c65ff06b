"""Counted issues: cells of the statistics, kept in the transactions that change issues."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

CITY = "tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::int"
PROVINCE = (
    "tenant_id = ANY (string_to_array(NULLIF(current_setting('app.tenant_ids', true), ''), ',')"
    "::int[])"
)

KEYS = {
    "issue_total": ("level", "service", "phase"),
    "issue_month": ("month", "level", "service", "phase", "severity", "channel"),
    "issue_organization": ("organization_id", "phase"),
    "issue_place": ("organization_id", "month", "service", "phase", "severity", "channel"),
}
TYPES = {"organization_id": sa.Uuid, "month": sa.Date}
COUNTS = (
    "reported",
    "resolved",
    "handled",
    "handled_seconds",
    "rated",
    "solved",
    "satisfied",
    "ended",
    "on_time",
    "overdue",
)
VALUES = {
    "phase": "'REPORTED', 'ACCEPTED', 'IN_PROGRESS', 'RESOLVED', 'CLOSED', 'REJECTED', 'WITHDRAWN'",
    "severity": "'ORDINARY', 'COMPLEX', 'MAJOR'",
}

# what an issue adds, as it was defined at this revision
ISSUES = """
SELECT i.tenant_id, i.organization_id, o.level, i.service, i.phase, i.severity, i.channel,
    date_trunc('month', timezone('Asia/Shanghai', i.reported_at))::date AS month,
    1 AS reported,
    a.resolved::int AS resolved,
    (a.resolved AND i.merged_into IS NULL)::int AS handled,
    CASE WHEN a.resolved AND i.merged_into IS NULL
        THEN floor(extract(epoch FROM coalesce(i.resolved_at, i.closed_at) - i.reported_at))
        ELSE 0 END::bigint AS handled_seconds,
    (i.rated_at IS NOT NULL)::int AS rated,
    (i.rated_at IS NOT NULL AND coalesce(i.solved = 'YES', false))::int AS solved,
    (i.rated_at IS NOT NULL AND coalesce(i.satisfied >= 4, false))::int AS satisfied,
    a.ended::int AS ended,
    (a.ended AND coalesce(i.paused_at, i.ended_at) <= i.due_at)::int AS on_time,
    (coalesce(i.marked = 'OVERDUE', false) AND i.ended_at IS NULL)::int AS overdue
FROM issue i
JOIN organization o ON o.tenant_id = i.tenant_id AND o.id = i.organization_id
CROSS JOIN LATERAL (
    SELECT i.resolved_at IS NOT NULL OR i.phase = 'CLOSED' AS resolved,
        i.ended_at IS NOT NULL AND i.due_at IS NOT NULL AS ended
) a
"""


def upgrade() -> None:
    for table, keys in KEYS.items():
        op.create_table(
            table,
            *(sa.Column(name, sa.BigInteger(), nullable=False) for name in COUNTS),
            sa.Column("tenant_id", sa.Integer(), nullable=False),
            *(sa.Column(name, TYPES.get(name, sa.Text)(), nullable=False) for name in keys),
            *(
                sa.CheckConstraint(f"{name} IN ({values})", name=f"{table}_{name}")
                for name, values in VALUES.items()
                if name in keys
            ),
            sa.ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"]),
            sa.PrimaryKeyConstraint("tenant_id", *keys),
        )
        op.execute(f"ALTER TABLE {table} SET (fillfactor = 50)")  # cells change in place
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY owner ON {table} TO CURRENT_USER USING (true) WITH CHECK (true)")
        op.execute(
            f"CREATE POLICY city ON {table} TO onegrid_city USING ({CITY}) WITH CHECK ({CITY})"
        )
        op.execute(
            f"CREATE POLICY province ON {table} FOR SELECT TO onegrid_province USING ({PROVINCE})"
        )
        op.execute(f"GRANT SELECT, INSERT, UPDATE ON {table} TO onegrid_city")
        op.execute(f"GRANT SELECT ON {table} TO onegrid_province")
        _fill(table, ", ".join(keys))


def _fill(table: str, keys: str) -> None:
    """Count the issues that there are."""
    sums = ", ".join(f"sum({name})::bigint" for name in COUNTS)
    op.execute(
        f"INSERT INTO {table} (tenant_id, {keys}, {', '.join(COUNTS)})"
        f" SELECT tenant_id, {keys}, {sums} FROM ({ISSUES}) s GROUP BY tenant_id, {keys}"
    )
