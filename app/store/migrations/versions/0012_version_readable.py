"""Every process may read which version the tables are at, so that it can refuse to start on another one"""

from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.execute("GRANT SELECT ON alembic_version TO triage_app, triage_dispatcher, triage_worker")


def downgrade() -> None:
    op.execute("REVOKE SELECT ON alembic_version FROM triage_app, triage_dispatcher, triage_worker")
