"""Flags by the day they were closed, for the pictures of the start page"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_index(
        "ix_flag_closed", "discrepancy", ["decided_at"], postgresql_where=sa.text("status = 'closed'")
    )


def downgrade() -> None:
    op.drop_index("ix_flag_closed", table_name="discrepancy")
