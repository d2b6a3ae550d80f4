"""Indexes of the start page and of the comparison of a day"""

from alembic import op

revision = "1.0018"
down_revision = "1.0017"

INDEXES = (
    # With what tells whether an earlier flag was closed for the same fact.
    "DROP INDEX ix_flag_closed",
    "CREATE INDEX ix_flag_closed ON flag (decided_at) INCLUDE (answered_by, action_id) WHERE status = 'closed'",
    "CREATE INDEX ix_credential_user ON credential (service_user) WHERE service_user IS NOT NULL",
    "CREATE INDEX ix_attempt_token_issued ON attempt (token_issued_at)",
)


def upgrade() -> None:
    """Make them."""
    for statement in INDEXES:
        op.execute(statement)
