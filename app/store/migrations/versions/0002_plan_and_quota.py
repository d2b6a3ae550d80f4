"""The plan is kept whole, with the goal of its run; the calls of a day are found by their time"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("run", sa.Column("goal", sa.String(), nullable=True))
    for name in ("rules", "helps", "after"):
        op.add_column("step", sa.Column(name, postgresql.JSONB(astext_type=sa.Text()), nullable=True))
    op.add_column("step", sa.Column("needed", sa.Boolean(), server_default=sa.text("true"), nullable=False))
    op.add_column("step", sa.Column("why_not", sa.String(), nullable=True))
    op.execute("UPDATE step SET needed = false, why_not = reason WHERE outcome = 'not needed'")
    op.create_index(op.f("ix_call_started_at"), "call", ["started_at"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_call_started_at"), table_name="call")
    for name in ("why_not", "needed", "after", "helps", "rules"):
        op.drop_column("step", name)
    op.drop_column("run", "goal")
