"""What programs submitted under which key, so that the same request again gets the same answer"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "submission",
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", postgresql.JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("by", "key"),
    )
    # What was answered is never changed; keys that nobody can be waiting for any more go.
    op.execute("GRANT SELECT, INSERT, DELETE ON submission TO triage_app")


def downgrade() -> None:
    op.drop_table("submission")
