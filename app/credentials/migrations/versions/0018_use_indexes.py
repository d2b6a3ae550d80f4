"""Indexes of the comparison of a day: credentials by their database user, attempts by when their token was issued"""

from alembic import op

revision = "1.0018"
down_revision = "1.0013"

INDEXES = (
    "CREATE INDEX ix_credential_user ON credential (service_user) WHERE service_user IS NOT NULL",
    "CREATE INDEX ix_attempt_token_issued ON attempt (token_issued_at)",
)


def upgrade() -> None:
    """Make them."""
    for statement in INDEXES:
        op.execute(statement)
