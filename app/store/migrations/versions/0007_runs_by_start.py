"""Runs in the order they started and were requested, so that the next one and a page of them are found, not sorted"""

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_index("ix_run_started", "run", ["started_at", "run_id"])
    op.create_index("ix_run_requested", "run", ["requested_at", "run_id"])


def downgrade() -> None:
    op.drop_index("ix_run_requested", table_name="run")
    op.drop_index("ix_run_started", table_name="run")
