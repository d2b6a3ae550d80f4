"""The index of closed flags tells whether an earlier flag was closed for the same fact; the pattern's newer indexes"""

from alembic import op

revision = "1.0019"
down_revision = ("1.0017", "1.0018")

INDEXES = (
    "DROP INDEX ix_flag_closed",
    "CREATE INDEX ix_flag_closed ON flag (decided_at) INCLUDE (answered_by, action_id) WHERE status = 'closed'",
)


def upgrade() -> None:
    """Make it anew."""
    for statement in INDEXES:
        op.execute(statement)
